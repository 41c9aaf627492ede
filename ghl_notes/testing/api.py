"""Every resource of the pretend HighLevel, put together."""

from collections.abc import Callable, Iterator

from attrs import define, field

from ghl_notes.testing.appointments_api import AppointmentsApi
from ghl_notes.testing.bulk_api import BulkApi
from ghl_notes.testing.contact_notes_api import ContactNotesApi
from ghl_notes.testing.contacts_api import ContactsApi
from ghl_notes.testing.groups_api import GroupsApi
from ghl_notes.testing.lists_api import ListsApi
from ghl_notes.testing.location_notes_api import LocationNotesApi
from ghl_notes.testing.notes_rules import Notes
from ghl_notes.testing.routes import Route
from ghl_notes.testing.search import Searcher
from ghl_notes.testing.stats import Stats
from ghl_notes.testing.tasks_api import TasksApi
from ghl_notes.testing.users_api import UsersApi
from ghl_notes.testing.world import World

__all__ = ["Api"]


@define(eq=False, kw_only=True)
class Api:
    """What a location's token is answered, resource by resource."""

    world: World
    notes: Notes
    stats: Stats
    clock: Callable[[], float]
    client_id: str = field(repr=False)
    allow_duplicates: bool
    tasks: TasksApi = field(init=False)
    appointments: AppointmentsApi = field(init=False)
    location_notes: LocationNotesApi = field(init=False)

    @tasks.default
    def _make_tasks(self) -> TasksApi:
        return TasksApi(self.world, self.notes.webhooks)

    @appointments.default
    def _make_appointments(self) -> AppointmentsApi:
        return AppointmentsApi(self.world, self.clock, self.notes.until)

    @location_notes.default
    def _make_location_notes(self) -> LocationNotesApi:
        return LocationNotesApi(self.world, self.notes, self.stats, self.clock)

    def routes(self) -> Iterator[Route]:
        """List every route; where two are alike, the one that says more comes first."""
        world, clock, searcher = self.world, self.clock, Searcher()
        yield from ListsApi(world, searcher).routes()
        yield from BulkApi(world, clock).routes()
        contacts = ContactsApi(world, searcher, clock, self.client_id, self.allow_duplicates)
        yield from contacts.routes()
        yield from ContactNotesApi(world, self.notes, self.stats, clock).routes()
        yield from self.tasks.routes()
        yield from self.appointments.routes()
        yield from GroupsApi(world, clock).routes()
        yield from self.location_notes.routes()
        yield from UsersApi(world).routes()
