"""The routes of what a contact is part of: tags, followers, campaigns and workflows."""

from collections.abc import Callable
from functools import partial

from attrs import define, evolve

from ghl_notes.testing.contact_fields import lowered, texts
from ghl_notes.testing.grants import Grant
from ghl_notes.testing.place import Place
from ghl_notes.testing.replies import Call, Reply, done, object_of
from ghl_notes.testing.routes import Route
from ghl_notes.testing.rules import TEXTS, ZONED, read
from ghl_notes.testing.world import World

__all__ = ["GroupsApi"]

_SCOPE = "contacts.write"


Clean = Callable[[object], list[str]]


@define(eq=False)
class GroupsApi:
    """What HighLevel answers about tags, followers, campaigns and workflows of a contact.

    Any id of a user, campaign or workflow is taken: they are not kept here.
    """

    world: World
    clock: Callable[[], float]

    def routes(self) -> list[Route]:
        """List what is answered here."""
        contact = "/contacts/{contactId}"
        campaigns, workflow = f"{contact}/campaigns", f"{contact}/workflow/{{workflowId}}"
        flagged = partial(Route, scope=_SCOPE, flagged=True)
        leave_all = partial(flagged, "DELETE", act=self.leave_campaigns)
        return [
            Route("POST", f"{contact}/tags", self.add_tags, scope=_SCOPE),
            Route("DELETE", f"{contact}/tags", self.remove_tags, scope=_SCOPE),
            Route("POST", f"{contact}/followers", self.add_followers, scope=_SCOPE),
            Route("DELETE", f"{contact}/followers", self.remove_followers, scope=_SCOPE),
            leave_all(f"{campaigns}/removeAll"),
            leave_all(f"{campaigns}/remove-all", only="v3"),
            flagged("POST", f"{campaigns}/{{campaignId}}", self.join_campaign),
            flagged("DELETE", f"{campaigns}/{{campaignId}}", self.leave_campaign),
            flagged("POST", workflow, self.join_workflow),
            flagged("DELETE", workflow, self.leave_workflow),
        ]

    def add_tags(self, call: Call, grant: Grant, ids: tuple[str, ...]) -> Reply:
        """Add tags."""
        return self._add(call, self._find(ids, grant), "tags", lowered)

    def remove_tags(self, call: Call, grant: Grant, ids: tuple[str, ...]) -> Reply:
        """Remove tags."""
        return self._remove(call, self._find(ids, grant), "tags", lowered)

    def add_followers(self, call: Call, grant: Grant, ids: tuple[str, ...]) -> Reply:
        """Add followers."""
        return self._add(call, self._find(ids, grant), "followers", texts)

    def remove_followers(self, call: Call, grant: Grant, ids: tuple[str, ...]) -> Reply:
        """Remove followers."""
        return self._remove(call, self._find(ids, grant), "followers", texts)

    def join_campaign(self, call: Call, grant: Grant, ids: tuple[str, ...]) -> Reply:
        """Put a contact into a campaign."""
        place, index = self._find(ids, grant)
        read(object_of(call), {})
        if ids[1] not in place.campaigns[index]:
            place.campaigns[index].append(ids[1])
        return evolve(done(call), status=201)

    def leave_campaign(self, call: Call, grant: Grant, ids: tuple[str, ...]) -> Reply:
        """Take a contact out of a campaign, whether it is in it or not."""
        place, index = self._find(ids, grant)
        place.campaigns[index] = [one for one in place.campaigns[index] if one != ids[1]]
        return done(call)

    def leave_campaigns(self, call: Call, grant: Grant, ids: tuple[str, ...]) -> Reply:
        """Take a contact out of all campaigns."""
        place, index = self._find(ids, grant)
        place.campaigns.pop(index, None)
        return done(call)

    def join_workflow(self, call: Call, grant: Grant, ids: tuple[str, ...]) -> Reply:
        """Put a contact into a workflow."""
        place, index = self._find(ids, grant)
        place.workflows[index][ids[1]] = _event_start(call)
        return done(call)

    def leave_workflow(self, call: Call, grant: Grant, ids: tuple[str, ...]) -> Reply:
        """Take a contact out of a workflow, whether it is in it or not."""
        place, index = self._find(ids, grant)
        _event_start(call)
        place.workflows[index].pop(ids[1], None)
        return done(call)

    def _add(self, call: Call, where: tuple[Place, int], name: str, clean: Clean) -> Reply:
        held, sent = _held(*where, name), _sent(call, name, clean)
        added = [one for one in sent if one not in held]
        self._change(*where, name, held + added)
        return Reply(201, {name: held + added, f"{name}Added": added})

    def _remove(self, call: Call, where: tuple[Place, int], name: str, clean: Clean) -> Reply:
        held, sent = _held(*where, name), _sent(call, name, clean)
        left = [one for one in held if one not in sent]
        self._change(*where, name, left)
        return Reply(200, {name: left, f"{name}Removed": [one for one in held if one in sent]})

    def _change(self, place: Place, index: int, name: str, value: list[str]) -> None:
        place.change(index, {name: value}, int(self.clock() * 1000))

    def _find(self, ids: tuple[str, ...], grant: Grant) -> tuple[Place, int]:
        return self.world.find(ids[0], grant.location_id)


def _held(place: Place, index: int, name: str) -> list[str]:
    return texts(place.person(index).get(name))


def _sent(call: Call, name: str, clean: Clean) -> list[str]:
    return clean(read(object_of(call), {name: TEXTS}, (name,))[name])


def _event_start(call: Call) -> str | None:
    sent = read(object_of(call), {"eventStartTime": ZONED}).get("eventStartTime")
    return None if sent is None else str(sent)
