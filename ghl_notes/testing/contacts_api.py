"""The routes of contacts: one by one, searched, and found again by email or phone."""

from collections.abc import Callable

from attrs import define, field

from ghl_notes.testing.contact_fields import CONTACT_RULES, field_number, kept
from ghl_notes.testing.contact_shapes import contact_found, contact_read
from ghl_notes.testing.grants import Grant
from ghl_notes.testing.ids import Kind
from ghl_notes.testing.place import IDENTITY, IdentityField, Place
from ghl_notes.testing.population import iso
from ghl_notes.testing.replies import Call, Payload, Refusal, Reply, object_of
from ghl_notes.testing.routes import Route
from ghl_notes.testing.rules import FILLED, TEXT, read, read_query
from ghl_notes.testing.search import Search, Searcher
from ghl_notes.testing.world import World

__all__ = ["ContactsApi"]

_READ = "contacts.readonly"
_WRITE = "contacts.write"

# A new contact has nothing that was not sent, where computed ones have something.
_BLANK: Payload = {
    **dict.fromkeys(("firstName", "lastName", "email", "phone", "companyName", "source")),
    "type": "lead",
    "tags": [],
}


@define(eq=False)
class ContactsApi:
    """What HighLevel answers about contacts."""

    world: World
    searcher: Searcher
    clock: Callable[[], float]
    client_id: str = field(repr=False)
    allow_duplicates: bool = False

    def routes(self) -> list[Route]:
        """List what is answered here."""
        contact = "/contacts/{contactId}"
        return [
            Route("POST", "/contacts/", self.create, scope=_WRITE),
            Route("POST", "/contacts/upsert", self.upsert, scope=_WRITE),
            Route("POST", "/contacts/search", self.search, scope=_READ),
            Route("GET", "/contacts/search/duplicate", self.duplicate, scope=_READ),
            Route("GET", contact, self.contact, scope=_READ),
            Route("PUT", contact, self.update, scope=_WRITE, flagged=True),
            Route("DELETE", contact, self.delete, scope=_WRITE, flagged=True),
        ]

    def search(self, call: Call, grant: Grant, _: tuple[str, ...]) -> Reply:
        """Answer one page of a search."""
        search = Search.read(object_of(call))
        place = self.world.own(grant, search.location_id)
        page = self.searcher.page(place, search)
        contacts: list[object] = [
            contact_found(place, index, search.date, v3=call.v3) for index in page
        ]
        return Reply(200, {"contacts": contacts, "total": self.searcher.total(place, search)})

    def contact(self, call: Call, grant: Grant, ids: tuple[str, ...]) -> Reply:
        """Give one contact."""
        place, index = self.world.find(ids[0], grant.location_id)
        return Reply(200, {"contact": contact_read(place, index, v3=call.v3)})

    def duplicate(self, call: Call, grant: Grant, _: tuple[str, ...]) -> Reply:
        """Give the contact of an email or a phone, if there is one."""
        rules = {"locationId": FILLED, "email": TEXT, "number": TEXT}
        query = read_query(call, rules, ("locationId",))
        place = self.world.own(grant, query["locationId"])
        asked: Payload = {"email": query.get("email"), "phone": query.get("number")}
        if not any(asked.values()):
            raise Refusal.invalid(["email or number should not be empty"])
        found = _match(place, asked)
        if found is None:
            return Reply(200, {"contact": None})
        index, name = found
        contact = contact_read(place, index, v3=call.v3)
        # Recorded: without a name, and in a location without duplicates not the field asked for.
        contact.pop("name", None)
        matching = name if self.allow_duplicates else "contactId"
        return Reply(200, {"contact": contact, "matchingField": matching})

    def create(self, call: Call, grant: Grant, _: tuple[str, ...]) -> Reply:
        """Add a contact."""
        rules = CONTACT_RULES[call.v3].create
        sent = read(object_of(call), rules, ("locationId",))
        place = self.world.own(grant, sent["locationId"])
        fields = self._kept(place, sent, {})
        self._require_new(place, fields)
        contact = self._add(call, place, fields)
        if not call.v3 and "dateOfBirth" in contact:
            # Documented for this reply alone.
            contact["dateOfBirth"] = f"{contact['dateOfBirth']}T00:00:00.000Z"
        return Reply(201, {"contact": contact})

    def upsert(self, call: Call, grant: Grant, _: tuple[str, ...]) -> Reply:
        """Change the contact with this email or phone, or add one."""
        rules = CONTACT_RULES[call.v3].upsert
        sent = read(object_of(call), rules, ("locationId",))
        place = self.world.own(grant, sent["locationId"])
        # Documented: the wish for a new one counts only where duplicates are allowed.
        anew = self.allow_duplicates and sent.get("createNewIfDuplicateAllowed")
        found = None if anew else _match(place, self._kept(place, sent, {}))
        if found is None:
            contact = self._add(call, place, self._kept(place, sent, {}))
            return Reply(200, {"new": True, "contact": contact})
        index = found[0]
        fields = self._kept(place, sent, place.person(index))
        # Documented: what another contact has already is left out.
        free = {name: held for name, held in fields.items() if not _taken(place, index, name, held)}
        self._change(place, index, place.promoted(index, free))
        return Reply(200, {"new": False, "contact": contact_read(place, index, v3=call.v3)})

    def update(self, call: Call, grant: Grant, ids: tuple[str, ...]) -> Reply:
        """Change a contact. What is not sent stays as it is."""
        place, index = self.world.find(ids[0], grant.location_id)
        sent = read(object_of(call), CONTACT_RULES[call.v3].update)
        fields = self._kept(place, sent, place.person(index))
        self._require_new(place, fields, index)
        self._change(place, index, fields)
        # Documented: here each version has one spelling.
        flag = "succeeded" if call.v3 else "succeded"
        return Reply(200, {flag: True, "contact": contact_read(place, index, v3=call.v3)})

    def delete(self, _: Call, grant: Grant, ids: tuple[str, ...]) -> Reply:
        """Delete a contact. Recorded: both spellings at once."""
        place, index = self.world.find(ids[0], grant.location_id)
        place.remove(index)
        return Reply(200, {"succeded": True, "succeeded": True})

    def _require_new(self, place: Place, fields: Payload, index: int | None = None) -> None:
        """Refuse the email or phone of another contact than ``index``."""
        for name in () if self.allow_duplicates else IDENTITY:
            others = _others(place, index, name, fields.get(name))
            if others:
                contact_id = place.population.contact_id(others[0])
                message = "This location does not allow duplicated contacts."
                meta = {"contactId": contact_id, "matchingField": name}
                raise Refusal.of(400, {"statusCode": 400, "message": message, "meta": meta})

    def _add(self, call: Call, place: Place, fields: Payload) -> Payload:
        now = int(self.clock() * 1000)
        maker: Payload = {
            "source": "INTEGRATION",
            "channel": "OAUTH",
            "sourceId": self.client_id,
            "timestamp": iso(now),
        }
        contact_id = place.add({**_BLANK, **fields, "createdBy": maker}, now)
        _, index = self.world.find(contact_id)
        return contact_read(place, index, v3=call.v3)

    def _change(self, place: Place, index: int, fields: Payload) -> None:
        place.change(index, fields, int(self.clock() * 1000))

    def _kept(self, place: Place, sent: Payload, held: Payload) -> Payload:
        location, encode = place.population.location, self.world.ids.encode
        return kept(
            sent, held, lambda key: encode(Kind.CUSTOM_FIELD, location, note=field_number(key))
        )


def _match(place: Place, fields: Payload) -> tuple[int, IdentityField] | None:
    """Find a contact again, by its email first."""
    for name in IDENTITY:
        for index in place.holders(name, fields[name]) if fields.get(name) else ():
            return index, name
    return None


def _others(place: Place, index: int | None, name: IdentityField, value: object) -> list[int]:
    return [one for one in place.holders(name, value) if one != index] if value else []


def _taken(place: Place, index: int, name: str, value: object) -> bool:
    return any(one == name and _others(place, index, one, value) for one in IDENTITY)
