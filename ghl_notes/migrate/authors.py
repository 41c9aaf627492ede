"""Who wrote a note: by name in its text, and as the user of HighLevel with the same email."""

from collections.abc import Mapping

from attrs import field, frozen

from ghl_notes.client import Client
from ghl_notes.errors import AccessDenied, RequestRejected
from ghl_notes.migrate.matching import normal_email
from ghl_notes.models import Json
from ghl_notes.sources.models import SourceNote, SourceUser
from ghl_notes.sources.protocol import Source


@frozen(kw_only=True)
class Authors:
    """The authors of a source, and the users of HighLevel by their email."""

    known: Mapping[str, SourceUser] = field(factory=dict)
    users: Mapping[str, str] = field(factory=dict)

    def name_of(self, note: SourceNote) -> str | None:
        """Name who wrote it, by the id for want of anything better."""
        author = self.known.get(note.author_id or "")
        name = note.author_name or (author.name or author.email if author is not None else None)
        return name or note.author_id

    def user_of(self, note: SourceNote) -> str | None:
        """Find the HighLevel user with the author's email."""
        author = self.known.get(note.author_id or "")
        email = None if author is None else author.email
        return None if email is None else self.users.get(normal_email(email))


async def find_authors(
    source: Source, client: Client, location_id: str, given: Mapping[str, str] | None
) -> tuple[Authors, tuple[str, ...]]:
    """Read both sides' users, with sentences about what could not be read.

    ``given`` has the ids of HighLevel's users by email; without it they are asked for.
    """
    remarks: tuple[str, ...] = ()
    known: Mapping[str, SourceUser] = {}
    users = given or {}
    try:
        known = await source.users()
    except (AccessDenied, RequestRejected) as error:
        remarks += (f"authors are named as far as the notes name them: {error}",)
    if given is None:
        try:
            users = _by_email(
                await client.request("GET", "/users/", params={"locationId": location_id})
            )
        except (AccessDenied, RequestRejected):
            remarks += (
                "no author can be made a HighLevel user: grant users.readonly, or pass the users",
            )
    by_email = {normal_email(email): user_id for email, user_id in users.items()}
    return Authors(known=known, users=by_email), remarks


def _by_email(told: Json) -> dict[str, str]:
    listed = told.get("users") if isinstance(told, dict) else None
    users = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    pairs = ((one.get("email"), one.get("id")) for one in users if one.get("deleted") is not True)
    return {
        email: user_id
        for email, user_id in pairs
        if isinstance(email, str) and isinstance(user_id, str)
    }
