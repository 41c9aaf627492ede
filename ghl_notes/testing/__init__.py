"""A pretend HighLevel on loopback: real HTTP, no network, for tests and demonstrations.

    async with FakeHighLevel(contacts=200) as fake:
        async with Client(token=fake.private_token, base_url=fake.url) as client:
            notes = await client.notes.list(fake.contact_ids()[0])

It keeps HighLevel's rules as far as they are known: tokens that work once, one request limit for
each location, replies of the recorded shapes, for contacts and what belongs to them. What is wrong
with a network can be ordered with ``inject`` and counted with ``stats``. What happens on it is told
by webhooks, signed and retried like HighLevel's, whenever ``deliver`` is called.

``FakeClose`` and ``FakeCinnox`` are the systems that notes are moved from, made likewise.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the names load on first use: pytest imports this package in every run
    from ghl_notes.testing.cinnox import FakeCinnox
    from ghl_notes.testing.close import FakeClose
    from ghl_notes.testing.fake import FakeHighLevel
    from ghl_notes.testing.faults import Failure, Fault, OddHeaders
    from ghl_notes.testing.outbox import Delivery, OutboxEvent
    from ghl_notes.testing.stats import Stats
    from ghl_notes.testing.token_requests import TokenRequest

__all__ = [
    "Delivery",
    "Failure",
    "FakeCinnox",
    "FakeClose",
    "FakeHighLevel",
    "Fault",
    "OddHeaders",
    "OutboxEvent",
    "Stats",
    "TokenRequest",
]

_HOMES = {
    "Delivery": "outbox",
    "FakeCinnox": "cinnox",
    "FakeClose": "close",
    "FakeHighLevel": "fake",
    "Failure": "faults",
    "Fault": "faults",
    "OddHeaders": "faults",
    "OutboxEvent": "outbox",
    "Stats": "stats",
    "TokenRequest": "token_requests",
}


def __getattr__(name: str) -> object:
    """Load a public name from its room when it is first asked for."""
    if name not in _HOMES:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return sorted(__all__)
