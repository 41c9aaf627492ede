# ruff: noqa: ANN001 - parameters are fixtures, whose types live in conftest
"""Sessions that are passed in, with proxies and credentials of their own."""

import asyncio
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import aiohttp
import pytest

from ghl_notes.errors import ConfigurationError, HighLevelError, Unavailable

DUE = datetime(2026, 12, 1, tzinfo=UTC)
REFUSALS = (503, Unavailable, 5), (403, Unavailable, 5), (407, ConfigurationError, 1)


@asynccontextmanager
async def refusing(status: int) -> AsyncIterator[tuple[str, list[bytes]]]:
    """Run a proxy that opens no way; give its address, and what it was asked."""
    heard: list[bytes] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append((await reader.readuntil(b"\r\n\r\n")).split(b" ")[0])
        writer.write(b"HTTP/1.1 %d No\r\nContent-Length: 0\r\n\r\n" % status)
        writer.close()

    async with await asyncio.start_server(handle, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", heard


async def failure(call) -> HighLevelError:
    """Make a call that fails, and give its error."""
    with pytest.raises(HighLevelError) as raised:
        await call
    return raised.value


async def test_a_write_that_no_proxy_let_through_is_in_no_doubt(connect, fake) -> None:
    """Nothing left, so a write is tried again and reported as it is; a 407 is the caller's."""
    for status, cls, tries in REFUSALS:
        async with refusing(status) as (proxy, heard), aiohttp.ClientSession(proxy=proxy) as own:
            client = connect(fake, base_url="https://services.example", session=own)
            note = await failure(client.notes.create("c", "Text"))
            task = await failure(client.tasks.create("c", "Call", due_date=DUE))

        assert {type(note), type(task)} == {cls}, status
        assert str(status) in str(note)
        assert heard == [b"CONNECT"] * tries * 2, status


@pytest.fixture(params=["auth", "netrc"])
async def rival(request, monkeypatch, tmp_path) -> AsyncIterator[aiohttp.ClientSession]:
    """Give a session that adds credentials of its own to every request."""
    if request.param == "auth":
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
            session = aiohttp.ClientSession(auth=aiohttp.BasicAuth("jane", "s3cr3t"))
    else:
        (tmp_path / "netrc").write_text("default login jane password s3cr3t\n")
        monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
        monkeypatch.setenv("NO_PROXY", "*")
        session = aiohttp.ClientSession(trust_env=True)
    async with session:
        yield session


async def test_a_session_with_other_credentials_is_the_callers(fake, connect, rival) -> None:
    """A token cannot go beside them: each call says so, a stream as data, and nothing is sent."""
    client = connect(fake, session=rival)
    ids = fake.contact_ids()
    results = [one async for one in client.notes.stream(ids)]
    errors = [one.error for one in results]
    errors += [await failure(client.notes.create(ids[0], "Text"))]

    assert {type(error) for error in errors} == {ConfigurationError}
    assert {one.contact_id for one in results} == set(ids)
    assert "the session brings credentials" in str(errors[-1])
    assert not any("s3cr3t" in repr((error, vars(error), error.__cause__)) for error in errors)
    assert fake.stats.requests == 0


async def test_a_token_is_not_asked_for_with_other_credentials(start, build, rival) -> None:
    """So it is with the calls by which an agency's token becomes a location's."""
    fake = await start(locations=2)
    highlevel = build(fake, session=rival)
    await highlevel.install(fake.authorize_code(company=True))
    error = await failure(highlevel.location(fake.location_id).notes.list(fake.contact_ids()[0]))

    assert type(error) is ConfigurationError
    assert fake.stats.mints == 0
