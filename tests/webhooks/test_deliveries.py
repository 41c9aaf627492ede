# ruff: noqa: ANN001 - parameters are fixtures, whose types live in conftest
"""Each event is handled once, and none is taken for handled that is not."""

import asyncio
import json
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from ghl_notes.stores import MemoryStore, SQLiteStore, TokenStore
from ghl_notes.webhooks import Receipt, Webhooks
from tests.webhooks.conftest import Handler

SEEN = Receipt(200, "seen before")
LATER = Receipt(503, "try again later")
WEEK = 7 * 86_400


async def fail(_: object) -> None:
    """Be an app's handler with a bug, whose error quotes the event."""
    raise ValueError("Spoke with Jane")


async def test_a_repetition_is_not_handed_on(send, handler, clock) -> None:
    """The id of an event tells its repetition, whatever else is in it, for a week."""
    first = await send()
    again = [await send(), await send(body="Spoke with Tom"), await send(timestamp=None)]
    clock.now += WEEK - 1
    last = await send()
    clock.now += 120
    forgotten = await send()

    assert (first.status, forgotten.status) == (200, 200)
    assert [*again, last] == [SEEN] * 4
    assert handler.got == [first.event, forgotten.event]


async def test_other_ids_are_other_events(send, handler) -> None:
    """Two notes with the same text are two events."""
    assert [(await send(webhookId=one)).text for one in ("a", "b")] == ["handled"] * 2
    assert len(handler.got) == 2


@pytest.mark.parametrize("odd", [None, "", 5, ["a"]])
async def test_without_an_id_the_body_stands_for_it(send, handler, odd) -> None:
    """The same bytes are the same event, other bytes another one."""
    receipts = [await send(webhookId=odd, body=body) for body in ("a", "a", "b")]

    assert [one.text for one in receipts] == ["handled", "seen before", "handled"]
    assert [event.body for event in handler.got] == ["a", "b"]


@pytest.mark.parametrize("odd", ["\ud800", "a" * 100_000, "\x00", "'; --", "é"])
async def test_an_odd_id_is_an_id(send, listen, build, fake, tmp_path, odd) -> None:
    """Any text tells a repetition, in any store."""
    highlevel = build(store=SQLiteStore(tmp_path / "installs.db"))
    await highlevel.install(fake.authorize_code())
    send.webhooks = listen(highlevel)

    assert [(await send(webhookId=odd)).text for _ in "ab"] == ["handled", "seen before"]


async def test_a_refused_event_is_not_remembered(send, handler, highlevel, fake) -> None:
    """What was refused for its location gets in by a later delivery, once that is known."""
    where = fake.location_ids[1]
    refused = await send(locationId=where)
    await highlevel.install(fake.authorize_code(where))
    taken = await send(locationId=where)

    assert (refused.status, taken.status) == (403, 200)
    assert len(handler.got) == 1


async def test_a_handler_that_raises_gets_the_event_again(send, handler, caplog) -> None:
    """The failure is answered with 500 and told without its words; the next delivery gets in."""
    handler.act = fail
    failed = [await send(), await send()]
    handler.act = None
    taken = await send()

    assert [(one.status, one.text) for one in failed] == [(500, "failed")] * 2
    assert taken.text == "handled"
    assert len(handler.got) == 3
    assert caplog.text.count("ValueError at ") == 2
    assert "5f0b1d0e-9a3c-4d75-8d0e-7b1b5a1f2c3d" in caplog.text
    assert Path(__file__).name in caplog.text
    assert "Jane" not in caplog.text


async def test_an_id_that_is_none_is_not_logged(send, handler, caplog) -> None:
    """What a failure is logged with is an id as HighLevel makes them, or our own name for it."""
    handler.act = fail
    await send(webhookId="Spoke with\nJane")

    assert "ValueError" in caplog.text
    assert "Spoke" not in caplog.text


@pytest.mark.parametrize("wrong", [lambda _: None, lambda _: 1 // 0])
async def test_a_handler_that_is_not_async(send, listen, highlevel, wrong, caplog) -> None:
    """A plain function fails in the same way as any other handler."""
    send.webhooks = listen(highlevel, wrong)

    assert (await send()).status == 500
    assert "Error at" in caplog.text


async def test_a_slow_handler_goes_on_in_the_background(
    send, listen, highlevel, handler, until
) -> None:
    """HighLevel is answered in time; closing waits for what still runs, which is then done."""
    go = asyncio.Event()

    async def wait(_: object) -> None:
        await go.wait()
        finished.append(1)

    handler.act, finished = wait, []
    send.webhooks = listen(highlevel, patience=0.01)
    first = await send()
    meanwhile = await send()
    closing = asyncio.create_task(send.webhooks.close())
    await asyncio.sleep(0)
    still = (closing.done(), list(finished))
    go.set()
    await closing
    send.webhooks = listen(highlevel)
    after = await send()

    assert first == Receipt(202, "accepted", handler.got[0])
    assert meanwhile == Receipt(202, "seen before")
    assert still == (False, [])
    assert finished == [1]
    assert after == SEEN
    assert len(handler.got) == 1


async def test_a_failure_in_the_background_is_logged(
    send, listen, highlevel, handler, caplog
) -> None:
    """After the answer only the log can tell; a delivery by hand gets in."""
    go = asyncio.Event()

    async def wait_and_fail(event: object) -> None:
        await go.wait()
        await fail(event)

    handler.act = wait_and_fail
    send.webhooks = listen(highlevel, patience=0)
    accepted = await send()
    quiet = caplog.text
    go.set()
    await send.webhooks.close()
    handler.act, send.webhooks = None, listen(highlevel)
    again = await send()

    assert (accepted.status, quiet) == (202, "")
    assert "ValueError at" in caplog.text
    assert again.text == "handled"


async def test_a_sender_that_hangs_up_stops_nothing(
    send, listen, highlevel, handler, until
) -> None:
    """Cancelling the request leaves the handler alone, and what it did is remembered."""
    go = asyncio.Event()

    async def wait(_: object) -> None:
        await go.wait()

    handler.act = wait
    request = asyncio.create_task(send())
    await until(lambda: handler.got)
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    go.set()
    await send.webhooks.close()
    send.webhooks = listen(highlevel)

    assert await send() == SEEN
    assert len(handler.got) == 1


async def test_a_handler_that_is_cancelled_gets_the_event_again(send, handler) -> None:
    """A cancellation inside the handler, as by a loop that ends, is a failure like any other."""

    async def cancelled(_: object) -> None:
        asyncio.current_task().cancel()
        await asyncio.sleep(0)

    handler.act = cancelled
    failed = await send()
    handler.act = None
    taken = await send()

    assert (failed.status, taken.text) == (500, "handled")


async def test_many_at_once_in_one_process(send, handler, until) -> None:
    """Of twenty deliveries side by side one is handled, and the others wait for how it ends."""
    go = asyncio.Event()

    async def wait(_: object) -> None:
        await go.wait()

    handler.act = wait
    tasks = [asyncio.create_task(send()) for _ in range(20)]
    await until(lambda: handler.got)
    early = [task.done() for task in tasks]
    go.set()
    receipts = await asyncio.gather(*tasks)

    assert not any(early)
    assert sorted(one.text for one in receipts) == ["handled"] + ["seen before"] * 19
    assert {one.status for one in receipts} == {200}
    assert len(handler.got) == 1


async def test_a_failure_is_no_news_of_success(send, handler, until) -> None:
    """Who waits beside a handler that fails is not told that it was seen."""
    go = asyncio.Event()

    async def wait_and_fail(event: object) -> None:
        await go.wait()
        await fail(event)

    handler.act = wait_and_fail
    first = asyncio.create_task(send())
    await until(lambda: handler.got)
    second = asyncio.create_task(send())
    await asyncio.wait({second}, timeout=0.05)
    go.set()
    receipts = await asyncio.gather(first, second)

    assert [one.status for one in receipts] == [500, 500]
    assert receipts[1].event is None


Opening = Callable[[], TokenStore]
Pair = Callable[..., Awaitable[tuple[Webhooks, Webhooks]]]


@pytest.fixture(params=["memory", "sqlite"])
def opening(request, tmp_path, clock) -> Opening:
    """Give a way to open one and the same store, as another process would."""
    if request.param == "sqlite":
        return lambda: SQLiteStore(tmp_path / "installs.db", clock=clock)
    store = MemoryStore(clock=clock)
    return lambda: store


@pytest.fixture
def pair(fake, build, listen, opening) -> Pair:
    """Make two receivers with a store in common and one handler."""

    async def make(**options: float) -> tuple[Webhooks, Webhooks]:
        one, other = build(store=opening()), build(store=opening())
        await one.install(fake.authorize_code())
        return listen(one, **options), listen(other, **options)

    return make


async def test_two_processes_handle_it_once(send, pair, handler, fake) -> None:
    """However a hundred events and their repetitions fall on two processes, each is handled."""
    receivers = await pair()
    bodies = [send.event(webhookId=str(number)) for number in range(100)]
    receipts = await asyncio.gather(
        *(one.receive(fake.sign(body), body) for body in bodies for one in receivers)
    )

    assert {one.status for one in receipts} == {200}
    assert sorted(one.text for one in receipts) == ["handled"] * 100 + ["seen before"] * 100
    assert sorted(event.webhook_id for event in handler.got) == sorted(map(str, range(100)))


async def test_another_process_waits_for_the_outcome(send, pair, handler, fake, until) -> None:
    """What another process is at is not called seen before it is done; then it is."""
    first, second = await pair()
    body, go = send.event(), asyncio.Event()

    async def wait(_: object) -> None:
        await go.wait()

    handler.act = wait
    one = asyncio.create_task(first.receive(fake.sign(body), body))
    await until(lambda: handler.got)
    other = asyncio.create_task(second.receive(fake.sign(body), body))
    done, _ = await asyncio.wait({other}, timeout=0.1)
    go.set()

    assert done == set()
    assert (await one).text == "handled"
    assert await other == SEEN


async def test_another_process_takes_over_a_failure(send, pair, handler, fake, until) -> None:
    """While one process fails, the repetition that waits in the other is handled there."""
    first, second = await pair()
    body, go = send.event(), asyncio.Event()

    async def wait_and_fail(event: object) -> None:
        if len(handler.got) == 1:
            await go.wait()
            await fail(event)

    handler.act = wait_and_fail
    one = asyncio.create_task(first.receive(fake.sign(body), body))
    await until(lambda: handler.got)
    other = asyncio.create_task(second.receive(fake.sign(body), body))
    await asyncio.wait({other}, timeout=0.05)
    go.set()

    assert (await one).status == 500
    assert (await other).text == "handled"
    assert len(handler.got) == 2


async def test_what_another_process_takes_long_for_comes_again(
    send, pair, handler, fake, until
) -> None:
    """Nobody vouches for another process: after ``patience``, HighLevel is asked to come again."""
    first, second = await pair(patience=0.05)
    body, go = send.event(), asyncio.Event()

    async def wait(_: object) -> None:
        await go.wait()

    handler.act = wait
    accepted = await first.receive(fake.sign(body), body)
    later = await second.receive(fake.sign(body), body)
    go.set()
    await first.close()
    seen = await second.receive(fake.sign(body), body)

    assert (accepted.status, later, seen) == (202, LATER, SEEN)
    assert len(handler.got) == 1


async def test_a_process_that_dies_loses_no_event(
    send, build, listen, fake, handler, tmp_path
) -> None:
    """After a SIGKILL in the handler, deliveries are sent away until the claim ends, then let in.

    None of them is answered as done before it is.
    """
    path = tmp_path / "installs.db"
    highlevel = build(store=SQLiteStore(path))
    await highlevel.install(fake.authorize_code())
    body = send.event()
    names = ("client_id", "client_secret", "redirect_uri")
    orders = {
        "app": {name: getattr(fake.app, name) for name in names},
        "path": str(path),
        "key": fake.webhook_key,
        "headers": fake.sign(body),
        "body": body.decode(),
    }
    pipe = asyncio.subprocess.PIPE
    dying = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.webhooks.dying"),
        cwd=Path(__file__).parents[2],
        stdin=pipe,
    )
    await dying.communicate(json.dumps(orders).encode() + b"\n")
    early = await listen(highlevel, patience=0).receive(fake.sign(body), body)
    after = build(store=SQLiteStore(path, clock=lambda: time.time() + 61))
    late = [await listen(after).receive(fake.sign(body), body) for _ in "ab"]

    assert dying.returncode == -signal.SIGKILL
    assert early == LATER
    assert late == [Receipt(200, "handled", handler.got[0]), SEEN]
    assert len(handler.got) == 1


async def test_no_two_receivers_answer_for_each_other(pair, handler, fake, send) -> None:
    """Different handlers in two processes are one app: who comes first handles it."""
    first, second = await pair()
    other = Handler()
    second._on_event = other
    body = send.event()

    assert (await second.receive(fake.sign(body), body)).text == "handled"
    assert await first.receive(fake.sign(body), body) == SEEN
    assert (len(handler.got), len(other.got)) == (0, 1)
