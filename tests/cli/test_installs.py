# ruff: noqa: ANN001 - fixtures, whose types live in conftest
"""What is stored, told and forgotten, without asking HighLevel."""

import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta

import pytest
from attrs import evolve

from ghl_notes import App, HighLevel, Install, Unavailable
from ghl_notes.cli.facts import COLUMNS, cells, day, named
from ghl_notes.cli.installs import _delete, _deleted
from ghl_notes.models import StoredInstall
from ghl_notes.stores import Hold, MemoryStore, Overtaken
from ghl_notes.testing.app import FakeApp
from ghl_notes.webhooks import WebhookEvent, Webhooks
from tests.keys import company_on, location_on

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
INSTALL = Install(
    user_type="Location",
    location_id="a",
    company_id="b",
    scopes=("contacts.readonly", "contacts.write"),
    installed_at=NOON - timedelta(days=400),
    renewed_at=NOON - timedelta(days=350),
    expires_at=NOON + timedelta(hours=5),
)


def told(install: Install) -> dict[str, str]:
    """Give the cells of an install by their columns."""
    return dict(zip(COLUMNS, (cell.plain for cell in cells(install, NOON)), strict=True))


def rows_of(text: str) -> list[dict[str, str]]:
    """Read a table that was piped."""
    head, *lines = text.splitlines()
    starts = [head.index(name) for name in COLUMNS]
    ends = [*starts[1:], None]
    return [
        {name: line[at:end].strip() for name, at, end in zip(COLUMNS, starts, ends, strict=True)}
        for line in lines
    ]


# the facts


def test_an_install_is_told_in_a_row() -> None:
    """Dates are days of the local calendar; the end of a token is near, and told so."""
    row = told(INSTALL)

    assert (row["kind"], row["id"], row["agency"], row["scopes"]) == ("location", "a", "b", "2")
    assert row["installed"] == day(INSTALL.installed_at)
    assert row["renewed"] == day(INSTALL.renewed_at)
    assert row["token ends"] == "in 5 h"
    assert row["lapses"] == day(INSTALL.renewed_at + timedelta(days=365))
    assert row["spent"] == "-"


def test_an_agency_is_not_its_own_agency() -> None:
    """An agency's id stands once in its row."""
    row = told(Install(user_type="Company", company_id="b"))

    assert (row["kind"], row["id"], row["agency"]) == ("agency", "b", "-")


def test_what_is_not_known_has_a_mark() -> None:
    """Every row has as many words, so that other programs can count them."""
    row = told(Install(user_type="Location", location_id="a"))

    assert {row[name] for name in COLUMNS[4:]} == {"-"}


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (timedelta(hours=23, minutes=59), "in 24 h"),
        (timedelta(hours=1), "in 1 h"),
        (timedelta(minutes=59), "in 59 min"),
        (timedelta(0), "ended"),
        (timedelta(days=-3), "ended"),
    ],
)
def test_the_end_of_a_token_is_told_as_what_is_left(left, said) -> None:
    """Hours or minutes; it is renewed by itself, so that no more needs to be known."""
    assert told(evolve(INSTALL, expires_at=NOON + left))["token ends"] == said


def test_a_dead_install_lapses_no_more() -> None:
    """The day it was found dead is told instead."""
    spent = evolve(INSTALL, spent_at=NOON)

    assert spent.lapses_at is None
    assert (told(spent)["lapses"], told(spent)["spent"]) == ("-", day(NOON))


def test_an_install_in_doubt_is_told() -> None:
    """It may be spent or not, and lapses as before."""
    row = told(evolve(INSTALL, in_doubt_since=NOON))

    assert row["spent"] == "in doubt"
    assert row["lapses"] == told(INSTALL)["lapses"]


@pytest.mark.parametrize(("days", "style"), [(29, "yellow"), (31, "")])
def test_an_install_that_lapses_soon_stands_out(days, style) -> None:
    """Within a month somebody has to tend it."""
    install = evolve(INSTALL, renewed_at=NOON - timedelta(days=365 - days))

    assert cells(install, NOON)[COLUMNS.index("lapses")].style == style


def test_a_sentence_names_an_install_by_all_its_ids() -> None:
    """A location with its agency, an agency by itself."""
    assert named(INSTALL) == "location a (agency b)"
    assert named(Install(user_type="Company", company_id="b")) == "agency b"


# list


async def test_what_is_stored_is_listed(account, installs) -> None:
    """A line for each install, agencies first, and HighLevel is asked nothing."""
    await account.install(company=True)
    await account.install(*account.fake.location_ids[:2])
    before = account.fake.stats.requests
    outcome = await installs("list", GHL_NOTES_CLIENT_ID="", GHL_NOTES_CLIENT_SECRET="")
    rows = rows_of(outcome.out)

    assert (outcome.status, outcome.err) == (0, "")
    assert rows[0]["kind"] == "agency"
    assert {row["id"] for row in rows[1:]} == set(account.fake.location_ids[:2])
    assert {row["agency"] for row in rows[1:]} == {account.fake.company_id}
    assert {row["scopes"] for row in rows} == {str(len(account.fake.app.scopes))}
    assert account.fake.stats.requests == before


async def test_json_has_every_fact(account, installs) -> None:
    """One object a line, with the names of Install and times in UTC."""
    await account.install(account.fake.location_id)
    outcome = await installs("list", "--json")
    told = json.loads(outcome.out)
    install = next(iter((await account.stored()).values())).install

    assert told["location_id"] == account.fake.location_id
    assert told["scopes"] == list(account.fake.app.scopes)
    assert told["spent_at"] is None
    assert told["renewed_at"].endswith("Z")
    renewed_at = datetime.fromisoformat(told["renewed_at"])
    assert abs(renewed_at - install.renewed_at) < timedelta(milliseconds=1)
    assert datetime.fromisoformat(told["lapses_at"]) == renewed_at + timedelta(days=365)


@pytest.mark.parametrize("more", [(), ("--json",)])
async def test_an_empty_store_says_how_to_fill_it(account, installs, more) -> None:
    """Nothing is there to list, which is no failure."""
    await account.begin()
    outcome = await installs("list", *more)

    assert (outcome.status, outcome.out) == (0, "")
    assert ("ghl-notes login" in outcome.err) is not bool(more)


@pytest.mark.parametrize("command", ["list", "check", "tend", "forget", "backup"])
async def test_a_file_that_is_not_there_is_not_made(account, installs, command) -> None:
    """A mistyped path would else look like a store without installs."""
    outcome = await installs(command, *(["copy.db"] if command == "backup" else []))

    assert outcome.status == 2
    assert f"there is no store {account.store}" in outcome.err
    assert not account.store.exists()


async def test_a_narrow_terminal_gets_blocks(account, program, terminal) -> None:
    """Where a row does not fit, no id is cut off."""
    await account.install(account.fake.location_id)
    environment = {**account.environment, "COLUMNS": "80", "NO_COLOR": None}
    listing = await program("installs", "list", environment=environment, stdout=terminal.theirs)
    ended = await listing.end()
    await terminal.shows("lapses")

    assert ended.status == 0
    assert "\x1b[1mlocation" in terminal.text
    assert account.fake.location_id in terminal.text
    scopes = len(account.fake.app.scopes)
    assert f"agency {account.fake.company_id}, scopes {scopes}, installed" in terminal.text
    assert "spent" not in terminal.text


async def test_a_wide_terminal_gets_a_table(account, program, terminal) -> None:
    """With colour, which a pipe does not get."""
    await account.install(account.fake.location_id)
    environment = {**account.environment, "COLUMNS": "120", "NO_COLOR": None}
    listing = await program("installs", "list", environment=environment, stdout=terminal.theirs)
    await listing.end()
    await terminal.shows(account.fake.company_id)
    piped = await (await program("installs", "list", environment=environment)).end()

    assert terminal.text.startswith("\x1b[1mkind")
    assert rows_of(piped.out)[0]["id"] == account.fake.location_id
    assert "\x1b" not in piped.out


# forget


async def test_a_location_is_forgotten_alone(account, installs) -> None:
    """The others stay, and the user is told that HighLevel knows nothing of it."""
    one, two = account.fake.location_ids[:2]
    await account.install(one, two)
    outcome = await installs("forget", "--location", one, "--yes")

    assert outcome.status == 0
    assert f"location {one}" in outcome.out
    assert "HighLevel is not told" in outcome.out
    assert set(await account.stored()) == {location_on(account.fake, two)}


async def test_an_agency_is_forgotten_with_its_locations(account, installs) -> None:
    """What its token could mint is of no use without it."""
    await account.install(company=True)
    await account.install(*account.fake.location_ids[:2])
    outcome = await installs("forget", "--company", account.fake.company_id, "--yes")

    assert outcome.status == 0
    assert "Forgot 3 installs" in outcome.out
    assert all(location_id in outcome.out for location_id in account.fake.location_ids[:2])
    assert await account.stored() == {}


async def test_a_location_of_an_agency_comes_back_when_it_is_used(account, installs) -> None:
    """Whoever wants it gone has to forget the agency; so that is said."""
    await account.install(company=True)
    await account.install(account.fake.location_id)
    outcome = await installs("forget", "--location", account.fake.location_id, "--yes")

    assert "Its agency is still installed" in outcome.out
    assert set(await account.stored()) == {company_on(account.fake)}


@pytest.mark.parametrize("which", ["location", "agency"])
async def test_late_webhooks_of_what_was_forgotten_are_refused(account, installs, which) -> None:
    """A service that is running lets them in no more, whichever agency it has; other apps' do."""
    fake, other, got = account.fake, account.fake.add_app(), []
    where = fake.location_ids[0]
    await account.install(company=True)
    await account.install(where)
    await account.install(company=True, app=other)
    what = ("--location", where) if which == "location" else ("--company", fake.company_id)

    async def on_event(event: WebhookEvent) -> None:
        got.append(event.app_id)

    async def send(app: FakeApp, webhook_id: str) -> int:
        ours = App(
            client_id=app.client_id, client_secret=app.client_secret, redirect_uri=app.redirect_uri
        )
        event = {"type": "Another", "appId": ours.app_id, "locationId": where}
        body = json.dumps({**event, "webhookId": webhook_id}).encode()
        async with (
            HighLevel(ours, store=account.open(), base_url=fake.url) as highlevel,
            Webhooks(highlevel, on_event, key=fake.webhook_key) as webhooks,
        ):
            return (await webhooks.receive(fake.sign(body), body)).status

    before = await send(fake.app, "before")
    outcome = await installs("forget", *what, "--yes")
    if which == "agency":  # another one vouches by its name alone
        await account.install(company=True)
        fake.uninstall(where)
    late, others = await send(fake.app, "late"), await send(other, "others")

    assert outcome.status == 0
    assert (before, late, others) == (200, 403, 200)
    assert len(got) == 2


async def test_nobody_to_ask_means_no(account, installs) -> None:
    """A script has to say --yes."""
    await account.install(account.fake.location_id)
    outcome = await installs("forget", "--location", account.fake.location_id)

    assert outcome.status == 2
    assert "--yes" in outcome.err
    assert len(await account.stored()) == 1


@pytest.mark.parametrize("which", [(), ("--location", "a", "--company", "b")])
async def test_one_id_names_what_to_forget(account, installs, which) -> None:
    """Neither both ids nor none."""
    await account.install(account.fake.location_id)
    outcome = await installs("forget", *which, "--yes")

    assert outcome.status == 2
    assert "--location ID or --company ID" in outcome.err
    assert len(await account.stored()) == 1


@pytest.mark.parametrize("option", ["--location", "--company"])
async def test_what_is_not_stored_cannot_be_forgotten(account, installs, option) -> None:
    """A mistyped id is told, and nothing is touched."""
    await account.install(account.fake.location_id)
    outcome = await installs("forget", option, "elsewhere", "--yes")

    assert outcome.status == 1
    assert "elsewhere" in outcome.err
    assert "installs list" in outcome.err
    assert len(await account.stored()) == 1


@pytest.mark.parametrize(
    ("answer", "left", "status"), [("y\n", 0, 0), ("YES\n", 0, 0), ("\n", 1, 1), ("no\n", 1, 1)]
)
async def test_a_user_is_asked(account, program, terminal, answer, left, status) -> None:
    """What would go is shown first, and only a yes is a yes."""
    await account.install(account.fake.location_id)
    arguments = ("installs", "forget", "--location", account.fake.location_id)
    asking = await program(
        *arguments, environment=account.environment, stdin=terminal.theirs, stderr=terminal.theirs
    )
    await terminal.shows("Forget 1 install? [y/N] ")
    terminal.type(answer)
    ended = await asking.end()

    assert ended.status == status
    assert ended.out.startswith(f"location {account.fake.location_id}")
    assert len(await account.stored()) == left


async def test_a_hold_that_lapsed_forgets_nothing() -> None:
    """Whoever changed the install meanwhile may have renewed it: the user tries again."""

    class Lapsing(MemoryStore):
        @asynccontextmanager
        async def hold(self, key: str) -> AsyncIterator[Hold]:
            async with super().hold(key) as hold:
                yield hold
            raise Overtaken(key)

    with pytest.raises(Unavailable, match="try again"):
        await _delete(Lapsing(), INSTALL)


async def test_what_cannot_be_deleted_keeps_back_nothing_else(capsys) -> None:
    """The others are forgotten, side by side, and what stood in the way of one is told."""

    class Stuck(MemoryStore):
        @asynccontextmanager
        async def hold(self, key: str) -> AsyncIterator[Hold]:
            if key in ("company:a", "location:c"):
                raise Unavailable("its hold was not free", maybe_applied=False)
            async with super().hold(key) as hold:
                yield hold

    store = Stuck()
    chosen = [Install(user_type="Company", company_id="a")]
    chosen += [evolve(INSTALL, location_id=one) for one in "bcd"]
    gone = await _deleted(store, chosen, with_agency=True)
    told = capsys.readouterr().err

    assert [install.location_id for install in gone] == ["b", "d"]
    assert "agency a was not forgotten: its hold was not free" in told
    assert "location c (agency b) was not forgotten: its hold was not free" in told


@pytest.fixture
async def damaged(account) -> str:
    """Store the agency and three locations, one of which cannot be read, and name that."""
    await account.install(company=True)
    await account.install(*account.fake.location_ids[:3])
    lost = account.fake.location_ids[1]
    with closing(sqlite3.connect(account.store)) as db, db:
        db.execute("UPDATE installs SET issued_at = 'x' WHERE location_id = ?", (lost,))
    return lost


@pytest.mark.parametrize(
    ("which", "gone", "status"),
    [
        (("--company", None), 3, 3),
        (("--location", 0), 1, 0),
        (("--location", 1), 0, 2),
    ],
)
async def test_what_cannot_be_read_is_told(account, installs, damaged, which, gone, status) -> None:
    """It may be of the agency, or be what was asked for; of nothing else it keeps anybody."""
    option, at = which
    value = account.fake.company_id if at is None else account.fake.location_ids[at]
    outcome = await installs("forget", option, value, "--yes")
    with closing(sqlite3.connect(account.store)) as db:
        left = [key for (key,) in db.execute("SELECT key FROM installs")]

    assert outcome.status == status, outcome.err
    assert ("damaged" in outcome.err) is (status != 0)
    assert (4 - len(left), location_on(account.fake, damaged) in left) == (gone, True)


async def test_what_can_be_read_is_listed(account, installs, damaged) -> None:
    """One install that is damaged hides none of the others, and the status tells."""
    outcome = await installs("list", "--json")
    listed = [one["location_id"] for one in outcome.records]

    assert (outcome.status, "damaged" in outcome.err) == (2, True)
    assert damaged not in listed
    assert len(listed) == 3


# several apps in one store


async def test_the_installs_of_several_apps_are_told_apart(account, installs) -> None:
    """Without a client id all are listed, each with its provider and app."""
    other, location_id = account.fake.add_app(), account.fake.location_id
    await account.install(location_id)
    await account.install(location_id, app=other)
    outcome = await installs("list", GHL_NOTES_CLIENT_ID="")
    head, *rows = [line.split() for line in outcome.out.splitlines()]

    assert head[0] == "app"
    assert {row[0] for row in rows} == {
        f"highlevel:{app.client_id}" for app in (account.fake.app, other)
    }
    assert {row[2] for row in rows} == {location_id}


async def test_one_app_is_listed(account, installs) -> None:
    """With a client id only its installs are, and it is said that there are others."""
    other, location_id = account.fake.add_app(), account.fake.location_id
    await account.install(location_id)
    await account.install(location_id, *account.fake.location_ids[1:3], app=other)
    mine = await installs("list", "--json")
    theirs = await installs("list", "--json", "--client-id", other.client_id)
    found = [
        [json.loads(line)["client_id"] for line in one.out.splitlines()] for one in (mine, theirs)
    ]

    assert found == [[account.fake.app.client_id], [other.client_id] * 3]
    assert "3 installs of other apps not shown" in mine.err
    assert "1 install of other apps not shown" in theirs.err


async def test_an_app_forgets_its_own(account, installs) -> None:
    """With a client id the other app's install stays; without, nothing is guessed."""
    other, location_id = account.fake.add_app(), account.fake.location_id
    await account.install(location_id)
    await account.install(location_id, app=other)
    which = "forget", "--location", location_id, "--yes"
    unsaid = await installs(*which, GHL_NOTES_CLIENT_ID="")
    before = len(await account.stored())
    said = await installs(*which)

    assert (unsaid.status, before) == (2, 2)
    assert "several apps" in unsaid.err
    assert other.client_id in unsaid.err
    assert said.status == 0
    assert [one.install.client_id for one in (await account.stored()).values()] == [other.client_id]


@pytest.mark.parametrize("command", ["check", "tend"])
async def test_an_app_is_looked_at_alone(account, installs, command) -> None:
    """What belongs to another app is neither asked nor renewed."""
    other, location_id = account.fake.add_app(), account.fake.location_id
    await account.install(location_id)
    await account.install(location_id, app=other)
    await account.age(60)
    before = await account.stored()
    outcome = await installs(command, "--base-url", account.fake.url)
    after = await account.stored()
    changed = [before[key].install.client_id for key in before if before[key] != after[key]]

    assert outcome.status == 0
    assert "1 install:" in outcome.err
    assert changed == [account.fake.app.client_id]


async def test_what_version_0_1_stored_is_listed_for_every_app(account, installs) -> None:
    """It belongs to the app that opens the store first, which may be the one that is given."""
    await account.install(account.fake.location_id)
    store = account.open()
    for key, stored in (await account.stored()).items():
        async with store.hold(key) as hold:
            await hold.delete()
        bare = StoredInstall.of(evolve(stored.install, client_id=None), stored.token)
        async with store.hold(bare.install.key) as hold:
            await hold.save(bare)
    await store.close()
    outcome = await installs("list", "--json")
    forgotten = await installs("forget", "--location", account.fake.location_id, "--yes")

    assert json.loads(outcome.out)["client_id"] is None
    assert forgotten.status == 0
    assert await account.stored() == {}
