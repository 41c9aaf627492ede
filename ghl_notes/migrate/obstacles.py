"""Why a note that is not there had better not be written: it seems to be elsewhere already."""

from collections.abc import Collection, Iterable

from ghl_notes.migrate.markers import is_cut_otherwise


def obstacle(
    key: str, *, there: Iterable[str], moved_to: Iterable[str], planned: Collection[str]
) -> str | None:
    """Say what stands in the way, if anything does.

    ``there`` are the keys of the moved notes that the contact has, ``moved_to`` the contacts to
    which the ledger says this one went, and ``planned`` those to which it is to go.
    """
    strayed = next((one for one in moved_to if one not in planned), None)
    if strayed is not None:
        return f"it was moved before, to the contact {strayed}"
    if is_cut_otherwise(key, there):
        return "it is there in another number of parts: delete those to move it anew"
    return None
