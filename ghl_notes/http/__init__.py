"""One call to HighLevel, from the request to the payload: read the rooms in the order of a call.

``protocol`` builds and reads, ``codec`` turns payloads into models, ``limits`` keeps the rate,
``retries`` says what is tried again, ``transport`` sends, ``dispatch`` puts them in order.
"""
