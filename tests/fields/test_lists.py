"""Lists that are sent: of texts, ids, records, files, custom fields and channels."""

from collections.abc import Callable, Iterable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ghl_notes.errors import ConfigurationError
from ghl_notes.http.fields import (
    Rule,
    attachments,
    custom_fields,
    dnd_settings,
    fields,
    ids,
    inbound_dnd,
    names,
    relations,
    texts,
)
from ghl_notes.http.protocol import Dialect
from ghl_notes.models import Attachment, CustomField, DndSetting, Relation
from tests.fields.anything import DIALECTS, MARKER, anything, json_values, outcome, told

RELATION = Relation("contact", "c1", extra={"since": 5})
FILE = Attachment(id="a1", object_key="contact", record_id="c1", extra={"size": 5})
FIELD = CustomField("f1", "x", extra={"fieldKey": "k"})
VALUE_OF = {"2021-07-28": "field_value", "v3": "fieldValue"}
CHANNELS_OF = {
    "2021-07-28": ["Call", "Email", "SMS", "WhatsApp", "GMB", "FB"],
    "v3": ["call", "email", "sms", "whatsApp", "gmb", "fb"],
}
RULES: list[tuple[Rule, object]] = [
    (texts, "vip"),
    (relations, RELATION),
    (attachments, FILE),
    *[(custom_fields(dialect), FIELD) for dialect in DIALECTS.values()],
]

both = pytest.mark.parametrize("version", DIALECTS)
lists = pytest.mark.parametrize(("rule", "one"), RULES)


@pytest.fixture
def dialect(version: str) -> Dialect:
    return DIALECTS[version]


class Counted:
    """An iterable that tells how often it was begun."""

    def __init__(self, items: list[object]) -> None:
        self.items = items
        self.begun = 0

    def __iter__(self) -> Iterator[object]:
        self.begun += 1
        return iter(self.items)


def sent(rule: Rule, value: object) -> object:
    return fields({"it": value}, {"it": rule})["it"]


@lists
def test_any_iterable_is_taken_once(rule: Rule, one: object) -> None:
    """A generator, a tuple and a set are as good as a list, and none is gone through twice."""
    counted = Counted([one, one])

    assert sent(rule, counted) == sent(rule, [one, one])
    assert sent(rule, (one for _ in range(2))) == sent(rule, (one, one)) == sent(rule, [one, one])
    assert counted.begun == 1


@lists
@pytest.mark.parametrize("value", [MARKER, "", b"ab", b"", {}, {"a": 1}, 5, True])
def test_what_is_no_list_is_refused(rule: Rule, one: object, value: object) -> None:
    """A text is not a list of letters, nor a mapping one of its keys, even when they are empty."""
    with pytest.raises(ConfigurationError, match=r"^it must be a list of") as caught:
        sent(rule, value)

    assert MARKER not in told(caught.value)
    assert isinstance(sent(rule, [one]), list)


@lists
def test_one_of_another_kind_spoils_a_list(rule: Rule, one: object) -> None:
    """No entry is left out in silence."""
    with pytest.raises(ConfigurationError, match=r"^it must be "):
        sent(rule, [one, object()])


@pytest.mark.parametrize("rule", [relations, attachments])
def test_a_list_of_records_is_not_empty(rule: Rule) -> None:
    """To attach nothing is a mistake."""
    with pytest.raises(ConfigurationError, match="at least one"):
        sent(rule, [])


def test_records_and_files_are_spelled_as_highlevel_does() -> None:
    """What a model keeps in ``extra`` came from HighLevel, and is not sent back."""
    assert sent(relations, [RELATION]) == [{"objectKey": "contact", "recordId": "c1"}]
    assert sent(attachments, [FILE, Attachment(id="a2")]) == [
        {"id": "a1", "objectKey": "contact", "recordId": "c1"},
        {"id": "a2"},
    ]


# --- texts and ids --------------------------------------------------------------------------


@pytest.mark.parametrize("take", [names, ids])
@settings(max_examples=50)
@given(value=anything)
def test_a_list_of_names_has_one_at_least(
    take: Callable[[str, Iterable[str]], object], value: Iterable[str]
) -> None:
    """Tags and ids come as a list with something in it, or are refused by name."""
    taken = outcome(lambda: take("contact_ids", value))

    if isinstance(taken, ConfigurationError):
        assert str(taken).startswith("contact_ids must be ")
        assert MARKER not in told(taken)
    else:
        assert taken
        assert taken == list(value)


@pytest.mark.parametrize("one", ["c1", "a-b_c", "a:b", "é", "a+b@c"])
def test_an_id_in_a_body_is_not_quoted(one: str) -> None:
    """What a path would quote, a body sends as it is."""
    assert ids("contact_ids", iter([one])) == [one]


@pytest.mark.parametrize("one", ["a/b", "..", "a b", "%2e", "a\n"])
def test_what_is_no_id_is_refused_in_a_body(one: str) -> None:
    """An id that no path could hold names nothing."""
    with pytest.raises(ConfigurationError, match=r"^contact_ids must be a HighLevel id"):
        ids("contact_ids", ["c1", one])


# --- custom fields --------------------------------------------------------------------------


@both
@settings(max_examples=30)
@given(value=json_values)
def test_a_custom_field_sends_any_json(version: str, value: object) -> None:
    """The name of the value depends on the version, and null is sent, for it clears the field."""
    given_fields = [CustomField("f1", value), CustomField(None, value, key="contact.k")]

    assert sent(custom_fields(DIALECTS[version]), given_fields) == [
        {"id": "f1", VALUE_OF[version]: value},
        {"key": "contact.k", VALUE_OF[version]: value},
    ]


@both
@pytest.mark.parametrize(
    "one",
    [
        CustomField(None, "x"),
        CustomField("", "x"),
        CustomField(5, "x"),
        CustomField("f1", {MARKER}),
        CustomField("f1", float("nan")),
        {"id": "f1", "value": "x"},
    ],
)
def test_a_custom_field_that_names_none_is_refused(dialect: Dialect, one: object) -> None:
    """A custom field has an id or a key, and a value that JSON has."""
    with pytest.raises(ConfigurationError, match=r"^it must be ") as caught:
        sent(custom_fields(dialect), [FIELD, one])

    assert MARKER not in told(caught.value)


@both
def test_no_custom_fields_are_an_empty_list(dialect: Dialect) -> None:
    """An empty list is sent as one."""
    assert sent(custom_fields(dialect), []) == []


# --- do not disturb -------------------------------------------------------------------------


@both
def test_channels_are_spelled_as_the_version_does(version: str, dialect: Dialect) -> None:
    """Our six channels have one spelling here and one in each version."""
    given_settings = dict.fromkeys(dialect.channels, DndSetting("active"))
    wire = sent(dnd_settings(dialect), given_settings)

    assert list(dialect.channels) == ["call", "email", "sms", "whatsapp", "gmb", "fb"]
    assert wire == {channel: {"status": "active"} for channel in CHANNELS_OF[version]}


@both
@settings(max_examples=30)
@given(message=st.none() | st.text(), code=st.none() | st.text())
def test_a_setting_sends_what_it_has(version: str, message: str | None, code: str | None) -> None:
    """A setting's message and code are sent unless they are None, and its ``extra`` never."""
    setting = DndSetting("inactive", message, code, extra={"at": 5})
    told_of = {"status": "inactive", "message": message, "code": code}

    (wire,) = sent(dnd_settings(DIALECTS[version]), {"sms": setting}).values()
    assert wire == {name: one for name, one in told_of.items() if one is not None}


@both
@pytest.mark.parametrize(
    "value",
    [
        {"SMS": DndSetting("active")},
        {"fax": DndSetting("active")},
        {5: DndSetting("active")},
        {"sms": {"status": "active"}},
        {"sms": DndSetting(None)},
        {"sms": DndSetting("active", message=5)},
        [DndSetting("active")],
        DndSetting("active"),
    ],
)
def test_what_is_no_setting_is_refused(dialect: Dialect, value: object) -> None:
    """A channel that HighLevel has not, or a setting without a status, is told."""
    with pytest.raises(ConfigurationError, match=r"^it must be "):
        sent(dnd_settings(dialect), value)


@pytest.mark.parametrize(
    "value", [DndSetting("active", code="103"), DndSetting(None), {}, "active"]
)
def test_inbound_do_not_disturb_is_one_setting(value: object) -> None:
    """All that comes in has one setting with a status, and HighLevel takes no code for it."""
    with pytest.raises(ConfigurationError, match=r"^it must be .*DndSetting"):
        sent(inbound_dnd, value)

    assert sent(inbound_dnd, DndSetting("active", "no")) == {
        "all": {"status": "active", "message": "no"}
    }
