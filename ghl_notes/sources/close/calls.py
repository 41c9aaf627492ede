"""The calls to Close: one limit for each group of endpoints, and pages of what they list."""

import base64
from collections.abc import Mapping
from typing import Final, Literal

from attrs import evolve, frozen

from ghl_notes.http.carrier import Carrier
from ghl_notes.http.ends import unless_denied
from ghl_notes.http.refusals import Refusals
from ghl_notes.http.reply import Answer
from ghl_notes.http.request import Param, Request, target
from ghl_notes.models import Json
from ghl_notes.oauth.auth import Auth, StaticToken
from ghl_notes.sources import fields
from ghl_notes.sources.arguments import secret
from ghl_notes.sources.close.service import CloseService
from ghl_notes.wiring import Wiring

_LONGEST_URL: Final = 1_900  # characters; Close names about 2,000 as the longest


class CloseCalls:
    """What reads from Close, with an API key or with an ``Auth`` of bearer tokens."""

    def __init__(self, wiring: Wiring, api_key: str | None, auth: Auth | None) -> None:
        self._wiring = wiring
        self._scheme: Literal["Basic", "Bearer"] = "Basic" if auth is None else "Bearer"
        self._auth: Auth = _basic(api_key) if auth is None else auth
        self._groups: dict[str, Carrier] = {}
        self._refusals = Refusals()  # of the one token that all groups have

    async def get(
        self, group: str, path: str, query: Mapping[str, Param] | None = None, *, bulk: bool = False
    ) -> Answer:
        """Make a call of one endpoint group; a query too long for a URL goes into the body."""
        request = Request("GET", path, query, bulk=bulk)
        if len(target(request)) > _LONGEST_URL:
            params: dict[str, Json] = dict(query or {})
            request = Request("POST", path, json={"_params": params}, bulk=bulk)
        request.check = unless_denied("a list", _says_more, server="Close")
        if group not in self._groups:
            service = CloseService(self._scheme)
            tenant = evolve(self._wiring.tenant(), refusals=self._refusals)
            self._groups[group] = self._wiring.carrier(service, self._auth, tenant)
        return await self._groups[group].carry(request)


def _says_more(payload: Json) -> bool:
    reply = payload if isinstance(payload, dict) else {}
    return reply.get("data") == [] and reply.get("has_more") is True


def _basic(api_key: str | None) -> StaticToken:
    """Show an API key as Basic authentication does: it is the user, without a password."""
    word = secret("api_key", api_key or "")
    return StaticToken(base64.b64encode(f"{word}:".encode()).decode())


@frozen
class Page:
    """What a list told: its entries, and whether there are more behind them."""

    items: list[Json]
    more: bool

    @classmethod
    def of(cls, answer: Answer) -> "Page":
        """Read a page. One that does not say whether there are more is not taken for the last."""
        items = answer.read(fields.entries, "data", "Close")
        told = answer.payload if isinstance(answer.payload, dict) else {}
        return cls(items, told.get("has_more") is not False and bool(items))
