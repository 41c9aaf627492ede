"""The sentences that errors become, and what is hopeless."""

import asyncio
from datetime import UTC, datetime

import pytest

from ghl_notes import (
    AccessDenied,
    ConfigurationError,
    HighLevelError,
    LocationInactive,
    NotFound,
    RateLimited,
    ReauthorizationRequired,
    Unavailable,
    UnexpectedResponse,
)
from ghl_notes.cli.statuses import Status, explained, finish, is_hopeless

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("error", "hopeless"),
    [
        (None, False),
        (NotFound("no such contact", status=404), False),
        (Unavailable("try later", status=503), False),
        (AccessDenied("another location's contact", status=403), False),
        (RateLimited("one unlucky contact", retry_after=10.0, status=429), False),
        (RateLimited("no header"), False),
        (AccessDenied("bad token", status=401, reason="token"), True),
        (AccessDenied("no scope", status=401, reason="scope"), True),
        (AccessDenied("nobody knows these words", status=401), False),
        (RateLimited("the day", daily=True), True),
        (RateLimited("a long hold", retry_after=600.0), True),
        (ReauthorizationRequired("spent"), True),
        (LocationInactive("unpaid"), True),
    ],
)
def test_hopeless_is_what_would_meet_every_contact(
    error: HighLevelError | None,
    hopeless: bool,  # noqa: FBT001 - a parameter
) -> None:
    """What is about one contact never stops the others, and what is about all always does."""
    assert is_hopeless(error) is hopeless


def test_the_end_of_the_day_is_told_in_local_time() -> None:
    """People read a clock on their own wall."""
    said = explained(RateLimited("used up", daily=True, resets_at=NOON))

    assert f"{NOON.astimezone():%Y-%m-%d %H:%M} (local time)" in said


def test_the_end_of_the_day_is_reckoned_from_the_wait() -> None:
    """HighLevel's own refusal says how long, and not until when."""
    assert "(local time)" in explained(RateLimited("used up", daily=True, retry_after=60.0))


def test_an_untold_end_of_the_day_is_within_a_day() -> None:
    """The counter starts anew every 24 hours."""
    assert "within 24 hours" in explained(RateLimited("used up", daily=True))


@pytest.mark.parametrize(
    "error", [Unavailable("no reply").at("GET", "/contacts"), UnexpectedResponse("a page")]
)
def test_a_server_that_cannot_be_understood_may_be_the_wrong_one(error: HighLevelError) -> None:
    """The remedy is in the user's hands: the network, the URL, or patience."""
    assert "the network and the server's URL" in explained(error)


@pytest.mark.parametrize(
    "told",
    [
        "no connection to HighLevel: check base_url and the network",
        "it changed meanwhile: try again",
    ],
)
def test_a_remedy_that_stands_there_is_not_told_twice(told: str) -> None:
    """What the library knows better is all that is said."""
    said = explained(Unavailable(told).at("GET", "/contacts"))

    assert "the server's URL" not in said
    assert said.count("the network") == told.count("the network")


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (
            "no connection to HighLevel: check base_url",
            "no connection to HighLevel: check --base-url",
        ),
        ("Close's API is not there: check base_url", "Close's API is not there: check --close-url"),
        (
            "CINNOX has nothing there: check base_url and app_id",
            "CINNOX has nothing there: check --cinnox-url and --app-id",
        ),
        ("base_url does not make a URL", "the server's URL does not make a URL"),
        ("HighLevel's app_id and Close", "HighLevel's app_id and Close"),
    ],
)
@pytest.mark.parametrize("kind", [ConfigurationError, Unavailable])
def test_arguments_are_named_as_options(kind: type[HighLevelError], told: str, said: str) -> None:
    """Who uses the command line knows no arguments; the server that is meant tells the option."""
    assert explained(kind(told).at("GET", "/x")).startswith(f"{said} [GET /x]")


def test_a_store_that_is_out_of_reach_has_nothing_to_do_with_a_server() -> None:
    """What concerns no request is the store's to explain."""
    assert (
        explained(Unavailable("the file is locked; try again")) == "the file is locked; try again"
    )


def test_a_spent_install_is_put_right_by_a_command() -> None:
    """The library speaks to programmers; here the user gets a command to type."""
    assert "ghl-notes login" in explained(ReauthorizationRequired("send its user once more"))


def ends_with(error: BaseException) -> Status:
    """Finish a command that raises."""

    async def work() -> Status:
        raise error

    return finish(work)


def test_ctrl_c_has_a_status_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    """Shells and scripts know 130."""
    status = ends_with(KeyboardInterrupt())

    assert (status, capsys.readouterr().err) == (130, "ghl-notes: stopped\n")


def test_trouble_of_the_system_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    """The file and the reason, no number and no traceback."""
    status = ends_with(OSError(28, "No space left on device", "notes.jsonl"))

    assert (status, capsys.readouterr().err) == (
        1,
        "ghl-notes: notes.jsonl: No space left on device\n",
    )


def test_a_fault_of_ours_is_not_hidden() -> None:
    """Only what a user can cause becomes a sentence; a bug keeps its traceback."""
    with pytest.raises(ZeroDivisionError):
        ends_with(ZeroDivisionError())


def test_work_that_ends_well_gives_its_status() -> None:
    """A status passes through as it is."""

    async def work() -> Status:
        await asyncio.sleep(0)
        return Status.SOME_FAILED

    assert finish(work) == 3
