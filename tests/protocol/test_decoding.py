"""JSON with one odd letter or number in it is read all the same, with orjson and without."""

import json
import math
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghl_notes.errors import UnexpectedResponse
from ghl_notes.http.protocol import read
from ghl_notes.http.reply import Reply, loads
from ghl_notes.http.request import Request

DIGITS = "9" * 5_000
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
ODD = [
    (f"[{DIGITS}, 1]".encode(), [DIGITS, 1]),
    (f"[-{DIGITS}, 1]".encode(), [f"-{DIGITS}", 1]),
    (b"[1e999, -1E400, 2.5]", ["1e999", "-1E400", 2.5]),
    (b"[NaN, Infinity, -Infinity, 1]", [None, None, None, 1]),
    (rb'["\ud83d", "a"]', ["\ud83d", "a"]),
    (b'["\xed\xa0\xbd", "a"]', ["\ud83d", "a"]),
    (b'["\xff", "a"]', ["\ufffd", "a"]),
    (b'["a\x00\tb\nc", "a"]', ["a\x00\tb\nc", "a"]),
    (b'\xef\xbb\xbf["a"]', ["a"]),
    ('["Zoë"]'.encode("utf-16"), ["Zoë"]),
    (b'{"a": 1, "a": 2}', {"a": 2}),
]


@pytest.mark.parametrize(("body", "payload"), ODD)
def test_one_odd_value_never_costs_the_rest(
    replies: list[ModuleType], body: bytes, payload: object
) -> None:
    """What JSON's writers do wrong is read as far as it can be held and written again."""
    for reply in replies:
        found = reply.decode(reply.Reply(200, {}, body))
        assert found == payload
        assert json.dumps(found, allow_nan=False)


@given(values)
def test_the_patient_reader_reads_json_as_json(value: object) -> None:
    """What is valid comes back as it was; what is no number comes back as nothing."""
    text = json.dumps(value)
    if not any(word in text for word in ("NaN", "Infinity")):
        assert loads(text.encode()) == json.loads(text)
    assert json.dumps(loads(text.encode()), allow_nan=False)


@given(st.text("-+.eE0123456789"))
def test_no_number_is_out_of_reach(digits: str) -> None:
    """A number is read as one, or as its digits, or it is no JSON; never as infinity."""
    try:
        found = loads(digits.encode())
    except ValueError:
        return
    assert isinstance(found, str) or math.isfinite(found)  # type: ignore[arg-type] # a number


@pytest.mark.parametrize("depth", [100_000, 1_000_000])
def test_what_is_nested_too_deeply_is_unreadable(replies: list[ModuleType], depth: int) -> None:
    """A reply that Python cannot hold is told as one that cannot be read."""
    for reply in replies:
        with pytest.raises(UnexpectedResponse):
            reply.decode(reply.Reply(200, {}, b"[" * depth + b"]" * depth))


READS = [Request("GET", "/x"), Request("HEAD", "/x")]
WRITES = [Request("POST", "/x"), Request("PUT", "/x"), Request("DELETE", "/x")]


@pytest.mark.parametrize("status", [202, 203, 205, 206, 207, 208, 226, 299])
def test_only_some_successes_are_whole_answers_to_a_read(status: int) -> None:
    """Half a list under 206 is not all of it; to a write, any success says that it happened."""
    reply = Reply(status, {}, b'{"notes": []}')
    for request in READS:
        with pytest.raises(UnexpectedResponse) as raised:
            read(request, reply, None)
        assert (raised.value.status, raised.value.garbled) == (status, True)
    for request in WRITES:
        assert read(request, reply, None).payload == {"notes": []}


@pytest.mark.parametrize("status", [200, 201, 204])
def test_the_usual_successes_are_answers(status: int) -> None:
    """HighLevel answers a read by POST with 201 as well, and with nothing by 204."""
    for request in (*READS, *WRITES):
        assert read(request, Reply(status, {}, b""), None).payload is None
