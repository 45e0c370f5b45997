"""Bundles in protobuf JSON: cosign's read and written byte for byte, neighbours refused."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from cosignpy.core.bundle.model import (
    BUNDLE_TYPES,
    BUNDLE_V03,
    Bundle,
    CertificateMaterial,
    MessageSignature,
    PublicKeyMaterial,
)
from cosignpy.core.bundle.protojson import (
    MAX_CHAIN,
    MAX_LOG_ENTRIES,
    MAX_TIMESTAMPS,
    encode_bundle,
    parse_bundle,
)
from cosignpy.core.dsse import IN_TOTO_PAYLOAD, Envelope, EnvelopeSignature
from cosignpy.core.encoding import JsonValue, encode_json, parse_json
from cosignpy.core.merkle.proofs import InclusionProof
from cosignpy.core.rekor.log_entry import LogEntry, LoggedProof
from cosignpy.errors import LimitExceeded, MalformedError
from cosignpy.values import replace
from tests.support import vectors
from tests.support.cosign_example import BUNDLE, BUNDLE_SIGNATURE, KEY, STATEMENT
from tests.support.signed import encode_key_bundle

ENVELOPE: Final = Envelope(IN_TOTO_PAYLOAD, STATEMENT, (EnvelopeSignature(BUNDLE_SIGNATURE),))
DSSE: Final[dict[str, JsonValue]] = parse_json(BUNDLE, what="test")["dsseEnvelope"]
CERTIFICATE: Final = {"rawBytes": "YQ=="}
MESSAGE: Final = {"messageDigest": {"algorithm": "SHA2_256", "digest": "YQ=="}, "signature": "Yg=="}


ENTRY: Final = {
    "logIndex": "7",
    "logId": {"keyId": "aWQ="},
    "kindVersion": {"kind": "dsse", "version": "0.0.1"},
    "canonicalizedBody": "Ym9keQ==",
}


def bundle(**change: JsonValue) -> bytes:
    """Return the example with members changed; None takes one out, as protobuf JSON has it."""
    return encode_json(parse_json(BUNDLE, what="test") | change)


def material(**members: JsonValue) -> bytes:
    return bundle(verificationMaterial=members)


def test_a_key_id_is_kept_since_old_log_entries_hash_it() -> None:
    named = Envelope(IN_TOTO_PAYLOAD, STATEMENT, (EnvelopeSignature(BUNDLE_SIGNATURE, "a key"),))
    written = encode_bundle(replace(parse_bundle(BUNDLE), content=named))
    assert b',"keyid":"a key"}]' in written
    assert parse_bundle(written).content == named


def test_cosigns_bundle_is_read_and_written_byte_for_byte() -> None:
    parsed = parse_bundle(BUNDLE)
    assert (parsed.material, parsed.content) == (PublicKeyMaterial(KEY.hint), ENVELOPE)
    assert encode_key_bundle(KEY.hint, ENVELOPE) == BUNDLE
    assert len(BUNDLE) == 659
    assert hashlib.sha256(BUNDLE).hexdigest() == "4a3b9fd8021487fda3f6c69134ba4760b8f2f2c47553b60368650ef86e4c9f5f"


@pytest.mark.parametrize("media_type", sorted(BUNDLE_TYPES))
def test_every_released_media_type_is_read(media_type: str) -> None:
    assert parse_bundle(bundle(mediaType=media_type)).media_type == media_type


def test_every_kind_of_material_and_content_is_read() -> None:
    assert parse_bundle(material(publicKey={})).material == PublicKeyMaterial("")
    assert parse_bundle(material(certificate=CERTIFICATE)).material == CertificateMaterial((b"a",), alone=True)
    chain = {"certificates": [CERTIFICATE, {"rawBytes": "Yg=="}]}
    assert parse_bundle(material(x509CertificateChain=chain)).material == CertificateMaterial((b"a", b"b"))
    parsed = parse_bundle(bundle(dsseEnvelope=None, messageSignature=MESSAGE))
    assert parsed.content == MessageSignature("SHA2_256", b"a", b"b")
    bare = parse_bundle(bundle(dsseEnvelope=None, messageSignature={"signature": "Yg=="}))
    assert bare.content == MessageSignature("", b"", b"b")


def test_log_entries_and_timestamps_are_kept() -> None:
    parsed = parse_bundle(
        material(
            publicKey={"hint": "x"},
            tlogEntries=[ENTRY, ENTRY | {"logIndex": "8"}],
            timestampVerificationData={"rfc3161Timestamps": [{"signedTimestamp": "YQ=="}]},
        )
    )
    assert parsed.log_entries == (
        LogEntry(b"body", b"id", 7, None, kind="dsse", version="0.0.1"),
        LogEntry(b"body", b"id", 8, None, kind="dsse", version="0.0.1"),
    )
    assert parsed.timestamps == (b"a",)
    assert parse_bundle(material(publicKey={}, timestampVerificationData={})).timestamps == ()
    assert (parse_bundle(BUNDLE).log_entries, parse_bundle(BUNDLE).timestamps) == ((), ())


@pytest.mark.parametrize(
    "raw",
    [
        b"[]",
        BUNDLE[:-1],
        BUNDLE.replace(b'{"mediaType"', b'{"mediaType":"x","mediaType"'),
        BUNDLE.replace(b'{"payload":', b'{"payload":"","payload":'),
        bundle(mediaType=None),
        bundle(mediaType="application/vnd.dev.sigstore.bundle.v0.4+json"),
        bundle(mediaType=BUNDLE_V03.upper()),
        bundle(verificationMaterial=None),
        bundle(verificationMaterial=[]),
        bundle(extra=1),
        bundle(dsseEnvelope=None),
        bundle(messageSignature=MESSAGE),
        bundle(dsseEnvelope=DSSE | {"extra": 1}),
        bundle(dsseEnvelope=DSSE | {"payload": str(DSSE["payload"]).rstrip("=")}),
        bundle(dsseEnvelope=DSSE | {"payload": str(DSSE["payload"]).replace("J", "-", 1)}),
        bundle(dsseEnvelope=DSSE | {"payload": str(DSSE["payload"]) + "\n"}),
        bundle(dsseEnvelope=None, messageSignature=MESSAGE | {"extra": 1}),
        bundle(dsseEnvelope=None, messageSignature={"messageDigest": {"algorithm": "SHA2_256", "digest": "YQ=="}}),
        bundle(dsseEnvelope=None, messageSignature=MESSAGE | {"messageDigest": {"algorithm": 1, "digest": "YQ=="}}),
        bundle(
            dsseEnvelope=None,
            messageSignature=MESSAGE | {"messageDigest": {"algorithm": "x", "digest": "YQ==", "x": 1}},
        ),
        material(),
        material(publicKey={"hint": "x"}, certificate=CERTIFICATE),
        material(certificate=CERTIFICATE, x509CertificateChain={"certificates": [CERTIFICATE]}),
        material(publicKey={"hint": 1}),
        material(publicKey={"hint": "x", "rawBytes": "YQ=="}),
        material(publicKey={}, extra=1),
        material(certificate={}),
        material(certificate={"rawBytes": "YR=="}),
        material(certificate=CERTIFICATE | {"x": 1}),
        material(x509CertificateChain={}),
        material(x509CertificateChain={"certificates": [CERTIFICATE], "x": 1}),
        material(x509CertificateChain={"certificates": [CERTIFICATE | {"x": 1}]}),
        material(publicKey={}, tlogEntries={}),
        material(publicKey={}, tlogEntries=[1]),
        material(publicKey={}, tlogEntries=[ENTRY | {"logIndex": "-1"}]),
        material(publicKey={}, tlogEntries=[ENTRY | {"x": 1}]),
        material(publicKey={}, timestampVerificationData=[]),
        material(publicKey={}, timestampVerificationData={"x": 1}),
        material(publicKey={}, timestampVerificationData={"rfc3161Timestamps": [{}]}),
        material(publicKey={}, timestampVerificationData={"rfc3161Timestamps": [{"signedTimestamp": "YQ==", "x": 1}]}),
    ],
)
def test_a_bundle_with_one_thing_wrong_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedError):
        parse_bundle(raw)


def _log_entries(count: int) -> bytes:
    return material(publicKey={}, tlogEntries=[ENTRY] * count)


def _timestamps(count: int) -> bytes:
    tokens = [{"signedTimestamp": "YQ=="}] * count
    return material(publicKey={}, timestampVerificationData={"rfc3161Timestamps": tokens})


def _chain(count: int) -> bytes:
    return material(x509CertificateChain={"certificates": [CERTIFICATE] * count})


@pytest.mark.parametrize(
    ("build", "most"), [(_log_entries, MAX_LOG_ENTRIES), (_timestamps, MAX_TIMESTAMPS), (_chain, MAX_CHAIN)]
)
def test_repeated_parts_are_limited(build: Callable[[int], bytes], most: int) -> None:
    parse_bundle(build(most))
    with pytest.raises(LimitExceeded) as refused:
        parse_bundle(build(most + 1))
    assert refused.value.what == "bundle"


REFUSED: Final = {
    "bundle-invalid-base64-signature_fail": "messageSignature.signature: not base64",
    "slsa-gha-invalid-set_fail": (
        "verificationMaterial.tlogEntries[0].inclusionPromise.signedEntryTimestamp: non-canonical base64"
    ),
    "slsa-gha-invalid-dsse-sig_fail": "dsseEnvelope.signatures[0].sig: non-canonical base64",
    "bundle-negative-log-index_fail": (
        "verificationMaterial.tlogEntries[0].logIndex: expected the decimal digits of a number of 63 bits"
    ),
}
"""Third-party bundles that end here; every other, valid or not, is for the verifier to judge."""


@vectors.NEEDED
@pytest.mark.parametrize(
    "case",
    vectors.files("sigstore-conformance/*/bundle.sigstore.json")
    + vectors.files("extra-bundles/*/bundle.sigstore.json"),
    ids=lambda path: path.parent.name,
)
def test_real_bundles_are_read(case: Path) -> None:
    why = REFUSED.get(case.parent.name)
    if why is None:
        assert parse_bundle(case.read_bytes()).media_type in BUNDLE_TYPES
        return
    with pytest.raises(MalformedError) as refused:
        parse_bundle(case.read_bytes())
    assert str(refused.value).removeprefix("malformed bundle").lstrip(": ") == why


WHOLE: Final = Bundle(
    BUNDLE_V03,
    CertificateMaterial((b"leaf",), alone=True),
    MessageSignature("SHA2_256", b"digest", b"signature"),
    (
        LogEntry(
            b"body",
            b"id",
            0,
            LoggedProof(InclusionProof(0, 2, (b"h" * 32,)), b"r" * 32, "a\nb\n"),
            1700000000,
            b"set",
            "hashedrekord",
            "0.0.1",
        ),
    ),
    (b"stamp",),
)


def test_a_whole_bundle_is_written_as_the_other_clients_read_it() -> None:
    document = parse_json(encode_bundle(WHOLE), what="test")
    assert document == {
        "mediaType": BUNDLE_V03,
        "verificationMaterial": {
            "certificate": {"rawBytes": "bGVhZg=="},
            "tlogEntries": [
                {
                    "logIndex": "0",
                    "logId": {"keyId": "aWQ="},
                    "kindVersion": {"kind": "hashedrekord", "version": "0.0.1"},
                    "integratedTime": "1700000000",
                    "inclusionPromise": {"signedEntryTimestamp": "c2V0"},
                    "inclusionProof": {
                        "logIndex": "0",
                        "rootHash": "cnJycnJycnJycnJycnJycnJycnJycnJycnJycnJycnI=",
                        "treeSize": "2",
                        "hashes": ["aGhoaGhoaGhoaGhoaGhoaGhoaGhoaGhoaGhoaGhoaGg="],
                        "checkpoint": {"envelope": "a\nb\n"},
                    },
                    "canonicalizedBody": "Ym9keQ==",
                }
            ],
            "timestampVerificationData": {"rfc3161Timestamps": [{"signedTimestamp": "c3RhbXA="}]},
        },
        "messageSignature": {
            "messageDigest": {"algorithm": "SHA2_256", "digest": "ZGlnZXN0"},
            "signature": "c2lnbmF0dXJl",
        },
    }


def test_what_is_written_is_read_back() -> None:
    bare = replace(WHOLE.log_entries[0], inclusion=None, integrated_time=0, entry_timestamp=b"")
    for written in (
        WHOLE,
        replace(WHOLE, content=MessageSignature("", b"", b"s"), timestamps=(), log_entries=(bare,)),
        replace(WHOLE, material=PublicKeyMaterial("hint"), content=ENVELOPE, log_entries=()),
    ):
        assert parse_bundle(encode_bundle(written)) == written


def test_issuers_are_left_out_of_what_is_written() -> None:
    old = replace(WHOLE, material=CertificateMaterial((b"leaf", b"issuer")))
    assert parse_bundle(encode_bundle(old)) == WHOLE
