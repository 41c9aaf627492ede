"""Which scopes an app must ask for, by what it wants to do."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

from ghl_notes.errors import ConfigurationError
from ghl_notes.http.operations import OPERATIONS

_USES: Final = {
    name: {one.scope for one in OPERATIONS if name in (*one.served_by, *one.kinds)}
    for each in OPERATIONS
    for name in (*each.served_by, *each.kinds)
}


def scopes_for(uses: Iterable[str]) -> tuple[str, ...]:
    """Tell the scopes that these methods, or kinds of methods, need."""
    wanted: set[str] = set()
    for use in uses:
        if not isinstance(use, str) or use not in _USES:
            near = get_close_matches(str(use), _USES, n=3)
            kinds = sorted(name for name in _USES if "." not in name)
            hint = f"did you mean {', '.join(near)}?" if near else f"kinds are {', '.join(kinds)}"
            msg = f"no method of a client is called {str(use)[:60]!r}; {hint}"
            raise ConfigurationError(msg)
        wanted |= _USES[use]
    if not wanted:
        msg = "name at least one method, such as notes.list, or kind, such as tasks"
        raise ConfigurationError(msg)
    return tuple(sorted(wanted))
