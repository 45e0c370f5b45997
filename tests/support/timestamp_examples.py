"""The examples of docs/formats/timestamps.md: an authority with fixed keys stamps what Alice signed."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Final

from ca_server.authority.ephemeral import hold_timestamping
from ca_server.authority.profile import (
    Issuer,
    Period,
    Role,
    Subject,
    name_root,
    name_under,
    root_template,
    template_under,
)
from ca_server.authority.protocol import CertifiedKey, Chain
from ca_server.config import TimestampSettings
from ca_server.tsa.clock import ClockSources, StampClock
from ca_server.tsa.policy import StampPolicy
from ca_server.tsa.respond import Responder
from cosignpy.core.encoding import encode_b64, encode_json
from cosignpy.core.timestamp.imprint import MessageImprint
from cosignpy.core.timestamp.request import TimestampRequest
from cosignpy.core.x509.issuing import sign_certificate
from tests.support.fixed_keys import ALICE, ARTIFACT, ecdsa_signer

MOMENT: Final = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)
_PERIOD: Final = Period(datetime(2026, 1, 1, tzinfo=UTC), datetime(2029, 1, 1, tzinfo=UTC))
_ROOT: Final = ecdsa_signer("the root of the timestamp authority")
_LEAF: Final = ecdsa_signer("the timestamp authority")
_SERIAL: Final = int.from_bytes(range(0x81, 0x95))


@cache
def chain() -> Chain:
    """Return the authority's certificates."""
    spki = _ROOT.public_key.spki
    root = sign_certificate(root_template(Subject(name_root("Example", "example.com"), spki), _PERIOD, 1), _ROOT)
    spki = _LEAF.public_key.spki
    subject = Subject(name_under(root, Role.TIMESTAMPING, spki), spki)
    leaf = sign_certificate(template_under(Issuer.of(root), Role.TIMESTAMPING, subject, _PERIOD, 2), _ROOT)
    return (leaf, root)


def request() -> TimestampRequest:
    """Return a request for Alice's signature."""
    imprint = MessageImprint.of(ALICE.sign(ARTIFACT))
    return TimestampRequest(imprint, nonce=0x0123_4567_89AB_CDEF, certificates=True)


def response() -> bytes:
    """Return the answer."""
    seconds = MOMENT.timestamp() + timedelta(milliseconds=700).total_seconds()
    clock = StampClock(ClockSources(lambda: seconds, lambda: 0.0), 1)
    authority = hold_timestamping(CertifiedKey(_LEAF, chain()))
    policy = StampPolicy.of(TimestampSettings())
    return Responder(authority, policy, clock, draw_serial=lambda: _SERIAL).respond(request()).response


def request_in_json() -> bytes:
    """Return the request as sigstore-js would send it."""
    asked = request()
    return encode_json(
        {
            "artifactHash": encode_b64(asked.imprint.digest),
            "certificates": True,
            "hashAlgorithm": asked.imprint.algorithm,
            "nonce": asked.nonce,
        }
    )


EXAMPLES: Final[Mapping[str, Callable[[], bytes]]] = {
    "timestamp-request": lambda: request().encode(),
    "timestamp-request-json": request_in_json,
    "timestamp-response": response,
}
