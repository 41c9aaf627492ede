"""The commands of ``ghl-notes sources`` and their options."""

from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from ghl_notes.cli.groups import group
from ghl_notes.cli.sources_access import CinnoxAccess, CloseAccess
from ghl_notes.cli.sources_options import (
    AppId,
    AppToken,
    CinnoxUrl,
    CloseKey,
    CloseUrl,
    Since,
    Until,
)
from ghl_notes.cli.statuses import Status, finish
from ghl_notes.cli.times import moment

if TYPE_CHECKING:
    from ghl_notes.cli.sources import Wanted

__all__ = ["sources"]

sources: typer.Typer = group(
    "Notes in other systems, read on their own.",
    examples=(
        "ghl-notes sources close list --since 2026-01-01 --out close.jsonl",
        "ghl-notes sources close list --lead LEAD | jq -r .body",
        "ghl-notes sources cinnox list --contact EXT-00001",
    ),
)
_close: typer.Typer = group("The notes of Close.")
_cinnox: typer.Typer = group("The notes of CINNOX.")
sources.add_typer(_close, name="close")
sources.add_typer(_cinnox, name="cinnox")

_Out = Annotated[str, typer.Option(metavar="FILE", help="Where to write; - for stdout.")]
_Force = Annotated[bool, typer.Option("--force", help="Replace what FILE holds.")]
_Ids = list[str] | None


@_close.command("list")
def _list_close(  # noqa: PLR0913 - one for each option
    *,
    close_key: CloseKey = "",
    close_url: CloseUrl = None,
    lead: Annotated[
        _Ids, typer.Option(metavar="ID", help="Of this lead; may be given again, for any of them.")
    ] = None,
    contact: Annotated[
        _Ids, typer.Option(metavar="ID", help="About this contact; may be given again.")
    ] = None,
    user: Annotated[
        _Ids, typer.Option(metavar="ID", help="Of this user; may be given again.")
    ] = None,
    since: Since = None,
    until: Until = None,
    out: _Out = "-",
    force: _Force = False,
) -> None:
    """Write every note of Close as JSON lines, with times in UTC.

    Exit status: 0 everything was read, 3 something could not be, 2 wrong usage, 1 anything else,
    130 stopped by Ctrl-C; what was written stays.
    """
    account = CloseAccess(key=close_key, url=close_url)

    def wanted() -> "Wanted":
        from ghl_notes.cli.sources import of_close  # noqa: PLC0415 - not for a completion

        span = _moment("--since", since), _moment("--until", until)
        return of_close(account, *span, lead_id=lead, contact_id=contact, user_id=user)

    raise typer.Exit(finish(lambda: _begun(wanted, out, force=force)))


@_cinnox.command("list")
def _list_cinnox(  # noqa: PLR0913 - one for each option
    *,
    cinnox_url: CinnoxUrl = "",
    app_id: AppId = "",
    app_token: AppToken = "",
    contact: Annotated[
        str | None, typer.Option(metavar="ID", help="Of this contact alone, such as EXT-00001.")
    ] = None,
    since: Since = None,
    until: Until = None,
    out: _Out = "-",
    force: _Force = False,
) -> None:
    """Write every note of CINNOX as JSON lines, with times in UTC.

    It takes a request for each contact. Exit status: 0 everything was read, 3 something could not
    be, 2 wrong usage, 1 anything else, 130 stopped by Ctrl-C; what was written stays.
    """
    account = CinnoxAccess(url=cinnox_url, app_id=app_id, token=app_token)

    def wanted() -> "Wanted":
        from ghl_notes.cli.sources import of_cinnox  # noqa: PLC0415 - not for a completion

        span = _moment("--since", since), _moment("--until", until)
        return of_cinnox(account, *span, contact=contact)

    raise typer.Exit(finish(lambda: _begun(wanted, out, force=force)))


def _begun(
    wanted: "Callable[[], Wanted]", out: str, *, force: bool
) -> Coroutine[object, object, Status]:
    from ghl_notes.cli.sources import list_notes  # noqa: PLC0415 - not for a completion

    return list_notes(wanted(), out, force=force)


def _moment(option: str, said: str | None) -> datetime | None:
    return None if said is None else moment(option, said)
