"""One call to HighLevel, from the request to the payload: read the rooms in the order of a call.

``protocol`` builds and reads, with what the headers say of the limit in ``rate``; ``codec`` turns
payloads into models; ``limits`` is the arithmetic of a limit and ``gate`` the queue before it;
``retries`` says what is tried again; ``transport`` sends; ``dispatch`` puts them in order.
"""
