"""Random arguments for all that is written, within what signatures allow and specs document."""

from collections.abc import Mapping
from datetime import date, datetime

from hypothesis import strategies as st

from ghl_notes.models import CustomField, DndSetting

Arguments = st.SearchStrategy[dict[str, object]]

TEXT = st.text(max_size=20)
FILLED = st.text(min_size=1, max_size=20).filter(str.strip)
COLOR = st.from_regex(r"#([0-9a-fA-F]{3}){1,2}", fullmatch=True)
EMAIL = st.from_regex(r"[a-z][a-z0-9.+_-]{0,15}@example\.com", fullmatch=True)
PHONE = st.from_regex(r"\+1555[0-9]{7}", fullmatch=True)
ID = st.from_regex(r"[A-Za-z0-9]{20}", fullmatch=True)
ZONE = st.sampled_from(["UTC", "Asia/Kathmandu", "America/St_Johns"])
MOMENT = st.datetimes(
    datetime.fromisoformat("1970-01-02"),
    datetime.fromisoformat("2100-01-01"),
    timezones=st.timezones(),
)
BIRTH = st.dates(date(1900, 1, 1)) | st.sampled_from(["1990/09/25", "09.25.1990", "1990_09_25"])
VALUE = (
    TEXT
    | st.integers(-(2**53), 2**53)  # what JSON carries everywhere
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.lists(TEXT, max_size=3)
    | st.dictionaries(TEXT, TEXT, max_size=2)
)
SETTING = st.builds(
    DndSetting,
    st.sampled_from(["active", "inactive", "permanent"]),
    message=st.none() | TEXT,
    code=st.none() | TEXT,
)

CHANNELS = ("call", "email", "sms", "whatsapp", "gmb", "fb")
NULLABLE_TEXTS = (
    "first_name", "last_name", "name", "address1", "city", "state", "website", "source",
)  # fmt: skip


def some(fields: Mapping[str, st.SearchStrategy[object]], **needed: st.SearchStrategy) -> Arguments:
    """Give any of the fields, and those that are needed."""
    return st.fixed_dictionaries(needed, optional=fields)


def changes(fields: Mapping[str, st.SearchStrategy[object]]) -> Arguments:
    """Give any of the fields, at least one."""
    return some(fields).filter(bool)


NOTE = {"user_id": ID, "title": TEXT, "color": COLOR, "pinned": st.booleans()}
TASK = {"body": TEXT, "completed": st.booleans(), "assigned_to": ID}
CONTACT = {
    **dict.fromkeys(NULLABLE_TEXTS, st.none() | TEXT),
    "email": st.none() | EMAIL,
    "phone": st.none() | PHONE,
    "timezone": st.none() | ZONE,
    "assigned_to": st.none() | ID,
    "date_of_birth": st.none() | BIRTH,
    "country": st.sampled_from(["US", "DE"]),
    "postal_code": TEXT,
    "tags": st.lists(FILLED, max_size=3),
    "dnd": st.booleans(),
    "dnd_settings": st.dictionaries(st.sampled_from(CHANNELS), SETTING, max_size=6),
    "inbound_dnd": st.builds(
        DndSetting, st.sampled_from(["active", "inactive"]), message=st.none() | TEXT
    ),
    "custom_fields": st.lists(
        st.builds(CustomField, ID, VALUE, key=st.none() | FILLED)
        | st.builds(CustomField, st.none(), TEXT, key=FILLED),
        max_size=3,
    ),
}
NEW_CONTACT = {**CONTACT, "gender": TEXT, "company_name": st.none() | TEXT}

WRITTEN: Mapping[str, Arguments] = {
    "contacts.create": some(NEW_CONTACT),
    "contacts.update": changes(CONTACT),
    "contacts.upsert": some(NEW_CONTACT, create_new_if_duplicate_allowed=st.booleans()),
    "notes.create": some(NOTE, body=FILLED),
    "notes.update": changes({**NOTE, "body": FILLED}),
    "tasks.create": some(TASK, title=FILLED, due_date=MOMENT),
    "tasks.update": changes({**TASK, "title": FILLED, "due_date": MOMENT}),
    "appointment_notes.create": some({"user_id": ID}, body=FILLED),
}
"""By the method that writes it."""
