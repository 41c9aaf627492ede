"""How contacts are laid out in replies: as read by their id, and as found by a search."""

from ghl_notes.testing.contact_fields import spelled_dnd
from ghl_notes.testing.place import DateField, Place, contact_dates
from ghl_notes.testing.replies import Payload

__all__ = ["contact_found", "contact_listed", "contact_read", "full_name"]

_READ_LISTS = ("customFields", "additionalEmails", "additionalPhones")
_FOUND_NULLS = (
    "phoneLabel",
    "website",
    "state",
    "city",
    "dateOfBirth",
    "assignedTo",
    "validEmail",
    "postalCode",
    "timezone",
)
_FOUND_LISTS = (*_READ_LISTS, "followers", "opportunities")
_FOUND_OBJECTS = (
    "dndSettings",
    "inboundDndSettings",
    "attributionSource",
    "lastAttributionSource",
)
_FOUND_BLANK: Payload = {
    **dict.fromkeys(_FOUND_NULLS),
    "country": "US",
    "dnd": False,
    **{name: [] for name in _FOUND_LISTS},
    **{name: {} for name in _FOUND_OBJECTS},
}
_NOT_FOUND = ("address1", "gender", "createdBy")


def full_name(person: Payload) -> str:
    """Give first and last name, as far as they are known."""
    first, last = person.get("firstName"), person.get("lastName")
    return f"{first} {last}" if first and last else str(first or last or "")


def contact_read(place: Place, index: int, *, v3: bool = False) -> Payload:
    """Lay a contact out as reading it by its id does: what is not set is not there."""
    person = place.person(index)
    dates = contact_dates(place, index)
    contact: Payload = {
        "id": place.population.contact_id(index),
        "name": full_name(person) or None,
        "locationId": place.population.location_id,
        "businessId": place.business_id(index),
        "country": "US",
        "createdBy": {"source": "INTEGRATION", "timestamp": dates["dateAdded"]},
        **{name: [] for name in _READ_LISTS},
        **person,
        **dates,
        "emailLowerCase": _lower(person.get("email")),
        **_lower_names(person),
        "fullNameLowerCase": full_name(person).lower() or None,
    }
    there = {name: value for name, value in contact.items() if value is not None}
    return spelled_dnd(there, v3=v3)


def contact_listed(place: Place, index: int, *, v3: bool = False) -> Payload:
    """Lay a contact out for the lists that are older than the search."""
    contact = contact_read(place, index, v3=v3)
    usual: Payload = {"contactName": full_name(contact).lower(), "attributions": []}
    # Seen live: names in small letters, and beside them as they were written.
    names = {name: contact[name] for name in ("firstName", "lastName") if name in contact}
    lowered: Payload = {name: str(written).lower() for name, written in names.items()}
    raw: Payload = {f"{name}Raw": written for name, written in names.items()}
    return {**usual, "followers": [], **contact, **lowered, **raw}


def contact_found(place: Place, index: int, date: DateField, *, v3: bool = False) -> Payload:
    """Lay a contact out as recorded in a search reply: every field, null where not set."""
    person = place.person(index)
    contact_id = place.population.contact_id(index)
    business_id = place.business_id(index)
    contact: Payload = {
        "id": contact_id,
        **_FOUND_BLANK,
        "address": person.get("address1"),
        **person,
        **contact_dates(place, index),
        "locationId": place.population.location_id,
        "businessId": business_id,
        "businessName": place.population.businesses.get(str(business_id)),
        **_lower_names(person),
        "contactName": full_name(person).lower() or None,
        # Recorded: the cursor is the date sorted by, and the id.
        "searchAfter": [place.moment(index, date), contact_id],
    }
    for name in _NOT_FOUND:
        contact.pop(name, None)
    return spelled_dnd(contact, v3=v3)


def _lower_names(person: Payload) -> Payload:
    return {
        "firstNameLowerCase": _lower(person.get("firstName")),
        "lastNameLowerCase": _lower(person.get("lastName")),
    }


def _lower(value: object) -> str | None:
    return str(value).lower() if value else None
