"""What may be sent for a contact, in the words of each version, and what is kept of it."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any
from zlib import crc32

from attrs import frozen

from ghl_notes.testing.replies import Payload
from ghl_notes.testing.rules import (
    FILLED,
    FLAG,
    TEXT,
    TEXTS,
    Rule,
    Rules,
    many,
    must,
    nested,
    nullable,
    one_of,
)

__all__ = [
    "CONTACT_RULES",
    "ContactRules",
    "field_number",
    "kept",
    "lowered",
    "spelled_dnd",
    "texts",
]

_CHANNELS = {
    "Call": "call",
    "Email": "email",
    "SMS": "sms",
    "WhatsApp": "whatsApp",
    "GMB": "gmb",
    "FB": "fb",
}
_V2_CHANNELS = {new: old for old, new in _CHANNELS.items()}
_NULLABLE_TEXTS = (
    "firstName",
    "lastName",
    "name",
    "phone",
    "address1",
    "city",
    "state",
    "website",
    "timezone",
)
_NOT_KEPT = ("locationId", "createNewIfDuplicateAllowed", "name")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_LOOSE = re.compile(r"[\s().-]")
# Documented: year first or last, with one of four marks between the numbers.
_BIRTH = re.compile(
    r"(?P<y>\d{4})([-/._])(?P<m>\d\d)\2(?P<d>\d\d)|(?P<m2>\d\d)([-/._])(?P<d2>\d\d)\6(?P<y2>\d{4})"
)


def _birth(value: object) -> str | None:
    """Bring a date of birth to YYYY-MM-DD, or give None."""
    found = _BIRTH.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return None
    year, month, day = (found[one] or found[f"{one}2"] for one in "ymd")
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return None


_EMAIL_RULE = must(
    lambda value: isinstance(value, str) and _EMAIL.fullmatch(value) is not None,
    "must be an email",
)
_BIRTH_RULE = must(lambda value: _birth(value) is not None, "must be a valid date")
_VALUE_RULE = must(
    lambda value: (
        isinstance(value, str | int | float | list | dict) and not isinstance(value, bool)
    ),
    "must be a string, a number, an array or an object",
)
_INBOUND = {"status": one_of("active", "inactive"), "message": TEXT}
_SETTING = nested(
    {"status": one_of("active", "inactive", "permanent"), "message": TEXT, "code": TEXT},
    ("status",),
)


def _custom_field(*values: str) -> Rule:
    fields = nested({"id": TEXT, "key": TEXT, **dict.fromkeys(values, _VALUE_RULE)})

    def rule(name: str, value: object) -> list[str]:
        nameless = isinstance(value, dict) and not value.get("id") and not value.get("key")
        return fields(name, value) + ([f"{name}.id should not be empty"] if nameless else [])

    return rule


def _shared(*, v3: bool) -> Rules:
    values = ("fieldValue", "field_value") if v3 else ("field_value",)
    return {
        **dict.fromkeys(_NULLABLE_TEXTS, nullable(TEXT)),
        "email": nullable(_EMAIL_RULE),
        "postalCode": TEXT,
        "country": TEXT,
        "dnd": FLAG,
        "dndSettings": nested(dict.fromkeys(_V2_CHANNELS if v3 else _CHANNELS, _SETTING)),
        "inboundDndSettings": nested({"all": nested(_INBOUND, ("status",))}),
        "tags": TEXTS,
        "customFields": many(_custom_field(*values)),
        "dateOfBirth": nullable(_BIRTH_RULE),
    }


@frozen
class ContactRules:
    """The rules of one generation of versions, for each of the three ways to write a contact."""

    create: Rules
    update: Rules
    upsert: Rules

    @classmethod
    def of(cls, *, v3: bool) -> "ContactRules":
        """Write the rules down as the specs have them."""
        shared = _shared(v3=v3)
        whole = {"gender": TEXT, "companyName": nullable(TEXT), "locationId": FILLED}
        create = {**shared, "source": TEXT, "assignedTo": TEXT, **whole}
        return cls(
            create=create,
            update={**shared, "source": nullable(TEXT), "assignedTo": nullable(TEXT)},
            upsert={**create, "createNewIfDuplicateAllowed": FLAG},
        )


CONTACT_RULES = {v3: ContactRules.of(v3=v3) for v3 in (False, True)}
"""By whether the caller speaks v3."""


def kept(sent: Payload, held: Payload, name_field: Callable[[str], str]) -> Payload:
    """Turn what was sent into what is kept, where some is already ``held``.

    ``name_field`` gives the id of a custom field that was named by its key.
    """
    fields = {name: value for name, value in sent.items() if name not in _NOT_KEPT}
    if "name" in sent:
        fields = {**_split(sent["name"]), **fields}
    if "tags" in sent:
        fields["tags"] = lowered(sent["tags"])
    if sent.get("phone"):
        fields["phone"] = _LOOSE.sub("", str(sent["phone"]))
    if sent.get("dateOfBirth"):
        fields["dateOfBirth"] = _birth(sent["dateOfBirth"])
    # That what is not mentioned stays is in no document, for these two.
    if "customFields" in sent:
        fields["customFields"] = _merged(held.get("customFields"), sent["customFields"], name_field)
    if "dndSettings" in sent:
        told = _renamed(sent["dndSettings"], _V2_CHANNELS)
        fields["dndSettings"] = {**_mapping(held.get("dndSettings")), **told}
    return fields


def spelled_dnd(contact: Payload, *, v3: bool) -> Payload:
    """Write the channels of a contact as the version does."""
    if v3 and "dndSettings" in contact:
        return {**contact, "dndSettings": _renamed(contact["dndSettings"], _CHANNELS)}
    return contact


def texts(value: object) -> list[str]:
    """Give a list of texts, each once; an empty one for what is none."""
    return list(dict.fromkeys(str(one) for one in _items(value)))


def lowered(tags: object) -> list[str]:
    """Write tags as HighLevel does, each once."""
    return texts([tag.lower() for tag in texts(tags)])


def field_number(key: str) -> int:
    """Give a number to the custom field of a key, for its id."""
    return crc32(key.encode())


def _split(name: object) -> Payload:
    first, _, last = str(name or "").strip().partition(" ")
    return {"firstName": first or None, "lastName": last.strip() or None}


def _merged(held: object, sent: object, name_field: Callable[[str], str]) -> list[Payload]:
    values = {one["id"]: one["value"] for one in _items(held)}
    for one in _items(sent):
        told = [one[name] for name in ("fieldValue", "field_value") if name in one]
        if told:
            values[one.get("id") or name_field(one["key"])] = told[0]
    return [{"id": field_id, "value": value} for field_id, value in values.items()]


def _renamed(settings: object, names: Mapping[str, str]) -> Payload:
    return {names.get(name, name): value for name, value in _mapping(settings).items()}


def _items(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _mapping(value: object) -> Payload:
    return value if isinstance(value, dict) else {}
