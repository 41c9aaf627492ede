# ruff: noqa: ANN001, ANN002, ANN003, ANN201 - parameters are fixtures, whose types live in conftest
"""What holds for every call of every new resource, over one table of them."""

import pytest

from ghl_notes.errors import (
    AccessDenied,
    AmbiguousWrite,
    ConfigurationError,
    HighLevelError,
    NotFound,
    Unavailable,
    UnexpectedResponse,
)
from ghl_notes.testing import Failure, Fault
from ghl_notes.testing.app import SCOPES
from tests.flows.calls import CASES, everything, first_of, furnish

BAD_IDS = ["../x", "", None, "a b"]
NO_LISTS = [[], (), None, "good", b"good", {"good": 1}, 5]
LOOKED_UP = {"contact_id", "appointment_id", "task_id", "note_id"}
SMALL = {"contacts": 3, "interval": 0.02, "clock": lambda: 1_784_284_000.0}
DONE = [
    Fault.RESET_AFTER,
    Fault.CUT_BODY,
    Fault.CUT_CHUNK,
    Fault.CUT_HEAD,
    Fault.CUT_JSON,
    Failure(status=500, message="failed", applied=True),
    Failure(status=504, message="gave up", applied=True, cut=True),
    Failure(status=401, message="Command timed out", applied=True),
    Failure(status=401, message="Unauthorized", applied=True),
]
UNREADABLE = [Fault.EMPTY_BODY, Fault.WRONG_TYPE]
NOT_DONE = [
    Fault.RESET_BEFORE,
    Fault.SERVER_ERROR,
    Fault.BAD_GATEWAY,
    Fault.HTML,
    Failure(status=401, message="Command timed out"),
    Failure(status=401, message="Unauthorized"),
]
SOON = {"retry-after": "0.01"}
REFUSED = [
    Fault.RATE_LIMITED,
    *(Failure(status=one, headers=SOON, cut=True) for one in (400, 404, 422, 429)),
    *(Failure(status=one, headers=SOON, page="no") for one in (400, 403, 404, 405, 410, 422)),
]
WITH_IDS = [case for case in CASES if LOOKED_UP & set(case.ids)]
LOCATED = [case for case in CASES if case.located]
FLAGGED = [case for case in CASES if case.flagged]


def cases(wanted):
    """Run a test with every call of the table that is wanted."""
    chosen = [case for case in CASES if wanted(case)]
    return pytest.mark.parametrize("case", chosen, ids=[case.name for case in chosen])


async def error_of(client, case, ids) -> HighLevelError | None:
    """Make a call and give what it raised."""
    try:
        await case.call(client, **ids)
    except HighLevelError as error:
        return error
    return None


async def test_a_bad_id_is_refused_here(fake, client) -> None:
    """What could lead to another path is never sent, and the error names the argument."""
    for case in CASES:
        good = {name: ["good"] if name.endswith("s") else "good" for name in case.ids}
        for name in case.ids:
            for bad in BAD_IDS:
                error = await error_of(
                    client, case, {**good, name: [bad] if name.endswith("s") else bad}
                )
                assert isinstance(error, ConfigurationError), (case.name, name, bad)
                assert str(error).startswith(name), (case.name, name, bad)

    assert fake.stats.requests == 0


async def test_a_list_of_ids_that_is_none_is_refused_here(fake, client) -> None:
    """No ids, or one id where a list of them belongs, would change nobody or somebody else."""
    for case in CASES:
        for name in [one for one in case.ids if one.endswith("s")]:
            for bad in NO_LISTS:
                error = await error_of(client, case, {**dict.fromkeys(case.ids, "good"), name: bad})
                assert isinstance(error, ConfigurationError), (case.name, name, bad)
                assert str(error).startswith(name), (case.name, name, bad)

    assert fake.stats.requests == 0


@pytest.mark.parametrize("status", [400, 404])
async def test_what_is_not_there_is_not_found(start, connect, status) -> None:
    """Whichever of its ids is unknown, the error says so with the status that came."""
    fake = await start(not_found_status=status, **SMALL)
    client = connect(fake, location_id=fake.location_id)
    for case in WITH_IDS:
        ids = furnish(fake, case)
        before = everything(fake)
        for name in LOOKED_UP & set(ids):
            error = await error_of(client, case, {**ids, name: "nobody"})
            assert isinstance(error, NotFound), (case.name, name)
            assert (error.status, bool(error.trace_id)) == (status, True)
        assert everything(fake) == before, case.name

    assert fake.stats.requests == sum(len(LOOKED_UP & set(case.ids)) for case in WITH_IDS)


async def test_what_is_in_another_location_is_out_of_reach(start, connect) -> None:
    """An id of another location is refused as what it is, and no scope is blamed."""
    fake = await start(locations=2, **SMALL)
    client = connect(fake, location_id=fake.location_id)
    for case in WITH_IDS:
        error = await error_of(client, case, furnish(fake, case, fake.location_ids[1]))
        assert isinstance(error, AccessDenied), case.name
        assert (error.status, error.scope) == (403, None), case.name

    assert fake.stats.requests == len(WITH_IDS)


@pytest.mark.parametrize("scope", sorted({case.scope for case in CASES}))
async def test_a_missing_scope_is_named(start, connect, scope) -> None:
    """Whoever lacks a scope learns which, and the token is not blamed."""
    fake = await start(scopes=tuple(set(SCOPES) - {scope}), **SMALL)
    client = connect(fake, location_id=fake.location_id)
    denied = [case for case in CASES if case.scope == scope]
    for case in denied:
        error = await error_of(client, case, furnish(fake, case))
        assert isinstance(error, AccessDenied), case.name
        assert (error.scope, error.status) == (scope, 401), case.name
        assert f"grant {scope}" in str(error)

    assert fake.stats.requests == len(denied)


async def test_a_missing_location_is_refused_here(fake, connect) -> None:
    """A call about a location needs one, from the client or in the call."""
    client = connect(fake)
    for case in LOCATED:
        ids = furnish(fake, case)
        for where in ({}, {"location_id": ""}, {"location_id": "../x"}):
            error = await error_of(client, case, {**ids, **where})
            assert isinstance(error, ConfigurationError), (case.name, where)
            assert "location_id" in str(error), (case.name, where)

    assert fake.stats.requests == 0


async def test_the_location_of_the_call_wins(start, connect) -> None:
    """The client's own location is what is meant only when none is named."""
    fake = await start(allow_duplicates=True)
    astray, here = connect(fake, location_id="away"), connect(fake, location_id=fake.location_id)
    for case in LOCATED:
        ids = furnish(fake, case)
        told = await error_of(astray, case, {**ids, "location_id": fake.location_id})
        assert told is None, (case.name, told)
        denied = await error_of(here, case, {**furnish(fake, case), "location_id": "away"})
        assert isinstance(denied, AccessDenied), case.name


async def outcome(start, connect, case, *faults):
    """Make a call in a world of its own, and give that world and the error, if there was one."""
    fake = await start(**SMALL)
    ids = furnish(fake, case)
    for fault in faults:
        fake.inject(fault)
    return fake, await error_of(connect(fake, location_id=fake.location_id), case, ids)


@cases(lambda case: case.kind == "again")
async def test_a_write_that_does_the_same_twice_is_repeated(start, connect, case) -> None:
    """A lost reply leaves one effect, the one that a call without trouble has."""
    whole, _ = await outcome(start, connect, case)
    for fault in (Fault.RESET_BEFORE, Fault.RESET_AFTER, Fault.CUT_JSON):
        fake, error = await outcome(start, connect, case, fault)
        assert error is None, fault
        assert everything(fake) == everything(whole), fault
        assert fake.stats.requests == 2 or fault is Fault.CUT_JSON


@cases(lambda case: case.kind in ("again", "read"))
async def test_a_change_that_is_never_answered_stays_unknown(start, connect, case) -> None:
    """After the last try nobody knows of a change; a read or a delete may simply be made again."""
    fake, error = await outcome(start, connect, case, *[Fault.RESET_AFTER] * 8)
    changes = case.kind == "again" and fake.requests[0].method != "DELETE"

    assert type(error) is (AmbiguousWrite if changes else Unavailable)
    assert (error.method, error.path) == (fake.requests[0].method, fake.requests[0].path)


@cases(lambda case: case.kind == "read")
async def test_what_cannot_be_read_is_told_with_its_call(start, connect, case) -> None:
    """The error has all that HighLevel's support asks for."""
    fake, error = await outcome(start, connect, case, Fault.WRONG_TYPE)
    sent = fake.requests[0]

    assert isinstance(error, UnexpectedResponse)
    assert (error.status, error.method, error.path) == (200, sent.method, sent.path)


@cases(lambda case: case.kind == "once")
async def test_a_write_that_could_double_is_not_repeated(start, connect, case) -> None:
    """A lost reply is told as what it is: done or not, and never twice."""
    whole, _ = await outcome(start, connect, case)
    untouched = await start(**SMALL)
    furnish(untouched, case)
    for faults, expected in ((DONE, whole), (NOT_DONE, untouched)):
        for fault in faults:
            fake, error = await outcome(start, connect, case, fault)
            assert isinstance(error, AmbiguousWrite), fault
            assert error.__cause__ is not None
            assert (error.method, error.path) == (fake.requests[0].method, fake.requests[0].path)
            assert everything(fake) == everything(expected), fault
            assert fake.stats.requests == 1


@cases(lambda case: case.kind == "once" and not case.flagged)
async def test_a_create_with_an_unreadable_reply_is_no_failure(start, connect, case) -> None:
    """What was made and cannot be returned is not told as if it had not been made."""
    whole, _ = await outcome(start, connect, case)
    for fault in UNREADABLE:
        fake, error = await outcome(start, connect, case, fault)
        assert isinstance(error, AmbiguousWrite), fault
        assert isinstance(error.__cause__, UnexpectedResponse)
        assert (error.method, error.path) == (fake.requests[0].method, fake.requests[0].path)
        assert everything(fake) == everything(whole)


@cases(lambda case: case.kind == "once")
async def test_a_refusal_at_the_door_is_repeated(start, connect, case) -> None:
    """What was turned away had no effect, its words lost or not: even a create may come again."""
    whole, _ = await outcome(start, connect, case)
    for fault in REFUSED:
        fake, error = await outcome(start, connect, case, fault)
        assert (error, fake.stats.requests) == (None, 2), fault
        assert everything(fake) == everything(whole), fault


async def test_a_success_that_says_it_failed_is_an_error(start, connect) -> None:
    """A 200 with its flag at false changed nothing, is told, and is not tried again."""
    fake = await start(**SMALL)
    client = connect(fake, location_id=fake.location_id)
    for case in FLAGGED:
        ids = furnish(fake, case)
        before = everything(fake)
        fake.inject(Fault.REFUSED_OK)
        error = await error_of(client, case, ids)
        assert isinstance(error, UnexpectedResponse), case.name
        assert "says in it that the call failed" in str(error)
        assert (error.status, error.method) == (200, fake.requests[-1].method)
        assert everything(fake) == before, case.name

    assert fake.stats.requests == len(FLAGGED)


# the streams over many contacts

STREAMS = pytest.mark.parametrize("kind", ["tasks", "appointments"])


def streamed(client, kind, contact_ids, **options):
    return getattr(client, kind).stream(contact_ids, **options)


@STREAMS
async def test_a_storm_loses_nobody(start, connect, kind) -> None:
    """With many faults about, each contact has one outcome: all that it has, or its error."""
    trouble = (*DONE, *NOT_DONE, *UNREADABLE, Fault.TOKEN_EXPIRED)
    faults = [one for one in trouble if isinstance(one, Fault)]
    fake = await start(contacts=150, fault_rates=dict.fromkeys(faults, 0.02))
    results = [one async for one in streamed(connect(fake), kind, fake.contact_ids())]
    read = [result for result in results if result.error is None]

    assert sorted(result.contact_id for result in results) == sorted(fake.contact_ids())
    assert len(read) > 100
    for result in read:
        held = getattr(fake, kind)(result.contact_id)
        assert {one.id for one in getattr(result, kind)} == {one["id"] for one in held}
        assert {one.contact_id for one in getattr(result, kind)} == {result.contact_id}


@STREAMS
async def test_a_failure_is_data_and_the_others_go_on(fake, client, kind) -> None:
    """An error belongs to its contact, and ends nothing; a bad id is never sent."""
    here = fake.contact_ids()[0]
    fake.inject(Fault.SERVER_ERROR, 100, path_contains=fake.contact_ids()[1])
    given = [here, fake.contact_ids()[1], "nobody", "../x"]
    errors = {one.contact_id: type(one.error) async for one in streamed(client, kind, given)}

    assert list(map(errors.get, given)) == [type(None), Unavailable, NotFound, ConfigurationError]
    assert fake.stats.requests == 1 + 8 + 1


@STREAMS
async def test_a_stream_that_is_left_asks_no_more(start, connect, kind) -> None:
    """Whoever has seen enough leaves the loop, and the rest is not asked for."""
    fake = await start(contacts=100)
    ids = fake.contact_ids()
    await first_of(streamed(connect(fake), kind, ids, concurrency=2))
    before = fake.stats.requests
    await connect(fake).contacts.get(ids[0])

    assert before < 10
    assert fake.stats.requests == before + 1


@STREAMS
async def test_a_stream_checks_its_arguments_at_the_call(client, kind) -> None:
    """The mistake shows where it was made, before the first step of the loop."""
    with pytest.raises(ConfigurationError, match="contact_ids"):
        streamed(client, kind, "0rJe9N74mNsdjVwzSoKX")
    with pytest.raises(ConfigurationError, match="concurrency"):
        streamed(client, kind, [], concurrency=0)
