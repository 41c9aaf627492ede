"""What a client offers: one room for each kind of object.

Each of them is safe for any number of tasks, and raises the errors of ``ghl_notes.errors``:
``ConfigurationError`` before anything is sent, ``NotFound`` for an id that is not there,
``AccessDenied`` with the missing ``scope``.
"""
