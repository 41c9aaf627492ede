"""What goes in and out of a pretend service: a call, a reply, and a refusal on the way."""

import base64
import json
from collections.abc import Mapping

from attrs import field, frozen

from ghl_notes.testing.faults import Fault, Trouble

__all__ = ["Call", "Outcome", "Payload", "Refusal", "Reply", "done", "object_of", "require"]

Payload = dict[str, object]
"""A JSON object on the wire."""


@frozen(kw_only=True)
class Call:
    """One HTTP request, taken apart.

    ``segments`` is its path, every part of it decoded; ``origin`` is where it was sent;
    ``headers`` have small names, ``peer`` is the client's host and port, and ``trouble`` what was
    decided for this very call.
    """

    method: str
    path: str
    segments: tuple[str, ...] = ()
    query: Mapping[str, str] = field(factory=dict)
    version: str | None = None
    bearer: str | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(factory=dict, repr=False)
    content_type: str = ""
    body: bytes = field(default=b"", repr=False)
    origin: str = ""
    peer: tuple[str, int] = ("", 0)
    trouble: Trouble | None = None

    @property
    def basic(self) -> str | None:
        """The user and the password of a Basic login, with the colon between."""
        scheme, _, sent = self.headers.get("authorization", "").partition(" ")
        try:
            login = base64.b64decode(sent, validate=True) if scheme.lower() == "basic" else b""
        except ValueError:
            return None
        return login.decode(errors="replace") or None

    @property
    def v3(self) -> bool:
        """Tell whether the caller speaks API v3."""
        return self.version == "v3"


@frozen
class Reply:
    """One HTTP reply: a JSON object, or an HTML page when ``payload`` is text."""

    status: int
    payload: Payload | str
    headers: Mapping[str, str] = field(factory=dict)


@frozen
class Outcome:
    """A reply, and what shall happen to it on the wire."""

    reply: Reply
    fault: Fault | None = None


class Refusal(Exception):
    """The service says no; ``reply`` is how."""

    def __init__(self, status: int, message: str | list[str], error: str | None = None) -> None:
        """Say no in the usual shape: ``{statusCode, message[, error]}``."""
        super().__init__(status, message)
        payload: Payload = {"statusCode": status, "message": message}
        if error is not None:
            payload["error"] = error
        self.reply: Reply = Reply(status, payload)

    @classmethod
    def invalid(cls, problems: list[str]) -> "Refusal":
        """Refuse input that breaks the rules, each broken rule a line of its own."""
        return cls(422, problems, "Unprocessable Entity")

    @classmethod
    def of(cls, status: int, payload: Payload) -> "Refusal":
        """Refuse in a shape that is not the usual one."""
        refusal = cls(status, "")
        refusal.reply = Reply(status, payload)
        return refusal


def require(problems: list[str]) -> None:
    """Refuse when there are problems."""
    if problems:
        raise Refusal.invalid(problems)


def object_of(call: Call) -> Payload:
    """Give the JSON object that was sent, an empty one for an empty body, or refuse it."""
    try:
        sent = json.loads(call.body or b"{}")
    except (ValueError, RecursionError):
        raise Refusal(400, "Unexpected token in JSON", "Bad Request") from None
    if not isinstance(sent, dict):
        raise Refusal.invalid(["the body must be an object"])
    return sent


def done(call: Call, **more: object) -> Reply:
    """Say that it is done: v2 has the flag misspelled, v3 in both spellings."""
    flags: Payload = {"succeded": True, "succeeded": True} if call.v3 else {"succeded": True}
    return Reply(200, {**flags, **more})
