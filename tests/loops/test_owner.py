# ruff: noqa: ANN001, ANN003, ANN201 - fixtures and generators, as in the conftest of the flows
"""A client belongs to one event loop: it works anew when that is closed, and says so before."""

import asyncio
import gc
import threading
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import aiohttp
import pytest

from ghl_notes import App, Client, HighLevel, Limits, RetryPolicy
from ghl_notes.errors import ConfigurationError, HighLevelError
from ghl_notes.http.gate import Gate
from ghl_notes.sources.cinnox import CinnoxNotes
from ghl_notes.sources.close import CloseNotes
from ghl_notes.stores import MemoryStore, SQLiteStore
from ghl_notes.testing import FakeCinnox, FakeClose, FakeHighLevel, Fault
from ghl_notes.webhooks import Webhooks

ELSEWHERE = "another event loop"
QUICK = RetryPolicy(base=0)


class Served:
    """Fakes that live in an event loop and a thread of their own."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever)
        self._thread.start()
        self._open = []

    def do(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(10)

    def start(self, kind=FakeHighLevel, **options):
        fake = kind(**{"limit": None, **options})
        self._open.append(self.do(fake.__aenter__()))
        return fake

    def end(self) -> None:
        for fake in self._open:
            self.do(fake.__aexit__(None, None, None))
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


@pytest.fixture
def served() -> Iterator[Served]:
    """Serve fakes beside the loops of the test."""
    serving = Served()
    yield serving
    serving.end()


@pytest.fixture(autouse=True)
def untidy() -> Iterator[None]:
    """Let a loop end before its client is closed, which asyncio tells of when it cleans up."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        yield
        gc.collect()


@pytest.fixture
def other_loop() -> Iterator[Callable]:
    """Run something in another thread, in a loop that stays open until the end of the test."""
    with ThreadPoolExecutor(1) as pool:
        loop = asyncio.new_event_loop()
        yield lambda coroutine: pool.submit(loop.run_until_complete, coroutine).result(10)
        pool.submit(loop.close).result(10)


def connect(fake, **options) -> Client:
    """Make a client of a pretend HighLevel."""
    return Client(fake.private_token, base_url=fake.url, **{"retries": QUICK, **options})


async def install(fake, highlevel) -> Client:
    """Install the app, and give the client of the location."""
    await highlevel.install(fake.authorize_code())
    return highlevel.location(fake.location_id)


def made(fake, **options) -> HighLevel:
    """Make the app of a pretend HighLevel."""
    registered = fake.app
    app = App(
        client_id=registered.client_id,
        client_secret=registered.client_secret,
        redirect_uri=registered.redirect_uri,
    )
    return HighLevel(app, base_url=fake.url, **{"retries": QUICK, **options})


async def at_once(calls) -> list:
    """Make calls side by side."""
    return await asyncio.gather(*calls)


async def expired(fake) -> None:
    """Let the access tokens of a pretend HighLevel end, in its own loop."""
    fake.expire_access_tokens()


async def handle(event: object) -> None:
    """Take an event, and do nothing."""


async def collected(stream) -> list:
    """Read a stream to its end."""
    return [one async for one in stream]


def test_a_client_outlives_its_loop(served) -> None:
    """Objects of a module serve one ``asyncio.run`` after the other, and are closed in a third."""
    fake = served.start()
    client, ids = connect(fake), fake.contact_ids()
    for _ in range(3):
        assert len(asyncio.run(client.notes.list(ids[0]))) == 5
        results = asyncio.run(collected(client.notes.stream(ids)))
        assert [one.error for one in results] == [None] * len(ids)
    asyncio.run(client.close())
    asyncio.run(client.close())
    with pytest.raises(ConfigurationError, match="closed"):
        asyncio.run(client.notes.list(ids[0]))


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_an_app_outlives_its_loop(served, tmp_path, kind) -> None:
    """Installs, renewals, mints and webhooks of an app go on in the next loop, with its store."""
    fake = served.start()
    store = MemoryStore() if kind == "memory" else SQLiteStore(tmp_path / "installs.db")
    highlevel = made(fake, store=store)
    client = asyncio.run(install(fake, highlevel))
    for _ in range(3):
        served.do(expired(fake))
        lists = asyncio.run(at_once(client.notes.list(fake.contact_ids()[0]) for _ in range(20)))
        assert [len(notes) for notes in lists] == [5] * 20
    assert fake.stats.refreshes == 3
    (health,) = asyncio.run(collected(highlevel.tend(idle_days=0)))
    assert health.state == "renewed"
    asyncio.run(highlevel.close())


def test_mints_of_an_app_go_on_in_the_next_loop(served) -> None:
    """What bounds how many are minted at once is of the loop in which they wait."""
    fake = served.start(locations=12, latency=0.01)
    highlevel = made(fake)
    asyncio.run(highlevel.install(fake.authorize_code(company=True)))
    for half in (fake.location_ids[:6], fake.location_ids[6:]):
        calls = [highlevel.location(one).notes.list(fake.contact_ids(one)[0]) for one in half]
        assert len(asyncio.run(at_once(calls))) == 6
    asyncio.run(highlevel.close())


def test_an_app_is_one_loop_s(served, other_loop) -> None:
    """Another thread may neither install, renew, tend nor close, and is told so at once."""
    fake = served.start()
    highlevel = made(fake)

    async def here() -> None:
        client = await install(fake, highlevel)
        calls = [
            lambda: highlevel.install(fake.authorize_code()),
            lambda: client.notes.list(fake.contact_ids()[0]),
            lambda: highlevel.forget(location_id=fake.location_id),
            lambda: Webhooks(highlevel, handle).close(),
            highlevel.close,
        ]
        for call in calls:
            with pytest.raises(ConfigurationError, match=ELSEWHERE):
                other_loop(call())
        assert len(await client.notes.list(fake.contact_ids()[0])) == 5
        await highlevel.close()

    asyncio.run(here())


def test_a_webhook_is_taken_in_by_the_next_loop(served) -> None:
    """What a receiver had at work in a loop that is closed does not stand in its way."""
    fake = served.start()
    highlevel = made(fake)
    asyncio.run(install(fake, highlevel))
    webhooks = Webhooks(highlevel, handle)
    for _ in range(2):
        assert asyncio.run(webhooks.receive({}, b"{}")).status == 401
    asyncio.run(webhooks.close())
    asyncio.run(highlevel.close())


def test_a_contested_lock_is_free_in_the_next_loop(served) -> None:
    """Sources ask once for what many notes need, in each loop."""
    fake = served.start(FakeCinnox)
    source = CinnoxNotes(
        base_url=fake.url, app_id=fake.app_id, app_token=fake.app_token, retries=QUICK
    )
    note = asyncio.run(collected(source.notes()))[0]
    for _ in range(2):
        source._contacts = None
        found = asyncio.run(at_once(source.contacts_of(note) for _ in range(5)))
        assert len(set(found)) == 1
    asyncio.run(source.close())


def test_sources_outlive_their_loops(served) -> None:
    """What reads from Close and CINNOX does the same."""
    close, cinnox = served.start(FakeClose, limit=9_999), served.start(FakeCinnox)
    sources = [
        CloseNotes(close.api_key, base_url=close.url, retries=QUICK),
        CinnoxNotes(
            base_url=cinnox.url, app_id=cinnox.app_id, app_token=cinnox.app_token, retries=QUICK
        ),
    ]
    for source in sources:
        first = asyncio.run(collected(source.notes()))
        assert first
        assert len(asyncio.run(collected(source.notes()))) == len(first)
        asyncio.run(source.close())


def test_another_thread_is_told_at_once(served, other_loop) -> None:
    """While the first loop lives, no call of another hangs, and its streams say why."""
    fake = served.start()
    client, contact_id = connect(fake), fake.contact_ids()[0]

    async def here() -> None:
        await client.notes.list(contact_id)
        with pytest.raises(ConfigurationError, match="one client for each event loop"):
            other_loop(client.notes.list(contact_id))
        with pytest.raises(ConfigurationError, match=ELSEWHERE):
            other_loop(client.close())
        (result,) = other_loop(collected(client.notes.stream([contact_id])))
        assert ELSEWHERE in str(result.error)
        assert len(await client.notes.list(contact_id)) == 5
        await client.close()

    asyncio.run(here())


def test_threads_that_begin_together_have_one_owner(served) -> None:
    """Of many threads one gets the client; each of the others gets an answer or its error."""
    fake = served.start(latency=0.01)
    client, contact_id = connect(fake), fake.contact_ids()[0]
    barrier, outcomes = threading.Barrier(8), []

    def work() -> None:
        async def five() -> None:
            barrier.wait()
            for _ in range(5):
                await client.notes.list(contact_id)

        try:
            asyncio.run(five())
            outcomes.append("ok")
        except HighLevelError as error:
            outcomes.append(ELSEWHERE if ELSEWHERE in str(error) else repr(error))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    asyncio.run(client.close())

    assert len(outcomes) == 8
    assert set(outcomes) <= {"ok", ELSEWHERE}
    assert "ok" in outcomes


def test_a_borrowed_session_of_another_loop_is_refused(served) -> None:
    """Its requests would hang or fail for no visible reason, in a loop that is closed or not."""
    fake, sessions = served.start(), []

    async def make() -> None:
        sessions.append(aiohttp.ClientSession())

    async def use() -> None:
        client = connect(fake, session=sessions[0])
        with pytest.raises(ConfigurationError, match="session"):
            await client.notes.list(fake.contact_ids()[0])
        await client.close()
        await sessions[0].close()

    asyncio.run(make())
    asyncio.run(use())


def test_a_stream_is_not_gone_on_with_elsewhere(served) -> None:
    """Its workers live in the loop that began it, so another one gets an error, and no wait."""
    fake = served.start()
    client = connect(fake)
    first, second = asyncio.new_event_loop(), asyncio.new_event_loop()
    stream = client.notes.stream(fake.contact_ids(), concurrency=2)
    assert first.run_until_complete(anext(stream)).error is None
    with pytest.raises(ConfigurationError, match=ELSEWHERE):
        second.run_until_complete(anext(stream))
    first.run_until_complete(client.close())
    for loop in (first, second):
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


def test_a_stream_of_a_closed_loop_says_to_begin_anew(served) -> None:
    """Its client may go on in the next loop, so the error does not ask for another client."""
    fake = served.start()
    client, first = connect(fake), asyncio.new_event_loop()
    stream = client.notes.stream(fake.contact_ids(), concurrency=1)
    first.run_until_complete(anext(stream))
    first.run_until_complete(client.notes.list(fake.contact_ids()[0]))  # the worker waits again
    for worker in asyncio.all_tasks(first):
        worker.cancel()
    first.run_until_complete(asyncio.sleep(0))
    first.close()

    with pytest.raises(ConfigurationError, match="begin a new one in this loop") as raised:
        asyncio.run(anext(stream))
    assert "still open" not in str(raised.value)
    assert len(asyncio.run(collected(client.notes.stream(fake.contact_ids())))) == 10
    asyncio.run(client.close())


def test_a_create_of_a_dropped_loop_does_not_hold_up_the_next(served) -> None:
    """A note of the same text is written, though the frame that wrote the first was never ended."""
    fake = served.start(slow=30.0)
    client, contact_id = connect(fake, timeout=5.0), fake.contact_ids()[0]
    fake.inject(Fault.SLOW, 1)
    loop = asyncio.new_event_loop()
    call = loop.create_task(client.notes.create(contact_id, "Text"))
    loop.run_until_complete(asyncio.sleep(0.2))
    loop.close()

    async def next_create() -> str:
        async with asyncio.timeout(3):
            return (await client.notes.create(contact_id, "Text")).text

    assert asyncio.run(next_create()) == "Text"
    assert not call.done()
    call._log_destroy_pending = False
    del call
    gc.collect()
    asyncio.run(client.close())


def test_a_loop_that_ends_in_the_middle_leaves_nothing_behind(served) -> None:
    """Calls that wait for a slot or a reply end with their loop, and do not hold up the next."""
    fake = served.start(slow=30.0, limit=2, interval=0.2)
    client, contact_id = connect(fake, timeout=0.5), fake.contact_ids()[0]

    async def leave() -> None:
        await client.notes.list(contact_id)
        fake.inject(Fault.SLOW, 2)
        calls = [asyncio.create_task(client.notes.list(contact_id)) for _ in range(10)]
        await asyncio.sleep(0.3)
        assert not all(call.done() for call in calls)

    for _ in range(3):
        asyncio.run(leave())
        fake.clear_faults()
        assert len(asyncio.run(client.notes.list(contact_id))) == 5
    asyncio.run(client.close())


def test_a_loop_that_is_dropped_in_the_middle_is_survived(served) -> None:
    """Even if nobody ended its tasks; what they return when they are swept up counts no more."""
    fake = served.start(slow=30.0, limit=2, interval=0.2)
    client, contact_id = connect(fake, timeout=0.5), fake.contact_ids()[0]
    fake.inject(Fault.SLOW, 1)
    loop = asyncio.new_event_loop()
    call = loop.create_task(client.notes.list(contact_id))
    loop.run_until_complete(asyncio.sleep(0.2))
    loop.close()

    assert len(asyncio.run(client.notes.list(contact_id))) == 5
    call._log_destroy_pending = False
    del call
    gc.collect()
    for _ in range(4):
        assert len(asyncio.run(client.notes.list(contact_id))) == 5
    asyncio.run(client.close())


class Clocked(asyncio.SelectorEventLoop):
    """A loop whose clock begins where it is told to."""

    offset = 0.0

    def time(self) -> float:
        return super().time() + self.offset


@pytest.mark.parametrize("offset", [0.0, -1e6, 1e6])
def test_the_limit_is_one_over_all_loops(offset: float) -> None:
    """What one loop has sent counts in the next, whose clock may have begun anywhere."""
    gate = Gate(Limits(burst=2, interval=0.3), longest=60.0, observer=None)

    async def send(most: int) -> float:
        loop = asyncio.get_running_loop()
        began = loop.time()
        for _ in range(most):
            gate.answered(await gate.slot(), None, ok=True)
        return loop.time() - began

    assert asyncio.run(send(2)) < 0.2
    loop = Clocked()
    loop.offset = offset
    waited = loop.run_until_complete(asyncio.wait_for(send(1), 5))
    loop.close()

    assert waited < 1.0
    assert waited > 0.1 or offset > 0
