"""What a client needs of an authentication: a token now, and a newer one than a refused one."""

from typing import NoReturn, Protocol, runtime_checkable

from ghl_notes.errors import AccessDenied, ConfigurationError
from ghl_notes.models.values import is_bearer

__all__ = ["Auth", "DatedAuth", "StaticToken"]


@runtime_checkable
class Auth(Protocol):
    """Anything that hands out bearer tokens. Both methods are called by many tasks at once."""

    async def token(self) -> str:
        """Return a token that should work now, renewing it first if it is about to end."""
        ...

    async def renew(self, stale: str) -> str:
        """Return a token other than ``stale``, which HighLevel has just refused.

        Return the present token if it is another one already; renew otherwise, once for all
        callers that ask at the same time.
        """
        ...


@runtime_checkable
class DatedAuth(Protocol):
    """What an ``Auth`` may offer besides: how old its tokens are.

    A token that is refused within its first minute, in words that do not name it, is not renewed:
    it cannot be the fault. Without this method that is known only of tokens that ``renew`` gave.
    """

    def age(self, token: str) -> float | None:
        """Return how many seconds ago this token was made; None if unknown, or if it has ended."""
        ...


def checked_token(token: object) -> str:
    """Take what an ``Auth`` has returned, if a header can hold it.

    Raises ``ConfigurationError``, which does not quote it.
    """
    if is_bearer(token):
        return token
    msg = "auth must return tokens as ASCII text without control characters"
    raise ConfigurationError(msg)


class StaticToken:
    """A token that never changes, such as a private integration token (``pit-...``)."""

    def __init__(self, token: str) -> None:
        # A header value cannot hold anything else, and a stray newline is a common paste error.
        if not isinstance(token, str) or not token.strip() or not token.strip().isascii():
            msg = "token must be a non-empty string, such as a private integration token (pit-...)"
            raise ConfigurationError(msg)
        self._token = token.strip()
        if not self._token.isprintable() or " " in self._token:
            msg = "token must be one word without spaces or control characters"
            raise ConfigurationError(msg)

    async def token(self) -> str:
        """Return the token."""
        return self._token

    async def renew(self, stale: str) -> NoReturn:  # noqa: ARG002 - the protocol's argument
        """Raise ``AccessDenied``: only a person can make another token."""
        msg = "HighLevel refused the token: check it, or make a new private integration token"
        raise AccessDenied(msg, reason="token", status=401)

    def __repr__(self) -> str:
        """Show that there is a token, not which."""
        return "StaticToken(***)"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        """Refuse to be pickled, which would write the token out."""
        msg = "StaticToken holds secrets and is not pickled; make it anew from its token"
        raise TypeError(msg)
