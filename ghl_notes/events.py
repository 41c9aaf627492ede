"""What happened on the way, as frozen records, for an application that wants to watch.

An observer is called in line and must return at once. It never sees a token or a note's text.
"""

from typing import Protocol, TypeAlias

from attrs import frozen

__all__ = ["Event", "Observer", "Renewed", "Retried", "Sent", "Spent", "Waited"]


@frozen(kw_only=True)
class Sent:
    """One request went out and was answered (``status`` None: no answer came)."""

    method: str
    path: str
    status: int | None
    seconds: float


@frozen(kw_only=True)
class Waited:
    """A call waited this long for a slot in its location's limit."""

    seconds: float


@frozen(kw_only=True)
class Retried:
    """A call failed and is tried again after ``seconds``; ``attempt`` is the one that failed."""

    method: str
    path: str
    attempt: int
    seconds: float
    reason: str


@frozen(kw_only=True)
class Renewed:
    """An install has a new token: by its refresh token, or minted from the agency's install."""

    location_id: str | None
    company_id: str | None
    minted: bool


@frozen(kw_only=True)
class Spent:
    """An install can no longer be renewed: mail its owner, who must authorize the app again."""

    location_id: str | None
    company_id: str | None


Event: TypeAlias = Sent | Waited | Retried | Renewed | Spent


class Observer(Protocol):
    """Whatever can be called with an event: a function, a counter, a logger."""

    def __call__(self, event: Event, /) -> None:
        """Take note of ``event``. What it raises reaches the caller of the API."""
        ...
