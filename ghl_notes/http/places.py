"""How many connections there are, and for whom: a bulkhead between locations and kinds of work.

Calls that hang keep their connections until they time out. So one location takes at most half of
the connections that all share, bulk work (the streams) at most three quarters of them, and when
they are all taken each location has two more for single calls and two for bulk work, which no other
location can take, up to thirty locations that hang and one that does not. Calls for tokens have
connections of their own: see ``Capacity``.

Taking a place that is free is a matter of counters alone. A call that finds none waits in line, for
a time that does not count as part of an attempt.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final
from weakref import WeakKeyDictionary

from attrs import define, evolve, frozen

from ghl_notes.errors import Unavailable
from ghl_notes.http.loops import LoopOwner

# Bulk work, for which no caller waits, is more patient by this factor.
_BULK_PATIENCE: Final = 10


@frozen(kw_only=True)
class Capacity:
    """How many connections there are.

    ``shared`` are for all calls, at most ``each`` of them for one location, and ``bulk`` for bulk
    work. Beyond them a location may have ``own`` for either kind of call, up to ``reserved`` for
    each kind over all locations. ``tokens`` are for calls that bring a token.
    """

    shared: int = 100
    each: int = 50
    bulk: int = 75
    own: int = 2
    reserved: int = 62
    tokens: int = 16

    @property
    def total(self) -> int:
        """All of them."""
        return self.shared + 2 * self.reserved + self.tokens

    @property
    def most(self) -> int:
        """All, and those of requests for tokens that take long: they go on without their places."""
        return self.total + 4 * self.tokens

    @classmethod
    def within(cls, limit: int) -> "Capacity":
        """Divide the connections of a session that has no more than ``limit``; 0 for no limit.

        As many as are for tokens are left for the requests for tokens that take long.
        """
        usual = cls()
        if limit <= 0 or limit >= usual.total + usual.tokens:
            return usual
        tokens = 1 if limit < 28 else limit // 14  # noqa: PLR2004 - as the usual 16 of 240
        slow = tokens if limit >= 14 else 0  # noqa: PLR2004 - or too few are left for calls
        reserved = (limit - tokens - slow) // 4
        shared = max(1, limit - tokens - slow - 2 * reserved)
        each, bulk = (shared + 1) // 2, max(1, shared * 3 // 4)
        return cls(shared=shared, each=each, bulk=bulk, reserved=reserved, tokens=tokens)

    @classmethod
    def among_clients(cls, limit: int) -> "Capacity":
        """Divide those of a session among several clients: as ``within``, as often as it goes."""
        one = cls.within(limit)
        times = max(1, limit // (one.total + one.tokens))
        shared, bulk, reserved = times * one.shared, times * one.bulk, times * one.reserved
        return evolve(one, shared=shared, bulk=bulk, reserved=reserved, tokens=times * one.tokens)

    def for_tokens(self) -> "Capacity":
        """Give the part of it that brings tokens, as a capacity of its own."""
        count = self.tokens
        return Capacity(shared=count, each=count, bulk=count, own=0, reserved=0, tokens=0)


@define(eq=False)
class Place:
    """The right to use one connection. ``era`` is the loop's in which it was given."""

    bulk: bool
    reserved: bool
    era: int


class Pool:
    """What is taken of the connections that there are, by all clients that have them in common."""

    def __init__(self, capacity: Capacity) -> None:
        self.most_shared: int = capacity.shared
        self.most_bulk: int = capacity.bulk
        self.most_reserved: int = capacity.reserved
        self.shared: int = 0
        self.bulk: int = 0
        self.reserved: list[int] = [0, 0]  # for single calls, and for bulk work
        self.waiting: deque[Lane] = deque()

    def admit(self) -> None:
        """Give free connections to waiting calls, one to each lane in turn."""
        in_vain = 0
        while in_vain < len(self.waiting):
            lane = self.waiting.popleft()
            in_vain = 0 if lane.serve() else in_vain + 1
            if lane.queued:
                self.waiting.append(lane)
            else:
                in_vain = 0


_COMMON: Final[WeakKeyDictionary[object, tuple[Pool, Pool]]] = WeakKeyDictionary()


def common_pools(connector: object, limit: int) -> tuple[Pool, Pool]:
    """Find what all clients take of one connector: for their calls, and for calls for tokens."""
    if connector not in _COMMON:
        capacity = Capacity.among_clients(limit)
        _COMMON[connector] = Pool(capacity), Pool(capacity.for_tokens())
    return _COMMON[connector]


class Places:
    """The connections of one client, handed out to its lanes.

    ``patience`` is how many seconds a single call waits for one; ``server`` is for messages.
    ``common`` finds the pool that the client has in common with others in the running loop; None
    makes one of its own for each loop.
    """

    def __init__(
        self,
        capacity: Capacity,
        *,
        patience: float,
        owner: LoopOwner,
        server: str,
        common: Callable[[], Pool | None] | None = None,
    ) -> None:
        self.capacity = capacity
        self.patience = patience
        self.owner = owner
        self.server = server
        self.era: int = owner.era
        self.pool: Pool = Pool(capacity)
        self._common = common

    def lane(self) -> "Lane":
        """Make what one location takes its connections from."""
        return Lane(self)

    def renew(self) -> None:
        """Start anew in another loop: what was taken in the last one ended with it."""
        self.era = self.owner.era
        common = None if self._common is None else self._common()
        self.pool = common or Pool(self.capacity)


class Lane:
    """What one location may take of the connections. Return each place by ``leave``, once."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._each = places.capacity.each
        self._renew()

    @property
    def queued(self) -> bool:
        """Whether any call waits here."""
        return any(self._queues)

    def take(self, bulk: bool, *, first: bool = False) -> Place | None:  # noqa: FBT001 - the hot path
        """Take a place if one is free; None if not, or if others are ahead in line."""
        if self._era != self._places.owner.era:
            self._renew()
        if self._queues[bulk] and not first:
            return None
        pool = self._pool
        if (
            self._shared < self._each
            and pool.shared < pool.most_shared
            and not (bulk and pool.bulk >= pool.most_bulk)
        ):
            pool.shared += 1
            self._shared += 1
            if bulk:
                pool.bulk += 1
            return self._taken[bulk]
        return self._reserved(bulk=bulk)

    async def wait(self, *, bulk: bool, seconds: float | None = None) -> Place:
        """Wait for a place. Raises ``Unavailable`` when none became free in time."""
        places = self._places
        waiter: asyncio.Future[Place] = asyncio.get_running_loop().create_future()
        self._queues[bulk].append(waiter)
        pool = self._pool
        if self not in pool.waiting:
            pool.waiting.append(self)
        pool.admit()
        seconds = seconds or places.patience * (_BULK_PATIENCE if bulk else 1)
        try:
            async with asyncio.timeout(seconds):
                return await waiter
        except BaseException as error:
            if waiter.done() and not waiter.cancelled():
                self.leave(waiter.result())
            if isinstance(error, TimeoutError):
                msg = (
                    f"no connection to {places.server} became free in {seconds:g} s: "
                    "calls hang, or there are too many at once"
                )
                raise Unavailable(msg, maybe_applied=False, waited=True) from None
            raise

    def leave(self, place: Place) -> None:
        """Give a place back, and hand it to a call that waits."""
        places = self._places
        if place.era != places.era:
            return  # a call may be cleaned up long after its loop has ended
        pool = self._pool
        if place.reserved:
            pool.reserved[place.bulk] -= 1
            self._own[place.bulk] -= 1
        else:
            pool.shared -= 1
            if place.bulk:
                pool.bulk -= 1
            self._shared -= 1
        if pool.waiting and places.owner.is_now(place.era):
            pool.admit()

    def serve(self) -> bool:
        """Give a place to a call that waits here, if there is one for it."""
        for bulk, queue in enumerate(self._queues):
            while queue and queue[0].done():  # gave up waiting
                queue.popleft()
            if queue and (place := self.take(bool(bulk), first=True)) is not None:
                queue.popleft().set_result(place)
                return True
        return False

    def _reserved(self, *, bulk: bool) -> Place | None:
        """Take one of those that are kept for each location."""
        pool = self._pool
        if (
            self._own[bulk] >= self._places.capacity.own
            or pool.reserved[bulk] >= pool.most_reserved
        ):
            return None
        pool.reserved[bulk] += 1
        self._own[bulk] += 1
        return Place(bulk=bulk, reserved=True, era=self._era)

    def _renew(self) -> None:
        if self._places.era != self._places.owner.era:
            self._places.renew()
        self._era = era = self._places.era
        self._pool = self._places.pool
        self._shared = 0
        self._own = [0, 0]
        self._queues: tuple[deque[asyncio.Future[Place]], deque[asyncio.Future[Place]]] = (
            deque(),
            deque(),
        )
        self._taken = (Place(False, False, era), Place(True, False, era))  # noqa: FBT003 - two flags
