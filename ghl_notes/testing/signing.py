"""The keys with which the pretend HighLevel signs its webhooks."""

import random
from base64 import b64encode
from functools import cached_property

from attrs import define, field
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

__all__ = ["Keys"]

_EXPONENT = 65_537
_BITS = 4096  # as HighLevel's


@define(eq=False)
class Keys:
    """An Ed25519 key pair, and an RSA one that is made when it is first asked for.

    The first comes from ``rng`` and is the same in every run of a seed; the second is another one
    in each run. Public keys are base64 of SPKI, as HighLevel prints them.
    """

    rng: random.Random
    _current: ed25519.Ed25519PrivateKey = field(init=False, repr=False)

    @_current.default
    def _make_current(self) -> ed25519.Ed25519PrivateKey:
        return ed25519.Ed25519PrivateKey.from_private_bytes(self.rng.randbytes(32))

    @cached_property
    def _legacy(self) -> rsa.RSAPrivateKey:
        return rsa.generate_private_key(_EXPONENT, _BITS)

    @property
    def public(self) -> str:
        """The public key of ``sign``."""
        return _spki(self._current.public_key())

    @property
    def legacy_public(self) -> str:
        """The public key of ``sign_legacy``."""
        return _spki(self._legacy.public_key())

    def sign(self, body: bytes) -> dict[str, str]:
        """Give the header that HighLevel sends today."""
        return {"X-GHL-Signature": _text(self._current.sign(body))}

    def sign_legacy(self, body: bytes) -> dict[str, str]:
        """Give the header that HighLevel sent until September 2026: RSA PKCS#1 v1.5, SHA-256."""
        return {"X-WH-Signature": _text(self._legacy.sign(body, padding.PKCS1v15(), SHA256()))}


def _spki(key: ed25519.Ed25519PublicKey | rsa.RSAPublicKey) -> str:
    return _text(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def _text(data: bytes) -> str:
    return b64encode(data).decode()
