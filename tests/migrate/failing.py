"""A source with something in the way."""

from collections.abc import AsyncGenerator
from datetime import datetime

from attrs import define

from ghl_notes.errors import HighLevelError
from ghl_notes.sources import SourceContact, SourceNote, SourceUser
from tests.migrate.sources import ListSource


@define(eq=False)
class Failing(ListSource):
    """A source with something in the way."""

    at_end: HighLevelError | None = None
    of_people: HighLevelError | None = None
    of_staff: HighLevelError | None = None

    async def notes(
        self, *, since: datetime | None = None, until: datetime | None = None
    ) -> AsyncGenerator[SourceNote, None]:
        async for one in super().notes(since=since, until=until):
            yield one
        if self.at_end is not None:
            raise self.at_end

    async def contacts_of(self, note: SourceNote) -> list[SourceContact]:
        if self.of_people is not None and note.lead_id == "lead_bad":
            raise self.of_people
        return await super().contacts_of(note)

    async def users(self) -> dict[str, SourceUser]:
        if self.of_staff is not None:
            raise self.of_staff
        return self.staff


def failing(source: ListSource, **errors: HighLevelError) -> Failing:
    return Failing(source.found, source.leads, source.staff, **errors)
