"""What every store of installs promises; ``conftest`` names the stores that are held to it.

``opening`` gives one store as often as it is called, each time with the same options: the second
is to the first as another process is. ``store`` is one of them. Both begin empty.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime

import attrs
import pytest

from ghl_notes.errors import ConfigurationError, HighLevelError, Unavailable
from ghl_notes.models import Install, StoredInstall
from ghl_notes.oauth.forgotten import Forgotten
from ghl_notes.stores import Claims, Overtaken, TokenStore
from ghl_notes.webhooks.deliveries import Deliveries
from tests.stores.installs import KEY, count_of, count_on, delete, install, keys, save

Opening = Callable[..., TokenStore]


async def idle(store: TokenStore) -> None:
    """Let others go on for as long as a store takes to answer a few times."""
    for _ in range(5):
        await store.load("location:nobody")


# --- keeping --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"company_id": None, "scopes": ("contacts.readonly", "oauth.write"), "user_id": "u1"},
        {"user_type": "Company", "location_id": None},
        {"location_id": "l'; DROP TABLE installs; --\n\N{SNOWMAN} %s {0} * \\"},
        {"installed_at": datetime(2026, 7, 17, 10, 27, 18, 123_457, UTC)},
        {"spent_at": datetime(2026, 7, 18, tzinfo=UTC)},
        {"in_doubt_since": datetime(2026, 7, 18, 1, 2, 3, 456, UTC)},
        {"provider": "close", "client_id": "oa2client_1 /:%\N{SNOWMAN}"},
    ],
)
@pytest.mark.parametrize("refresh_token", ["r" * 5_000, "\N{SNOWMAN}", None])
async def test_what_is_saved_is_what_is_loaded(
    opening: Opening, facts: dict[str, object], refresh_token: str | None
) -> None:
    """Every fact and every secret of an install comes back as it was, to everyone."""
    plain = install()
    token = attrs.evolve(plain.token, refresh_token=refresh_token)
    stored = StoredInstall.of(attrs.evolve(plain.install, **facts), token)
    await save(opening(), stored)

    assert await opening().load(stored.install.key) == stored
    assert [one async for one in opening().list()] == [stored]


@pytest.mark.parametrize("odd", ["loc\0more", "loc\ud800", "\udfff"])
async def test_an_odd_id_is_kept_or_refused(store: TokenStore, odd: str) -> None:
    """An id that not every server can hold is never cut short, and never breaks anything."""
    stored = install(odd)
    try:
        await save(store, stored)
        found = await keys(store)
    except ConfigurationError:
        found = await keys(store) or [stored.install.key]
    with suppress(ConfigurationError):
        assert await store.load(stored.install.key) == stored
    with suppress(ConfigurationError):
        await store.claim(odd, seconds=1)

    assert found == [stored.install.key]


@pytest.mark.parametrize("fact", [{"user_id": "u\ud800"}, {"scopes": ("a", "\udfff\0")}])
async def test_an_odd_fact_is_kept_or_refused(store: TokenStore, fact: dict[str, object]) -> None:
    """It is the same for what else an install may hold, and its tokens are not told."""
    plain = install()
    odd = StoredInstall.of(attrs.evolve(plain.install, **fact), plain.token)
    told = ""
    try:
        await save(store, odd)
        found = await store.load(KEY)
    except ConfigurationError as error:
        found = odd
        told = "".join(map(repr, (error, error.__cause__, error.__context__)))

    assert found == odd
    assert not any(secret in told for secret in ("access 0", "refresh 0"))


async def test_what_was_never_saved_is_none(store: TokenStore) -> None:
    """A key without an install loads None, and a hold on it begins with None."""
    async with store.hold(KEY) as hold:
        stored = hold.stored

    assert stored is None
    assert await store.load(KEY) is None
    assert await keys(store) == []


async def test_the_last_save_wins(store: TokenStore) -> None:
    """An install is replaced whole, also by one that has less."""
    bare = attrs.evolve(install(count=2).token, refresh_token=None)
    await save(store, install(count=1), StoredInstall.of(install().install, bare))
    stored = await store.load(KEY)

    assert stored is not None
    assert stored.token == bare


async def test_installs_do_not_disturb_each_other(store: TokenStore) -> None:
    """A location and an agency of the same id, and keys that look alike, are different installs."""
    agency = Install(user_type="Company", company_id="loc")
    await save(store, install("loc", 1), install("LOC", 2), install("loc ", 3))
    await save(store, StoredInstall.of(agency, install(count=4).token))

    assert [count_of(await store.load(f"location:{n}")) for n in ("loc", "LOC", "loc ")] == [
        *[1, 2, 3]
    ]
    assert count_of(await store.load("company:loc")) == 4


async def test_a_list_is_ordered_by_key(store: TokenStore) -> None:
    """The list is complete and in the same order for every store."""
    names = ["b", "a", "B", "c\N{SNOWMAN}", "c", "\N{GRINNING FACE}", "\uffee"]
    await save(store, *map(install, names))

    assert await keys(store) == sorted(f"location:{name}" for name in names)


async def test_a_list_can_be_left(store: TokenStore) -> None:
    """Whoever stops in the middle of a list blocks nobody."""
    await save(store, install("a"), install("b"))
    async for one in store.list():
        await delete(store, "location:b")
        assert one.install.location_id == "a"
        break

    assert await keys(store) == ["location:a"]


async def test_a_list_survives_a_delete(store: TokenStore) -> None:
    """What is deleted during a list may still be told, and harms nothing."""
    await save(store, install("a"), install("b"), install("c"))
    told = []
    async for one in store.list():
        told.append(one.install.location_id)
        await delete(store, "location:b")

    assert [name for name in told if name != "b"] == ["a", "c"]


async def test_a_delete_forgets_one(opening: Opening) -> None:
    """Only the install that is named goes, for everyone; nothing there is no error."""
    first, second = opening(), opening()
    await save(first, install("a"), install("b"))
    await delete(second, "location:a")
    await delete(second, "location:a")

    assert await first.load("location:a") is None
    assert await keys(first) == ["location:b"]


async def test_a_hold_follows_a_delete(store: TokenStore) -> None:
    """A hold that has forgotten its install holds nothing, and the next finds nothing."""
    await save(store, install())
    async with store.hold(KEY) as hold:
        await hold.delete()
        after = hold.stored
    async with store.hold(KEY) as hold:
        later = hold.stored
        await hold.save(install(count=2))

    assert (after, later) == (None, None)
    assert count_of(await store.load(KEY)) == 2


async def test_closing_twice(opening: Opening) -> None:
    """A store that is closed can be closed again, and what it kept is kept."""
    first = opening()
    await save(first, install())
    await first.close()
    await first.close()

    assert await opening().load(KEY) == install()
    assert await first.load(KEY) == install()


# --- holding --------------------------------------------------------------------------------


async def test_a_hold_tells_what_is_there(store: TokenStore) -> None:
    """A hold begins with the install as it stands, and follows what is saved under it."""
    await save(store, install(count=1))
    async with store.hold(KEY) as hold:
        before = count_of(hold.stored)
        await hold.save(install(count=2))
        after = count_of(hold.stored)

    assert (before, after) == (1, 2)


async def test_a_save_is_seen_when_it_returns(opening: Opening) -> None:
    """A saved token is there for everyone before its holder goes on."""
    async with opening().hold(KEY) as hold:
        await hold.save(install(count=7))

        assert count_of(await opening().load(KEY)) == 7


async def test_loading_waits_for_no_hold(opening: Opening) -> None:
    """A renewal under way keeps nobody from reading the present token."""
    await save(opening(), install(count=1))
    async with opening().hold(KEY), asyncio.timeout(5):
        loaded, listed = await opening().load(KEY), await keys(opening())

    assert count_of(loaded) == 1
    assert listed == [KEY]


async def test_one_holder_at_a_time(opening: Opening) -> None:
    """The next holder waits for the last one, and then reads what that one wrote."""
    first, second, seen = opening(), opening(), []

    async def next_holder() -> None:
        async with second.hold(KEY) as hold:
            seen.append(count_of(hold.stored))

    async with first.hold(KEY) as hold:
        waiting = asyncio.create_task(next_holder())
        await idle(second)
        early = list(seen)
        await hold.save(install(count=5))
    await asyncio.wait_for(waiting, 5)

    assert early == []
    assert seen == [5]


async def test_the_next_holder_misses_what_was_forgotten(opening: Opening) -> None:
    """Who waited for an install that is forgotten then holds nothing, and may save it anew."""
    first, second = opening(), opening()
    await save(first, install(count=5))
    async with first.hold(KEY) as hold:
        counting = asyncio.create_task(count_on(second))
        await idle(second)
        await hold.delete()
    before = await asyncio.wait_for(counting, 5)

    assert before == 0
    assert count_of(await first.load(KEY)) == 1


async def test_other_installs_are_free_meanwhile(store: TokenStore) -> None:
    """A hold on one location does not stop the renewal of another."""
    async with asyncio.timeout(5), store.hold("location:a"), store.hold("location:b") as hold:
        await hold.save(install("b", 3))

    assert count_of(await store.load("location:b")) == 3


async def test_no_save_is_overwritten_unread(opening: Opening) -> None:
    """Of twenty tasks that each add one, on two openings of the store, none is lost."""
    stores = opening(), opening()
    await save(stores[0], install(count=0))

    async with asyncio.timeout(20):
        await asyncio.gather(*(count_on(stores[n % 2]) for n in range(20)))

    assert count_of(await stores[0].load(KEY)) == 20


async def test_the_first_save_is_overwritten_by_nobody(opening: Opening) -> None:
    """Holders take turns also where there is no install yet, and after one was forgotten."""
    stores = opening(), opening()
    async with asyncio.timeout(20):
        await asyncio.gather(*(count_on(stores[n % 2]) for n in range(6)))
        await delete(stores[0], KEY)
        await asyncio.gather(*(count_on(stores[n % 2]) for n in range(6)))

    assert count_of(await stores[0].load(KEY)) == 6


async def test_a_hold_is_for_one_change(opening: Opening) -> None:
    """A second change is made before the next holder's, or refused, and overwrites nothing."""
    first, second = opening(), opening()
    last = 1
    async with first.hold(KEY) as hold:
        await hold.save(install(count=1))
        counting = asyncio.create_task(count_on(second, 10))
        await idle(second)
        with suppress(Overtaken):
            await hold.save(install(count=2))
            last = 2
    await asyncio.wait_for(counting, 5)

    assert count_of(await first.load(KEY)) == last + 10


async def test_what_is_read_is_whole(opening: Opening) -> None:
    """A reader beside a writer sees the old install or the new one, never a mixture."""
    writer, reader, seen = opening(), opening(), set()
    await save(writer, install(count=0))

    async def write() -> None:
        for n in range(1, 30):
            await save(writer, install(count=n))

    writing = asyncio.create_task(write())
    while not writing.done():
        stored = await reader.load(KEY)
        assert stored == install(count=count_of(stored))
        seen.add(count_of(stored))
        await asyncio.sleep(0)
    await writing

    assert seen <= set(range(30))
    assert count_of(await reader.load(KEY)) == 29


async def test_a_failure_ends_a_hold(store: TokenStore) -> None:
    """An error under a hold is raised as it is, what was saved before stays, and others go on."""

    async def fail() -> None:
        async with store.hold(KEY) as hold:
            await hold.save(install(count=1))
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    async with asyncio.timeout(5), store.hold(KEY) as hold:
        stored = hold.stored

    assert count_of(stored) == 1


async def test_a_cancelled_holder_lets_go(opening: Opening) -> None:
    """A holder that is cancelled, also one that still waits, leaves no lock behind."""
    first, second = opening(), opening()
    began = asyncio.Event()

    async def holder(store: TokenStore) -> None:
        async with store.hold(KEY):
            began.set()
            await asyncio.Event().wait()

    holding = asyncio.create_task(holder(first))
    await asyncio.wait_for(began.wait(), 5)
    waiting = [asyncio.create_task(holder(store)) for store in (first, second)]
    await second.load(KEY)
    for task in (*waiting, holding):
        task.cancel()
    ended = await asyncio.gather(holding, *waiting, return_exceptions=True)
    async with asyncio.timeout(5), second.hold(KEY) as hold:
        await hold.save(install(count=1))

    assert [type(one) for one in ended] == [asyncio.CancelledError] * 3
    assert count_of(await first.load(KEY)) == 1


@pytest.mark.parametrize("steps", [0, 1, 2, 3, 5, 8, 13, 21])
async def test_a_cancelled_save_is_whole_or_not_there(opening: Opening, steps: int) -> None:
    """Wherever a save is cut off, the token is the old one or the new one, and the hold ends."""
    first, second = opening(), opening()
    await save(first, install(count=0))
    saving = asyncio.create_task(save(first, install(count=1)))
    for _ in range(steps):
        await asyncio.sleep(0)
    saving.cancel()
    await asyncio.wait({saving}, timeout=5)
    async with asyncio.timeout(5), second.hold(KEY) as hold:
        after = hold.stored

    assert saving.done()
    assert after in (install(count=0), install(count=1))
    assert after == await first.load(KEY)


async def test_a_wait_for_a_hold_ends(opening: Opening) -> None:
    """A caller who waits in vain gets the error after ``hold_timeout``, however many others wait.

    The failure is not one to be repeated at once, or the waits would add up.
    """
    first, second = opening(hold_timeout=0.4), opening(hold_timeout=0.4)
    await save(first, install(count=1))
    async with first.hold(KEY):
        began = asyncio.get_running_loop().time()
        waiting = [count_on(store) for store in (first, second) for _ in range(25)]
        ended = await asyncio.gather(*waiting, return_exceptions=True)
        took = asyncio.get_running_loop().time() - began

    assert {type(one) for one in ended} == {Unavailable}
    assert all(one.waited and not one.maybe_applied for one in ended)
    assert all("may be stopped" in str(one) for one in ended)
    assert took < 4
    assert await count_on(second) == 1


async def test_a_wait_in_vain_keeps_no_other_install(opening: Opening) -> None:
    """While many wait for one install, another one is held at once."""
    first, second = opening(hold_timeout=5), opening(hold_timeout=5)
    async with first.hold(KEY):
        waiting = [asyncio.create_task(count_on(second)) for _ in range(30)]
        await idle(second)
        async with asyncio.timeout(4):
            for n in range(20):
                await save(second, install(f"other {n}", n))
        for one in waiting:
            one.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    assert len(await keys(second)) == 20


@pytest.mark.parametrize("seconds", [0, -1.0, float("nan")])
async def test_a_wait_is_a_time(opening: Opening, seconds: float) -> None:
    """What is no time to wait is refused when the store is made."""
    with pytest.raises(ConfigurationError, match="hold_timeout"):
        opening(hold_timeout=seconds)


# --- whose it is ----------------------------------------------------------------------------


async def in_another_loop(work: Awaitable[object]) -> object:
    """Run something in a thread and a loop of its own, which is closed then."""

    async def run() -> object:
        async with asyncio.timeout(5):
            return await work

    return await asyncio.to_thread(lambda: asyncio.run(run()))


async def test_a_store_outlives_its_loop(store: TokenStore) -> None:
    """One object serves one ``asyncio.run`` after the other, and keeps what it kept."""
    await in_another_loop(save(store, install(count=1)))
    counts = [await in_another_loop(count_on(store)) for _ in range(2)]
    await in_another_loop(store.claim("n", seconds=60))

    assert counts == [1, 2]
    assert count_of(await store.load(KEY)) == 3
    assert not await store.claim("n", seconds=60)


async def test_a_loop_may_end_in_the_middle(opening: Opening) -> None:
    """A loop that is given up under a hold, with others waiting, spoils nothing for the next."""
    store = opening(hold_timeout=5)
    tasks = set[asyncio.Task[object]]()  # kept: a task that nobody refers to ends with its hold

    async def be_cut_off() -> None:
        held = asyncio.Event()

        async def hold() -> None:
            async with store.hold(KEY):
                held.set()
                await asyncio.Event().wait()

        tasks.add(asyncio.create_task(hold()))
        await held.wait()
        tasks.update(asyncio.create_task(count_on(store)) for _ in range(3))
        await store.load(KEY)

    await in_another_loop(be_cut_off())
    async with asyncio.timeout(5):
        assert await count_on(store) == 0


async def test_a_store_is_closed_in_whatever_loop(store: TokenStore) -> None:
    """A store whose loop is closed can be closed in another, and used again."""
    await in_another_loop(save(store, install(count=1)))
    await in_another_loop(store.close())
    await in_another_loop(store.load(KEY))
    await store.close()

    assert count_of(await store.load(KEY)) == 1


async def test_two_loops_at_once_share_or_are_told(opening: Opening) -> None:
    """A second loop beside the first is served, or told to make a store of its own; none hangs."""
    store = opening(hold_timeout=0.3)
    await save(store, install(count=1))
    uses = [lambda: store.load(KEY), lambda: keys(store), lambda: store.claim("n", seconds=60)]
    ended: list[object] = []
    async with store.hold(KEY):
        for use in (*uses, lambda: count_on(store)):
            try:
                ended.append(await in_another_loop(use()))
            except HighLevelError as error:
                ended.append(error)

    shares = not isinstance(ended[0], ConfigurationError)
    assert all(isinstance(one, ConfigurationError) != shares for one in ended), ended
    assert shares or "one for each loop" in str(ended[0])
    assert isinstance(ended[-1], Unavailable | ConfigurationError)
    assert await count_on(store) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
async def test_a_forked_child_is_told_to_make_its_own(store: TokenStore) -> None:
    """What was in use before a fork is refused in the child at once, whatever it is asked."""
    await save(store, install())
    async with store.hold(KEY):
        child = os.fork()
        if child == 0:
            with suppress(BaseException):
                uses = [store.load(KEY), store.hold(KEY).__aenter__(), store.close()]
                uses += [store.claim("n", seconds=1), store.remember("n", seconds=1)]
                os._exit(sum(is_refused(use) for use in uses))
            os._exit(9)
        status = await asyncio.to_thread(os.waitpid, child, 0)

    assert os.waitstatus_to_exitcode(status[1]) == 5
    assert await store.load(KEY) == install()


def is_refused(use: Awaitable[object]) -> bool:
    """Begin something, as far as it goes without waiting, and tell whether it was refused."""
    try:
        next(use.__await__())
    except ConfigurationError:
        return True
    return False


# --- claims ---------------------------------------------------------------------------------


async def until_free(store: Claims, name: str) -> None:
    """Wait until a name can be claimed, and claim it."""
    async with asyncio.timeout(5):
        while not await store.claim(name, seconds=60):  # noqa: ASYNC110 - time frees it
            await asyncio.sleep(0.01)


async def test_a_store_of_this_library_has_claims(store: TokenStore) -> None:
    """Webhooks and callbacks can be remembered beside the installs, whatever the store."""
    assert isinstance(store, Claims)


async def test_one_of_many_wins_a_claim(opening: Opening) -> None:
    """Among all tasks of all processes the first one gets True, for each name."""
    stores = opening(), opening()
    names = ["a", "A", "a ", "a'; --", "\N{SNOWMAN}", KEY]
    asked = [(store, name) for name in names for _ in range(5) for store in stores]
    told = await asyncio.gather(*(store.claim(name, seconds=60) for store, name in asked))

    assert [name for (_, name), won in zip(asked, told, strict=True) if won] == names


async def test_a_claim_ends(opening: Opening) -> None:
    """After its seconds a name is free for one again, and then claimed for his seconds."""
    first, second = opening(), opening()
    claimed = await first.claim("n", seconds=0.05)
    await until_free(second, "n")

    assert claimed
    assert not await first.claim("n", seconds=60)


async def test_a_claim_that_is_over_has_one_heir(opening: Opening) -> None:
    """Of all who claim a name again when it is free, one wins."""
    stores = opening(), opening()
    for name in ("n", "over"):
        await stores[0].claim(name, seconds=0.05)
    await until_free(stores[1], "over")
    told = await asyncio.gather(*(stores[n % 2].claim("n", seconds=60) for n in range(10)))

    assert sum(told) == 1


@pytest.mark.parametrize("seconds", [0, 0.0, -1.0])
async def test_to_claim_for_no_time_only_looks(opening: Opening, seconds: float) -> None:
    """However many look at a free name at once, all see it free, and it stays so for a claim."""
    stores = opening(), opening()
    for n in range(20):
        looks = [stores[k % 2].claim(f"n{n}", seconds=seconds) for k in range(6)]
        free = await asyncio.gather(*looks)
        claimed = await stores[0].claim(f"n{n}", seconds=60)
        taken = await asyncio.gather(*(one.claim(f"n{n}", seconds=seconds) for one in stores))

        assert (free, claimed, taken) == ([True] * 6, True, [False] * 2), f"n{n}"


@pytest.mark.parametrize("seconds", [0, -1.0])
async def test_a_look_frees_nothing(opening: Opening, seconds: float) -> None:
    """To look at a claimed name neither ends nor lengthens its claim; one that is over is free."""
    first, second = opening(), opening()
    await first.claim("long", seconds=60)
    await first.claim("short", seconds=0.05)
    async with asyncio.timeout(5):
        while not await second.claim("short", seconds=seconds):  # noqa: ASYNC110 - time frees it
            await asyncio.sleep(0.01)

    assert not await second.claim("long", seconds=seconds)
    assert not await first.claim("long", seconds=60)
    assert await first.claim("short", seconds=60)


async def test_to_remember_for_no_time_is_to_forget(opening: Opening) -> None:
    """A name that is remembered for no time is free at once."""
    first, second = opening(), opening()
    await first.claim("n", seconds=60)
    await second.remember("n", seconds=0)

    assert await first.claim("n", seconds=60)


async def test_a_delivery_that_two_begin_has_one_handler(opening: Opening) -> None:
    """Of two who begin one delivery at once one handles it, and nobody takes it for handled."""
    both = [Deliveries(store) for store in (opening(), opening())]
    for n in range(20):
        two = [one.named(f"d{n}") for one in both]
        begun = await asyncio.gather(*(one.begin(patience=0) for one in two))
        assert sorted(begun) == ["busy", "ours"], f"d{n}"
        await two[0].done()
        after = await asyncio.gather(*(one.named(f"d{n}").begin(patience=0) for one in both))
        assert after == ["done"] * 2, f"d{n}"


async def test_what_is_not_forgotten_is_not_forgotten_for_many(opening: Opening) -> None:
    """However many ask about a location at once, all get the same answer, before and after."""
    several = [Forgotten(store) for store in (opening(), opening())] * 5
    for n in range(10):
        before = await asyncio.gather(*(one.has(f"l{n}") for one in several))
        await several[0].add(f"l{n}")
        after = await asyncio.gather(*(one.has(f"l{n}") for one in several))
        await several[1].discard(f"l{n}")
        freed = await asyncio.gather(*(one.has(f"l{n}") for one in several))

        assert (before, after, freed) == ([False] * 10, [True] * 10, [False] * 10), f"l{n}"


async def test_what_is_remembered_is_claimed(opening: Opening) -> None:
    """To remember a name claims it from now on, for longer or for shorter than it was."""
    first, second = opening(), opening()
    await first.claim("longer", seconds=0.05)
    await second.remember("longer", seconds=60)
    await first.claim("shorter", seconds=60)
    await second.remember("shorter", seconds=0.05)
    await until_free(first, "shorter")
    await second.remember("new", seconds=60)

    assert not await first.claim("longer", seconds=60)
    assert not await first.claim("new", seconds=60)


async def test_what_is_forgotten_is_free(opening: Opening) -> None:
    """A name that is forgotten can be claimed at once, and only that name."""
    first, second = opening(), opening()
    for name in ("a", "b"):
        await first.claim(name, seconds=60)
    await second.forget("a")
    await second.forget("nobody's")

    assert await first.claim("a", seconds=60)
    assert not await first.claim("b", seconds=60)


async def test_claims_survive_their_claimant(opening: Opening) -> None:
    """What is claimed stays so when its store is closed."""
    first = opening()
    await first.claim("n", seconds=60)
    await first.close()

    assert not await opening().claim("n", seconds=60)
    assert not await first.claim("n", seconds=60)


async def test_claims_and_installs_leave_each_other_alone(opening: Opening) -> None:
    """A claim waits for no hold, and the name of an install is a name like any other."""
    first, second = opening(), opening()
    await save(first, install(count=1))
    async with asyncio.timeout(5), first.hold(KEY):
        claimed = await second.claim(KEY, seconds=60)
        await second.forget(KEY)

    assert claimed
    assert await keys(first) == [KEY]
    assert count_of(await first.load(KEY)) == 1
