# ruff: noqa: ANN001, ANN201 - fixtures, whose types live in conftest
"""How installs are, and keeping them alive: what is told, and the exit status."""

import json
import signal
from datetime import UTC, datetime

import pytest
from attrs import evolve

from ghl_notes import (
    AccessDenied,
    ConfigurationError,
    Install,
    InstallHealth,
    LocationInactive,
    RateLimited,
    ReauthorizationRequired,
    Unavailable,
    UnexpectedResponse,
)
from ghl_notes.cli.health import reason, remedy
from ghl_notes.testing import Failure
from tests.keys import location_on

pytestmark = pytest.mark.slow

WELL = ["healthy", "renewed"]
INSTALL = Install(user_type="Location", location_id="a", company_id="b")


def states_of(text: str) -> dict[str, str]:
    """Read the piped lines: the state of each install, by its id."""
    words = [line.split() for line in text.splitlines()[1:]]
    return {found[2]: found[0] for found in words}


def line_of(text: str, location_id: str) -> str:
    """Find the one line about a location."""
    (line,) = [line for line in text.splitlines() if location_id in line]
    return line


@pytest.fixture
async def mixed(account):
    """Give an account with a healthy install, one that is dead, one that is paused."""
    healthy, dead, paused = account.fake.location_ids[:3]
    await account.install(healthy, dead, paused)
    account.fake.revoke(dead)
    account.fake.deactivate(paused)
    return account


# what is said of each


@pytest.mark.parametrize("state", WELL)
def test_an_install_that_is_well_has_no_trouble(state) -> None:
    """There is neither a reason nor a remedy to tell."""
    health = InstallHealth(install=INSTALL, state=state)

    assert (reason(health), remedy(health)) == (None, None)


@pytest.mark.parametrize(
    ("state", "error", "why", "what"),
    [
        ("spent", None, "refresh token is dead", "ghl-notes login"),
        ("spent", ReauthorizationRequired("spent"), "refresh token is dead", "ghl-notes login"),
        ("inactive", LocationInactive("x"), "paused or unpaid", "nothing is lost"),
        ("in doubt", Unavailable("no reply"), "brought no answer", "look again"),
        ("failed", AccessDenied("no such scope"), "no such scope", "grant the scope"),
        ("failed", ConfigurationError("bad client"), "bad client", "GHL_NOTES_CLIENT_SECRET"),
        ("failed", ConfigurationError("encrypted"), "encrypted", "GHL_NOTES_SEAL_KEYS"),
        ("failed", RateLimited("x", daily=True), "requests of the day", "later"),
        ("failed", Unavailable("no reply"), "no reply", "--base-url"),
        ("failed", UnexpectedResponse("a page"), "a page", "--base-url"),
    ],
)
def test_every_trouble_has_a_reason_and_a_remedy(state, error, why, what) -> None:
    """The reason is what happened, the remedy what its user can do."""
    health = InstallHealth(install=INSTALL, state=state, error=error)

    assert why in reason(health)
    assert what in remedy(health)


def test_an_install_known_to_be_dead_says_since_when() -> None:
    """The store remembers the day, and HighLevel is not asked again."""
    at = datetime(2026, 5, 1, 12, tzinfo=UTC)
    health = InstallHealth(install=evolve(INSTALL, spent_at=at), state="spent")

    assert f"{at.astimezone():%Y-%m-%d}" in reason(health)


# check


async def test_healthy_installs_end_with_status_0(account, installs) -> None:
    """A line for each, and how many they are."""
    await account.install(company=True)
    await account.install(*account.fake.location_ids)
    outcome = await installs("check")

    assert outcome.status == 0
    assert set(states_of(outcome.out).values()) == {"healthy"}
    assert set(states_of(outcome.out)) == {account.fake.company_id, *account.fake.location_ids}
    assert outcome.last == "5 installs: 5 healthy"


async def test_each_trouble_is_told_with_its_remedy(mixed, installs) -> None:
    """The others go on; the status tells a script that somebody has to look."""
    healthy, dead, paused = mixed.fake.location_ids[:3]
    outcome = await installs("check")
    mixed.fake.expire_access_tokens()
    later = await installs("check")

    assert outcome.status == later.status == 3
    assert states_of(outcome.out)[healthy] == "healthy"
    assert states_of(later.out) == {healthy: "renewed", dead: "spent", paused: "inactive"}
    assert "ghl-notes login" in line_of(later.out, dead)
    assert "paused or unpaid" in line_of(later.out, paused)
    assert later.last.startswith("3 installs: ")
    assert {"1 renewed", "1 spent", "1 inactive"} == set(later.last.split(": ")[1].split(", "))


async def test_a_call_that_fails_is_told_and_the_install_kept(account, installs) -> None:
    """What is not known to be dead is looked at again."""
    await account.install(account.fake.location_id)
    account.fake.inject(Failure(status=403, message="Forbidden"), path_contains="/contacts/search")
    outcome = await installs("check")
    again = await installs("check")

    assert outcome.status == 3
    assert states_of(outcome.out) == {account.fake.location_id: "failed"}
    assert again.status == 0


async def test_json_tells_the_error_too(mixed, installs) -> None:
    """One object for each install: its facts, its state, and what stood in the way."""
    mixed.fake.expire_access_tokens()
    outcome = await installs("check", "--json")
    found = {one["location_id"]: one for one in map(json.loads, outcome.out.splitlines())}
    healthy, dead, paused = (found[one] for one in mixed.fake.location_ids[:3])

    assert outcome.status == 3
    assert (healthy["state"], healthy["error"], healthy["remedy"]) == ("renewed", None, None)
    assert (dead["state"], dead["error"]) == ("spent", "ReauthorizationRequired")
    assert dead["lapses_at"] is None
    assert (paused["state"], paused["error"], paused["status"]) == (
        "inactive",
        "LocationInactive",
        400,
    )
    assert "nothing is lost" in paused["remedy"]
    assert paused["lapses_at"] is not None


async def test_what_was_found_dead_is_listed_as_such(mixed, installs) -> None:
    """The store remembers it, for everyone."""
    mixed.fake.expire_access_tokens()
    await installs("check")
    listed = await installs("list", "--json")
    spent = {
        one["location_id"]: one["spent_at"] for one in map(json.loads, listed.out.splitlines())
    }

    assert spent[mixed.fake.location_ids[1]] is not None
    assert spent[mixed.fake.location_ids[0]] is None


async def test_a_wrong_secret_is_no_death(account, installs) -> None:
    """It is the user's mistake, named as such, and costs no install."""
    await account.install(account.fake.location_id)
    account.fake.expire_access_tokens()
    outcome = await installs("check", GHL_NOTES_CLIENT_SECRET="another")
    again = await installs("check")

    assert outcome.status == 3
    assert "GHL_NOTES_CLIENT_SECRET" in line_of(outcome.out, account.fake.location_id)
    assert "another" not in outcome.out + outcome.err
    assert again.status == 0


@pytest.mark.parametrize("command", ["check", "tend"])
async def test_quiet_is_silent_while_all_is_well(account, installs, command) -> None:
    """So cron sends a mail only when somebody is needed."""
    await account.install(account.fake.location_id)
    outcome = await installs(command, "--quiet")

    assert (outcome.status, outcome.out, outcome.err) == (0, "", "")


@pytest.mark.parametrize("more", [(), ("--json",)])
async def test_quiet_tells_of_those_that_need_somebody(mixed, installs, more) -> None:
    """The line of a healthy install is left out, and counted."""
    mixed.fake.expire_access_tokens()
    outcome = await installs("check", "--quiet", *more)

    assert outcome.status == 3
    assert mixed.fake.location_ids[0] not in outcome.out
    assert all(one in outcome.out for one in mixed.fake.location_ids[1:3])
    assert outcome.last.startswith("3 installs: ")


async def test_an_empty_store_is_well(account, installs) -> None:
    """There is nothing to look at, and a hint what to do."""
    await account.begin()
    outcome = await installs("check")
    quiet = await installs("check", "--quiet")

    assert (outcome.status, outcome.out) == (0, "")
    assert "ghl-notes login" in outcome.err
    assert (quiet.status, quiet.err) == (0, "")


@pytest.mark.parametrize(
    ("missing", "option"),
    [
        ("GHL_NOTES_STORE", "--store"),
        ("GHL_NOTES_CLIENT_ID", "--client-id"),
        ("GHL_NOTES_CLIENT_SECRET", "GHL_NOTES_CLIENT_SECRET"),
    ],
)
async def test_what_is_missing_is_named(account, installs, missing, option) -> None:
    """By its variable, and its option if it has one; nothing is sent."""
    await account.install(account.fake.location_id)
    before = account.fake.stats.requests
    outcome = await installs("check", **{missing: " " if missing != "GHL_NOTES_STORE" else ""})

    assert outcome.status == 2
    assert missing in outcome.err
    assert option in outcome.err
    assert account.fake.stats.requests == before


async def test_a_missing_secret_is_asked_for_without_echo(account, program, terminal) -> None:
    """On a terminal there is somebody to ask."""
    await account.install(account.fake.location_id)
    asking = await program(
        *("installs", "check", "--base-url", account.fake.url),
        environment={**account.environment, "GHL_NOTES_CLIENT_SECRET": None},
        stdin=terminal.theirs,
        stderr=terminal.theirs,
        start_new_session=True,  # or the question goes to the terminal of whoever runs the tests
    )
    await terminal.shows("Client secret: ")
    terminal.type(f"{account.fake.app.client_secret}\n")
    ended = await asking.end()
    await terminal.shows("1 healthy")

    assert ended.status == 0
    assert account.fake.app.client_secret not in terminal.text


async def test_ctrl_c_at_that_question_is_quiet(account, program, terminal) -> None:
    """Status 130 and one word, as anywhere."""
    await account.begin()
    asking = await program(
        *("installs", "check"),
        environment={**account.environment, "GHL_NOTES_CLIENT_SECRET": None},
        stdin=terminal.theirs,
        stderr=terminal.theirs,
        start_new_session=True,
    )
    await terminal.shows("Client secret: ")
    asking.process.send_signal(signal.SIGINT)
    ended = await asking.end()
    await terminal.shows("ghl-notes: stopped")

    assert ended.status == 130


async def test_a_terminal_gets_marks_and_colour(mixed, program, terminal) -> None:
    """What is wrong stands below its install, and no id is cut off."""
    mixed.fake.expire_access_tokens()
    looking = await program(
        *("installs", "check", "--base-url", mixed.fake.url),
        environment={**mixed.environment, "COLUMNS": "80", "NO_COLOR": None},
        stdout=terminal.theirs,
    )
    ended = await looking.end()
    await terminal.shows("ghl-notes login")
    healthy, dead, _ = mixed.fake.location_ids[:3]

    assert ended.status == 3
    assert f"\x1b[32m✓\x1b[0m \x1b[32mrenewed\x1b[0m   location  {healthy}" in terminal.text
    assert f"\x1b[31m✗\x1b[0m \x1b[31mspent\x1b[0m     location  {dead}" in terminal.text
    assert "\n    its refresh token is dead" in terminal.text


async def test_a_terminal_without_unicode_gets_words(account, program, terminal) -> None:
    """A mark that cannot be written must not end the command."""
    await account.install(account.fake.location_id)
    looking = await program(
        *("installs", "check", "--base-url", account.fake.url),
        environment={**account.environment, "PYTHONIOENCODING": "ascii"},
        stdout=terminal.theirs,
    )
    ended = await looking.end()
    await terminal.shows("healthy")

    assert (ended.status, ended.last) == (0, "1 install: 1 healthy")


# tend


async def test_tending_renews_what_rested(account, installs) -> None:
    """An install of 40 days is renewed and then a fresh one; the other is left alone."""
    rested, fresh = account.fake.location_ids[:2]
    await account.install(rested, fresh)
    await account.age(40, location_on(account.fake, rested))
    first = await installs("tend")
    second = await installs("tend")

    assert (first.status, second.status) == (0, 0)
    assert states_of(first.out) == {rested: "renewed", fresh: "healthy"}
    assert states_of(second.out) == {rested: "healthy", fresh: "healthy"}
    assert account.fake.stats.refreshes == 1


async def test_how_long_is_too_long_is_the_users_choice(account, installs) -> None:
    """With --idle-days 0 everything is renewed now."""
    await account.install(*account.fake.location_ids[:2])
    outcome = await installs("tend", "--idle-days", 0)

    assert set(states_of(outcome.out).values()) == {"renewed"}
    assert account.fake.stats.refreshes == 2


async def test_tending_finds_the_dead(mixed, installs) -> None:
    """What cannot be renewed is told, with the status of check."""
    await mixed.age(40)
    outcome = await installs("tend", "--quiet")

    assert outcome.status == 3
    assert set(states_of(outcome.out).values()) == {"spent", "inactive"}


async def test_days_before_now_are_refused(account, installs) -> None:
    """Typer names the option and its range."""
    outcome = await installs("tend", "--idle-days", -1)

    assert outcome.status == 2
    assert "--idle-days" in outcome.err
