"""The pretend CINNOX as its users hold it."""

from collections.abc import Sequence
from datetime import UTC, datetime

from attrs import define, field

from ghl_notes.testing.cinnox_assembly import CinnoxParts
from ghl_notes.testing.cinnox_options import CinnoxOptions
from ghl_notes.testing.loopback import Loopback
from ghl_notes.testing.replies import Payload
from ghl_notes.testing.server import Server
from ghl_notes.testing.turnstile import Turnstile

__all__ = ["FakeCinnox"]


@define(eq=False, kw_only=True)
class FakeCinnox(Loopback, CinnoxOptions):
    """A CINNOX on loopback: one app with external contacts, their notes, and staff.

    Its contacts are the people of a ``FakeHighLevel``, in the same order, and its staff are those
    who work there. Everything is the same in every run with the same ``seed``. An id that is not
    here is a ``KeyError``.

    ``Fault.REFUSED_OK`` is a 200 whose body says that it failed.

    :param contacts: how many external contacts there are.
    :param notes_per_contact: how many notes each of them has.
    :param staff: how many write notes.
    :param limit: requests in each ``interval`` over all endpoints; None for no limit.
    :param interval: how many seconds the limit is for, from a first request on.
    :param limit_status: the status of a refusal for the limit, 429 or 200: it is documented by the
        code in its body alone.
    :param latency: how many seconds every reply takes.
    :param slow: how many seconds a reply takes under ``Fault.SLOW``.
    :param fault_rates: the share of calls that meets each fault.
    :param on_request: called with the method and the path of each request before it is answered,
        such as to add a note between two pages; may be assigned later.
    :param seed: decides all that looks random.
    :param clock: Unix time, for dates. The limit and the delays follow the event loop.
    :param port: where to listen on 127.0.0.1; 0 takes a free port.
    """

    _parts: CinnoxParts = field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self._parts = CinnoxParts(self)

    @property
    def url(self) -> str:
        """The base URL, such as ``http://127.0.0.1:41234``."""
        return f"http://127.0.0.1:{self._parts.server.port}"

    @property
    def app_id(self) -> str:
        """The id of the app."""
        return self._parts.app_id

    @property
    def app_token(self) -> str:
        """The token of the app."""
        return self._parts.app_token

    def contact_ids(self) -> Sequence[str]:
        """Give the ids of the contacts, oldest first, without those that were merged away."""
        return tuple(self._parts.world.contacts)

    def add_contact(self, **fields: object) -> str:
        """Add a contact without notes, with CINNOX's field names, and return its id."""
        return self._parts.world.add_contact(fields)

    def merge_contacts(self, master_id: str, slave_id: str) -> None:
        """Merge a contact into another one; its notes stay under the old id."""
        self._parts.world.merge(master_id, slave_id)

    def staff_ids(self) -> Sequence[str]:
        """Give the ids of the staff."""
        return tuple(self._parts.world.staff)

    def add_staff(self, *, email: str, first_name: str = "New", last_name: str = "") -> str:
        """Take somebody into the staff and return the id."""
        return self._parts.world.add_staff(first_name, last_name, email)

    def notes(self, contact_id: str) -> list[Payload]:
        """Give the notes of a contact as they are on the wire, the last edited first."""
        self._parts.world.notes[contact_id]  # an unknown one is a KeyError
        return [dict(note) for note in self._parts.world.listed(contact_id)]

    def add_note(
        self,
        contact_id: str,
        note: str = "A note",
        *,
        reporter: str | None = None,
        updated_at: datetime | None = None,
    ) -> str:
        """Add a note, now and by the first of the staff unless told otherwise; return its id."""
        by, when = reporter or self.staff_ids()[0], updated_at or self._now()
        return self._parts.world.add_note(contact_id, note, by, when)

    def edit_note(
        self,
        note_id: str,
        note: str,
        *,
        reporter: str | None = None,
        updated_at: datetime | None = None,
    ) -> None:
        """Change a note; all it tells afterwards is this change."""
        self._parts.world.edit_note(note_id, note, reporter, updated_at or self._now())

    def delete_note(self, note_id: str) -> None:
        """Delete a note."""
        self._parts.world.delete_note(note_id)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self.clock(), UTC)

    @property
    def _server(self) -> Server:
        return self._parts.server

    @property
    def _turnstile(self) -> Turnstile:
        return self._parts.turnstile
