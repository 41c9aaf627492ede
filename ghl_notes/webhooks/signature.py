"""Whether HighLevel has signed a webhook: Ed25519 over the raw bytes, as it documents.

https://marketplace.gohighlevel.com/docs/webhook/WebhookIntegrationGuide
"""

from base64 import b64decode, b64encode
from collections.abc import Sequence
from functools import cache
from typing import Final, TypeAlias

from attrs import frozen
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    load_der_public_key,
    load_pem_public_key,
)

from ghl_notes.errors import ConfigurationError, WebhookRejected
from ghl_notes.webhooks.headers import Found, Headers, find

__all__ = [
    "HEADERS",
    "PUBLISHED_KEY",
    "PUBLISHED_LEGACY_KEY",
    "Keys",
    "Signature",
    "Verifier",
    "verify",
]

PUBLISHED_KEY: Final = "MCowBQYDK2VwAyEAi2HR1srL4o18O8BRa7gVJY7G7bupbN3H9AwJrHCDiOg="
"""HighLevel's Ed25519 key, one for all apps, as its webhook guide prints it."""

PUBLISHED_LEGACY_KEY: Final = (
    "MIICIjANBgkqhkiG9w0BAQEFAAOCAg8AMIICCgKCAgEAokvo/r9tVgcfZ5DysOSCFrm602qYV0Ma"
    "AiNnX9O8KxMbiyRKWeL9JpCpVpt4XHIcBOK4u3cLSqJGOLaPuXw6dO0t6Q/ZVdAV5Phz+ZtzPL16"
    "iCGeK9po6D6JHBpbi989mmzMryUnQJezlYJ3DVfBcsedpinheNnyYeFXolrJvcsjDtfAeRx5ByHQ"
    "mTnSdFUzuAnC9/GepgLT9SM4nCpvuxmZMxrJt5Rw+VUaQ9B8JSvbMPpez4peKaJPZHBbU3OdeCVx"
    "5klVXXZQGNHOs8gF3kvoV5rTnXV0IknLBXlcKKAQLZcY/Q9rG6Ifi9c+5vqlvHPCUJFT5XUGG5RK"
    "gOKUJ062fRtN+rLYZUV+BjafxQauvC8wSWeYja63VSUruvmNj8xkx2zE/Juc+yjLjTXpIocmaiFe"
    "AO6fUtNjDeFVkhf5LNb59vECyrHD2SQIrhgXpO4Q3dVNA5rw576PwTzNh/AMfHKIjE4xQA1SZuYJ"
    "mNnmVZLIZBlQAF9Ntd03rfadZ+yDiOXCCs9FkHibELhCHULgCsnuDJHcrGNd5/Ddm5hxGQ0ASitg"
    "HeMZ0kcIOwKDOzOU53lDza6/Y09T7sYJPQe7z0cvj7aE4B+Ax1ZoZGPzpJlZtGXCsu9aTEGEnKzm"
    "sFqwcSsnw3JB31IGKAykT1hhTiaCeIY/OwwwNUY2yvcCAwEAAQ=="
)
"""HighLevel's RSA key, for the signatures that it announced to end on 1 September 2026."""

Keys: TypeAlias = str | Sequence[str]
"""A public key as base64 of SPKI or as PEM, or several, of which one must fit."""

_HEADER: Final = "x-ghl-signature"
_LEGACY_HEADER: Final = "x-wh-signature"
HEADERS: Final = frozenset((_HEADER, _LEGACY_HEADER))
"""The headers in which a signature may stand."""

_ED25519_BYTES: Final = 64
_LEAST_RSA_BITS: Final = 2048


def verify(
    headers: Headers,
    body: bytes,
    *,
    key: Keys = PUBLISHED_KEY,
    legacy_key: Keys | None = None,
) -> None:
    """Make sure that HighLevel signed ``body``: the raw bytes, before anything decodes them.

    ``headers`` are the request's: any mapping, in any case, or pairs, of str or of bytes. Give
    several keys while HighLevel changes its own. With ``legacy_key`` (``PUBLISHED_LEGACY_KEY``) a
    webhook that has no Ed25519 signature may have the RSA one of before; one whose Ed25519
    signature is wrong may not, and neither may one that has two. Raises ``WebhookRejected`` with
    status 401, and ``ConfigurationError`` for a bad key, or for what cannot be headers.

    A good signature does not say for which app the webhook is: all apps share HighLevel's key.
    ``Webhooks`` looks into that, and into repetition.
    """
    if not isinstance(body, bytes):
        msg = "body must be the raw bytes of the request, as they came"
        raise ConfigurationError(msg)
    verifier = Verifier.of(key, legacy_key)
    verifier.check(verifier.signature(find(headers, HEADERS)), body)


@frozen
class Signature:
    """A signature that is well-formed, and not yet held against anything."""

    value: bytes
    legacy: bool


@frozen
class Verifier:
    """The keys that a signature is held against, loaded and checked."""

    current: tuple[Ed25519PublicKey, ...]
    legacy: tuple[RSAPublicKey, ...]

    @classmethod
    def of(cls, key: Keys, legacy_key: Keys | None) -> "Verifier":
        """Load the keys. Raises ``ConfigurationError`` for one that cannot be used."""
        current = tuple(_ed25519(text) for text in _texts(key, "key"))
        if legacy_key is None:
            return cls(current, ())
        return cls(current, tuple(_rsa(text) for text in _texts(legacy_key, "legacy_key")))

    def signature(self, found: Found) -> Signature:
        """Take the signature from the headers, before there is a body to hold it against.

        Raises ``WebhookRejected`` without one that could be a signature by one of the keys.
        """
        current = _only(found.get(_HEADER, ()))
        if current is not None:
            return Signature(_decoded(current, {_ED25519_BYTES}), legacy=False)
        legacy = _only(found.get(_LEGACY_HEADER, ())) if self.legacy else None
        if legacy is None:
            raise _refused("it has no signature")
        return Signature(_decoded(legacy, {key.key_size // 8 for key in self.legacy}), legacy=True)

    def check(self, signature: Signature, body: bytes) -> None:
        """Raise ``WebhookRejected`` unless it is the signature of this body."""
        if signature.legacy:
            self._check_legacy(signature.value, body)
        else:
            self._check_current(signature.value, body)

    def _check_current(self, signature: bytes, body: bytes) -> None:
        for key in self.current:
            try:
                return key.verify(signature, body)
            except InvalidSignature:
                continue
        raise _refused("its signature does not fit")

    def _check_legacy(self, signature: bytes, body: bytes) -> None:
        for key in self.legacy:
            try:
                return key.verify(signature, body, PKCS1v15(), SHA256())
            except InvalidSignature:
                continue
        raise _refused("its legacy signature does not fit")


def _only(values: Sequence[str]) -> str | None:
    """Return the one value of a header, or None where there is no signature."""
    if len(values) > 1:
        raise _refused("it has two signatures of one kind")
    # Documented: what is not signed in one of the two ways says so.
    return None if not values or values[0].strip() in ("", "N/A") else values[0]


def _decoded(signature: str, sizes: set[int]) -> bytes:
    """Decode base64 as it is written, so that no second spelling stands for one signature."""
    try:
        decoded = b64decode(signature, validate=True)
    except ValueError:
        decoded = b""
    if len(decoded) not in sizes or b64encode(decoded).decode() != signature:
        raise _refused("its signature is not base64 of the right length")
    return decoded


def _texts(key: Keys, name: str) -> Sequence[str]:
    texts = [key] if isinstance(key, str) else key
    if isinstance(texts, Sequence) and texts and all(isinstance(text, str) for text in texts):
        return texts
    msg = f"{name} must be a public key as text, or several of them"
    raise ConfigurationError(msg)


def _ed25519(text: str) -> Ed25519PublicKey:
    key = _loaded(text)
    if isinstance(key, Ed25519PublicKey):
        return key
    msg = "key must be an Ed25519 public key, as base64 of SPKI or as PEM"
    raise ConfigurationError(msg)


def _rsa(text: str) -> RSAPublicKey:
    key = _loaded(text)
    if isinstance(key, RSAPublicKey) and key.key_size >= _LEAST_RSA_BITS:
        return key
    msg = f"legacy_key must be an RSA public key of {_LEAST_RSA_BITS} bits at least"
    raise ConfigurationError(msg)


@cache
def _loaded(text: str) -> object:
    """Load a public key of any kind; None for what is none."""
    try:
        if "-----BEGIN" in text:
            return load_pem_public_key(text.encode())
        return load_der_public_key(b64decode("".join(text.split()), validate=True))
    except (ValueError, UnsupportedAlgorithm):
        return None


def _refused(why: str) -> WebhookRejected:
    return WebhookRejected(f"the webhook is not from HighLevel: {why}", status=401)
