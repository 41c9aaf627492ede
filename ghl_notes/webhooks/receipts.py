"""How a webhook is answered."""

from collections.abc import Mapping
from typing import Final

from attrs import frozen

from ghl_notes.webhooks.events import WebhookEvent

__all__ = ["Receipt", "receipt", "repeated"]

# What a sender learns: nothing that helps to guess keys, ids or times.
_TEXTS: Final[Mapping[int, str]] = {
    200: "handled",
    202: "accepted",
    400: "not accepted",
    401: "not accepted",
    403: "not accepted",
    408: "too slow",
    413: "too large",
    415: "not accepted",
    500: "failed",
    503: "try again later",
}
_SEEN: Final = "seen before"


@frozen
class Receipt:
    """How to answer a webhook: with ``status`` and the plain ``text``.

    ``event`` is what was handed on, or None if nothing was.
    """

    status: int
    text: str
    event: WebhookEvent | None = None


def receipt(status: int, event: WebhookEvent | None = None) -> Receipt:
    """Make the receipt of a status."""
    return Receipt(status, _TEXTS[status], event)


def repeated(status: int) -> Receipt:
    """Make the receipt of a repetition, of which nothing was handed on."""
    return Receipt(status, _SEEN) if status in (200, 202) else receipt(status)
