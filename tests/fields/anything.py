"""Values as callers get them wrong: of any type, with a text in them that no error may repeat."""

import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypeVar
from uuid import UUID

from hypothesis import strategies as st

from ghl_notes.errors import ConfigurationError
from ghl_notes.http.protocol import dialect
from ghl_notes.models import Attachment, CustomField, DndSetting, Note, Relation

T = TypeVar("T")

MARKER = "s3cr3t note"
DIALECTS = {"2021-07-28": dialect("2021-07-28"), "v3": dialect("v3")}

_note = Note(MARKER, MARKER, MARKER, datetime.now(UTC), MARKER)
_texts = st.sampled_from([MARKER, "", " ", "#FFAA00", "\ud800"]) | st.text(max_size=3)
_numbers = st.integers() | st.floats() | st.sampled_from([10**400, Decimal(1), 1j])
_times = st.datetimes() | st.datetimes(timezones=st.just(UTC)) | st.dates() | st.times()
_plain = (
    st.none()
    | st.booleans()
    | _texts
    | _numbers
    | _times
    | st.sampled_from([_note, b"bytes", object(), UUID(int=0), range(2), {MARKER}, MARKER.encode()])
)
_nested = st.recursive(
    _plain,
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.tuples(inner, inner)
        | st.dictionaries(_texts | st.integers(), inner, max_size=2)
    ),
    max_leaves=3,
)
_settings = st.builds(DndSetting, _plain, _plain, _plain)
_parts = (
    st.builds(Relation, _plain, _plain)
    | st.builds(Attachment, id=_plain, object_key=_plain, record_id=_plain)
    | st.builds(CustomField, _plain, _nested, _plain)
    | _settings
)
anything = (
    _nested
    | _parts
    | st.lists(_parts, max_size=2)
    | st.dictionaries(st.sampled_from(["call", "sms", "whatsapp", "SMS"]), _settings, max_size=2)
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)  # fmt: skip


def outcome(call: Callable[[], T]) -> T | ConfigurationError:
    """Give what a call returns, or how it was refused."""
    try:
        return call()
    except ConfigurationError as error:
        return error


def told(error: ConfigurationError) -> str:
    """Everything that an error gives away, to whoever prints, logs or sends it."""
    return "\n".join([str(error), repr(error), *traceback.format_exception(error)])
