"""Installs that carry a count in their token, and what tests do with them."""

from ghl_notes.models import Install, StoredInstall, Token
from ghl_notes.stores import TokenStore

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


async def delete(store: TokenStore, key: str) -> None:
    async with store.hold(key) as hold:
        await hold.delete()


async def keys(store: TokenStore) -> list[str]:
    return [one.install.key async for one in store.list()]


async def count_on(store: TokenStore, by: int = 1) -> int:
    """Read the count under a hold and save a higher one, as a renewal does; return what was."""
    async with store.hold(KEY) as hold:
        count = count_of(hold.stored) if hold.stored else 0
        await hold.save(install(count=count + by))
        return count
