"""Who wrote a note: in its first line, and as a user of HighLevel."""

import pytest

from ghl_notes import Client
from ghl_notes.errors import AccessDenied, UnexpectedResponse
from ghl_notes.migrate import plan
from ghl_notes.migrate.authors import _by_email
from ghl_notes.models import Json
from ghl_notes.sources import SourceUser
from ghl_notes.testing import Fault
from tests.migrate.failing import failing
from tests.migrate.moving import Move, moving

JANE = SourceUser(id="user_1", name="Jane", email="Jane.Doe@agency.example.com ")
READ_ONLY = ("contacts.readonly", "contacts.write")


async def test_authors_become_users_by_email(move: Move) -> None:
    """An author whose email a user of the location has is named as that user, and by name."""
    source = move.lone("x", author_id="user_1")
    source.staff = {"user_1": JANE}
    (step,) = (await move.plan(source)).steps

    assert step.draft is not None
    assert step.draft.user_id == move.fake.user_id
    assert step.line.author == "Jane"
    assert ", Jane\nx" in step.draft.body
    await move.run(source)
    assert [one.user_id for one in await move.moved()] == [move.fake.user_id]


async def test_users_may_be_given(move: Move) -> None:
    """With users nobody is asked for them, and only those are used."""
    source = move.lone("x", author_id="user_1")
    source.staff = {"user_1": JANE}
    given_users = {" JANE.doe@agency.example.com": "user_9"}
    found = [await move.plan(source, users=users) for users in (given_users, {})]

    assert [one.steps[0].draft.user_id for one in found if one.steps[0].draft] == ["user_9", None]
    assert not any(path.startswith("/users") for _, path in move.seen.sent)
    assert found[0].remarks == ()


@pytest.mark.parametrize(
    ("known", "given_name", "author"),
    [
        (JANE, None, "Jane"),
        (JANE, "Jane before", "Jane before"),
        (SourceUser(id="user_1", email="j@example.com"), None, "j@example.com"),
        (None, None, "user_1"),
    ],
)
async def test_an_author_is_named_as_well_as_can_be(
    move: Move, known: SourceUser | None, given_name: str | None, author: str
) -> None:
    """By the note's own name for them, else the user's, the email, or at least the id."""
    source = move.lone("x", author_id="user_1", author_name=given_name)
    source.staff = {} if known is None else {"user_1": known}

    assert (await move.plan(source)).steps[0].line.author == author


@pytest.mark.parametrize("told", [None, [], {}, {"users": None}])
def test_a_reply_without_users_is_told(told: Json) -> None:
    """That HighLevel's users cannot be read is not taken for there being none."""
    with pytest.raises(UnexpectedResponse, match="users cannot be read"):
        _by_email(told)


@pytest.mark.parametrize(
    "told",
    [
        {"users": [None, {}, {"id": 1, "email": "a@b.c"}, {"id": "u"}]},
        {"users": [{"id": "u", "email": "a@b.c", "deleted": True}]},
    ],
)
def test_only_whole_users_count(told: dict[str, list[Json]]) -> None:
    """Of HighLevel's reply only those who are there, with id and email, can be authors."""
    one = {"id": "u1", "email": "one@b.c", "deleted": False}

    assert _by_email(told) == {}
    assert _by_email({"users": [*told["users"], one]}) == {"one@b.c": "u1"}


async def test_an_odd_page_for_the_users_ends_nothing(move: Move) -> None:
    """Notes are moved without authors, and the plan says why."""
    move.fake.inject(Fault.WRONG_TYPE, path_contains="/users/")
    found = await move.plan(move.lone("x"))

    assert found.report.counts == {"create": 1}
    assert "HighLevel's users cannot be read" in found.remarks[0]


async def test_a_token_that_is_good_for_nothing_ends_the_plan_at_once(move: Move) -> None:
    """A spent token is no missing scope, though the ledger would answer for all notes."""
    source = move.lone("x")
    await move.run(source)
    async with Client("pit-spent", base_url=move.fake.url, location_id="l") as client:
        with pytest.raises(AccessDenied):
            await plan(source, client, ledger=move.ledger)


async def test_users_that_may_not_be_read_are_a_remark() -> None:
    """Without users.readonly nothing is lost but the author's field, which asks nobody to look."""
    async with moving(scopes=READ_ONLY) as move:
        source = failing(move.lone("x", author_id="user_1"), of_staff=AccessDenied("no users"))
        found = await move.plan(source)

    assert found.remarks == (
        "authors are named as far as the notes name them: no users",
        "no author can be made a HighLevel user: grant users.readonly, or pass the users",
    )
    assert found.report.fine
    assert found.report.counts == {"create": 1}
