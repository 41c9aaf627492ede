"""Tokens that are encrypted at rest: what can be read, with which keys, and what is refused."""

import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import attrs
import pytest

from ghl_notes.errors import ConfigurationError
from ghl_notes.models import Owner, StoredInstall
from ghl_notes.models.installs import stamped
from ghl_notes.stores import (
    Claims,
    Hold,
    MemoryStore,
    Overtaken,
    SQLiteStore,
    TokenStore,
    Unreadable,
)
from ghl_notes.stores.owned import OwnedStore
from ghl_notes.stores.protocol import SEALED
from tests.stores.installs import count_of, delete, install, keys, save
from tests.stores.servers import extra

Sealed = extra("ghl_notes.stores.sealed").Sealed

OLD, NEW, OTHER = (Sealed.new_key() for _ in range(3))


async def filled(*key: str, count: int = 3) -> MemoryStore:
    """Make a store of some installs that were sealed with these keys, or with none."""
    store = MemoryStore()
    await save(
        Sealed(store, keys=key) if key else store, *(install(f"l{n}", n) for n in range(count))
    )
    return store


async def kept(store: TokenStore) -> list[StoredInstall]:
    return [one async for one in store.list()]


def told(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))


async def test_a_stolen_file_tells_no_token(tmp_path: Path) -> None:
    """What is on disk names the installs, and holds none of their tokens."""
    path = tmp_path / "installs.db"
    store = Sealed(SQLiteStore(path), keys=[NEW])
    await save(store, *(install(f"l{n}", n) for n in range(20)))
    files = [path, path.with_name("installs.db-wal")]
    within = b"".join(one.read_bytes() for one in files)
    await store.close()

    for written in (within, path.read_bytes()):
        assert b"location:l7" in written
        assert b"access 7" not in written
        assert b"refresh 7" not in written


async def test_what_is_kept_says_that_it_is_sealed() -> None:
    """Whoever forgets to wrap the store can see it, and reads no token."""
    store = await filled(NEW, count=1)
    [stored] = await kept(store)
    plain = install("l0", 0)

    assert stored.token.access_token.startswith(SEALED)
    assert stored.token.refresh_token is None
    assert stored.token.expires_at == plain.token.expires_at
    assert stored.install == plain.install


async def test_any_key_reads_and_the_first_writes() -> None:
    """A new key is put first, and what the old one wrote is still read."""
    store = await filled(OLD)
    both = Sealed(store, keys=[NEW, OLD.encode()])
    before = count_of(await both.load("location:l1"))
    await save(both, install("l1", 11))
    new = Sealed(store, keys=[NEW])

    assert before == 1
    assert count_of(await new.load("location:l1")) == 11
    assert [count_of(one) for one in await kept(both)] == [0, 11, 2]


async def test_rotating() -> None:
    """All that another key wrote is written anew, once, and the old key can go."""
    store = await filled(OLD)
    both = Sealed(store, keys=[NEW, OLD])
    await save(both, install("l1", 1))
    fresh = (await kept(store))[1]
    counts = await both.rotate(), await both.rotate()

    assert counts == (2, 0)
    assert (await kept(store))[1] == fresh
    assert [count_of(one) for one in await kept(Sealed(store, keys=[NEW]))] == [0, 1, 2]


async def test_what_was_stored_before_is_read_and_then_sealed() -> None:
    """A store of plain tokens can be sealed without a pause: at each save, and by rotating."""
    store = await filled()
    sealed = Sealed(store, keys=[NEW])
    before = [count_of(one) for one in await kept(sealed)]
    await save(sealed, install("l0", 10))
    saved = [one.token.access_token.startswith(SEALED) for one in await kept(store)]
    count = await sealed.rotate()

    assert before == [0, 1, 2]
    assert saved == [True, False, False]
    assert count == 2
    assert all(one.token.access_token.startswith(SEALED) for one in await kept(store))
    assert [count_of(one) for one in await kept(sealed)] == [10, 1, 2]


@pytest.mark.parametrize("keys_given", [[NEW], [NEW, OTHER]])
async def test_a_key_that_is_missing(keys_given: list[str]) -> None:
    """Nothing is read, written or forgotten, and it is said which install and what to do."""
    store = await filled(OLD, count=1)
    before = await kept(store)
    sealed, key = Sealed(store, keys=keys_given), "location:l0"
    uses = [
        sealed.load(key),
        save(sealed, install("l0", 5)),
        delete(sealed, key),
        keys(sealed),
        sealed.rotate(),
    ]
    for use in uses:
        with pytest.raises(ConfigurationError, match="add the key it was sealed with") as raised:
            await use

        assert key in str(raised.value)
        assert not any(one in told(raised.value) for one in (OLD, NEW, OTHER))
    assert await kept(store) == before


async def test_rotating_is_for_all_or_none_that_can_be_read() -> None:
    """One install that cannot be opened stops the rotation before anything is written."""
    store = await filled(OLD)
    await save(Sealed(store, keys=[OTHER]), install("l9", 2))
    before = await kept(store)
    with pytest.raises(ConfigurationError, match="location:l9"):
        await Sealed(store, keys=[NEW, OLD]).rotate()

    assert await kept(store) == before


def swapped(one: StoredInstall, other: StoredInstall) -> StoredInstall:
    """Give an install the tokens of another."""
    return attrs.evolve(one, token=other.token)


async def test_tokens_of_another_install_are_refused() -> None:
    """Whoever can write to the store cannot let one location speak for another."""
    store = await filled(NEW)
    first, second, _ = await kept(store)
    await save(store, swapped(first, second))
    sealed = Sealed(store, keys=[NEW])
    for use in (sealed.load("location:l0"), save(sealed, install("l0")), keys(sealed)):
        with pytest.raises(ConfigurationError, match="location:l0 holds tokens of another one"):
            await use

    assert count_of(await sealed.load("location:l1")) == 1


async def test_a_whole_row_under_another_key_is_refused(tmp_path: Path) -> None:
    """The install that was asked for is the one that is compared."""
    store = await filled(NEW)
    store._installs["location:l0"] = store._installs["location:l1"]
    sealed = Sealed(store, keys=[NEW])
    with pytest.raises(ConfigurationError, match="location:l0 holds tokens of another one"):
        await sealed.load("location:l0")


@pytest.mark.parametrize("text", ["", "x", "not base64!", "gAAAAA=="])
async def test_a_sealed_text_that_is_damaged(text: str) -> None:
    """A text that no key could have written is refused like one of a missing key."""
    store = await filled(NEW, count=1)
    [stored] = await kept(store)
    token = attrs.evolve(stored.token, access_token=SEALED + text)
    await save(store, attrs.evolve(stored, token=token))
    with pytest.raises(ConfigurationError, match="location:l0"):
        await Sealed(store, keys=[NEW]).load("location:l0")


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ([], "one key at least"),
        (["hush"], "key 1 "),
        ([NEW, "hush" * 11], "key 2 "),
        ([NEW, b"\xff\xfe"], "key 2 "),
        ([None], "key 1 "),
        ("hush", "key 1 "),
    ],
)
def test_a_key_that_is_none(given: list[str], why: str) -> None:
    """A bad key is named by its place, and is not told."""
    with pytest.raises(ConfigurationError, match=why) as raised:
        Sealed(MemoryStore(), keys=given)

    assert "hush" not in str(raised.value)
    assert (raised.value.__cause__, raised.value.__context__) == (None, None)


def test_new_keys_are_keys() -> None:
    """Every key that is made is another one, and can be used as it is."""
    made = {Sealed.new_key() for _ in range(5)}

    assert len(made) == 5
    assert Sealed(MemoryStore(), keys=made) is not None


# --- the wrapped store ----------------------------------------------------------------------


class Overtaking:
    """A store of one's own, without claims, whose holds lapse once."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store
        self.load, self.list, self.close = store.load, store.list, store.close
        self.lapses = 1

    @asynccontextmanager
    async def hold(self, key: str) -> AsyncIterator[Hold]:
        async with self.store.hold(key) as hold:
            if self.lapses:
                self.lapses -= 1
                raise Overtaken
            yield hold


async def test_rotating_beside_others() -> None:
    """A rotation that was overtaken looks again."""
    store = await filled(OLD)

    assert await Sealed(Overtaking(store), keys=[NEW, OLD]).rotate() == 3


async def test_claims_are_the_wrapped_stores() -> None:
    """A sealed store has claims if the store in it has, and otherwise says that it has none."""
    store = MemoryStore()
    with_claims, without = Sealed(store, keys=[NEW]), Sealed(Overtaking(store), keys=[NEW])
    await with_claims.remember("n", seconds=60)

    assert isinstance(with_claims, Claims)
    assert not isinstance(without, Claims)
    assert not await store.claim("n", seconds=60)


# --- several apps ---------------------------------------------------------------------------


READER, WRITER = Owner("highlevel", "65-reader"), Owner("highlevel", "65-writer")


def owned(owner: Owner, name: str = "l0", count: int = 0) -> StoredInstall:
    return stamped(owner, install(name, count))


async def test_what_was_sealed_by_version_0_1_is_adopted() -> None:
    """Its tokens are read under their new key, and rotating seals them for that key."""
    store = await filled(OLD)
    found = [one async for one in OwnedStore(Sealed(store, keys=[OLD]), READER).list()]
    both = Sealed(store, keys=[NEW, OLD])
    counts = await both.rotate(), await both.rotate()
    after = [one async for one in OwnedStore(Sealed(store, keys=[NEW]), READER).list()]

    assert [count_of(one) for one in found] == [0, 1, 2]
    assert {one.install.owner for one in found} == {READER}
    assert counts == (3, 0)
    assert after == found


async def test_an_app_without_the_key_adopts_nothing() -> None:
    """It cannot read what is sealed, so it does not take it from the app that can."""
    store = await filled(OLD)
    with pytest.raises(ConfigurationError, match="none of the keys"):
        [one async for one in OwnedStore(Sealed(store, keys=[NEW]), WRITER).list()]
    found = [one async for one in OwnedStore(Sealed(store, keys=[OLD]), READER).list()]

    assert {one.install.owner for one in found} == {READER}


async def test_what_was_adopted_is_sealed_for_its_new_key() -> None:
    """Rotating binds an adopted install to its app also where the key is the first already."""
    store = await filled(NEW)
    await store.adopt(provider=READER.provider, client_id=READER.client_id)

    assert [await Sealed(store, keys=[NEW]).rotate() for _ in range(2)] == [3, 0]


async def test_tokens_of_another_app_are_refused() -> None:
    """Write access to the store does not let one app use the tokens of another, or of no app."""
    store = MemoryStore()
    sealed = Sealed(store, keys=[NEW])
    await save(sealed, owned(READER, count=1), owned(WRITER, count=2))
    mine, others, nobodys = owned(READER), owned(WRITER), install("l0")
    for place in (mine, nobodys):
        key = place.install.key
        store._installs[key] = swapped(place, store._installs[others.install.key])
        with pytest.raises(ConfigurationError, match="holds tokens of another one"):
            await sealed.load(key)
    await store.adopt(provider="highlevel", client_id="65-third")
    with pytest.raises(ConfigurationError, match="holds tokens of another one"):
        await sealed.load(owned(Owner("highlevel", "65-third")).install.key)


async def test_apps_need_not_share_keys() -> None:
    """What another app has sealed with its own key is no trouble of ours."""
    store = MemoryStore()
    mine, others = Sealed(store, keys=[NEW]), Sealed(store, keys=[OTHER])
    await save(mine, owned(READER, count=1), owned(READER, "l1", 2))
    await save(others, owned(WRITER, count=3))
    found = [count_of(one) async for one in OwnedStore(mine, READER).list()]
    with pytest.raises(Unreadable, match="add the key") as raised:
        await keys(mine)
    await save(others, owned(READER, "l2", 4))
    with pytest.raises(Unreadable, match="add the key"):
        _ = [one async for one in OwnedStore(mine, READER).list()]

    assert found == [1, 2]
    assert raised.value.keys == (owned(WRITER).install.key,)


class Forgetful(Overtaking):
    """A store of version 0.1, which keeps neither the provider nor the app of an install."""

    def __init__(self, store: MemoryStore) -> None:
        super().__init__(store)
        self.lapses, self.list = 0, self._list

    async def _list(self) -> AsyncIterator[StoredInstall]:
        async for one in self.store.list():
            bare = attrs.evolve(one.install, provider="highlevel", client_id=None)
            yield attrs.evolve(one, install=bare)


async def test_a_store_that_keeps_no_app_can_be_rotated() -> None:
    """The sealed text tells whose an install is, so that none is left with the old key."""
    store = MemoryStore()
    forgetful = Forgetful(store)
    old = Sealed(forgetful, keys=[OLD])
    await save(old, owned(READER, count=1), owned(WRITER, count=2))
    counts = [await Sealed(forgetful, keys=[NEW, OLD]).rotate() for _ in range(2)]
    new = Sealed(forgetful, keys=[NEW])

    assert counts == [2, 0]
    assert {one.install.owner: count_of(one) async for one in new.list()} == {
        READER: 1,
        WRITER: 2,
    }
