"""A pretend HighLevel, a client for it, and a ledger: what every migration here happens in."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from attrs import define, field

from ghl_notes import Client, Limits, RetryPolicy, Sent, migrate
from ghl_notes.events import Event
from ghl_notes.migrate import Plan, Report
from ghl_notes.migrate.markers import key_of
from ghl_notes.models import Json, Note
from ghl_notes.sources import SourceContact, SourceNote
from ghl_notes.testing import FakeHighLevel
from tests.migrate.sources import Clock, ListSource, note

QUICK = RetryPolicy(base=0.0, settle=0.02)
HASTY = RetryPolicy(base=0.0, settle=0.01, attempts=2, bulk_attempts=2)
SETTLE = 0.005


@define(eq=False)
class Seen:
    """What a client has sent."""

    sent: list[tuple[str, str]] = field(factory=list)

    def __call__(self, event: Event) -> None:
        if isinstance(event, Sent):
            self.sent.append((event.method, event.path))

    @property
    def writes(self) -> list[tuple[str, str]]:
        return [(method, path) for method, path in self.sent if method != "GET"]

    @property
    def reads(self) -> Counter[str]:
        """Count how often each contact's notes were read."""
        return Counter(path for method, path in self.sent if path.endswith("/notes"))


@define(eq=False)
class Move:
    """One location to move to; everything is done with one client and one ledger."""

    fake: FakeHighLevel
    client: Client
    seen: Seen
    people: list[SourceContact]
    ledger: Path

    def source(self, each: int = 4, **more: object) -> ListSource:
        """Give each person a lead of its own, with so many notes in turn."""
        leads = {f"lead_{person.id}": [person] for person in self.people}
        names = list(leads)
        notes = [note(n, names[n % len(names)], **more) for n in range(each * len(names))]
        return ListSource(notes, leads)

    def lone(self, *texts: str, **more: object) -> ListSource:
        """Give notes that are all about the first person."""
        notes = [note(n, "lead_1", text, **more) for n, text in enumerate(texts)]
        return ListSource(notes, {"lead_1": self.people[:1]})

    async def plan(self, source: ListSource, **options: object) -> Plan:
        chosen = {"ledger": self.ledger, **options}
        return await migrate.plan(source, self.client, **chosen)  # type: ignore[arg-type]

    async def apply(self, plan: Plan, **options: object) -> Report:
        chosen = {"ledger": self.ledger, "settle": SETTLE, **options}
        return await migrate.apply(plan, **chosen)  # type: ignore[arg-type]

    async def run(self, source: ListSource, *, update: bool = False, **options: object) -> Report:
        """Plan and apply, as somebody does who begins again."""
        return await self.apply(await self.plan(source, **options), update=update)

    async def undo(self, **options: object) -> Report:
        chosen = {"ledger": self.ledger, "settle": SETTLE, **options}
        return await migrate.undo(self.client, **chosen)  # type: ignore[arg-type]

    async def raw(self) -> dict[str, Json]:
        """Give the notes of all contacts, byte for byte as HighLevel tells them."""
        paths = (f"/contacts/{one}/notes" for one in self.fake.contact_ids())
        told = {path: await self.client.request("GET", path) for path in paths}
        return {path: one["notes"] for path, one in told.items() if isinstance(one, dict)}

    async def moved(self, contact_id: str | None = None) -> list[Note]:
        """Give the moved notes of a contact (the first), in the order they were written."""
        notes = await self.client.notes.list(contact_id or self.fake.contact_ids()[0])
        mine = [one for one in notes if key_of(one) is not None]
        return sorted(mine, key=lambda one: one.date_added)

    async def keys(self) -> dict[str, list[str | None]]:
        """Name the moved notes of every contact, in the order they were written."""
        ids = self.fake.contact_ids()
        return {one: [key_of(note) for note in await self.moved(one)] for one in ids}

    def forget(self) -> None:
        """Lose the ledger."""
        for path in self.ledger.parent.glob(f"{self.ledger.name}*"):
            if path.is_file():
                path.unlink()


@contextmanager
def quick_folder() -> Iterator[Path]:
    """Give a folder, in memory where the machine has that: nothing here is about its disk."""
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder)


@asynccontextmanager
async def moving(*, retries: RetryPolicy = QUICK, **options: object) -> AsyncIterator[Move]:
    """Start a pretend HighLevel of three contacts with a note each, and a client for it."""
    seen = Seen()
    usual = {"limit": None, "interval": 0.01, "contacts": 3, "notes_per_contact": 1}
    chosen = {**usual, "clock": Clock(), **options}
    with quick_folder() as folder:
        async with (
            FakeHighLevel(**chosen) as fake,  # type: ignore[arg-type]
            Client(
                fake.private_token,
                base_url=fake.url,
                location_id=fake.location_id,
                retries=retries,
                limits=Limits(burst=100_000, interval=0.01, daily=1_000_000),
                observer=seen,
            ) as client,
        ):
            people = [person_of(fake.contact(one)) for one in fake.contact_ids()]
            yield Move(fake, client, seen, people, folder / "moved.db")


def person_of(contact: Mapping[str, object]) -> SourceContact:
    """Give a contact of the pretend HighLevel as a person at a source."""
    return SourceContact(
        id=f"cont_{contact['id']}",
        name=str(contact["firstName"]),
        emails=(str(contact["email"]),),
        phones=(str(contact["phone"]),),
    )


def keys_of(notes: list[SourceNote]) -> list[str]:
    return [one.key for one in notes]
