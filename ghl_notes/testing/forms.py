"""What is sent to the OAuth routes, and the two spellings of their names."""

import json
from collections.abc import Mapping
from urllib.parse import parse_qsl

from attrs import frozen

from ghl_notes.testing.replies import Call, Payload, Refusal

__all__ = ["TokenForm", "fields_of", "spelled"]

_CAMEL = {
    "client_id": "clientId",
    "client_secret": "clientSecret",
    "grant_type": "grantType",
    "refresh_token": "refreshToken",
    "redirect_uri": "redirectUri",
    "user_type": "userType",
    "access_token": "accessToken",
    "token_type": "tokenType",
    "expires_in": "expiresIn",
}


@frozen
class TokenForm:
    """The fields of a token request under their snake_case names, whatever the version."""

    fields: Mapping[str, str]
    camel: bool

    @classmethod
    def read(cls, call: Call) -> "TokenForm":
        """Take the fields out of a request."""
        return cls(fields_of(call), call.version == "v3")

    def spell(self, name: str) -> str:
        """Write a name as the request does."""
        return _CAMEL.get(name, name) if self.camel else name

    def get(self, name: str) -> str | None:
        """Give a field, or None."""
        return self.fields.get(self.spell(name))

    def need(self, name: str) -> str:
        """Give a field, or refuse a request without it."""
        value = self.get(name)
        if not value:
            raise Refusal(400, f"Missing parameter: {self.spell(name)}")
        return value

    def wrong(self, name: str) -> str:
        """Say that a field is not one of the allowed values."""
        return f"Invalid parameter: {self.spell(name)}"


def fields_of(call: Call) -> dict[str, str]:
    """Read a form, or JSON where v3 allows it. Anything else has no fields."""
    if "json" not in call.content_type:
        return dict(parse_qsl(call.body.decode(errors="replace"), keep_blank_values=True))
    try:
        sent = json.loads(call.body) if call.version == "v3" else {}
    except (ValueError, RecursionError):
        raise Refusal(400, "Unexpected token in JSON", "Bad Request") from None
    items = sent.items() if isinstance(sent, dict) else ()
    return {name: str(value) for name, value in items if value is not None}


def spelled(payload: Payload, *, camel: bool) -> Payload:
    """Write the names of a reply as its version does."""
    return {_CAMEL.get(name, name): value for name, value in payload.items()} if camel else payload
