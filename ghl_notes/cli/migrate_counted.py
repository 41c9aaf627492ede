"""A source whose notes are counted while they are read."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime

from attrs import frozen

from ghl_notes.cli.migrate_progress import Progress
from ghl_notes.sources import Source, SourceContact, SourceNote, SourceUser

__all__ = ["Counted"]


@frozen
class Counted:
    """Another source, and where its notes are counted."""

    source: Source
    progress: Progress

    @property
    def name(self) -> str:
        """Its name."""
        return self.source.name

    async def account(self) -> str:
        """Name its account."""
        return await self.source.account()

    async def notes(
        self, *, since: datetime | None = None, until: datetime | None = None
    ) -> AsyncGenerator[SourceNote, None]:
        """Yield its notes."""
        async with aclosing(self.source.notes(since=since, until=until)) as notes:
            async for note in notes:
                self.progress.read()
                yield note
        self.progress.doing = "looking at HighLevel"

    async def contacts_of(self, note: SourceNote) -> Sequence[SourceContact]:
        """Return whom a note of it may be about."""
        return await self.source.contacts_of(note)

    async def users(self) -> Mapping[str, SourceUser]:
        """Return those who write its notes."""
        return await self.source.users()
