"""Where installs and their tokens are kept.

``MemoryStore`` forgets with its process, ``SQLiteStore`` is one file for all processes of one
machine, and ``TokenStore`` is the protocol for a store of your own.
"""

from ghl_notes.stores.memory import MemoryStore
from ghl_notes.stores.protocol import Hold, TokenStore
from ghl_notes.stores.sqlite import SQLiteStore

__all__ = ["Hold", "MemoryStore", "SQLiteStore", "TokenStore"]
