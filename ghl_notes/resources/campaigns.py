"""The campaigns and workflows that a contact goes through.

https://marketplace.gohighlevel.com/docs/ghl/contacts; the scope is ``contacts.write``.
"""

from datetime import datetime

from ghl_notes.errors import ConfigurationError
from ghl_notes.http import operations
from ghl_notes.http.dispatch import Dispatch
from ghl_notes.http.fields import fields, moment
from ghl_notes.models import Json


class Campaigns:
    """The campaigns of one location's contacts. Safe for any number of tasks.

    They need the scope ``contacts.write``.
    """

    def __init__(self, dispatch: Dispatch) -> None:
        self._dispatch = dispatch

    async def add(self, contact_id: str, campaign_id: str) -> None:
        """Put a contact into a campaign.

        Whether that begins it anew is not documented, so it is not repeated when its reply was
        lost: raises ``AmbiguousWrite`` then.
        """
        named = _campaign(campaign_id)
        await self._dispatch.call(operations.CAMPAIGNS_ADD, contact_id, named, json={})

    async def remove(self, contact_id: str, campaign_id: str) -> None:
        """Take a contact out of a campaign."""
        await self._dispatch.call(operations.CAMPAIGNS_REMOVE, contact_id, _campaign(campaign_id))

    async def remove_all(self, contact_id: str) -> None:
        """Take a contact out of every campaign."""
        await self._dispatch.call(operations.CAMPAIGNS_REMOVE_ALL, contact_id)


class Workflows:
    """The workflows of one location's contacts. Safe for any number of tasks.

    They need the scope ``contacts.write``.
    """

    def __init__(self, dispatch: Dispatch) -> None:
        self._dispatch = dispatch

    async def add(
        self, contact_id: str, workflow_id: str, *, event_start_time: datetime | None = None
    ) -> None:
        """Put a contact into a workflow; ``event_start_time`` is aware, for those with an event.

        Whether that begins it anew is not documented, so it is not repeated when its reply was
        lost: raises ``AmbiguousWrite`` then.
        """
        sent = _event(event_start_time)
        await self._dispatch.call(operations.WORKFLOWS_ADD, contact_id, workflow_id, json=sent)

    async def remove(
        self, contact_id: str, workflow_id: str, *, event_start_time: datetime | None = None
    ) -> None:
        """Take a contact out of a workflow."""
        sent = _event(event_start_time)
        await self._dispatch.call(operations.WORKFLOWS_REMOVE, contact_id, workflow_id, json=sent)


def _campaign(campaign_id: str) -> str:
    """Refuse what HighLevel would take for all campaigns."""
    if campaign_id in ("removeAll", "remove-all"):
        msg = "campaign_id must be a HighLevel id; remove_all takes a contact out of every campaign"
        raise ConfigurationError(msg)
    return campaign_id


def _event(start: datetime | None) -> dict[str, Json]:
    return fields({"event_start_time": start}, {"event_start_time": moment})
