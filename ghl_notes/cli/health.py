"""``ghl-notes installs check`` and ``tend``: how every install is, told as it is found out."""

from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import TYPE_CHECKING, Final

import typer
from attrs import define, field, frozen

from ghl_notes import (
    AccessDenied,
    ConfigurationError,
    HighLevelError,
    InstallHealth,
    LocationInactive,
    RateLimited,
    ReauthorizationRequired,
)
from ghl_notes.cli.account import SEAL_KEYS, SECRET, Account
from ghl_notes.cli.facts import day, record
from ghl_notes.cli.installs import say_there_is_none
from ghl_notes.cli.records import line
from ghl_notes.cli.sheet import Sheet
from ghl_notes.cli.statuses import Status, explained, remark

if TYPE_CHECKING:
    from ghl_notes import HighLevel

__all__ = ["Shape", "reason", "remedy", "report"]

_GOOD: Final = ("healthy", "renewed")
_REMEDIES: Final = {
    "spent": "install the app there again, by ghl-notes login or your own connect page",
    "inactive": "nothing is lost, it works again once the location is active",
    "in doubt": "look again in a minute, which settles it",
}


@frozen(kw_only=True)
class Shape:
    """How health is told: as JSON lines, and with ``quiet`` only what needs somebody."""

    as_json: bool = False
    quiet: bool = False


async def report(
    account: Account,
    look: Callable[["HighLevel"], AsyncGenerator[InstallHealth, None]],
    shape: Shape,
) -> Status:
    """Tell how every install is, and whether all are well.

    Output that fails is raised when all were looked at, since none is to lapse for that.
    """
    states: Counter[str] = Counter()
    teller = _Teller(shape)
    async with account.highlevel() as highlevel, aclosing(look(highlevel)) as found:
        async for health in found:
            states[health.state] += 1
            teller.tell(health)
    if teller.failure is not None:
        raise teller.failure
    ill = states.total() - sum(states[state] for state in _GOOD)
    if not states and not shape.quiet:
        say_there_is_none(account.place)
    elif ill or not shape.quiet:
        remark(_summary(states))
    return Status.SOME_FAILED if ill else Status.DONE


@define(eq=False)
class _Teller:
    """Writes how installs are. Once that has failed it writes no more."""

    shape: Shape
    failure: OSError | None = field(default=None, init=False)
    _sheet: Sheet = field(factory=Sheet, init=False)

    def tell(self, health: InstallHealth) -> None:
        """Write one, if it is asked for."""
        if self.failure is not None or (self.shape.quiet and health.state in _GOOD):
            return
        try:
            if self.shape.as_json:
                typer.echo(line(_record(health)), nl=False)
            else:
                self._sheet.add(health, _trouble(health))
        except OSError as error:
            self.failure = error


def reason(health: InstallHealth) -> str | None:
    """Say what is wrong with an install, None for one that is well."""
    if health.state in _GOOD:
        return None
    error, spent_at = health.error, health.install.spent_at
    if error is None or isinstance(error, ReauthorizationRequired):
        found = f", found on {day(spent_at)}" if spent_at else ""
        return f"its refresh token is dead{found}"
    if health.state == "in doubt":
        since = f" of {day(health.install.in_doubt_since)}" if health.install.in_doubt_since else ""
        return f"a refresh{since} brought no answer: it is not known whether HighLevel took it"
    if isinstance(error, LocationInactive):
        return "the location is not active: it is paused or unpaid"
    return explained(error) if isinstance(error, RateLimited) else str(error)


def remedy(health: InstallHealth) -> str | None:
    """Say what to do about it, None for an install that is well."""
    return None if health.state in _GOOD else _REMEDIES.get(health.state, _for(health.error))


def _for(error: HighLevelError | None) -> str:
    if isinstance(error, AccessDenied):
        return "grant the scope in the app's settings, and install the app there again"
    if isinstance(error, ConfigurationError):
        return f"check GHL_NOTES_CLIENT_ID, {SECRET} and {SEAL_KEYS}"
    if isinstance(error, RateLimited):
        return "look again later"
    return "check the network and --base-url, or look again later"


def _trouble(health: InstallHealth) -> str:
    return "; ".join(said for said in (reason(health), remedy(health)) if said)


def _record(health: InstallHealth) -> dict[str, object]:
    error, facts = health.error, record(health.install)
    return {
        **facts,
        "state": health.state,
        "error": None if error is None else type(error).__name__,
        "message": reason(health) if error is None else str(error),
        "status": None if error is None else error.status,
        "remedy": remedy(health),
    }


def _summary(states: Counter[str]) -> str:
    total = states.total()
    parts = ", ".join(f"{count:,} {state}" for state, count in states.most_common())
    return f"{total:,} install{'' if total == 1 else 's'}: {parts}"
