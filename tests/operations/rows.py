"""What a row of the table of operations is, and what its examples are told."""

from collections.abc import Mapping
from typing import Literal, TypeAlias

from attrs import asdict, frozen

Generation: TypeAlias = Literal["v2", "v3"]

GENERATIONS: Mapping[Generation, str] = {"v2": "2021-07-28", "v3": "v3"}
"""The generations of the API, and what a client of each is told as ``api_version``."""

SAME = "as in v2"


@frozen(kw_only=True)
class Ids:
    """What is there in a pretend HighLevel, for examples to name."""

    company_id: str
    location_id: str
    user_id: str
    contact_id: str
    other_contact_id: str
    note_id: str
    deleted_note_id: str
    task_id: str
    appointment_id: str
    appointment_note_id: str
    business_id: str
    campaign_id: str = "cAmpaign0000000000001"
    workflow_id: str = "3c1b4a5e-workflow"


@frozen
class Row:
    """One call of HighLevel's API, and which methods of a client make it.

    ``template`` is its path in v2, with the names of ``Ids``; ``v3`` is its path there if that is
    another, or None if v3 has no such call. ``versions`` is what the header names in v2 and v3.
    ``looks`` are the methods that make it only to find out what became of a lost reply.
    """

    method: str
    template: str
    scope: str
    served_by: tuple[str, ...]
    v3: str | None = SAME
    versions: tuple[str, str] = ("2021-07-28", "v3")
    looks: tuple[str, ...] = ()

    def in_(self, generation: Generation) -> str | None:
        """Give the template of a generation."""
        return self.template if generation == "v2" or self.v3 == SAME else self.v3

    def version(self, generation: Generation) -> str:
        """Give the header of a generation."""
        return self.versions[generation == "v3"]

    def path(self, generation: Generation, ids: Ids, by: str) -> str:
        """Give the path that a method asks for."""
        template = self.in_(generation)
        assert template is not None
        return template.format(**asdict(ids), type="add" if by == "tags.bulk_add" else "remove")
