"""Stores are made in the process that uses them: a fork shares sockets, and copies no threads."""

import os

from ghl_notes.errors import ConfigurationError

__all__ = ["OwnProcess"]


class OwnProcess:
    """Remembers the process that used a store first."""

    def __init__(self) -> None:
        self._pid: int | None = None

    def check(self) -> None:
        """Raise ``ConfigurationError`` in a child that was forked after the first use."""
        if self._pid is None:
            self._pid = os.getpid()
        elif self._pid != os.getpid():
            msg = "this store was in use before the process was forked: make one in each process"
            raise ConfigurationError(msg)
