"""What every pretend service has: it starts, closes, counts, and lets things go wrong."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from attrs import define

from ghl_notes.testing.faults import Trouble
from ghl_notes.testing.server import Server
from ghl_notes.testing.stats import SeenRequest, Stats
from ghl_notes.testing.turnstile import Turnstile

__all__ = ["Loopback"]


@define(eq=False)
class Loopback(ABC):
    """The part of a pretend service that is the same for all of them."""

    @property
    @abstractmethod
    def _server(self) -> Server: ...

    @property
    @abstractmethod
    def _turnstile(self) -> Turnstile: ...

    async def __aenter__(self) -> Self:
        """Start."""
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        await self.close()

    async def start(self) -> None:
        """Begin to listen; from now on ``url`` is known."""
        await self._server.start()

    async def close(self) -> None:
        """Stop at once, whatever is open or under way. What was written stays."""
        await self._server.close()

    @property
    def stats(self) -> Stats:
        """What was seen, in numbers."""
        return self._turnstile.stats

    @property
    def requests(self) -> Sequence[SeenRequest]:
        """The last 1,000 requests, oldest first."""
        return self._server.seen

    def inject(
        self,
        fault: Trouble,
        times: int = 1,
        *,
        method: str | None = None,
        path_contains: str | None = None,
    ) -> None:
        """Let the next ``times`` matching requests meet a fault, in the order of the calls.

        A fault is a ``Fault``, or a ``Failure`` in words of your own (an odd 401, a 503 with
        ``Retry-After``), or ``OddHeaders`` on a reply that is right otherwise. Without
        ``path_contains`` any call but those for OAuth matches, with it any path does, that of
        tokens too. ``Fault.REFUSED_OK`` waits for a call whose reply has a flag of success.
        A fault that this service does not know is a ``ValueError``.
        """
        self._turnstile.order(fault, times, method=method, path_contains=path_contains)

    def clear_faults(self) -> None:
        """Drop the faults that were injected and struck nobody yet; ``fault_rates`` stay."""
        self._turnstile.faults.clear()
