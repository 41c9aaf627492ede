"""The pretend HighLevel as its users hold it."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence

from attrs import define

from ghl_notes.testing.app import FakeApp
from ghl_notes.testing.loopback import Loopback
from ghl_notes.testing.outbox import Conditions, Delivery, OutboxEvent
from ghl_notes.testing.people import colleague
from ghl_notes.testing.records import Records
from ghl_notes.testing.server import Server
from ghl_notes.testing.service import Service
from ghl_notes.testing.turnstile import Turnstile

__all__ = ["FakeHighLevel"]


@define(eq=False, kw_only=True)
class FakeHighLevel(Loopback, Records):
    """A HighLevel on loopback, with one agency, one app, and locations full of contacts.

    What can be made to go wrong stands in one table at the head of ``ghl_notes.testing``.

    ``add_app`` registers more apps: each has codes and tokens of its own, also on one location.

    Contacts and what belongs to them are computed when they are asked for, so
    ``contacts=200_000`` starts at once. Everything is the same in every run with the same
    ``seed``. Times are in seconds. An id that is not here is a ``KeyError``.

    :param contacts: how many contacts each location has.
    :param notes_per_contact: how many notes each contact has.
    :param tasks_per_contact: how many tasks each contact has.
    :param appointments_per_contact: how many appointments each contact has; they have no notes.
    :param locations: how many locations the agency has.
    :param limit: requests in each ``interval`` for each location; None for no limit in the way.
    :param window: how the interval moves: HighLevel's is ``fixed``, from a first request on.
    :param daily: requests in the 24 hours from a location's first request.
    :param access_token_lifetime: how long an OAuth access token is good.
    :param grace: how long a spent refresh token gives the same new one again; 0 for no grace. May
        be assigned later.
    :param latency: how long every reply takes.
    :param slow: how long a reply takes under ``Fault.SLOW``.
    :param note_lag: how long a new note, of a contact or an appointment, stays out of the lists
        of notes and their search. May be assigned later, and again for each list.
    :param date_skew: how far the ``Date`` header is ahead of the clock that dates the notes, or
        behind it if below zero. May be assigned later.
    :param fault_rates: the share of API calls that meets each fault; OAuth is spared.
    :param retry_after: sent with every 429; HighLevel was never seen to send one.
    :param not_found_status: how unknown contacts and notes are answered, 400 or 404.
    :param allow_duplicates: whether two contacts of a location may have one email or phone.
    :param scopes: what the app and the private tokens may do; None for everything there is.
    :param redirect_uri: where the app's installs lead back to; may be assigned later.
    :param webhook_url: where the app is told of what happens; None, and nothing is. May be
        assigned later; nothing is sent before ``deliver``.
    :param webhook_events: the types that the app is sent, as switched on in HighLevel's portal;
        None for every type there is here. May be assigned later.
    :param webhook_omits: fields that are left out of webhooks, as ``body``, ``contactId``,
        ``appId`` or ``companyId`` are sometimes. May be assigned later.
    :param clock: Unix time, for dates, token lifetimes and the day's limit; ``advance`` moves it.
        The short limit and the delays follow the event loop's own clock.
    :param port: where to listen on 127.0.0.1; 0 takes a free port.
    :param encoding: compress every reply so, for callers that accept it: ``gzip``, ``deflate``.
        May be assigned later.
    :param on_token: awaited with a ``TokenRequest`` when a request for a token has arrived, when
        its tokens are made, and when its reply is out; waiting in it holds the request there. On
        arrival it may return what the request shall meet, as ``inject`` takes it. May be assigned
        later.
    """

    # who and where

    @property
    def app(self) -> FakeApp:
        """The app as it is registered."""
        return self._parts.app()

    def add_app(self, *, scopes: tuple[str, ...] | None = None) -> FakeApp:
        """Register another app, and return it; ``scopes`` are what it may do, None for all.

        Its codes and tokens are good for it alone. Webhooks, ``install``, ``uninstall`` and the
        list of installed locations stay the first app's; an event of this one is made by
        ``emit(..., appId=app.app_id)``.
        """
        return self._parts.add_app(scopes)

    @property
    def url(self) -> str:
        """The base URL, such as ``http://127.0.0.1:41234``."""
        return f"http://127.0.0.1:{self._parts.server.port}"

    @property
    def company_id(self) -> str:
        """The agency. Assign another, and all locations are that one's, in what is granted then.

        Tokens of the one before live on: ``revoke(company=True)`` before that ends them.
        """
        return self._parts.world.company_id

    @company_id.setter
    def company_id(self, company_id: str) -> None:
        self._parts.world.company_id = self._parts.webhooks.company_id = company_id

    @property
    def user_id(self) -> str:
        """The user who installs the app."""
        return self._parts.world.users[0]

    @property
    def users(self) -> Mapping[str, str]:
        """The email of each user; all of them are in every location."""
        numbered = enumerate(self._parts.world.users)
        return {user_id: colleague(number).email for number, user_id in numbered}

    @property
    def location_id(self) -> str:
        """The first location."""
        return self._parts.world.location_ids[0]

    @property
    def location_ids(self) -> Sequence[str]:
        """All locations."""
        return self._parts.world.location_ids

    @property
    def private_token(self) -> str:
        """A private integration token of the first location."""
        return self.private_token_for(self.location_id)

    def private_token_for(self, location_id: str) -> str:
        """Give a private integration token of a location."""
        return self._parts.private[location_id]

    # installs and tokens

    def authorize_code(
        self,
        location_id: str | None = None,
        *,
        company: bool = False,
        scopes: Iterable[str] | None = None,
        app: FakeApp | None = None,
    ) -> str:
        """Give a code as the page would: for a location (the first), or for the agency.

        It is for ``app``, by default the first one.
        """
        chosen = self._owner(location_id, company=company)
        grant = self._parts.oauth.grant(chosen, scopes, app)
        return self._parts.grants.authorize(grant, self.now())

    def install(self, location_id: str | None = None) -> None:
        """Install the app on a location (the first) for its agency, as on a future location.

        There is no code: the app is told by webhook, without a user, and the agency's token mints
        the location's.
        """
        self._parts.oauth.install(self._known(location_id))

    def uninstall(self, location_id: str | None = None, *, company: bool = False) -> None:
        """Take the app off a location (the first), or off the agency and all its locations.

        Its tokens and codes die, it is not listed as installed, and minting for it is refused,
        until the app is installed again: by a code, for the location or the agency, or by
        ``install``.
        """
        self._parts.oauth.uninstall(None if company else self._known(location_id))

    def expire_access_tokens(self) -> None:
        """End every OAuth access token now; refresh tokens stay good."""
        self._parts.grants.expire_access_tokens()

    def revoke(
        self,
        location_id: str | None = None,
        *,
        company: bool = False,
        app: FakeApp | None = None,
    ) -> None:
        """Kill all tokens of a location (the first), or of the agency, as a lost install would.

        With ``app``, those of one app only.
        """
        owner = self._owner(location_id, company=company) or self.company_id
        self._parts.grants.revoke((owner,), None if app is None else app.client_id)

    def deactivate(self, location_id: str | None = None) -> None:
        """Pause a location: tokens are neither made nor renewed, and none is lost by trying."""
        self._parts.grants.inactive.add(location_id or self.location_id)

    def activate(self, location_id: str | None = None) -> None:
        """End a pause."""
        self._parts.grants.inactive.discard(location_id or self.location_id)

    # trouble

    def spend(self, requests: int, location_id: str | None = None) -> int:
        """Use up a location's limit as another client would; return how many got through."""
        limiter = self._turnstile.limiter(location_id or self.location_id)
        now, wall = asyncio.get_running_loop().time(), self.now()
        return sum(limiter.take(now, wall).accepted for _ in range(requests))

    # webhooks

    @property
    def webhook_key(self) -> str:
        """The public Ed25519 key of webhooks, SPKI in base64; needs the extra ``webhooks``."""
        return self._parts.webhooks.keys.public

    @property
    def legacy_webhook_key(self) -> str:
        """The public RSA key of the old signature, SPKI in base64: another one in each run."""
        return self._parts.webhooks.keys.legacy_public

    def sign(self, body: bytes, *, legacy: bool = False) -> dict[str, str]:
        """Give the headers with which HighLevel would send ``body``.

        They hold ``X-GHL-Signature``, or with ``legacy`` the ``X-WH-Signature`` of before.
        """
        return self._parts.webhooks.sign(body, legacy=legacy)

    def emit(self, event_type: str, /, **fields: object) -> OutboxEvent:
        """Queue an event of any type, with HighLevel's field names.

        ``timestamp``, ``webhookId``, ``appId`` and ``versionId`` are added where ``fields`` does
        not have them. While there is a ``webhook_url``, INSTALL and UNINSTALL are queued by what
        happens, and where the app is installed also what happens to notes (NoteCreate, NoteUpdate,
        NoteDelete), contacts (ContactCreate, ContactUpdate, ContactTagUpdate, ContactDndUpdate,
        ContactDelete) and tasks (TaskCreate, TaskComplete, TaskDelete). A note whose event would
        be larger than 256 KB comes without its body, flagged ``payloadTooLarge``.
        """
        return self._parts.webhooks.emit(event_type, fields)

    @property
    def outbox(self) -> Sequence[OutboxEvent]:
        """The webhooks that wait for ``deliver``, oldest first."""
        return tuple(self._parts.webhooks.outbox.events)

    async def deliver(
        self,
        *,
        duplicates: float = 0.0,
        disorder: bool = False,
        delayed: float = 0.0,
        attempts: int = 12,
        concurrency: int = 1,
    ) -> list[Delivery]:
        """Send every waiting webhook to ``webhook_url``, and tell what became of each, in order.

        What is not answered with a 2xx within 10 s is sent again after the others, without
        waiting: HighLevel takes about three days for its 12 attempts. Then it is given up. What
        is queued meanwhile stays for the next time. Several deliveries at once share the work. A
        ``ValueError`` tells of a missing ``webhook_url``.

        :param duplicates: the chance of each webhook to be sent twice at first, on top of
            ``attempts``.
        :param disorder: shuffle them, in a way that the seed decides.
        :param delayed: the chance of each webhook to stay in the outbox until the next time.
        :param attempts: how often one is sent before it is given up.
        :param concurrency: how many are under way at once.
        """
        conditions = Conditions(
            duplicates=duplicates,
            disorder=disorder,
            delayed=delayed,
            attempts=attempts,
            concurrency=concurrency,
        )
        return await self._parts.webhooks.deliver(conditions)

    @property
    def _service(self) -> Service:
        return self._parts.service

    @property
    def _server(self) -> Server:
        return self._parts.server

    @property
    def _turnstile(self) -> Turnstile:
        return self._parts.turnstile

    def _owner(self, location_id: str | None, *, company: bool) -> str | None:
        return None if company else location_id or self.location_id

    def _known(self, location_id: str | None) -> str:
        return self._place(location_id).population.location_id
