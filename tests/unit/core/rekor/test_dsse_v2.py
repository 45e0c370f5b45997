"""The entries of DSSE envelopes that Rekor v2 had before rekor-tiles 2.3."""

from collections.abc import Callable
from typing import Any, Final

import pytest

from cosignpy.core.encoding import encode_canonical_json, parse_json
from cosignpy.core.rekor.dsse_v2 import DsseV002, TiledSignature
from cosignpy.core.rekor.hashedrekord import VerifierForm
from cosignpy.errors import LimitExceeded, MalformedError

SIGNATURE: Final = TiledSignature(b"signature", "PKIX_ECDSA_P256_SHA_256", VerifierForm.CERTIFICATE, b"certificate")
ENTRY: Final = DsseV002("SHA2_256", bytes(32), (SIGNATURE,))
BODY: Final = (
    b'{"apiVersion":"0.0.2","kind":"dsse","spec":{"dsseV002":{"payloadHash":{"algorithm":"SHA2_256",'
    b'"digest":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="},"signatures":[{"content":"c2lnbmF0dXJl",'
    b'"verifier":{"keyDetails":"PKIX_ECDSA_P256_SHA_256","x509Certificate":{"rawBytes":"Y2VydGlmaWNhdGU="}}}]}}}'
)


def test_the_body_is_read_and_written() -> None:
    assert DsseV002.parse(BODY) == ENTRY
    assert ENTRY.encode() == BODY


@pytest.mark.parametrize(
    "change",
    [
        lambda spec: spec.update(more=1),
        lambda spec: spec["dsseV002"].update(more=1),
        lambda spec: spec["dsseV002"]["payloadHash"].update(more=1),
        lambda spec: spec["dsseV002"]["payloadHash"].update(algorithm="SHA2_512"),
        lambda spec: spec["dsseV002"]["payloadHash"].update(algorithm="MD5"),
        lambda spec: spec["dsseV002"].update(signatures=[]),
        lambda spec: spec["dsseV002"]["signatures"][0].update(more=1),
        lambda spec: spec["dsseV002"]["signatures"][0]["verifier"].update(more=1),
        lambda spec: spec["dsseV002"]["signatures"][0]["verifier"].update(publicKey={"rawBytes": ""}),
        lambda spec: spec["dsseV002"]["signatures"][0]["verifier"]["x509Certificate"].update(more=1),
    ],
)
def test_a_body_with_one_thing_wrong_is_refused(change: Callable[[dict[str, Any]], None]) -> None:
    document = parse_json(BODY, what="test")
    change(document["spec"])
    with pytest.raises(MalformedError):
        DsseV002.parse(encode_canonical_json(document))


def test_another_spelling_and_another_kind_are_refused() -> None:
    for body in (BODY + b" ", BODY.replace(b'"dsse"', b'"intoto"'), BODY.replace(b'"0.0.2"', b'"0.0.1"')):
        with pytest.raises(MalformedError):
            DsseV002.parse(body)


def test_signatures_are_limited() -> None:
    assert len(DsseV002.parse(DsseV002("SHA2_256", bytes(32), (SIGNATURE,) * 64).encode()).signatures) == 64
    with pytest.raises(LimitExceeded):
        DsseV002.parse(DsseV002("SHA2_256", bytes(32), (SIGNATURE,) * 65).encode())
