"""A call before it is sent: its path, query and body, the same for every service."""

from collections.abc import Callable, Mapping
from typing import TypeAlias
from urllib.parse import urlencode

from attrs import define

from ghl_notes.errors import ConfigurationError
from ghl_notes.http.operations import Operation
from ghl_notes.http.reply import Answer, encode
from ghl_notes.models import Json

Param: TypeAlias = str | int | float | bool | None
Params: TypeAlias = Mapping[str, Param]


@define(eq=False)
class Request:
    """One call, before it has a host, a token or a slot; and what is known of its tries.

    ``check`` raises ``UnexpectedResponse`` for an answer that cannot be, which is a failed try.
    ``sent``: the last one left; ``maybe_applied``: an earlier one may have taken effect.
    """

    method: str
    path: str
    params: Params | None = None
    json: Json | Mapping[str, Json] = None
    form: Mapping[str, str] | None = None
    operation: Operation | None = None
    repeatable: bool = True
    bulk: bool = False
    check: Callable[[Answer], None] | None = None
    sent: bool = False
    maybe_applied: bool = False


def target(request: Request) -> str:
    """Join the path and the query."""
    if not request.params:
        return request.path
    pairs = {k: _text(v) for k, v in request.params.items() if v is not None}
    return f"{request.path}?{_form(pairs)}"


def content(request: Request) -> tuple[bytes | None, str | None]:
    """Encode the body, and name its media type."""
    if request.form is not None:
        return _form(request.form).encode(), "application/x-www-form-urlencoded"
    if request.json is None:
        return None, None
    return encode(request.json), "application/json"


def _form(pairs: Mapping[str, str]) -> str:
    try:
        return urlencode(pairs)
    except UnicodeEncodeError:
        pass  # it holds the content
    msg = "a parameter is not valid Unicode"
    raise ConfigurationError(msg)


def _text(value: str | float) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def is_read(request: Request) -> bool:
    """Tell whether a call only asks."""
    if request.operation is None:
        return request.method in ("GET", "HEAD", "OPTIONS")
    return request.operation.reads


def is_change(request: Request) -> bool:
    """Tell whether a call that was repeated, and never answered, leaves its change unknown."""
    if request.operation is None:
        return request.method in ("PUT", "PATCH")
    return request.operation.changes


def gone_is_done(request: Request) -> bool:
    """Tell whether a repeated call that finds nothing has succeeded."""
    return request.operation is not None and request.operation.gone_is_done
