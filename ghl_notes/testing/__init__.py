"""A pretend HighLevel on loopback: real HTTP, no network, for tests and demonstrations.

    async with FakeHighLevel(contacts=200) as fake:
        async with Client(token=fake.private_token, base_url=fake.url) as client:
            notes = await client.notes.list(fake.contact_ids()[0])

It keeps HighLevel's rules as far as they are known: tokens that work once, one request limit for
each location, replies of the recorded shapes, for contacts and what belongs to them. What it can
be made to do, by its arguments, its methods and the faults that ``inject`` takes:

=========================  ======================================================================
bad ground                 on demand
=========================  ======================================================================
a lost reply               ``Fault.RESET_BEFORE``, ``RESET_AFTER``, ``CUT_BODY``, ``CUT_CHUNK``,
                           ``CUT_HEAD``, ``EMPTY_BODY``
a slow or silent server    ``latency=``, ``Fault.SLOW`` with ``slow=``, ``STALL``, ``STALL_BEFORE``
a server that fails        ``Fault.SERVER_ERROR``, ``BAD_GATEWAY``, ``HTML``, ``FORBIDDEN_HTML``,
                           ``Failure(status=503, headers={"retry-after": "3"})``, ``fault_rates=``
a gateway in between       ``Failure(status=404, page="default backend - 404")``, a page, a text or
                           nothing (``page=""``) under any status
odd words                  ``Failure(status=401, message="Command timed out")``,
                           ``Fault.REFUSED_OK``, ``not_found_status=``
bent bodies                ``Fault.CUT_JSON``, ``WRONG_TYPE``, ``NULL_TEXT``, ``HALF_LETTER`` (half
                           an emoji), ``BROKEN_LETTER``, ``LONG_NUMBER``, ``HUGE``
compressed bodies          ``encoding="gzip"`` or ``"deflate"``, ``Fault.GZIP_BOMB``,
                           ``BROKEN_GZIP``
lists that lag or end      ``note_lag=``, ``Fault.EMPTY_PAGE``, ``PARTIAL``
clocks                     ``clock=``, ``advance()``, ``date_skew=`` (of the ``Date`` header)
limits                     ``limit=``, ``interval=``, ``window=``, ``daily=``, ``retry_after=``,
                           ``spend()``, ``Fault.RATE_LIMITED``, ``OddHeaders({...})``
tokens                     ``access_token_lifetime=``, ``grace=`` (0 drops it),
                           ``expire_access_tokens()``, ``revoke()``, ``Fault.TOKEN_EXPIRED``,
                           ``scopes=``; ``inject(..., path_contains="/oauth/token")``, and
                           ``on_token=`` to watch each point of a request for a token, to hold
                           it there, and to choose its fault
installs and apps          ``authorize_code()``, ``install()``, ``uninstall()``, ``deactivate()``,
                           ``activate()``, ``Fault.LOCATION_INACTIVE``, ``locations=``,
                           ``add_app()``, ``redirect_uri=``, another ``company_id``
contacts                   ``add_contact(additionalEmails=[...])``, ``allow_duplicates=``
webhooks                   ``webhook_url=``, ``webhook_events=``, ``webhook_omits=``, ``emit()``,
                           ``deliver(duplicates=, disorder=)``, ``sign()``
=========================  ======================================================================

What was asked is counted by ``stats`` and listed by ``requests``.

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
