"""One piece of work for each of many items: bounded, in completion order, and easy to stop."""

import asyncio
from collections import deque
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
)
from enum import Enum
from typing import Final, Generic, Protocol, TypeVar, cast, overload

from ghl_notes.errors import ConfigurationError, HighLevelError

T = TypeVar("T")
R = TypeVar("R")
A = TypeVar("A")
Told = TypeVar("Told")
R_contra = TypeVar("R_contra", contravariant=True)
Told_co = TypeVar("Told_co", covariant=True)

# Enough to spend a limit of 100 within a fraction of its interval at any usual round trip.
CONCURRENCY: Final = 50


class _Mark(Enum):
    END = "nothing more will come"


_END: Final = _Mark.END


def checked(items: Iterable[T] | AsyncIterable[T], concurrency: int | None, name: str) -> int:
    """Refuse at once what would fail only at the first step; return the concurrency to use."""
    if isinstance(items, str | bytes) or not (
        hasattr(items, "__iter__") or hasattr(items, "__aiter__")
    ):
        msg = f"{name} must be an iterable or async iterable of ids, not {type(items).__name__}"
        raise ConfigurationError(msg)
    if concurrency is None:
        return CONCURRENCY
    if isinstance(concurrency, bool) or not isinstance(concurrency, int) or concurrency < 1:
        msg = f"concurrency must be a whole number from 1, got {concurrency!r}"
        raise ConfigurationError(msg)
    return concurrency


class Outcome(Protocol[R_contra, Told_co]):
    """Makes what is told of one contact: what was read, or the error that stood in the way."""

    @overload
    def __call__(self, contact_id: str, read: R_contra, /) -> Told_co: ...
    @overload
    def __call__(self, contact_id: str, /, *, error: HighLevelError) -> Told_co: ...


def outcomes(
    contact_ids: Iterable[str] | AsyncIterable[str],
    ask: Callable[[str], Awaitable[A]],
    read: Callable[[A, str], R],
    outcome: Outcome[R, Told],
    *,
    concurrency: int | None,
) -> AsyncGenerator[Told, None]:
    """Ask for every contact, read the answers, and yield the outcomes as they are done.

    A contact whose read fails is told with its error, and the others go on.
    """

    async def work(contact_id: str) -> Told:
        try:
            return outcome(contact_id, read(await ask(contact_id), contact_id))
        except HighLevelError as error:
            return outcome(_named(contact_id), error=error)

    workers = checked(contact_ids, concurrency, "contact_ids")
    return each(contact_ids, work, concurrency=workers)


def _named(contact_id: object) -> str:
    """Name what was given for an id; of a whole contact given by mistake, only its class."""
    plain = contact_id is None or isinstance(contact_id, str | int)
    return str(contact_id) if plain else f"<{type(contact_id).__name__}>"


async def each(
    items: Iterable[T] | AsyncIterable[T],
    work: Callable[[T], Awaitable[R]],
    *,
    concurrency: int,
) -> AsyncGenerator[R, None]:
    """Yield ``await work(item)`` for every item, as each is done.

    At most ``concurrency`` items are in work and as many results wait for the consumer; items are
    taken no faster than that. Whatever ends the iteration early ends the work too. An error of
    ``items`` itself is raised after the results of the items before it. Raises
    ``ConfigurationError`` when it is gone on with in another event loop.
    """
    loop = asyncio.get_running_loop()
    source, results = _Source(items), _Results[R](concurrency)
    workers = [asyncio.create_task(_work(source, work, results)) for _ in range(concurrency)]
    try:
        while results.done or results.working:
            while results.done:
                yield results.take()
                if asyncio.get_running_loop() is not loop:
                    msg = "this iteration began in another event loop: begin a new one in this loop"
                    raise ConfigurationError(msg)
            if results.failure is not None:
                raise results.failure
            await results.more()
        error = results.failure or source.error
        if error is not None:
            raise error
    finally:
        if asyncio.get_running_loop() is loop:
            _cancel(workers)
            await asyncio.gather(*workers, return_exceptions=True)
        elif not loop.is_closed():
            loop.call_soon_threadsafe(_cancel, workers)


def _cancel(workers: Iterable[asyncio.Task[None]]) -> None:
    for worker in workers:
        worker.cancel()


async def _work(
    source: "_Source[T]", work: Callable[[T], Awaitable[R]], results: "_Results[R]"
) -> None:
    failure: BaseException | None = None
    try:
        while (item := await source.anext() if source.waits else source.next()) is not _END:
            results.add(await work(item))
            if results.full:
                await results.room()
    except (Exception, asyncio.CancelledError) as error:
        if cast("asyncio.Task[None]", asyncio.current_task()).cancelling():
            raise  # the consumer has left; else something that was waited for was cancelled
        failure = error  # work must not raise, so this is a fault of ours
    results.ended(failure)


class _Results(Generic[R]):
    """What is done and not consumed yet, and who is still at work."""

    def __init__(self, workers: int) -> None:
        self.done: deque[R] = deque()
        self.working = self._most = workers
        self.failure: BaseException | None = None
        self._more = asyncio.Event()
        self._room = asyncio.Event()

    @property
    def full(self) -> bool:
        return len(self.done) >= self._most

    def add(self, result: R) -> None:
        self.done.append(result)
        self._more.set()

    def take(self) -> R:
        self._room.set()
        return self.done.popleft()

    def ended(self, failure: BaseException | None) -> None:
        self.working -= 1
        self.failure = self.failure or failure
        self._more.set()

    async def more(self) -> None:
        self._more.clear()
        if self.working and self.failure is None:
            await self._more.wait()

    async def room(self) -> None:
        while self.full:
            self._room.clear()
            await self._room.wait()


class _Source(Generic[T]):
    """Hands the items out one by one to many workers, until the end or the first error."""

    def __init__(self, items: Iterable[T] | AsyncIterable[T]) -> None:
        self.error: Exception | None = None
        self._ended = False
        self._lock = asyncio.Lock()
        self.waits = isinstance(items, AsyncIterable)
        if isinstance(items, AsyncIterable):
            self._async: AsyncIterator[T] = aiter(items)
        else:
            self._sync: Iterator[T] = iter(items)

    def next(self) -> T | _Mark:
        try:
            return _END if self._ended else next(self._sync)
        except StopIteration:
            return self._end()
        except Exception as error:  # noqa: BLE001 - raised again after the results before it
            return self._end(error)

    async def anext(self) -> T | _Mark:
        async with self._lock:
            try:
                return _END if self._ended else await anext(self._async)
            except StopAsyncIteration:
                return self._end()
            except Exception as error:  # noqa: BLE001 - raised again after the results before it
                return self._end(error)

    def _end(self, error: Exception | None = None) -> _Mark:
        self._ended = True
        self.error = self.error or error
        return _END
