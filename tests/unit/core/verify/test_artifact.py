"""The artifact, the digest that stands in the bundle, the signature, and the statement's subjects."""

from typing import Final

import pytest

from cosignpy.core.bundle.model import Bundle, MessageSignature
from cosignpy.core.digest import Digest
from cosignpy.core.dsse import IN_TOTO_PAYLOAD, Envelope, EnvelopeSignature
from cosignpy.core.encoding import JsonValue, encode_json, parse_json
from cosignpy.core.keys.algorithms import ECDSA_P256, ECDSA_P384, ED25519, ML_DSA_65, RSA_2048, Algorithm
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.policy.predicate import AnyPredicateUnsafe, PredicateTypeIs
from cosignpy.core.verify.artifact import (
    Artifact,
    SignedContent,
    select_content,
    select_hashes,
    verify_content,
    verify_no_statement_wanted,
    verify_statement,
)
from cosignpy.errors import ClaimMismatch, MalformedError, SignatureMismatch
from cosignpy.values import replace
from tests.support.virtual_sigstore import ARTIFACT, FILE, STATEMENT, USER_KEY, statement_bundle, v1_bundle

ONLY_SHA256: Final = Artifact({"sha256": FILE.digests["sha256"]})
MESSAGE: Final = MessageSignature("SHA2_256", FILE.digests["sha256"], b"signature")
ENVELOPE: Final = Envelope(IN_TOTO_PAYLOAD, STATEMENT, (EnvelopeSignature(b"signature"),))


def message_bundle(**changes: object) -> Bundle:
    return replace(v1_bundle(), content=replace(MESSAGE, **changes))


def envelope_bundle(**changes: object) -> Bundle:
    return replace(v1_bundle(), content=replace(ENVELOPE, **changes))


def test_the_content_is_the_artifact_or_the_envelope() -> None:
    assert select_content(message_bundle(), FILE) == SignedContent(b"signature", FILE)
    found = select_content(envelope_bundle(), FILE)
    assert (found.signature, found.envelope) == (b"signature", ENVELOPE)
    assert found.digest("sha384") == Artifact.of(ENVELOPE.pae).digests["sha384"]


@pytest.mark.parametrize("name", ["sha256", "sha384", "sha512"])
def test_the_digest_in_the_bundle_is_that_of_the_artifact(name: str) -> None:
    algorithm = f"SHA2_{name[3:]}"
    select_content(message_bundle(algorithm=algorithm, digest=FILE.digests[name]), FILE)
    with pytest.raises(ClaimMismatch, match="artifact digest"):
        select_content(message_bundle(algorithm=algorithm, digest=bytes(len(FILE.digests[name]))), FILE)


def test_a_digest_may_be_missing_and_never_unknown() -> None:
    select_content(message_bundle(algorithm="", digest=b""), FILE)
    for changes in ({"algorithm": ""}, {"algorithm": "SHA1"}, {"algorithm": "HASH_ALGORITHM_UNSPECIFIED"}):
        with pytest.raises(MalformedError, match="unknown algorithm"):
            select_content(message_bundle(**changes), FILE)
    with pytest.raises(MalformedError, match="unknown algorithm"):
        select_content(message_bundle(algorithm="SHA1", digest=b""), FILE)


def test_an_envelope_holds_a_statement_and_one_signature() -> None:
    with pytest.raises(MalformedError, match="payload type"):
        select_content(envelope_bundle(payload_type="text/plain"), FILE)
    for signatures in ((), ENVELOPE.signatures * 2):
        with pytest.raises(MalformedError, match="exactly one"):
            select_content(envelope_bundle(signatures=signatures), FILE)


@pytest.mark.parametrize("algorithm", [ECDSA_P256, ECDSA_P384, RSA_2048, ED25519, ML_DSA_65], ids=lambda item: item.key)
def test_a_signature_over_a_file_is_verified(algorithm: Algorithm) -> None:
    key = PrivateKey.generate(algorithm)
    signed = SignedContent(key.sign(ARTIFACT), FILE)
    assert verify_content(signed, key.public_key) == algorithm
    with pytest.raises(SignatureMismatch):
        verify_content(replace(signed, artifact=Artifact.of(b"another")), key.public_key)


@pytest.mark.parametrize("algorithm", [ECDSA_P256, ECDSA_P384, RSA_2048], ids=lambda item: item.key)
def test_a_signature_is_verified_by_the_digest(algorithm: Algorithm) -> None:
    key = PrivateKey.generate(algorithm)
    known = Artifact({algorithm.hash: FILE.digests[algorithm.hash]})
    signed = SignedContent(key.sign(ARTIFACT), known)
    assert verify_content(signed, key.public_key) == algorithm
    with pytest.raises(SignatureMismatch):
        verify_content(
            replace(signed, artifact=Artifact({algorithm.hash: bytes(algorithm_size(algorithm))})), key.public_key
        )
    with pytest.raises(SignatureMismatch):
        verify_content(signed, PrivateKey.generate(algorithm).public_key)


def algorithm_size(algorithm: Algorithm) -> int:
    return len(FILE.digests[algorithm.hash])


@pytest.mark.parametrize("algorithm", [ED25519, ML_DSA_65], ids=lambda item: item.key)
def test_a_key_that_signs_whole_files_does_not_verify_by_the_digest(algorithm: Algorithm) -> None:
    key = PrivateKey.generate(algorithm)
    with pytest.raises(SignatureMismatch):
        verify_content(SignedContent(key.sign(ARTIFACT), Artifact(FILE.digests)), key.public_key)


def test_the_hashes_that_are_needed() -> None:
    p256, p384 = USER_KEY.public_key, PrivateKey.generate(ECDSA_P384).public_key
    assert select_hashes(message_bundle(), p256) == {"sha256"}
    assert select_hashes(message_bundle(), p384) == {"sha256", "sha384"}
    assert select_hashes(message_bundle(algorithm="SHA2_512"), p256) == {"sha256", "sha512"}
    assert select_hashes(message_bundle(algorithm="SHA1"), p256) == {"sha256"}
    assert select_hashes(statement_bundle(), p384) == {"sha256"}
    for name in ("sha384", "sha512"):
        subject = {"digest": {name: FILE.digests[name].hex()}}
        assert select_hashes(envelope_bundle(payload=statement(subject=[subject])), p256) == {"sha256", name}


def statement(**changes: JsonValue) -> bytes:
    return encode_json(parse_json(STATEMENT, what="test") | changes)


def check(payload: bytes, artifact: Artifact = FILE, wanted: str | None = None) -> dict[str, bytes]:
    rule = PredicateTypeIs(wanted) if wanted else AnyPredicateUnsafe("test")
    return dict(verify_statement(Envelope(IN_TOTO_PAYLOAD, payload, ()), artifact, rule)[1])


def subject(**digests: str) -> JsonValue:
    return {"digest": digests}


SHA256: Final = FILE.digests["sha256"].hex()
SHA384: Final = FILE.digests["sha384"].hex()
SHA512: Final = FILE.digests["sha512"].hex()
WRONG: Final = Digest.of(b"another").hex


def test_one_subject_has_to_be_the_artifact() -> None:
    assert check(STATEMENT) == {"sha256": FILE.digests["sha256"]}
    assert check(statement(subject=[subject(sha256=WRONG), subject(sha512=SHA512)])) == {
        "sha512": FILE.digests["sha512"]
    }
    assert check(statement(subject=[subject(sha384=SHA384)])) == {"sha384": FILE.digests["sha384"]}
    assert check(statement(subject=[subject(sha256=SHA256, sha512=SHA512)]), ONLY_SHA256) == ONLY_SHA256.digests


@pytest.mark.parametrize(
    "subjects",
    [
        [],
        [subject()],
        [subject(sha256=WRONG)],
        [subject(sha1="00" * 20)],
        [subject(sha256=WRONG, sha512=SHA512)],
        [subject(sha256=SHA256, sha512="00" * 64)],
        [subject(sha256=SHA256, sha384="00" * 48)],
        [subject(sha384="00" * 48)],
    ],
)
def test_a_statement_about_something_else_is_refused(subjects: JsonValue) -> None:
    with pytest.raises(ClaimMismatch, match="artifact digest") as refused:
        check(statement(subject=subjects))
    named = [f"{name}:{text}" for one in subjects for name, text in one["digest"].items() if name != "sha1"]
    assert refused.value.found == (", ".join(named) or "absent")


def test_a_digest_that_cannot_be_compared_proves_nothing() -> None:
    with pytest.raises(ClaimMismatch, match="artifact digest"):
        check(statement(subject=[subject(sha512=SHA512)]), ONLY_SHA256)


def test_the_predicate_type_is_compared() -> None:
    assert check(STATEMENT, wanted="https://sigstore.dev/cosign/sign/v1")
    with pytest.raises(ClaimMismatch, match="predicate type"):
        check(STATEMENT, wanted="https://slsa.dev/provenance/v1")


def test_digests_are_computed_where_the_content_is_known() -> None:
    known = Artifact({}, ARTIFACT)
    assert known.digest("sha512") == FILE.digests["sha512"]
    for name in ("md5", "sha1"):
        with pytest.raises(SignatureMismatch):
            known.digest(name)
    with pytest.raises(SignatureMismatch):
        ONLY_SHA256.digest("sha512")


@pytest.mark.parametrize("rule", [AnyPredicateUnsafe("test"), PredicateTypeIs()])
def test_a_plain_signature_is_what_no_statement_is_asked_of(rule: AnyPredicateUnsafe | PredicateTypeIs) -> None:
    verify_no_statement_wanted(rule)


def test_a_plain_signature_is_no_attestation() -> None:
    with pytest.raises(ClaimMismatch) as caught:
        verify_no_statement_wanted(PredicateTypeIs("https://slsa.dev/provenance/v1"))
    assert (caught.value.claim, caught.value.found) == ("predicate type", "absent")
