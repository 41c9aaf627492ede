"""How often unknown words of a 401 may cost a refresh token, by the clock alone."""

from hypothesis import given
from hypothesis import strategies as st

from ghl_notes.http.denials import Denial, denial
from ghl_notes.http.refusals import NEWBORN, Refusals

UNKNOWN = denial("Unauthorized")
TOKEN = denial("Invalid JWT")
CALL = denial("Token's user type mismatch!")


def renewals(
    refusals: Refusals, moments: list[float], told: Denial = UNKNOWN, *, cures: bool = False
) -> int:
    """Refuse a call at each moment, renew where nothing speaks against it, and count that."""
    made, count = 0.0, 0
    for now in moments:
        if refusals.objection(told, f"token {made}", now - made, now) is None:
            count += 1
            made = now
            if cures:
                refusals.cured(told)
            else:
                refusals.not_cured(told, f"token {made}", 0.0, now)
    return count


def test_a_day_of_unknown_words_costs_few_tokens() -> None:
    """Asked ten times a second for a day, the words are tried again less and less often."""
    moments = [n / 10 for n in range(864_000)]

    assert renewals(Refusals(), moments) <= 30
    assert renewals(Refusals(), moments[: 10 * 170]) == 1
    assert renewals(Refusals(), moments, TOKEN) <= 37


def test_a_token_that_names_no_fault_is_renewed_when_it_is_old() -> None:
    """Within its first minute never, and after it once, whether that helps or not."""
    assert Refusals().objection(UNKNOWN, "t", 0.0, 5.0)
    assert Refusals().objection(UNKNOWN, "t", NEWBORN - 0.1, 5.0)
    assert Refusals().objection(UNKNOWN, "t", NEWBORN, 5.0) is None
    assert Refusals().objection(UNKNOWN, "t", None, 5.0) is None
    assert Refusals().objection(TOKEN, "t", 0.0, 5.0) is None
    assert Refusals().objection(CALL, "t", None, 5.0) == ""


def test_words_that_a_new_token_cured_are_forgotten() -> None:
    """A token that really ends so is renewed each time; no memory stands in the way."""
    moments = [n * (NEWBORN + 1) for n in range(1, 100)]

    assert renewals(Refusals(), moments, cures=True) == 99


def test_a_token_that_grew_old_by_its_own_clock_is_renewed() -> None:
    """A machine that slept knows by the token's age that the time of the memory is over."""
    refusals = Refusals()
    assert refusals.objection(UNKNOWN, "t", 1.0, 0.0)

    assert refusals.objection(UNKNOWN, "t", 72_000.0, 1.0) is None
    assert refusals.objection(UNKNOWN, "t", 30.0, 29.0)


def test_of_many_that_are_refused_together_one_teaches() -> None:
    """A hundred refusals of one moment count as one, so that the pause begins with a minute."""
    refusals = Refusals()
    for _ in range(100):
        refusals.not_cured(UNKNOWN, "new", 0.0, 0.0)

    assert refusals.objection(UNKNOWN, "other", None, 59.0)
    assert refusals.objection(UNKNOWN, "other", None, 61.0) is None


@given(st.lists(st.text(), min_size=100, max_size=200))
def test_the_memory_is_bounded(texts: list[str]) -> None:
    """However many words there are, only the last of them are remembered."""
    refusals = Refusals()
    for n, text in enumerate(texts):
        refusals.objection(denial(text), "t", 0.0, float(n))

    assert len(refusals._found) <= 32
