"""The routes of the notes API of v3, which sees all notes of a location."""

from collections.abc import Callable
from functools import partial

from attrs import define, field

from ghl_notes.testing.grants import Grant
from ghl_notes.testing.ids import Kind
from ghl_notes.testing.note_search import NoteSearch, NoteSearcher
from ghl_notes.testing.notebook import Relation
from ghl_notes.testing.notes_rules import NOTE_RULES, Notes
from ghl_notes.testing.place import Place
from ghl_notes.testing.replies import Call, Payload, Reply, object_of
from ghl_notes.testing.routes import Route
from ghl_notes.testing.rules import FILLED, FLAG, Rules, many, nested, one_of, read, read_query
from ghl_notes.testing.stats import Stats
from ghl_notes.testing.world import World

__all__ = ["LocationNotesApi"]

_RELATION = {"objectKey": FILLED, "recordId": FILLED}
_RELATIONS = many(nested(_RELATION, tuple(_RELATION)), least=1)
_ATTACHMENT = {"id": FILLED, **_RELATION}
_ATTACHMENTS = many(nested(_ATTACHMENT, tuple(_ATTACHMENT)), least=1)
_TYPE = one_of("add", "remove")
_CREATE: Rules = {"body": FILLED, "userId": FILLED, "relations": _RELATIONS}
_UPDATE: Rules = {name: rule for name, rule in NOTE_RULES.items() if name != "userId"}
_RESTORE: Rules = {"forceRestore": FLAG, "model": FILLED, "recordId": FILLED}
_WHERE: Rules = {"locationId": FILLED}


@define(eq=False)
class LocationNotesApi:
    """What HighLevel answers about the notes of a location.

    Where the facts about this API end, it does as the notes of contacts do.
    """

    world: World
    notes: Notes
    stats: Stats
    clock: Callable[[], float]
    _searcher: NoteSearcher = field(factory=NoteSearcher, init=False)

    def routes(self) -> list[Route]:
        """List what is answered here."""
        note = "/notes/{id}"
        writing = partial(Route, scope="notes.write", only="v3")
        reading = partial(Route, scope="notes.readonly", only="v3")
        return [
            reading("POST", "/notes/search", self.search),
            writing("POST", "/notes/", self.create),
            reading("GET", note, self.note),
            writing("PUT", note, self.update),
            writing("DELETE", note, self.delete),
            writing("PUT", f"{note}/relations", self.relate),
            writing("PATCH", f"{note}/attachments", self.attach),
            writing("POST", f"{note}/restore", self.restore),
        ]

    def search(self, call: Call, grant: Grant, _: tuple[str, ...]) -> Reply:
        """Answer one page of a search."""
        search = NoteSearch.read(object_of(call))
        place = self.world.own(grant, search.sent["locationId"])
        until = self.notes.until(self.clock())
        found, total = self._searcher.find(place.notes, search, until)
        notes: list[object] = [_shown(place, note) for note in found]
        counted = {"total": total} if search.sent.get("count") else {}
        return Reply(200, {"notes": notes, **counted})

    def every(self, place: Place) -> list[Payload]:
        """List all notes of a location as this API shows them, newest first."""
        search = NoteSearch({"limit": 1 << 40})
        return [_shown(place, note) for note in NoteSearcher().find(place.notes, search)[0]]

    def create(self, call: Call, grant: Grant, _: tuple[str, ...]) -> Reply:
        """Write a note with relations."""
        place = self._own(call, grant)
        fields = read(object_of(call), _CREATE, tuple(_CREATE))
        relations = self._known(grant, fields.pop("relations"))
        note = self.notes.relate(place, fields, relations, self.clock())
        self.stats.notes_created += 1
        return Reply(201, {"note": _shown(place, note)})

    def note(self, call: Call, grant: Grant, ids: tuple[str, ...]) -> Reply:
        """Give one note."""
        self._own(call, grant)
        return _reply(*self.notes.find(ids[0], grant.location_id))

    def update(self, call: Call, grant: Grant, ids: tuple[str, ...]) -> Reply:
        """Change a note. What is not sent stays as it is."""
        self._own(call, grant)
        place, note = self.notes.find(ids[0], grant.location_id)
        fields = read(object_of(call), _UPDATE)
        return _reply(place, self.notes.update(place, note, fields, self.clock()))

    def delete(self, call: Call, grant: Grant, ids: tuple[str, ...]) -> Reply:
        """Delete a note, until it is restored. Documented: it is shown once more."""
        self._own(call, grant)
        place, note = self.notes.find(ids[0], grant.location_id)
        shown = _reply(place, note)
        self.notes.delete(place, note)
        return shown

    def restore(self, call: Call, grant: Grant, ids: tuple[str, ...]) -> Reply:
        """Bring a deleted note back. Whether that is told by webhook is in no document."""
        place = self._own(call, grant)
        sent = object_of(call)
        named = ("model", "recordId") if sent.keys() & {"model", "recordId"} else ()
        read(sent, _RESTORE, named)  # forcing it has no effect: there are no conflicts here
        serial = self.world.serial(ids[0], Kind.NOTE)
        if serial is None or not self.world.reach(serial, grant.location_id).notes.deleted(ids[0]):
            raise self.world.missing("Deleted note", ids[0])
        target = [{"objectKey": sent["model"], "recordId": sent["recordId"]}] if named else []
        relations = self._known(grant, target)
        note = place.notes.restore(ids[0])
        if relations:
            relations = _changed("add", place.notes.relations(note), relations)
            note = place.notes.reshape(note, relations, self.clock())
        return _reply(place, note)

    def relate(self, call: Call, grant: Grant, ids: tuple[str, ...]) -> Reply:
        """Add relations to a note, or take some away."""
        self._own(call, grant)
        place, note = self.notes.find(ids[0], grant.location_id)
        rules = {"type": _TYPE, "relations": _RELATIONS}
        sent = read(object_of(call), rules, tuple(rules))
        told, held = self._known(grant, sent["relations"]), place.notes.relations(note)
        changed = place.notes.reshape(note, _changed(sent["type"], held, told), self.clock())
        self.notes.tell("NoteUpdate", place, changed)
        return _reply(place, changed)

    def attach(self, call: Call, grant: Grant, ids: tuple[str, ...]) -> Reply:
        """Add attachments to a note, or take some away."""
        self._own(call, grant)
        place, note = self.notes.find(ids[0], grant.location_id)
        rules = {"type": _TYPE, "attachments": _ATTACHMENTS}
        sent = read(object_of(call), rules, tuple(rules))
        held, told = place.notes.more(note)["attachments"], sent["attachments"]
        changed = _changed(sent["type"], _list(held), _list(told))
        place.notes.put(note, self.clock(), attachments=changed)
        self.notes.tell("NoteUpdate", place, note)
        return _reply(place, note)

    def _own(self, call: Call, grant: Grant) -> Place:
        query = read_query(call, _WHERE, tuple(_WHERE))
        return self.world.own(grant, query.get("locationId"))

    def _known(self, grant: Grant, sent: object) -> list[Relation]:
        """Give the relations that were sent, or refuse contacts that are not here."""
        relations = _list(sent)
        for one in relations:
            if one["objectKey"] == "contact":
                self.world.find(one["recordId"], grant.location_id)
        return _changed("add", [], relations)


def _list(sent: object) -> list[Relation]:
    return [dict(one) for one in sent] if isinstance(sent, list) else []


def _changed(kind: object, held: list[Relation], told: list[Relation]) -> list[Relation]:
    """Add what is not there yet, or take away what is."""
    if kind == "remove":
        return [one for one in held if one not in told]
    return held + [one for at, one in enumerate(told) if one not in held + told[:at]]


def _reply(place: Place, note: Payload) -> Reply:
    return Reply(200, {"note": _shown(place, note)})


def _shown(place: Place, note: Payload) -> Payload:
    """Lay a note out as this API does: with its location, and all its relations."""
    contacts = place.notes.contacts_of(note)
    shown: Payload = {
        **note,
        **place.notes.more(note),
        "locationId": place.population.location_id,
        "relations": place.notes.relations(note),
    }
    del shown["contactId"]
    if contacts:
        shown["contactId"] = place.population.contact_id(contacts[0])
    return shown
