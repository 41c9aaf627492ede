"""What a location holds before anyone writes to it: computed from an index, never stored."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from html import unescape

from attrs import field, frozen

from ghl_notes.testing.ids import Ids, Kind
from ghl_notes.testing.replies import Payload

__all__ = ["Population", "iso", "plain_text"]

_FIRST = (  # noqa: SIM905 - names read best in a row
    "Ada Boris Chloe Dmitri Elena Farid Grace Hugo Ines Jonas Katya Liam Mina Noah Olga Pedro "
    "Quinn Rosa Samir Tessa Umar Vera Wen Xenia Yusuf Zoe"
).split()
_LAST = (  # noqa: SIM905 - names read best in a row
    "Abbott Brandt Castro Dubois Eriksen Fischer Garcia Haddad Ivanova Jensen Khan Larsen "
    "Moreau Novak Okafor Petrov Quist Rossi Schmidt Tanaka Ueda Varga Weber Xu Young Zhang"
).split()
_TAGS = ("follow-up", "newsletter", "vip", "trial", "partner")
_TEXTS = (
    "Spoke on the phone and agreed on a demo next week.",
    "Left a voicemail, will try again tomorrow.",
    "Asked for the price list; sent it by mail.",
    "Wants to bring two colleagues to the meeting.",
    "Contract signed, hand over to onboarding.",
    "Budget is frozen until the next quarter.",
    "Happy with the product, open to a case study.",
)
_COLORS = ("#FFAA00", "#22AA66", "#3366FF")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ADDED_FROM = 1_735_689_600_000  # 2025-01-01, in ms
_UPDATED_FROM = 1_751_328_000_000  # 2025-07-01, after every date of adding
_SPAN = 180 * 86_400_000
_STEP = 60_000
_NOTE_STEP = 11_233_000
_EMAIL = re.compile(r"[a-z]+\.[a-z]+\.([0-9]{1,12})@example\.com")
_PHONE = re.compile(r"\+1555([0-9]{7})")
_PHONES = 10_000_000
_BUSINESS = "6a59d5ac"
_TAG = re.compile(
    r"</?(?:a|b|body|br|code|div|em|h[1-6]|hr|i|img|li|ol|p|s|span|strong|table|td|th|tr|u|ul)"
    r"(?:[\s/][^<>]*)?>",
    re.IGNORECASE,
)


def iso(ms: int) -> str:
    """Write a time the way HighLevel does: UTC, milliseconds, Z."""
    moment = _EPOCH + timedelta(milliseconds=ms)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _nth(every: int, index: int) -> bool:
    return index % every == every - 1


def plain_text(body: str) -> str:
    """Give the ``bodyText`` of a body: without tags. Recorded: plain text comes back unchanged."""
    stripped = _TAG.sub("", body)
    return body if stripped == body else unescape(stripped)


@frozen
class Population:
    """The contacts and notes of one location, each a pure function of its index.

    Contacts are added in the order of their index and updated in another one; both orders can be
    entered at any point without walking there.
    """

    ids: Ids
    location: int
    contacts: int
    notes_per_contact: int
    users: Sequence[str]
    location_id: str = field(init=False)
    _step: int = field(init=False)
    _stride: int = field(init=False)
    _inverse: int = field(init=False)
    businesses: Mapping[str, str] = field(init=False)

    @location_id.default
    def _name_location(self) -> str:
        return self.ids.encode(Kind.LOCATION, self.location)

    @_step.default
    def _fit_step(self) -> int:
        return max(1, min(_STEP, _SPAN // max(1, self.contacts)))

    @_stride.default
    def _find_stride(self) -> int:
        stride = max(1, round(self.contacts * 0.618))
        while math.gcd(stride, self.contacts or 1) != 1:
            stride += 1
        return stride

    @_inverse.default
    def _invert_stride(self) -> int:
        return pow(self._stride, -1, self.contacts) if self.contacts > 1 else 0

    @businesses.default
    def _name_businesses(self) -> Mapping[str, str]:
        # The ids of businesses are of another make than all others: 24 hexadecimal digits.
        named = enumerate(_LAST)
        return {_business_id(self.location, number): f"{last} Group" for number, last in named}

    def added(self, index: int) -> int:
        """Tell when a contact was added, in ms. Later indexes were added later."""
        return _ADDED_FROM + index * self._step + index * 7919 % self._step

    def updated(self, index: int) -> int:
        """Tell when a contact was last updated, in ms."""
        return self.updated_at(index * self._stride % self.contacts)

    def updated_at(self, rank: int) -> int:
        """Tell when the contact of this rank in the order of updates was updated, in ms."""
        return _UPDATED_FROM + rank * self._step + rank * 104_729 % self._step

    def ranked(self, rank: int) -> int:
        """Tell which contact has this rank in the order of updates."""
        return rank * self._inverse % self.contacts

    def contact_id(self, index: int) -> str:
        """Name a contact."""
        return self.ids.encode(Kind.CONTACT, self.location, index)

    def person(self, index: int) -> Payload:
        """Give the fields that people search by. Some contacts have no email, some no phone."""
        first = _FIRST[index * 7 % len(_FIRST)]
        last = _LAST[(index // len(_FIRST) + index) % len(_LAST)]
        email = f"{first}.{last}.{index}@example.com".lower()
        return {
            "firstName": first,
            "lastName": last,
            "email": None if _nth(17, index) else email,
            "phone": None if _nth(13, index) else f"+1555{index % _PHONES:07d}",
            "companyName": None if _nth(3, index) else f"{last} & Co",
            "type": "customer" if _nth(4, index) else "lead",
            "source": "public api" if _nth(5, index) else None,
            "tags": [_TAGS[index % len(_TAGS)]] if index % 2 else [],
        }

    def holders(self, name: str, value: str) -> Iterator[int]:
        """Name the contacts that may have this email or phone, without looking at all."""
        found = (_EMAIL if name == "email" else _PHONE).fullmatch(value)
        if found is None:
            return iter(())
        return iter(range(int(found[1]), self.contacts, _PHONES))

    def business(self, index: int) -> int:
        """Tell the number of the business that a contact is of: one for each last name."""
        return (index // len(_FIRST) + index) % len(_LAST)

    def business_id(self, index: int) -> str:
        """Name the business of a contact."""
        return _business_id(self.location, self.business(index))

    def in_business(self, business_id: str) -> Iterator[int]:
        """Name the contacts of a business."""
        if business_id not in self.businesses:
            return iter(())
        number = list(self.businesses).index(business_id)
        return (index for index in range(self.contacts) if self.business(index) == number)

    def note_id(self, contact: int, number: int) -> str:
        """Name a note by the number it has among its contact's."""
        return self.ids.encode(Kind.NOTE, self.location, contact, number)

    def note(self, contact: int, number: int) -> Payload:
        """Give a note in wire form. Some are rich text; some have a title, a color or a pin."""
        text = f"{_TEXTS[(contact * 3 + number) % len(_TEXTS)]} [{contact}-{number}]"
        body = f"<p><strong>Note:</strong> {text}</p>" if _nth(5, number + 1) else text
        extras: Payload = {}
        if _nth(4, number + 1):
            extras = {"title": f"Call {number}", "color": _COLORS[number % len(_COLORS)]}
        return note_payload(
            note_id=self.note_id(contact, number),
            contact_id=self.contact_id(contact),
            added=self.note_added(contact, number),
            fields={
                "body": body,
                "userId": self.users[number % len(self.users)] if number % 3 else None,
                "pinned": _nth(7, number),
                **extras,
            },
        )

    def note_added(self, contact: int, number: int) -> int:
        """Tell when a note was added, in ms: after its contact, later numbers later."""
        step = max(1, min(_NOTE_STEP, _SPAN // max(1, self.notes_per_contact)))
        return self.added(contact) + (number + 1) * step


def _business_id(location: int, number: int) -> str:
    return f"{_BUSINESS}{location:08x}{number:08x}"


def note_payload(*, note_id: str, contact_id: str, added: int, fields: Payload) -> Payload:
    """Lay a note out as recorded: no title or color unless set, userId null in nobody's name."""
    body = fields["body"]
    note: Payload = {
        "id": note_id,
        "body": body,
        "bodyText": plain_text(body) if isinstance(body, str) else body,
        "userId": fields.get("userId"),
        "dateAdded": iso(added),
        "contactId": contact_id,
        "pinned": fields.get("pinned", False),
        "relations": [],
    }
    note.update({name: fields[name] for name in ("title", "color") if name in fields})
    return note
