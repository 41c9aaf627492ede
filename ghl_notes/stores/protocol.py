"""What a store of installs must do; the suite in ``tests/stores`` holds every store to it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final, Protocol, runtime_checkable

from ghl_notes.errors import ConfigurationError
from ghl_notes.models import StoredInstall

__all__ = ["SEALED", "Adopting", "Claims", "Hold", "Overtaken", "TokenStore", "Unreadable"]

SEALED: Final = "sealed:"
"""How an access token begins that ``Sealed`` has encrypted."""


class Overtaken(Exception):
    """A hold ended before its holder was done, and somebody else changed the install meanwhile.

    Nothing was written. Only stores whose holds can lapse raise it. Load the install again.
    """


class Unreadable(ConfigurationError):
    """Some of the installs that were listed cannot be read: ``keys`` names them.

    It is raised after all the others; its message is about the first.
    """

    def __init__(self, message: str, *, keys: Sequence[str]) -> None:
        super().__init__(message)
        self.keys: tuple[str, ...] = tuple(keys)


class Hold(Protocol):
    """One install, held: nobody else, in any process, changes it meanwhile."""

    @property
    def stored(self) -> StoredInstall | None:
        """The install as it stood when the hold began, or as it was saved last under it."""
        ...

    async def save(self, stored: StoredInstall) -> None:
        """Write the install. It is durable, and seen by everyone, when this returns.

        A hold is for one change: the next holder may begin as soon as it is written.
        """
        ...

    async def delete(self) -> None:
        """Forget the install, as ``save`` writes it. No error if there is none."""
        ...


class TokenStore(Protocol):
    """Keeps installs by their key, ``Install.key``, which names the app and what it is on.

    Safe for any number of tasks, and for as many processes as the store's own text says. What
    was saved is never partly there: a reader sees the old install or the new one. A store that
    cannot be reached raises ``Unavailable``, one that is not usable ``ConfigurationError``.
    """

    async def load(self, key: str) -> StoredInstall | None:
        """Return the install kept under ``key``, or None. Never waits for a hold."""
        ...

    def hold(self, key: str) -> AbstractAsyncContextManager[Hold]:
        """Wait for the sole right to change the install under ``key``, and read it afresh.

        A refresh token works once, so it is spent under a hold. A holder that dies lets go.
        A hold lasts as long as HighLevel takes to answer: about half a minute where its replies
        are lost, and never a minute. Holds are never nested.
        """
        ...

    def list(self) -> AsyncIterator[StoredInstall]:
        """Iterate over all installs, ordered by key.

        What cannot be read raises ``ConfigurationError`` after all the others; ``Unreadable``, if
        their keys are known.
        """
        ...

    async def close(self) -> None:
        """Let go of files and connections. Calling it twice is fine."""
        ...


@runtime_checkable
class Adopting(Protocol):
    """Gives the installs of version 0.1, whose app is unknown, to the app that asks first.

    Every store of this library does it. For a store of your own, which may hold installs of that
    version, it is done by the methods of ``TokenStore``, one install after another.
    """

    async def adopt(self, *, provider: str, client_id: str) -> None:
        """Make all installs of that provider whose app is unknown those of this app, at once.

        Of two apps that ask at the same time one gets them all. Each is kept under its new key
        then (``Install.key``) and no longer under the old one. Where the app has an install
        under that key, the one whose token is newer stays.
        """
        ...


@runtime_checkable
class Claims(Protocol):
    """Remembers what may happen once: a webhook's delivery, the state of a callback.

    Every store of this library does it beside its installs. A store of your own needs it only
    for webhooks and for ``HighLevel.routes``.
    """

    async def claim(self, name: str, *, seconds: float) -> bool:
        """Return True to the first who claims ``name``, and False to all others for ``seconds``.

        One among all tasks and processes gets True. After that time the name is free again. With
        ``seconds`` of 0 or less this claims nothing: it only returns whether the name is free, the
        same to any number of concurrent callers.
        """
        ...

    async def remember(self, name: str, *, seconds: float) -> None:
        """Keep ``name`` claimed for ``seconds`` from now, whoever claimed it."""
        ...

    async def forget(self, name: str) -> None:
        """Free ``name`` at once. No error if it is free."""
        ...
