"""What a source of notes must do, to be read on its own and to be moved from."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

from ghl_notes.sources.models import SourceContact, SourceNote, SourceUser


@runtime_checkable
class Source(Protocol):
    """Another system that holds notes. Its errors are those of ``ghl_notes.errors``.

    A source of your own needs these five members, a name and four methods, and may be given to
    ``ghl_notes.migrate`` at once. It may also have a ``title``, the system's name as people write
    it, such as ``CINNOX``; without one it is the name with a capital letter.
    """

    @property
    def name(self) -> str:
        """One word in small letters that says which system it is, such as ``close``."""
        ...

    async def account(self) -> str:
        """Name the account that is read; fails at once where the credentials are wrong."""
        ...

    def notes(
        self, *, since: datetime | None = None, until: datetime | None = None
    ) -> AsyncGenerator[SourceNote, None]:
        """Yield every note that was created in that time, each once, in no promised order.

        What cannot be read raises ``UnexpectedResponse`` after all that can be.
        """
        ...

    async def contacts_of(self, note: SourceNote) -> Sequence[SourceContact]:
        """Return whom a note may be about: one person, or all of its lead; none if unknown."""
        ...

    async def users(self) -> Mapping[str, SourceUser]:
        """Return those who write notes, by their id."""
        ...
