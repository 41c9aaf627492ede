"""What every store of installs promises; ``conftest`` names the stores that are held to it.

``opening`` gives one store as often as it is called: the second is to the first as another
process is. ``store`` is one of them. Both begin empty.
"""

import asyncio
from collections.abc import Callable

import attrs
import pytest

from ghl_notes.models import Install, StoredInstall, Token
from ghl_notes.stores import TokenStore

Opening = Callable[[], TokenStore]

KEY = "location:loc"


def install(name: str = "loc", count: int = 0) -> StoredInstall:
    """Make an install of a location whose token carries a count."""
    return StoredInstall.of(
        Install(user_type="Location", location_id=name, company_id="com"),
        Token(
            access_token=f"access {count}",
            refresh_token=f"refresh {count}",
            issued_at=1_784_284_038.25,
            expires_at=1_784_370_437.25 + count,
        ),
    )


def count_of(stored: StoredInstall | None) -> int:
    assert stored is not None
    return int(stored.token.access_token.split()[1])


async def save(store: TokenStore, *installs: StoredInstall) -> None:
    for one in installs:
        async with store.hold(one.install.key) as hold:
            await hold.save(one)


async def keys(store: TokenStore) -> list[str]:
    return [one.install.key async for one in store.list()]


async def idle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


# --- keeping --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"company_id": None, "scopes": ("contacts.readonly", "oauth.write"), "user_id": "u1"},
        {"user_type": "Company", "location_id": None},
        {"location_id": "l'; DROP TABLE installs; --\0\n\N{SNOWMAN}"},
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
        await store.delete("location:b")
        assert one.install.location_id == "a"
        break

    assert await keys(store) == ["location:a"]


async def test_a_list_survives_a_delete(store: TokenStore) -> None:
    """What is deleted during a list may still be told, and harms nothing."""
    await save(store, install("a"), install("b"), install("c"))
    told = []
    async for one in store.list():
        told.append(one.install.location_id)
        await store.delete("location:b")

    assert [name for name in told if name != "b"] == ["a", "c"]


async def test_a_delete_forgets_one(opening: Opening) -> None:
    """Only the install that is named goes, for everyone; nothing there is no error."""
    first, second = opening(), opening()
    await save(first, install("a"), install("b"))
    await second.delete("location:a")
    await second.delete("location:a")

    assert await first.load("location:a") is None
    assert await keys(first) == ["location:b"]


async def test_closing_twice(opening: Opening) -> None:
    """A store that is closed can be closed again, and what it kept is kept."""
    first = opening()
    await save(first, install())
    await first.close()
    await first.close()

    assert await opening().load(KEY) == install()


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
        await idle()
        await hold.save(install(count=5))
        early = list(seen)
    await asyncio.wait_for(waiting, 5)

    assert early == []
    assert seen == [5]


async def test_other_installs_are_free_meanwhile(store: TokenStore) -> None:
    """A hold on one location does not stop the renewal of another."""
    async with asyncio.timeout(5), store.hold("location:a"), store.hold("location:b") as hold:
        await hold.save(install("b", 3))

    assert count_of(await store.load("location:b")) == 3


async def test_no_save_is_overwritten_unread(opening: Opening) -> None:
    """Of forty tasks that each add one, on two openings of the store, none is lost."""
    stores = opening(), opening()
    await save(stores[0], install(count=0))

    async def add(store: TokenStore) -> None:
        async with store.hold(KEY) as hold:
            await hold.save(install(count=count_of(hold.stored) + 1))

    async with asyncio.timeout(20):
        await asyncio.gather(*(add(stores[n % 2]) for n in range(40)))

    assert count_of(await stores[0].load(KEY)) == 40


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
