"""What can go wrong between a client and HighLevel, on demand or at random."""

import random
from collections.abc import Mapping
from enum import Enum
from typing import TypeAlias

from attrs import define, field, frozen

__all__ = ["REPLACING", "UNCOUNTED", "Failure", "Fault", "FaultPlan", "OddHeaders", "Trouble"]


class Fault(Enum):
    """A way for one request to go wrong.

    "Applied" means that a write took place although the client may not learn of it.
    """

    RATE_LIMITED = "429; nothing applied or counted"
    SERVER_ERROR = "500 with JSON; nothing applied"
    BAD_GATEWAY = "502 with an HTML page; nothing applied"
    HTML = "200 with an HTML page; nothing applied"
    FORBIDDEN_HTML = "403 with Cloudflare's HTML page; nothing applied"
    RESET_BEFORE = "the connection is reset; nothing applied"
    RESET_AFTER = "applied, then the connection is reset"
    SLOW = "applied at once, the reply comes after `slow` seconds"
    CUT_BODY = "applied; the body ends before its Content-Length"
    CUT_CHUNK = "applied; the body ends between two chunks"
    CUT_HEAD = "applied; the status and the headers come, and no byte of the body"
    CUT_JSON = "applied; whole HTTP, half the JSON"
    EMPTY_BODY = "applied; a good status without a body"
    WRONG_TYPE = "applied; a JSON list where an object belongs"
    NULL_TEXT = "applied; one note of the reply has a null body"
    PARTIAL = "applied; 206 with half of the list, and the total of the whole"
    EMPTY_PAGE = "applied; a list with nothing in it, and the total of the whole"
    HALF_LETTER = "applied; one note or name of the reply ends with half of an emoji"
    BROKEN_LETTER = "applied; one note or name of the reply ends with a byte that is not UTF-8"
    LONG_NUMBER = "applied; one entry of the reply has a number of 5,000 digits"
    HUGE = "applied; a body of more than 64 MB"
    GZIP_BOMB = "applied; a small gzip body that inflates to more than 64 MB"
    BROKEN_GZIP = "applied; a gzip body whose second half is noise"
    STALL = "applied; half of the body comes, and then nothing until the client goes away"
    STALL_BEFORE = "nothing applied; no byte of a reply comes until the client goes away"
    TOKEN_EXPIRED = "401, invalid token; nothing applied or counted"  # noqa: S105
    LOCATION_INACTIVE = "400, the location is not active; nothing applied"
    REFUSED_OK = "200 that says succeeded: false; nothing applied; only on calls with that flag"


UNCOUNTED = frozenset({Fault.RATE_LIMITED, Fault.TOKEN_EXPIRED})
"""Faults of requests that never get past the door, and so count against no limit."""

REPLACING = UNCOUNTED | {
    Fault.SERVER_ERROR,
    Fault.BAD_GATEWAY,
    Fault.HTML,
    Fault.FORBIDDEN_HTML,
    Fault.RESET_BEFORE,
    Fault.STALL_BEFORE,
    Fault.LOCATION_INACTIVE,
    Fault.REFUSED_OK,
}
"""Faults that come instead of the work; with the others the work is done."""


@frozen(kw_only=True)
class Failure:
    """A failure in words of your own, instead of the work or after it.

    Its body is ``{statusCode, message[, error]}``, or ``payload`` or ``page`` if that is given. A
    401 or a 429 counts against no limit, like requests that HighLevel turns away at the door,
    unless it is ``applied``.

    :param status: the status of the reply.
    :param message: the message in its body.
    :param error: the kind of error beside the message, such as ``Unauthorized``.
    :param payload: a whole JSON object for the body.
    :param page: a text for the body that is no JSON, as a gateway's; it may be empty.
    :param headers: headers of the reply, such as ``{"retry-after": "3"}``.
    :param applied: do the work first, as behind a gateway that gave up waiting for it.
    :param cut: end the body half way.
    """

    status: int = field()
    message: str = ""
    error: str | None = None
    payload: Mapping[str, object] | None = None
    page: str | None = None
    headers: Mapping[str, str] = field(factory=dict)
    applied: bool = False
    cut: bool = False

    @status.validator
    def _check_status(self, _: object, status: int) -> None:
        if not 200 <= status <= 599:  # noqa: PLR2004 - what HTTP calls a final status
            msg = f"status must be from 200 to 599, got {status}"
            raise ValueError(msg)

    def body(self) -> dict[str, object] | str:
        """Give the body: a JSON object, or a page."""
        if self.page is not None:
            return self.page
        if self.payload is not None:
            return dict(self.payload)
        usual: dict[str, object] = {"statusCode": self.status, "message": self.message}
        return usual if self.error is None else {**usual, "error": self.error}


@frozen
class OddHeaders:
    """Headers that replace those of the reply by name; None takes one away. The work is done."""

    headers: Mapping[str, str | None]


Trouble: TypeAlias = Fault | Failure | OddHeaders
"""What a request may be made to meet."""


@define
class _Order:
    fault: Trouble
    left: int
    method: str | None
    path_contains: str | None

    def meets(self, method: str, path: str, *, api: bool, flagged: bool) -> bool:
        """Tell whether this order is for that request."""
        if not _can_strike(self.fault, flagged=flagged):
            return False
        if self.method is not None and self.method.upper() != method:
            return False
        return api if self.path_contains is None else self.path_contains in path


@define
class FaultPlan:
    """Which fault the next request meets, if any: first those ordered, then those by chance."""

    rates: Mapping[Fault, float] = field()
    rng: random.Random
    _orders: list[_Order] = field(factory=list, init=False)

    @rates.validator
    def _check_rates(self, _: object, rates: Mapping[Fault, float]) -> None:
        if any(rate < 0 for rate in rates.values()) or sum(rates.values()) > 1:
            msg = "fault_rates must not be negative, and at most 1 in all"
            raise ValueError(msg)

    def order(
        self, fault: Trouble, times: int, *, method: str | None, path_contains: str | None
    ) -> None:
        """Let the next ``times`` matching requests meet ``fault``."""
        if times > 0:
            self._orders.append(_Order(fault, times, method, path_contains))

    def clear(self) -> None:
        """Drop what was ordered and has not struck yet."""
        self._orders.clear()

    def pick(self, method: str, path: str, *, api: bool, flagged: bool = False) -> Trouble | None:
        """Tell what this request meets, and use that order up.

        ``flagged`` tells that its reply has a flag of success.
        """
        for order in self._orders:
            if order.meets(method, path, api=api, flagged=flagged):
                order.left -= 1
                if not order.left:
                    self._orders.remove(order)
                return order.fault
        fault = self._by_chance() if api and self.rates else None
        return fault if _can_strike(fault, flagged=flagged) else None

    def _by_chance(self) -> Fault | None:
        drawn = self.rng.random()
        for fault, rate in self.rates.items():
            drawn -= rate
            if drawn < 0:
                return fault
        return None


def _can_strike(fault: Trouble | None, *, flagged: bool) -> bool:
    return fault is not Fault.REFUSED_OK or flagged
