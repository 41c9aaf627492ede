# ruff: noqa: ANN001 - parameters are fixtures, whose types live in conftest
"""Ten thousand deliveries that nobody should believe, seeded, and none of them believed."""

import base64
import json
import logging
import random
from collections import Counter
from collections.abc import Callable

import pytest
from attrs import define
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from multidict import CIMultiDict

from ghl_notes.testing import FakeHighLevel
from ghl_notes.webhooks import MAX_BODY

OTHER = Ed25519PrivateKey.generate()
MARK = "SECRETTEXT"


@define
class Forger:
    """Makes hostile deliveries out of those that HighLevel sent."""

    fake: FakeHighLevel
    bodies: list[bytes]
    rng: random.Random

    def genuine(self) -> tuple[dict[str, str], bytes]:
        """Take one that was handled."""
        body = self.rng.choice(self.bodies)
        return self.fake.sign(body), body

    def other(self, **fields: object) -> bytes:
        """Write an event that HighLevel did not send."""
        event = {**json.loads(self.rng.choice(self.bodies)), "webhookId": self.token(), **fields}
        return json.dumps(event).encode()

    def token(self) -> str:
        """Make a text of no meaning."""
        return self.rng.randbytes(8).hex()

    def signature(self, data: bytes) -> dict[str, str]:
        """Write bytes where the signature stands."""
        return {"X-GHL-Signature": base64.b64encode(data).decode()}

    # 401: HighLevel did not sign these bytes

    def without(self) -> object:
        """Leave the signature out, or say that there is none."""
        return self.rng.choice([{}, {"X-GHL-Signature": "N/A"}]), self.other()

    def guessed(self) -> object:
        """Write random bytes of any length for the signature."""
        return self.signature(self.rng.randbytes(self.rng.choice([64, 64, 0, 1, 63, 65]))), (
            self.other()
        )

    def garbled(self) -> object:
        """Write what is not base64 for the signature."""
        alphabet = "AZaz09+/=-_ \u00e9\ud800"
        value = "".join(self.rng.choices(alphabet, k=self.rng.randrange(1, 100)))
        return {"X-GHL-Signature": value}, self.genuine()[1]

    def by_another(self) -> object:
        """Sign with another key."""
        body = self.other()
        return self.signature(OTHER.sign(body)), body

    def borrowed(self) -> object:
        """Take the signature of another body."""
        return self.genuine()[0], self.other()

    def old_fashioned(self) -> object:
        """Bring the old signature alone, which nobody asked for."""
        body = self.other()
        return {"X-WH-Signature": base64.b64encode(OTHER.sign(body)).decode()}, body

    def twofold(self) -> object:
        """Bring a good signature and another one."""
        headers, body = self.genuine()
        both = CIMultiDict(headers)
        both.add("x-ghl-signature", self.token())
        return both, body

    def cut(self) -> object:
        """Cut the body at its beginning or at its end."""
        headers, body = self.genuine()
        at = self.rng.randrange(1, len(body))
        return headers, self.rng.choice([body[:at], body[at:]])

    def flipped(self) -> object:
        """Change one bit."""
        headers, body = self.genuine()
        changed = bytearray(body)
        changed[self.rng.randrange(len(body))] ^= 1 << self.rng.randrange(8)
        return headers, bytes(changed)

    def written_anew(self) -> object:
        """Decode the body and encode it again, as other libraries do before they verify."""
        headers, body = self.genuine()
        indent = self.rng.choice([1, 2, "\t"])
        return headers, json.dumps(json.loads(body), indent=indent).encode()

    def reordered(self) -> object:
        """Put the fields into another order."""
        headers, body = self.genuine()
        fields = list(json.loads(body).items())
        while json.dumps(dict(fields), separators=(",", ":")).encode() == body:
            self.rng.shuffle(fields)
        return headers, json.dumps(dict(fields), separators=(",", ":")).encode()

    # 400: signed, and no event

    def nonsense(self) -> object:
        """Sign what is no event."""
        body = self.rng.choice(
            [self.rng.randbytes(20), b"[]", b"{}", b"null", b'{"type":5}', b'{"type":"NoteCreate"}']
        )
        return self.fake.sign(body), body

    def misnamed(self) -> object:
        """Sign an event whose location is no id."""
        body = self.other(locationId=self.rng.choice([5, [], {}, "a/b", "..", f"{MARK}?"]))
        return self.fake.sign(body), body

    # 403: signed, and not for us

    def for_another(self) -> object:
        """Sign an event of another app, an uninstall too."""
        kind = self.rng.choice(["NoteCreate", "INSTALL", "UNINSTALL", "Other"])
        body = self.other(type=kind, appId=self.token())
        return self.fake.sign(body), body

    def from_elsewhere(self) -> object:
        """Sign an event of a location that is not known."""
        body = self.other(locationId=self.token(), appId=None)
        return self.fake.sign(body), body

    # 413

    def huge(self) -> object:
        """Send more than is read."""
        return self.genuine()[0], bytes(MAX_BODY + 1)

    # 200, and nobody is told

    def replayed(self) -> object:
        """Send again what was handled."""
        return self.genuine()


EXPECTED: dict[Callable[[Forger], object], int] = {
    Forger.without: 401,
    Forger.guessed: 401,
    Forger.garbled: 401,
    Forger.by_another: 401,
    Forger.borrowed: 401,
    Forger.old_fashioned: 401,
    Forger.twofold: 401,
    Forger.cut: 401,
    Forger.flipped: 401,
    Forger.written_anew: 401,
    Forger.reordered: 401,
    Forger.nonsense: 400,
    Forger.misnamed: 400,
    Forger.for_another: 403,
    Forger.from_elsewhere: 403,
    Forger.huge: 413,
    Forger.replayed: 200,
}


@pytest.mark.slow
async def test_ten_thousand_hostile_deliveries(send, handler, fake, highlevel, caplog) -> None:
    """None is handed on, none crashes, each has the promised status, and nothing is repeated."""
    caplog.set_level(logging.DEBUG)
    bodies = [send.event(webhookId=str(n), body=f"{MARK} {n}") for n in range(50)]
    for body in bodies:
        assert (await send.raw(body)).text == "handled"
    forger = Forger(fake, bodies, random.Random(0))
    installs = [install async for install in highlevel.installs()]
    wrong, kinds = [], Counter()
    for _ in range(10_000):
        forge, status = forger.rng.choice(list(EXPECTED.items()))
        receipt = await send.webhooks.receive(*forge(forger))
        kinds[forge.__name__] += 1
        if (receipt.status, receipt.event) != (status, None):
            wrong.append((forge.__name__, receipt.status))

    assert wrong == []
    assert min(kinds[forge.__name__] for forge in EXPECTED) > 400
    assert len(handler.got) == 50
    assert [install async for install in highlevel.installs()] == installs
    assert MARK not in caplog.text
    assert sum(kinds.values()) - kinds["replayed"] == caplog.text.count("was refused with")
