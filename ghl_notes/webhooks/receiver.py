"""Webhooks taken in: each is checked, in an order that trusts nothing early, and handed on once."""

import asyncio
import hashlib
import logging
import math
import re
import time
from collections.abc import Awaitable, Callable
from traceback import walk_tb
from typing import TYPE_CHECKING, Final, TypeAlias

from ghl_notes.errors import ConfigurationError, Unavailable, WebhookRejected
from ghl_notes.highlevel import HighLevel
from ghl_notes.webhooks import body as bodies
from ghl_notes.webhooks import signature as signatures
from ghl_notes.webhooks.body import Body, check_announced, check_raw, read_bounded
from ghl_notes.webhooks.deliveries import Deliveries
from ghl_notes.webhooks.events import WebhookEvent
from ghl_notes.webhooks.handling import Handling
from ghl_notes.webhooks.headers import Headers, find
from ghl_notes.webhooks.known import Known
from ghl_notes.webhooks.lifecycle import follow
from ghl_notes.webhooks.reading import parse
from ghl_notes.webhooks.receipts import Receipt, receipt
from ghl_notes.webhooks.signature import PUBLISHED_KEY, Keys, Verifier
from ghl_notes.wiring import Closing

if TYPE_CHECKING:
    from ghl_notes.webhooks.route import Route

__all__ = ["OnEvent", "Webhooks"]

OnEvent: TypeAlias = Callable[[WebhookEvent], Awaitable[None]]
"""What an app does with an event. What it raises lets the event come again."""

_LOG: Final = logging.getLogger("ghl_notes.webhooks")
_HEADERS: Final = signatures.HEADERS | bodies.HEADERS
# Ids as HighLevel makes them may stand in a log; what else calls itself one may be anything.
_is_plain: Final = re.compile(r"[A-Za-z0-9_-]{1,64}").fullmatch


class Webhooks(Closing):
    """Takes in the webhooks of one app, and hands each event to ``on_event``, once.

    Safe for any number of tasks, and of processes that share the store. ``key`` and ``legacy_key``
    are as in ``verify``. ``max_age``, in seconds, refuses what is older; HighLevel repeats for
    about three days and the repetition is as old as the event, so it is off by default, and
    repetition is told by the event's id instead. A handler that takes longer than ``patience``
    seconds goes on in the background; give one that may take longer than a minute its own queue,
    since the claim on a delivery ends then. A body must come whole within ``body_timeout``
    seconds. Use it as ``async with``, or call ``close()`` before
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
        body_timeout: float = 10.0,
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
        self._body_timeout = _seconds(body_timeout, "body_timeout")
        deliveries = Deliveries(highlevel.claims)
        self._handling = Handling(deliveries, self._follow, self._handle, self._patience)
        self._loop: asyncio.AbstractEventLoop | None = None

    async def receive(self, headers: Headers, body: Body) -> Receipt:
        """Check a webhook, hand it on, and tell how to answer it. No sender can make it raise.

        ``headers`` are a mapping or pairs, of str or bytes, and ``body`` is raw, whole or as it
        comes. The headers are looked at first: without a signature that may be one, or with a
        ``Content-Encoding`` or a length that is too large, nothing of the body is read. After a 4xx
        ``route`` ends the connection; the servers of ASGI drop what is left of a body.

        ===  ==============================================================================
        200  handled now, or seen before
        202  ``on_event`` still runs after ``patience`` seconds; it will not come again
        400  cut off, or not an event
        401  not signed by HighLevel
        403  for another app, of a location or agency that is not known, or too old
        408  the body did not come within ``body_timeout`` seconds
        413  larger than ``MAX_BODY``, and not read any further
        415  compressed, or encoded in another way
        500  ``on_event`` raised: HighLevel sends it again
        503  the store or HighLevel is down, or slow to do what an INSTALL or UNINSTALL asks for,
             another process is at it, or this one closes: the same
        ===  ==============================================================================

        Known is a location that is stored, or that a stored agency vouches for, as other apps'
        events bear the same signature: the agency that the event names; without a name any, if
        the event is for this app by its id; without that one that has the app on this location,
        for which HighLevel is asked. What was uninstalled or forgotten within the last week is not
        known, nor are, with an agency, its locations that were stored; HighLevel is asked whether
        the app is back there, as it is where an INSTALL brought no token that tells its time, and
        an UNINSTALL may be older or newer. INSTALL and UNINSTALL are known by the app's id alone,
        and so is an event that names neither. Before they are handed on, the INSTALL of an
        agency's location stores its token (``HighLevel.mint``), and an UNINSTALL forgets what is
        not newer than itself; without a time it forgets nothing.
        A cancelled call leaves no claim behind: once the event is claimed, it is handled.
        Raises ``ConfigurationError`` for a store that cannot be used, for a body that is not
        bytes, for what cannot be headers, and in another event loop than that of the app.
        """
        self._enter()
        try:
            raw = await self._verified(headers, body)
            event = parse(raw)
            await self._admit(event)
            return await self._handling.once(event, _name(event, raw))
        except WebhookRejected as refusal:
            status = refusal.status or 400
            _LOG.warning("a webhook was refused with %d: %s", status, refusal)
            return receipt(status)
        except Unavailable as error:
            _LOG.warning("a webhook has to come again: %s", error)
            return receipt(503)

    def route(self, path: str) -> "Route":
        """Make the aiohttp route that receives webhooks at ``path``: add it to an application.

        The body is read up to ``MAX_BODY``, whatever the application's ``client_max_size``. A
        refusal closes the connection, and what is left of the body is not decompressed. Ahead of
        any route aiohttp itself decompresses up to half a megabyte of a body, some milliseconds
        and megabytes for each request of an unknown sender: ``web.Application(handler_args=
        {"auto_decompress": False})`` spares even that, for all routes of the application.
        Senders that are slow with their headers are for a reverse proxy to end.
        """
        from ghl_notes.webhooks.route import webhook_route  # noqa: PLC0415 - for aiohttp's only

        return webhook_route(path, self)

    async def close(self) -> None:
        """Take in no more (503), and wait for the handlers that still run."""
        self._enter()
        await self._handling.close()

    def _enter(self) -> None:
        """Belong to the running loop: what was at work in one that is closed has ended with it."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._highlevel._loops.enter(loop)  # noqa: SLF001 - one for all that is an app's
            self._handling.renew()
            self._known.renew()
            self._loop = loop

    async def _verified(self, headers: Headers, body: Body) -> bytes:
        """Read the body, once the headers are worth it, and make sure that it is HighLevel's."""
        check_raw(body)
        found = find(headers, _HEADERS)
        signature = self._verifier.signature(found)
        check_announced(found)
        raw = await read_bounded(body, seconds=self._body_timeout)
        self._verifier.check(signature, raw)
        return raw

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

    async def _follow(self, event: WebhookEvent, name: str) -> int:
        try:
            return 200 if await follow(self._highlevel, event) else 503
        except Exception as error:  # noqa: BLE001 - a store of one's own may raise anything
            return _failed(event, name, error)

    async def _handle(self, event: WebhookEvent, name: str) -> int:
        try:
            await self._on_event(event)
        except Exception as error:  # noqa: BLE001 - the app's own, so it can be any
            return _failed(event, name, error)
        return 200


def _name(event: WebhookEvent, raw: bytes) -> str:
    """Name a delivery alike in all its repetitions, by plain letters that every store takes."""
    told = event.webhook_id
    return hashlib.sha256(raw if told is None else told.encode(errors="surrogatepass")).hexdigest()


def _failed(event: WebhookEvent, name: str, error: Exception) -> int:
    # The message of an error may quote the event, so only its class and line are logged.
    which = event.webhook_id if _is_plain(event.webhook_id or "") else name
    _LOG.error("the handler failed on webhook %s: %s", which, _place(error))
    return 500


def _place(error: Exception) -> str:
    *_, (frame, line) = walk_tb(error.__traceback__)
    return f"{type(error).__name__} at {frame.f_code.co_filename}:{line}"


def _refused(why: str) -> WebhookRejected:
    return WebhookRejected(why, status=403)


def _seconds(value: float, name: str) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if number and math.isfinite(value) and value >= 0:
        return float(value)
    msg = f"{name} must be a number of seconds, got {value!r}"
    raise ConfigurationError(msg)
