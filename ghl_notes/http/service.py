"""What the way of a call must know of the service at its other end."""

from typing import Protocol

from ghl_notes.http.denials import Denial
from ghl_notes.http.rate import RateSnapshot
from ghl_notes.http.reply import Answer, Reply
from ghl_notes.http.request import Request


class Service(Protocol):
    """One API's rules of HTTP, without I/O: what it wants to be sent, and what it means."""

    def headers(self, request: Request, token: str) -> dict[str, str]:
        """Give the headers of a call, with its credentials."""
        ...

    def rate(self, reply: Reply) -> RateSnapshot | None:
        """Read what a reply tells of the limit."""
        ...

    def denial(self, reply: Reply) -> Denial:
        """Return what a 401 is about, by its message."""
        ...

    def read(self, request: Request, reply: Reply, rate: RateSnapshot | None) -> Answer:
        """Turn a reply into its answer, or raise the error that it stands for.

        ``RateLimited`` says that the limit refused the call, whatever the status was.
        """
        ...

    def finished(self, request: Request, answer: Answer) -> Answer:
        """Take an answer after the last try, or raise what it says of itself."""
        ...
