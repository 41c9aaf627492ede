"""What an agency's install is asked for: its locations, and tokens for them."""

from collections.abc import AsyncIterator
from functools import partial
from typing import Final

from attrs import evolve

from ghl_notes.http import codec
from ghl_notes.http.dispatch import Dispatch
from ghl_notes.http.ends import counts_more, unless_denied
from ghl_notes.http.operations import INSTALLED_LOCATIONS, LOCATION_TOKEN
from ghl_notes.http.protocol import segment
from ghl_notes.http.request import Params
from ghl_notes.http.tenant import Tenant
from ghl_notes.models import InstalledLocation, Json
from ghl_notes.oauth.auth import Auth
from ghl_notes.oauth.minting import AgencyToken
from ghl_notes.wiring import Wiring

# Locations asked for in one request, and how many HighLevel gives at least if there are more.
_PAGE: Final = 100
_SMALLEST_PAGE: Final = 20


class Agencies:
    """The calls in the name of agencies, with one limiter for each."""

    def __init__(self, wiring: Wiring, app_id: str, api_version: str) -> None:
        self._wiring = wiring
        self._api_version = api_version
        self._app_id = app_id
        self._tenants: dict[str, Tenant] = {}

    async def locations(
        self, company_id: str, auth: Auth, *, location_id: str | None = None
    ) -> AsyncIterator[InstalledLocation]:
        """Iterate over the locations of an agency on which the app is installed, or over one."""
        agency = self._dispatch(auth, self._tenant(company_id))
        about: Params = {"companyId": company_id, "appId": self._app_id, "isInstalled": True}
        if location_id is not None:
            segment("location_id", location_id)
            about = {**about, "locationId": location_id}
        seen: set[str] = set()
        token: str | None = None
        tokens: set[str | None] = {None}
        full = False
        while True:
            params = {**about, **agency.dialect.page(size=_PAGE, skip=len(seen), token=token)}
            ends = unless_denied("locations", partial(_says_more, read=len(seen), full=full))
            answer = await agency.call(INSTALLED_LOCATIONS, params=params, check=ends)
            page, token = answer.read(codec.locations)
            fresh = [location for location in page if location.id not in seen]
            for location in fresh:
                seen.add(location.id)
                yield location
            full = len(page) >= _PAGE
            short = not fresh or len(page) < _SMALLEST_PAGE
            if token in tokens if agency.dialect.page_token is not None else short:
                return
            tokens.add(token)

    async def mint(
        self, company_id: str, location_id: str, agency_token: str, *, age: float | None = None
    ) -> Json:
        """Ask for a location's token. Raises ``TokenRefused`` if the agency's is not good.

        ``age`` is how many seconds ago that one was made.
        """
        form = {"companyId": company_id, "locationId": location_id}
        # Over the connections for tokens, which no other call can hold.
        tenant = evolve(self._tenant(company_id), lane=self._wiring.transport.token_lane)
        agency = self._dispatch(AgencyToken(agency_token, age), tenant)
        return (await agency.call(LOCATION_TOKEN, form=form)).payload

    async def room(self, company_id: str) -> None:
        """Wait until an agency's limit has room for a request, and take none of it."""
        gate = self._tenant(company_id).gate
        gate.cancel(await gate.slot())

    def _tenant(self, company_id: str) -> Tenant:
        segment("company_id", company_id)
        tenant = self._tenants.get(company_id)
        if tenant is None:
            tenant = self._tenants[company_id] = self._wiring.tenant()
        return tenant

    def _dispatch(self, auth: Auth, tenant: Tenant) -> Dispatch:
        return self._wiring.dispatch(auth, tenant, self._api_version)


def _says_more(payload: Json, *, read: int, full: bool) -> bool:
    """Tell whether a page without a next one counts more locations.

    The count of the dated versions is documented as that of all locations of the agency, whether
    the app is installed there or not. So it is believed behind a full page only.
    """
    reply = payload if isinstance(payload, dict) else {}
    paging = reply.get("pagination")
    if not isinstance(paging, dict):
        return full and counts_more(payload, "locations", read)
    if paging.get("nextPageToken"):
        return False
    return paging.get("hasNextPage") is True or counts_more(
        {"items": reply.get("items"), "total": paging.get("totalRecords")}, "items", read
    )
