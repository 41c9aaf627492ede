"""What every store promises about whose an install is: two apps, two providers, older installs.

``opening`` and ``store`` are as for ``contract``.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import attrs
import pytest

from ghl_notes.errors import Unavailable
from ghl_notes.models import Install, Owner, StoredInstall, company_key, location_key
from ghl_notes.stores import Adopting, Hold, TokenStore
from ghl_notes.stores.adopting import adopt
from ghl_notes.stores.owned import OwnedStore
from tests.stores.installs import KEY, count_of, install, keys, save

Opening = Callable[[], TokenStore]

READER, WRITER = Owner("highlevel", "65-reader"), Owner("highlevel", "65-writer")
CLOSE = Owner("close", "oa2client_1")


class Plain:
    """A store as version 0.1 asked for one, over another: it cannot adopt."""

    def __init__(self, store: TokenStore, *, forgets_owners: bool) -> None:
        self.fails: list[str] = []
        self._store = store
        self._forgets_owners = forgets_owners

    def _seen(self, stored: StoredInstall | None) -> StoredInstall | None:
        if stored is None or not self._forgets_owners:
            return stored
        bare = attrs.evolve(stored.install, provider="highlevel", client_id=None)
        return attrs.evolve(stored, install=bare)

    async def load(self, key: str) -> StoredInstall | None:
        return self._seen(await self._store.load(key))

    @asynccontextmanager
    async def hold(self, key: str) -> AsyncIterator[Hold]:
        async with self._store.hold(key) as hold:
            yield PlainHold(hold, self._seen(hold.stored), self.fails)

    async def list(self) -> AsyncIterator[StoredInstall]:
        async for stored in self._store.list():
            seen = self._seen(stored)
            assert seen is not None
            yield seen

    async def close(self) -> None:
        await self._store.close()


@attrs.define
class PlainHold:
    hold: Hold
    stored: StoredInstall | None
    fails: list[str]

    async def save(self, stored: StoredInstall) -> None:
        self._fail("save")
        await self.hold.save(stored)

    async def delete(self) -> None:
        self._fail("delete")
        await self.hold.delete()

    def _fail(self, change: str) -> None:
        if self.fails[:1] == [change]:
            del self.fails[0]
            raise Unavailable("the store is away", maybe_applied=False)


class Away:
    """A store that cannot be reached when it is first asked to adopt."""

    def __init__(self, store: TokenStore) -> None:
        self.asked = 0
        self._store = store
        self.load, self.hold, self.list, self.close = (
            *(store.load, store.hold, store.list, store.close),
        )

    async def adopt(self, *, provider: str, client_id: str) -> None:
        self.asked += 1
        await asyncio.sleep(0)
        if self.asked == 1:
            msg = "the store is away"
            raise Unavailable(msg, maybe_applied=False)
        assert isinstance(self._store, Adopting)
        await self._store.adopt(provider=provider, client_id=client_id)


def of(owner: Owner, name: str = "loc", count: int = 0, *, later: float = 0.0) -> StoredInstall:
    """Make an install of an app on a location, whose token was issued later than others."""
    plain = install(name, count)
    mine = attrs.evolve(plain.install, provider=owner.provider, client_id=owner.client_id)
    token = attrs.evolve(plain.token, issued_at=plain.token.issued_at + later)
    return StoredInstall.of(mine, token)


def organization(count: int = 0) -> StoredInstall:
    """Make an install at Close, as version 0.1 stored one."""
    return StoredInstall.of(
        Install(user_type="Company", company_id="orga_1"), install(count=count).token
    )


async def counts(store: TokenStore) -> dict[str, int]:
    return {one.install.key: count_of(one) async for one in store.list()}


async def adopted(store: TokenStore, owner: Owner) -> dict[str, int]:
    """Let an app use a store for the first time, and tell what it finds there."""
    return await counts(OwnedStore(store, owner))


# --- several apps ---------------------------------------------------------------------------


@pytest.mark.parametrize("other", [WRITER, CLOSE])
async def test_two_apps_on_one_location(opening: Opening, other: Owner) -> None:
    """Each app, of one provider or of two, has an install of its own under its own key."""
    await save(opening(), of(READER, count=1), of(other, count=2))
    keys_of = [location_key("loc", owner) for owner in (READER, other)]

    assert [count_of(await opening().load(key)) for key in keys_of] == [1, 2]
    assert await opening().load(KEY) is None
    assert await keys(opening()) == sorted(keys_of)


async def test_two_apps_do_not_wait_for_each_other(opening: Opening) -> None:
    """While one app renews its install of a location, another renews its own."""
    await save(opening(), of(READER, count=1), of(WRITER, count=2))
    async with opening().hold(location_key("loc", READER)) as hold, asyncio.timeout(5):
        async with opening().hold(location_key("loc", WRITER)) as other:
            await other.save(of(WRITER, count=20))
        await hold.save(of(READER, count=10))

    assert sorted((await counts(opening())).values()) == [10, 20]


async def test_an_app_sees_what_is_its_own(opening: Opening) -> None:
    """An app lists and loads its installs, and no key of it leads to another's."""
    await save(opening(), of(READER, count=1), of(WRITER, count=2), of(WRITER, "l2", 3))
    await save(opening(), of(CLOSE, count=4))

    assert list((await adopted(opening(), READER)).values()) == [1]
    assert list((await adopted(opening(), WRITER)).values()) == [3, 2]
    assert list((await adopted(opening(), CLOSE)).values()) == [4]


# --- installs of version 0.1 ----------------------------------------------------------------


async def test_a_store_of_this_library_adopts(store: TokenStore) -> None:
    """Whatever the store, older installs are given to an app all at once."""
    assert isinstance(store, Adopting)


async def test_older_installs_belong_to_the_app_that_comes_first(opening: Opening) -> None:
    """The first app has them all from then on, with every fact and token; a second has none."""
    await save(opening(), install("a", 1), install("b", 2))
    found = await adopted(opening(), READER)
    again = await adopted(opening(), READER)
    other = await adopted(opening(), WRITER)

    assert found == again == {location_key("a", READER): 1, location_key("b", READER): 2}
    assert other == {}
    assert await opening().load(location_key("a", READER)) == of(READER, "a", 1)
    assert await opening().load("location:a") is None


async def test_each_provider_adopts_its_own(opening: Opening) -> None:
    """Close's organizations are known by their ids: neither takes the other's older installs."""
    await save(opening(), install(count=1), organization(2))
    highlevel, close = await adopted(opening(), READER), await adopted(opening(), CLOSE)

    assert highlevel == {location_key("loc", READER): 1}
    assert close == {company_key("orga_1", CLOSE): 2}


async def test_what_has_an_app_is_adopted_by_none(opening: Opening) -> None:
    """To adopt is to take what is nobody's."""
    await save(opening(), of(WRITER, count=1), of(CLOSE, count=2), install("a", 3))
    await adopted(opening(), READER)

    assert list((await adopted(opening(), WRITER)).values()) == [1]
    assert list((await adopted(opening(), CLOSE)).values()) == [2]


@pytest.mark.parametrize(("later", "count"), [(-1.0, 1), (0.0, 1), (1.0, 2)])
async def test_of_two_installs_the_newer_stays(opening: Opening, later: float, count: int) -> None:
    """What an older process stored meanwhile replaces ours if its token is newer, and only then."""
    old = of(READER, count=2, later=later)
    unknown = attrs.evolve(old, install=attrs.evolve(old.install, client_id=None))
    await save(opening(), of(READER, count=1), unknown)

    assert await adopted(opening(), READER) == {location_key("loc", READER): count}
    assert await keys(opening()) == [location_key("loc", READER)]


async def test_of_apps_that_come_together_one_has_all(opening: Opening) -> None:
    """Many apps use an older store at the same moment: no install is shared, lost or left."""
    names = [f"l{n}" for n in range(20)]
    await save(opening(), *map(install, names))
    apps = [Owner("highlevel", f"65-{n}") for n in range(4)]
    found = await asyncio.gather(*(adopted(opening(), app) for app in apps for _ in range(2)))

    assert sorted(map(len, found)) == [0] * 6 + [20] * 2
    assert len(await keys(opening())) == 20


@pytest.mark.parametrize("forgets_owners", [False, True])
async def test_a_store_of_version_0_1_is_shared_too(
    opening: Opening,
    forgets_owners: bool,  # noqa: FBT001 - a parameter
) -> None:
    """A store that cannot adopt, or keeps no app, loses nothing and mixes nothing up."""

    def plain() -> TokenStore:
        return Plain(opening(), forgets_owners=forgets_owners)

    await save(opening(), install("a", 1), organization(2))
    first = await adopted(plain(), READER)
    second = await adopted(plain(), WRITER)
    await save(plain(), of(WRITER, "a", 3))
    close = await adopted(plain(), CLOSE)

    assert first == await adopted(plain(), READER) == {location_key("a", READER): 1}
    assert second == {}
    assert await adopted(plain(), WRITER) == {location_key("a", WRITER): 3}
    assert close == {company_key("orga_1", CLOSE): 2}
    assert len(await keys(opening())) == 3


@pytest.mark.parametrize("forgets_owners", [False, True])
@pytest.mark.parametrize("fails", [["save"], ["delete"], ["save", "delete", "delete"]])
async def test_adopting_that_broke_off_goes_on(
    opening: Opening,
    forgets_owners: bool,  # noqa: FBT001 - a parameter
    fails: list[str],
) -> None:
    """Wherever it stops, nothing is lost, and the next who needs the store does the rest."""
    await save(opening(), *(install(f"l{n}", n) for n in range(3)))
    store = Plain(opening(), forgets_owners=forgets_owners)
    store.fails = [*fails]
    for _ in fails:
        with pytest.raises(Unavailable):
            await adopted(store, READER)
        assert {count_of(one) async for one in opening().list()} == {0, 1, 2}

    assert await adopted(store, READER) == {location_key(f"l{n}", READER): n for n in range(3)}
    assert len(await keys(opening())) == 3


async def test_a_store_is_opened_by_many_of_an_app(opening: Opening) -> None:
    """Processes of one app that start together, on a store that cannot adopt, lose nothing."""
    await save(opening(), *(install(f"l{n}", n) for n in range(10)))
    stores = [Plain(opening(), forgets_owners=True) for _ in range(3)]
    await asyncio.gather(*(adopt(store, READER) for store in stores))

    assert await counts(opening()) == {location_key(f"l{n}", READER): n for n in range(10)}


async def test_what_adopting_met_is_not_remembered(store: TokenStore) -> None:
    """A store that is away when an app first needs it is asked again by the next who needs it."""
    await save(store, install(count=1))
    away = Away(store)
    owned = OwnedStore(away, READER)
    asked = await asyncio.gather(
        *(owned.load(location_key("loc", READER)) for _ in range(5)), return_exceptions=True
    )
    later = await owned.load(location_key("loc", READER))

    assert [type(one) for one in asked] == [Unavailable] * 5
    assert len({id(one) for one in asked}) == 5
    assert away.asked == 2
    assert count_of(later) == 1
