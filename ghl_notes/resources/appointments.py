"""The appointments of contacts, which are read only: of one contact, and of many.

https://marketplace.gohighlevel.com/docs/ghl/contacts/appointments; the scope is
``contacts.readonly``.
"""

from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Iterable

from ghl_notes.bulk import outcomes
from ghl_notes.http import codec, operations
from ghl_notes.http.dispatch import Dispatch
from ghl_notes.http.reply import Answer
from ghl_notes.models import Appointment, ContactAppointments, Listing


class Appointments:
    """The appointments of one location's contacts. Safe for any number of tasks.

    They need the scope ``contacts.readonly``.
    """

    def __init__(self, dispatch: Dispatch) -> None:
        self._dispatch = dispatch

    async def list(self, contact_id: str) -> Listing[Appointment]:
        """Return all appointments of a contact, in HighLevel's order, in one request."""
        return _read(await self._ask(contact_id, bulk=False), contact_id)

    def stream(
        self,
        contact_ids: Iterable[str] | AsyncIterable[str],
        *,
        concurrency: int | None = None,
    ) -> AsyncGenerator[ContactAppointments, None]:
        """Read the appointments of many contacts; all else is as in ``notes.stream``."""
        return outcomes(contact_ids, self._ask, _read, ContactAppointments, concurrency=concurrency)

    def _ask(self, contact_id: str, *, bulk: bool = True) -> Awaitable[Answer]:
        return self._dispatch.call(operations.APPOINTMENTS_LIST, contact_id, bulk=bulk)


def _read(answer: Answer, _: str) -> Listing[Appointment]:
    return answer.read(codec.appointments)
