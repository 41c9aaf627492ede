"""The pretend Close as its users hold it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from urllib.parse import urlencode

from attrs import define, field

from ghl_notes.testing.app import FakeApp
from ghl_notes.testing.close_assembly import CloseParts
from ghl_notes.testing.close_notes import CloseNote, html_of
from ghl_notes.testing.close_options import CloseOptions
from ghl_notes.testing.loopback import Loopback
from ghl_notes.testing.replies import Payload
from ghl_notes.testing.server import Server
from ghl_notes.testing.turnstile import Turnstile

__all__ = ["FakeClose"]


@define(eq=False, kw_only=True)
class FakeClose(Loopback, CloseOptions):
    """A Close on loopback: one organization with leads, contacts, notes and users.

    Its contacts are the people of a ``FakeHighLevel``, in the same order, and its users are those
    who work there. Ids, people and texts are the same in every run with the same ``seed``. What
    Close documents is answered, and a parameter that it does not document is refused. An id that
    is not here is a ``KeyError``.

    :param leads: how many leads there are.
    :param contacts_per_lead: how many contacts each lead has.
    :param notes_per_lead: how many notes each lead has; they name no contact, as is usual there.
    :param users: how many users there are; the API key acts as the first of them.
    :param since: from when on the notes were created, an aware datetime.
    :param until: until when.
    :param max_limit: the most notes or contacts of one page; asking for more is a 400.
    :param max_skip: how many may be skipped; asking for more is a 400.
    :param needs_lead: refuse ``contact_id``, ``user_id``, ``_type`` and ``activity_at`` without
        one ``lead_id``: Close's documents do not agree about that.
    :param limit: requests in each ``interval`` for each method and path; None for no limit.
    :param interval: how many seconds a limit is for, from a first request on.
    :param access_token_lifetime: how many seconds an OAuth access token is good.
    :param latency: how many seconds every reply takes.
    :param slow: how many seconds a reply takes under ``Fault.SLOW``.
    :param fault_rates: the share of API calls that meets each fault; OAuth is spared.
    :param redirect_uri: where OAuth leads back to; may be assigned later.
    :param on_request: called with the method and the path of each request before it is answered,
        such as to add a note between two pages; may be assigned later.
    :param seed: decides all that looks random.
    :param clock: Unix time, for dates and token lifetimes. Limits and delays follow the event loop.
    :param port: where to listen on 127.0.0.1; 0 takes a free port.
    """

    _parts: CloseParts = field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self._parts = CloseParts(self)

    # who and where

    @property
    def host(self) -> str:
        """The address of OAuth, such as ``http://127.0.0.1:41234``."""
        return f"http://127.0.0.1:{self._parts.server.port}"

    @property
    def url(self) -> str:
        """The base URL of the API, such as ``http://127.0.0.1:41234/api/v1``."""
        return f"{self.host}/api/v1"

    @property
    def api_key(self) -> str:
        """The API key."""
        return self._parts.api_key

    @property
    def organization_id(self) -> str:
        """The organization."""
        return self._parts.world.organization_id

    @property
    def user_ids(self) -> Sequence[str]:
        """The users."""
        return tuple(self._parts.world.users)

    # OAuth

    @property
    def app(self) -> FakeApp:
        """The OAuth app as it is registered."""
        return self._parts.app()

    def authorize_code(self, *, offline: bool = True) -> str:
        """Give a code as the page would; without ``offline`` its reply has no refresh token."""
        return self._parts.oauth.authorize(offline=offline)

    def callback_url(self, state: str) -> str:
        """Give the URL to which the page would send the browser of somebody who agrees."""
        answer = {"code": self.authorize_code(), "state": state}
        return f"{self.redirect_uri}?{urlencode(answer)}"

    def expire_access_tokens(self) -> None:
        """End every OAuth access token now; refresh tokens stay good."""
        self._parts.grants.expire_access_tokens()

    def revoke(self) -> None:
        """Kill all OAuth tokens, as an organization that removes the app would."""
        self._parts.grants.revoke((self.organization_id,))

    # people

    def add_user(self, *, email: str, first_name: str = "New", last_name: str = "") -> str:
        """Add a user and return the id."""
        return self._parts.world.add_user(email, first_name, last_name)

    def lead_ids(self) -> Sequence[str]:
        """Give the ids of all leads, oldest first."""
        return tuple(self._parts.world.leads)

    def add_lead(
        self, *, name: str = "A lead", contacts: Iterable[Mapping[str, object]] = ()
    ) -> str:
        """Add a lead without notes and return its id.

        Each contact is such as ``{"name": "Ada", "emails": ["a@b.c"], "phones": ["+1555..."]}``.
        """
        return self._parts.world.add_lead(name, contacts)

    def contact_ids(self, lead_id: str) -> Sequence[str]:
        """Give the ids of a lead's contacts."""
        self._parts.world.leads[lead_id]  # an unknown one is a KeyError
        return tuple(str(one["id"]) for one in self._parts.world.contacts_of(lead_id))

    # notes

    def notes(self) -> list[Payload]:
        """Give all notes as they are on the wire, newest first."""
        world = self._parts.world
        return [world.shown(note) for note in world.notes.newest_first()]

    def note(self, note_id: str) -> Payload:
        """Give one note as it is on the wire."""
        return self._parts.world.shown(self._parts.world.notes.by_id[note_id])

    def add_note(  # noqa: PLR0913 - a note has that many fields, and most have a default
        self,
        lead_id: str,
        *,
        note: str = "A note",
        note_html: str | None = None,
        title: str | None = None,
        pinned: bool = False,
        contact_id: str | None = None,
        user_id: str | None = None,
        date_created: datetime | None = None,
        activity_at: datetime | None = None,
        attachments: Sequence[Mapping[str, object]] = (),
        **more: object,
    ) -> str:
        """Add a note and return its id; dates are now unless they are given.

        ``note_html`` wins over ``note``, as at Close. ``user_id`` is the first user unless it is
        given. ``more`` is laid over the note as it is on the wire, whatever it says, such as
        ``user_name`` for somebody who left.
        """
        world = self._parts.world
        world.leads[lead_id]  # an unknown one is a KeyError
        created = date_created or world.now()
        written = CloseNote(
            lead_id=lead_id,
            contact_id=contact_id,
            user_id=user_id or self.user_ids[0],
            created=created,
            happened=activity_at or created,
            updated=created,
            html=html_of(note) if note_html is None else note_html,
            title=title,
            pinned_at=created if pinned else None,
            attachments=[dict(one) for one in attachments],
            more=more,
        )
        return world.add_note(written, world.now())

    def edit_note(self, note_id: str, *, note: str | None = None, **more: object) -> None:
        """Change a note's text, or lay ``more`` over it; this moves its ``date_updated``."""

        def change(old: CloseNote) -> None:
            if note is not None:
                old.html = html_of(note)
            old.more |= more

        self._parts.world.edit_note(note_id, change)

    def delete_note(self, note_id: str) -> None:
        """Delete a note."""
        self._parts.world.delete_note(note_id)

    @property
    def _server(self) -> Server:
        return self._parts.server

    @property
    def _turnstile(self) -> Turnstile:
        return self._parts.turnstile
