"""Where HighLevel's specs are wrong, or say less than is known, each with the reason."""

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from attrs import field, frozen

SCHEMAS = ("components", "schemas")


@frozen(kw_only=True)
class Correction:
    """One thing to change in a spec, and the example that fails without it.

    ``at`` are the names that lead there, with the wildcards of file names. ``be`` is what is put
    there, or a function of what it is put into.
    """

    file: str
    at: tuple[str, ...]
    be: Any = field(hash=False)
    why: str
    shown_by: str

    def apply(self, document: dict[str, Any]) -> int:
        """Make the change, and tell in how many places."""
        held = list(_reached(document, self.at[:-1]))
        for one in held:
            one[self.at[-1]] = self.be(one) if callable(self.be) else self.be
        return len(held)


def _reached(node: Any, names: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    if not names:
        yield node
        return
    for name in node:
        if fnmatchcase(name, names[0]):
            yield from _reached(node[name], names[1:])


def _in_path(name: str, **more: object) -> dict[str, Any]:
    schema = {"type": "string", **more}
    return {"name": name, "in": "path", "required": True, "schema": schema}


CORRECTIONS = (
    Correction(
        file="contacts",
        at=(*SCHEMAS, "GetNoteSchema", "properties", "userId", "nullable"),
        be=True,
        why="recorded: null for a note that an app wrote in nobody's name",
        shown_by="notes.list",
    ),
    Correction(
        file="appointment-notes",
        at=(*SCHEMAS, "GetNoteSchema", "properties", "userId", "nullable"),
        be=True,
        why="userId is optional in creating, and null is what contacts' notes say then",
        shown_by="appointment_notes.list",
    ),
    Correction(
        file="contacts",
        at=(*SCHEMAS, "CustomFieldSchema", "properties", "value"),
        be={},
        why="numbers, lists and objects are written, and nothing says they become text",
        shown_by="contacts.create",
    ),
    Correction(
        file="contacts",
        at=(*SCHEMAS, "UpdateTagsResponseDTO", "properties", "responses", "items", "type"),
        be="object",
        why="the spec's own example has objects",
        shown_by="tags.bulk_add",
    ),
    Correction(
        file="contacts",
        at=(*SCHEMAS, "[NM][uo]*Field", "properties", "field*alue", "type"),
        be=lambda schema: (
            "number" if isinstance(schema["example"], int | float) else schema["type"]
        ),
        why="the spec's own examples are numbers: 100 and 100.5",
        shown_by="contacts.create",
    ),
    Correction(
        file="contacts",
        at=(*SCHEMAS, "TextField", "required"),
        be=[],
        why="the spec's own words: pass either id or key",
        shown_by="contacts.create",
    ),
    Correction(
        file="contacts",
        at=(*SCHEMAS, "*ContactDto*", "properties", "dateOfBirth", "type"),
        be="string",
        why="the spec's own examples and list of formats are texts",
        shown_by="contacts.update",
    ),
    Correction(
        file="oauth",
        at=("paths", "/oauth/location*oken", "post", "responses", "201"),
        be=lambda responses: responses["200"],
        why="measured: a token is created",
        shown_by="highlevel.mint",
    ),
    Correction(
        file="contacts",
        at=("paths", "/contacts/bulk/tags/update/{type}", "post", "parameters"),
        be=lambda told: [*told["parameters"], _in_path("type", enum=["add", "remove"])],
        why="named in the path and not among the parameters; its two values are in the words",
        shown_by="tags.bulk_add",
    ),
    Correction(
        file="appointment-notes",
        at=("paths", "/calendars/appointments/{appointmentId}/notes/{noteId}", "*", "parameters"),
        be=lambda told: [*told["parameters"], _in_path("noteId")],
        why="named in the path and not among the parameters",
        shown_by="appointment_notes.update",
    ),
)

STATUSES: Mapping[str, tuple[str, str]] = {
    "400": ("BadRequestDTO", "one bulk change names none, and reads JSON and a version too"),
    "401": ("UnauthorizedDTO", "bulk changes name neither security nor 401, and need a token too"),
    "403": ("BadRequestDTO", "measured: the token is of another location"),
    "404": ("BadRequestDTO", "what an unknown id is answered with is not documented; 400 or 404"),
    "422": ("UnprocessableDTO", "reads and notes of appointments validate what they are sent too"),
    "429": ("BadRequestDTO", "documented with the limits, and for no operation"),
}
"""What any operation may answer, beside what its own spec says; with its schema and the reason."""


def corrected(
    document: dict[str, Any], file: str, without: Correction | None = None
) -> dict[str, Any]:
    """Correct a spec, in place, but for one correction."""
    for one in CORRECTIONS:
        if one.file == file and one is not without:
            assert one.apply(document) > 0, f"nowhere: {one.at}"
    for methods in document["paths"].values():
        for told in methods.values():
            for status, (schema, _) in STATUSES.items():
                told["responses"].setdefault(status, _response(schema))
    return document


def _response(schema: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"description": schema, "content": content}
