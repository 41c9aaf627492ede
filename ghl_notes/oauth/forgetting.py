"""Installs forgotten at their owner's wish: a location's, or an agency's with all its locations."""

from datetime import datetime

from ghl_notes.models import Install
from ghl_notes.oauth.forgotten import Forgotten
from ghl_notes.oauth.installs import Installs
from ghl_notes.stores.owned import OwnedClaims
from ghl_notes.stores.protocol import Claims, TokenStore

__all__ = ["forget_agency", "forget_location", "mark_forgotten"]


async def forget_location(
    installs: Installs, forgotten: Forgotten, location_id: str, before: datetime | None
) -> list[Install]:
    """Forget a location's install, unless it is newer, and remember that it was forgotten."""
    mark = forgotten.add if before is None else forgotten.add_uninstalled
    await mark(location_id)  # at once: its events may come meanwhile
    key = installs.location_key(location_id)
    install = await installs.forget(key, before=before)
    if await installs.find(key) is None:
        await mark(location_id)  # again: a mint that was under way has discarded it
    else:
        await forgotten.discard(location_id)
    return [] if install is None else [install]


async def forget_agency(
    installs: Installs, forgotten: Forgotten, company_id: str, before: datetime | None
) -> list[Install]:
    """Forget an agency's install and those of all its locations, but for what is newer.

    No other agency vouches for these locations, nor this one if it comes back, without being asked.
    """
    company_key, prefix = installs.company_key(company_id), installs.location_key("")
    keys = [company_key, *installs.minted_now(company_id)]
    keys += [one.key async for one in installs.list() if one.company_id == company_id]
    for key in keys:
        if key.startswith(prefix):
            await forgotten.doubt(key.removeprefix(prefix))
    found = [await installs.forget(key, before=before) for key in dict.fromkeys(keys)]
    return [install for install in found if install is not None]


async def mark_forgotten(store: TokenStore, install: Install, *, with_agency: bool) -> None:
    """Remember that an install is forgotten which is deleted from a store without its app.

    As the app's own webhooks look it up. Do it before and after, as ``forget_location`` does.
    """
    owner = install.owner
    if owner is None or install.location_id is None or not isinstance(store, Claims):
        return
    forgotten = Forgotten(OwnedClaims(store, owner))
    mark = forgotten.doubt if with_agency else forgotten.add
    await mark(install.location_id)
