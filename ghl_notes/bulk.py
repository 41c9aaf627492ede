"""One piece of work for each of many items: bounded, in completion order, and easy to stop."""

import asyncio
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
)
from enum import Enum
from typing import Final, Generic, TypeAlias, TypeVar, cast

from ghl_notes.errors import ConfigurationError

T = TypeVar("T")
R = TypeVar("R")

# Enough to spend a limit of 100 within a fraction of its interval at any usual round trip.
CONCURRENCY: Final = 50


class _Mark(Enum):
    END = "nothing more will come"


_END: Final = _Mark.END


class _Broken:
    """Work that raised, which it must not do: a fault of ours."""

    def __init__(self, error: BaseException) -> None:
        self.error = error


_Outcome: TypeAlias = R | _Mark | _Broken


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


async def each(
    items: Iterable[T] | AsyncIterable[T],
    work: Callable[[T], Awaitable[R]],
    *,
    concurrency: int,
) -> AsyncGenerator[R, None]:
    """Yield ``await work(item)`` for every item, as each is done.

    At most ``concurrency`` items are in work and as many results wait for the consumer; items are
    taken no faster than that. Whatever ends the iteration early ends the work too. An error of
    ``items`` itself is raised after the results of the items before it.
    """
    source = _Source(items)
    results: asyncio.Queue[_Outcome[R]] = asyncio.Queue(concurrency)
    workers = [asyncio.create_task(_work(source, work, results)) for _ in range(concurrency)]
    try:
        running = concurrency
        while running:
            outcome = await results.get()
            if outcome is _END:
                running -= 1
            elif isinstance(outcome, _Broken):
                raise outcome.error
            else:
                yield outcome
        if source.error is not None:
            raise source.error
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)


async def _work(
    source: "_Source[T]", work: Callable[[T], Awaitable[R]], results: asyncio.Queue[_Outcome[R]]
) -> None:
    try:
        while (item := await source.take()) is not _END:
            result = await work(item)
            if results.full():
                await results.put(result)
            else:
                results.put_nowait(result)
    except (Exception, asyncio.CancelledError) as error:
        if cast("asyncio.Task[None]", asyncio.current_task()).cancelling():
            raise  # the consumer has left; else something that was waited for was cancelled
        await results.put(_Broken(error))
    else:
        await results.put(_END)


class _Source(Generic[T]):
    """Hands the items out one by one to many workers, until the end or the first error."""

    def __init__(self, items: Iterable[T] | AsyncIterable[T]) -> None:
        self.error: Exception | None = None
        self._ended = False
        self._lock = asyncio.Lock()
        self._async: AsyncIterator[T] | None = None
        if isinstance(items, AsyncIterable):
            self._async = aiter(items)
        else:
            self._sync = iter(items)

    async def take(self) -> T | _Mark:
        if self._async is None:
            return self._end() if self._ended else self._next()
        async with self._lock:
            return self._end() if self._ended else await self._anext(self._async)

    def _next(self) -> T | _Mark:
        try:
            return next(self._sync)
        except StopIteration:
            return self._end()
        except Exception as error:  # noqa: BLE001 - raised again after the results before it
            return self._end(error)

    async def _anext(self, items: AsyncIterator[T]) -> T | _Mark:
        try:
            return await anext(items)
        except StopAsyncIteration:
            return self._end()
        except Exception as error:  # noqa: BLE001 - raised again after the results before it
            return self._end(error)

    def _end(self, error: Exception | None = None) -> _Mark:
        self._ended = True
        self.error = self.error or error
        return _END
