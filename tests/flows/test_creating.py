# ruff: noqa: ANN001, ANN201 - fixtures, whose types live in conftest
"""A create happens once, and a caller who cannot be sure of that learns it."""

import asyncio
import pickle
import socket

import pytest

from ghl_notes import RetryPolicy
from ghl_notes.errors import AmbiguousWrite, HighLevelError, Unavailable
from ghl_notes.testing import Fault

AFTER = [Fault.RESET_AFTER, Fault.CUT_BODY, Fault.CUT_JSON, Fault.EMPTY_BODY, Fault.WRONG_TYPE]


@pytest.fixture
def bold(fake, connect):
    """Give a pretend HighLevel, and a client that repeats what it does not find."""
    return fake, connect(fake, retries=RetryPolicy(base=0, settle=0.02, repeat_absent=True))


def copies(fake, contact_id: str, text: str = "Text") -> list[str]:
    """Name the notes with this text."""
    return [note["id"] for note in fake.notes(contact_id) if note["bodyText"] == text]


@pytest.mark.parametrize("fault", [*AFTER, Fault.NULL_TEXT, Fault.HUGE, Fault.GZIP_BOMB])
async def test_a_create_whose_reply_was_lost_is_found(fake, client, contact_id, fault) -> None:
    """The note is there once, and comes back as if the reply had arrived."""
    fake.inject(fault, method="POST")
    note = await client.notes.create(contact_id, "Text", title="Call", pinned=True)

    assert copies(fake, contact_id) == [note.id]
    assert (note.text, note.title, note.pinned) == ("Text", "Call", True)
    assert [seen.method for seen in fake.requests] == ["POST", "GET"]


UNKNOWN = [Fault.RESET_BEFORE, Fault.SERVER_ERROR, Fault.BAD_GATEWAY, Fault.HTML]


@pytest.mark.parametrize("fault", UNKNOWN)
async def test_absence_proves_nothing(fake, client, contact_id, fault) -> None:
    """A note that is in no list may still come: only the caller can decide to send it again."""
    fake.inject(fault, method="POST")
    with pytest.raises(AmbiguousWrite) as raised:
        await client.notes.create(contact_id, "Text")

    assert raised.value.__cause__ is not None
    assert raised.value.path == f"/contacts/{contact_id}/notes"
    assert copies(fake, contact_id) == []
    assert [seen.method for seen in fake.requests] == ["POST", *["GET"] * 5]


@pytest.mark.parametrize("fault", [Fault.RESET_BEFORE, Fault.SERVER_ERROR])
async def test_a_policy_may_repeat_what_is_absent(bold, contact_id, fault) -> None:
    """A caller who takes the risk of a longer lag has what never arrived sent again."""
    fake, client = bold
    fake.inject(fault, method="POST")
    note = await client.notes.create(contact_id, "Text")

    assert copies(fake, contact_id) == [note.id]
    assert [seen.method for seen in fake.requests] == ["POST", *["GET"] * 5, "POST"]


@pytest.mark.parametrize("fault", [Fault.BAD_GATEWAY, Fault.HTML])
async def test_no_policy_repeats_what_may_be_under_way_or_done(bold, contact_id, fault) -> None:
    """Behind a gateway that gave up the write may go on, and after a success it was done."""
    fake, client = bold
    fake.inject(fault, method="POST")
    with pytest.raises(AmbiguousWrite):
        await client.notes.create(contact_id, "Text")

    assert [seen.method for seen in fake.requests] == ["POST", *["GET"] * 5]


@pytest.mark.parametrize("fault", [Fault.RESET_AFTER, Fault.CUT_BODY])
async def test_a_list_that_lags_is_read_again(start, connect, fault) -> None:
    """Looks are spread over the policy's time, and end with the one that finds the note."""
    fake = await start(note_lag=0.3)
    client = connect(fake, retries=RetryPolicy(base=0, settle=1.0))
    fake.inject(fault, method="POST")
    note = await client.notes.create(fake.contact_ids()[0], "Text")

    assert copies(fake, fake.contact_ids()[0]) == [note.id]
    assert [seen.method for seen in fake.requests] == ["POST", *["GET"] * 4]


@pytest.mark.parametrize("fault", [Fault.RESET_AFTER, Fault.CUT_BODY, Fault.EMPTY_BODY])
async def test_a_note_that_stays_out_of_the_lists_is_not_written_twice(
    start, connect, fault
) -> None:
    """A success is proof, and a broken connection none: neither is followed by a second note."""
    fake = await start(note_lag=3600)
    fake.inject(fault, method="POST")
    with pytest.raises(AmbiguousWrite) as raised:
        await connect(fake).notes.create(fake.contact_ids()[0], "Text")

    assert len(copies(fake, fake.contact_ids()[0])) == 1
    assert (raised.value.status == 201) is (fault is not Fault.RESET_AFTER)


async def test_a_gateway_error_after_the_write_is_settled_by_looking(
    fake, client, contact_id, until
) -> None:
    """A note that turns up while we look is the note that was sent."""
    fake.inject(Fault.BAD_GATEWAY, method="POST")
    creating = asyncio.create_task(client.notes.create(contact_id, "Text"))
    await until(lambda: fake.stats.requests)
    written = fake.add_note(contact_id, "Text")

    assert (await creating).id == written["id"]


async def test_a_create_that_timed_out_is_found(start, connect) -> None:
    """The reply was late and the note is there: that is enough."""
    fake = await start(slow=5.0)
    client, contact_id = connect(fake, timeout=0.05), fake.contact_ids()[0]
    fake.inject(Fault.SLOW, method="POST")
    note = await client.notes.create(contact_id, "Text")

    assert copies(fake, contact_id) == [note.id]


async def test_a_create_that_timed_out_and_is_not_there_is_unknown(start, connect) -> None:
    """Who is still at work after a timeout may yet write the note, so it is not repeated."""
    fake = await start(slow=5.0, note_lag=60)
    client, contact_id = connect(fake, timeout=0.05), fake.contact_ids()[0]
    fake.inject(Fault.SLOW, method="POST")
    with pytest.raises(AmbiguousWrite) as raised:
        await client.notes.create(contact_id, "Text")

    assert isinstance(raised.value.__cause__, Unavailable)
    assert len(copies(fake, contact_id)) == 1


async def test_a_look_that_fails_is_one_of_several(fake, client, contact_id) -> None:
    """A list that cannot be read once is read again with the next look."""
    fake.inject(Fault.RESET_AFTER, method="POST")
    fake.inject(Fault.WRONG_TYPE, 3, method="GET")
    note = await client.notes.create(contact_id, "Text")

    assert copies(fake, contact_id) == [note.id]
    assert [seen.method for seen in fake.requests] == ["POST", *["GET"] * 4]


async def test_looks_that_fail_leave_it_unknown(fake, client, contact_id) -> None:
    """The cause stays the failure of the write, and a note on the error names the failed look."""
    fake.inject(Fault.RESET_AFTER, method="POST")
    fake.inject(Fault.SERVER_ERROR, 100, method="GET")
    with pytest.raises(AmbiguousWrite) as raised:
        await client.notes.create(contact_id, "Text")

    cause = raised.value.__cause__
    assert isinstance(cause, Unavailable)
    assert (cause.status, cause.method) == (None, "POST")
    (remark,) = raised.value.__notes__
    assert "GET /contacts" in remark
    assert pickle.loads(pickle.dumps(raised.value)).__notes__ == [remark]
    assert len(copies(fake, contact_id)) == 1


async def test_an_unreadable_neighbour_leaves_it_unknown(bold, contact_id) -> None:
    """A note that cannot be read might be the one that is looked for."""
    fake, client = bold
    fake.inject(Fault.RESET_BEFORE, method="POST")
    fake.inject(Fault.NULL_TEXT, 5, method="GET")
    with pytest.raises(AmbiguousWrite):
        await client.notes.create(contact_id, "Text")

    assert copies(fake, contact_id) == []


async def test_tries_of_a_create_end(bold, contact_id) -> None:
    """A connection that always breaks is given up after the policy's attempts."""
    fake, client = bold
    fake.inject(Fault.RESET_BEFORE, 100, method="POST")
    with pytest.raises(AmbiguousWrite):
        await client.notes.create(contact_id, "Text")

    assert [seen.method for seen in fake.requests].count("POST") == 5


@pytest.mark.parametrize("times", [1, 4])
async def test_a_429_is_repeated(fake, client, contact_id, times: int) -> None:
    """What was refused at the door had no effect, and nobody needs to look."""
    fake.inject(Fault.RATE_LIMITED, times, method="POST")
    note = await client.notes.create(contact_id, "Text")

    assert copies(fake, contact_id) == [note.id]
    assert [seen.method for seen in fake.requests] == ["POST"] * (times + 1)


async def test_a_refused_connection_is_repeated(start, connect) -> None:
    """Without a connection nothing was sent: it is tried again, and reported as it is."""
    with socket.socket() as taken:  # bound, and nobody listens
        taken.bind(("127.0.0.1", 0))
        fake = await start()
        client = connect(fake, base_url=f"http://127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(Unavailable) as raised:
            await client.notes.create(fake.contact_ids()[0], "Text")

    assert not raised.value.maybe_applied


async def test_a_server_that_comes_back_gets_the_create(start, connect) -> None:
    """A create waits out a server that is away, and is sent once."""
    fake = await start()
    await fake.close()
    contact_id = fake.contact_ids()[0]
    retries = RetryPolicy(attempts=1000, base=0.001, cap=0.001)
    client = connect(fake, retries=retries)
    creating = asyncio.create_task(client.notes.create(contact_id, "Text"))
    await asyncio.sleep(0.02)
    assert not creating.done()
    await fake.start()  # on the port it had
    note = await creating

    assert copies(fake, contact_id) == [note.id]
    assert [seen.method for seen in fake.requests] == ["POST"]


async def test_equal_notes_at_once_are_as_many_notes(fake, client, contact_id) -> None:
    """Twenty equal creates, half of their replies lost, are twenty notes with their own ids."""
    fake.inject(Fault.RESET_AFTER, 10, method="POST")
    notes = await asyncio.gather(*(client.notes.create(contact_id, "Text") for _ in range(20)))

    assert sorted(note.id for note in notes) == sorted(copies(fake, contact_id))
    assert len({note.id for note in notes}) == 20


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"body": "Text"}, {"body": "Text", "title": "Call"}),
        ({"body": "Text"}, {"body": "<p>Text</p>"}),
        ({"body": "Text", "pinned": True}, {"body": "Text"}),
        ({"body": "Text"}, {"body": "Text "}),
    ],
)
async def test_notes_that_look_alike_are_not_mixed_up(start, connect, one, other) -> None:
    """A lost note is not found in another call's note that only looks like it."""
    fake = await start(slow=0.05)
    client, contact_id = connect(fake), fake.contact_ids()[0]
    await client.notes.list(contact_id)  # until the first reply, calls go one by one
    fake.inject(Fault.RESET_BEFORE, method="POST")
    fake.inject(Fault.SLOW, method="POST")
    first, second = await asyncio.gather(
        client.notes.create(contact_id, **one),
        client.notes.create(contact_id, **other),
        return_exceptions=True,
    )

    assert isinstance(first, AmbiguousWrite)
    assert [note["id"] for note in fake.notes(contact_id)].count(second.id) == 1
    assert len(fake.notes(contact_id)) == 6


async def test_a_hundred_creates_in_a_storm(start, connect) -> None:
    """Whatever breaks, no note is there twice, and none that was promised is missing."""
    faults = [*AFTER, Fault.RESET_BEFORE, Fault.BAD_GATEWAY, Fault.HTML, Fault.RATE_LIMITED]
    fake = await start(fault_rates=dict.fromkeys(faults, 0.03), contacts=5, notes_per_contact=0)
    client, ids = connect(fake), fake.contact_ids()
    results = await asyncio.gather(
        *(client.notes.create(ids[n % 5], f"Text {n}") for n in range(100)),
        return_exceptions=True,
    )
    written = [note["body"] for contact_id in ids for note in fake.notes(contact_id)]
    made = [result.body for result in results if not isinstance(result, BaseException)]

    assert len(written) == len(set(written))
    assert set(made) <= set(written)
    assert all(isinstance(r, AmbiguousWrite) for r in results if isinstance(r, HighLevelError))
    assert len(made) + sum(isinstance(r, AmbiguousWrite) for r in results) == 100
    assert len(made) > 70


async def test_a_cancelled_create_frees_the_next(start, connect, until) -> None:
    """Whoever waits behind an equal note that was given up gets its turn."""
    fake = await start(slow=5.0)
    client, contact_id = connect(fake), fake.contact_ids()[0]
    fake.inject(Fault.SLOW, method="POST")
    first = asyncio.create_task(client.notes.create(contact_id, "Text"))
    second = asyncio.create_task(client.notes.create(contact_id, "Text"))
    await until(lambda: fake.stats.requests)
    first.cancel()
    note = await second

    assert first.cancelled()
    assert note.id in copies(fake, contact_id)
    assert len(copies(fake, contact_id)) == 2


@pytest.mark.parametrize("fields", [{"title": ""}, {"user_id": ""}, {"title": "", "color": "#fA0"}])
async def test_an_empty_field_is_no_difference(fake, client, contact_id, fields) -> None:
    """What HighLevel keeps of an empty text is nothing, and a lost reply doubles no note for it."""
    before = len(fake.notes(contact_id))
    fake.inject(Fault.RESET_AFTER)
    note = await client.notes.create(contact_id, "Once", **fields)

    assert note.id in {one["id"] for one in fake.notes(contact_id)}
    assert len(fake.notes(contact_id)) == before + 1


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"body": "Spoke with Jane about the offer"}, {"body": "Spoke with Jane"}),
        (
            {"body": "<p>Spoke with Jane</p><form>and more</form>"},
            {"body": "<p>Spoke with Jane</p>"},
        ),
        ({"body": "ﬁne Caf\u0065\u0301"}, {"body": "fine Caf\u00e9"}),
        ({"body": "Hello", "title": " Call "}, {"body": "Hello", "title": "Call"}),
        ({"body": "Hello", "color": "#fa0"}, {"body": "Hello", "color": "#FFAA00"}),
    ],
)
async def test_a_note_that_may_be_ours_is_not_written_again(bold, contact_id, sent, kept) -> None:
    """A note that HighLevel may have made of ours leaves it to the caller, whatever the policy."""
    fake, client = bold
    fake.inject(Fault.RESET_BEFORE)
    fake.add_note(contact_id, **kept)
    before = len(fake.notes(contact_id))
    with pytest.raises(AmbiguousWrite):
        await client.notes.create(contact_id, **sent)

    assert len(fake.notes(contact_id)) == before


async def test_a_note_that_cannot_be_ours_stands_in_no_way(bold, contact_id) -> None:
    """What somebody else writes meanwhile is no reason to doubt."""
    fake, client = bold
    fake.inject(Fault.RESET_BEFORE)
    fake.add_note(contact_id, "Something else altogether")
    note = await client.notes.create(contact_id, "Once")

    assert [one["body"] for one in fake.notes(contact_id)].count("Once") == 1
    assert note.body == "Once"


async def test_a_proxys_page_is_no_word_of_highlevel(fake, client, contact_id) -> None:
    """A success that is a page proves nothing, and the error does not say that it was done."""
    fake.inject(Fault.HTML, method="POST")
    with pytest.raises(AmbiguousWrite, match="may or may not have happened") as raised:
        await client.notes.create(contact_id, "Text")

    assert raised.value.status is None
