"""Which install a caller means: that of one location, or that of one agency."""

from ghl_notes.errors import ConfigurationError
from ghl_notes.http.protocol import segment
from ghl_notes.models import Owner, company_key, location_key

__all__ = ["check_ids", "named_key"]


def check_ids(location_id: str, company_id: str | None) -> None:
    """Raise ``ConfigurationError`` for ids that no URL can carry."""
    segment("location_id", location_id)
    if company_id is not None:
        segment("company_id", company_id)


def named_key(owner: Owner, location_id: str | None, company_id: str | None) -> str:
    """Return the key of the install that is named.

    Raises ``ConfigurationError`` for both ids or neither, and for one that no URL can carry.
    """
    if location_id is not None and company_id is None:
        segment("location_id", location_id)
        return location_key(location_id, owner)
    if company_id is not None and location_id is None:
        segment("company_id", company_id)
        return company_key(company_id, owner)
    msg = "give either location_id or company_id"
    raise ConfigurationError(msg)
