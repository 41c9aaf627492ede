"""A contact's fields under one name each, and its names as they were written.

HighLevel has two names for some fields, gives some names in small letters beside the real ones
(``firstName`` and ``firstNameRaw`` in its older list), and puts additional addresses into objects.
"""

from typing import Final

from ghl_notes.models import Json

# What fields are called where they have two names: by a contact's id, and in a search.
_OTHER_NAMES: Final = (("name", "contactName"), ("address", "address1"))
_NAMES: Final = ("firstName", "lastName", "contactName", "fullName", "name", "companyName")
_RAW: Final = {f"{name}Raw": name for name in _NAMES}
_ADDITIONAL: Final = (("additionalEmails", "email"), ("additionalPhones", "phone"))


def spelled(item: Json) -> Json:
    """Give a contact's fields one name each, wherever it comes from."""
    if not isinstance(item, dict):
        return item
    found = dict(item)
    if not found.keys().isdisjoint(_RAW):
        _write_as_written(found)
    for other, usual in _OTHER_NAMES:
        if found.get(other) is not None and found.get(usual) in (None, ""):
            found[usual] = found.pop(other)
    _capitalize(found)
    for name, inner in _ADDITIONAL:
        if found.get(name):
            found[name] = _addresses(found[name], inner)
    return found


def _write_as_written(found: dict[str, Json]) -> None:
    """Take each name as it was written, where the reply has it beside one in small letters."""
    for raw, name in _RAW.items():
        written = found.get(raw)
        if isinstance(written, str) and written:
            found[name] = written
            del found[raw]


def _capitalize(found: dict[str, Json]) -> None:
    """Write a whole name that is in small letters as its parts are written."""
    name = found.get("contactName")
    if isinstance(name, str) and name.islower():
        parts = (found.get("firstName"), found.get("lastName"))
        whole = " ".join([part for part in parts if isinstance(part, str) and part])
        if whole.lower() == name:
            found["contactName"] = whole


def _addresses(listed: Json, inner: str) -> Json:
    """Take the addresses out of their objects; anything else stays as it is."""
    if not isinstance(listed, list):
        return listed
    return [one[inner] if isinstance(one, dict) and inner in one else one for one in listed]
