"""Requests for tokens on their way through the pretend HighLevel, for a test that looks on."""

from collections.abc import Awaitable, Callable
from typing import Literal, TypeAlias

from attrs import evolve, field, frozen

from ghl_notes.testing.faults import Trouble
from ghl_notes.testing.forms import TokenForm, fields_of
from ghl_notes.testing.grants import Grants
from ghl_notes.testing.replies import Call, Outcome, Refusal

__all__ = ["OnToken", "TokenRequest", "TokenWatch", "watch_tokens"]

Phase: TypeAlias = Literal["arrived", "answered", "sent"]
Kind: TypeAlias = Literal["code", "refresh", "mint"]

_KINDS: dict[str, Kind] = {"authorization_code": "code", "refresh_token": "refresh"}
_MINTS = ("/oauth/locationToken", "/oauth/location-token")


@frozen(kw_only=True)
class TokenRequest:
    """One request for a token, at one point of its way.

    ``phase`` is ``arrived`` before anything is done, ``answered`` after the tokens were made and
    before the reply goes out, ``sent`` after the whole reply went out; a reply that is broken off
    by a fault is not ``sent``. ``kind`` is the exchange of a ``code``, a ``refresh``, or a ``mint``
    of a location's token by its agency's. ``owner_id`` is the location or the company whose token
    it is, None where that is unknown. ``peer`` is the client's host and port, by which a test with
    several processes tells them apart. ``status`` is that of the reply, None before it.
    """

    phase: Phase
    kind: Kind
    owner_id: str | None
    peer: tuple[str, int]
    status: int | None = None


OnToken: TypeAlias = Callable[[TokenRequest], Awaitable[Trouble | None]]
"""What is awaited at each point of a token's way; what it returns on ``arrived`` is met."""


@frozen
class TokenWatch:
    """Tells a test of one request for a token."""

    on_token: OnToken
    request: TokenRequest = field(repr=False)

    async def arrived(self) -> Trouble | None:
        """Tell that it came, and take what it shall meet."""
        return await self.on_token(self.request)

    async def answered(self, outcome: Outcome) -> None:
        """Tell that its tokens are made."""
        await self.on_token(evolve(self.request, phase="answered", status=outcome.reply.status))

    async def sent(self, outcome: Outcome) -> None:
        """Tell that its reply went out."""
        await self.on_token(evolve(self.request, phase="sent", status=outcome.reply.status))


def watch_tokens(call: Call, on_token: OnToken | None, grants: Grants) -> TokenWatch | None:
    """Return the watch of a call, if it is for a token and ``on_token`` was given."""
    if on_token is None or call.method != "POST":
        return None
    if call.path in _MINTS:
        return TokenWatch(on_token, _request(call, "mint", _fields(call).get("locationId")))
    if call.path != "/oauth/token":
        return None
    form = TokenForm(_fields(call), call.version == "v3")
    kind = _KINDS.get(form.get("grant_type") or "")
    if kind is None:
        return None
    sent = form.get("code") if kind == "code" else form.get("refresh_token")
    return TokenWatch(on_token, _request(call, kind, grants.owner_of(sent or "")))


def _request(call: Call, kind: Kind, owner_id: str | None) -> TokenRequest:
    return TokenRequest(phase="arrived", kind=kind, owner_id=owner_id, peer=call.peer)


def _fields(call: Call) -> dict[str, str]:
    try:
        return fields_of(call)
    except Refusal:
        return {}
