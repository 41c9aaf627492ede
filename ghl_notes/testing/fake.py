"""The pretend HighLevel as its users hold it."""

import asyncio
import random
import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Literal, Self

from attrs import Factory, define, field
from attrs.validators import ge, gt, in_

from ghl_notes.testing.contacts_api import ContactsApi
from ghl_notes.testing.faults import Fault, FaultPlan
from ghl_notes.testing.grants import Grant, Grants
from ghl_notes.testing.ids import Ids
from ghl_notes.testing.limiter import Limiter
from ghl_notes.testing.oauth_api import FakeApp, OAuthApi
from ghl_notes.testing.place import ContactIds, Place
from ghl_notes.testing.replies import Payload, Refusal
from ghl_notes.testing.server import Server
from ghl_notes.testing.service import Service
from ghl_notes.testing.stats import SeenRequest, Stats
from ghl_notes.testing.world import World

__all__ = ["FakeHighLevel"]

_NO_LIMIT = 1_000_000
_WINDOWS = ("fixed", "sliding")


@define(eq=False, kw_only=True)
class FakeHighLevel:
    """A HighLevel on loopback, with one agency, one app, and locations full of contacts.

    Contacts and notes are computed when they are asked for, so ``contacts=200_000`` starts at
    once. Everything is the same in every run with the same ``seed``. Times are in seconds. An id
    that is not here is a ``KeyError``.

    :param contacts: how many contacts each location has.
    :param notes_per_contact: how many notes each contact has.
    :param locations: how many locations the agency has.
    :param limit: requests in each ``interval`` for each location; None for no limit in the way.
    :param window: how the interval moves: HighLevel's is ``fixed``, from a first request on.
    :param daily: requests in the 24 hours from a location's first request.
    :param access_token_lifetime: how long an OAuth access token is good.
    :param grace: how long a spent refresh token gives the same new one again.
    :param latency: how long every reply takes.
    :param slow: how long a reply takes under ``Fault.SLOW``.
    :param note_lag: how long a new note stays out of the list of notes.
    :param fault_rates: the share of API calls that meets each fault; OAuth is spared.
    :param retry_after: sent with every 429; HighLevel was never seen to send one.
    :param not_found_status: how unknown contacts and notes are answered, 400 or 404.
    :param clock: Unix time, for dates, token lifetimes and the day's limit. The short limit and
        the delays follow the event loop's own clock.
    :param port: where to listen on 127.0.0.1; 0 takes a free port.
    """

    contacts: int = field(default=10, validator=ge(0))
    notes_per_contact: int = field(default=5, validator=ge(0))
    locations: int = field(default=1, validator=ge(1))
    limit: int | None = field(default=100)
    interval: float = field(default=10.0, validator=gt(0))
    window: Literal["fixed", "sliding"] = field(default="fixed", validator=in_(_WINDOWS))
    daily: int = field(default=200_000, validator=ge(0))
    access_token_lifetime: float = field(default=86_399, validator=gt(0))
    grace: float = field(default=30.0, validator=ge(0))
    latency: float = field(default=0.0, validator=ge(0))
    slow: float = field(default=30.0, validator=ge(0))
    note_lag: float = field(default=0.0, validator=ge(0))
    fault_rates: Mapping[Fault, float] | None = None
    retry_after: float | None = None
    not_found_status: int = field(default=400, validator=in_((400, 404)))
    seed: int = 0
    clock: Callable[[], float] = time.time
    port: int = 0
    app: FakeApp = field(
        init=False, default=Factory(lambda self: _make_app(self._rng("app")), takes_self=True)
    )
    stats: Stats = field(init=False)
    _world: World = field(init=False, repr=False)
    _grants: Grants = field(init=False, repr=False)
    _oauth: OAuthApi = field(init=False, repr=False)
    _private: dict[str, str] = field(init=False, repr=False)
    _service: Service = field(init=False, repr=False)
    _server: Server = field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        """Build the service; nothing listens before ``start``."""
        ids = Ids(self.seed)
        self.stats = Stats(ids=ids)
        self._world = World(
            ids,
            self.locations,
            self.contacts,
            self.notes_per_contact,
            not_found_status=self.not_found_status,
            note_lag=self.note_lag,
        )
        self._grants = Grants(self._rng("tokens"), self.access_token_lifetime, self.grace)
        self._oauth = OAuthApi(self.app, self._world, self._grants, self.stats, self.clock)
        rng = self._rng("private")
        self._private = {one: f"pit-{_uuid(rng)}" for one in self._world.location_ids}
        self._service = self._make_service()
        self._server = Server(
            service=self._service, latency=self.latency, slow=self.slow, port=self.port
        )

    async def __aenter__(self) -> Self:
        """Start."""
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        await self.close()

    async def start(self) -> None:
        """Begin to listen; from now on ``url`` is known."""
        await self._server.start()

    async def close(self) -> None:
        """Stop at once, whatever is open or under way. What was written stays."""
        await self._server.close()

    # who and where

    @property
    def url(self) -> str:
        """The base URL, such as ``http://127.0.0.1:41234``."""
        return f"http://127.0.0.1:{self._server.port}"

    @property
    def company_id(self) -> str:
        """The agency."""
        return self._world.company_id

    @property
    def user_id(self) -> str:
        """The user who installs the app."""
        return self._world.users[0]

    @property
    def location_id(self) -> str:
        """The first location."""
        return self._world.location_ids[0]

    @property
    def location_ids(self) -> Sequence[str]:
        """All locations."""
        return self._world.location_ids

    @property
    def private_token(self) -> str:
        """A private integration token of the first location."""
        return self.private_token_for(self.location_id)

    def private_token_for(self, location_id: str) -> str:
        """Give a private integration token of a location."""
        return self._private[location_id]

    # contacts and notes

    def contact_ids(self, location_id: str | None = None) -> Sequence[str]:
        """Give the ids of a location's contacts, oldest first, without making them all."""
        return ContactIds(self._place(location_id))

    def add_contact(self, location_id: str | None = None, **fields: object) -> str:
        """Add a contact without notes, with HighLevel's field names, and return its id."""
        return self._place(location_id).add(fields, self._now_ms())

    def update_contact(self, contact_id: str, **fields: object) -> None:
        """Change a contact, which moves its ``dateUpdated``."""
        place, index = self._find(contact_id)
        place.change(index, fields, self._now_ms())

    def delete_contact(self, contact_id: str) -> None:
        """Delete a contact with its notes."""
        place, index = self._find(contact_id)
        place.remove(index)

    def notes(self, contact_id: str) -> list[Payload]:
        """Give a contact's notes in wire form as they stand, in no order."""
        place, index = self._find(contact_id)
        return place.notes(index)

    def add_note(self, contact_id: str, body: str = "A note", **fields: object) -> Payload:
        """Write a note as if someone else did; ``fields`` are HighLevel's, such as ``userId``."""
        place, index = self._find(contact_id)
        return self._world.create_note(place, index, {"body": body, **fields}, self.clock())

    # installs and tokens

    def authorize_code(
        self,
        location_id: str | None = None,
        *,
        company: bool = False,
        scopes: Iterable[str] | None = None,
    ) -> str:
        """Give a code as the page would: for a location (the first), or for the agency."""
        chosen = None if company else location_id or self.location_id
        return self._grants.authorize(self._oauth.grant(chosen, scopes), self.clock())

    def expire_access_tokens(self) -> None:
        """End every OAuth access token now; refresh tokens stay good."""
        self._grants.expire_access_tokens()

    def revoke(self, location_id: str | None = None, *, company: bool = False) -> None:
        """Kill all tokens of a location (the first), or of the agency, as a lost install would."""
        self._grants.revoke(self.company_id if company else location_id or self.location_id)

    def deactivate(self, location_id: str | None = None) -> None:
        """Pause a location: tokens are neither made nor renewed, and none is lost by trying."""
        self._grants.inactive.add(location_id or self.location_id)

    def activate(self, location_id: str | None = None) -> None:
        """End a pause."""
        self._grants.inactive.discard(location_id or self.location_id)

    # trouble

    def inject(
        self,
        fault: Fault,
        times: int = 1,
        *,
        method: str | None = None,
        path_contains: str | None = None,
    ) -> None:
        """Let the next ``times`` matching requests meet a fault, in the order of the calls.

        Without ``path_contains`` only calls on contacts and notes match, with it any path does,
        ``/oauth/token`` too.
        """
        self._service.faults.order(fault, times, method=method, path_contains=path_contains)

    def spend(self, requests: int, location_id: str | None = None) -> int:
        """Use up a location's limit as another client would; return how many got through."""
        limiter = self._service.limiter(location_id or self.location_id)
        now, wall = asyncio.get_running_loop().time(), self.clock()
        return sum(limiter.take(now, wall).accepted for _ in range(requests))

    @property
    def requests(self) -> Sequence[SeenRequest]:
        """The last 1,000 requests, oldest first."""
        return self._server.seen

    def _find(self, contact_id: str) -> tuple[Place, int]:
        try:
            return self._world.find(contact_id)
        except Refusal:
            raise KeyError(contact_id) from None

    def _place(self, location_id: str | None) -> Place:
        return self._world.place(location_id or self.location_id)

    def _now_ms(self) -> int:
        return int(self.clock() * 1000)

    def _rng(self, purpose: str) -> random.Random:
        return random.Random(f"{self.seed} {purpose}")  # noqa: S311 - looks, not secrecy

    def _limiter(self) -> Limiter:
        limit = _NO_LIMIT if self.limit is None else self.limit
        return Limiter(limit, self.interval, self.daily, sliding=self.window == "sliding")

    def _make_service(self) -> Service:
        scopes = self.app.scopes
        private = {t: Grant(one, one, scopes, private=True) for one, t in self._private.items()}
        return Service(
            contacts=ContactsApi(self._world, self.stats, self.clock),
            oauth=self._oauth,
            grants=self._grants,
            private=private,
            faults=FaultPlan(self.fault_rates or {}, self._rng("faults")),
            stats=self.stats,
            make_limiter=self._limiter,
            retry_after=self.retry_after,
            rng=self._rng("traces"),
            clock=self.clock,
        )


def _uuid(rng: random.Random) -> uuid.UUID:
    return uuid.UUID(int=rng.getrandbits(128), version=4)


def _make_app(rng: random.Random) -> FakeApp:
    suffix = "".join(rng.choices("0123456789abcdefghijklmnopqrstuvwxyz", k=8))
    client_id = f"{rng.getrandbits(96):024x}-{suffix}"
    return FakeApp(client_id=client_id, client_secret=str(_uuid(rng)))
