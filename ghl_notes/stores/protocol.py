"""What a store of installs must do; the suite in ``tests/stores`` holds every store to it."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from ghl_notes.models import StoredInstall

__all__ = ["Hold", "TokenStore"]


class Hold(Protocol):
    """One install, held: nobody else, in any process, changes it meanwhile."""

    @property
    def stored(self) -> StoredInstall | None:
        """The install as it stood when the hold began, or as it was saved last under it."""
        ...

    async def save(self, stored: StoredInstall) -> None:
        """Write the install. It is durable, and seen by everyone, when this returns."""
        ...


class TokenStore(Protocol):
    """Keeps installs by their key (``location:<id>`` or ``company:<id>``).

    Safe for any number of tasks, and for as many processes as the store's own text says. What
    was saved is never partly there: a reader sees the old install or the new one.
    """

    async def load(self, key: str) -> StoredInstall | None:
        """Return the install kept under ``key``, or None. Never waits for a hold."""
        ...

    def hold(self, key: str) -> AbstractAsyncContextManager[Hold]:
        """Wait for the sole right to change the install under ``key``, and read it afresh.

        A refresh token works once, so it is spent under a hold. A holder that dies lets go.
        Holds are short, at most half a minute, and never nested.
        """
        ...

    async def delete(self, key: str) -> None:
        """Forget the install under ``key``. No error if there is none."""
        ...

    def list(self) -> AsyncIterator[StoredInstall]:
        """Iterate over all installs, ordered by key."""
        ...

    async def close(self) -> None:
        """Let go of files and connections. Calling it twice is fine."""
        ...
