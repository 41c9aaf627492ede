"""Installs forgotten at their owner's wish: a location's, or an agency's with all its locations."""

import asyncio
from collections.abc import Iterable
from datetime import datetime
from typing import Final, TypeAlias

from ghl_notes.models import Install
from ghl_notes.models.installs import is_of_location
from ghl_notes.oauth.forgotten import Forgotten
from ghl_notes.oauth.installs import Installs
from ghl_notes.stores.protocol import Unreadable

__all__ = ["forget_agency", "forget_location"]

# Others need holds too, of which a store has not many, and one of these may be waited for long.
_AT_ONCE: Final = 4

_Failures: TypeAlias = list[tuple[str, Exception]]
"""What was not forgotten, and why; a user's own store may raise anything."""


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
    One that cannot be forgotten keeps back none of the others, and is raised at the end. What is
    left is found without the agency's install, so whoever calls again forgets the rest.
    """
    failures: _Failures = []
    turns, prefix = asyncio.Semaphore(_AT_ONCE), installs.location_key("")

    async def forget(key: str) -> Install | None:
        async with turns:
            try:
                if key.startswith(prefix):
                    await forgotten.doubt(key.removeprefix(prefix))
                return await installs.forget(key, before=before)
            except Exception as error:  # noqa: BLE001 - raised at the end
                failures.append((key, error))
                return None

    # The agency goes first: what it is asked for from then on is not saved.
    agency = await forget(installs.company_key(company_id))
    keys = await _locations(installs, company_id, failures)
    found = [agency, *await asyncio.gather(*map(forget, keys))]
    _raise_first(failures)
    return [install for install in found if install is not None]


async def _locations(installs: Installs, company_id: str, failures: _Failures) -> Iterable[str]:
    """Name the locations of an agency, as far as they can be found."""
    keys = dict.fromkeys(installs.minted_now(company_id))
    try:
        async for one in installs.list():
            if one.company_id == company_id and one.user_type == "Location":
                keys[one.key] = None
    except Unreadable as error:
        # Whose location it is cannot be read either; another agency is none.
        if any(map(is_of_location, error.keys)):
            failures.append(("what cannot be read, and may be of it,", error))
    except Exception as error:  # noqa: BLE001 - raised at the end
        failures.append(("what is stored of its locations", error))
    return keys


def _raise_first(failures: _Failures) -> None:
    """Raise the first failure, if there is one, with the others as its notes."""
    if not failures:
        return
    (what, first), *others = failures
    first.add_note(f"{what} was not forgotten: call again")
    for what, error in others:
        first.add_note(f"{what} was not forgotten either: {error}")
    raise first
