"""Who in HighLevel a note is about: by email, then by phone, and never by a guess."""

import re
import unicodedata
from collections.abc import Awaitable, Callable, Iterable
from typing import Final, TypeAlias

from attrs import frozen

from ghl_notes.client import Client
from ghl_notes.errors import ConfigurationError
from ghl_notes.migrate.models import Plan
from ghl_notes.models import Contact
from ghl_notes.sources.models import SourceContact


@frozen(kw_only=True)
class Match:
    """What a search for one person found: a contact, nobody, or more than one (``conflict``).

    ``reason`` says by what, or why not.
    """

    contact_id: str | None = None
    reason: str = ""
    conflict: bool = False


def location_of(client: Client) -> str:
    """Name the location that a client is for. Raises ``ConfigurationError`` if it is for none."""
    if client.location_id is None:
        msg = "the client must be for one location: Client(location_id=...)"
        raise ConfigurationError(msg)
    return client.location_id


def client_of(plan: Plan, client: Client | None) -> Client:
    """Return the client to use for a plan, if it is one for its location."""
    client = client or plan.client
    if client is None:
        msg = "a plan from a file has no client: pass client="
        raise ConfigurationError(msg)
    if client.location_id not in (None, plan.location_id):
        msg = f"the plan is for {plan.location_id}, and the client for {client.location_id}"
        raise ConfigurationError(msg)
    return client


Matcher: TypeAlias = Callable[[SourceContact, Client], Awaitable[Match | str | None]]
"""Finds the HighLevel contact of a person; a contact's id or None will do as an answer."""


def normal_email(email: str) -> str:
    """Write an email address as it is compared."""
    # Letters alone that are no others elsewhere: the sign for Kelvin would become a k.
    return "".join(one.lower() if one.isascii() else one for one in email.strip())


# The zero that is dialled only within a country, as in +44 (0)20 7946 0958.
_TRUNK: Final = re.compile(r"((?:\+|00) ?([0-9]{1,3})[ .-]*)\( *0 *\)").match
# Where the zero is part of a number abroad too, "(0)" may mean either.
_ZERO_STAYS: Final = frozenset(("39", "225", "241", "242", "378", "379"))
_BETWEEN: Final = re.compile(r"[ ()./-]+").sub
_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}").fullmatch


def normal_phone(phone: str) -> str | None:
    """Write a phone number as E.164; None without a country, or if anything is left over.

    A number with an extension, a second number or a letter is None too: without them it may be the
    number of another person.
    """
    given = "".join(map(_ascii, phone.strip()))
    trunk = _TRUNK(given)
    if trunk is not None:
        if trunk[2] in _ZERO_STAYS:
            return None
        given = trunk[1] + given[trunk.end() :]
    number = _BETWEEN("", given)
    number = f"+{number[2:]}" if number.startswith("00") else number
    return number if _E164(number) else None


def _ascii(letter: str) -> str:
    """Write a digit, a space or a dash of any script as in ASCII, and nothing for what is unseen.

    A digit that is raised or in a circle is a footnote, and stays what it is.
    """
    if letter.isascii():
        return letter
    kind = unicodedata.category(letter)
    if kind == "Nd":
        return str(unicodedata.decimal(letter))
    return {"Zs": " ", "Pd": "-", "Cf": ""}.get(kind, "+" if letter == "\uff0b" else letter)


async def by_email_then_phone(person: SourceContact, client: Client) -> Match:
    """Search by each email address, then by each phone number, until all are accounted for.

    A hit counts only if it really carries what was searched for. What it carries besides is not
    searched for again, so most people cost one request. Two different hits are a conflict.
    """
    emails = _each_once(map(normal_email, person.emails))
    phones = _each_once(map(normal_phone, person.phones))
    if not emails and not phones:
        return Match(reason="no email address and no phone number with its country")
    found: dict[str, str] = {}
    carried: set[str] = set()
    for address, is_email in [*((one, True) for one in emails), *((one, False) for one in phones)]:
        if address in carried:
            continue
        asked = {"email": address} if is_email else {"phone": address}
        hit = await client.contacts.duplicate(**asked)
        if hit is not None and address in _carried(hit.contact):
            carried |= _carried(hit.contact)
            found.setdefault(hit.contact.id, address)
    if len(found) > 1:
        ids = " and ".join(f"{contact_id} ({by})" for contact_id, by in found.items())
        return Match(reason=f"more than one contact: {ids}", conflict=True)
    for contact_id, by in found.items():
        return Match(contact_id=contact_id, reason=f"by {by}")
    return Match(reason=f"no contact has {' or '.join([*emails, *phones])}")


def _each_once(values: Iterable[str | None]) -> list[str]:
    return list(dict.fromkeys(value for value in values if value))


def _carried(contact: Contact) -> set[str]:
    phones = map(normal_phone, (contact.phone or "", *contact.additional_phones))
    emails = map(normal_email, (contact.email or "", *contact.additional_emails))
    return {*emails, *filter(None, phones)}
