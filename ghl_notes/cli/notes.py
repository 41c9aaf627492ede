"""What ``ghl-notes note`` tells, and how a note is deleted."""

from typing import TYPE_CHECKING, Final

import typer
from attrs import frozen
from rich.text import Text

from ghl_notes import Note
from ghl_notes.cli.asking import Asker, confirmed, is_asked_on_a_terminal
from ghl_notes.cli.plain import block, cell
from ghl_notes.cli.records import record
from ghl_notes.cli.statuses import Refused, Status
from ghl_notes.cli.telling import MOST, Kind, Told, facts, many
from ghl_notes.cli.times import clock

if TYPE_CHECKING:
    from ghl_notes import Client

__all__ = ["NOTE", "Doomed", "listed"]


def _row(note: Note) -> list[Text]:
    said = f"{note.title}: {note.text}" if note.title else note.text
    pin = ("(pinned) " if note.pinned else "", "bold")
    told = Text.assemble(pin, cell(said, MOST))
    return [cell(note.id), Text(clock(note.date_added)), told]


def _facts(note: Note) -> list[tuple[str, Text]]:
    return facts(
        ("note", note.id),
        ("contact", note.contact_id),
        ("written", note.date_added),
        ("by", note.user_id),
        ("title", note.title),
        ("color", note.color),
        ("pinned", note.pinned or None),
    )


NOTE: Final = Kind[Note](
    columns=("id", "written", "note"), row=_row, facts=_facts, text=lambda note: note.text
)


async def listed(client: "Client", contact_id: str) -> Told:
    """Tell all notes of a contact."""
    notes = await client.notes.list(contact_id)
    return many(NOTE, client.location_id, notes, none=f"contact {contact_id} has no notes")


@frozen(kw_only=True)
class Doomed:
    """A note that is to be deleted."""

    contact_id: str
    note_id: str
    sure: bool = False

    def check(self) -> None:
        """Raise ``Refused`` where nobody can be asked."""
        if not self.sure and not is_asked_on_a_terminal():
            raise Refused("nobody is there to confirm it: give --yes to delete without asking")

    async def delete(self, client: "Client") -> Told:
        """Delete it, once the user has seen which; tell the note as it was."""
        note = await client.notes.get(self.contact_id, self.note_id)
        if not self.sure:
            typer.echo(_named(note), err=True)
            if not confirmed(await Asker().ask("Delete this note? [y/N]")):
                return Told(trouble=["nothing was deleted"], status=Status.FAILED)
        await client.notes.delete(self.contact_id, self.note_id)
        return Told(
            records=[record(note, client.location_id)],
            show=lambda console: console.print(cell(f"Deleted note {note.id}."), soft_wrap=True),
            deed=f"note {note.id} was deleted",
        )


def _named(note: Note) -> str:
    first = next(iter(block(note.text).strip().splitlines()), "")
    return cell(f"note {note.id} of {clock(note.date_added)}: {first}", MOST).plain
