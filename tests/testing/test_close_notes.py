# ruff: noqa: ANN001 - fixtures, whose types stand in this file
"""The pretend Close's notes: what is listed, in which order, and what is refused."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from ghl_notes.sources.close import CloseNotes
from ghl_notes.testing import FakeClose
from ghl_notes.testing.close_filters import Span, span_of
from ghl_notes.testing.close_notes import html_of, text_of
from ghl_notes.testing.replies import Call
from tests.testing.asking import Asker, asking_close, basic

NOTES = "/activity/note/"
DAY = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest_asyncio.fixture
async def ask() -> AsyncIterator[Asker[FakeClose]]:
    """Give a caller of a pretend Close of 12 notes of 3 leads."""
    async with asking_close(leads=3, notes_per_lead=4, limit=None) as asker:
        yield asker


def ids(told) -> list[str]:
    return [one["id"] for one in told.json["data"]]


async def test_notes_come_newest_first_in_pages(ask) -> None:
    """A page has what it is asked for, and says whether there is more."""
    every = [one["id"] for one in ask.fake.notes()]
    first, last = await ask(NOTES, _limit=8), await ask(NOTES, _limit=8, _skip=8)

    assert (ids(first), first.json["has_more"]) == (every[:8], True)
    assert (ids(last), last.json["has_more"]) == (every[8:], False)
    assert (await ask(NOTES)).json == {"data": ask.fake.notes(), "has_more": False}
    dates = [one["date_created"] for one in ask.fake.notes()]
    assert sorted(map(datetime.fromisoformat, dates), reverse=True) == [
        datetime.fromisoformat(one) for one in dates
    ]


async def test_a_note_has_the_documented_shape(ask) -> None:
    """Names and kinds of fields are those of Close's documents."""
    note_id = ask.fake.add_note(ask.fake.lead_ids()[0], note="a\n<b>", title="T", pinned=True)
    note = (await ask(f"{NOTES}{note_id}/")).json

    assert note == ask.fake.note(note_id)
    assert note["note"] == "a\n<b>"
    assert note["note_html"] == "<body>a<br />&lt;b&gt;</body>"
    assert (note["_type"], note["title"], note["pinned"]) == ("Note", "T", True)
    assert (note["contact_id"], note["lead_id"]) == (None, ask.fake.lead_ids()[0])
    assert note["user_name"] == "Jane Doe"
    assert [note[name][:5] for name in ("id", "organization_id", "user_id")] == [
        "acti_",
        "orga_",
        "user_",
    ]


async def test_times_may_lack_their_fraction(ask) -> None:
    """Times end in +00:00, with six digits of a second or with none."""
    times = [one["date_created"] for one in ask.fake.notes()]

    assert all(one.endswith("+00:00") for one in times)
    assert {len(one.partition(".")[2]) for one in times} == {0, len("123456+00:00")}


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ({"date_created__gte": "2026-03-01T12:00:00Z"}, "bcd"),
        ({"date_created__gt": "2026-03-01T12:00:00.900Z"}, "cd"),
        ({"date_created__lt": "2026-03-01T13:00:01+01:00"}, "ab"),
        ({"date_created__lte": "2026-03-01T12:00:01Z"}, "abc"),
        ({"date_created__lte": "2026-03-01"}, ""),
        ({"date_created__gte": "2026-03-01", "date_created__lt": "2026-03-02"}, "abc"),
        ({"activity_at__gt": "2026-02-01"}, "abc"),
        ({"activity_at__lte": "2026-01-01"}, "d"),
    ],
)
async def test_times_are_compared_by_the_second(query, kept) -> None:
    """Both ends of each filter, with zones and dates, cut to whole seconds."""
    async with asking_close(leads=1, notes_per_lead=0) as ask:
        lead, names = ask.fake.lead_ids()[0], {}
        seconds = {"a": -0.5, "b": 0.7, "c": 1.2}
        for name, more in seconds.items():
            when = DAY + timedelta(seconds=more)
            names[ask.fake.add_note(lead, date_created=when)] = name
        old = datetime(2026, 1, 1, tzinfo=UTC)
        names[ask.fake.add_note(lead, date_created=DAY + timedelta(days=2), activity_at=old)] = "d"

        found = await ask(NOTES, **query)

        assert "".join(sorted(names[one] for one in ids(found))) == kept


async def test_a_time_without_a_zone_is_the_callers(ask) -> None:
    """The header x-tz-offset tells the zone of a time that has none, UTC without it."""
    note_id = ask.fake.add_note(ask.fake.lead_ids()[0], date_created=DAY)
    asked = {"date_created__gte": "2026-03-01T10:00:00"}

    assert note_id in ids(await ask(NOTES, **asked))
    assert note_id not in ids(await ask(NOTES, **asked, headers={"x-tz-offset": "-2.5"}))


async def test_lists_of_ids_narrow_the_notes_down(ask) -> None:
    """Leads, contacts, users, types and ids are lists with commas, and all must hold."""
    fake = ask.fake
    leads, users = fake.lead_ids(), fake.user_ids
    contact_id = fake.contact_ids(leads[0])[0]
    mine = fake.add_note(leads[0], contact_id=contact_id, user_id=users[1])
    some = [one["id"] for one in fake.notes()][3:5]

    assert ids(await ask(NOTES, contact_id=contact_id)) == [mine]
    assert ids(await ask(NOTES, id__in=",".join(some))) == some
    assert len(ids(await ask(NOTES, lead_id=f"{leads[0]},{leads[1]}"))) == 9
    assert ids(await ask(NOTES, lead_id=leads[0], user_id=users[1], _limit=1)) == [mine]
    assert ids(await ask(NOTES, lead_id=leads[1], contact_id=contact_id)) == []
    assert len(ids(await ask(NOTES, _type="Note,Call"))) == 13
    assert ids(await ask(NOTES, _type="Call")) == []
    assert len(ids(await ask(NOTES, organization_id=fake.organization_id))) == 13
    assert ids(await ask(NOTES, organization_id="orga_x")) == []


async def test_fields_can_be_chosen(ask) -> None:
    """With ``_fields`` nothing else comes."""
    assert (await ask(NOTES, _fields="id,note", _limit=1)).json["data"][0].keys() == {"id", "note"}


async def test_some_filters_may_want_a_lead() -> None:
    """As Close's documents do not agree, a contact or a user alone may be refused."""
    async with asking_close(needs_lead=True) as ask:
        lead = ask.fake.lead_ids()[0]
        lone = await ask(NOTES, activity_at__gt="2026-01-01")
        assert (lone.status, "only with one lead_id" in lone.json["error"]) == (400, True)
        assert (await ask(NOTES, user_id="x", lead_id=f"{lead},b")).status == 400
        assert (await ask(NOTES, user_id="x", lead_id=lead)).status == 200


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"_limit": "101"}, "larger than the maximum limit"),
        ({"_skip": "11"}, "maximum skip for this resource (max_skip = 10)"),
    ],
)
async def test_too_much_is_refused_in_words(query, said) -> None:
    """A page that is too long, or too deep, is a 400 whose text tells the most."""
    async with asking_close(max_skip=10) as ask:
        told = await ask(NOTES, **query)
        assert (told.status, said in told.json["error"]) == (400, True)
        assert (await ask(NOTES, _limit="100", _skip="10")).status == 200


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("_limit", "-1"),
        ("_skip", "x"),
        ("_skip", "²"),
        ("date_created__gte", "yesterday"),
        ("date_created__lte", ""),
        ("date_updated__gt", "2026-01-01"),
        ("_order_by", "date_created"),
    ],
)
async def test_what_cannot_be_read_is_named(ask, name, value) -> None:
    """A wrong value, and a parameter that no document names, are told by their name."""
    told = await ask(NOTES, **{name: value})

    assert told.status == 400
    assert told.json["errors"] == []
    assert list(told.json["field-errors"]) == [name]


async def test_a_post_may_stand_for_a_get(ask) -> None:
    """With the header, a body of ``_params`` is the query, lists in it too."""
    some = [one["id"] for one in ask.fake.notes()][2:4]
    how = {"method": "POST", "headers": {"X-HTTP-Method-Override": "GET"}}
    told = await ask(NOTES, **how, json={"_params": {"id__in": some, "_limit": 1}})

    assert (ids(told), told.json["has_more"]) == (some[:1], True)
    assert (await ask(NOTES, **how, json=[])).status == 400
    assert (await ask(NOTES, method="POST", json={})).status == 405


async def test_a_url_has_an_end(ask) -> None:
    """A query of more than 2,000 characters belongs into a body."""
    assert (await ask(NOTES, id__in="x" * 2_000)).status == 414


@pytest.mark.parametrize("login", [None, "Bearer x", "Basic !", basic("api_x"), basic("", "x")])
async def test_wrong_credentials_are_a_401(ask, login) -> None:
    """Without the key, or a token, nothing is told."""
    told = await ask(NOTES, login=login)

    assert (told.status, list(told.json)) == (401, ["error"])


async def test_a_key_has_no_password(ask) -> None:
    """The key is the user of a Basic login, and its password is empty."""
    assert (await ask(NOTES, login=basic(ask.fake.api_key, "x"))).status == 401


async def test_what_is_not_there_is_a_404(ask) -> None:
    """Unknown paths and ids are not found; a path without its slash is another one."""
    for path in ("/activity/note/acti_x/", "/lead/x/", "/contact/x/", "/nothing/", "/me"):
        told = await ask(path)
        assert (told.status, list(told.json)) == (404, ["error"]), path


async def test_a_test_may_act_between_two_requests(ask) -> None:
    """Whatever is assigned to ``on_request`` sees each request before it is answered."""
    seen = []

    def act(method: str, path: str) -> None:
        seen.append((method, path))
        ask.fake.add_note(ask.fake.lead_ids()[0])

    ask.fake.on_request = act
    assert len(ids(await ask(NOTES))) == 13
    assert seen == [("GET", "/api/v1/activity/note/")]


async def test_notes_can_be_shaped_by_hand(ask) -> None:
    """What is given stands in the note, whatever else it says laid over it."""
    fake, lead = ask.fake, ask.fake.lead_ids()[0]
    files = [{"url": "https://app.close.com/go/file/x", "filename": "x.pdf"}]
    rich = fake.add_note(
        lead,
        note="lost",
        note_html="<body><p>Kept &amp; <b>fine</b></p><p>two<br/>three</p></body>",
        attachments=files,
        date_created=DAY,
        user_id="user_gone",
        user_name="Somebody Gone",
    )
    fake.edit_note(fake.add_note(lead, note="old"), note="new", title="New")
    gone = fake.add_note(lead)
    fake.delete_note(gone)
    edited = fake.notes()[0]
    told = fake.note(rich)

    assert (edited["note"], edited["title"]) == ("new", "New")
    assert told["note"] == "Kept & fine\ntwo\nthree"
    assert (told["attachments"], told["date_created"]) == (files, "2026-03-01T12:00:00+00:00")
    assert (told["user_id"], told["user_name"]) == ("user_gone", "Somebody Gone")
    for unknown in (lambda: fake.note(gone), lambda: fake.add_note("lead_x")):
        with pytest.raises(KeyError):
            unknown()


async def test_a_backdated_note_stands_in_its_place(ask) -> None:
    """A note is listed by its date, not by when it was added, and can be deleted from there."""
    before = ask.fake.notes()
    when = datetime.fromisoformat(str(before[4]["date_created"]))
    note_id = ask.fake.add_note(ask.fake.lead_ids()[0], date_created=when)

    assert ids(await ask(NOTES))[4] == note_id
    ask.fake.delete_note(note_id)
    assert ask.fake.notes() == before


@pytest.mark.slow
async def test_the_source_reads_every_note_once() -> None:
    """The library's own reader finds exactly what is here, past a low ceiling too."""
    async with FakeClose(leads=20, notes_per_lead=30, limit=None, max_skip=150) as fake:
        async with CloseNotes(fake.api_key, base_url=fake.url) as close:
            found = [note.id async for note in close.notes()]

        assert sorted(found) == sorted(str(one["id"]) for one in fake.notes())


def test_a_seed_decides_everything() -> None:
    """The same seed gives the same world, another one another."""
    one, same, other = FakeClose(), FakeClose(), FakeClose(seed=1)

    assert one.notes() == same.notes()
    assert (one.api_key, one.user_ids, one.lead_ids()) == (
        same.api_key,
        same.user_ids,
        same.lead_ids(),
    )
    assert {note["id"] for note in one.notes()}.isdisjoint(note["id"] for note in other.notes())


def test_notes_are_spread_over_the_time() -> None:
    """All notes are between the given ends, which must have a zone."""
    since = datetime(2026, 1, 1, tzinfo=UTC)
    fake = FakeClose(since=since, until=since + timedelta(days=10))
    times = [datetime.fromisoformat(str(one["date_created"])) for one in fake.notes()]

    assert since < min(times) < since + timedelta(days=1)
    assert since + timedelta(days=9) < max(times) < since + timedelta(days=10)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"since": datetime(2025, 2, 1)}, "since must be an aware datetime"),  # noqa: DTZ001
        ({"until": datetime(2025, 2, 1)}, "until must be an aware datetime"),  # noqa: DTZ001
        ({"since": DAY, "until": DAY - timedelta(days=1)}, "until must not be before since"),
        ({"users": 0}, "'users'"),
        ({"leads": -1}, "'leads'"),
        ({"interval": 0}, "'interval'"),
    ],
)
def test_options_are_checked(options, said) -> None:
    """An option that makes no sense is refused by its name."""
    with pytest.raises(ValueError, match=said):
        FakeClose(**options)


@given(st.text())
def test_plain_text_survives_its_rich_form(text: str) -> None:
    """What is written as plain text is read as it was, whatever it holds."""
    assert text_of(html_of(text)) == text


whole = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(st.sampled_from(["gt", "gte", "lt", "lte"]), whole, whole)
def test_a_span_is_a_comparison_of_seconds(end: str, limit: datetime, when: datetime) -> None:
    """A time is in the span exactly if its second passes the comparison."""
    cut, second = (one.replace(microsecond=0) for one in (limit, when))
    passes = {"gt": second > cut, "gte": second >= cut, "lt": second < cut, "lte": second <= cut}
    call = Call(method="GET", path="", query={f"t__{end}": limit.isoformat()})

    assert span_of(call, "t").holds(when) is passes[end]
    assert not span_of(call, "t").whole
    assert span_of(call, "u") == Span()
