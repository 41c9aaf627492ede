"""What Close answers about notes, leads, contacts, users and its log."""

from collections.abc import Callable, Iterable
from functools import partial
from itertools import islice

from attrs import define

from ghl_notes.testing.close_filters import (
    ENDS,
    Page,
    chosen,
    known,
    narrowed,
    page_of,
    span_of,
)
from ghl_notes.testing.close_notes import CloseNote
from ghl_notes.testing.close_world import CloseWorld
from ghl_notes.testing.desk import Endpoint
from ghl_notes.testing.replies import Call, Payload, Refusal, Reply

__all__ = ["CloseApi"]

_ROOT = "/api/v1"
_PAGED = ("_limit", "_skip", "_fields")
_LISTS = ("id__in", "lead_id", "contact_id", "user_id", "_type", "organization_id")
_TIMES = tuple(f"{name}__{end}" for name in ("date_created", "activity_at") for end in ENDS)
_MOST_USERS = 1_000


@define(eq=False)
class CloseApi:
    """The endpoints of one organization.

    ``needs_lead`` refuses the filters that Close's list of all activities takes with one lead only.
    """

    world: CloseWorld
    max_limit: int
    max_skip: int
    needs_lead: bool

    def endpoints(self) -> list[Endpoint]:
        """List what is answered here."""
        get = partial(Endpoint, "GET")
        world = self.world
        return [
            get(f"{_ROOT}/me/", self.me),
            get(f"{_ROOT}/activity/note/", self.list_notes),
            get(f"{_ROOT}/activity/note/{{id}}/", self.note),
            get(f"{_ROOT}/lead/{{id}}/", lambda call, ids: _one(call, world.leads.get(ids[0]))),
            get(f"{_ROOT}/contact/", self.list_contacts),
            get(
                f"{_ROOT}/contact/{{id}}/", lambda call, ids: _one(call, world.contacts.get(ids[0]))
            ),
            get(f"{_ROOT}/user/", self.list_users),
            get(f"{_ROOT}/event/", self.list_events),
        ]

    def me(self, _: Call, __: tuple[str, ...]) -> Reply:
        """Tell whom the credentials belong to: the first user."""
        organization: Payload = {"id": self.world.organization_id, "name": "The Agency"}
        first = next(iter(self.world.users.values()))
        return Reply(200, {**first, "organizations": [organization]})

    def list_notes(self, call: Call, _: tuple[str, ...]) -> Reply:
        """Give one page of notes, the newest first."""
        query, world = call.query, self.world
        known(query, (*_PAGED, *_LISTS, *_TIMES))
        self._check_lead(call)
        page = page_of(query, most=self.max_limit, deepest=self.max_skip)
        if query.get("organization_id", world.organization_id) != world.organization_id:
            return _listed(call, [], more=False)
        notes, more = world.notes.page(span_of(call, "date_created"), page, _wanted(call))
        return _listed(call, map(world.shown, notes), more=more)

    def note(self, call: Call, ids: tuple[str, ...]) -> Reply:
        """Give one note."""
        found = self.world.notes.by_id.get(ids[0])
        return _one(call, None if found is None else self.world.shown(found))

    def list_contacts(self, call: Call, _: tuple[str, ...]) -> Reply:
        """Give one page of contacts, of all leads or of some."""
        known(call.query, (*_PAGED, "lead_id"))
        leads = chosen(call.query, "lead_id")
        listed = self.world.contacts.values()
        kept = (one for one in listed if leads is None or one["lead_id"] in leads)
        page = page_of(call.query, most=self.max_limit, deepest=self.max_skip)
        return _page(call, kept, page)

    def list_users(self, call: Call, _: tuple[str, ...]) -> Reply:
        """Give one page of users."""
        known(call.query, _PAGED)
        page = page_of(call.query, most=_MOST_USERS, deepest=self.max_skip)
        return _page(call, self.world.users.values(), page)

    def list_events(self, call: Call, _: tuple[str, ...]) -> Reply:
        """Give one page of the log."""
        return Reply(200, self.world.log.page(call, self.world.now()))

    def _check_lead(self, call: Call) -> None:
        lone = [name for name in ("contact_id", "user_id", "_type") if name in call.query]
        lone += [name for name in call.query if name.startswith("activity_at")]
        if self.needs_lead and lone and len(chosen(call.query, "lead_id") or ()) != 1:
            raise Refusal.of(400, {"error": f"{lone[0]} can be used only with one lead_id"})


def _wanted(call: Call) -> Callable[[CloseNote], bool] | None:
    """Make a test of the filters but for the time of creation; None if there are none."""
    happened = span_of(call, "activity_at")
    tests: list[Callable[[CloseNote], bool]] = []
    if not happened.whole:
        tests.append(lambda note: happened.holds(note.happened))
    for name, read in _READ.items():
        values = chosen(call.query, name)
        if values is not None:
            tests.append(partial(_among, read, values))
    return (lambda note: all(test(note) for test in tests)) if tests else None


_READ: dict[str, Callable[[CloseNote], str | None]] = {
    "id__in": lambda note: note.id,
    "lead_id": lambda note: note.lead_id,
    "contact_id": lambda note: note.contact_id,
    "user_id": lambda note: note.user_id,
    "_type": lambda _: "Note",
}


def _among(
    read: Callable[[CloseNote], str | None], values: frozenset[str], note: CloseNote
) -> bool:
    return read(note) in values


def _page(call: Call, items: Iterable[Payload], page: Page) -> Reply:
    found = list(islice(items, page.skip, page.skip + page.limit + 1))
    return _listed(call, found[: page.limit], more=len(found) > page.limit)


def _listed(call: Call, items: Iterable[Payload], *, more: bool) -> Reply:
    return Reply(200, {"data": [narrowed(one, call.query) for one in items], "has_more": more})


def _one(call: Call, item: Payload | None) -> Reply:
    if item is None:
        raise Refusal.of(404, {"error": "Object not found"})
    return Reply(200, narrowed(item, call.query))
