# ruff: noqa: ANN003 - what takes them names and checks them
"""What the user of the command line has: the app of a pretend HighLevel, its store, a ledger."""

import sqlite3
from contextlib import closing
from pathlib import Path

from attrs import define, evolve

from ghl_notes import App, HighLevel
from ghl_notes.migrate import LEDGER, ledger
from ghl_notes.models import StoredInstall
from ghl_notes.stores import SQLiteStore
from ghl_notes.testing import FakeHighLevel
from ghl_notes.testing.app import FakeApp


async def use_ledger() -> None:
    """Make a ledger in the present folder that was used before.

    A new one would be waited for: a run that was killed may have lost it.
    """
    book = ledger.Ledger(LEDGER)
    entry = ledger.Entry(
        source="another", account="a", location_id="l", key="k", contact_id="c", state="done",
        digest="",
    )  # fmt: skip
    await book.put(entry)
    await book.close()


@define
class Account:
    """The app of a pretend HighLevel, and the file that its installs are kept in."""

    fake: FakeHighLevel
    store: Path

    @property
    def environment(self) -> dict[str, str]:
        """What the user has set."""
        return {
            "GHL_NOTES_STORE": str(self.store),
            "GHL_NOTES_CLIENT_ID": self.fake.app.client_id,
            "GHL_NOTES_CLIENT_SECRET": self.fake.app.client_secret,
            "GHL_NOTES_REDIRECT_URI": self.fake.app.redirect_uri,
        }

    @property
    def page(self) -> tuple[str, ...]:
        """Give the options of a login that name the pretend HighLevel."""
        pages = f"{self.fake.url}/v2/oauth/chooselocation"
        return "--base-url", self.fake.url, "--authorize-url", pages

    async def install(
        self, *location_ids: str, company: bool = False, app: FakeApp | None = None, **options
    ) -> None:
        """Install an app on the agency or on locations, as a service did before."""
        fake, of = self.fake, app or self.fake.app
        owners = [None] if company else location_ids
        ours = App(
            client_id=of.client_id, client_secret=of.client_secret, redirect_uri=of.redirect_uri
        )
        store = self.open()
        async with HighLevel(ours, store=store, base_url=fake.url) as highlevel:
            for one in owners:
                code = fake.authorize_code(one, company=company, app=app, **options)
                await highlevel.install(code)

    async def begin(self) -> None:
        """Make the store, with nothing in it."""
        store = self.open()
        await store.claim("anything", seconds=1)
        await store.close()

    def open(self) -> SQLiteStore:
        """Open the store, as it is."""
        return SQLiteStore(self.store)

    async def stored(self) -> dict[str, StoredInstall]:
        """Read what is stored, by key."""
        store = self.open()
        found = {one.install.key: one async for one in store.list()}
        await store.close()
        return found

    async def age(self, days: float, key: str | None = None) -> None:
        """Make all installs, or one, as old as that."""
        store, seconds = self.open(), days * 86_400
        for found, stored in (await self.stored()).items():
            if key in (None, found):
                token = evolve(
                    stored.token,
                    issued_at=stored.token.issued_at - seconds,
                    expires_at=stored.token.expires_at - seconds,
                )
                async with store.hold(found) as hold:
                    await hold.save(StoredInstall.of(stored.install, token))
        await store.close()

    async def secrets(self) -> set[str]:
        """Give everything that no output may hold."""
        with closing(sqlite3.connect(self.store)) as db:  # also what a test has damaged
            rows = db.execute("SELECT access_token, refresh_token FROM installs").fetchall()
        return {token for row in rows for token in row if token} | {self.fake.app.client_secret}
