# ruff: noqa: ANN001 - fixtures, whose types live in conftest
"""An INSTALL or UNINSTALL is accepted once its own work is done, and comes again until then."""

import asyncio
from collections.abc import Callable

import pytest
from attrs import evolve

from ghl_notes.stores import MemoryStore
from ghl_notes.testing import Failure, FakeHighLevel
from ghl_notes.webhooks import Receipt, Webhooks, deliveries
from tests.keys import location_on
from tests.webhooks.conftest import Sender

SEEN = Receipt(200, "seen before")
LATER = Receipt(503, "try again later")
IMPATIENT = 0.02


class Counted(MemoryStore):
    """A store that counts what is remembered for a delivery under way, and may fail at it."""

    kept: int = 0
    failing: bool = False

    async def remember(self, name: str, *, seconds: float) -> None:
        """Remember, unless it shall fail."""
        if "webhook:" in name:
            self.kept += 1
            if self.failing:
                raise KeyError(name)
        await super().remember(name, seconds=seconds)


@pytest.fixture
def store(clock) -> Counted:
    """Give a store whose claims end by the clock."""
    return Counted(clock=clock)


@pytest.fixture
def processes(build, listen, agency, store) -> tuple[Webhooks, Webhooks]:
    """Give two receivers on one store, as of two processes."""
    return tuple(listen(one, patience=IMPATIENT) for one in (agency, build(store=store)))


@pytest.fixture
def webhooks(processes) -> Webhooks:
    """Give the first."""
    return processes[0]


@pytest.fixture
def go(fake: FakeHighLevel) -> Callable[..., None]:
    """Hold every mint up until this is called, with what it shall meet then."""
    gone, met = asyncio.Event(), []

    async def hold(request) -> Failure | None:
        if request.kind != "mint" or request.phase != "arrived":
            return None
        await gone.wait()
        return met[0] if met else None

    def let(*failures: Failure) -> None:
        met[:] = failures
        gone.set()

    fake.on_token = hold
    return let


def installing(send: Sender) -> dict[str, str]:
    return {"type": "INSTALL", "companyId": send.fake.company_id}


async def ended(webhooks: Webhooks) -> None:
    """Wait until a receiver has nothing at work."""
    async with asyncio.timeout(10):
        while running := list(webhooks._handling._running.values()):
            await asyncio.wait([one.task for one in running])


async def test_a_slow_install_comes_again_until_it_is_done(send, processes, handler, go) -> None:
    """While a token is asked for nobody says 2xx, here or elsewhere; then the event is handled."""
    first = await send(**installing(send))
    again = await send(**installing(send))
    elsewhere = await Sender(send.fake, processes[1])(**installing(send))
    early = list(handler.got)
    go()
    await ended(send.webhooks)
    after = [await Sender(send.fake, one)(**installing(send)) for one in processes]

    assert [first, again, elsewhere, early] == [LATER, LATER, LATER, []]
    assert after == [SEEN, SEEN]
    assert handler.types == ["INSTALL"]
    assert send.fake.stats.mints == 1


@pytest.mark.parametrize("where", [0, 1])
@pytest.mark.parametrize(
    "failure",
    [
        Failure(status=503, message="Service Unavailable"),
        Failure(status=429, message="Too many requests", headers={"retry-after": "1"}),
    ],
    ids=lambda one: str(one.status),
)
async def test_an_install_that_fails_late_is_handled_when_it_comes_again(
    send, processes, handler, agency, go, failure, where
) -> None:
    """A HighLevel that fails after ``patience`` was not answered for: the repetition does it."""
    first = await send(**installing(send))
    go(failure)
    await ended(send.webhooks)
    early, send.fake.on_token = list(handler.got), None
    agency._installs.location(send.fake.location_id).recovery._failure.forget()  # its pause is over
    send.webhooks = processes[where]
    await send(**installing(send))
    await ended(send.webhooks)
    after = await send(**installing(send))

    assert (first, early, after) == (LATER, [], SEEN)
    assert handler.types == ["INSTALL"]
    assert await agency.find(location_id=send.fake.location_id) is not None


@pytest.mark.parametrize("frees_in_time", [True, False])
async def test_an_uninstall_waits_for_who_holds_the_install(
    send, handler, agency, store, frees_in_time
) -> None:
    """The token of a customer who left is forgotten, now or by a repetition, and the app told."""
    await agency.mint(send.fake.location_id)
    store._hold_timeout = 60.0 if frees_in_time else 2 * IMPATIENT
    gone = {"type": "UNINSTALL", "timestamp": "2100-01-01T00:00:00Z"}
    async with store.hold(location_on(send.fake)):
        first = await send(**gone)
        if not frees_in_time:
            await ended(send.webhooks)
    await ended(send.webhooks)
    early = list(handler.types)
    await send(**gone)
    await ended(send.webhooks)

    assert first == LATER
    assert early == (["UNINSTALL"] if frees_in_time else [])
    assert await send(**gone) == SEEN
    assert handler.types == ["UNINSTALL"]
    assert await agency.find(location_id=send.fake.location_id) is None


async def test_a_slow_handler_of_an_install_is_accepted(send, handler, agency) -> None:
    """Once its own work is done, only the app's handler is left: that goes on, and is answered."""
    go = asyncio.Event()

    async def wait(_: object) -> None:
        await go.wait()

    handler.act = wait
    told = {"type": "INSTALL"}
    accepted, again = await send(**told), await send(**told)
    go.set()
    await ended(send.webhooks)

    assert (accepted, again) == (Receipt(202, "accepted", handler.got[0]), Receipt(202, SEEN.text))
    assert await send(**told) == SEEN
    assert handler.types == ["INSTALL"]


async def test_an_install_is_handled_once_its_handler_was_called(send, handler, store, go) -> None:
    """Where the claim could not be renewed for the handler, the repetition is handed on."""
    store.failing = True
    go()
    with pytest.raises(KeyError):
        await send(**installing(send))
    early = list(handler.got)
    store.failing = False
    again = await send(**installing(send))

    assert early == []
    assert (again.text, handler.types) == ("handled", ["INSTALL"])


@pytest.mark.parametrize("told", ["INSTALL", "UNINSTALL", "NoteCreate"])
async def test_what_is_cancelled_in_its_handler_comes_again(send, handler, go, told) -> None:
    """A handler that is cut off, as at the end of a program, has not handled the event."""

    async def cut_off(_: object) -> None:
        raise asyncio.CancelledError

    go()
    handler.act = cut_off
    cut = await send(**{**installing(send), "type": told})
    handler.act = None
    again = await send(**{**installing(send), "type": told})

    assert (cut.status, again.text) == (500, "handled")
    assert handler.types == [told] * 2


@pytest.mark.parametrize("failing", [False, True])
async def test_a_claim_lasts_while_an_install_is_at_work(
    send, processes, handler, go, clock, store, until, monkeypatch, failing
) -> None:
    """However long it takes, no other process handles it as well, nor while the handler runs."""
    monkeypatch.setattr(deliveries, "_KEEP_EVERY", 0.001)
    finish = asyncio.Event()

    async def wait(_: object) -> None:
        await finish.wait()

    handler.act, elsewhere = wait, Sender(send.fake, processes[1])
    await send(**installing(send))
    store.failing = failing
    await until(lambda: store.kept > 2)
    store.failing = False
    for _ in range(3):
        clock.now += 50
        seen = store.kept
        await until(lambda seen=seen: store.kept > seen + 1)
    meanwhile = await elsewhere(**installing(send))
    monkeypatch.setattr(deliveries, "_KEEP_EVERY", 3600)
    seen = store.kept
    await until(lambda: store.kept > seen)  # for the last time
    clock.now += 50
    go()
    await until(lambda: handler.got)
    clock.now += 50
    while_handled = await elsewhere(**installing(send))
    finish.set()
    await ended(send.webhooks)

    assert (meanwhile, while_handled) == (LATER, LATER)
    assert await elsewhere(**installing(send)) == SEEN
    assert handler.types == ["INSTALL"]


async def test_what_another_process_has_handled_meanwhile_is_not_handled_twice(
    send, processes, handler, go, clock
) -> None:
    """Where a claim ended, as of a process that was stopped, two are at it, and one handles it."""
    await send(**installing(send))
    clock.now += 61
    other = asyncio.create_task(Sender(send.fake, processes[1])(**installing(send)))
    await asyncio.sleep(0)
    go()
    await ended(processes[1])
    await other
    await ended(send.webhooks)

    assert await send(**installing(send)) == SEEN
    assert handler.types == ["INSTALL"]


async def test_a_claim_that_ended_is_not_taken_from_who_has_it_now(
    send, processes, handler, go, clock
) -> None:
    """One that was stopped for longer than its claim leaves the event to the other process."""
    finish = asyncio.Event()

    async def wait(_: object) -> None:
        await finish.wait()

    for one in processes:
        one._handling.deliveries = evolve(one._handling.deliveries, monotonic=clock)
    handler.act, elsewhere = wait, Sender(send.fake, processes[1])
    slow = await send(**installing(send))
    clock.now += 61
    other = await elsewhere(**installing(send))
    go()
    try:
        await asyncio.wait_for(ended(processes[0]), 5)
        while_handled = await send(**installing(send))
    finally:  # or closing would wait for the handler
        finish.set()
    await ended(processes[1])

    assert (slow, other, while_handled) == (LATER, LATER, LATER)
    assert handler.types == ["INSTALL"]
    assert await send(**installing(send)) == SEEN
