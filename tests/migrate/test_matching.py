"""Whom a note is about: never a guess."""

import re

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ghl_notes import Client
from ghl_notes.errors import ConfigurationError
from ghl_notes.migrate import Match, by_email_then_phone
from ghl_notes.migrate.matching import location_of, normal_email, normal_phone
from ghl_notes.sources import SourceContact
from tests.migrate.moving import Move, moving

PUNCTUATION = st.text(" ()-./", max_size=2)


def somebody(*emails: str, phones: tuple[str, ...] = ()) -> SourceContact:
    return SourceContact(id="cont_1", emails=emails, phones=phones)


@given(st.emails())
@settings(max_examples=30)
def test_emails_are_compared_without_case_and_edges(email: str) -> None:
    """Case and surrounding space say nothing about who it is."""
    assert normal_email(f" {email.upper()}\n") == normal_email(email)


@pytest.mark.parametrize(
    ("told", "normal"),
    [
        ("+1 (555) 000-0001", "+15550000001"),
        (" +49.30.1234567 ", "+49301234567"),
        ("0049 30 1234567", "+49301234567"),
        ("030 1234567", None),
        ("15550000001", None),
        ("+123456", None),
        ("+1234567", "+1234567"),
        ("+123456789012345", "+123456789012345"),
        ("+1234567890123456", None),
        ("+0301234567", None),
        ("000301234567", None),
        ("+1 555 CALL NOW", None),
        ("call +15550000001", None),
        ("+", None),
        ("00", None),
        ("+44 (0)20 7946 0958", "+442079460958"),
        ("0044 (0) 20 7946 0958", "+442079460958"),
        ("+49(0)30-1234567", "+49301234567"),
        ("(0)20 7946 0958", None),
        ("(+44) 20 7946 0958", "+442079460958"),
        ("+39 06 1234567", "+39061234567"),
        ("+39 (0)6 1234567", None),
        ("+44 20 7946 ٠٩٥٨", "+442079460958"),
        ("\uff0b4\uff14 20 7946 0958", "+442079460958"),
        ("\u202a+44\xa020\u20117946\u20090958\u202c", "+442079460958"),
        ("+44 20 7946 0958²", None),
        ("+44 20 7946 095⑧", None),
        ("+44 20 7946 0958 ext. 5", None),
        ("+44 20 7946 0958 x5", None),
        ("+44 20 7946 0958 #5", None),
        ("+44 20 7946 0958,5", None),
        ("+44 20 7946 0958;ext=5", None),
        ("+1 5550100 / +1 5550101", None),
        ("+1 5550100\n5550101", None),
        ("++442079460958", None),
        ("+44+2079460958", None),
        ("44+2079460958", None),
        ("tel:+442079460958", None),
        ("", None),
    ],
)
def test_a_phone_number_counts_only_with_its_country(told: str, normal: str | None) -> None:
    """Without a country a number is somebody else's in another one, so it is none."""
    assert normal_phone(told) == normal


@given(st.from_regex(r"[1-9][0-9]{6,14}", fullmatch=True), st.data())
@settings(max_examples=50)
def test_punctuation_in_a_phone_number_says_nothing(digits: str, data: st.DataObject) -> None:
    """However a whole number is written, it is the same, but for "(0)", which is a trunk prefix."""
    spaced = "".join(digit + data.draw(PUNCTUATION) for digit in digits)
    assume(re.search(r"\( *0 *\)", spaced) is None)

    assert normal_phone(f"+{spaced}") == normal_phone(f" 00{spaced}") == f"+{digits}"


@given(st.text() | st.text("+0123456789 -٣", max_size=20))
def test_any_text_is_a_number_or_none(told: str) -> None:
    """What comes out is E.164 or nothing, and stays what it is."""
    found = normal_phone(told)

    assert found is None or re.fullmatch(r"\+[1-9][0-9]{6,14}", found, re.ASCII)
    assert found is None or normal_phone(found) == found


async def test_a_person_is_found_by_email(move: Move) -> None:
    """The email address decides first, in any case, and one request is enough."""
    first = move.people[0]
    found = await by_email_then_phone(
        somebody(first.emails[0].upper(), phones=first.phones), move.client
    )

    assert found == Match(contact_id=move.fake.contact_ids()[0], reason=f"by {first.emails[0]}")
    assert len(move.seen.sent) == 1


async def test_a_person_is_found_by_phone(move: Move) -> None:
    """A phone number decides where no email address does."""
    phone = move.people[1].phones[0]
    person = somebody("nobody@example.com", phones=(phone.replace("+1", "001 "), "555"))

    found = await by_email_then_phone(person, move.client)

    assert found == Match(contact_id=move.fake.contact_ids()[1], reason=f"by {phone}")
    assert len(move.seen.sent) == 2


async def test_a_hit_that_does_not_carry_it_is_not_taken(move: Move) -> None:
    """HighLevel may find more than was asked for; only what carries it is who it is about."""
    move.fake.add_contact(email="strasse@example.com")  # its search folds letters

    found = await by_email_then_phone(somebody("straße@example.com"), move.client)

    assert found == Match(reason="no contact has straße@example.com")


async def test_two_different_hits_are_a_conflict(move: Move) -> None:
    """Somebody whose email is one contact's and whose phone another's is nobody to guess about."""
    one, other = move.people[:2]
    found = await by_email_then_phone(somebody(*one.emails, phones=other.phones), move.client)
    ids = move.fake.contact_ids()

    assert found.conflict
    assert found.contact_id is None
    assert found.reason == (
        f"more than one contact: {ids[0]} ({one.emails[0]}) and {ids[1]} ({other.phones[0]})"
    )


async def test_every_address_is_looked_at(move: Move) -> None:
    """A second email address can be another contact's as well."""
    emails = [person.emails[0] for person in move.people[:2]]
    found = await by_email_then_phone(somebody("a@example.com", *emails, emails[0]), move.client)

    assert found.conflict
    assert len(move.seen.sent) == 3


async def test_nobody_is_made(move: Move) -> None:
    """Who is not there is told by what was searched for."""
    person = somebody("a@example.com", phones=("+15559999999",))
    before = len(move.fake.contact_ids())
    found = await by_email_then_phone(person, move.client)

    assert found == Match(reason="no contact has a@example.com or +15559999999")
    assert len(move.fake.contact_ids()) == before


@pytest.mark.parametrize("person", [somebody(), somebody(" ", "", phones=("", "030 12345"))])
async def test_who_has_no_address_costs_no_request(move: Move, person: SourceContact) -> None:
    """Without anything to search for, nothing is asked."""
    found = await by_email_then_phone(person, move.client)

    assert found == Match(reason="no email address and no phone number with its country")
    assert move.seen.sent == []


async def test_a_client_must_be_for_a_location() -> None:
    """Contacts are of one location, so the client has to name it."""
    async with Client("token") as client:
        with pytest.raises(ConfigurationError, match="location_id="):
            location_of(client)


@pytest.mark.parametrize("form", ["id", "match"])
async def test_a_matcher_may_answer_as_it_likes(move: Move, form: str) -> None:
    """An id or a match names the contact."""
    other = move.fake.contact_ids()[2]

    async def mine(person: SourceContact, client: Client) -> Match | str:
        assert client is move.client
        return other if form == "id" else Match(contact_id=other, reason="by hand")

    plan = await move.plan(move.lone("x"), match=mine)

    assert [step.line.contact_id for step in plan.steps] == [other]


@pytest.mark.parametrize(
    ("answer", "result", "reason"),
    [
        (None, "unmatched", "nobody was found"),
        ("", "unmatched", "nobody was found"),
        (Match(reason="not yet"), "unmatched", "not yet"),
        (Match(reason="twins", conflict=True), "conflict", "twins"),
    ],
)
async def test_a_matcher_may_find_nobody(
    move: Move, answer: Match | str | None, result: str, reason: str
) -> None:
    """Nobody is an answer too, and its reason is told."""

    async def mine(person: SourceContact, client: Client) -> Match | str | None:
        return answer

    (step,) = (await move.plan(move.lone("x"), match=mine)).steps

    assert (step.draft, step.line.result, step.line.reason) == (None, result, reason)
    assert step.line.source_contact == move.people[0].name


async def test_a_search_that_is_refused_is_about_one_person() -> None:
    """A search that HighLevel does not take fails the notes of that person alone."""
    async with moving() as move:
        source = move.source(each=2)

        async def mine(person: SourceContact, client: Client) -> Match:
            if person == move.people[0]:
                await client.contacts.get("nobody")
            return await by_email_then_phone(person, client)

        plan = await move.plan(source, match=mine)

    assert plan.report.counts == {"create": 4, "failed": 2}
    failed = [step.line for step in plan.steps if step.line.result == "failed"]
    assert {line.source_contact_id for line in failed} == {move.people[0].id}
    assert all(line.reason.startswith("searching failed: ") for line in failed)
    assert not plan.report.fine


async def test_additional_addresses_are_carried_too(move: Move) -> None:
    """A contact that has an address besides its main one is who it is about."""
    contact_id = move.fake.add_contact(
        email="jane@example.com",
        additionalEmails=[{"email": "jane.office@example.com"}],
        additionalPhones=[{"phone": "+442079460958"}],
    )
    for person in (
        somebody("jane.office@example.com"),
        somebody(phones=("+44 (0)20 7946 0958",)),
    ):
        assert (await by_email_then_phone(person, move.client)).contact_id == contact_id
