"""What a pretend CINNOX is told when it is made."""

import time
from collections.abc import Callable, Mapping

from attrs import define, field
from attrs.validators import ge, gt, in_

from ghl_notes.testing.desk import OnRequest
from ghl_notes.testing.faults import Fault

__all__ = ["CinnoxOptions"]


@define(eq=False, kw_only=True)
class CinnoxOptions:
    """The arguments of ``FakeCinnox``, whose text tells what each of them means."""

    contacts: int = field(default=10, validator=ge(0))
    notes_per_contact: int = field(default=5, validator=ge(0))
    staff: int = field(default=3, validator=ge(1))
    limit: int | None = 500
    interval: float = field(default=60.0, validator=gt(0))
    limit_status: int = field(default=429, validator=in_((200, 429)))
    latency: float = field(default=0.0, validator=ge(0))
    slow: float = field(default=30.0, validator=ge(0))
    fault_rates: Mapping[Fault, float] | None = None
    on_request: OnRequest | None = None
    seed: int = 0
    clock: Callable[[], float] = time.time
    port: int = 0
