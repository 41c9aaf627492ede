"""The marketplace app that is registered with the pretend HighLevel."""

import random

from attrs import field, frozen

from ghl_notes.testing.ids import make_uuid

__all__ = ["REDIRECT_URI", "SCOPES", "FakeApp", "make_app"]

REDIRECT_URI = "https://app.example.com/oauth/callback"
SCOPES = (
    "contacts.readonly",
    "contacts.write",
    "calendars/events.readonly",
    "calendars/events.write",
    "notes.readonly",
    "notes.write",
    "oauth.readonly",
    "oauth.write",
    "users.readonly",
)
"""Everything that can be allowed here."""
_SUFFIX = "0123456789abcdefghijklmnopqrstuvwxyz"


@frozen(kw_only=True)
class FakeApp:
    """The marketplace app that is registered with the pretend HighLevel."""

    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str = REDIRECT_URI
    scopes: tuple[str, ...] = SCOPES

    @property
    def app_id(self) -> str:
        """The part of the client id before the dash."""
        return self.client_id.split("-")[0]


def make_app(rng: random.Random, scopes: tuple[str, ...] | None = None) -> FakeApp:
    """Make an app whose credentials look like HighLevel's."""
    suffix = "".join(rng.choices(_SUFFIX, k=8))
    client_id = f"{rng.getrandbits(96):024x}-{suffix}"
    held = SCOPES if scopes is None else scopes
    return FakeApp(client_id=client_id, client_secret=make_uuid(rng), scopes=held)
