"""Where installs and their tokens are kept.

``MemoryStore`` forgets with its process, ``SQLiteStore`` is one file for all processes of one
machine, ``PostgresStore`` (extra ``postgres``) and ``RedisStore`` (extra ``redis``) serve many
machines. ``Sealed`` (extra ``sealed``) encrypts the tokens of any of them, and ``TokenStore`` is
the protocol for a store of your own. Several apps may share any of them: each has its own installs.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from ghl_notes.stores.memory import MemoryStore
from ghl_notes.stores.protocol import Adopting, Claims, Hold, Overtaken, TokenStore, Unreadable
from ghl_notes.stores.sqlite import SQLiteStore

if TYPE_CHECKING:
    from ghl_notes.stores.postgres import PostgresStore
    from ghl_notes.stores.redis import RedisStore
    from ghl_notes.stores.sealed import Sealed

__all__ = [
    "Adopting",
    "Claims",
    "Hold",
    "MemoryStore",
    "Overtaken",
    "PostgresStore",
    "RedisStore",
    "SQLiteStore",
    "Sealed",
    "TokenStore",
    "Unreadable",
]

_EXTRAS = {"PostgresStore": "postgres", "RedisStore": "redis", "Sealed": "sealed"}

if not TYPE_CHECKING:  # or type checkers would believe in every name

    def __getattr__(name: str) -> object:
        room = _EXTRAS.get(name)
        if room is None:
            msg = f"module {__name__!r} has no attribute {name!r}"
            raise AttributeError(msg)
        try:
            return getattr(import_module(f"{__name__}.{room}"), name)
        except ModuleNotFoundError as error:
            msg = f"{name} needs its extra: pip install 'ghl-notes[{room}]'"
            raise ModuleNotFoundError(msg, name=error.name) from error


def __dir__() -> list[str]:
    return sorted(__all__)
