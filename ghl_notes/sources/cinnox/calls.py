"""The calls to CINNOX: lists of one app's contacts, page by page."""

from collections.abc import AsyncGenerator, Mapping
from functools import partial
from typing import Final

from ghl_notes.http.carrier import Carrier
from ghl_notes.http.ends import counts_more, unless_denied
from ghl_notes.http.request import Param, Request
from ghl_notes.models import Json
from ghl_notes.oauth.auth import StaticToken
from ghl_notes.sources import fields
from ghl_notes.sources.arguments import secret, segment
from ghl_notes.sources.cinnox.paging import Pages
from ghl_notes.sources.cinnox.service import CinnoxService
from ghl_notes.sources.fields import Fields
from ghl_notes.wiring import Wiring

CONTACTS: Final = "extcontact-list"
NOTES: Final = "extcontact-note-list"
STAFF: Final = "staffcontact-list"
_SIZES: Final = {CONTACTS: 200, NOTES: 200, STAFF: 500}  # the most that a page has


class CinnoxCalls:
    """What reads the lists of one app."""

    def __init__(self, wiring: Wiring, app_id: str, app_token: str) -> None:
        self._root = f"/v1/api/apps/{segment('app_id', app_id)}/contacts"
        auth = StaticToken(secret("app_token", app_token))
        self._carrier: Carrier = wiring.carrier(CinnoxService(), auth, wiring.tenant())

    async def page(
        self, what: str, query: Mapping[str, Param], *, bulk: bool = False
    ) -> tuple[list[Json], Json]:
        """Ask for one page of a list; return its entries, and how many it says there are."""
        request = Request("GET", f"{self._root}/{what}", query, bulk=bulk)
        offset = query.get("offset")
        read = offset if isinstance(offset, int) else 0
        counts = partial(counts_more, name="result", read=read)
        request.check = unless_denied("a list", counts, server="CINNOX")
        answer = await self._carrier.carry(request)
        items = answer.read(fields.entries, "result", "CINNOX")
        return items, fields.single(answer.payload, "CINNOX").get("total")

    async def entries(
        self,
        what: str,
        id_name: str,
        query: Mapping[str, Param] | None = None,
        *,
        strict: bool = True,
    ) -> AsyncGenerator[Fields, None]:
        """Yield the entries of a list, each once.

        What has no id is told after all that have, or passed over unless ``strict``.
        """
        pages, failure = Pages(), None
        while not pages.done:
            place: dict[str, Param] = {"offset": pages.offset, "limit": _SIZES[what]}
            items, total = await self.page(what, {**(query or {}), **place}, bulk=True)
            named = [(fields.text(item, id_name), item) for item in fields.objects(items)]
            found = {name: item for name, item in named if name is not None}
            if len(named) < len(items) or any(name is None for name, _ in named):
                problem = f"expected {id_name} @ $.result"
                failure = fields.unreadable("CINNOX", "an entry of a list", problem)
            full = len(items) == _SIZES[what]
            fresh = pages.page(found, received=len(items), total=total, full=full)
            for name, item in found.items():
                if name in fresh:
                    yield item
        if failure is not None and strict:
            raise failure
