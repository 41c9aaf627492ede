"""Work that ends before its owner closes, and before ``asyncio.run`` does, cancelled or not."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from ghl_notes.stores.finishing import finished

R = TypeVar("R")


class UnderWay:
    """The tasks that are at work, with or without a caller that waits."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def begin(
        self, work: Coroutine[object, object, R], *, may_stop: Callable[[], bool]
    ) -> asyncio.Task[R]:
        """Begin a task. While ``may_stop()`` is True, the end of ``asyncio.run`` ends it."""
        task = asyncio.create_task(finished(work, may_stop=may_stop))
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def forget(self) -> None:
        """Let go of the tasks of an event loop that is closed: they have ended with it."""
        self._tasks.clear()

    async def ended(self) -> None:
        """Wait until nothing is at work. A cancelled caller leaves it alone."""
        while self._tasks:  # one may begin another
            await asyncio.wait(self._tasks)

    def _ended(self, task: "asyncio.Task[Any]") -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # each caller gets it; without a caller asyncio would log it
