"""Every way a call can fail, arranged by what the caller can do about it.

    HighLevelError
    ├── ConfigurationError          fix the arguments (also a ValueError)
    ├── RequestRejected             400, 422: fix the call
    │   └── NotFound                no such contact, note or location
    ├── AccessDenied                grant the scope, or use the right kind of token
    ├── ReauthorizationRequired     the install is spent: send its user through authorize() again
    ├── LocationInactive            paused or unpaid: the token is kept and works again later
    ├── RateLimited                 later: see retry_after, resets_at, daily
    ├── Unavailable                 5xx, timeouts, broken connections, after the retries
    ├── AmbiguousWrite              the write may have happened: look before repeating it
    ├── UnexpectedResponse          an answer that cannot be read: tell us
    └── WebhookRejected             not signed by HighLevel, or not for this app

Every error is data: it survives ``pickle`` and ``copy``, and never holds a token, a secret or the
text of a note.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Literal, Self, TypeAlias

__all__ = [
    "AccessDenied",
    "AmbiguousWrite",
    "ConfigurationError",
    "HighLevelError",
    "LocationInactive",
    "NotFound",
    "RateLimited",
    "ReauthorizationRequired",
    "RequestRejected",
    "Unavailable",
    "UnexpectedResponse",
    "WebhookRejected",
]


DenialReason: TypeAlias = Literal["token", "scope", "kind", "location"]
"""Why a call was denied, where the reply gives the reason in a known wording."""


class HighLevelError(Exception):
    """The root of everything this library raises on purpose.

    ``status`` is the HTTP status if there was a reply, ``messages`` what HighLevel said in it,
    ``trace_id`` the id HighLevel's support asks for, ``method`` and ``path`` the call.
    ``retry_after`` is in seconds and set where waiting helps. ``canonical_code`` and ``meta`` are
    what a refusal has for programs: HighLevel's own code, and facts as plain JSON, bounded and
    without credentials.
    """

    canonical_code: str | None = None
    meta: Mapping[str, object] = MappingProxyType({})

    def __init__(  # noqa: PLR0913 - one keyword for each fact an error can carry
        self,
        message: str,
        *,
        status: int | None = None,
        messages: Sequence[str] = (),
        trace_id: str | None = None,
        method: str | None = None,
        path: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.messages: tuple[str, ...] = tuple(messages)
        self.trace_id = trace_id
        self.method = method
        self.path = path
        self.retry_after = retry_after

    def __str__(self) -> str:
        """Say what happened, on which call, and the trace id, in one line."""
        said = str(self.args[0])
        if self.method and self.path:
            said += f" [{self.method} {self.path}]"
        if self.trace_id:
            said += f" (trace {self.trace_id})"
        return " ".join(said.split())  # HighLevel's own words may hold line breaks

    def __reduce__(self) -> tuple[object, ...]:
        """Rebuild from the attributes, so that keyword-only arguments survive a pickle."""
        return _rebuild, (type(self), self.args), self.__dict__

    def at(self, method: str, path: str) -> Self:
        """Name the call this error belongs to, unless it names one already."""
        self.method = self.method or method
        self.path = self.path or path
        return self


def _rebuild(cls: type[HighLevelError], args: tuple[object, ...]) -> HighLevelError:
    error = cls.__new__(cls)
    error.args = args
    return error


class ConfigurationError(HighLevelError, ValueError):
    """An argument that cannot work. Nothing was sent. Fix the argument that the message names."""


class RequestRejected(HighLevelError):
    """HighLevel refused the call as it stands (400, 422). ``messages`` says why. Fix the call.

    Where a contact that exists already is in the way, ``contact_id`` names it.
    """

    @property
    def contact_id(self) -> str | None:
        """The contact that the refusal names, such as the one that has the email already."""
        held = self.meta.get("contactId")
        return held if isinstance(held, str) and held else None


class NotFound(RequestRejected):
    """No such contact, note or location: a 404, or a 400 that says so.

    HighLevel's API has said so itself: a gateway's 404 is ``Unavailable``, and that of a route
    which is not there a plain ``RequestRejected``.
    """


class AccessDenied(HighLevelError):
    """The token does not reach this far: a scope, the kind of token, or the location is wrong.

    Raised for a 403, and for a 401 that a new token did not or could not cure. Grant the scope
    in the app's settings and reinstall, use a sub-account token, or ask for the token's own
    location. ``scope`` is the missing one, such as ``contacts.write``, and None if that was not the
    reason.

    ``reason`` says what was wrong: the ``token`` itself, a ``scope``, the ``kind`` of token (an
    agency's where a location's is needed, or the other way round), or its ``location``. It is None
    for words that this library does not know; ``messages`` has them, and they need not be about
    the token at all, which is therefore not replaced because of them.
    """

    def __init__(  # noqa: PLR0913 - the facts of the root, and two of its own
        self,
        message: str,
        *,
        scope: str | None = None,
        reason: DenialReason | None = None,
        status: int | None = None,
        messages: Sequence[str] = (),
        trace_id: str | None = None,
    ) -> None:
        super().__init__(message, status=status, messages=messages, trace_id=trace_id)
        self.scope = scope
        self.reason: DenialReason | None = reason


class ReauthorizationRequired(HighLevelError):
    """The install is spent: its refresh token is dead and nothing else can renew it.

    Send its user through ``HighLevel.authorize()`` again. ``location_id`` or ``company_id`` names
    the install. Asking again costs no request until a new install is stored.
    """

    def __init__(
        self,
        message: str,
        *,
        location_id: str | None = None,
        company_id: str | None = None,
        status: int | None = None,
        messages: Sequence[str] = (),
    ) -> None:
        super().__init__(message, status=status, messages=messages)
        self.location_id = location_id
        self.company_id = company_id


class LocationInactive(HighLevelError):
    """The location is paused or unpaid. Its token is kept, and works again once it is active."""


class RateLimited(HighLevelError):
    """The limit is used up and waiting for it would take too long.

    ``daily`` tells the day's budget from the short window. Come back after ``retry_after``
    seconds, that is at ``resets_at`` (aware, None where HighLevel did not say).
    ``retry_after`` is at most five minutes until a probe has confirmed a longer time.
    """

    def __init__(  # noqa: PLR0913 - the facts of the root, and two of its own
        self,
        message: str,
        *,
        daily: bool = False,
        resets_at: datetime | None = None,
        status: int | None = None,
        messages: Sequence[str] = (),
        trace_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(
            message, status=status, messages=messages, trace_id=trace_id, retry_after=retry_after
        )
        self.daily = daily
        self.resets_at = resets_at


class Unavailable(HighLevelError):
    """HighLevel could not be reached or failed (5xx, timeout, broken connection). Try later.

    Also a 400, 403, 404, 405, 410 or 422 that its API did not say: a page, a text or nothing where
    the API answers with a JSON object comes from a gateway or proxy, or from a wrong ``base_url``.
    ``status`` is that of the reply if one came, whole or broken off in its body.
    ``maybe_applied`` is False when the request surely had no effect, for instance because no
    connection came about. ``settled`` is True when HighLevel has surely stopped working on it.
    ``waited`` is True when the time for waiting (for a lock, for a connection) was used up: the
    library does not wait for it once more.
    """

    def __init__(  # noqa: PLR0913 - the facts of the root, and three of its own
        self,
        message: str,
        *,
        maybe_applied: bool = True,
        settled: bool = True,
        waited: bool = False,
        status: int | None = None,
        messages: Sequence[str] = (),
        trace_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(
            message, status=status, messages=messages, trace_id=trace_id, retry_after=retry_after
        )
        self.maybe_applied = maybe_applied
        self.settled = settled
        self.waited = waited


class AmbiguousWrite(HighLevelError):
    """A create or update may or may not have happened, and looking did not settle it.

    Look at the contact's notes before repeating the call: a blind repeat can write a note twice,
    and HighLevel's lists may lag behind its writes. With a ``status`` from 200 to 299 HighLevel
    took the write, and only its reply was lost. The failure behind it is ``__cause__``.
    """


class UnexpectedResponse(HighLevelError):
    """HighLevel answered with something this library cannot read.

    ``problems`` lists what was wrong and where, such as ``expected text, got null @
    $.notes[3].body``, and never the content itself. Please report it with its ``trace_id``.
    ``garbled`` is True where another try may bring a good answer: the body was no JSON, part of
    one, or an empty page while more entries are counted. ``page`` is True when it was an HTML page,
    which a proxy puts in the place of HighLevel's reply.
    """

    def __init__(  # noqa: PLR0913 - the facts of the root, and two of its own
        self,
        message: str,
        *,
        problems: Sequence[str] = (),
        garbled: bool = False,
        page: bool = False,
        status: int | None = None,
        trace_id: str | None = None,
        method: str | None = None,
        path: str | None = None,
    ) -> None:
        super().__init__(message, status=status, trace_id=trace_id, method=method, path=path)
        self.problems: tuple[str, ...] = tuple(problems)
        self.garbled = garbled
        self.page = page


class WebhookRejected(HighLevelError):
    """A webhook that must not be acted on: not signed by HighLevel, unreadable, or for another app.

    Answer it with ``status``, and tell the sender no more.
    """
