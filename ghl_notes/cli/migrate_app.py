"""The commands of ``ghl-notes migrate`` and their options."""

import inspect
from collections.abc import Callable, Coroutine, Mapping
from typing import Annotated, Final, TypeVar

import typer
from attrs import evolve

from ghl_notes.cli.access import access
from ghl_notes.cli.groups import group
from ghl_notes.cli.migrate_options import Order, order, wishes
from ghl_notes.cli.options import SECRETS
from ghl_notes.cli.sources_access import CinnoxAccess, CloseAccess, SourceAccess
from ghl_notes.cli.sources_options import AppId, AppToken, CinnoxUrl, CloseKey, CloseUrl
from ghl_notes.cli.statuses import Status, finish

__all__ = ["migrations"]

T = TypeVar("T")

migrations: typer.Typer = group(
    "Notes moved from another system into HighLevel: planned, written, verified, undone.",
    examples=(
        "ghl-notes migrate close --html plan.html",
        "ghl-notes migrate close --apply",
        "ghl-notes migrate close --verify",
        "ghl-notes migrate close --undo",
    ),
)

_BY_NAME: Final = inspect.Parameter.KEYWORD_ONLY


def _add(name: str, opened: Callable[..., SourceAccess]) -> None:
    """Make a command of a function that reads a source's own options.

    The command also has those that are the same for each source, and spelled once.
    """

    def run(**given: object) -> None:
        raise typer.Exit(finish(lambda: _begun(opened, given)))

    parts: tuple[Callable[..., object], ...] = (order, wishes, opened, access)
    named = [one for part in parts for one in inspect.signature(part).parameters.values()]
    run.__signature__ = inspect.Signature(  # type: ignore[attr-defined]  # what Typer reads
        [one.replace(kind=_BY_NAME) for one in named]
    )
    run.__doc__ = opened.__doc__
    migrations.command(name, epilog=SECRETS)(run)


def _begun(
    opened: Callable[..., SourceAccess], given: Mapping[str, object]
) -> Coroutine[object, object, Status]:
    """Read what was given, and begin. Raises ``Refused`` before anything is sent."""
    # With all that talks to servers, which is to slow down no other command.
    from ghl_notes.cli.migrate import Migration  # noqa: PLC0415

    said: Order = evolve(_called(order, given), wishes=_called(wishes, given))
    source = _called(opened, given)
    said.check()
    if said.needs_source:
        source.check()
    return Migration(reach=_called(access, given), source=source, order=said).run()


def _called(part: Callable[..., T], given: Mapping[str, object]) -> T:
    """Call a function with those of the options that are its own."""
    return part(**{name: given[name] for name in inspect.signature(part).parameters})


def _close(
    *,
    close_key: CloseKey = "",
    export: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            rich_help_panel="Close",
            help="Read this export of leads with their activities (JSON, in gzip or not), and not"
            " the API. It needs no key, and does not tell the authors' emails.",
        ),
    ] = None,
    close_url: CloseUrl = None,
) -> SourceAccess:
    """Move the notes of Close. Without --apply or --undo it writes nothing.

    Each note goes to the contact with the same email address or phone number. It begins with the
    time and the author that it has at Close, and ends in a mark by which it is known again.
    HighLevel starts its workflows that begin with a note, for every one that is written.

    Exit status: 0 all is well, 3 something asks to be looked at, 2 wrong usage, 1 anything else,
    130 stopped by Ctrl-C.
    """
    return CloseAccess(key=close_key, url=close_url, export=export)


def _cinnox(
    *, cinnox_url: CinnoxUrl = "", app_id: AppId = "", app_token: AppToken = ""
) -> SourceAccess:
    """Move the notes of CINNOX. Without --apply or --undo it writes nothing.

    Each note goes to the contact with the same email address or phone number. It begins with the
    time and the author of its last edit, which is all that CINNOX tells, and ends in a mark by
    which it is known again. HighLevel starts its workflows that begin with a note, for every one
    that is written.

    Exit status: 0 all is well, 3 something asks to be looked at, 2 wrong usage, 1 anything else,
    130 stopped by Ctrl-C.
    """
    return CinnoxAccess(url=cinnox_url, app_id=app_id, token=app_token)


_add("close", _close)
_add("cinnox", _cinnox)
