"""The stored installs, kept in step with the app's installs and uninstalls.

Events come late, twice and out of order: each acts only on what is older than itself.
"""

import logging
from typing import Final

from ghl_notes.errors import (
    AccessDenied,
    HighLevelError,
    LocationInactive,
    RateLimited,
    ReauthorizationRequired,
    RequestRejected,
    Unavailable,
    UnexpectedResponse,
)
from ghl_notes.highlevel import HighLevel
from ghl_notes.oauth.forgotten import Forgotten
from ghl_notes.oauth.mint_failures import refuses
from ghl_notes.webhooks.events import AppInstalled, AppUninstalled, WebhookEvent

__all__ = ["follow", "is_of_installs"]

_LOG: Final = logging.getLogger("ghl_notes.webhooks")

# These may pass, unless they are final: see ``_is_final``.
_LATER: Final = (AccessDenied, RateLimited, RequestRejected, Unavailable, UnexpectedResponse)


def is_of_installs(event: WebhookEvent) -> bool:
    """Tell whether an event is one that ``follow`` has work with."""
    return isinstance(event, AppInstalled | AppUninstalled)


async def follow(highlevel: HighLevel, event: WebhookEvent) -> bool:
    """Store the token of an agency's new location, or forget what was uninstalled.

    Returns False where that failed for now, so that the webhook must come again.
    """
    try:
        if isinstance(event, AppInstalled):
            await _installed(highlevel, event)
        elif isinstance(event, AppUninstalled):
            await _uninstalled(highlevel, event)
    except _LATER as error:
        _LOG.warning("the webhook %s has to come again: %s", event.type, error)
        return False
    return True


async def _installed(highlevel: HighLevel, event: AppInstalled) -> None:
    if event.location_id is None:
        return
    if not await _minted(highlevel, event.location_id, event):
        # No install keeps the time of this one, to be compared with an UNINSTALL's.
        await Forgotten(highlevel.claims).add_installed(event.location_id)


async def _minted(highlevel: HighLevel, location_id: str, event: AppInstalled) -> bool:
    """Mint the token of a location, if its agency can. Returns whether there is one."""
    company_id = event.company_id
    if company_id is None or await highlevel.find(company_id=company_id) is None:
        return False  # installed by its own user, whose code brings the token, or by nobody
    try:
        await highlevel.mint(location_id, company_id=company_id, since=event.timestamp)
    except HighLevelError as error:
        if not _is_final(error):
            raise
        kind = type(error).__name__
        _LOG.warning("no token for location %s, which was installed: %s", location_id, kind)
        return False
    return True


def _is_final(error: HighLevelError) -> bool:
    """Tell whether HighLevel itself refuses a token, so that no repetition of the webhook mends it.

    The location was taken away again, or is paused, or its agency must install anew or grant a
    scope. The token is made by the first call instead, or never. A refusal in unknown words proves
    nothing, nor does a gateway's.
    """
    if isinstance(error, AccessDenied):
        return error.reason is not None
    return isinstance(error, LocationInactive | ReauthorizationRequired) or refuses(error)


async def _uninstalled(highlevel: HighLevel, event: AppUninstalled) -> None:
    if event.timestamp is None:
        _LOG.warning("an UNINSTALL without a time forgets nothing: it may be older than an install")
    elif event.location_id is not None:
        await highlevel.forget(location_id=event.location_id, before=event.timestamp)
    elif event.company_id is not None:
        await highlevel.forget(company_id=event.company_id, before=event.timestamp)
