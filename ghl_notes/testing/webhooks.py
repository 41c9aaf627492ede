"""What the pretend HighLevel sends the app by webhook.

Of what happens to records it sends contacts, their tasks, and notes that have a contact. The real
one also sends appointments and more; ``emit`` can stand in for that.
"""

import json
import random
from collections.abc import Callable, Collection, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from attrs import define

from ghl_notes.testing.contact_shapes import contact_read
from ghl_notes.testing.ids import make_uuid
from ghl_notes.testing.installs import Installs
from ghl_notes.testing.outbox import Conditions, Delivery, Outbox, OutboxEvent
from ghl_notes.testing.place import ContactChange, Place
from ghl_notes.testing.population import iso
from ghl_notes.testing.replies import Payload

if TYPE_CHECKING:  # it needs an extra, and only those who are sent webhooks do
    from ghl_notes.testing.signing import Keys

__all__ = ["Webhooks"]

NoteEvent = Literal["NoteCreate", "NoteUpdate", "NoteDelete"]
TaskEvent = Literal["TaskCreate", "TaskComplete", "TaskDelete"]

# HighLevel builds note events from this list, whatever else a note has:
# https://github.com/GoHighLevel/highlevel-api-docs/issues/312
_NOTE_FIELDS = ("id", "body", "contactId", "dateAdded")
_CONTACT_FIELDS = (
    *("id", "address1", "city", "companyName", "country", "source", "dateAdded", "dateUpdated"),
    *("dateOfBirth", "dnd", "email", "name", "firstName", "lastName", "phone", "postalCode"),
    *("state", "tags", "website", "assignedTo", "customFields"),
)
_TASK_FIELDS = ("id", "assignedTo", "body", "contactId", "title", "dueDate")
# Documented: what is larger is flagged. What is left out of it then is in no document.
_LARGEST = 256 * 1024
_COMPANY: Payload = {
    "companyName": "Example Agency",
    "isWhitelabelCompany": False,
    "whitelabelDetails": {"domain": "", "logoUrl": ""},
}


@define(eq=False, kw_only=True)
class Webhooks:
    """Writes events and queues them. ``address`` tells the app's webhook URL as it is now.

    What happens is sent only while there is such a URL, and only the ``switched_on`` types if that
    names some; what is emitted by hand always is. ``omitted`` fields are left out.
    """

    address: Callable[[], str | None]
    switched_on: Callable[[], Collection[str] | None]
    omitted: Callable[[], Collection[str]]
    app_id: str
    company_id: str
    installs: Installs
    outbox: Outbox
    rng: random.Random
    key_rng: random.Random
    clock: Callable[[], float]

    @cached_property
    def keys(self) -> "Keys":
        """The keys that sign."""
        try:
            from ghl_notes.testing.signing import Keys  # noqa: PLC0415 - see above
        except ModuleNotFoundError as error:
            msg = "signing webhooks needs an extra: pip install 'ghl-notes[webhooks]'"
            raise ModuleNotFoundError(msg, name=error.name) from error
        return Keys(self.key_rng)

    def sign(self, body: bytes, *, legacy: bool = False) -> dict[str, str]:
        """Give the headers of a webhook with this body."""
        signed = self.keys.sign_legacy(body) if legacy else self.keys.sign(body)
        return {"Content-Type": "application/json", **signed}

    def emit(self, event_type: str, fields: Mapping[str, object]) -> OutboxEvent:
        """Queue any event. The fields come last, so that they can replace the envelope's."""
        return self._queue(event_type, {**self._version(), **fields}, given=fields)

    def note(self, event_type: NoteEvent, place: Place, note: Payload) -> None:
        """Tell of a note."""
        self._tell(event_type, place, note, _NOTE_FIELDS)

    def contact(self, event_type: ContactChange, place: Place, index: int) -> None:
        """Tell of a contact."""
        if self._is_on(event_type):  # without it there may be many, laid out for nothing
            self._tell(event_type, place, contact_read(place, index), _CONTACT_FIELDS)

    def task(self, event_type: TaskEvent, place: Place, task: Payload) -> None:
        """Tell of a task."""
        self._tell(event_type, place, task, _TASK_FIELDS)

    def installed(self, location_id: str | None, user_id: str | None) -> None:
        """Tell of an install: of a location by a user, by nobody, or of the agency."""
        # Documented: an agency's install tells of no user, name or white label. What stands in
        # its installType is in no document; its tokens say Company.
        fields: Payload = {**self._version(), "companyId": self.company_id}
        if location_id is None:
            self._happen("INSTALL", {**fields, "installType": "Company"})
            return
        # Documented: an automatic install may come without a user.
        user = {} if user_id is None else {"userId": user_id}
        where = {"installType": "Location", "locationId": location_id, **user}
        self._happen("INSTALL", {**fields, **where, **_COMPANY})

    def uninstalled(self, location_id: str | None) -> None:
        """Tell of an uninstall; documented with one of the two ids, and without a version."""
        owner: Payload = {"companyId": self.company_id}
        if location_id is not None:
            owner = {"locationId": location_id}
        self._happen("UNINSTALL", {"appId": self.app_id, **owner})

    async def deliver(self, conditions: Conditions) -> list[Delivery]:
        """Send what is queued."""
        url = self.address()
        if url is None:
            raise ValueError("there is nowhere to deliver to: set webhook_url first")
        return await self.outbox.deliver(url, self.sign, conditions)

    def _version(self) -> Payload:
        return {"appId": self.app_id, "versionId": self.app_id}

    def _tell(self, event_type: str, place: Place, record: Payload, names: Collection[str]) -> None:
        """Tell of a record, if the app is installed where it is."""
        location_id = place.population.location_id
        if self.installs.on(location_id):
            fields = {name: record[name] for name in names if name in record}
            self._happen(event_type, {**self._version(), "locationId": location_id, **fields})

    def _is_on(self, event_type: str) -> bool:
        chosen = self.switched_on()
        return self.address() is not None and (chosen is None or event_type in chosen)

    def _happen(self, event_type: str, fields: Payload) -> None:
        if self._is_on(event_type):
            self._queue(event_type, fields)

    def _queue(self, event_type: str, fields: Payload, given: Collection[str] = ()) -> OutboxEvent:
        when, webhook_id = iso(int(self.clock() * 1000)), make_uuid(self.rng)
        payload = {"type": event_type, "timestamp": when, "webhookId": webhook_id, **fields}
        left_out = {name for name in self.omitted() if name not in given}
        event = OutboxEvent(
            str(payload["type"]),
            str(payload["webhookId"]),
            _body({name: one for name, one in payload.items() if name not in left_out}),
        )
        self.outbox.events.append(event)
        return event


def _body(payload: Payload) -> bytes:
    body = _encoded(payload)
    if len(body) <= _LARGEST or "body" not in payload:
        return body
    rest = {name: one for name, one in payload.items() if name != "body"}
    return _encoded({**rest, "payloadTooLarge": True})


def _encoded(payload: Payload) -> bytes:
    return json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode()
