"""Older bundles, and cosign's own JSON, brought to version 0.3; the log is asked for nothing but what is missing."""

from typing import Final

import pytest

from cosignpy.core.bundle.blob_files import BlobSignature, encode_blob_bundle
from cosignpy.core.bundle.model import Bundle, CertificateMaterial, PublicKeyMaterial
from cosignpy.core.bundle.protojson import encode_bundle
from cosignpy.core.digest import Digest
from cosignpy.core.encoding import encode_b64, encode_json, parse_json
from cosignpy.core.rekor.body import EntryHash
from cosignpy.core.rekor.dsse import DsseV001, LoggedSignature
from cosignpy.errors import ClaimMismatch, CosignError, MalformedError, RemoteError
from cosignpy.operations.upgrade_bundle import assemble_signature, read_old_bundle, upgrade
from cosignpy.values import replace
from tests.support.kept_entries import KeptEntries
from tests.support.virtual_sigstore import (
    FULCIO_ISSUER,
    REKOR_V1,
    STATEMENT,
    USER_KEY,
    Signing,
    good_leaf,
    key_bundle,
    statement_bundle,
    v1_bundle,
    v2_bundle,
)

V01: Final = "application/vnd.dev.sigstore.bundle+json;version=0.1"
V02: Final = "application/vnd.dev.sigstore.bundle+json;version=0.2"
HINTED: Final = replace(key_bundle(), material=PublicKeyMaterial(USER_KEY.public_key.hint))


def promised(bundle: Bundle, media_type: str = V01) -> Bundle:
    entries = tuple(replace(entry, inclusion=None) for entry in bundle.log_entries)
    return replace(bundle, media_type=media_type, log_entries=entries)


@pytest.mark.parametrize("bundle", [v1_bundle(), v2_bundle(), statement_bundle()])
@pytest.mark.parametrize("media_type", [V01, V02])
def test_what_has_its_proofs_needs_no_log(bundle: Bundle, media_type: str) -> None:
    log = KeptEntries()
    assert upgrade(replace(bundle, media_type=media_type), log) == bundle
    assert log.requests == []


def test_a_promise_becomes_a_proof() -> None:
    log = KeptEntries(v1_bundle().log_entries)
    assert upgrade(promised(v1_bundle()), log) == v1_bundle()
    assert upgrade(replace(promised(v1_bundle()), media_type=v1_bundle().media_type), log) == v1_bundle()
    assert log.requests == ["fetch 1004", "fetch 1004"]


def test_what_is_current_is_left_as_it_is() -> None:
    spelled = replace(v1_bundle(), media_type="application/vnd.dev.sigstore.bundle+json;version=0.3")
    assert upgrade(spelled, KeptEntries()) is spelled


def test_issuers_are_left_out() -> None:
    chain = CertificateMaterial((good_leaf(), FULCIO_ISSUER.der))
    assert upgrade(replace(v1_bundle(), media_type=V01, material=chain), KeptEntries()) == v1_bundle()


def test_the_log_has_to_have_the_entry_and_no_other() -> None:
    with pytest.raises(RemoteError):
        upgrade(promised(v1_bundle()), KeptEntries())
    with pytest.raises(ClaimMismatch):
        upgrade(promised(v1_bundle()), KeptEntries(key_bundle().log_entries))


def test_a_bundle_of_any_version_is_read() -> None:
    assert read_old_bundle(encode_bundle(v2_bundle())) == v2_bundle()


@pytest.mark.parametrize("bundle", [v1_bundle(), HINTED])
def test_cosigns_own_json_becomes_a_bundle(bundle: Bundle) -> None:
    read = read_old_bundle(encode_blob_bundle(bundle))
    assert upgrade(read, KeptEntries(bundle.log_entries)) == bundle


def test_an_attestation_in_cosigns_own_json_becomes_a_bundle() -> None:
    bundle = Signing(leaf=None, signer=USER_KEY, statement=STATEMENT).bundle()
    hashed = EntryHash("sha256", Digest.of(STATEMENT).hex)
    signature = bundle.content.signatures[0].signature  # type: ignore[union-attr]
    body = DsseV001(hashed, hashed, (LoggedSignature(signature, USER_KEY.public_key.encode_pem()),)).encode()
    bundle = replace(bundle, material=HINTED.material, log_entries=(REKOR_V1.add("dsse", "0.0.1", body),))
    read = read_old_bundle(encode_blob_bundle(bundle))
    assert upgrade(read, KeptEntries(bundle.log_entries)) == bundle


def test_a_signature_that_says_nothing_is_refused() -> None:
    raw = encode_json({"base64Signature": encode_b64(b"signature")})
    with pytest.raises(MalformedError, match="does not say of what it is"):
        read_old_bundle(raw)


@pytest.mark.parametrize("raw", [b"", b"nonsense", b"{}", b'{"base64Signature":5}'])
def test_what_is_neither_is_refused(raw: bytes) -> None:
    with pytest.raises(CosignError):
        read_old_bundle(raw)


def test_an_envelope_stands_in_place_of_a_signature() -> None:
    envelope = parse_json(encode_bundle(statement_bundle()), what="test")["dsseEnvelope"]
    assert assemble_signature(BlobSignature(encode_json(envelope))).content == statement_bundle().content
    assert assemble_signature(BlobSignature(b"signature")).content.signature == b"signature"  # type: ignore[union-attr]
