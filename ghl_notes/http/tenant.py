"""What each location, agency or organization has of its own, so that none can harm another."""

from attrs import field, frozen

from ghl_notes.http.gate import Gate
from ghl_notes.http.places import Lane
from ghl_notes.http.refusals import Refusals


@frozen(eq=False)
class Tenant:
    """The limit of one location, its share of the connections, and its refusals of tokens."""

    gate: Gate
    lane: Lane
    refusals: Refusals = field(factory=Refusals)
