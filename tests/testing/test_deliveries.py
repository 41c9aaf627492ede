# ruff: noqa: ANN001 - parameters are fixtures, whose types live in conftest
"""How webhooks travel: signed, retried, repeated, out of order, and given up."""

import asyncio
from base64 import b64decode

import aiohttp
import pytest
from cryptography.hazmat.primitives.serialization import load_der_public_key

from ghl_notes.testing import Delivery, FakeHighLevel, outbox


def filled(receiver, count: int = 3, *, seed: int = 0) -> FakeHighLevel:
    """Make a pretend HighLevel with so many webhooks waiting for the receiver."""
    fake = FakeHighLevel(webhook_url=receiver.url, seed=seed)
    for number in range(count):
        fake.emit(f"Type{number}", number=number)
    return fake


def ids(fake: FakeHighLevel) -> list[str]:
    """Name what waits."""
    return [event.webhook_id for event in fake.outbox]


async def test_webhooks_arrive_signed_and_in_order(receiver) -> None:
    """Each is one POST of the queued bytes as JSON, with a signature that holds."""
    fake = filled(receiver)
    waiting = fake.outbox
    results = await fake.deliver()
    key = load_der_public_key(b64decode(fake.webhook_key))

    assert [got.body for got in receiver.got] == [event.body for event in waiting]
    for got in receiver.got:
        assert got.headers["Content-Type"] == "application/json"
        assert key.verify(b64decode(got.headers["X-GHL-Signature"]), got.body) is None
        assert "X-WH-Signature" not in got.headers
    assert results == [Delivery(one.type, one.webhook_id, (200,)) for one in waiting]
    assert all(one.delivered for one in results)
    assert fake.outbox == ()
    assert await fake.deliver() == []


async def test_webhooks_may_be_delayed(receiver) -> None:
    """Some stay in the outbox, and come after later ones; in the end all have come."""
    fake = filled(receiver, 20)
    sent = ids(fake)
    first = await fake.deliver(delayed=0.5)
    late = ids(fake)
    fake.emit("Later")
    everything = [*first, *await fake.deliver()]

    assert 0 < len(late) < 20
    assert [one.webhook_id for one in first] == [one for one in sent if one not in late]
    assert sorted(one.webhook_id for one in everything[:20]) == sorted(sent)
    assert everything[-1].type == "Later"
    assert fake.outbox == ()
    assert await fake.deliver(delayed=1.0) == []


@pytest.mark.parametrize("bad", [500, 429, 404, 302, None])
async def test_anything_but_a_2xx_is_sent_again(receiver, bad) -> None:
    """The same bytes under the same id come again until they are taken."""
    fake = filled(receiver, 1)
    receiver.answers(bad, bad, 204)
    (result,) = await fake.deliver()

    assert result.statuses == (bad, bad, 204)
    assert result.delivered
    assert len({(got.body, got.headers["X-GHL-Signature"]) for got in receiver.got}) == 1
    assert len(receiver.got) == 3
    assert fake.stats.webhooks == {"Type0": 3}


async def test_a_webhook_is_given_up(receiver) -> None:
    """After twelve attempts, or as many as are asked for, it is dropped and reported."""
    fake = filled(receiver, 1)
    receiver.answers(503)
    (long,) = await fake.deliver()
    fake.emit("Another")
    (short,) = await fake.deliver(attempts=2)

    assert long.statuses == (503,) * 12
    assert short.statuses == (503,) * 2
    assert not long.delivered
    assert not short.delivered
    assert fake.outbox == ()


async def test_others_do_not_wait_for_a_retry(receiver) -> None:
    """What failed comes again after all the others had their turn."""
    fake = filled(receiver)
    first, second, third = ids(fake)
    receiver.answers(500, 200)
    results = await fake.deliver()

    assert receiver.ids == [first, second, third, first]
    assert [one.webhook_id for one in results] == [first, second, third]
    assert [one.statuses for one in results] == [(500, 200), (200,), (200,)]


async def test_nobody_listening_is_no_answer(unused_tcp_port: int) -> None:
    """A refused connection is an attempt without a status."""
    fake = FakeHighLevel(webhook_url=f"http://127.0.0.1:{unused_tcp_port}")
    fake.emit("A")

    assert (await fake.deliver(attempts=2))[0].statuses == (None, None)


async def test_an_answer_that_does_not_come_is_not_awaited(receiver, monkeypatch) -> None:
    """A receiver that takes too long has not answered."""
    monkeypatch.setattr(outbox, "_ANSWER_WITHIN", aiohttp.ClientTimeout(total=0.05))
    fake, done = filled(receiver, 1), asyncio.Event()

    async def hang(_: object) -> int:
        await done.wait()
        return 200

    receiver.answer = hang
    (result,) = await fake.deliver(attempts=1)
    done.set()

    assert result.statuses == (None,)


async def test_duplicates_come_on_top(receiver) -> None:
    """Every webhook may come twice, with the same id and bytes, though it was taken."""
    fake = filled(receiver)
    first, second, third = ids(fake)
    results = await fake.deliver(duplicates=1.0, attempts=1)

    assert receiver.ids == [first, first, second, second, third, third]
    assert len({got.body for got in receiver.got}) == 3
    assert [one.statuses for one in results] == [(200, 200)] * 3


async def test_a_duplicate_of_what_was_taken_is_not_retried(receiver) -> None:
    """Once it was taken, the failure of a duplicate changes nothing."""
    fake = filled(receiver, 1)
    receiver.answers(200, 500)
    (result,) = await fake.deliver(duplicates=1.0)

    assert (result.statuses, result.delivered) == ((200, 500), True)


async def test_disorder_and_chance_follow_the_seed(receiver) -> None:
    """The same seed shuffles and repeats alike, another one otherwise; nothing is lost."""
    orders = []
    for seed in (0, 0, 1):
        fake = filled(receiver, 30, seed=seed)
        numbers = {event.webhook_id: number for number, event in enumerate(fake.outbox)}
        receiver.got.clear()
        results = await fake.deliver(duplicates=0.3, disorder=True)
        orders.append([numbers[one] for one in receiver.ids])
        assert [one.webhook_id for one in results] == list(numbers)

    assert orders[0] == orders[1] != orders[2]
    for order in orders:
        assert set(order) == set(range(30))
        assert 30 < len(order) < 60
        assert order not in (sorted(order), sorted(order, reverse=True))


@pytest.mark.parametrize("concurrency", [1, 3])
async def test_so_many_are_under_way_at_once(receiver, concurrency: int) -> None:
    """As many webhooks are sent at once as are asked for, and no more."""
    fake, most, now = filled(receiver, 9), 0, 0
    together = asyncio.Event()

    async def answer(_: object) -> int:
        nonlocal most, now
        now += 1
        most = max(most, now)
        if now == concurrency:
            together.set()
        await together.wait()
        await asyncio.sleep(0)
        now -= 1
        return 200

    receiver.answer = answer
    async with asyncio.timeout(10):
        results = await fake.deliver(concurrency=concurrency)

    assert most == concurrency
    assert [one.statuses for one in results] == [(200,)] * 9


async def test_what_a_delivery_brings_about_waits(receiver) -> None:
    """An event that the receiver causes is queued for the next delivery."""
    fake = filled(receiver, 1)

    async def write(_: object) -> int:
        fake.add_note(fake.contact_ids()[0])
        return 200

    receiver.answer = write
    first = await fake.deliver()
    receiver.answer = None
    second = await fake.deliver()

    assert [one.type for one in (*first, *second)] == ["Type0", "NoteCreate"]
    assert fake.outbox == ()


async def test_two_deliveries_share_the_work(receiver) -> None:
    """No webhook is sent by both of two deliveries at once."""
    fake = filled(receiver, 5)
    waiting = ids(fake)
    both = await asyncio.gather(fake.deliver(), fake.deliver())

    assert sorted(len(results) for results in both) == [0, 5]
    assert receiver.ids == waiting


async def test_a_broken_off_delivery_loses_nothing(receiver) -> None:
    """What was not taken when a delivery is cancelled waits again, with its attempts counted."""
    fake, reached = filled(receiver), asyncio.Event()
    first, second, third = ids(fake)

    async def answer(got) -> int:
        if got.json["number"] == 2:
            reached.set()
            await asyncio.Event().wait()
        return 200 if got.json["number"] else 500

    receiver.answer = answer
    task = asyncio.create_task(fake.deliver())
    await reached.wait()
    during = fake.outbox
    fake.emit("Late")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert during == ()
    assert [(one.webhook_id, one.attempts) for one in fake.outbox[:2]] == [(first, 1), (third, 0)]
    assert fake.outbox[2].type == "Late"
    assert receiver.ids == [first, second, third]


async def test_a_delivery_needs_an_address() -> None:
    """Without a URL it says what to set, and keeps what waits."""
    fake = FakeHighLevel()
    fake.emit("A")
    with pytest.raises(ValueError, match="webhook_url"):
        await fake.deliver()

    assert len(fake.outbox) == 1


@pytest.mark.parametrize(
    "wrong", [{"duplicates": 1.5}, {"duplicates": -0.1}, {"attempts": 0}, {"concurrency": 0}]
)
async def test_conditions_that_cannot_be(receiver, wrong: dict[str, float]) -> None:
    """A share is between 0 and 1, and at least one attempt is made, one at a time."""
    fake = filled(receiver)
    with pytest.raises(ValueError, match=next(iter(wrong))):
        await fake.deliver(**wrong)

    assert len(fake.outbox) == 3
    assert receiver.got == []


async def test_attempts_are_counted_by_type(receiver) -> None:
    """The counters tell how often each type was sent."""
    fake = filled(receiver, 2)
    fake.emit("Type1")
    receiver.answers(500, 200)
    await fake.deliver()

    assert fake.stats.webhooks == {"Type0": 2, "Type1": 2}


async def test_the_app_can_move(receiver) -> None:
    """What waits goes to where the app is when it is sent."""
    fake = filled(receiver, 1)
    fake.webhook_url = f"{receiver.url}?moved=1"

    assert (await fake.deliver())[0].delivered
