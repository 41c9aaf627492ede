# ruff: noqa: ANN001 - parameters are fixtures, whose types live in conftest
"""Any other endpoint, through the same door."""

import pytest

from ghl_notes.errors import AmbiguousWrite, ConfigurationError, RequestRejected, Unavailable
from ghl_notes.testing import Fault


async def test_a_read(fake, client, contact_id) -> None:
    """The decoded reply comes back as it is."""
    found = await client.request("get", f"/contacts/{contact_id}")

    assert found["contact"]["id"] == contact_id


async def test_parameters(fake, client, contact_id) -> None:
    """Parameters are quoted; None is left out, and booleans are written as HighLevel does."""
    params = {"a": "x&y=z", "n": 5, "yes": True, "none": None}
    await client.request("GET", f"/contacts/{contact_id}", params=params)

    assert fake.requests[-1].query == "a=x%26y%3Dz&n=5&yes=true"


async def test_a_write(fake, client, contact_id) -> None:
    """JSON is sent, and an error of HighLevel's is an error of ours."""
    path = f"/contacts/{contact_id}/notes"
    made = await client.request("POST", path, json={"body": "Text"})
    assert made["note"]["body"] == "Text"
    with pytest.raises(RequestRejected) as raised:
        await client.request("POST", path, json={"locationId": "x"})

    assert "property locationId should not exist" in raised.value.messages


async def test_an_empty_reply_is_none(fake, client, contact_id) -> None:
    """Nothing in, None out."""
    fake.inject(Fault.EMPTY_BODY)

    assert await client.request("GET", f"/contacts/{contact_id}") is None


@pytest.mark.parametrize(
    ("method", "repeatable", "requests"),
    [("POST", None, 1), ("POST", False, 1), ("POST", True, 2), ("GET", None, 2), ("PUT", False, 1)],
)
async def test_who_is_repeated(fake, client, contact_id, method, repeatable, requests) -> None:
    """A POST is sent again only on the caller's word; other methods unless told not to."""
    fake.inject(Fault.RESET_AFTER)
    path = f"/contacts/{contact_id}" + ("/notes" if method == "POST" else "")
    if method == "PUT":
        path += f"/notes/{fake.notes(contact_id)[0]['id']}"
    json = None if method == "GET" else {"body": "Text"}
    call = client.request(method, path, json=json, repeatable=repeatable)
    if requests == 1:
        with pytest.raises(AmbiguousWrite) as raised:
            await call
        assert (raised.value.method, raised.value.path) == (method, path)
        assert isinstance(raised.value.__cause__, Unavailable)
    else:
        await call

    assert fake.stats.requests == requests


@pytest.mark.parametrize(
    "path",
    [
        "contacts",
        "",
        "/",
        "//evil.example/contacts",
        "https://evil.example/",
        "/contacts/../oauth",
        "/contacts/%2e%2e/oauth",
        "/contacts/a%2fb",
        "/contacts?x=1",
        "/contacts#x",
        "/contacts/a b",
        "/contacts\n",
        "/contacts/\\x",
        "/@evil.example/../x",
        None,
        5,
    ],
)
async def test_a_path_that_could_lead_elsewhere_is_refused(fake, client, path) -> None:
    """The token never goes to another host or path than the caller can read in the call."""
    with pytest.raises(ConfigurationError, match="path"):
        await client.request("GET", path)

    assert fake.stats.requests == 0


@pytest.mark.parametrize("method", ["CONNECT", "get\r\nX: y", "", None])
async def test_a_strange_method_is_refused(fake, client, method) -> None:
    """Only HTTP's usual methods are sent."""
    with pytest.raises(ConfigurationError, match="method"):
        await client.request(method, "/contacts")

    assert fake.stats.requests == 0


async def test_what_is_no_json_is_refused(fake, client) -> None:
    """A value that cannot be encoded is named as the caller's, and not shown."""
    with pytest.raises(ConfigurationError, match="JSON") as raised:
        await client.request("POST", "/contacts", json={"password": object()})

    assert "password" not in str(raised.value)
    assert fake.stats.requests == 0
