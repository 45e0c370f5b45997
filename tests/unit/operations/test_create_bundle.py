"""Bundles of what lies about of a signature: of one signature, or none at all."""

from typing import Any, Final

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from cosignpy.core.bundle.model import (
    BUNDLE_V01,
    Bundle,
    CertificateMaterial,
    MessageSignature,
    PublicKeyMaterial,
)
from cosignpy.core.digest import Digest
from cosignpy.core.keys.algorithms import ED25519
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.rekor.body import EntryHash
from cosignpy.core.rekor.hashedrekord import HashedRekordV001
from cosignpy.errors import (
    ClaimMismatch,
    CosignError,
    RemoteError,
    SignatureMismatch,
    TransparencyRequired,
    UsageError,
)
from cosignpy.operations.artifacts import HeldContent, KnownDigest
from cosignpy.operations.create_bundle import Found, create_bundle
from cosignpy.values import replace
from tests.support.certificates import key
from tests.support.kept_entries import KeptEntries
from tests.support.virtual_sigstore import (
    ARTIFACT,
    FULCIO_ISSUER,
    LEAF_KEY,
    REKOR_V1,
    STATEMENT,
    USER_KEY,
    Signing,
    good_leaf,
    key_bundle,
    stamp,
    v1_bundle,
)

SOURCE: Final = HeldContent(ARTIFACT)
STATED: Final = Signing(statement=STATEMENT).bundle()


def found(bundle: Bundle, key: PublicKey | None = None, **changes: Any) -> Found:
    """Return the parts of a bundle as they lie about: nothing says of what the signature is, or who logged it."""
    content = bundle.content
    if isinstance(content, MessageSignature):
        content = MessageSignature("", b"", content.signature)
    parts = replace(bundle, media_type=BUNDLE_V01, content=content, log_entries=())
    return Found(replace(parts, **changes), key)


def by_key() -> Found:
    return found(key_bundle(), USER_KEY.public_key, material=PublicKeyMaterial(""))


def log_of(bundle: Bundle) -> KeptEntries:
    return KeptEntries(bundle.log_entries)


@pytest.mark.parametrize("bundle", [v1_bundle(), STATED])
def test_a_signature_by_a_certificate_gets_its_entry(bundle: Bundle) -> None:
    log = log_of(bundle)
    assert create_bundle(found(bundle), SOURCE, log) == bundle
    assert log.requests == ["search"]


def test_a_signature_by_a_key_gets_hint_and_entry() -> None:
    made = create_bundle(by_key(), SOURCE, log_of(key_bundle()))
    assert made == replace(key_bundle(), material=PublicKeyMaterial(USER_KEY.public_key.hint))


def test_a_digest_does_in_place_of_the_artifact() -> None:
    assert create_bundle(found(v1_bundle()), KnownDigest(Digest.of(ARTIFACT)), log_of(v1_bundle())) == v1_bundle()


def test_issuers_are_left_out_and_timestamps_kept() -> None:
    content = v1_bundle().content
    assert isinstance(content, MessageSignature)
    stamps = (stamp(content.signature),)
    chain = CertificateMaterial((good_leaf(), FULCIO_ISSUER.der))
    made = create_bundle(found(v1_bundle(), material=chain, timestamps=stamps), SOURCE, log_of(v1_bundle()))
    assert made == replace(v1_bundle(), timestamps=stamps)


def test_without_a_log_there_is_no_entry() -> None:
    assert create_bundle(found(v1_bundle()), SOURCE, None) == replace(v1_bundle(), log_entries=())


def test_an_entry_that_is_known_is_proved_and_not_searched_for() -> None:
    (entry,) = v1_bundle().log_entries
    promised = (replace(entry, inclusion=None),)
    log = log_of(v1_bundle())
    assert create_bundle(found(v1_bundle(), log_entries=promised), SOURCE, log) == v1_bundle()
    assert log.requests == [f"fetch {entry.log_index}"]
    with pytest.raises(UsageError, match="no log is to be asked"):
        create_bundle(found(v1_bundle(), log_entries=promised), SOURCE, None)


def test_an_entry_that_is_proved_needs_no_log() -> None:
    entries = v1_bundle().log_entries
    assert create_bundle(found(v1_bundle(), log_entries=entries), SOURCE, None) == v1_bundle()
    log = KeptEntries()
    assert create_bundle(found(v1_bundle(), log_entries=entries), SOURCE, log) == v1_bundle()
    assert log.requests == []


def test_an_old_key_is_looked_for_by_the_digest_that_it_signed() -> None:
    """cosign 2 signed SHA-256 with keys of every size."""
    handle = key("old", ec.SECP384R1)
    signer, signature = PrivateKey.from_handle(handle), handle.sign(ARTIFACT, ec.ECDSA(SHA256()))
    body = HashedRekordV001(
        EntryHash("sha256", Digest.of(ARTIFACT).hex), signature, signer.public_key.encode_pem()
    ).encode()
    log = KeptEntries((REKOR_V1.add("hashedrekord", "0.0.1", body),))
    parts = Bundle(BUNDLE_V01, PublicKeyMaterial(""), MessageSignature("", b"", signature))
    made = create_bundle(Found(parts, signer.public_key), SOURCE, log)
    assert (made.log_entries, made.content) == (
        log.entries,
        MessageSignature("SHA2_256", bytes.fromhex(Digest.of(ARTIFACT).hex), signature),
    )


def test_a_key_that_signs_files_whole() -> None:
    bundle = Signing(leaf=None, signer=(signer := PrivateKey.generate(ED25519))).bundle()
    parts = found(bundle, signer.public_key, material=PublicKeyMaterial(""))
    made = create_bundle(parts, SOURCE, None)
    assert (made.content, made.log_entries) == (bundle.content, ())
    with pytest.raises(SignatureMismatch):
        create_bundle(parts, KnownDigest(Digest.of(ARTIFACT)), None)


@pytest.mark.parametrize(
    ("parts", "source", "log", "kind"),
    [
        (found(v1_bundle(), USER_KEY.public_key), SOURCE, None, UsageError),
        (replace(by_key(), key=None), SOURCE, None, UsageError),
        (replace(by_key(), key=LEAF_KEY.public_key), SOURCE, None, SignatureMismatch),
        (found(v1_bundle()), HeldContent(b"another"), None, SignatureMismatch),
        (found(STATED), HeldContent(b"another"), None, ClaimMismatch),
        (found(v1_bundle(), timestamps=(stamp(b"another"),)), SOURCE, None, ClaimMismatch),
        (found(v1_bundle(), log_entries=key_bundle().log_entries), SOURCE, None, ClaimMismatch),
        (found(v1_bundle()), SOURCE, KeptEntries(), TransparencyRequired),
        (found(v1_bundle()), SOURCE, log_of(key_bundle()), TransparencyRequired),
    ],
)
def test_what_does_not_belong_together_is_refused(
    parts: Found, source: HeldContent, log: KeptEntries | None, kind: type[CosignError]
) -> None:
    with pytest.raises(kind):
        create_bundle(parts, source, log)


def test_an_entry_that_the_log_does_not_have_is_refused() -> None:
    (entry,) = v1_bundle().log_entries
    with pytest.raises(RemoteError):
        create_bundle(found(v1_bundle(), log_entries=(replace(entry, inclusion=None),)), SOURCE, KeptEntries())
