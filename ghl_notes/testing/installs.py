"""Where the app is installed: the list under v2 with skip and limit, under v3 with page tokens."""

import base64
import json
from collections.abc import Mapping

from ghl_notes.testing.grants import Grant
from ghl_notes.testing.population import iso
from ghl_notes.testing.replies import Payload, Refusal, Reply, require
from ghl_notes.testing.world import World

__all__ = ["installed_locations", "installed_locations_v3"]

_PAGE = 20
_MOST = 100
_BAD_REQUEST = 400
_INSTALLED = 1_751_328_000_000


def installed_locations(world: World, app_id: str, grant: Grant, query: Mapping[str, str]) -> Reply:
    """Answer v2: ``count`` is of all, ``skip`` and ``limit`` come as text."""
    wanted = ("companyId", "appId")
    require([f"{name} should not be empty" for name in wanted if not query.get(name)])
    numbers = ("skip", "limit")
    require([f"{name} must be a number string" for name in numbers if not _whole(query, name)])
    if (query["companyId"], query["appId"]) != (grant.owner_id, app_id):
        raise Refusal(403, "The token does not have access to this company or app.")
    found = _found(world, app_id, query)
    skip, limit = int(query.get("skip", 0)), int(query.get("limit", _PAGE))
    payload: Payload = {
        "locations": found[skip : skip + limit],
        "count": len(found),
        "installToFutureLocations": False,
    }
    return Reply(200, payload)


def installed_locations_v3(
    world: World, app_id: str, grant: Grant, query: Mapping[str, str]
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
    found = _found(world, app_id, query)
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


def _found(world: World, app_id: str, query: Mapping[str, str]) -> list[object]:
    if query.get("isInstalled", "true") == "false":
        return []
    wanted, text = query.get("locationId"), query.get("query", "").casefold()
    return [
        {
            "_id": location_id,
            "name": f"Location {number}",
            "address": f"{number} Main Street, Springfield, US",
            "isInstalled": True,
            "versionId": app_id,
            "installedAt": iso(_INSTALLED + number * 60_000),
        }
        for number, location_id in enumerate(world.location_ids, 1)
        if wanted in (None, location_id) and text in f"location {number}"
    ]


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
