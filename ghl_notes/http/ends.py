"""Which end of a list is believed: an empty page is none while the same reply counts more entries.

Totals move while people edit, so only the one that comes with the empty page is looked at: it is
less than what was read where things were deleted meanwhile, and then the end is the end.
"""

from collections.abc import Callable
from typing import Final

from ghl_notes.errors import UnexpectedResponse
from ghl_notes.http.reply import Answer
from ghl_notes.models import Json

_TRIES: Final = 5


def counts_more(payload: Json, name: str, read: int) -> bool:
    """Tell whether a page without entries counts more than were read before it."""
    if not isinstance(payload, dict) or payload.get(name) != []:
        return False
    total = payload.get("total", payload.get("count"))
    return type(total) is int and total > read


def unless_denied(
    what: str, denied: Callable[[Json], bool], *, server: str = "HighLevel"
) -> Callable[[Answer], None]:
    """Make the check of one page: an end that it denies itself raises ``UnexpectedResponse``.

    An index that lags is the likely reason, so such a page is asked for a few times.
    """
    asked = 0

    def check(answer: Answer) -> None:
        nonlocal asked
        if denied(answer.payload):
            asked += 1
            msg = f"{server} sent an empty page of {what} and says that there are more"
            error = UnexpectedResponse(f"{msg}: try again later", garbled=asked < _TRIES)
            answer.name([error])
            raise error

    return check
