# ruff: noqa: ANN001, ANN201, ANN202 - fixtures, whose types live in conftest
"""What a gateway on the way says is not HighLevel's word: nothing is gone because of it."""

import pytest

from ghl_notes.errors import AmbiguousWrite, NotFound, RequestRejected, Unavailable
from ghl_notes.http.operations import OPERATIONS
from ghl_notes.testing import Failure, Fault
from tests.flows.calls import CASES, everything, furnish

CALLS = {case.name: case for case in CASES}
# All deletes of which a repetition that finds nothing has succeeded, besides that of a note.
DELETES = sorted(
    name
    for operation in OPERATIONS
    if operation.gone_is_done
    for name in operation.served_by
    if name != "notes.delete"
)
SMALL = {"contacts": 3, "interval": 0.02, "clock": lambda: 1_784_284_000.0}
SOON = {"retry-after": "0.001"}
PAGES = {
    "text": "default backend - 404",
    "page": "<html><head><title>404 Not Found</title></head><hr>nginx</html>",
    "nothing": "",
}
STATUSES = (400, 403, 404, 405, 410, 422)
NO_ROUTE = Failure(status=404, message="Cannot DELETE /contacts/c", error="Not Found")


def gateway(status: int = 404, page: str = PAGES["text"]) -> Failure:
    return Failure(status=status, page=page, headers=SOON)


@pytest.fixture
def world(start, connect):
    """Start a world of its own for a call, and give both."""

    async def make(name):
        fake = await start(**SMALL)
        client = connect(fake, location_id=fake.location_id)
        if name == "notes.delete":
            contact_id = fake.contact_ids()[0]
            note_id = fake.notes(contact_id)[0]["id"]
            return fake, lambda: client.notes.delete(contact_id, note_id)
        ids = furnish(fake, CALLS[name])
        return fake, lambda: CALLS[name].call(client, **ids)

    return make


@pytest.mark.parametrize("name", ["notes.delete", *DELETES])
async def test_a_delete_is_done_when_highlevel_says_so(world, name) -> None:
    """After a broken try a gateway's 404 proves nothing: the delete goes on until it is done."""
    whole, call = await world(name)
    await call()
    for kind, page in PAGES.items():
        fake, call = await world(name)
        fake.inject(Fault.RESET_BEFORE)
        fake.inject(gateway(page=page), 2)
        await call()
        assert everything(fake) == everything(whole), kind
        assert fake.stats.requests == 4, kind


@pytest.mark.parametrize("name", ["notes.delete", *DELETES])
async def test_a_delete_that_only_gateways_answered_is_not_done(world, name) -> None:
    """A gateway that goes on so, or an API without that call, ends it with an error."""
    for trouble, kind, requests in ((gateway(), Unavailable, 5), (NO_ROUTE, RequestRejected, 2)):
        fake, call = await world(name)
        before = everything(fake)
        fake.inject(Fault.RESET_BEFORE)
        fake.inject(trouble, 100)
        with pytest.raises(kind) as raised:
            await call()

        assert not isinstance(raised.value, NotFound), kind
        assert (raised.value.status, raised.value.method) == (404, "DELETE")
        assert "check base_url" in str(raised.value)
        assert everything(fake) == before
        assert fake.stats.requests == requests


async def test_a_delete_whose_reply_was_lost_is_done_behind_a_gateway_too(world) -> None:
    """The API's own 404 still tells that an earlier try did it, whoever spoke in between."""
    fake, call = await world("notes.delete")
    note_id = fake.notes(fake.contact_ids()[0])[0]["id"]
    fake.inject(Fault.RESET_AFTER)
    fake.inject(gateway())
    await call()

    assert note_id not in {note["id"] for note in fake.notes(fake.contact_ids()[0])}
    assert fake.stats.requests == 3


@pytest.mark.parametrize("status", STATUSES)
async def test_a_stream_goes_on_after_a_gateways_refusal(fake, client, status) -> None:
    """Of every contact the notes come, since what a gateway refused is asked for again."""
    fake.inject(gateway(status), 3)
    results = [one async for one in client.notes.stream(fake.contact_ids())]

    assert [(one.error, len(one.notes)) for one in results] == [(None, 5)] * 10
    assert fake.stats.requests == 13


async def test_a_contact_that_only_gateways_spoke_of_is_one_line(fake, client) -> None:
    """A lasting foreign 404 is one contact's, ends after the tries, and does not call it gone."""
    lost, *others = fake.contact_ids()
    fake.inject(gateway(page=PAGES["page"]), 100, path_contains=lost)
    results = {one.contact_id: one async for one in client.notes.stream(fake.contact_ids())}

    error = results[lost].error
    assert type(error) is Unavailable
    assert (error.status, error.maybe_applied, error.messages) == (404, False, ())
    assert "'404 Not Found'" in str(error)
    assert [results[one].error for one in others] == [None] * 9
    assert fake.stats.requests == 8 + 9


async def test_a_create_that_a_gateway_refused_goes_again(fake, client, contact_id) -> None:
    """It never reached the API, so it is sent once more, and nobody looks for what it wrote."""
    for status in STATUSES:
        fake.inject(gateway(status), method="POST")
        await client.notes.create(contact_id, f"Text {status}")

    assert fake.stats.notes_created == len(STATUSES)
    assert {seen.method for seen in fake.requests} == {"POST"}
    assert len(fake.requests) == 2 * len(STATUSES)


async def test_a_create_behind_a_gateway_that_gave_up_is_looked_for(
    fake, client, contact_id
) -> None:
    """Words of one that stopped waiting refuse nothing, under whatever status they come."""
    late = Failure(status=404, page="upstream request timeout", applied=True)
    fake.inject(late, method="POST")
    note = await client.notes.create(contact_id, "Text")

    assert note.id in {one["id"] for one in fake.notes(contact_id)}
    assert fake.stats.notes_created == 1
    assert [seen.method for seen in fake.requests] == ["POST", "GET"]


async def test_an_update_that_only_gateways_answered_stays_unknown(fake, client) -> None:
    """A try that broke may have changed the note, and no gateway knows."""
    contact_id = fake.contact_ids()[0]
    fake.inject(Fault.RESET_AFTER)
    fake.inject(gateway(), 100)
    with pytest.raises(AmbiguousWrite):
        await client.notes.update(contact_id, fake.notes(contact_id)[0]["id"], body="Text")
