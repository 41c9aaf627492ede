"""``Client``: HighLevel as one location sees it."""

import aiohttp

from ghl_notes.errors import ConfigurationError
from ghl_notes.events import Observer
from ghl_notes.http import protocol
from ghl_notes.http.dispatch import Dispatch
from ghl_notes.http.limits import Limits
from ghl_notes.http.protocol import BASE_URL, VERSION, segment
from ghl_notes.http.request import Params
from ghl_notes.http.retries import RetryPolicy
from ghl_notes.http.transport import Transport
from ghl_notes.models import Json
from ghl_notes.oauth.auth import Auth, StaticToken
from ghl_notes.resources.appointment_notes import AppointmentNotes
from ghl_notes.resources.appointments import Appointments
from ghl_notes.resources.businesses import Businesses
from ghl_notes.resources.campaigns import Campaigns, Workflows
from ghl_notes.resources.contacts import Contacts
from ghl_notes.resources.followers import Followers
from ghl_notes.resources.location_notes import LocationNotes
from ghl_notes.resources.notes import Notes
from ghl_notes.resources.tags import Tags
from ghl_notes.resources.tasks import Tasks
from ghl_notes.wiring import TIMEOUT, Closing, Wiring


class Client(Closing):
    """HighLevel as one location sees it.

    What it offers hangs on it: ``notes``, ``contacts``, ``tasks``, ``appointments``, ``tags``,
    ``followers``, ``campaigns``, ``workflows``, ``businesses``, ``appointment_notes`` and
    ``location_notes``; ``request`` makes any other call.

    Give ``token``, a private integration token or any other that does not change, or ``auth``,
    an object with the two methods of ``Auth``. Use it as ``async with``, or call ``close()``: that
    closes its connections, and never a ``session`` that was passed in. One client serves any
    number of tasks of one event loop, and of the next once that is closed; in another loop or
    thread meanwhile it raises ``ConfigurationError``. Its limiter is its own: two clients for one
    location share nothing but what HighLevel's headers report.

    Clients over one passed session share its connections as those of one ``HighLevel`` do: none of
    them takes all. Over it aiohttp itself repeats a read, update or delete once, unseen by the
    limiter, when a kept connection turns out dead; over its own, a client does all repeating. A
    session that adds credentials of its own (``auth=``, or an entry of ``~/.netrc`` with
    ``trust_env=True``) cannot carry a token: calls raise ``ConfigurationError``, and send nothing.

    ``location_id`` saves naming it in calls that are about a whole location, such as searches and
    creates of contacts. ``api_version`` is ``v3`` or the date of an older one. ``timeout`` is
    seconds for one attempt; put ``asyncio.timeout`` around a call to bound it as a whole, with its
    waits. Waiting for one of its 100 connections is no part of an attempt; it may take ``timeout``
    as well, and ten times that in a stream. ``observer`` is called with every event of
    ``ghl_notes.events``. Raises ``ConfigurationError`` for arguments that cannot work.
    """

    location_id: str | None
    notes: Notes
    contacts: Contacts
    tasks: Tasks
    appointments: Appointments
    tags: Tags
    followers: Followers
    campaigns: Campaigns
    workflows: Workflows
    businesses: Businesses
    appointment_notes: AppointmentNotes
    location_notes: LocationNotes

    def __init__(  # noqa: PLR0913 - every one of them has a default
        self,
        token: str | None = None,
        *,
        auth: Auth | None = None,
        location_id: str | None = None,
        base_url: str = BASE_URL,
        api_version: str = VERSION,
        session: aiohttp.ClientSession | None = None,
        limits: Limits = Limits(),  # noqa: B008 - a frozen value
        retries: RetryPolicy = RetryPolicy(),  # noqa: B008 - frozen but for its random numbers
        timeout: float = TIMEOUT,
        observer: Observer | None = None,
    ) -> None:
        if (token is None) == (auth is None):
            msg = "give either token or auth, not both or neither"
            raise ConfigurationError(msg)
        if auth is not None and not isinstance(auth, Auth):
            msg = "auth must have the two methods of ghl_notes.Auth: token() and renew(stale)"
            raise ConfigurationError(msg)
        if location_id is not None:
            segment("location_id", location_id)
        wiring = Wiring(base_url, session, limits, retries, timeout, observer)
        self._owned: Transport | None = wiring.transport
        known = StaticToken(token or "") if auth is None else auth
        self._assemble(wiring.dispatch(known, wiring.tenant(), api_version), location_id)

    def _assemble(self, dispatch: Dispatch, location_id: str | None) -> None:
        self._dispatch = dispatch
        self.location_id = location_id
        self.notes = Notes(dispatch)
        self.contacts = Contacts(dispatch, location_id)
        self.tasks = Tasks(dispatch)
        self.appointments = Appointments(dispatch)
        self.tags = Tags(dispatch, location_id)
        self.followers = Followers(dispatch)
        self.campaigns = Campaigns(dispatch)
        self.workflows = Workflows(dispatch)
        self.businesses = Businesses(dispatch, location_id)
        self.appointment_notes = AppointmentNotes(dispatch)
        self.location_notes = LocationNotes(dispatch, location_id)

    @classmethod
    def _sharing(cls, dispatch: Dispatch, location_id: str) -> "Client":
        """Make a client over connections that somebody else owns, as ``HighLevel`` does."""
        client = cls.__new__(cls)
        client._owned = None  # noqa: SLF001 - its own class
        client._assemble(dispatch, location_id)  # noqa: SLF001
        return client

    async def request(
        self,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        json: Json = None,
        repeatable: bool | None = None,
    ) -> Json:
        """Call any other endpoint with the same token, limit, retries and errors.

        ``path`` begins with ``/`` and is quoted already. Returns the decoded JSON, None for an
        empty reply. ``repeatable`` says whether the call may be sent again when its reply was
        lost; by default every method but POST and PATCH may. Say True for a POST that only reads.
        """
        request = protocol.any_request(
            method, path, params=params, json=json, repeatable=repeatable
        )
        return (await self._dispatch.carry(request)).payload

    async def close(self) -> None:
        """Close the client's own connections. A client of a ``HighLevel`` has none of its own."""
        if self._owned is not None:
            await self._owned.close()
