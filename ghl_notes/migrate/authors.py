"""Who wrote a note: by name in its text, and as the user of HighLevel with the same email."""

from collections.abc import Mapping

from attrs import field, frozen

from ghl_notes.client import Client
from ghl_notes.errors import AccessDenied, HighLevelError, RequestRejected, UnexpectedResponse
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
    known: Mapping[str, SourceUser] = {}
    remarks: list[str] = []
    try:
        known = await source.users()
    except (RequestRejected, UnexpectedResponse, AccessDenied) as error:
        remarks.append(f"authors are named as far as the notes name them: {error}")
    users = given or {}
    if given is None:
        query = {"locationId": location_id}
        try:
            users = _by_email(await client.request("GET", "/users/", params=query))
        except (RequestRejected, UnexpectedResponse, AccessDenied) as error:
            _raise_if_refused(error)
            scope = "grant users.readonly, or pass the users"
            why = scope if isinstance(error, AccessDenied) else error
            remarks.append(f"no author can be made a HighLevel user: {why}")
    by_email = {normal_email(email): user_id for email, user_id in users.items()}
    return Authors(known=known, users=by_email), tuple(remarks)


def _raise_if_refused(error: HighLevelError) -> None:
    """Let nobody go on with a token that is good for nothing; a missing scope says so."""
    if isinstance(error, AccessDenied) and error.reason == "token":
        raise error


def _by_email(payload: Json) -> dict[str, str]:
    listed = payload.get("users") if isinstance(payload, dict) else None
    if not isinstance(listed, list):
        msg = "HighLevel's users cannot be read"
        raise UnexpectedResponse(msg, problems=["expected a list @ $.users"])
    users = [one for one in listed if isinstance(one, dict) and one.get("deleted") is not True]
    pairs = ((one.get("email"), one.get("id")) for one in users)
    return {
        email: user_id
        for email, user_id in pairs
        if isinstance(email, str) and isinstance(user_id, str)
    }
