"""Whose signature is believed: HighLevel's, over the raw bytes, and no other."""

import base64
from collections.abc import Callable
from email.message import Message
from types import MappingProxyType

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict, CIMultiDictProxy, MultiDict
from starlette.datastructures import Headers

from ghl_notes.errors import ConfigurationError, WebhookRejected
from ghl_notes.webhooks import PUBLISHED_KEY, PUBLISHED_LEGACY_KEY, verify

BODY = b'{"type":"NoteCreate","body":"caf\xc3\xa9"}'
PRIVATE, OTHER = ed25519.Ed25519PrivateKey.generate(), ed25519.Ed25519PrivateKey.generate()
RSA = rsa.generate_private_key(65_537, 2048)


def spki(private: ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey, kind: str = "DER") -> str:
    data = private.public_key().public_bytes(
        getattr(serialization.Encoding, kind), serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return data.decode() if kind == "PEM" else base64.b64encode(data).decode()


def signed(body: bytes = BODY, private: ed25519.Ed25519PrivateKey = PRIVATE) -> str:
    return base64.b64encode(private.sign(body)).decode()


def signed_before(body: bytes = BODY) -> str:
    return base64.b64encode(RSA.sign(body, padding.PKCS1v15(), hashes.SHA256())).decode()


KEY, OTHER_KEY, LEGACY_KEY = spki(PRIVATE), spki(OTHER), spki(RSA)


Form = Callable[[list[tuple[str, str]]], object]
"""How a framework holds headers, made from pairs."""


def as_bytes(pairs: list[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    """Give headers as ASGI does."""
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in pairs]


def message(pairs: list[tuple[str, str]]) -> Message:
    """Give headers as the standard library does."""
    headers = Message()
    for name, value in pairs:
        headers[name] = value
    return headers


def accepted(headers: object, body: bytes = BODY, **keys: object) -> bool:
    """Tell whether it is believed; a refusal counts as one only with its 401."""
    try:
        verify(headers, body, **{"key": KEY, **keys})
    except WebhookRejected as error:
        return error.status != 401
    return True


def test_a_signed_body_is_believed() -> None:
    """What HighLevel signed passes, and gives nothing back."""
    assert accepted({"X-GHL-Signature": signed()})
    assert verify({"X-GHL-Signature": signed()}, BODY, key=KEY) is None


@pytest.mark.parametrize("name", ["X-GHL-Signature", "x-ghl-signature", "X-Ghl-SIGNATURE"])
@pytest.mark.parametrize(
    "form",
    [
        dict,
        lambda pairs: MappingProxyType(dict(pairs)),
        MultiDict,
        CIMultiDict,
        lambda pairs: CIMultiDictProxy(CIMultiDict(pairs)),
        lambda pairs: Headers(dict(pairs)),
        lambda pairs: Headers(raw=as_bytes(pairs)),
        message,
        list,
        tuple,
        iter,
        lambda pairs: [list(pair) for pair in pairs],
        as_bytes,
        lambda pairs: dict(as_bytes(pairs)),
        lambda pairs: (pair for pair in as_bytes(pairs)),
        lambda pairs: [(name.encode(), value) for name, value in pairs],
    ],
)
def test_headers_of_any_framework(form: Form, name: str) -> None:
    """Headers are a mapping or pairs, of str or bytes, in any case."""
    pairs = [("Host", "a"), (name, signed()), ("accept", "*/*"), ("x-ü", "ü")]

    assert accepted(form(pairs))
    assert not accepted(form([*pairs[:1], *pairs[2:]]))


@pytest.mark.parametrize(
    "odd",
    [
        None,
        5,
        "X-GHL-Signature",
        b"X-GHL-Signature",
        ["ab"],
        [("X-GHL-Signature",)],
        [("X-GHL-Signature", "a", "b")],
        [(5, "a")],
        {5: "a"},
        {"X-GHL-Signature": 5},
        {"X-GHL-Signature": ["a"]},
        [("X-GHL-Signature", None)],
        object(),
    ],
)
def test_what_cannot_be_headers_is_the_callers_to_fix(odd: object) -> None:
    """A mistake of the program is no forgery."""
    with pytest.raises(ConfigurationError, match="headers"):
        verify(odd, BODY, key=KEY)


def test_the_values_of_other_headers_are_nobodys_business() -> None:
    """Some servers have numbers and lists among their headers."""
    assert accepted({"Content-Type": ["a", "b"], "age": 5, "X-GHL-Signature": signed()})


@pytest.mark.parametrize("value", ["N/A", "", " ", None])
def test_without_a_signature_it_is_refused(value: str | None) -> None:
    """Absent, empty and N/A are the same: nobody signed."""
    headers = {} if value is None else {"X-GHL-Signature": value}

    assert not accepted(headers)


@pytest.mark.parametrize("second", [signed(), signed(b"other"), "N/A", ""])
@pytest.mark.parametrize(
    "form", [MultiDict, CIMultiDict, list, lambda pairs: Headers(raw=as_bytes(pairs)), as_bytes]
)
def test_two_signatures_are_refused(form: Form, second: str) -> None:
    """HighLevel sends one; of two nobody can know which the other side would take."""
    pairs = [("x-ghl-signature", signed()), ("x-ghl-signature", second)]

    assert accepted(form(pairs[:1]))
    assert not accepted(form(pairs))
    assert not accepted(form(pairs[::-1]))


def test_two_spellings_of_a_name_are_one_name() -> None:
    """A plain dict can hold a header twice as well."""
    assert not accepted({"X-GHL-Signature": signed(), "x-ghl-signature": signed(b"other")})


@given(at=st.integers(0, len(BODY) * 8 - 1))
def test_every_bit_of_the_body_counts(at: int) -> None:
    """One bit changed, anywhere, is another body."""
    changed = bytearray(BODY)
    changed[at // 8] ^= 1 << at % 8

    assert not accepted({"X-GHL-Signature": signed()}, bytes(changed))


@given(at=st.integers(0, 511))
def test_every_bit_of_the_signature_counts(at: int) -> None:
    """One bit changed, anywhere, is no signature."""
    changed = bytearray(PRIVATE.sign(BODY))
    changed[at // 8] ^= 1 << at % 8

    assert not accepted({"X-GHL-Signature": base64.b64encode(changed).decode()})


@pytest.mark.parametrize(
    "body",
    [b"", BODY[:-1], BODY + b"\n", b" " + BODY, BODY.replace(b":", b": "), b"\xef\xbb\xbf" + BODY],
)
def test_the_raw_bytes_are_what_is_signed(body: bytes) -> None:
    """The same JSON written in another way is another body."""
    assert not accepted({"X-GHL-Signature": signed()}, body)


def variants() -> list[str]:
    """Write one signature in ways that lenient decoders take for the same."""
    text = signed()
    last = text[-3]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    spare = alphabet[alphabet.index(last) ^ 1]
    return [
        f"{text[:-3]}{spare}==",
        text.rstrip("="),
        f"{text}=",
        f" {text}",
        f"{text}\n",
        f"{text[:40]}\n{text[40:]}",
        f"{text},{text}",
        text.swapcase(),
        PRIVATE.sign(BODY).hex(),
        base64.b85encode(PRIVATE.sign(BODY)).decode(),
        "é" * 88,
        "\ud800",
        "=",
        base64.b64encode(PRIVATE.sign(BODY)[:63]).decode(),
        base64.b64encode(PRIVATE.sign(BODY) + b"\0").decode(),
    ]


@pytest.mark.parametrize("value", variants())
def test_base64_is_read_to_the_letter(value: str) -> None:
    """No second text stands for the same signature."""
    assert not accepted({"X-GHL-Signature": value})


@given(st.binary(min_size=64, max_size=64))
def test_url_safe_base64_is_another_alphabet(signature: bytes) -> None:
    """Any 64 bytes are decoded or refused, and never crash."""
    assert not accepted({"X-GHL-Signature": base64.urlsafe_b64encode(signature).decode()})


def test_keys_can_be_rotated() -> None:
    """While HighLevel changes its key, either of two is believed, and no third."""
    old, new = {"X-GHL-Signature": signed()}, {"X-GHL-Signature": signed(private=OTHER)}

    assert accepted(old, key=[KEY, OTHER_KEY])
    assert accepted(new, key=(KEY, OTHER_KEY))
    assert not accepted(new, key=[KEY])
    assert not accepted(old, key=OTHER_KEY)


def test_a_key_may_be_pem_or_broken_into_lines() -> None:
    """A key is taken as portals and documents print it."""
    headers = {"X-GHL-Signature": signed()}

    assert accepted(headers, key=spki(PRIVATE, "PEM"))
    assert accepted(headers, key=f"\n{KEY[:30]}\n  {KEY[30:]}\n")


def test_the_published_key_is_the_default() -> None:
    """Without a key of your own, only HighLevel is believed, and its key can be loaded."""
    assert not accepted({"X-GHL-Signature": signed()}, key=PUBLISHED_KEY)
    with pytest.raises(WebhookRejected):
        verify({"X-GHL-Signature": signed()}, BODY)


def test_the_published_legacy_key_is_rsa_of_4096_bits() -> None:
    """It is the key that the older guide prints."""
    key = serialization.load_der_public_key(base64.b64decode(PUBLISHED_LEGACY_KEY))

    assert key.key_size == 4096
    assert not accepted({"X-WH-Signature": signed_before()}, legacy_key=PUBLISHED_LEGACY_KEY)


@pytest.mark.parametrize("absent", [{}, {"X-GHL-Signature": "N/A"}, {"X-GHL-Signature": ""}])
def test_a_legacy_signature_counts_only_when_asked_for(absent: dict[str, str]) -> None:
    """RSA is believed with its key given and no Ed25519 signature there."""
    headers = {"x-wh-signature": signed_before(), **absent}

    assert accepted(headers, legacy_key=LEGACY_KEY)
    assert accepted(headers, legacy_key=[PUBLISHED_LEGACY_KEY, LEGACY_KEY])
    assert not accepted(headers)
    assert not accepted(headers, b"other", legacy_key=LEGACY_KEY)
    assert not accepted({**headers, "x-wh-signature": "N/A"}, legacy_key=LEGACY_KEY)
    with pytest.raises(WebhookRejected, match="no signature"):
        verify(headers, BODY, key=KEY)


@pytest.mark.parametrize("wrong", [signed(b"other"), "no base64", signed(private=OTHER)])
def test_rsa_never_mends_a_failed_ed25519(wrong: str) -> None:
    """Who can only forge the old signature gains nothing by spoiling the new one."""
    headers = {"X-GHL-Signature": wrong, "X-WH-Signature": signed_before()}

    assert not accepted(headers, legacy_key=LEGACY_KEY)


def test_one_kind_of_signature_is_not_the_other() -> None:
    """Each header has its own algorithm."""
    assert not accepted({"X-GHL-Signature": signed_before()}, legacy_key=LEGACY_KEY)
    assert not accepted({"X-WH-Signature": signed()}, legacy_key=LEGACY_KEY)


EC = ec.generate_private_key(ec.SECP256R1())
PRIVATE_PEM = PRIVATE.private_bytes(
    serialization.Encoding.PEM,
    serialization.PrivateFormat.PKCS8,
    serialization.NoEncryption(),
).decode()


@pytest.mark.parametrize(
    "key",
    [
        "",
        "nonsense",
        KEY[:-4],
        LEGACY_KEY,
        spki(EC),
        PRIVATE_PEM,
        "\ud800",
        "-----BEGIN \ud800",
        [],
        [KEY, ""],
        [KEY, 5],
        None,
        5,
        KEY.encode(),
    ],
)
def test_a_bad_key_is_the_callers_to_fix(key: object) -> None:
    """It is named, and neither it nor what it hides is repeated."""
    with pytest.raises(ConfigurationError, match="key") as raised:
        verify({"X-GHL-Signature": signed()}, BODY, key=key)

    assert raised.value.__cause__ is None
    assert PRIVATE_PEM[30:60] not in str(raised.value)


@pytest.mark.parametrize("key", ["nonsense", KEY, [], spki(rsa.generate_private_key(65_537, 1024))])
def test_a_bad_legacy_key_is_the_callers_to_fix(key: object) -> None:
    """Another kind of key, or one too short to trust, is refused even when it is not needed."""
    with pytest.raises(ConfigurationError, match="legacy_key"):
        verify({"X-GHL-Signature": signed()}, BODY, key=KEY, legacy_key=key)


@pytest.mark.parametrize("body", [BODY.decode(), None, {"type": "NoteCreate"}])
def test_a_decoded_body_is_the_callers_to_fix(body: object) -> None:
    """What was decoded cannot be verified any more, and that is no forgery."""
    with pytest.raises(ConfigurationError, match="raw bytes"):
        verify({"X-GHL-Signature": signed()}, body, key=KEY)
