"""What every form has: a pretend HighLevel, a store for all processes, and a look at the end."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from attrs import define, field, frozen

from ghl_notes import App, HighLevel, HighLevelError
from ghl_notes.models import StoredInstall
from ghl_notes.testing import FakeHighLevel
from tests.torture.stores import open_store


@frozen
class Scene:
    """A pretend HighLevel, and the store where the installs of one app are kept.

    With ``agency`` the app is installed on the agency, and the locations get their tokens from it.
    """

    fake: FakeHighLevel
    kind: str
    place: str
    server: str = ""
    agency: bool = False

    @property
    def port(self) -> int:
        """Where the pretend HighLevel listens."""
        return int(self.fake.url.rpartition(":")[2])

    @property
    def app(self) -> dict[str, str]:
        """The app's credentials."""
        names = ("client_id", "client_secret", "redirect_uri")
        return {name: getattr(self.fake.app, name) for name in names}

    @property
    def orders(self) -> dict[str, Any]:
        """What a process has to know."""
        where = {"kind": self.kind, "place": self.place, "server": self.server}
        return {**where, "app": self.app, "base_url": self.fake.url}

    def target(self, location_id: str) -> list[str]:
        """Name a location and a contact of it, for a call."""
        return [location_id, self.fake.contact_ids(location_id)[0]]

    @asynccontextmanager
    async def highlevel(self) -> AsyncIterator[HighLevel]:
        """Open the app as one process does."""
        store = open_store(self.kind, self.place, self.server)
        async with HighLevel(App(**self.app), store=store, base_url=self.fake.url) as highlevel:
            yield highlevel

    async def install(self) -> None:
        """Install the app on every location."""
        async with self.highlevel() as highlevel:
            if self.agency:
                await highlevel.install(self.fake.authorize_code(company=True))
            for location_id in self.fake.location_ids:
                if self.agency:
                    client = highlevel.location(location_id)
                    await client.notes.list(self.fake.contact_ids(location_id)[0])
                else:
                    await highlevel.install(self.fake.authorize_code(location_id))

    async def install_again(self, location_id: str) -> None:
        """Install the app on a location once more, as its user would."""
        async with self.highlevel() as highlevel:
            await highlevel.install(self.fake.authorize_code(location_id))

    async def stored(self, location_id: str) -> StoredInstall | None:
        """Read what is stored for a location now."""
        store = open_store(self.kind, self.place, self.server)
        try:
            async for stored in store.list():
                if stored.install.location_id == location_id:
                    return stored
        finally:
            await store.close()
        return None

    async def look(self) -> "Look":
        """Ask every location once more, as a process that starts afterwards does."""
        found = Look()
        async with self.highlevel() as highlevel:
            found.spent = sum([one.spent_at is not None async for one in highlevel.installs()])
            for location_id in self.fake.location_ids:
                try:
                    client = highlevel.location(location_id)
                    await client.notes.list(self.fake.contact_ids(location_id)[0])
                except HighLevelError as error:
                    found.silent[location_id] = f"{type(error).__name__}: {error}"
        return found


@define
class Look:
    """What a look at the end found: dead installs, and locations that do not answer, and why."""

    spent: int = 0
    silent: dict[str, str] = field(factory=dict)
