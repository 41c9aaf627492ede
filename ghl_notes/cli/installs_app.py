"""The commands of ``ghl-notes installs`` and their options."""

from functools import partial
from typing import Annotated

import typer

import ghl_notes
from ghl_notes.cli.account import Account, Place
from ghl_notes.cli.backup import back_up
from ghl_notes.cli.groups import group
from ghl_notes.cli.health import Shape, report
from ghl_notes.cli.installs import Doomed, forget, list_installs
from ghl_notes.cli.options import SECRETS, ApiVersion, BaseUrl, ClientId, Json, Store, Yes
from ghl_notes.cli.statuses import finish

__all__ = ["installs"]

installs: typer.Typer = group("The installs of a marketplace app: what is stored, and how it is.")

_Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Tell only of installs that need somebody.")
]


@installs.command("list")
def _list(
    store: Store = "",
    client_id: ClientId = "",
    as_json: Json = False,  # noqa: FBT002 - an option
) -> None:
    """Tell what is stored, of one app if its client id is given. Asks HighLevel nothing.

    Tokens are renewed by themselves. An install lapses when it is not renewed for a year, and is
    spent when its refresh token was found dead and no agency gives it another one: then its user
    has to install the app again. It is in doubt while it is unknown whether HighLevel took a
    refresh whose reply was lost; check and tend settle that.
    """
    listing = partial(list_installs, Place(store), client_id=client_id.strip(), as_json=as_json)
    raise typer.Exit(finish(listing))


@installs.command("check", epilog=SECRETS)
def _check(  # noqa: PLR0913 - one for each option
    store: Store = "",
    client_id: ClientId = "",
    base_url: BaseUrl = None,
    api_version: ApiVersion = None,
    quiet: _Quiet = False,  # noqa: FBT002 - an option
    as_json: Json = False,  # noqa: FBT002 - an option
) -> None:
    """Make one call in the name of each install, and tell how it is.

    Exit status: 0 all are healthy, 3 some are not, 2 wrong usage, 1 anything else.
    """
    account = partial(_account, store, client_id, base_url, api_version)
    shape = Shape(as_json=as_json, quiet=quiet)
    raise typer.Exit(finish(lambda: report(account(), ghl_notes.HighLevel.check, shape)))


@installs.command("tend", epilog=SECRETS)
def _tend(  # noqa: PLR0913 - one for each option
    store: Store = "",
    client_id: ClientId = "",
    base_url: BaseUrl = None,
    api_version: ApiVersion = None,
    idle_days: Annotated[
        float, typer.Option(min=0, metavar="DAYS", help="Renew what was not renewed for so long.")
    ] = 30.0,
    quiet: _Quiet = False,  # noqa: FBT002 - an option
    as_json: Json = False,  # noqa: FBT002 - an option
) -> None:
    """Renew installs that nobody used for a while, so that none lapses. Run it once a month.

    With --quiet it says nothing while all is well, as suits cron. Exit status: 0 all are healthy,
    3 some are not, 2 wrong usage, 1 anything else.
    """
    account = partial(_account, store, client_id, base_url, api_version)
    shape = Shape(as_json=as_json, quiet=quiet)
    tend = partial(ghl_notes.HighLevel.tend, idle_days=idle_days)
    raise typer.Exit(finish(lambda: report(account(), tend, shape)))


@installs.command("forget")
def _forget(
    store: Store = "",
    client_id: ClientId = "",
    location: Annotated[
        str | None, typer.Option(metavar="ID", help="Forget the install of this location.")
    ] = None,
    company: Annotated[
        str | None,
        typer.Option(metavar="ID", help="Forget the install of this agency, and its locations'."),
    ] = None,
    yes: Yes = False,  # noqa: FBT002 - an option
) -> None:
    """Delete installs from the store, after showing which. There is no way back but a new install.

    HighLevel is not told: its user uninstalls the app there. A service that is running goes on
    with the access token it holds until that ends, within a day. What cannot be forgotten is told,
    and keeps back none of the others. Exit status: 0 all are forgotten, 3 some are not, 2 wrong
    usage, 1 anything else.
    """
    client = client_id.strip()
    doomed = Doomed(location_id=location, company_id=company, client_id=client, sure=yes)
    raise typer.Exit(finish(lambda: forget(Place(store), doomed)))


@installs.command("backup")
def _backup(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Where the copy goes.")],
    store: Store = "",
    force: Annotated[bool, typer.Option("--force", help="Replace what FILE holds.")] = False,  # noqa: FBT002 - an option
) -> None:
    """Copy a store that is a SQLite file, as it is at this moment, while services use it.

    FILE is readable for you alone. A refresh token works once: an install that was renewed after
    the copy was taken is spent in it. To put a copy back, stop all services, remove the -wal and
    -shm files beside the store, and copy FILE in its place.
    """
    raise typer.Exit(finish(lambda: back_up(Place(store), file, force=force)))


def _account(store: str, client_id: str, base_url: str | None, api_version: str | None) -> Account:
    account = Account(
        place=Place(store), client_id=client_id, base_url=base_url, api_version=api_version
    )
    account.check(must_exist=True)
    return account.with_secret()
