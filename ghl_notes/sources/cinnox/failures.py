"""The contacts of CINNOX whose notes could not be read, as one error at the end of a sweep."""

from typing import Final

from attrs import Factory, define

from ghl_notes.errors import HighLevelError, RateLimited, Unavailable, UnexpectedResponse

_KEPT: Final = 100  # failures whose reasons are given; the others are counted
_PASSING: Final = (Unavailable, RateLimited)


@define
class ContactFailures:
    """Counts the contacts that failed, and keeps the first reasons."""

    _count: int = 0
    _kept: list[HighLevelError] = Factory(list)
    _are_passing: bool = True

    def add(self, failure: HighLevelError) -> None:
        """Count a contact that failed."""
        self._count += 1
        self._are_passing = self._are_passing and isinstance(failure, _PASSING)
        if len(self._kept) < _KEPT:
            self._kept.append(failure)

    def raise_any(self) -> None:
        """Raise a single failure as it is, and several as one error with the reason of each.

        That is ``Unavailable`` if all may pass by themselves, else ``UnexpectedResponse``.
        """
        if self._count == 1:
            raise self._kept[0]
        if self._count:
            raise self._all() from self._kept[0]

    def _all(self) -> HighLevelError:
        first = self._kept[0]
        msg = f"{self._count:,} contacts of CINNOX could not be read, the first since {first}"
        reasons = [str(failure) for failure in self._kept]
        if not self._are_passing:
            return UnexpectedResponse(msg, problems=reasons)
        waits = [failure.retry_after or 0.0 for failure in self._kept]
        return Unavailable(
            msg,
            maybe_applied=False,
            status=first.status,
            messages=reasons,
            retry_after=max(waits) or None,
        )
