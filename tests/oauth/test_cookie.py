"""The cookie that vouches for a state."""

import hmac
import re

from hypothesis import assume, example, given
from hypothesis import strategies as st

from ghl_notes.oauth.cookie import LIFETIME, is_ours, name_of, sign

SECRET = "2f0a8a1e-6f4f-4f6e-9a55-0c5d1b7e3a90"
STATE = "kB2n-0dQ_rT7x9"
NOW = 1_790_000_000.0
VALUE = sign(STATE, secret=SECRET, now=NOW)

anything = st.text()
times = st.floats(0, 1e11)


@given(state=anything, now=times, age=st.floats(0, LIFETIME - 1))
def test_a_cookie_vouches_for_its_state(state: str, now: float, age: float) -> None:
    """What was signed is ours for ten minutes, less the second in which it began."""
    value = sign(state, secret=SECRET, now=now)

    assert is_ours(state, value, secret=SECRET, now=now + age)


@given(state=anything, now=times, age=st.floats(LIFETIME, 1e12))
def test_a_cookie_ends(state: str, now: float, age: float) -> None:
    """A browser that keeps a cookie for longer than it was told to gains nothing."""
    value = sign(state, secret=SECRET, now=now)

    assert not is_ours(state, value, secret=SECRET, now=now + age)


@given(at=st.integers(0, len(VALUE) - 1), instead=st.characters())
def test_no_character_of_a_cookie_can_be_changed(at: int, instead: str) -> None:
    """Every character counts: of the time, of the signature, and the dot between them."""
    assume(VALUE[at] != instead)
    changed = VALUE[:at] + instead + VALUE[at + 1 :]

    assert not is_ours(STATE, changed, secret=SECRET, now=NOW)


@given(at=st.integers(0, len(STATE) - 1), instead=st.characters())
def test_no_character_of_a_state_can_be_changed(at: int, instead: str) -> None:
    """A cookie is good for the state that it was made for."""
    assume(STATE[at] != instead)
    changed = STATE[:at] + instead + STATE[at + 1 :]

    assert not is_ours(changed, VALUE, secret=SECRET, now=NOW)


@example("1790000000.\udcff")  # a byte that is no text, as aiohttp may hand it out
@given(st.one_of(anything, st.from_regex(r"\d+\.[0-9a-f]{64}", fullmatch=True)))
def test_nobody_else_makes_a_cookie(value: str) -> None:
    """Whatever a browser sends is read without an error, and is not ours."""
    assume(value != VALUE)

    assert not is_ours(STATE, value, secret=SECRET, now=NOW)


@given(secret=anything)
def test_another_app_makes_other_cookies(secret: str) -> None:
    """The client secret is the key, so a new secret ends what was under way."""
    assume(secret != SECRET)

    assert not is_ours(STATE, VALUE, secret=secret, now=NOW)


@given(before=st.text("0123456789.", max_size=4), digits=st.integers(1, 9))
def test_time_and_state_do_not_run_into_each_other(before: str, digits: int) -> None:
    """No part of the time can be read as a part of the state, or the other way round."""
    issued, _, mac = VALUE.partition(".")
    moved = f"{issued[digits:]}.{before}{STATE}"

    assert not is_ours(moved, f"{issued[:digits]}.{mac}", secret=SECRET, now=0)


def test_a_cookie_is_bound_to_this_purpose() -> None:
    """The client secret itself signs nothing: what it signs elsewhere is no good here."""
    bare = hmac.digest(SECRET.encode(), f"{NOW:.0f}.{STATE}".encode(), "sha256").hex()
    key = hmac.digest(SECRET.encode(), b"ghl_notes: the state of an install, version 1", "sha256")
    derived = hmac.digest(key, f"{NOW:.0f}.{STATE}".encode(), "sha256").hex()

    assert f"{NOW:.0f}.{derived}" == VALUE
    assert not is_ours(STATE, f"{NOW:.0f}.{bare}", secret=SECRET, now=NOW)


@given(anything)
def test_a_cookie_needs_no_quotes(state: str) -> None:
    """Names and values hold only what every browser and proxy leaves alone, and no state."""
    value = sign(state, secret=SECRET, now=NOW)

    assert re.fullmatch(r"ghl_install_[0-9a-f]{16}", name_of(state))
    assert re.fullmatch(r"\d+\.[0-9a-f]{64}", value)


@given(anything, anything)
def test_two_states_have_two_names(state: str, other: str) -> None:
    """Two tabs keep their cookies side by side."""
    assume(state != other)

    assert name_of(state) != name_of(other)
