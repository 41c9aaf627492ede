"""Which words of a 401 were found not to be about the token, and how long that is believed.

A refresh token works once, so it must not be spent on a refusal that a new token does not cure.
A token that was just made and is refused proves that the token is not the fault.
"""

from collections import OrderedDict
from typing import Final

from attrs import define

from ghl_notes.http.denials import Blame, Denial

NEWBORN: Final = 60.0
"""Seconds in which a token is taken to be good, whatever unknown words refuse it."""

# How long no token is renewed for words that a new one did not cure: doubled each time they are
# found again, up to the longest. Words that name the token may have met a token that ended early,
# so they begin low.
_PAUSE: Final = {Blame.UNKNOWN: 60.0, Blame.TOKEN: 1.0}
_LONGEST: Final = 3600.0
_REMEMBERED: Final = 32

_NEW: Final = "the token was made less than a minute ago, so it is not the fault"
_RENEWAL_DID_NOT_HELP: Final = (
    "a renewed token was refused in the same words, so it is not the fault"
)


@define(eq=False)
class _Found:
    """Words that are not about the token: until when, and on which token that was found."""

    pause: float
    until: float
    token: int
    age: float | None

    def holds(self, token: str, age: float | None, now: float) -> bool:
        if now >= self.until:
            return False
        if age is None:
            return True
        # By the token's own age the time may be over: its clock may have been set since.
        before = self.age or 0.0 if hash(token) == self.token else 0.0
        return age - before < self.pause


class Refusals:
    """What one location, agency or organization has learned from refusals of its tokens.

    Ages are in seconds, None for a token whose age is not known. ``now`` is monotonic.
    """

    def __init__(self) -> None:
        self._found: OrderedDict[str, _Found] = OrderedDict()

    def objection(self, denial: Denial, token: str, age: float | None, now: float) -> str | None:
        """Return why no token is renewed for this refusal; None to renew, empty without a reason.

        Unknown words that refuse a newborn token are remembered.
        """
        if denial.blame not in _PAUSE:
            return ""
        found = self._found.get(denial.words)
        if found is not None and found.holds(token, age, now):
            return _RENEWAL_DID_NOT_HELP
        if denial.blame is Blame.TOKEN or age is None or age >= NEWBORN:
            return None
        self._remember(denial, token, age, now)
        return _NEW

    def cured(self, denial: Denial) -> None:
        """Note that a renewed token was taken where the old one had been refused."""
        self._found.pop(denial.words, None)

    def not_cured(self, denial: Denial, token: str, age: float | None, now: float) -> str:
        """Note that a renewed token was refused too, and return the message for that."""
        if denial.blame in _PAUSE:
            self._remember(denial, token, age, now)
            return _RENEWAL_DID_NOT_HELP
        return ""

    def _remember(self, denial: Denial, token: str, age: float | None, now: float) -> None:
        found = self._found.pop(denial.words, None)
        if found is None or now - found.until > _LONGEST:
            pause = _PAUSE[denial.blame]
        elif found.holds(token, age, now):  # of many refused together, the first has counted
            self._found[denial.words] = found
            return
        else:
            pause = min(2 * found.pause, _LONGEST)
        self._found[denial.words] = _Found(pause, now + pause, hash(token), age)
        if len(self._found) > _REMEMBERED:
            self._found.popitem(last=False)
