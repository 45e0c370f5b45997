"""Signing files: what is signed, who is asked, and that nothing leaves which the verifier would refuse."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from cosignpy.core.bundle.model import CertificateMaterial, MessageSignature, PublicKeyMaterial
from cosignpy.core.bundle.protojson import encode_bundle, parse_bundle
from cosignpy.core.dsse import IN_TOTO_PAYLOAD, Envelope, EnvelopeSignature, encode_pae
from cosignpy.core.keys.algorithms import SIGNING
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.verify.bundle import verify_bundle
from cosignpy.errors import (
    CertificateError,
    ClaimMismatch,
    KeyUnusable,
    SignatureMismatch,
    Unreachable,
    UsageError,
    VerificationError,
)
from cosignpy.operations.complete_bundle import (
    SigningKey,
    SigningServices,
    check_services,
    complete_bundle,
    verify_own,
)
from cosignpy.operations.sign_blob import sign_blob
from cosignpy.values import replace
from tests.support.signing_services import Log, Root, Stamps
from tests.support.virtual_sigstore import (
    ARTIFACT,
    BY_ALICE,
    BY_KEY,
    FILE,
    LEAF_KEY,
    ROOT,
    STATEMENT,
    TRUST,
    USER_KEY,
    FakeLog,
    good_leaf,
)


@dataclass
class Source:
    """A file, and how it was read."""

    content: bytes | None = ARTIFACT
    read: list[str] = field(default_factory=list)

    def read_digests(self, algorithms: frozenset[str]) -> Mapping[str, bytes]:
        """Hash it."""
        self.read.append("digests")
        return {name: hashlib.new(name, self.content or b"").digest() for name in algorithms}

    def read_content(self) -> bytes | None:
        """Return it."""
        self.read.append("content")
        return self.content


class Down:
    """A service that does not answer."""

    def timestamp(self, _: bytes) -> bytes:
        """Fail."""
        raise Unreachable("the timestamp authority", "https://tsa.test", None, "no answer")


KEYLESS = SigningKey(LEAF_KEY, good_leaf())
KEYED = SigningKey(USER_KEY)
ALL = SigningServices((Log(),), (Stamps(),))
NONE = SigningServices()


def test_keyless_signature_is_accepted_by_the_verifier() -> None:
    bundle = parse_bundle(encode_bundle(sign_blob(Source(), KEYLESS, ALL, Root())))
    assert bundle.material == CertificateMaterial((good_leaf(),), alone=True)
    assert verify_bundle(bundle, FILE, TRUST, BY_ALICE).certificate is not None
    assert len(bundle.log_entries) == len(bundle.timestamps) == 1


def test_signature_with_a_key_and_a_log() -> None:
    bundle = parse_bundle(encode_bundle(sign_blob(Source(), KEYED, SigningServices((Log(),)), Root())))
    assert bundle.material == PublicKeyMaterial(USER_KEY.public_key.hint)
    assert verify_bundle(bundle, FILE, TRUST, BY_KEY).entries


def test_key_alone_needs_nobody() -> None:
    root = Root()
    bundle = sign_blob(Source(), KEYED, NONE, root)
    assert not root.asked
    assert (bundle.log_entries, bundle.timestamps) == ((), ())


def test_timestamp_alone_needs_the_trusted_root() -> None:
    root = Root()
    sign_blob(Source(), KEYED, SigningServices((), (Stamps(),)), root)
    assert root.asked
    with pytest.raises(VerificationError):
        sign_blob(Source(), KEYED, SigningServices((), (Stamps(),)), Root(replace(ROOT, timestamp_authorities=())))


@pytest.mark.parametrize("kind", SIGNING)
def test_every_kind_of_key_signs(kind: str) -> None:
    source, key = Source(), PrivateKey.generate(SIGNING[kind])
    bundle = sign_blob(source, SigningKey(key), NONE, Root())
    hashed = SIGNING[kind].hash
    assert source.read == ["digests" if hashed else "content"]
    assert isinstance(bundle.content, MessageSignature)
    assert bundle.content.digest == hashlib.new(hashed or "sha256", ARTIFACT).digest()


@pytest.mark.parametrize("kind", ["Ed25519", "ML-DSA-65"])
def test_keys_that_sign_files_whole_want_the_file_and_no_log(kind: str) -> None:
    key = SigningKey(PrivateKey.generate(SIGNING[kind]))
    with pytest.raises(KeyUnusable, match="only a digest is given"):
        sign_blob(Source(None), key, NONE, Root())
    with pytest.raises(KeyUnusable, match="a log that learns only their digest"):
        sign_blob(Source(), key, SigningServices((Log(),)), Root())


def test_nothing_is_given_out_that_a_log_did_not_prove() -> None:
    forged = SigningServices((Log(change=lambda entry: replace(entry, log_index=entry.log_index + 1)),), (Stamps(),))
    with pytest.raises(VerificationError, match="index of the log entry"):
        sign_blob(Source(), KEYLESS, forged, Root())


def test_nothing_is_given_out_whose_log_nobody_trusts() -> None:
    with pytest.raises(VerificationError, match="number of trusted logs"):
        sign_blob(Source(), KEYED, SigningServices((Log(),)), Root(replace(ROOT, logs=())))


def test_each_of_two_logs_counts() -> None:
    second = FakeLog("second.test", PrivateKey.generate(SIGNING["P-256"]), None)
    both = SigningServices((Log(), Log(second)))
    trusted = replace(ROOT, logs=(*ROOT.logs, second.trusted))
    assert len(sign_blob(Source(), KEYED, both, Root(trusted)).log_entries) == len(both.logs)
    with pytest.raises(VerificationError, match="number of trusted logs"):
        sign_blob(Source(), KEYED, both, Root())


def test_nothing_is_given_out_whose_authority_nobody_trusts() -> None:
    with pytest.raises(CertificateError):
        sign_blob(Source(), KEYLESS, ALL, Root(replace(ROOT, certificate_authorities=())))


def test_nothing_is_given_out_with_a_certificate_of_another_key() -> None:
    with pytest.raises(VerificationError):
        sign_blob(Source(), SigningKey(USER_KEY, good_leaf()), ALL, Root())


def test_one_service_that_fails_fails_all() -> None:
    with pytest.raises(Unreachable):
        sign_blob(Source(), KEYLESS, SigningServices((Log(),), (Stamps(), Down())), Root())


def test_certificate_wants_a_log() -> None:
    check_services(ALL, keyless=True)
    check_services(NONE, keyless=False)
    with pytest.raises(UsageError, match="transparency log"):
        check_services(SigningServices((), (Stamps(),)), keyless=True)


def signed_statement() -> Envelope:
    """Return the statement, signed without a key that lasts."""
    signature = LEAF_KEY.sign(encode_pae(IN_TOTO_PAYLOAD, STATEMENT))
    return Envelope(IN_TOTO_PAYLOAD, STATEMENT, (EnvelopeSignature(signature),))


def test_statements_are_completed_as_files_are() -> None:
    bundle = complete_bundle(signed_statement(), KEYLESS, ALL)
    verify_own(bundle, FILE, KEYLESS, Root())
    with pytest.raises(ClaimMismatch):
        verify_own(bundle, FILE.of(b"another"), KEYLESS, Root())


def test_signature_of_another_file_is_refused() -> None:
    bundle = sign_blob(Source(), KEYED, NONE, Root())
    assert isinstance(bundle.content, MessageSignature)
    other = replace(bundle, content=replace(bundle.content, signature=USER_KEY.sign(b"another")))
    with pytest.raises(SignatureMismatch):
        verify_own(other, FILE, KEYED, Root())
