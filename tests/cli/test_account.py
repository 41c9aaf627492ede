# ruff: noqa: ANN001 - parameters are fixtures, whose types live in conftest
"""Which store is meant, and that no password of it is ever told."""

import sys

import pytest

from ghl_notes import stores
from ghl_notes.cli.account import Account, Place
from ghl_notes.cli.statuses import Refused
from ghl_notes.stores import SQLiteStore

PASSWORD = "Tr0ub4dor"
COMMANDS = [
    ("installs", "list"),
    ("installs", "check"),
    ("installs", "tend"),
    ("installs", "forget", "--location", "a", "--yes"),
    ("login", "--paste"),
]
# Where nobody listens.
NOWHERE = f"user:{PASSWORD}@127.0.0.1:1"


def test_a_path_is_a_file(tmp_path) -> None:
    """Whatever has no scheme, a colon or not."""
    place = Place(str(tmp_path / "a:b.db"))
    place.check(must_exist=False)

    assert isinstance(place.open(), SQLiteStore)
    assert str(place) == str(tmp_path / "a:b.db")


@pytest.mark.parametrize(
    ("url", "name"),
    [
        (f"postgresql://user:{PASSWORD}@db/x", "the PostgreSQL database"),
        (f"postgres://db/x?password={PASSWORD}", "the PostgreSQL database"),
        (f"POSTGRESQL://user:{PASSWORD}@db/x", "the PostgreSQL database"),
        (f"redis://:{PASSWORD}@cache/0", "the Redis server"),
        (f"rediss://user:{PASSWORD}@cache", "the Redis server"),
    ],
)
def test_a_url_is_named_without_what_is_in_it(url, name) -> None:
    """Neither as text nor in the repr of anything that holds it."""
    place = Place(url)
    place.check(must_exist=True)

    assert str(place) == name
    assert PASSWORD not in repr(place)
    assert PASSWORD not in repr(Account(place=place, client_id="a", client_secret=PASSWORD))


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("postgresql://db/x", stores.PostgresStore),
        ("postgres://db/x", stores.PostgresStore),
        ("redis://cache", stores.RedisStore),
        ("rediss://cache/0", stores.RedisStore),
    ],
)
async def test_a_url_is_a_server(url, kind) -> None:
    """Its scheme says which."""
    store = Place(url).open()

    assert isinstance(store, kind)
    await store.close()


@pytest.mark.parametrize(
    "url",
    [
        "",
        f"mysql://user:{PASSWORD}@db/x",
        f"host=db password={PASSWORD}",
    ],
)
def test_what_cannot_be_a_store_is_refused(url) -> None:
    """Nothing of it is quoted, and no file of that name is made."""
    with pytest.raises(Refused, match="--store") as refused:
        Place(url).check(must_exist=False)

    assert PASSWORD not in str(refused.value)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    "wrong",
    [
        "mysql://{}/x",
        "host=db user={}",
        "postgresql://{}@x/y",
        "postgresql://{}:port/x",
        f"postgresql://user:{PASSWORD}/{PASSWORD}@db/x",
        "redis://{}:port/0",
        f"redis://:{PASSWORD}#{PASSWORD}@cache",
        f"redis://:{PASSWORD}?{PASSWORD}@cache",
    ],
)
async def test_no_command_tells_a_password(run, account, command, wrong) -> None:
    """Whatever is wrong with it."""
    environment = account.environment | {"GHL_NOTES_STORE": wrong.format(NOWHERE)}
    outcome = await run(*command, **environment)

    assert outcome.status in (1, 2)
    assert "--store" in outcome.err or "Store" in outcome.err
    assert PASSWORD not in outcome.out + outcome.err


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("url", [f"postgresql://{NOWHERE}/x", f"redis://{NOWHERE}/0"])
async def test_a_server_that_does_not_answer_is_named(run, account, command, url) -> None:
    """With what to look at, and without the password."""
    outcome = await run(*command, **account.environment | {"GHL_NOTES_STORE": url})

    assert outcome.status == 1
    assert "cannot be" in outcome.err
    assert "--base-url" not in outcome.err
    assert PASSWORD not in outcome.out + outcome.err


@pytest.mark.parametrize(
    ("url", "room", "extra"),
    [
        ("postgresql://127.0.0.1:1/x", "postgres", "ghl-notes[postgres]"),
        ("redis://127.0.0.1:1", "redis", "ghl-notes[redis]"),
    ],
)
async def test_a_missing_extra_is_named(run, monkeypatch, url, room, extra) -> None:
    """With the line that installs it, and without a traceback."""
    monkeypatch.setitem(sys.modules, f"ghl_notes.stores.{room}", None)
    monkeypatch.delattr(stores, room, raising=False)
    outcome = await run("installs", "list", "--store", url)

    assert outcome.status == 2
    assert f"pip install '{extra}'" in outcome.err


async def test_help_names_the_variables_and_not_their_values(run, account) -> None:
    """Help may be pasted anywhere."""
    environment = account.environment | {
        "GHL_NOTES_STORE": f"postgresql://{NOWHERE}/x",
        "GHL_NOTES_SEAL_KEYS": PASSWORD,
    }
    for command in (("login",), ("installs", "check"), ("installs", "tend")):
        outcome = await run(*command, "--help", **environment)

        assert outcome.status == 0
        assert set(environment) - {"GHL_NOTES_REDIRECT_URI"} <= set(
            outcome.out.replace("]", " ").replace(",", " ").split()
        )
        assert PASSWORD not in outcome.out
        assert account.fake.app.client_secret not in outcome.out
