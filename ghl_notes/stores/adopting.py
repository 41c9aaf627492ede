"""Installs of version 0.1, which did not keep their app, become those of the app that asks first.

Stores of this library do that by themselves, all at once; here is what they have in common, and
the way for a store that cannot (``Adopting``).
"""

from contextlib import suppress
from typing import Final

from ghl_notes.errors import ConfigurationError, Unavailable
from ghl_notes.models import Owner, StoredInstall
from ghl_notes.models.installs import provider_by_ids, stamped
from ghl_notes.stores.protocol import Adopting, Overtaken, TokenStore

__all__ = ["adopt", "adopted_by", "newer"]

_TRIES: Final = 5


def adopted_by(owner: Owner, stored: StoredInstall) -> StoredInstall | None:
    """Make it an install of this app; None for one that has an app, or another provider."""
    install = stored.install
    if install.client_id is not None or provider_by_ids(install) != owner.provider:
        return None
    return stamped(owner, stored)


def newer(one: StoredInstall | None, other: StoredInstall) -> StoredInstall:
    """Choose the newer install, the first of two that are alike."""
    return other if one is None or one.order < other.order else one


async def adopt(store: TokenStore, owner: Owner) -> None:
    """Give the app all installs whose app is unknown. Raises what the store raises."""
    if isinstance(store, Adopting):
        await store.adopt(provider=owner.provider, client_id=owner.client_id)
        return
    keys = set()
    with suppress(ConfigurationError):  # for what cannot be read: listing raises that
        async for one in store.list():
            if adopted_by(owner, one) is not None:
                keys.add(one.install.key)
    for key in sorted(keys):
        await _move(store, owner, key)


async def _move(store: TokenStore, owner: Owner, key: str) -> None:
    """Copy an install to its new key, and only then delete it under its old one."""
    copied: StoredInstall | None = None
    for _ in range(_TRIES):
        with suppress(Overtaken):  # begin again with what is there now
            async with store.hold(key) as hold:
                found = hold.stored
                # A store that keeps no app lists what is ours under its old key, and has none.
                if found is None or adopted_by(owner, found) is None:
                    return
                if found == copied:
                    await hold.delete()
                    return
            await _copy(store, owner, found)
            copied = found
    msg = f"another process keeps changing the install {key}; try again"
    raise Unavailable(msg, maybe_applied=False)


async def _copy(store: TokenStore, owner: Owner, found: StoredInstall) -> None:
    ours = adopted_by(owner, found)
    if ours is None:
        return
    async with store.hold(ours.install.key) as hold:
        if newer(hold.stored, ours) is ours:
            await hold.save(ours)
