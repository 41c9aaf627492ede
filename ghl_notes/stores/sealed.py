"""Tokens encrypted at rest, in whatever store (extra ``sealed``)."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from functools import partial

import attrs
from attrs import define, field, frozen
from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from ghl_notes.errors import ConfigurationError
from ghl_notes.models import StoredInstall
from ghl_notes.models.installs import former_key, owner_of, stamped
from ghl_notes.stores.protocol import (
    SEALED,
    Adopting,
    Claims,
    Hold,
    Overtaken,
    TokenStore,
    Unreadable,
)
from ghl_notes.stores.rows import Unread
from ghl_notes.stores.secrecy import Secretive

__all__ = ["Sealed"]


class _Box:
    """Seals the tokens of an install, and opens them."""

    def __init__(self, keys: Iterable[str | bytes]) -> None:
        fernets = [_fernet(key, place) for place, key in enumerate(keys, 1)]
        if not fernets:
            msg = "Sealed: give one key at least; Sealed.new_key() makes one"
            raise ConfigurationError(msg)
        self._first = fernets[0]
        self._all = MultiFernet(fernets)

    def sealed(self, stored: StoredInstall) -> StoredInstall:
        token = stored.token
        secrets = {
            "key": stored.install.key,
            "access_token": token.access_token,
            "refresh_token": token.refresh_token,
        }
        text = self._first.encrypt(json.dumps(secrets).encode()).decode()
        return _with(stored, SEALED + text, None)

    def opened(self, key: str, stored: StoredInstall) -> StoredInstall:
        secrets = self._secrets(key, stored)
        if secrets is None:
            return stored
        # What was adopted is sealed by its former key until its next save.
        if secrets.key not in (key, former_key(key)):
            msg = f"Sealed: the install {key} holds tokens of another one: restore a copy of it"
            raise ConfigurationError(msg)
        owned = stamped(owner_of(secrets.key), stored)
        return _with(owned, secrets.access_token, secrets.refresh_token)

    def key_of(self, stored: StoredInstall) -> str:
        """Tell under which key a listed install stands, also in a store that keeps no app."""
        key = stored.install.key
        secrets = self._secrets(key, stored)
        if secrets is None or former_key(secrets.key) != key:
            return key
        return secrets.key

    def is_current(self, key: str, stored: StoredInstall) -> bool:
        """Tell whether it was sealed with the first key of ours, and under the key it has now."""
        text = _text_of(stored)
        with suppress(InvalidToken):
            return text is not None and _secrets(self._first.decrypt(text)).key == key
        return False

    def _secrets(self, key: str, stored: StoredInstall) -> "_Secrets | None":
        """Decrypt what was sealed; None for what was not."""
        text = _text_of(stored)
        if text is None:
            return None
        with suppress(InvalidToken):
            return _secrets(self._all.decrypt(text))
        msg = f"Sealed: none of the keys opens the install {key}: add the key it was sealed with"
        raise ConfigurationError(msg)


@frozen
class _Secrets:
    key: str
    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)


@define
class _Held:
    box: _Box
    hold: Hold
    stored: StoredInstall | None

    async def save(self, stored: StoredInstall) -> None:
        await self.hold.save(self.box.sealed(stored))
        self.stored = stored

    async def delete(self) -> None:
        await self.hold.delete()
        self.stored = None


class Sealed(Secretive):
    """Encrypts the tokens that another store keeps, with Fernet (AES-128-CBC and HMAC-SHA256).

    Ids, scopes and times stay readable, tokens do not. The first of ``keys`` writes and all of
    them read; ``new_key`` makes one. To change keys put the new one first, everywhere, then call
    ``rotate``, then drop the old one. Tokens that were stored before are read as they are, and
    sealed at their next save or by ``rotate``.

    Promises what the wrapped store promises, and has its claims if it has any (so only then is
    it an instance of ``Claims``); their names are not encrypted. An install that no key opens, or
    whose tokens were sealed for another install, raises ``ConfigurationError``, and nothing is
    written. Whoever may write to the store can still put an older or an unsealed install there.
    Apps may share a store without sharing keys, but then none of them can ``rotate``.
    """

    def __init__(self, store: TokenStore, *, keys: Iterable[str | bytes]) -> None:
        self._store = store
        self._box = _Box(keys)
        if isinstance(store, Claims):
            self.claim: Callable[..., Awaitable[bool]] = store.claim
            self.remember: Callable[..., Awaitable[None]] = store.remember
            self.forget: Callable[..., Awaitable[None]] = store.forget
        if isinstance(store, Adopting):
            self.adopt: Callable[..., Awaitable[None]] = partial(self._adopt, store)

    async def _adopt(self, store: Adopting, *, provider: str, client_id: str) -> None:
        """Adopt only what its keys open: an app without the key would keep it from its owner."""
        with suppress(Unreadable):  # what nobody can read is adopted as it is
            async for stored in self._store.list():
                if stored.install.client_id is None:
                    self._box.opened(stored.install.key, stored)
        await store.adopt(provider=provider, client_id=client_id)

    @staticmethod
    def new_key() -> str:
        """Make a key. Keep it where the store's backups do not go."""
        return Fernet.generate_key().decode()

    async def load(self, key: str) -> StoredInstall | None:
        """Return the install kept under ``key``, opened, or None."""
        stored = await self._store.load(key)
        return None if stored is None else self._box.opened(key, stored)

    @asynccontextmanager
    async def hold(self, key: str) -> AsyncIterator[_Held]:
        """Wait for the sole right to change the install under ``key``; what is saved is sealed."""
        async with self._store.hold(key) as hold:
            stored = hold.stored
            opened = None if stored is None else self._box.opened(key, stored)
            yield _Held(self._box, hold, opened)

    async def list(self) -> AsyncIterator[StoredInstall]:
        """Iterate over all installs, opened, ordered by key."""
        unread = Unread()
        try:
            async for stored in self._store.list():
                try:
                    opened = self._box.opened(self._box.key_of(stored), stored)
                except ConfigurationError as error:
                    unread.add(stored.install.key, error)
                    continue
                yield opened
        except Unreadable as error:  # what the store itself cannot read
            for key in error.keys:
                unread.add(key, error)
        unread.check()

    async def rotate(self) -> int:
        """Seal with the first key what is not, one install at a time, and return how many it was.

        May run beside everything else, and again after it was broken off. All installs are read
        before the first is written: if one cannot be opened, nothing is changed.
        """
        stale = []
        async for stored in self._store.list():
            key = self._box.key_of(stored)
            self._box.opened(key, stored)
            if not self._box.is_current(key, stored):
                stale.append(key)
        return sum([await self._reseal(key) for key in stale])

    async def close(self) -> None:
        """Close the wrapped store."""
        await self._store.close()

    async def _reseal(self, key: str) -> bool:
        while True:
            with suppress(Overtaken):  # by somebody who has changed it: look again
                async with self._store.hold(key) as hold:
                    stored = hold.stored
                    if stored is None or self._box.is_current(key, stored):
                        return False
                    await hold.save(self._box.sealed(self._box.opened(key, stored)))
                    return True


def _fernet(key: str | bytes, place: int) -> Fernet:
    with suppress(ValueError, TypeError):  # which may quote it
        return Fernet(key)
    msg = f"Sealed: key {place} is not a Fernet key; Sealed.new_key() makes one"
    raise ConfigurationError(msg)


def _secrets(text: bytes) -> _Secrets:
    return _Secrets(**json.loads(text))


def _text_of(stored: StoredInstall) -> str | None:
    text = stored.token.access_token
    return text.removeprefix(SEALED) if text.startswith(SEALED) else None


def _with(stored: StoredInstall, access_token: str, refresh_token: str | None) -> StoredInstall:
    token = attrs.evolve(stored.token, access_token=access_token, refresh_token=refresh_token)
    return attrs.evolve(stored, token=token)
