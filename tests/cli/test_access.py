# ruff: noqa: ANN001, ANN201, ANN202 - parameters are fixtures, whose types live in conftest
"""How commands reach HighLevel: with a token or an install, and what stands in the way."""

import pytest

from ghl_notes.testing import Failure

LIST = ("note", "list")


@pytest.fixture
def stored(run, account):
    """Run a command with the install of a location, and see to it that it tells no secret."""

    async def invoke(*args: object, **environment: str):
        known = {**account.environment, "GHL_NOTES_LOCATION": account.fake.location_id}
        outcome = await run(*args, "--base-url", account.fake.url, **(known | environment))
        secrets = await account.secrets() if account.store.exists() else set()
        assert not [secret for secret in secrets if secret in outcome.out + outcome.err]
        return outcome

    return invoke


async def test_a_token_needs_no_location(desk, contact) -> None:
    """It is of one location; whose id then stands in no record."""
    outcome = await desk(*LIST, contact, "--json", GHL_NOTES_LOCATION="")

    assert outcome.status == 0
    assert {note["location_id"] for note in outcome.records} == {None}


async def test_options_may_be_typed(run, fake, contact) -> None:
    """The environment is better, and not needed."""
    outcome = await run(
        *LIST, contact, "--json", "--base-url", fake.url,
        "--token", fake.private_token, "--location", fake.location_id,
    )  # fmt: skip

    assert outcome.status == 0
    assert {note["location_id"] for note in outcome.records} == {fake.location_id}


async def test_an_install_opens_its_location(account, stored) -> None:
    """Its token is renewed first if that has to be, and is saved."""
    await account.install(account.fake.location_id)
    await account.age(2)
    contact = account.fake.contact_ids()[0]
    outcome = await stored("note", "add", contact, "Spoke with Jane", "--json")

    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.record["id"] in {note["id"] for note in account.fake.notes(contact)}
    assert outcome.record["location_id"] == account.fake.location_id


async def test_a_location_that_is_not_installed_is_a_sentence(account, stored) -> None:
    """It tells which command installs it."""
    await account.install(account.fake.location_ids[1])
    outcome = await stored(*LIST, account.fake.contact_ids()[0])

    assert (outcome.status, outcome.out) == (1, "")
    assert "ghl-notes login" in outcome.last


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ("GHL_NOTES_STORE", "GHL_NOTES_TOKEN"),
        ("GHL_NOTES_LOCATION", "--location"),
        ("GHL_NOTES_CLIENT_ID", "--client-id"),
        ("GHL_NOTES_CLIENT_SECRET", "GHL_NOTES_CLIENT_SECRET"),
    ],
)
async def test_what_is_missing_is_named(account, stored, missing, said) -> None:
    """Nothing is sent, and nothing read from stdin, before all of it is there."""
    await account.begin()
    outcome = await stored("note", "add", "a", **{missing: ""})

    assert (outcome.status, outcome.out) == (2, "")
    assert said in outcome.last
    assert account.fake.stats.requests == 0


async def test_a_store_that_is_not_there_is_not_made(account, stored) -> None:
    """A mistyped path would else look like a store without installs."""
    outcome = await stored(*LIST, "a")

    assert outcome.status == 2
    assert f"there is no store {account.store}" in outcome.last
    assert not account.store.exists()


async def test_a_token_comes_before_a_store(account, stored) -> None:
    """Where the environment has both, as on a machine that does many things."""
    outcome = await stored(
        *LIST, account.fake.contact_ids()[0], GHL_NOTES_TOKEN=account.fake.private_token
    )

    assert outcome.status == 0


async def test_what_is_typed_comes_before_the_environment(account, stored) -> None:
    """A store that was typed is not passed over for a token that was set some day."""
    await account.install(account.fake.location_id)
    outcome = await stored(
        *LIST, account.fake.contact_ids()[0], "--store", account.store, GHL_NOTES_TOKEN="pit-bad"
    )

    assert outcome.status == 0


async def test_a_token_and_a_store_are_one_too_many(account, stored) -> None:
    """Which of them was meant is not guessed."""
    outcome = await stored(*LIST, "a", "--store", account.store, "--token", "pit-a")

    assert outcome.status == 2
    assert outcome.last == "ghl-notes: give either --token or --store"


@pytest.mark.parametrize("version", ["2021-07-28", "2023-02-21", "v3"])
async def test_the_version_of_the_api_may_be_chosen(desk, fake, contact, version) -> None:
    """It is sent with every call, and what comes back is the same."""
    outcome = await desk("contact", "show", contact, "--notes", "--api-version", version)

    assert outcome.status == 0
    assert {request.version for request in fake.requests} == {version}


async def test_an_install_may_use_another_version_too(account, stored) -> None:
    """Its renewal is spelled as that version has it."""
    await account.install(account.fake.location_id)
    await account.age(2)
    contact = account.fake.contact_ids()[0]
    outcome = await stored("task", "list", contact, "--api-version", "v3")

    assert outcome.status == 0
    assert account.fake.requests[-1].version == "v3"


@pytest.mark.parametrize(
    ("granted", "missing", "command"),
    [
        ("contacts.readonly", "contacts.write", ("note", "add", "CONTACT", "text")),
        ("contacts.readonly", "contacts.write", ("note", "pin", "CONTACT", "n")),
        ("contacts.readonly", "contacts.write", ("contact", "tag", "CONTACT", "vip")),
        ("contacts.readonly", "contacts.write", ("task", "done", "CONTACT", "t")),
        ("contacts.write", "contacts.readonly", ("note", "list", "CONTACT")),
        ("contacts.write", "contacts.readonly", ("contact", "find")),
        ("contacts.write", "contacts.readonly", ("contact", "show", "CONTACT")),
        ("contacts.write", "contacts.readonly", ("task", "list", "CONTACT")),
    ],
)
async def test_a_missing_scope_is_named(run, start, granted, missing, command) -> None:
    """So that the user knows what to grant."""
    fake = await start(scopes=(granted,))
    texts = [fake.contact_ids()[0] if word == "CONTACT" else word for word in command]
    outcome = await run(
        *texts, "--base-url", fake.url, "--location", fake.location_id,
        GHL_NOTES_TOKEN=fake.private_token,
    )  # fmt: skip

    assert (outcome.status, outcome.out) == (1, "")
    assert f"grant {missing}" in outcome.last
    assert len(outcome.err.splitlines()) == 1


async def test_a_server_that_fails_is_a_sentence(desk, fake, contact) -> None:
    """After the tries that the library makes; the status is that of any failure."""
    fake.inject(Failure(status=403, page="blocked", headers={"retry-after": "0.001"}), 100)
    outcome = await desk(*LIST, contact)

    assert (outcome.status, outcome.out) == (1, "")
    assert len(outcome.err.splitlines()) == 1


@pytest.mark.parametrize("command", ["list", "add", "edit", "delete", "pin"])
async def test_help_tells_of_the_account_apart(run, command) -> None:
    """What a command does comes first; what all have in common stands below, the same in each."""
    outcome = await run("note", command, "--help", GHL_NOTES_TOKEN="pit-secret")
    own, _, account = outcome.out.partition("─ Account ─")

    assert "--json" in own
    assert all(
        option in account
        for option in ("--token", "--location", "--store", "--client-id", "--base-url")
    )
    assert "--api-version" in account
    assert "pit-secret" not in outcome.out
