"""What a client offers: one room for each kind of object.

Each of them is safe for any number of tasks, and raises the errors of ``ghl_notes.errors``:
``ConfigurationError`` before anything is sent, ``NotFound`` for an id that is not there,
``AccessDenied`` with the missing ``scope``.

A call whose reply was lost is made again if twice does the same as once: every read, update and
delete, tags, followers, businesses. If no reply comes at all, a read or a delete raises
``Unavailable``, and a change ``AmbiguousWrite``, since nobody knows whether it happened. What could
double is never repeated; its docstring says so. None in an update is sent as null; HighLevel does
not document which fields it clears then.
"""
