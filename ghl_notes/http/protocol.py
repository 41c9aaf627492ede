"""HighLevel's HTTP rules without any I/O: how a call is built in each version of the API.

What the versions spell differently is one table here; what the replies mean is in ``failures``.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import Final
from urllib.parse import quote

from attrs import evolve, frozen

from ghl_notes.errors import ConfigurationError, UnexpectedResponse
from ghl_notes.http import failures
from ghl_notes.http.denials import Denial
from ghl_notes.http.operations import (
    CAMPAIGNS_REMOVE_ALL,
    CONTACTS_LIST,
    INSTALLED_LOCATIONS,
    LOCATION_TOKEN,
    Operation,
)
from ghl_notes.http.rate import RateSnapshot
from ghl_notes.http.rate import rate as read_rate
from ghl_notes.http.reply import Answer, Reply, decode, require_whole
from ghl_notes.http.request import Param, Params, Request, gone_is_done, is_read
from ghl_notes.models import Json

BASE_URL: Final = "https://services.leadconnectorhq.com"
VERSION: Final = "2021-07-28"

_PLAIN_ID: Final = re.compile(r"[A-Za-z0-9_-]+").fullmatch
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}").fullmatch
_UNSAFE_ID: Final = re.compile(r"[/?#%\\\s\x00-\x1f\x7f\ud800-\udfff]|^\.{1,2}$").search
_SAFE_PATH: Final = re.compile(r"(/([A-Za-z0-9_.~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})+)+/?").fullmatch
_DOTS: Final = re.compile(r"(?:^|/)(?:\.|%2e){1,2}(?:/|$)|%2f|%5c", re.IGNORECASE).search

# A read sent by POST is repeatable too, which only its operation knows.
_REPEATABLE: Final = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
METHODS: Final = _REPEATABLE | {"POST", "PATCH"}


# --- the versions ---------------------------------------------------------------------------


@frozen(eq=False)
class Dialect:
    """What the versions of the API spell differently; all else is the same in each.

    ``version`` goes into the header, and ``versions`` has the families of calls with another.
    ``paths`` are those that a version changed, ``gone`` what it has no more. ``field_value`` is
    the name under which a custom field's value is sent, ``channels`` those of do not disturb,
    ``token_form`` the fields of the token endpoint. The list of an agency's installs goes on by
    ``page_skip`` or by ``page_token``; a version has one of them.
    """

    version: str
    versions: Mapping[str, str]
    paths: Mapping[Operation, str]
    gone: Mapping[Operation, str]
    field_value: str
    channels: Mapping[str, str]
    token_form: Mapping[str, str]
    page_size: str
    page_skip: str | None
    page_token: str | None

    def version_of(self, request: Request) -> str:
        """Name the version that a call asks for in its header."""
        operation = request.operation
        family = "" if operation is None else operation.family
        return self.versions.get(family) or self.version

    def page(self, *, size: int, skip: int, token: str | None) -> dict[str, Param]:
        """Name the parameters for one page of an agency's installs."""
        asked: dict[str, Param] = {self.page_size: size}
        if self.page_skip is not None:
            asked[self.page_skip] = skip
        if self.page_token is not None:
            asked[self.page_token] = token
        return asked

    def request(
        self,
        operation: Operation,
        ids: tuple[str, ...],
        params: Params | None = None,
        json: Json | Mapping[str, Json] = None,
        form: Mapping[str, str] | None = None,
    ) -> Request:
        """Build a call; ``ids`` fill the names in its path, in their order."""
        if operation in self.gone:
            msg = f"API version {self.version} has no such call: {self.gone[operation]}"
            raise ConfigurationError(msg)
        template = self.paths.get(operation) or operation.template
        return Request(operation.method, filled(template, ids), params, json, form, operation)


_DATED: Final = Dialect(
    version=VERSION,
    versions={"calendars": "2021-04-15", "objects": "v3"},
    paths={},
    gone={},
    field_value="field_value",
    channels={
        "call": "Call", "email": "Email", "sms": "SMS", "whatsapp": "WhatsApp", "gmb": "GMB",
        "fb": "FB",
    },
    token_form={},
    page_size="limit",
    page_skip="skip",
    page_token=None,
)  # fmt: skip
_V3: Final = Dialect(
    version="v3",
    versions={},
    paths={
        CAMPAIGNS_REMOVE_ALL: "/contacts/{contact_id}/campaigns/remove-all",
        LOCATION_TOKEN: "/oauth/location-token",
        INSTALLED_LOCATIONS: "/oauth/installed-locations",
    },
    gone={CONTACTS_LIST: "search contacts instead"},
    field_value="fieldValue",
    channels={
        "call": "call", "email": "email", "sms": "sms", "whatsapp": "whatsApp", "gmb": "gmb",
        "fb": "fb",
    },
    token_form={
        "client_id": "clientId",
        "client_secret": "clientSecret",
        "grant_type": "grantType",
        "refresh_token": "refreshToken",
        "user_type": "userType",
        "redirect_uri": "redirectUri",
    },
    page_size="pageSize",
    page_skip=None,
    page_token="pageToken",  # noqa: S106 - a parameter's name
)  # fmt: skip


def dialect(api_version: str) -> Dialect:
    """Give the spelling of a version: version 3 has its own, all dated ones have one."""
    if api_version == _V3.version:
        return _V3
    if isinstance(api_version, str) and _DATE(api_version):
        return evolve(_DATED, version=api_version)
    msg = f"api_version must be {_V3.version}, or a date such as {VERSION}"
    raise ConfigurationError(msg)


# --- building -------------------------------------------------------------------------------


def segment(name: str, value: str, what: str = "a HighLevel id") -> str:
    """Make ``value`` one segment of a path; refuse what would lead out of it.

    ``what`` says in a refusal what it must be.
    """
    if isinstance(value, str) and _PLAIN_ID(value):
        return value
    return quote(identified(name, value, what), safe="")


def identified(name: str, value: object, what: str = "a HighLevel id") -> str:
    """Take an id as it is, for a query or a body; refuse what no path could hold."""
    if isinstance(value, str) and value and not _UNSAFE_ID(value):
        return value
    # Its type, and not the value: it may be a note in the wrong place.
    got = "" if isinstance(value, str) else f", not {type(value).__name__}"
    msg = f"{name} must be {what}: a text without / ? # % or spaces, not empty{got}"
    raise ConfigurationError(msg)


def location(given: str | None, own: str | None) -> str:
    """Name the location that a call is about: the one given, or else the client's own."""
    if given is None and own is None:
        msg = "name a location_id, here or for all calls in Client(location_id=...)"
        raise ConfigurationError(msg)
    return identified("location_id", own if given is None else given)


def filled(template: str, ids: tuple[str, ...]) -> str:
    """Put ids in the place of a template's names."""
    path, names = _parts(template)
    if len(ids) == 1 == len(names):  # as most calls have it
        ((name, rest),) = names
        return path + segment(name, ids[0]) + rest
    for (name, rest), value in zip(names, ids, strict=True):
        path += segment(name, value) + rest
    return path


@cache
def _parts(template: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Take a template apart: what stands before its names, and each name with what follows."""
    head, *parts = template.split("{")
    pairs = (part.partition("}") for part in parts)
    return head, tuple((name, rest) for name, _, rest in pairs)


def any_request(
    method: str, path: str, *, params: Params | None, json: Json, repeatable: bool | None
) -> Request:
    """Build a call to an endpoint that this library does not know."""
    method = method.upper() if isinstance(method, str) else ""
    if method not in METHODS:
        msg = f"method must be one of {', '.join(sorted(METHODS))}"
        raise ConfigurationError(msg)
    if not isinstance(path, str) or not _SAFE_PATH(path) or _DOTS(path):
        msg = "path must begin with / and be quoted, without a host, a query or dot segments"
        raise ConfigurationError(msg)
    safe = method in _REPEATABLE if repeatable is None else repeatable
    return Request(method, path, params, json, repeatable=safe)


# --- reading --------------------------------------------------------------------------------


def read(request: Request, reply: Reply, rate: RateSnapshot | None) -> Answer:
    """Turn a reply into its answer, or raise the error that tells the caller what to do."""
    if 200 <= reply.status < 300:  # noqa: PLR2004 - HTTP's own numbers
        if reply.status != 200 and is_read(request):  # noqa: PLR2004
            require_whole(reply)
        try:
            payload = decode(reply)
        except UnexpectedResponse as error:
            if error.page or not gone_is_done(request):
                raise
            payload = None  # the status says all there is to a delete
        size = len(reply.body)
        return Answer(payload, reply.status, reply.headers, request.method, request.path, size)
    scope = request.operation.scope if request.operation is not None else None
    raise failures.failure(reply, rate, scope).at(request.method, request.path)


@frozen(eq=False)
class Rules:
    """HighLevel's side of every call, in one version; implements ``Service``."""

    dialect: Dialect

    def headers(self, request: Request, token: str) -> dict[str, str]:
        """Name the version and show the token."""
        version = self.dialect.version_of(request)
        return {"Version": version, "Authorization": f"Bearer {token}"}

    def rate(self, reply: Reply) -> RateSnapshot | None:
        """Read the location's limit."""
        return read_rate(reply.headers)

    def denial(self, reply: Reply) -> Denial:
        """Return what a 401 is about."""
        return failures.denied(reply)

    def read(self, request: Request, reply: Reply, rate: RateSnapshot | None) -> Answer:
        """Turn a reply into its answer, or into the error that it stands for."""
        return read(request, reply, rate)

    def finished(self, request: Request, answer: Answer) -> Answer:
        """Refuse a success of a known write that says of itself that it failed."""
        # What an unknown endpoint means by such a field is for its caller to know.
        known_write = request.operation is not None and request.method != "GET"
        return failures.honest(answer) if known_write else answer
