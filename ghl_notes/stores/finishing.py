"""Writes that end before whoever asked for them is cancelled."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

__all__ = ["finished"]

R = TypeVar("R")


async def finished(work: Awaitable[R]) -> R:
    """Await ``work`` to its end. A caller who is cancelled meanwhile is so after that end."""
    job = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not job.done():
        try:
            await asyncio.wait({job})
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        if not job.cancelled():
            job.exception()  # nobody waits for it any more
        raise cancelled
    return job.result()
