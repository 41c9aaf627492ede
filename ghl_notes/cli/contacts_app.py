"""The commands of ``ghl-notes contact`` and their options."""

from functools import partial
from typing import Annotated

import typer

from ghl_notes.cli.calls import Work, command
from ghl_notes.cli.contacts import Card, Search, tagged
from ghl_notes.cli.groups import group
from ghl_notes.cli.options import ContactId

__all__ = ["contacts"]

contacts: typer.Typer = group(
    "The contacts of a location: found, shown, tagged.",
    examples=(
        'ghl-notes contact find "Jane Doe"',
        "ghl-notes contact find --email jane@example.com",
        "ghl-notes contact show CONTACT --notes --tasks",
        'ghl-notes contact tag CONTACT vip "called back"',
    ),
)


@command(contacts, "find")
def _find(
    query: Annotated[
        str | None,
        typer.Argument(metavar="QUERY", help="Part of a name, an email address or a phone."),
    ] = None,
    email: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Exactly this email address.")
    ] = None,
    phone: Annotated[
        str | None,
        typer.Option(metavar="NUMBER", help="Exactly this phone, such as +15550100."),
    ] = None,
    tag: Annotated[
        list[str] | None,
        typer.Option(metavar="TAG", help="With this tag; may be given again, for all of them."),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 20,
) -> Work:
    """Find contacts of the location, the newest first. Without a condition, the newest of all.

    HighLevel's index is some seconds behind what was just written.
    """
    search = Search(query=query, email=email, phone=phone, tags=tuple(tag or ()), limit=limit)
    return search.find


@command(contacts, "show")
def _show(
    contact: ContactId,
    *,
    notes: Annotated[bool, typer.Option("--notes", help="Its notes too.")] = False,
    tasks: Annotated[bool, typer.Option("--tasks", help="Its tasks too.")] = False,
) -> Work:
    """Show a contact: its fields, its custom fields and its tags."""
    return Card(contact_id=contact, with_notes=notes, with_tasks=tasks).read


@command(contacts, "tag")
def _tag(
    contact: ContactId,
    tags: Annotated[list[str], typer.Argument(metavar="TAG", help="One tag or more.")],
    *,
    remove: Annotated[bool, typer.Option("--remove", help="Take them away.")] = False,
) -> Work:
    """Add tags to a contact, or take them away, and show those that HighLevel names then."""
    return partial(tagged, contact_id=contact, tags=tags, remove=remove)
