"""The token that never changes."""

import copy
import pickle
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghl_notes import Auth, StaticToken
from ghl_notes.errors import AccessDenied, ConfigurationError
from ghl_notes.oauth.auth import checked_token

SECRET = "pit-0123-4567"


@pytest.mark.parametrize("given", [SECRET, f"  {SECRET}\n"])
async def test_it_gives_its_token(given: str) -> None:
    """The token is given as it is, without the blanks of a paste."""
    assert await StaticToken(given).token() == SECRET


@pytest.mark.parametrize(
    "given",
    ["", "  ", "\n", None, 5, b"pit", "two words", "two\nlines", "tab\tbed", "caf\xe9", "a\x7f"],
)
def test_what_is_no_token_is_refused(given: object) -> None:
    """What cannot stand in a header is refused where it is given, and not shown."""
    with pytest.raises(ConfigurationError, match="token must be") as raised:
        StaticToken(given)

    assert str(given).strip() == "" or str(given) not in str(raised.value)


anything = st.text(st.characters()) | st.text(st.sampled_from("a b\t\x00\r\n\ud800\x7f\xa0é\u2028"))


@given(text=anything)
def test_any_text_is_a_token_or_refused(text: str) -> None:
    """What is taken, here or from somebody's own ``Auth``, can be sent; the rest is not told."""
    for take in (lambda given: StaticToken(given)._token, checked_token):
        taken, refusal = "", None
        try:
            taken = take(f"{SECRET}{text}")
        except ConfigurationError as error:
            refusal = error

        assert taken.encode("ascii").isascii()
        assert not set(taken) & set("\r\n\0")
        assert refusal is None or (refusal.__cause__, refusal.__context__) == (None, None)
        assert SECRET not in str(refusal)


async def test_only_a_person_can_renew_it() -> None:
    """A refused token means that somebody must make a new one."""
    with pytest.raises(AccessDenied, match="make a new private integration token") as raised:
        await StaticToken(SECRET).renew(SECRET)

    assert raised.value.status == 401
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize("show", [repr, str, "{}".format])
def test_it_shows_no_secret(show: Callable[[object], str]) -> None:
    """Whatever prints it does not print the token."""
    assert show(StaticToken(SECRET)) == "StaticToken(***)"


@pytest.mark.parametrize("way", [pickle.dumps, copy.copy, copy.deepcopy])
def test_it_does_not_travel(way: Callable[[object], object]) -> None:
    """A token is not written into a pickle unawares."""
    with pytest.raises(TypeError, match="StaticToken holds secrets"):
        way(StaticToken(SECRET))


class Own:
    """Somebody's own way to tokens."""

    async def token(self) -> str:
        return "a"

    async def renew(self, stale: str) -> str:
        return stale


@pytest.mark.parametrize(
    ("given", "is_auth"), [(StaticToken("a"), True), (Own(), True), ("a", False), (None, False)]
)
def test_two_methods_make_an_auth(given: object, *, is_auth: bool) -> None:
    """Anything with the two methods will do, and nothing else."""
    assert isinstance(given, Auth) is is_auth
