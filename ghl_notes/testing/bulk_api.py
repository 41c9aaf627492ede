"""The routes that change many contacts at once."""

from collections.abc import Callable
from typing import cast

from attrs import define, evolve

from ghl_notes.testing.contact_fields import lowered, texts
from ghl_notes.testing.grants import Grant
from ghl_notes.testing.ids import Kind
from ghl_notes.testing.place import Place
from ghl_notes.testing.replies import Call, Payload, Refusal, Reply, done, object_of, require
from ghl_notes.testing.routes import Route
from ghl_notes.testing.rules import FILLED, FLAG, TEXT, TEXTS, Rules, nullable, one_of, read
from ghl_notes.testing.world import World

__all__ = ["BulkApi"]

_LONGEST = 50
_MOST = 50  # documented for v3
_TYPE = one_of("add", "remove")


def _ids(name: str, value: object) -> list[str]:
    found = TEXTS(name, value)
    if isinstance(value, list) and len(value) > _MOST:
        found.append(f"{name} must contain no more than {_MOST} elements")
    return found or [
        f"{name}.{at} must be shorter than or equal to {_LONGEST} characters"
        for at, one in enumerate(value if isinstance(value, list) else [])
        if len(one) > _LONGEST
    ]


_TAGS: Rules = {"contacts": TEXTS, "tags": TEXTS, "locationId": FILLED, "removeAllTags": FLAG}
_BUSINESS: Rules = {"locationId": FILLED, "ids": _ids, "businessId": nullable(TEXT)}


@define(eq=False)
class BulkApi:
    """What HighLevel answers to a change of many contacts."""

    world: World
    clock: Callable[[], float]

    def routes(self) -> list[Route]:
        """List what is answered here."""
        tags, scope = "/contacts/bulk/tags/update/{type}", "contacts.write"
        return [
            Route("POST", tags, self.tags, scope=scope, flagged=True),
            Route("POST", "/contacts/bulk/business", self.business, scope=scope, flagged=True),
        ]

    def tags(self, call: Call, grant: Grant, ids: tuple[str, ...]) -> Reply:
        """Add or remove tags. A bad contact is told of and does not hold up the others."""
        require(_TYPE("type", ids[0]))
        sent = read(object_of(call), _TAGS, ("contacts", "tags", "locationId"))
        if sent.get("removeAllTags") and ids[0] == "add":
            raise Refusal.invalid(["removeAllTags can only be used with remove"])
        place = self.world.own(grant, sent["locationId"])
        contacts = cast("list[str]", sent["contacts"])
        told = [self._retag(place, one, ids[0], sent) for one in contacts]
        errors = sum(one["type"] == "error" for one in told)
        return evolve(done(call, errorCount=errors, responses=told), status=201)

    def business(self, call: Call, grant: Grant, _: tuple[str, ...]) -> Reply:
        """Put contacts into a business, or with null out of theirs."""
        sent = read(object_of(call), _BUSINESS, tuple(_BUSINESS))
        if "businessId" not in sent:
            raise Refusal.invalid(["businessId must be a string or null"])
        place = self.world.own(grant, sent["locationId"])
        ids = cast("list[str]", sent["ids"])
        changed = [one for one in ids if self._trouble(place, one) is None]
        for one in changed:
            self._change(place, one, {"businessId": sent["businessId"]})
        return Reply(200, {"success": True, "ids": changed})

    def _retag(self, place: Place, contact_id: str, kind: str, sent: Payload) -> Payload:
        trouble = self._trouble(place, contact_id)
        if trouble is not None:
            return {"contactId": contact_id, "message": trouble, "type": "error"}
        _, index = self.world.find(contact_id)
        old, told = texts(place.person(index).get("tags")), lowered(sent["tags"])
        added = [tag for tag in told if kind == "add" and tag not in old]
        meant = old if sent.get("removeAllTags") else told
        removed = [tag for tag in old if kind == "remove" and tag in meant]
        kept = [tag for tag in old if tag not in removed]
        self._change(place, contact_id, {"tags": kept + added})
        return {
            "contactId": contact_id,
            "message": "Tags updated",
            "type": "success",
            "oldTags": old,
            "tagsAdded": added,
            "tagsRemoved": removed,
        }

    def _trouble(self, place: Place, contact_id: str) -> str | None:
        """Say why a contact cannot be changed, in the words of the spec's example."""
        serial = self.world.serial(contact_id, Kind.CONTACT)
        if serial is None:
            return "contact id is not a valid firebase id"
        if serial.location != place.population.location:
            return "contact does not belong to location"
        return None if place.has(serial.contact) else "contact is deleted"

    def _change(self, place: Place, contact_id: str, fields: Payload) -> None:
        _, index = self.world.find(contact_id)
        place.change(index, fields, int(self.clock() * 1000))
