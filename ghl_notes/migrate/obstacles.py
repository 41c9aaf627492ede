"""What is known of notes that were moved before, and why one that is not there is not created."""

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from attrs import define, field

from ghl_notes.migrate.ledger import Entry
from ghl_notes.migrate.markers import base_of, is_cut_otherwise
from ghl_notes.migrate.models import Draft

_SUREST: Final = ("done", "taken", "sent", "pending")
_TAKEN: Final = (
    "HighLevel confirmed it before, and it is not there: run it again later; if it was deleted"
    " in HighLevel since, nothing is wrong"
)
_SENT: Final = (
    "it was sent, its reply was lost, and it is not there yet: run it again in ten minutes"
)
_LONGEST_LAG: Final = 40  # times ``settle``, after which a list has all that was written


@define(eq=False)
class Moved:
    """The entries of a ledger for one source and location.

    Those of other accounts count as well: a key names a note in all of them.
    """

    entries: Iterable[Entry]
    _of_note: dict[str, list[Entry]] = field(factory=dict, init=False)

    def __attrs_post_init__(self) -> None:
        for entry in self.entries:
            self._of_note.setdefault(base_of(entry.key), []).append(entry)

    def entry(self, key: str, contact_id: str) -> Entry | None:
        """Return what is known of a note at a contact: of several entries the surest."""
        found = [one for one in self.of_note(key) if (one.key, one.contact_id) == (key, contact_id)]
        return min(found, key=lambda one: _SUREST.index(one.state), default=None)

    def is_done(self, key: str, contact_id: str, draft: Draft) -> bool:
        """Tell whether a note was moved to a contact just as it is to be."""
        entry = self.entry(key, contact_id)
        return entry is not None and entry.state == "done" and entry.digest == draft.digest

    def of_note(self, key: str) -> list[Entry]:
        """Return all of a source's note, whole or in parts, at any contact."""
        return self._of_note.get(base_of(key), [])


def obstacle_to(
    key: str, moved: Moved, *, there: Mapping[str, object], planned: Collection[str]
) -> str | None:
    """Say what stands in the way of creating a note that is not there, if anything does.

    ``there`` are the keys of the moved notes that the contact has, and ``planned`` the contacts to
    which the source's note is to go.
    """
    before = moved.of_note(key)
    strayed = next((one.contact_id for one in before if one.contact_id not in planned), None)
    if strayed is not None:
        return f"it was moved before, to the contact {strayed}"
    if is_cut_otherwise(key, [*there, *(one.key for one in before)]):
        return "it was moved in another number of parts: delete those to move it anew"
    return None


def may_turn_up(entry: Entry | None, *, now: float, settle: float) -> str | None:
    """Say why a note that is in no list is not sent again: its absence proves nothing yet."""
    if entry is not None and entry.state == "taken":
        return _TAKEN
    is_recent = entry is not None and 0 <= now - entry.at < _LONGEST_LAG * settle
    return _SENT if is_recent and entry is not None and entry.state == "sent" else None
