"""The keys under which the installs of a fake's app are stored."""

from ghl_notes.models import Owner, company_key, location_key
from ghl_notes.testing import FakeHighLevel


def owner_on(fake: FakeHighLevel) -> Owner:
    return Owner("highlevel", fake.app.client_id)


def location_on(fake: FakeHighLevel, location_id: str | None = None) -> str:
    return location_key(location_id or fake.location_id, owner_on(fake))


def company_on(fake: FakeHighLevel) -> str:
    return company_key(fake.company_id, owner_on(fake))
