"""Stores that hold a password or a key never show it."""

import copy
import pickle
from collections.abc import Callable

import pytest

from ghl_notes.stores import MemoryStore, TokenStore
from tests.stores.servers import extra

KEY = "aHVzaCBodXNoIGh1c2ggaHVzaCBodXNoIGh1c2ggaHU="


def postgres() -> TokenStore:
    return extra("ghl_notes.stores.postgres").PostgresStore("postgresql://me:hush@127.0.0.1/db")


def redis() -> TokenStore:
    return extra("ghl_notes.stores.redis").RedisStore("redis://me:hush@127.0.0.1/0")


def sealed() -> TokenStore:
    return extra("ghl_notes.stores.sealed").Sealed(MemoryStore(), keys=[KEY])


@pytest.mark.parametrize("make", [postgres, redis, sealed])
def test_a_store_shows_no_secret(make: Callable[[], TokenStore]) -> None:
    """Neither its repr nor a pickle or copy of it holds a password or a key."""
    store = make()

    assert "hush" not in repr(store)
    assert KEY not in repr(store)
    for leak in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="holds secrets"):
            leak(store)
