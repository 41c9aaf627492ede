"""Installs forgotten at their owner's wish: a location's, or an agency's with all its locations."""

from datetime import datetime

from ghl_notes.models import Install
from ghl_notes.oauth.forgotten import Forgotten
from ghl_notes.oauth.installs import Installs

__all__ = ["forget_agency", "forget_location"]


async def forget_location(
    installs: Installs, forgotten: Forgotten, location_id: str, before: datetime | None
) -> list[Install]:
    """Forget a location's install, unless it is newer, and remember that it was forgotten."""
    await forgotten.add(location_id)  # at once: its events may come meanwhile
    key = installs.location_key(location_id)
    install = await installs.forget(key, before=before)
    if await installs.find(key) is None:
        await forgotten.add(location_id)  # again: a mint that was under way has discarded it
    else:
        await forgotten.discard(location_id)
    return [] if install is None else [install]


async def forget_agency(
    installs: Installs, company_id: str, before: datetime | None
) -> list[Install]:
    """Forget an agency's install and those of all its locations, but for what is newer."""
    keys = [installs.company_key(company_id), *installs.minted_now(company_id)]
    keys += [one.key async for one in installs.list() if one.company_id == company_id]
    forgotten = [await installs.forget(key, before=before) for key in dict.fromkeys(keys)]
    return [install for install in forgotten if install is not None]
