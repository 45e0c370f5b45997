"""What a bundle says, as plain values; a part that cannot be read is a problem in its place."""

from typing import Any, Final

import pytest
from cryptography.x509 import ObjectIdentifier, RFC822Name, SubjectAlternativeName, UnrecognizedExtension

from cosignpy.core.bundle.described_entries import describe_entry, describe_seconds
from cosignpy.core.bundle.described_material import describe_certificate, describe_timestamp
from cosignpy.core.bundle.description import describe_bundle
from cosignpy.core.bundle.model import CertificateMaterial, MessageSignature, PublicKeyMaterial
from cosignpy.core.ct.sct import Sct
from cosignpy.core.digest import Digest
from cosignpy.core.dsse import Envelope, EnvelopeSignature
from cosignpy.core.encoding import encode_b64
from cosignpy.core.keys.digitally_signed import sign_for_log
from cosignpy.core.merkle.hashing import hash_leaf
from cosignpy.core.rekor.body import EntryHash
from cosignpy.core.rekor.dsse import DsseV001, LoggedSignature
from cosignpy.core.rekor.dsse_v2 import DsseV002, TiledSignature
from cosignpy.core.rekor.hashedrekord import VerifierForm
from cosignpy.core.rekor.intoto import IntotoSignature, IntotoV001, IntotoV002
from cosignpy.core.rekor.log_entry import LogEntry
from cosignpy.core.timestamp.imprint import MessageImprint
from cosignpy.core.timestamp.response import encode_granted
from cosignpy.values import replace
from tests.support import timestamps
from tests.support.certificates import MIDDLE
from tests.support.cms import sequence
from tests.support.timestamps import CHAIN
from tests.support.virtual_sigstore import (
    ARTIFACT,
    CT_KEY,
    EMAIL,
    FULCIO_ISSUER,
    FULCIO_ROOT,
    GOOD,
    ISSUER,
    LEAF_KEY,
    REKOR_V1,
    SIGNING,
    STATEMENT,
    good_leaf,
    key_bundle,
    statement_bundle,
    v1_bundle,
    v2_bundle,
)

DIGEST: Final = str(Digest.of(ARTIFACT))
PEM: Final = LEAF_KEY.public_key.encode_pem()
SHA256: Final = EntryHash("sha256", DIGEST.removeprefix("sha256:"))
SIGNATURE: Final = b"signature"
SIGNED: Final = (SIGNATURE,)


def certificate(der: bytes) -> dict[str, Any]:
    found: dict[str, Any] = describe_certificate(der)
    return found


def test_a_signature_by_a_certificate() -> None:
    bundle = v1_bundle()
    found = describe_bundle(bundle)
    assert isinstance(bundle.content, MessageSignature)
    assert (found["mediaType"], found["version"], found["problems"]) == (bundle.media_type, "0.3", [])
    assert found["content"] == {
        "kind": "message signature",
        "digest": DIGEST,
        "signature": encode_b64(bundle.content.signature),
    }
    (leaf,) = found["signer"]["certificates"]
    assert leaf["names"] == [{"name": "email", "text": EMAIL}]
    assert leaf["subject"] is None
    assert leaf["issuedBy"] == "CN=fulcio"
    assert leaf["extensions"] == [{"oid": "1.3.6.1.4.1.57264.1.8", "name": "issuer", "text": ISSUER}]
    assert (leaf["notBefore"], leaf["notAfter"]) == ("2026-01-01T00:00:00+00:00", "2026-01-01T00:10:00+00:00")
    assert (leaf["key"], leaf["keyFingerprint"]) == ("P-256", LEAF_KEY.public_key.fingerprint)
    assert [sct["time"] for sct in leaf["scts"]] == ["2026-01-01T00:05:00+00:00"]
    assert leaf["serial"] == "3e8"


def test_an_entry_of_the_first_version() -> None:
    (entry,) = v1_bundle().log_entries
    (found,) = describe_bundle(v1_bundle())["logEntries"]
    assert (found["kind"], found["version"], found["about"]) == ("hashedrekord", "0.0.1", DIGEST)
    assert (found["logIndex"], found["logId"]) == (1004, REKOR_V1.log_id.hex())
    assert found["integratedTime"] == "2026-01-01T00:05:00+00:00"
    assert found["promise"] == encode_b64(entry.entry_timestamp)
    assert found["leafHash"] == hash_leaf(entry.body).hex()
    proof = found["inclusion"]
    assert (proof["index"], proof["treeSize"], len(proof["hashes"])) == (4, 7, 3)
    assert (proof["checkpoint"]["origin"], proof["checkpoint"]["size"]) == (REKOR_V1.origin, 7)
    assert proof["checkpoint"]["rootHash"] == proof["rootHash"]
    assert proof["checkpoint"]["signatures"] == [{"name": "rekor.test", "keyHint": REKOR_V1.log_id[:4].hex()}]


def test_an_entry_of_the_second_version_and_a_timestamp() -> None:
    found = describe_bundle(v2_bundle())
    (entry,), (stamp,) = found["logEntries"], found["timestamps"]
    assert (entry["integratedTime"], entry["promise"], entry["about"]) == (None, None, DIGEST)
    assert (stamp["time"], stamp["authority"]) == ("2026-01-01T00:05:00+00:00", "CN=stamps")
    assert (stamp["policy"], stamp["serial"], stamp["ofThisSignature"]) == (timestamps.POLICY, "1234", True)


def test_a_statement() -> None:
    bundle = statement_bundle()
    found = describe_bundle(bundle)["content"]
    assert (found["kind"], found["payloadSize"]) == ("envelope", len(STATEMENT))
    assert found["payloadDigest"] == str(Digest.of(STATEMENT))
    assert found["statement"] == {
        "predicateType": "https://sigstore.dev/cosign/sign/v1",
        "subjects": [{"name": None, "digests": [DIGEST], "annotations": {}}],
    }
    assert [made["keyId"] for made in found["signatures"]] == [None]
    assert [stamp["ofThisSignature"] for stamp in describe_bundle(bundle)["timestamps"]] == [True]


def test_an_envelope_of_anything() -> None:
    envelope = Envelope("text/plain", b"text", (EnvelopeSignature(SIGNATURE, "a key"),))
    found = describe_bundle(replace(statement_bundle(), content=envelope))["content"]
    assert "statement" not in found
    assert found["signatures"] == [{"keyId": "a key", "signature": encode_b64(SIGNATURE)}]
    broken = replace(envelope, payload_type="application/vnd.in-toto+json")
    found = describe_bundle(replace(statement_bundle(), content=broken))["content"]
    assert found["statement"] == {"problem": "malformed in-toto statement: not valid JSON"}


@pytest.mark.parametrize(
    ("algorithm", "digest", "told"),
    [("SHA2_384", b"\x01", "sha384:01"), ("SHA3_256", b"\x01", "SHA3_256:01"), ("", b"\x01", ":01"), ("", b"", None)],
)
def test_a_digest_is_named_as_it_stands_there(algorithm: str, digest: bytes, told: str | None) -> None:
    content = MessageSignature(algorithm, digest, SIGNATURE)
    assert describe_bundle(replace(v1_bundle(), content=content))["content"]["digest"] == told


@pytest.mark.parametrize(("hint", "told"), [("a hint", "a hint"), ("", None)])
def test_a_key_is_a_hint(hint: str, told: str | None) -> None:
    found = describe_bundle(replace(key_bundle(), material=PublicKeyMaterial(hint)))
    assert found["signer"] == {"kind": "public key", "hint": told}


def test_what_its_version_forbids_is_a_problem() -> None:
    chain = CertificateMaterial((good_leaf(), FULCIO_ISSUER.der))
    found = describe_bundle(replace(v1_bundle(), material=chain))
    assert len(found["signer"]["certificates"]) == 2
    assert found["problems"] == [
        "malformed bundle: a chain of certificates, of which version 0.3 allows the first alone"
    ]


def test_a_certificate_that_is_none() -> None:
    found = certificate(b"nonsense")
    assert found.keys() == {"fingerprint", "problem"}
    assert found["fingerprint"] == str(Digest.of(b"nonsense"))
    assert found["problem"].startswith("malformed certificate")


def test_an_authority_has_a_subject_and_no_names() -> None:
    found = certificate(FULCIO_ROOT.der)
    assert (found["subject"], found["names"], found["extensions"], found["scts"]) == ("CN=fulcio root", [], [], [])


def test_parts_of_a_certificate_that_cannot_be_read_leave_the_others() -> None:
    issuer = (UnrecognizedExtension(ObjectIdentifier("1.3.6.1.4.1.57264.1.8"), b"not DER"), False)
    found = certificate(FULCIO_ISSUER.leaf(((SubjectAlternativeName([RFC822Name(EMAIL)]), True), issuer, *SIGNING)))
    assert found["names"] == [{"name": "email", "text": EMAIL}]
    assert "extensions" not in found
    assert "57264.1.8" in found["problem of the extensions"]


@pytest.mark.parametrize(
    ("milliseconds", "told"),
    [(1500, "1970-01-01T00:00:01.500000+00:00"), (2**64 - 1, "18446744073709551615 milliseconds after 1970")],
)
def test_an_sct_of_any_time(milliseconds: int, told: str) -> None:
    sct = Sct(b"\x01" * 32, milliseconds, b"", sign_for_log(CT_KEY, b""))
    assert certificate(FULCIO_ISSUER.leaf_with([sct], GOOD))["scts"] == [{"logId": "01" * 32, "time": told}]


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(1, "1970-01-01T00:00:01+00:00"), (2**63 - 1, "9223372036854775807 seconds after 1970")],
)
def test_a_time_beyond_all_dates_is_a_number(seconds: int, told: str) -> None:
    assert describe_seconds(seconds) == told


WRONG: Final = EntryHash("sha256", "00" * 32)
TILED: Final = TiledSignature(SIGNATURE, "PKIX_ECDSA_P256_SHA_256", VerifierForm.CERTIFICATE, b"der")


@pytest.mark.parametrize(
    ("kind", "version", "body", "about"),
    [
        ("dsse", "0.0.1", DsseV001(WRONG, SHA256, (LoggedSignature(SIGNATURE, PEM),)).encode(), DIGEST),
        ("dsse", "0.0.2", DsseV002("SHA2_256", bytes.fromhex(SHA256.hex), (TILED,)).encode(), DIGEST),
        ("intoto", "0.0.1", IntotoV001(WRONG, PEM).encode(), None),
        ("intoto", "0.0.2", IntotoV002("text", (IntotoSignature(SIGNATURE, PEM),), WRONG, SHA256).encode(), DIGEST),
        ("hashedrekord", "0.0.1", b"nonsense", None),
    ],
)
def test_what_an_entry_is_about(kind: str, version: str, body: bytes, about: str | None) -> None:
    found: Any = describe_entry(LogEntry(body, b"\x01", 5, kind=kind, version=version))
    assert (found["about"], found["inclusion"]) == (about, None)


def test_a_checkpoint_that_is_none_and_one_that_is_not_there() -> None:
    (entry,) = v1_bundle().log_entries
    assert entry.inclusion is not None
    for checkpoint, told in (("", None), ("nonsense", "malformed note: ")):
        described: Any = describe_entry(replace(entry, inclusion=replace(entry.inclusion, checkpoint=checkpoint)))
        found = described["inclusion"]["checkpoint"]
        assert found is told or (found["problem"].startswith(told) and "origin" not in found)


def stamped(**parts: Any) -> dict[str, Any]:
    """Describe a timestamp of the signature; `parts` stand in for those of its token."""
    info = timestamps.info(imprint=MessageImprint.of(SIGNATURE), moment=MIDDLE, nonce=None)
    found: dict[str, Any] = describe_timestamp(encode_granted(timestamps.token(info, **parts)), SIGNED)
    return found


def test_a_timestamp_of_something_else() -> None:
    (stamp,) = v2_bundle().timestamps
    found: Any = describe_timestamp(stamp, (b"another",))
    assert found["ofThisSignature"] is False
    assert stamped()["ofThisSignature"] is True


def test_who_made_a_timestamp() -> None:
    issued = "certificate 3e8 by CN=timestamp intermediate"
    assert stamped()["authority"] == "CN=stamps"
    assert stamped(certificates=(timestamps.ROOT.der, CHAIN[0]))["authority"] == "CN=stamps"
    assert stamped(certificates=())["authority"] == issued
    assert stamped(certificates=(timestamps.ROOT.der,))["authority"] == issued
    assert stamped(signers=())["authority"] is None
    assert "problem" in stamped(certificates=(b"nonsense",))


@pytest.mark.parametrize(
    ("der", "why"),
    [
        (b"nonsense", "malformed timestamp response"),
        (sequence(sequence(b"\x02\x01\x02")), "answer of the timestamp authority is refused"),
        (encode_granted(sequence(b"")), "malformed timestamp"),
    ],
)
def test_a_timestamp_that_is_none(der: bytes, why: str) -> None:
    found: Any = describe_timestamp(der, SIGNED)
    assert found["fingerprint"] == str(Digest.of(der))
    assert found["problem"].startswith(why)
