"""What a pretend HighLevel is told when it is made."""

import time
from collections.abc import Callable, Collection, Mapping
from typing import Literal

from attrs import define, field
from attrs.validators import deep_iterable, ge, gt, in_, instance_of, matches_re, optional

from ghl_notes.testing.app import REDIRECT_URI, SCOPES
from ghl_notes.testing.faults import Fault
from ghl_notes.testing.token_requests import OnToken
from ghl_notes.testing.wire import Encoding

__all__ = ["Options"]

_are_names = deep_iterable(instance_of(str), instance_of((tuple, list, set, frozenset)))
_is_url = matches_re(r"https?://\S+")


@define(eq=False, kw_only=True)
class Options:
    """The arguments of ``FakeHighLevel``, whose text tells what each of them means."""

    contacts: int = field(default=10, validator=ge(0))
    notes_per_contact: int = field(default=5, validator=ge(0))
    tasks_per_contact: int = field(default=2, validator=ge(0))
    appointments_per_contact: int = field(default=1, validator=ge(0))
    locations: int = field(default=1, validator=ge(1))
    limit: int | None = field(default=100)
    interval: float = field(default=10.0, validator=gt(0))
    window: Literal["fixed", "sliding"] = field(
        default="fixed", validator=in_(("fixed", "sliding"))
    )
    daily: int = field(default=200_000, validator=ge(0))
    access_token_lifetime: float = field(default=86_399, validator=gt(0))
    grace: float = field(default=30.0, validator=ge(0))
    latency: float = field(default=0.0, validator=ge(0))
    slow: float = field(default=30.0, validator=ge(0))
    note_lag: float = field(default=0.0, validator=ge(0))
    date_skew: float = 0.0
    fault_rates: Mapping[Fault, float] | None = None
    retry_after: float | None = None
    not_found_status: int = field(default=400, validator=in_((400, 404)))
    allow_duplicates: bool = False
    scopes: tuple[str, ...] | None = field(
        default=None, validator=optional(deep_iterable(in_(SCOPES), instance_of(tuple)))
    )
    redirect_uri: str = field(default=REDIRECT_URI, validator=_is_url)
    webhook_url: str | None = field(default=None, validator=optional(_is_url))
    webhook_events: Collection[str] | None = field(default=None, validator=optional(_are_names))
    webhook_omits: Collection[str] = field(default=(), validator=_are_names)
    seed: int = 0
    clock: Callable[[], float] = time.time
    port: int = 0
    encoding: Encoding | None = field(default=None, validator=optional(in_(("gzip", "deflate"))))
    on_token: OnToken | None = None
    _ahead: float = field(default=0.0, init=False)

    def now(self) -> float:
        """Tell the fake's Unix time: its clock's, and what it was advanced by."""
        return self.clock() + self._ahead

    def advance(self, seconds: float) -> None:
        """Move the fake's Unix time ahead (or back, below zero), on top of ``clock``.

        Tokens, codes, the grace, new dates and the day's limit follow it. The short limit and the
        delays do not: they follow the event loop.
        """
        self._ahead += seconds
