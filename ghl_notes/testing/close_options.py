"""What a pretend Close is told when it is made."""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from attrs import Attribute, define, field
from attrs.validators import ge, gt, matches_re

from ghl_notes.testing.app import REDIRECT_URI
from ghl_notes.testing.desk import OnRequest
from ghl_notes.testing.faults import Fault

__all__ = ["CloseOptions"]


def _aware(instance: "CloseOptions", attribute: "Attribute[datetime]", value: datetime) -> None:
    if value.tzinfo is None:
        msg = (
            f"{attribute.name} must be an aware datetime, such as datetime(2026, 1, 1, tzinfo=UTC)"
        )
        raise ValueError(msg)
    if attribute.name == "until" and value < instance.since:
        msg = "until must not be before since"
        raise ValueError(msg)


@define(eq=False, kw_only=True)
class CloseOptions:
    """The arguments of ``FakeClose``, whose text tells what each of them means."""

    leads: int = field(default=10, validator=ge(0))
    contacts_per_lead: int = field(default=1, validator=ge(0))
    notes_per_lead: int = field(default=5, validator=ge(0))
    users: int = field(default=3, validator=ge(1))
    since: datetime = field(default=datetime(2025, 1, 1, tzinfo=UTC), validator=_aware)
    until: datetime = field(default=datetime(2025, 7, 1, tzinfo=UTC), validator=_aware)
    max_limit: int = field(default=100, validator=ge(1))
    max_skip: int = field(default=250_000, validator=ge(0))
    needs_lead: bool = False
    limit: int | None = 60
    interval: float = field(default=1.0, validator=gt(0))
    access_token_lifetime: float = field(default=3600.0, validator=gt(0))
    latency: float = field(default=0.0, validator=ge(0))
    slow: float = field(default=30.0, validator=ge(0))
    fault_rates: Mapping[Fault, float] | None = None
    redirect_uri: str = field(default=REDIRECT_URI, validator=matches_re(r"https?://\S+"))
    on_request: OnRequest | None = None
    seed: int = 0
    clock: Callable[[], float] = time.time
    port: int = 0
