"""What CINNOX answers about external contacts, their notes and the staff, and how it refuses."""

from collections.abc import Mapping, Sequence

from attrs import define, evolve, field

from ghl_notes.testing import pages
from ghl_notes.testing.cinnox_world import CinnoxWorld
from ghl_notes.testing.desk import Endpoint
from ghl_notes.testing.faults import Fault
from ghl_notes.testing.replies import Call, Payload, Refusal, Reply

__all__ = ["CinnoxApi", "replacements"]

_ROOT = "/v1/api/apps/{appID}/contacts"
_PAGE = 50
_MOST = 200
_MOST_STAFF = 500
_WRONG = 7910000
_TOO_MANY = 6451010
_INSIDE = 6451001
_NO_SUCH_URL = 6450001


def _said(status: int, code: int, message: str) -> Reply:
    return Reply(status, {"code": code, "message": message})


# CINNOX documents the codes; the statuses that go with most of them it does not.
_REPLACEMENTS: Mapping[Fault, Reply] = {
    Fault.RATE_LIMITED: _said(429, _TOO_MANY, "too many requests"),
    Fault.SERVER_ERROR: _said(500, _INSIDE, "bad response from internal service"),
    Fault.BAD_GATEWAY: Reply(502, pages.BAD_GATEWAY),
    Fault.HTML: Reply(200, pages.MAINTENANCE),
    Fault.FORBIDDEN_HTML: Reply(403, pages.FORBIDDEN),
    Fault.RESET_BEFORE: Reply(500, ""),
    Fault.STALL_BEFORE: Reply(500, ""),
    Fault.TOKEN_EXPIRED: _said(401, 401, "Unauthorized"),
    Fault.REFUSED_OK: _said(200, _INSIDE, "bad response from internal service"),
}


def replacements(limit_status: int) -> Mapping[Fault, Reply]:
    """Tell how CINNOX answers under a fault that comes instead of the work."""
    limited = evolve(_REPLACEMENTS[Fault.RATE_LIMITED], status=limit_status)
    return {**_REPLACEMENTS, Fault.RATE_LIMITED: limited}


@define(eq=False)
class CinnoxApi:
    """The endpoints of one app."""

    world: CinnoxWorld
    app_id: str
    app_token: str = field(repr=False)

    def endpoints(self) -> list[Endpoint]:
        """List what is answered here."""
        return [
            Endpoint("GET", f"{_ROOT}/extcontact-note-list", self.list_notes),
            Endpoint("GET", f"{_ROOT}/extcontact-list", self.list_contacts),
            Endpoint("GET", f"{_ROOT}/staffcontact-list", self.list_staff),
        ]

    def list_notes(self, call: Call, _: tuple[str, ...]) -> Reply:
        """Give one page of the notes of one contact."""
        contact_id = call.query.get("contactID")
        if not contact_id:
            raise _wrong("contactID is required")
        return _page(call, self.world.listed(contact_id), _MOST)

    def list_contacts(self, call: Call, _: tuple[str, ...]) -> Reply:
        """Give one page of the external contacts."""
        return _page(call, list(self.world.contacts.values()), _MOST)

    def list_staff(self, call: Call, _: tuple[str, ...]) -> Reply:
        """Give one page of the staff, or of those with a name."""
        wanted = call.query.get("fullName", "").casefold()
        staff = self.world.staff.values()
        kept = [one for one in staff if wanted in str(one["displayName"]).casefold()]
        return _page(call, kept, _MOST_STAFF)

    def admit(self, call: Call) -> None:
        """Let the app's token in, to the app itself."""
        if (call.bearer, call.segments[3]) != (self.app_token, self.app_id):
            raise Refusal.of(401, {"code": 401, "message": "Unauthorized"})

    def missing(self, _: Call) -> Reply:
        """Answer where nothing is."""
        return _said(404, _NO_SUCH_URL, "method/url not found")


def _page(call: Call, items: Sequence[Payload], most: int) -> Reply:
    offset, limit = _count(call, "offset", 0), _count(call, "limit", _PAGE)
    if limit > most:
        raise _wrong(f"exceed maximum limit {most}")
    shown = items[offset : offset + limit]
    told = {"code": 0, "total": len(items), "offset": offset, "count": len(shown)}
    return Reply(200, {**told, "result": list(shown)})


def _count(call: Call, name: str, default: int) -> int:
    text = call.query.get(name, str(default))
    if not text.isascii() or not text.isdecimal():
        raise _wrong(f"invalid {name}")
    return int(text)


def _wrong(message: str) -> Refusal:
    return Refusal.of(400, {"code": _WRONG, "message": message})
