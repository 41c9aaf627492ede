"""The commands of ``ghl-notes note`` and their options."""

from typing import Annotated, TypeVar

import typer

from ghl_notes import UNSET, Note, Unset
from ghl_notes.cli.asking import text_of
from ghl_notes.cli.calls import Work, command
from ghl_notes.cli.groups import group
from ghl_notes.cli.notes import NOTE, Doomed, listed
from ghl_notes.cli.options import ContactId, Yes
from ghl_notes.cli.statuses import Refused
from ghl_notes.cli.telling import one

__all__ = ["notes"]

T = TypeVar("T")

notes: typer.Typer = group(
    "The notes of a contact: read, written, changed, deleted.",
    examples=(
        "ghl-notes note list CONTACT",
        'ghl-notes note add CONTACT "Spoke with Jane" --pinned',
        "git log -1 | ghl-notes note add CONTACT --title Released",
        "ghl-notes note list CONTACT --json | jq -r .text",
    ),
)

_NoteId = Annotated[
    str, typer.Argument(metavar="NOTE", help="The note's id; ghl-notes note list has it.")
]
_Title = Annotated[str | None, typer.Option(metavar="TEXT", help="What stands above the note.")]
_Color = Annotated[str | None, typer.Option(metavar="HEX", help="Its color, such as '#FFAA00'.")]
_User = Annotated[
    str | None, typer.Option("--user", metavar="ID", help="The user in whose name it is written.")
]


@command(notes, "list")
def _list(contact: ContactId) -> Work:
    """List all notes of a contact, the newest first.

    Long notes are cut off; --json has them whole.
    """
    return lambda client: listed(client, contact)


@command(notes, "add")
def _add(  # noqa: PLR0913 - one for each option
    contact: ContactId,
    body: Annotated[
        str | None,
        typer.Argument(metavar="BODY", help="The text; - or nothing to take it from stdin."),
    ] = None,
    *,
    title: _Title = None,
    color: _Color = None,
    pinned: Annotated[bool, typer.Option("--pinned", help="Pin it to the top.")] = False,
    user_id: _User = None,
) -> Work:
    """Write a note on a contact, once, and show it.

    If a reply is lost, the note is looked for before it is written again. Exit status 0 says that
    it is written, even if it could not be shown.
    """
    text = text_of(body)
    return lambda client: one(
        NOTE,
        client.location_id,
        client.notes.create(
            contact, text, user_id=user_id, title=title, color=color, pinned=pinned or None
        ),
        deed=lambda note: f"note {note.id} was written",
    )


@command(notes, "edit")
def _edit(  # noqa: PLR0913 - one for each option
    contact: ContactId,
    note: _NoteId,
    *,
    body: Annotated[
        str | None, typer.Option(metavar="TEXT", help="The new text; - to take it from stdin.")
    ] = None,
    title: _Title = None,
    color: _Color = None,
    pinned: Annotated[
        bool | None, typer.Option("--pinned/--unpinned", help="Pin it to the top, or not.")
    ] = None,
    user_id: _User = None,
) -> Work:
    """Change a note, and show it as it is now. What is not given stays as it is."""
    if all(given is None for given in (body, title, color, pinned, user_id)):
        raise Refused("nothing to change: give --body, --title, --color, --user or --pinned")
    text = None if body is None else text_of(body)
    return lambda client: one(
        NOTE,
        client.location_id,
        client.notes.update(
            contact,
            note,
            body=_given(text),
            user_id=_given(user_id),
            title=_given(title),
            color=_given(color),
            pinned=_given(pinned),
        ),
        deed=_changed,
    )


@command(notes, "delete")
def _delete(contact: ContactId, note: _NoteId, *, yes: Yes = False) -> Work:
    """Delete a note, after showing which. There is no way back.

    With --json it writes the note as it was.
    """
    doomed = Doomed(contact_id=contact, note_id=note, sure=yes)
    doomed.check()
    return doomed.delete


@command(notes, "pin")
def _pin(
    contact: ContactId,
    note: _NoteId,
    *,
    off: Annotated[bool, typer.Option("--off", help="Take the pin off.")] = False,
) -> Work:
    """Pin a note to the top of its contact, and show it."""
    return lambda client: one(
        NOTE,
        client.location_id,
        client.notes.update(contact, note, pinned=not off),
        deed=_changed,
    )


def _changed(note: Note) -> str:
    return f"note {note.id} was changed"


def _given(value: T | None) -> T | Unset:
    return UNSET if value is None else value
