# ruff: noqa: ANN001, ANN201 - fixtures, whose types live in conftest
"""What fails on the agency's way to a token is no answer to the call that needs the token."""

import pytest

from ghl_notes import (
    NotFound,
    ReauthorizationRequired,
    RequestRejected,
    Unavailable,
)
from ghl_notes.oauth import minting
from ghl_notes.oauth.mint_failures import refuses
from ghl_notes.testing import Failure, Fault

NO_ANSWERS = {
    "404 of a path": Failure(status=404, message="Cannot POST /oauth/locationToken"),
    "404 of a proxy": Failure(status=404, payload={}),
    "403 of a proxy": Fault.FORBIDDEN_HTML,
    "403 in unknown words": Failure(status=403, message="Forbidden"),
    "400 without words": Failure(status=400, payload={}),
    "400 in unknown words": Failure(status=400, message="Something odd happened (code 17)"),
    "422 in unknown words": Failure(status=422, message="version header is invalid"),
    "405": Failure(status=405, message="Method not allowed"),
    "302": Failure(status=302),
    "401 in unknown words": Failure(status=401, message="Unauthorized"),
}


@pytest.fixture
async def client(fake, highlevel):
    """Give a location of an agency, which has no token of its own yet."""
    await highlevel.install(fake.authorize_code(company=True))
    return highlevel.location(fake.location_id)


async def outcomes(client, contact_id) -> list[Exception | None]:
    """Make one call of each kind, and tell how it ended."""
    found = []
    for call in (
        client.notes.list(contact_id),
        client.notes.create(contact_id, "Text"),
        client.notes.update(contact_id, "a", body="Text"),
        client.notes.delete(contact_id, "a"),
    ):
        try:
            await call
            found.append(None)
        except Exception as error:  # noqa: BLE001 - whatever it is, the row names it
            found.append(error)
    return found + [one.error async for one in client.notes.stream([contact_id])]


@pytest.mark.parametrize("name", NO_ANSWERS)
async def test_no_call_is_told_what_only_its_token_met(
    fake, client, contact_id, mint_path, name
) -> None:
    """A page, a wrong path or unknown words for the agency say nothing of a contact or a note."""
    fake.inject(NO_ANSWERS[name], 1000, path_contains=mint_path)
    found = await outcomes(client, contact_id)

    assert [type(one) for one in found] == [Unavailable] * 5
    assert {(one.maybe_applied, one.path) for one in found} == {(False, mint_path)}


@pytest.mark.parametrize("fault", [Fault.SERVER_ERROR, Fault.RESET_BEFORE, Fault.CUT_BODY])
async def test_a_call_costs_five_mints_at_most(fake, client, contact_id, mint_path, fault) -> None:
    """What was tried as often as a call may be is not tried as often again by the call itself."""
    fake.inject(fault, 1000, path_contains=mint_path)
    with pytest.raises(Unavailable) as raised:
        await client.notes.list(contact_id)

    assert fake.stats.by_route[f"POST {mint_path}"] == 5
    assert raised.value.waited
    assert raised.value.retry_after is not None


async def test_a_mint_that_hangs_blames_no_limit(
    fake, client, contact_id, mint_path, monkeypatch
) -> None:
    """That HighLevel does not answer is not told as a limit that is used up."""
    monkeypatch.setattr(minting, "_MINT_SECONDS", 0.05)
    fake.inject(Fault.STALL_BEFORE, 1000, path_contains=mint_path)
    with pytest.raises(Unavailable, match=r"no token of \w+ within") as raised:
        await client.notes.list(contact_id)

    assert "limit" not in str(raised.value)


async def test_a_delete_whose_location_is_gone_is_not_done(
    fake, client, connect, contact_id, mint_path
) -> None:
    """That HighLevel does not find the location, when asked for its token, deletes nothing."""
    (note, *_) = await client.notes.list(contact_id)
    fake.inject(Fault.SERVER_ERROR, method="DELETE")
    fake.inject(Failure(status=404, message="Location not found"), path_contains=mint_path)
    fake.revoke()
    with pytest.raises(ReauthorizationRequired):
        await client.notes.delete(contact_id, note.id)

    assert note in await connect(fake).notes.list(contact_id)


def test_a_refusal_names_the_location() -> None:
    """A status ends an install only where its words are about the location or the app there."""
    for status, said, is_refusal in (
        (404, "Location not found", True),
        (404, "Location with id ve9EPM428h8vShlRW1KT not found", True),
        (404, "No such location", True),
        (404, "Cannot POST /oauth/locationToken", False),
        (404, "Cannot POST /oauth/location-token", False),
        (404, "Not Found", False),
        (404, "", False),
        (404, "Location service timed out", False),
        (405, "Location not found", False),
        (400, "The app is not installed", True),
        (422, "locationId is not valid", True),
        (400, "App is not available for this sub-account", True),
        (400, "Invalid locationId", True),
        (422, "No such location", True),
        (400, "Something odd happened (code 17)", False),
        (400, "version header is invalid", False),
        (400, "Invalid API version segment 'v9' at position 0", False),
        (400, "Missing parameter: companyId", False),
        (400, "API endpoint has been removed", False),
        (400, "Cannot POST /oauth/location-token", False),
        (422, "companyId must be a string", False),
        (400, "", False),
    ):
        for kind in (RequestRejected, NotFound):
            error = kind(said, status=status, messages=(said,) if said else ())
            assert refuses(error) is is_refusal, (status, said)
