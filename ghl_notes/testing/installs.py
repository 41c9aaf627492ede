"""Where the app is installed, and the lists of it.

Under v2 a list has skip and limit, under v3 page tokens.
"""

import base64
import json
from collections.abc import Mapping, Sequence

from attrs import define, field

from ghl_notes.testing.grants import Grant
from ghl_notes.testing.population import iso
from ghl_notes.testing.replies import Payload, Refusal, Reply, require

__all__ = ["Installs", "installed_locations", "installed_locations_v3"]

_PAGE = 20
_MOST = 100
_BAD_REQUEST = 400
_FIRST = 1_751_328_000_000  # 2025-07-01, in ms
_STEP = 60_000


@define(eq=False)
class Installs:
    """Where the app is installed, and since when: at first on every location. Pure state."""

    location_ids: Sequence[str]
    _since: dict[str, int] = field(init=False, repr=False)

    @_since.default
    def _install_everywhere(self) -> dict[str, int]:
        return {one: _FIRST + at * _STEP for at, one in enumerate(self.location_ids)}

    def on(self, location_id: str) -> bool:
        """Tell whether the app is installed on a location."""
        return location_id in self._since

    def since(self, location_id: str) -> int | None:
        """Tell when it was installed there, in ms, or None."""
        return self._since.get(location_id)

    def add(self, location_id: str | None, now: float) -> None:
        """Install the app on a location, or on all; where it is already, nothing changes."""
        for one in self._meant(location_id):
            self._since.setdefault(one, int(now * 1000))

    def remove(self, location_id: str | None) -> None:
        """Take the app off a location, or off all."""
        for one in self._meant(location_id):
            self._since.pop(one, None)

    def _meant(self, location_id: str | None) -> Sequence[str]:
        return self.location_ids if location_id is None else (location_id,)


def installed_locations(
    installs: Installs, app_id: str, grant: Grant, query: Mapping[str, str]
) -> Reply:
    """Answer v2: ``count`` is of all, ``skip`` and ``limit`` come as text."""
    wanted = ("companyId", "appId")
    require([f"{name} should not be empty" for name in wanted if not query.get(name)])
    numbers = ("skip", "limit")
    require([f"{name} must be a number string" for name in numbers if not _whole(query, name)])
    if (query["companyId"], query["appId"]) != (grant.owner_id, app_id):
        raise Refusal(403, "The token does not have access to this company or app.")
    found = _found(installs, app_id, query)
    skip, limit = int(query.get("skip", 0)), int(query.get("limit", _PAGE))
    payload: Payload = {
        "locations": found[skip : skip + limit],
        "count": len(found),
        "installToFutureLocations": False,
    }
    return Reply(200, payload)


def installed_locations_v3(
    installs: Installs, app_id: str, grant: Grant, query: Mapping[str, str]
) -> Reply:
    """Answer v3, whose errors have a shape of their own."""
    for name in ("companyId", "appId"):
        if not query.get(name):
            raise _aip(400, f"{name} is required", name)
    if (query["companyId"], query["appId"]) != (grant.owner_id, app_id):
        raise _aip(404, "The App was not found.", "appId")
    if not _whole(query, "pageSize") or not 1 <= int(query.get("pageSize", _PAGE)) <= _MOST:
        raise _aip(400, f"pageSize must be between 1 and {_MOST}", "pageSize")
    skip, size = _unpack(query.get("pageToken")), int(query.get("pageSize", _PAGE))
    found = _found(installs, app_id, query)
    items = found[skip : skip + size]
    pagination: Payload = {
        "hasNextPage": skip + size < len(found),
        "hasPrevPage": skip > 0,
        "currentPageSize": len(items),
        "totalRecords": len(found),
    }
    if skip + size < len(found):
        pagination["nextPageToken"] = _pack(skip + size)
    if skip > 0:
        pagination["prevPageToken"] = _pack(max(0, skip - size))
    applied: Payload = {"filterApplied": {"companyId": grant.owner_id}}
    return Reply(200, {"items": items, "pagination": pagination, "metadata": applied})


def _found(installs: Installs, app_id: str, query: Mapping[str, str]) -> list[object]:
    installed = query.get("isInstalled", "true") != "false"
    wanted, text = query.get("locationId"), query.get("query", "").casefold()
    return [
        _entry(number, location_id, app_id, installs.since(location_id))
        for number, location_id in enumerate(installs.location_ids, 1)
        if installs.on(location_id) is installed
        and wanted in (None, location_id)
        and text in f"location {number}"
    ]


def _entry(number: int, location_id: str, app_id: str, since: int | None) -> Payload:
    entry: Payload = {
        "_id": location_id,
        "name": f"Location {number}",
        "address": f"{number} Main Street, Springfield, US",
        "isInstalled": since is not None,
    }
    return entry if since is None else {**entry, "versionId": app_id, "installedAt": iso(since)}


def _whole(query: Mapping[str, str], name: str) -> bool:
    return query.get(name, "0").isdecimal()


def _pack(skip: int) -> str:
    return base64.urlsafe_b64encode(json.dumps({"skip": skip}).encode()).decode().rstrip("=")


def _unpack(token: str | None) -> int:
    if token is None:
        return 0
    try:
        return int(json.loads(base64.urlsafe_b64decode(token + "=="))["skip"])
    except (ValueError, KeyError, TypeError):
        raise _aip(400, "pageToken is invalid", "pageToken") from None


def _aip(status: int, message: str, about: str) -> Refusal:
    code = "INVALID_ARGUMENT" if status == _BAD_REQUEST else "RESOURCE_NOT_FOUND"
    error: Payload = {"code": code, "message": message, "details": {"field": about}}
    return Refusal.of(status, {"error": error})
