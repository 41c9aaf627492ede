"""Work that is finished before its caller's cancellation is raised."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import TypeVar

__all__ = ["begun", "finished"]

R = TypeVar("R")


def begun(work: Coroutine[object, object, R]) -> asyncio.Task[R]:
    """Begin a task that the end of ``asyncio.run`` does not cancel. It must be awaited.

    ``asyncio.run`` cancels the tasks that are registered, and waits for those alone.
    """
    task = asyncio.create_task(work)
    # Documented: https://docs.python.org/3/library/asyncio-extending.html#task-lifetime-support
    asyncio._unregister_task(task)  # noqa: SLF001
    return task


async def finished(work: Awaitable[R], *, may_stop: Callable[[], bool] = lambda: False) -> R:
    """Await ``work`` to its end. A cancellation of the caller meanwhile is raised after that.

    That holds at the end of ``asyncio.run`` too. While ``may_stop()`` is True, ``work`` is
    cancelled with its caller.
    """
    job = begun(work) if asyncio.iscoroutine(work) else asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not job.done():
        try:
            await asyncio.wait({job})
        except asyncio.CancelledError as error:
            cancelled = error
            if may_stop():
                job.cancel()
    if cancelled is not None:
        if not job.cancelled():
            job.exception()  # nobody waits for it any more
        raise cancelled
    return job.result()
