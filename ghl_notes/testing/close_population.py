"""What a pretend Close holds before anyone writes to it.

Its contacts are the people of the pretend HighLevel, in the same order, and its users are the
colleagues there, so that one finds the other by email and phone.
"""

from datetime import datetime

from attrs import frozen

from ghl_notes.testing.close_notes import CloseNote, html_of
from ghl_notes.testing.close_options import CloseOptions
from ghl_notes.testing.close_world import CloseWorld
from ghl_notes.testing.ids import Ids
from ghl_notes.testing.people import colleague
from ghl_notes.testing.population import Population
from ghl_notes.testing.replies import Payload

__all__ = ["settle"]

_NOBODY = ("", "", "")  # the users of the pretend HighLevel, of whom nothing is asked here


def settle(options: CloseOptions) -> CloseWorld:
    """Make the world that the options ask for."""
    world = CloseWorld(options.seed, options.clock)
    people = Population(Ids(), 0, 0, options.notes_per_lead, _NOBODY)
    for number in range(options.users):
        who = colleague(number)
        world.add_user(who.email, who.first, who.last)
    many = options.contacts_per_lead
    for number in range(options.leads):
        persons = map(people.person, range(number * many, (number + 1) * many))
        world.add_lead(f"Company {number}", [_contact(person) for person in persons])
    author = _Author(people, tuple(world.leads), tuple(world.users))
    for number in range(options.leads * options.notes_per_lead):
        when = _time(options, number)
        world.add_note(author.write(number, when), when)
    return world


@frozen
class _Author:
    people: Population
    leads: tuple[str, ...]
    users: tuple[str, ...]

    def write(self, number: int, when: datetime) -> CloseNote:
        """Write one of the first notes: a first one of each lead, then a second one, and so on."""
        told = self.people.note(number % len(self.leads), number // len(self.leads))
        body, title = str(told["body"]), told.get("title")
        return CloseNote(
            lead_id=self.leads[number % len(self.leads)],
            contact_id=None,
            user_id=self.users[number % len(self.users)],
            created=when,
            happened=when,
            updated=when,
            html=f"<body>{body}</body>" if body.startswith("<") else html_of(body),
            title=None if title is None else str(title),
            pinned_at=when if told["pinned"] else None,
        )


def _time(options: CloseOptions, number: int) -> datetime:
    """Spread the notes over the time, unevenly; some times are whole seconds."""
    step = (options.until - options.since) / (options.leads * options.notes_per_lead)
    when = options.since + step * (number + 0.5 + number * 7919 % 997 / 2_000)
    return when.replace(microsecond=0) if number % 4 == 0 else when


def _contact(person: Payload) -> Payload:
    return {
        "name": f"{person['firstName']} {person['lastName']}",
        "emails": [person["email"]] if person["email"] else [],
        "phones": [person["phone"]] if person["phone"] else [],
    }
