"""The users who follow a contact.

https://marketplace.gohighlevel.com/docs/ghl/contacts/followers; the scope is ``contacts.write``.
"""

from collections.abc import Iterable

from ghl_notes.http import codec, operations
from ghl_notes.http.dispatch import Dispatch
from ghl_notes.http.fields import ids
from ghl_notes.models import Json


class Followers:
    """The followers of one location's contacts. Safe for any number of tasks.

    They need the scope ``contacts.write``.
    """

    def __init__(self, dispatch: Dispatch) -> None:
        self._dispatch = dispatch

    async def add(self, contact_id: str, user_ids: Iterable[str]) -> tuple[str, ...]:
        """Let users follow a contact, and return the ids of all that HighLevel names then."""
        sent: dict[str, Json] = {"followers": ids("user_ids", user_ids)}
        answer = await self._dispatch.call(operations.FOLLOWERS_ADD, contact_id, json=sent)
        return answer.read(codec.texts, "followers")

    async def remove(self, contact_id: str, user_ids: Iterable[str]) -> tuple[str, ...]:
        """Stop users from following a contact, and return the ids that HighLevel names then."""
        sent: dict[str, Json] = {"followers": ids("user_ids", user_ids)}
        answer = await self._dispatch.call(operations.FOLLOWERS_REMOVE, contact_id, json=sent)
        return answer.read(codec.texts, "followers")
