"""What the pretend HighLevel tells the app by webhook.

Of what happens to records it tells only of notes that have a contact. The real one also tells of
contacts, tags, tasks and appointments; ``emit`` can stand in for that.
"""

import json
import random
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from attrs import define

from ghl_notes.testing.ids import make_uuid
from ghl_notes.testing.installs import Installs
from ghl_notes.testing.outbox import Conditions, Delivery, Outbox, OutboxEvent
from ghl_notes.testing.population import iso
from ghl_notes.testing.replies import Payload

if TYPE_CHECKING:  # it needs an extra, and only those who are sent webhooks do
    from ghl_notes.testing.signing import Keys

__all__ = ["Webhooks"]

NoteEvent = Literal["NoteCreate", "NoteUpdate", "NoteDelete"]

# HighLevel builds note events from this list, whatever else a note has:
# https://github.com/GoHighLevel/highlevel-api-docs/issues/312
_NOTE_FIELDS = ("id", "body", "contactId", "dateAdded")
_COMPANY: Payload = {
    "companyName": "Example Agency",
    "isWhitelabelCompany": False,
    "whitelabelDetails": {"domain": "", "logoUrl": ""},
}


@define(eq=False, kw_only=True)
class Webhooks:
    """Writes events and queues them. ``address`` tells the app's webhook URL as it is now.

    What happens is told only while there is such a URL; what is emitted by hand always is.
    """

    address: Callable[[], str | None]
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
        return self._queue(event_type, {**self._version(), **fields})

    def note(self, event_type: NoteEvent, location_id: str, note: Payload) -> None:
        """Tell of a note, if the app is installed where it is."""
        if self.installs.on(location_id):
            told = {name: note[name] for name in _NOTE_FIELDS}
            self._happen(event_type, {**self._version(), "locationId": location_id, **told})

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

    def _happen(self, event_type: str, fields: Payload) -> None:
        if self.address() is not None:
            self._queue(event_type, fields)

    def _queue(self, event_type: str, fields: Payload) -> OutboxEvent:
        when, webhook_id = iso(int(self.clock() * 1000)), make_uuid(self.rng)
        payload = {"type": event_type, "timestamp": when, "webhookId": webhook_id, **fields}
        body = json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode()
        event = OutboxEvent(str(payload["type"]), str(payload["webhookId"]), body)
        self.outbox.events.append(event)
        return event
