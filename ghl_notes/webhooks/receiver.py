"""Webhooks taken in: each is checked, in an order that trusts nothing early, and handed on once."""

import asyncio
import hashlib
import logging
import math
import re
import time
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Mapping
from traceback import walk_tb
from typing import TYPE_CHECKING, Final, TypeAlias

from attrs import frozen

from ghl_notes.errors import (
    ConfigurationError,
    HighLevelError,
    Unavailable,
    WebhookRejected,
)
from ghl_notes.highlevel import HighLevel
from ghl_notes.webhooks.deliveries import Deliveries
from ghl_notes.webhooks.events import WebhookEvent, parse
from ghl_notes.webhooks.known import Known
from ghl_notes.webhooks.lifecycle import follow
from ghl_notes.webhooks.signature import PUBLISHED_KEY, Keys, Verifier
from ghl_notes.wiring import Closing

if TYPE_CHECKING:
    from ghl_notes.webhooks.route import Route

__all__ = ["MAX_BODY", "Body", "OnEvent", "Receipt", "Webhooks"]

MAX_BODY: Final = 1024 * 1024
"""The largest body that is read, in bytes. HighLevel documents 256 KB."""

Body: TypeAlias = bytes | AsyncIterable[bytes]
"""The raw body of a request, whole or as it comes."""

OnEvent: TypeAlias = Callable[[WebhookEvent], Awaitable[None]]
"""What an app does with an event. What it raises lets the event come again."""

_LOG: Final = logging.getLogger("ghl_notes.webhooks")
# What a sender may know: nothing of use to one who tries keys, ids or times.
_TEXTS: Final[Mapping[int, str]] = {
    200: "handled",
    202: "accepted",
    400: "not accepted",
    401: "not accepted",
    403: "not accepted",
    413: "too large",
    500: "failed",
    503: "try again later",
}
_SEEN: Final = "seen before"
# Ids as HighLevel makes them may stand in a log; what else calls itself one may be anything.
_is_plain: Final = re.compile(r"[A-Za-z0-9_-]{1,64}").fullmatch


@frozen
class Receipt:
    """How to answer a webhook: with ``status`` and the plain ``text``.

    ``event`` is what was handed on, or None if nothing was.
    """

    status: int
    text: str
    event: WebhookEvent | None = None


class Webhooks(Closing):
    """Takes in the webhooks of one app, and hands each event to ``on_event``, once.

    Safe for any number of tasks, and of processes that share the store. ``key`` and ``legacy_key``
    are as in ``verify``. ``max_age``, in seconds, refuses what is older; HighLevel repeats for
    about three days and the repetition is as old as the event, so it is off by default, and
    repetition is told by the event's id instead. A handler that takes longer than ``patience``
    seconds goes on in the background; give one that may take longer than a minute its own queue,
    since the claim on a delivery ends then. Use it as ``async with``, or call ``close()`` before
    that of ``highlevel``.
    """

    def __init__(  # noqa: PLR0913 - every one of them has a default
        self,
        highlevel: HighLevel,
        on_event: OnEvent,
        *,
        key: Keys = PUBLISHED_KEY,
        legacy_key: Keys | None = None,
        max_age: float | None = None,
        patience: float = 5.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if not isinstance(highlevel, HighLevel) or not callable(on_event):
            msg = "give Webhooks a ghl_notes.HighLevel, and an async function that takes an event"
            raise ConfigurationError(msg)
        self._highlevel = highlevel
        self._known = Known(highlevel)
        self._on_event = on_event
        self._verifier = Verifier.of(key, legacy_key)
        self._max_age = None if max_age is None else _seconds(max_age, "max_age")
        self._patience = _seconds(patience, "patience")
        self._clock = clock
        self._deliveries = Deliveries(highlevel.claims)
        self._running: dict[str, asyncio.Task[Receipt]] = {}
        self._closed = False

    async def receive(self, headers: Mapping[str, str], body: Body) -> Receipt:
        """Check a webhook, hand it on, and tell how to answer it. No sender can make it raise.

        ===  ==============================================================================
        200  handled now, or seen before
        202  still being handled after ``patience`` seconds; it will not come again
        400  cut off, or not an event
        401  not signed by HighLevel
        403  for another app, of a location or agency that is not stored, or too old
        413  larger than ``MAX_BODY``, and not read any further
        500  ``on_event`` raised: HighLevel sends it again
        503  the store or HighLevel is down, another process is at it, or this one closes: the same
        ===  ==============================================================================

        Known is a location that is stored, and one whose agency the event names and is stored:
        other apps' events bear the same signature. INSTALL and UNINSTALL are known by the app's
        id alone, and so is an event that names neither. Before they are handed on, the INSTALL of
        an agency's location stores its token (``HighLevel.mint``), and an UNINSTALL forgets what
        is not newer than itself; without a time it forgets nothing.
        Raises ``ConfigurationError`` for a store that cannot be used, and for a body that is not
        bytes.
        """
        try:
            raw = await _bounded(body)
            self._verifier.check(headers, raw)
            event = parse(raw)
            await self._admit(event)
            return await self._once(event, _name(event, raw))
        except WebhookRejected as refusal:
            status = refusal.status or 400
            _LOG.warning("a webhook was refused with %d: %s", status, refusal)
            return _receipt(status)
        except Unavailable as error:
            _LOG.warning("a webhook has to come again: %s", error)
            return _receipt(503)

    def route(self, path: str) -> "Route":
        """Make the aiohttp route that receives webhooks at ``path``: add it to an application.

        The body is read up to ``MAX_BODY``, whatever the application's ``client_max_size``.
        """
        from ghl_notes.webhooks.route import webhook_route  # noqa: PLC0415 - for aiohttp's only

        return webhook_route(path, self)

    async def close(self) -> None:
        """Take in no more (503), and wait for the handlers that still run."""
        self._closed = True
        while self._running:
            await asyncio.wait(self._running.values())

    async def _admit(self, event: WebhookEvent) -> None:
        """Raise ``WebhookRejected`` unless the event is for us and of one we know."""
        if event.app_id not in (None, self._highlevel.app.app_id):
            raise _refused("it is for another app")
        if not await self._known.has(event):
            raise _refused("its location, agency or app is not known here")
        if self._max_age is not None and not self._is_young(event, self._max_age):
            raise _refused("it is too old, or without a time")

    def _is_young(self, event: WebhookEvent, max_age: float) -> bool:
        at = event.timestamp
        return at is not None and self._clock() - at.timestamp() <= max_age

    async def _once(self, event: WebhookEvent, name: str) -> Receipt:
        """Handle the event, unless it was or is being handled here or anywhere."""
        if self._closed:
            raise Unavailable("the receiver is closed", maybe_applied=False)
        if (running := self._running.get(name)) is not None:
            return _repeated((await self._outcome(running, event)).status)
        turn = await self._deliveries.begin(name, patience=self._patience)
        if turn == "done":
            return _repeated(200)
        if turn == "busy":
            raise Unavailable("another process is at it, or was", maybe_applied=False)
        work = asyncio.create_task(self._work(event, name))
        self._running[name] = work
        work.add_done_callback(lambda _: self._running.pop(name, None))
        return await self._outcome(work, event)

    async def _outcome(self, work: "asyncio.Task[Receipt]", event: WebhookEvent) -> Receipt:
        """Wait for a while. Who is cancelled here leaves the work alone."""
        done, _ = await asyncio.wait({work}, timeout=self._patience)
        if not done:
            return _receipt(202, event)
        return _receipt(500, event) if work.cancelled() else work.result()

    async def _work(self, event: WebhookEvent, name: str) -> Receipt:
        status = 500
        try:
            status = await self._handle(event, name)
        finally:  # whatever ended it, a cancellation too
            await self._settle(name, handled=status == 200)  # noqa: PLR2004
        return _receipt(status, None if status == 503 else event)  # noqa: PLR2004

    async def _handle(self, event: WebhookEvent, name: str) -> int:
        try:
            if not await follow(self._highlevel, event):
                return 503
            await self._on_event(event)
        except Exception as error:  # noqa: BLE001 - the app's own, so it can be any
            # What an error says may quote the event, so only its kind and place are told.
            which = event.webhook_id if _is_plain(event.webhook_id or "") else name
            _LOG.error("the handler failed on webhook %s: %s", which, _place(error))
            return 500
        return 200

    async def _settle(self, name: str, *, handled: bool) -> None:
        try:
            await (self._deliveries.done(name) if handled else self._deliveries.free(name))
        except HighLevelError as error:
            what = "was handled" if handled else "was not handled"
            _LOG.warning("the store was not told that a webhook %s: %s", what, error)


async def _bounded(body: Body) -> bytes:
    """Read the body, but never more of it than ``MAX_BODY``."""
    if isinstance(body, bytes):
        chunks, size = [body], len(body)
    elif isinstance(body, AsyncIterable):
        chunks, size = await _chunks(body)
    else:
        msg = "body must be the raw bytes of the request, or an async iterable of them"
        raise ConfigurationError(msg)
    if size > MAX_BODY:
        raise WebhookRejected("its body is too large", status=413)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


async def _chunks(body: AsyncIterable[bytes]) -> tuple[list[bytes], int]:
    chunks: list[bytes] = []
    size = 0
    try:
        async for chunk in body:
            size += len(chunk)
            if size > MAX_BODY:
                break
            chunks.append(chunk)
    except Exception as error:  # noqa: BLE001 - each framework has its own for who is gone
        said = f"its body broke off ({type(error).__name__})"
        raise WebhookRejected(said, status=400) from None
    finally:
        if isinstance(body, AsyncGenerator):
            await body.aclose()
    return chunks, size


def _name(event: WebhookEvent, raw: bytes) -> str:
    """Name a delivery alike in all its repetitions, by plain letters that every store takes."""
    told = event.webhook_id
    return hashlib.sha256(raw if told is None else told.encode(errors="surrogatepass")).hexdigest()


def _place(error: Exception) -> str:
    *_, (frame, line) = walk_tb(error.__traceback__)
    return f"{type(error).__name__} at {frame.f_code.co_filename}:{line}"


def _receipt(status: int, event: WebhookEvent | None = None) -> Receipt:
    return Receipt(status, _TEXTS[status], event)


def _repeated(status: int) -> Receipt:
    """Answer a repetition, of which nothing was handed on."""
    return Receipt(status, _SEEN) if status in (200, 202) else _receipt(status)


def _refused(why: str) -> WebhookRejected:
    return WebhookRejected(why, status=403)


def _seconds(value: float, name: str) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if number and math.isfinite(value) and value >= 0:
        return float(value)
    msg = f"{name} must be a number of seconds, got {value!r}"
    raise ConfigurationError(msg)
