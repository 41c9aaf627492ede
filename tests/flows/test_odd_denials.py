# ruff: noqa: ANN001, ANN201 - fixtures, whose types live in conftest
"""A 401 in words that do not name the token spends no refresh token, and ends nothing."""

import asyncio

import pytest

from ghl_notes import Client, Limits
from ghl_notes.errors import AccessDenied, AmbiguousWrite, Unavailable
from ghl_notes.testing import Failure, Fault

TOKEN = "/oauth/token"
UNAUTHORIZED = Failure(status=401, message="Unauthorized")
NO_IAM_ROUTE = Failure(
    status=401,
    message="This route is not yet supported by the IAM Service. Please update your IAM config.",
)
GAVE_UP = Failure(status=401, message="Command timed out")
GAVE_UP_AFTER = Failure(status=401, message="Command timed out", applied=True)
BROKE_OFF_AFTER = Failure(status=400, message="timeout of 10000ms exceeded", applied=True)
ODD = pytest.mark.parametrize("fault", [UNAUTHORIZED, NO_IAM_ROUTE], ids=["unknown", "route"])
AT_ONCE = Limits(burst=100_000)


async def refused(call) -> AccessDenied:
    """Make a call that is denied, and give its error."""
    with pytest.raises(AccessDenied) as raised:
        await call
    return raised.value


@pytest.fixture
async def installed(fake, build, clock):
    """Give a client whose install was made a moment ago."""
    highlevel = build(fake, clock=clock, limits=AT_ONCE)
    await highlevel.install(fake.authorize_code())
    return highlevel.location(fake.location_id)


@ODD
async def test_a_newborn_token_is_not_renewed(fake, installed, contact_id, fault) -> None:
    """A hundred calls cost no refresh token, and each has HighLevel's words and trace id."""
    fake.inject(fault, 100)
    for _ in range(100):
        error = await refused(installed.notes.list(contact_id))
        assert (error.reason, error.status, bool(error.trace_id)) == (None, 401, True)
        assert error.messages[0] in str(error)

    assert fake.stats.refreshes == 0
    assert len(await installed.notes.list(contact_id)) == 5


@pytest.mark.slow
@ODD
async def test_a_stream_that_is_refused_costs_at_most_one_token(start, build, clock, fault) -> None:
    """Two thousand contacts on two locations: each outcome is told, and one renewal each is all."""
    fake = await start(contacts=2_000, locations=2)
    highlevel = build(fake, clock=clock, limits=AT_ONCE)
    for location_id in fake.location_ids:
        await highlevel.install(fake.authorize_code(location_id=location_id))
    clock.now += 20 * 3600
    fake.inject(fault, 100_000)

    async def errors(location_id: str) -> list[AccessDenied]:
        stream = highlevel.location(location_id).notes.stream(fake.contact_ids(location_id))
        return [one.error async for one in stream]

    for found in await asyncio.gather(*map(errors, fake.location_ids)):
        assert len(found) == 2_000
        assert {type(error) for error in found} == {AccessDenied}
    assert fake.stats.refreshes <= (2 if fault is UNAUTHORIZED else 0)


async def test_an_old_token_is_renewed_once(fake, installed, contact_id, clock) -> None:
    """Unknown words may mean its end: a new one cures it, or shows that it was not the fault."""
    clock.now += 3600
    fake.inject(UNAUTHORIZED)
    assert len(await installed.notes.list(contact_id)) == 5
    assert fake.stats.refreshes == 1
    clock.now += 3600
    fake.inject(UNAUTHORIZED, 50)
    for _ in range(49):
        error = await refused(installed.notes.list(contact_id))
        assert "not the fault" in str(error)

    assert fake.stats.refreshes == 2


async def test_many_calls_at_once_spend_one_token(fake, installed, contact_id, clock) -> None:
    """Refused together, they share one renewal, and are refused again with its token."""
    clock.now += 3600
    fake.inject(UNAUTHORIZED, 1000)
    calls = (refused(installed.notes.list(contact_id)) for _ in range(100))
    assert len(await asyncio.gather(*calls)) == 100

    assert fake.stats.refreshes == 1


async def test_words_about_the_token_do_not_renew_for_ever(fake, installed, contact_id) -> None:
    """A token whose successor is refused in the same words is not what is wrong."""
    fake.inject(Fault.TOKEN_EXPIRED, 1000)
    for _ in range(100):
        error = await refused(installed.notes.list(contact_id))
        assert (error.reason, error.messages[0]) == (
            "token",
            "Invalid token: access token is invalid",
        )

    assert fake.stats.refreshes <= 2


class TwoMethods:
    """The least that hands out tokens, and counts how often it made one."""

    def __init__(self, token: str) -> None:
        self.token_, self.renewals = token, 0

    async def token(self) -> str:
        return self.token_

    async def renew(self, stale: str) -> str:
        self.renewals += 1
        return self.token_


async def test_an_auth_of_two_methods_is_asked_once(fake, connect, contact_id) -> None:
    """Of its first token no age is known; of the one it renewed there is."""
    auth = TwoMethods(fake.private_token)
    client = connect(fake, auth=auth, limits=AT_ONCE)
    fake.inject(UNAUTHORIZED, 100)
    for _ in range(50):
        await refused(client.notes.list(contact_id))

    assert auth.renewals == 1


async def test_a_private_token_is_not_blamed_for_unknown_words(fake, client, contact_id) -> None:
    """Its user is told what HighLevel said, and not to make a new token for nothing."""
    fake.inject(UNAUTHORIZED)
    error = await refused(client.notes.list(contact_id))
    assert "private integration token" not in str(error)
    assert "Unauthorized" in str(error)
    async with Client("pit-spent", base_url=fake.url) as stranger:
        error = await refused(stranger.notes.list(contact_id))

    assert "make a new private integration token" in str(error)
    assert (error.reason, error.messages) == ("token", ("Invalid Private Integration token",))
    assert error.trace_id


async def test_a_gateway_that_gave_up_is_asked_again(fake, client) -> None:
    """One such reply among many costs a second request, and nothing else."""
    fake.inject(GAVE_UP, 3)
    results = [one async for one in client.notes.stream(fake.contact_ids())]

    assert [one.error for one in results] == [None] * 10
    assert fake.stats.requests == 13


async def test_a_gateway_that_keeps_giving_up_is_unavailable(fake, installed, contact_id) -> None:
    """It is told in its own words, and no token is spent for it."""
    fake.inject(GAVE_UP, 100)
    with pytest.raises(Unavailable, match="Command timed out"):
        await installed.notes.list(contact_id)

    assert fake.stats.refreshes == 0


@pytest.mark.parametrize("age", [0, 3600])
async def test_a_create_that_is_refused_in_unknown_words_is_not_sent_again(
    fake, installed, contact_id, clock, age
) -> None:
    """They do not prove that nothing was written: it is in doubt, in HighLevel's words."""
    clock.now += age
    fake.inject(UNAUTHORIZED, method="POST")
    with pytest.raises(AmbiguousWrite, match="Unauthorized") as raised:
        await installed.notes.create(contact_id, "Text")

    posts = [seen for seen in fake.requests if (seen.method, seen.path) != ("POST", TOKEN)]
    assert [seen.method for seen in posts].count("POST") == 1
    assert (raised.value.messages, raised.value.status) == (("Unauthorized",), 401)
    assert raised.value.trace_id


@pytest.mark.parametrize("fault", [GAVE_UP_AFTER, BROKE_OFF_AFTER], ids=["401", "400"])
async def test_a_create_that_the_gateway_did_not_wait_for_is_found(
    fake, installed, contact_id, fault
) -> None:
    """What was written behind a gateway's 401 or 400 is looked up, and there is one."""
    fake.inject(fault, method="POST")
    note = await installed.notes.create(contact_id, "Text")

    assert [one["id"] for one in fake.notes(contact_id) if one["body"] == "Text"] == [note.id]


async def test_a_create_that_names_a_reason_is_simply_refused(fake, installed, contact_id) -> None:
    """Where the words say why, nothing was written and nothing is in doubt."""
    fake.inject(NO_IAM_ROUTE, method="POST")
    error = await refused(installed.notes.create(contact_id, "Text"))

    assert error.reason is None
    assert fake.stats.refreshes == 0


async def test_a_mint_that_is_refused_in_unknown_words_spends_nothing(
    start, build, clock, mint_path
) -> None:
    """An agency's new token is not renewed for them; an old one is, once."""
    fake = await start(locations=3)
    highlevel = build(fake, clock=clock)
    await highlevel.install(fake.authorize_code(company=True))
    fake.inject(UNAUTHORIZED, 1000, path_contains=mint_path)
    for age in (0, 3600):
        clock.now += age
        for location_id in fake.location_ids:
            with pytest.raises(Unavailable, match="Unauthorized"):
                await highlevel.location(location_id).notes.list("contact")

    assert fake.stats.refreshes == 1
