"""The route of the users of a location."""

from attrs import define

from ghl_notes.testing.grants import Grant
from ghl_notes.testing.people import colleague
from ghl_notes.testing.replies import Call, Payload, Reply
from ghl_notes.testing.routes import Route
from ghl_notes.testing.rules import FILLED, read_query
from ghl_notes.testing.world import World

__all__ = ["UsersApi"]


@define(eq=False)
class UsersApi:
    """What HighLevel answers about users: all of the agency are in every location."""

    world: World

    def routes(self) -> list[Route]:
        """List what is answered here."""
        return [Route("GET", "/users/", self.list, scope="users.readonly")]

    def list(self, call: Call, grant: Grant, _: tuple[str, ...]) -> Reply:
        """Give all users of a location: there are no pages."""
        location_id = read_query(call, {"locationId": FILLED}, ("locationId",))["locationId"]
        self.world.own(grant, location_id)
        numbered = enumerate(self.world.users)
        return Reply(200, {"users": [_user(*one, location_id) for one in numbered]})


def _user(number: int, user_id: str, location_id: str) -> Payload:
    who = colleague(number)
    return {
        "id": user_id,
        "name": who.name,
        "firstName": who.first,
        "lastName": who.last,
        "email": who.email,
        "phone": who.phone,
        "extension": "",
        "permissions": {},
        "scopes": "",
        "roles": {"type": "account", "role": "user", "locationIds": [location_id]},
        "deleted": False,
    }
