"""The one way of every command that makes calls: reach HighLevel, ask, and tell what came of it."""

import inspect
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final, ParamSpec, TypeAlias

import typer

from ghl_notes.cli.access import Access, access
from ghl_notes.cli.options import SECRETS, Json
from ghl_notes.cli.statuses import Status, finish
from ghl_notes.cli.telling import Told, tell

if TYPE_CHECKING:
    from ghl_notes import Client

__all__ = ["Work", "command"]

P = ParamSpec("P")

Work: TypeAlias = Callable[["Client"], Awaitable[Told]]
"""The calls of a command."""

_BY_NAME: Final = inspect.Parameter.KEYWORD_ONLY
_access: Final[Callable[..., Access]] = access


_OPTIONS: Final = inspect.signature(access).parameters
_FORM: Final = inspect.Parameter("as_json", _BY_NAME, default=False, annotation=Json)


def command(group: typer.Typer, name: str) -> Callable[[Callable[P, Work]], Callable[P, Work]]:
    """Make a command of a function that reads its own arguments, and gives the calls to make.

    The command also has the options that name the account and the form of what is written, which
    are spelled here once for all. What the function raises ends the command before any call.
    """

    def add(prepare: Callable[P, Work]) -> Callable[P, Work]:
        _add(group, name, prepare)
        return prepare

    return add


def _add(group: typer.Typer, name: str, prepare: Callable[..., Work]) -> None:
    def run(*, as_json: bool, **given: object) -> None:
        reach = {option: given.pop(option) for option in _OPTIONS}
        raise typer.Exit(finish(lambda: _carry(_access(**reach), prepare(**given), as_json)))

    own = inspect.signature(prepare).parameters
    named = [one.replace(kind=_BY_NAME) for one in (*own.values(), _FORM, *_OPTIONS.values())]
    run.__signature__ = inspect.Signature(named)  # type: ignore[attr-defined]  # what Typer reads
    run.__doc__ = prepare.__doc__
    group.command(name, epilog=SECRETS)(run)


async def _carry(reach: Access, work: Work, as_json: bool) -> Status:  # noqa: FBT001 - of a lambda
    async with reach.client() as client:
        told = await work(client)
    return tell(told, as_json=as_json)
