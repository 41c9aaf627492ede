"""The routes that list contacts otherwise than by a search."""

from urllib.parse import urlencode

from attrs import define

from ghl_notes.testing.contact_shapes import contact_listed, full_name
from ghl_notes.testing.grants import Grant
from ghl_notes.testing.place import Place
from ghl_notes.testing.replies import Call, Payload, Refusal, Reply
from ghl_notes.testing.routes import Route
from ghl_notes.testing.rules import FILLED, TEXT, Rules, digits, read_query
from ghl_notes.testing.search import Search, Searcher
from ghl_notes.testing.world import World

__all__ = ["ListsApi"]

_MOST = 100
_LIST_RULES: Rules = {
    "locationId": FILLED,
    "limit": digits(1, _MOST),
    "startAfter": digits(0),
    "startAfterId": FILLED,
    "query": TEXT,
}
_BUSINESS_RULES: Rules = {
    "locationId": FILLED,
    "limit": digits(1, _MOST),
    "skip": digits(0),
    "query": TEXT,
}


@define(eq=False)
class ListsApi:
    """What HighLevel answers about all contacts, by its deprecated list, and of a business."""

    world: World
    searcher: Searcher

    def routes(self) -> list[Route]:
        """List what is answered here."""
        of_business, scope = "/contacts/business/{businessId}", "contacts.readonly"
        return [
            Route("GET", "/contacts/", self.contacts, scope=scope, only="v2"),
            Route("GET", of_business, self.of_business, scope=scope),
        ]

    def contacts(self, call: Call, grant: Grant, _: tuple[str, ...]) -> Reply:
        """Give one page of all contacts, newest first."""
        query = read_query(call, _LIST_RULES, ("locationId",))
        place = self.world.own(grant, query["locationId"])
        after = None
        if "startAfter" in query or "startAfterId" in query:
            if "startAfter" not in query or "startAfterId" not in query:
                raise Refusal.invalid(["startAfter and startAfterId must be used together"])
            after = (int(query["startAfter"]), query["startAfterId"])
        limit, text = int(query.get("limit", 20)), query.get("query")
        search = Search.by_query(query["locationId"], limit, after, text)
        page = self.searcher.page(place, search)
        contacts: list[object] = [contact_listed(place, index) for index in page]
        meta = self._meta(call, place, search, page)
        return Reply(200, {"contacts": contacts, "count": meta["total"], "meta": meta})

    def of_business(self, call: Call, grant: Grant, ids: tuple[str, ...]) -> Reply:
        """Give one page of the contacts of a business, by name."""
        rules = {**_BUSINESS_RULES, "startAfter": TEXT} if call.v3 else _BUSINESS_RULES
        query = read_query(call, rules, ("locationId",))
        place = self.world.own(grant, query["locationId"])
        text = query.get("query", "").casefold()
        found = sorted(
            (_name(place, index), place.population.contact_id(index), index)
            for index in place.in_business(ids[0])
            if text in _searched(place, index)
        )
        after, skip = _cursor(query.get("startAfter")), int(query.get("skip", 0))
        left = [index for name, contact_id, index in found if (name, contact_id) > after]
        page = left[skip : skip + int(query.get("limit", 25))]
        contacts: list[object] = [contact_listed(place, index, v3=call.v3) for index in page]
        return Reply(200, {"contacts": contacts, "count": len(found)})

    def _meta(self, call: Call, place: Place, search: Search, page: list[int]) -> Payload:
        total = self.searcher.total(place, search)
        before = self.searcher.before(place, search)
        current = -(-before // search.limit) + 1
        last = None if not page else page[-1]
        more = before + len(page) < total
        cursor: Payload = {"startAfter": None, "startAfterId": None}
        if last is not None:
            moment = place.moment(last, "dateAdded")
            cursor = {"startAfter": moment, "startAfterId": place.population.contact_id(last)}
        following = urlencode({**call.query, **cursor})
        return {
            "total": total,
            "nextPageUrl": f"{call.origin}{call.path}?{following}" if more else None,
            **cursor,
            "currentPage": current,
            "nextPage": current + 1 if more else None,
            "prevPage": current - 1 if current > 1 else None,
        }


def _name(place: Place, index: int) -> str:
    return full_name(place.person(index)).casefold()


def _searched(place: Place, index: int) -> str:
    """Give the text in which a query looks. Documented: name, email, phone."""
    person = place.person(index)
    return f"{full_name(person)}\n{person.get('email')}\n{person.get('phone')}".casefold()


def _cursor(sent: str | None) -> tuple[str, str]:
    """Read ``name,id`` as documented; what comes before everyone, if nothing was sent."""
    if sent is None:
        return "", ""
    name, comma, contact_id = sent.rpartition(",")
    if not comma:
        raise Refusal.invalid(["startAfter must be a name and an id"])
    return name.casefold(), contact_id
