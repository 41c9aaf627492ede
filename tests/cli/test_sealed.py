# ruff: noqa: ANN001 - fixtures, whose types live in conftest
"""A store whose tokens are encrypted: what needs its key, and what is said without it."""

import pytest

from ghl_notes.stores import Sealed

KEYS = "GHL_NOTES_SEAL_KEYS"


async def seal(account) -> str:
    """Install the app on the first location, in a sealed store, and return its key."""
    key = Sealed.new_key()
    await account.install(account.fake.location_id)
    inner = account.open()
    sealed = Sealed(inner, keys=[key])
    for name, stored in (await account.stored()).items():
        async with inner.hold(name) as hold:
            await hold.delete()
        async with sealed.hold(name) as hold:
            await hold.save(stored)
    await sealed.close()
    return key


async def test_what_is_listed_is_not_sealed(account, installs) -> None:
    """Ids and times need no key, so a list needs none."""
    await seal(account)
    outcome = await installs("list")

    assert outcome.status == 0
    assert account.fake.location_id in outcome.out


async def test_an_install_is_forgotten_without_its_key(account, installs) -> None:
    """Whoever lost the key has to be able to begin anew."""
    await seal(account)
    outcome = await installs("forget", "--location", account.fake.location_id, "--yes")

    assert outcome.status == 0
    assert await account.stored() == {}


@pytest.mark.parametrize("command", ["check", "tend"])
async def test_tokens_need_the_key(account, installs, command) -> None:
    """With it all is well, and a renewed token is sealed as well; a second key is for reading."""
    key, newer = await seal(account), Sealed.new_key()
    account.fake.expire_access_tokens()
    await account.age(40)
    outcome = await installs(command, **{KEYS: f" {newer} , {key}"})
    (stored,) = (await account.stored()).values()

    assert outcome.status == 0
    assert "1 renewed" in outcome.last
    assert stored.token.access_token.startswith("sealed:")
    assert key not in outcome.out + outcome.err


@pytest.mark.parametrize("command", ["check", "tend"])
async def test_a_wrong_key_is_no_death(account, installs, command) -> None:
    """Nothing is sent and nothing is overwritten; the user is told that it is the key."""
    key, wrong = await seal(account), Sealed.new_key()
    await account.age(40)
    before = await account.stored(), account.fake.stats.requests
    outcome = await installs(command, **{KEYS: wrong})

    assert outcome.status == 2
    assert "none of the keys" in outcome.err
    assert key not in outcome.out + outcome.err
    assert wrong not in outcome.out + outcome.err
    assert (await account.stored(), account.fake.stats.requests) == before


async def test_a_missing_key_is_named(account, installs) -> None:
    """The variable that should hold it."""
    await seal(account)
    outcome = await installs("check")

    assert outcome.status == 3
    assert KEYS in outcome.out


async def test_what_is_no_key_is_refused(account, installs) -> None:
    """The variable is named, and its value is not."""
    await seal(account)
    outcome = await installs("check", **{KEYS: "not-a-key"})

    assert outcome.status == 2
    assert KEYS in outcome.err
    assert "not-a-key" not in outcome.err
