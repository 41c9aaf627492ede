"""What is told about an install: as cells for people, and as a record for programs."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

from attrs import asdict
from rich.text import Text

from ghl_notes import Install
from ghl_notes.cli.records import written
from ghl_notes.cli.tables import NONE

__all__ = ["COLUMNS", "apps_of", "cells", "day", "identity", "named", "record", "table"]

COLUMNS: Final = (
    "kind",
    "id",
    "agency",
    "scopes",
    "installed",
    "renewed",
    "token ends",
    "lapses",
    "spent",
)
_SOON_DAYS: Final = 30
_HOUR: Final = 3600


def identity(install: Install) -> tuple[str, str, str]:
    """Tell what kind of install it is, its id, and its agency's id."""
    agency = install.company_id or NONE
    if install.user_type == "Company":
        return "agency", agency, NONE
    return "location", install.location_id or NONE, agency


def named(install: Install) -> str:
    """Name an install within a sentence."""
    kind, own_id, agency = identity(install)
    return f"{kind} {own_id}" + (f" (agency {agency})" if agency != NONE else "")


def cells(install: Install, now: datetime) -> list[Text]:
    """Say the facts, one for each of ``COLUMNS``."""
    return [
        *(Text(part) for part in identity(install)),
        Text(str(len(install.scopes))),
        Text(day(install.installed_at)),
        Text(day(install.renewed_at)),
        Text(_left(install.expires_at, now)),
        Text(day(install.lapses_at), style=_urgency(install.lapses_at, now)),
        _spent(install),
    ]


def table(installs: Sequence[Install], now: datetime) -> tuple[tuple[str, ...], list[list[Text]]]:
    """Give the columns and the rows of a list, with the app of each where there are several."""
    rows = [cells(install, now) for install in installs]
    if len(apps_of(installs)) <= 1:
        return COLUMNS, rows
    named_rows = [[Text(_app(one)), *row] for one, row in zip(installs, rows, strict=True)]
    return ("app", *COLUMNS), named_rows


def apps_of(installs: Iterable[Install]) -> list[str]:
    """Name the apps that installs are of, with their provider."""
    return sorted({_app(install) for install in installs})


def _app(install: Install) -> str:
    return f"{install.provider}:{install.client_id}" if install.client_id else NONE


def day(at: datetime | None) -> str:
    """Say a date as the wall's calendar does."""
    return NONE if at is None else f"{at.astimezone():%Y-%m-%d}"


def record(install: Install) -> dict[str, object]:
    """Give the facts under the names of ``Install``; there is no secret among them."""
    facts = {**asdict(install), "lapses_at": install.lapses_at}
    return {name: written(None, None, value) for name, value in facts.items()}


def _left(end: datetime | None, now: datetime) -> str:
    if end is None:
        return NONE
    seconds = (end - now).total_seconds()
    if seconds <= 0:
        return "ended"
    return f"in {seconds / _HOUR:.0f} h" if seconds >= _HOUR else f"in {seconds / 60:.0f} min"


def _spent(install: Install) -> Text:
    if install.spent_at is None and install.in_doubt_since is not None:
        return Text("in doubt", style="yellow")
    return Text(day(install.spent_at), style="red" if install.spent_at else "")


def _urgency(end: datetime | None, now: datetime) -> str:
    soon = end is not None and (end.astimezone(UTC) - now).days < _SOON_DAYS
    return "yellow" if soon else ""
