"""The commands of ``ghl-notes`` and their options.

What talks to HighLevel is imported by the commands that do, so that a completion is quick.
"""
# ruff: noqa: PLC0415 - for that reason

import re
from typing import Annotated

import typer

from ghl_notes import __version__
from ghl_notes.cli.contacts_app import contacts
from ghl_notes.cli.installs_app import installs
from ghl_notes.cli.login_app import login
from ghl_notes.cli.migrate_app import migrations
from ghl_notes.cli.notes_app import notes
from ghl_notes.cli.options import SECRETS, ApiVersion, BaseUrl, Location, Token
from ghl_notes.cli.sources_app import sources
from ghl_notes.cli.statuses import finish, remark
from ghl_notes.cli.tables import Screen
from ghl_notes.cli.tasks_app import tasks

__all__ = ["app"]

# Pretty exceptions show local variables, and among those are tokens.
app: typer.Typer = typer.Typer(
    help="The notes of HighLevel contacts.",
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _tell_version(asked: bool | None) -> None:  # noqa: FBT001 - Typer calls it so
    if asked:
        typer.echo(f"ghl-notes {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _alone(
    context: typer.Context,
    _: Annotated[
        bool | None,
        typer.Option("--version", callback=_tell_version, is_eager=True, help="Show the version."),
    ] = None,
) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command("demo")
def _demo() -> None:
    """Install an app and read all notes of a pretend location at full speed, in 10 s.

    Needs no account and no network.
    """
    from ghl_notes.cli.demo import demo

    raise typer.Exit(finish(lambda: demo(Screen())))


@app.command("export")
def _export(  # noqa: PLR0913 - one for each option
    location: Location,
    out: Annotated[str, typer.Option(metavar="FILE", help="Where to write; - for stdout.")],
    contacts: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Read only these contacts: ids, one a line, or a CSV with a column"
            " 'Contact Id'; - for stdin.",
        ),
    ] = None,
    token: Token = "",
    base_url: BaseUrl = None,
    api_version: ApiVersion = None,
    concurrency: Annotated[
        int | None, typer.Option(min=1, help="How many requests may be under way at once.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace what FILE holds.")] = False,  # noqa: FBT002 - an option
) -> None:
    """Write every note of a location as JSON lines, as fast as its request limit allows.

    What fails goes to FILE.errors, one contact a line. Exit status: 0 everything was read, 3 some
    contacts failed, 2 wrong usage, 1 anything else, 130 stopped by Ctrl-C; what was written stays.
    """
    from ghl_notes.cli.export import Order, export
    from ghl_notes.cli.progress import Tally

    order = Order(
        location_id=location,
        out=out,
        token=token,
        contacts=contacts,
        base_url=base_url,
        api_version=api_version,
        concurrency=concurrency,
        force=force,
    )
    tally = Tally()
    status = finish(lambda: export(order, tally, Screen(stderr=True)))
    if tally.started:
        remark(tally.summary())
    raise typer.Exit(status)


app.command("login", epilog=SECRETS)(login)
app.add_typer(notes, name="note")
app.add_typer(contacts, name="contact")
app.add_typer(tasks, name="task")
app.add_typer(installs, name="installs")
app.add_typer(sources, name="sources")
app.add_typer(migrations, name="migrate")


def _is_url(value: str) -> str:
    if not re.fullmatch(r"https?://\S+", value):
        raise typer.BadParameter("it must begin with http:// or https://")
    return value


@app.command("fake")
def _fake(  # noqa: PLR0913 - one for each option
    contacts: Annotated[int, typer.Option(min=0, help="How many contacts it has.")] = 200,
    notes_per_contact: Annotated[int, typer.Option(min=0, help="Notes of each contact.")] = 5,
    limit: Annotated[int, typer.Option(min=1, help="Requests in each interval.")] = 100,
    interval: Annotated[float, typer.Option(min=0.001, help="In seconds.")] = 10.0,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 for any free one.")] = 0,
    redirect_uri: Annotated[
        str, typer.Option(metavar="URL", callback=_is_url, help="Where installs lead back to.")
    ] = "https://app.example.com/oauth/callback",
) -> None:
    """Serve a pretend HighLevel on this machine until Ctrl-C.

    With --redirect-uri http://127.0.0.1:8000/oauth/callback, ghl-notes login needs no tunnel.
    """
    from ghl_notes.cli.fake import serve
    from ghl_notes.testing import FakeHighLevel

    fake = FakeHighLevel(
        contacts=contacts,
        notes_per_contact=notes_per_contact,
        limit=limit,
        interval=interval,
        port=port,
        redirect_uri=redirect_uri,
    )
    raise typer.Exit(finish(lambda: serve(fake)))
