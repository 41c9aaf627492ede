"""How many connections there are, and for whom: a bulkhead between locations and kinds of work.

Calls that hang keep their connections until they time out. So one location takes at most half of
the connections that all share, bulk work (the streams) at most three quarters of them, and when
they are all taken each location has two more for single calls and two for bulk work, which no other
location can take, up to thirty locations. Calls for tokens have connections of their own: see
``Capacity``.

Taking a place that is free is a matter of counters alone. A call that finds none waits in line, for
a time that does not count as part of an attempt.
"""

import asyncio
from collections import deque
from typing import Final

from attrs import define, frozen

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
    reserved: int = 60
    tokens: int = 16

    @property
    def total(self) -> int:
        """All of them."""
        return self.shared + 2 * self.reserved + self.tokens

    @classmethod
    def within(cls, limit: int) -> "Capacity":
        """Divide the connections of a session that has no more than ``limit``; 0 for no limit."""
        usual = cls()
        if limit <= 0 or limit >= usual.total:
            return usual
        tokens = 1 if limit < 28 else limit // 14  # noqa: PLR2004 - as the usual 16 of 236
        reserved = (limit - tokens) // 4
        shared = max(1, limit - tokens - 2 * reserved)
        each, bulk = (shared + 1) // 2, max(1, shared * 3 // 4)
        return cls(shared=shared, each=each, bulk=bulk, reserved=reserved, tokens=tokens)

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


class Places:
    """The connections of one client, handed out to its lanes.

    ``patience`` is how many seconds a single call waits for one; ``server`` is for messages.
    """

    def __init__(
        self, capacity: Capacity, *, patience: float, owner: LoopOwner, server: str
    ) -> None:
        self.capacity = capacity
        self.most_shared: int = capacity.shared
        self.most_bulk: int = capacity.bulk
        self.patience = patience
        self.owner = owner
        self.server = server
        self.era: int = owner.era
        self.shared: int = 0
        self.bulk: int = 0
        self.reserved: list[int] = [0, 0]  # for single calls, and for bulk work
        self.waiting: deque[Lane] = deque()

    def lane(self) -> "Lane":
        """Make what one location takes its connections from."""
        return Lane(self)

    def renew(self) -> None:
        """Start empty in another loop: what was taken in the last one ended with it."""
        self.era = self.owner.era
        self.shared = self.bulk = 0
        self.reserved = [0, 0]
        self.waiting.clear()

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
        places = self._places
        if self._era != places.owner.era:
            self._renew()
        if self._queues[bulk] and not first:
            return None
        if (
            self._shared < self._each
            and places.shared < places.most_shared
            and not (bulk and places.bulk >= places.most_bulk)
        ):
            places.shared += 1
            self._shared += 1
            if bulk:
                places.bulk += 1
            return self._taken[bulk]
        return self._reserved(bulk=bulk)

    async def wait(self, *, bulk: bool) -> Place:
        """Wait for a place. Raises ``Unavailable`` when none became free in time."""
        places = self._places
        waiter: asyncio.Future[Place] = asyncio.get_running_loop().create_future()
        self._queues[bulk].append(waiter)
        if self not in places.waiting:
            places.waiting.append(self)
        places.admit()
        seconds = places.patience * (_BULK_PATIENCE if bulk else 1)
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
        if place.era != places.era or not places.owner.is_now(place.era):
            return  # a call may be cleaned up long after its loop has ended
        if place.reserved:
            places.reserved[place.bulk] -= 1
            self._own[place.bulk] -= 1
        else:
            places.shared -= 1
            if place.bulk:
                places.bulk -= 1
            self._shared -= 1
        if places.waiting:
            places.admit()

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
        places, capacity = self._places, self._places.capacity
        if self._own[bulk] >= capacity.own or places.reserved[bulk] >= capacity.reserved:
            return None
        places.reserved[bulk] += 1
        self._own[bulk] += 1
        return Place(bulk=bulk, reserved=True, era=self._era)

    def _renew(self) -> None:
        if self._places.era != self._places.owner.era:
            self._places.renew()
        self._era = era = self._places.era
        self._shared = 0
        self._own = [0, 0]
        self._queues: tuple[deque[asyncio.Future[Place]], deque[asyncio.Future[Place]]] = (
            deque(),
            deque(),
        )
        self._taken = (Place(False, False, era), Place(True, False, era))  # noqa: FBT003 - two flags
