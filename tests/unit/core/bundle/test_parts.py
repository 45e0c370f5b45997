"""Signatures in parts become bundles, and bundles become parts, as annotations have them."""

from typing import Final

import pytest

from cosignpy.core.bundle.model import BUNDLE_V01, CertificateMaterial, PublicKeyMaterial
from cosignpy.core.bundle.parts import SignatureParts, assemble_bundle
from cosignpy.core.bundle.protojson import MAX_CHAIN
from cosignpy.core.bundle.rekor_bundle import encode_rekor_bundle
from cosignpy.core.bundle.versions import verify_form
from cosignpy.core.encoding import PemBlock, encode_b64, encode_json
from cosignpy.errors import LimitExceeded, MalformedError
from cosignpy.values import replace
from tests.support.virtual_sigstore import (
    FULCIO_ISSUER,
    FULCIO_ROOT,
    Signing,
    certificate_pem,
    good_leaf,
    key_bundle,
    v2_bundle,
)

ISSUERS: Final = (FULCIO_ISSUER.der, FULCIO_ROOT.der)
CHAIN: Final = b"".join(certificate_pem(der) for der in ISSUERS)
BUNDLE: Final = Signing(stamped=True).bundle()
PARTS: Final = SignatureParts.of_bundle(BUNDLE, ISSUERS)


def test_a_bundle_is_taken_apart() -> None:
    assert SignatureParts.of_bundle(BUNDLE, ISSUERS) == SignatureParts(
        certificate_pem(good_leaf()), CHAIN, encode_rekor_bundle(BUNDLE.log_entries[0]), BUNDLE.timestamps[0]
    )
    assert SignatureParts.of_bundle(replace(BUNDLE, log_entries=(), timestamps=())) == SignatureParts(
        certificate_pem(good_leaf())
    )


def test_annotations_are_cosigns_and_read_back() -> None:
    assert PARTS.annotations == {
        "dev.sigstore.cosign/certificate": certificate_pem(good_leaf()).decode(),
        "dev.sigstore.cosign/chain": CHAIN.decode(),
        "dev.sigstore.cosign/bundle": encode_rekor_bundle(BUNDLE.log_entries[0]).decode(),
        "dev.sigstore.cosign/rfc3161timestamp": f'{{"SignedRFC3161Timestamp":"{encode_b64(BUNDLE.timestamps[0])}"}}',
    }
    assert SignatureParts.of_annotations(PARTS.annotations) == PARTS


def test_what_is_not_there_has_no_annotation() -> None:
    assert SignatureParts().annotations == {}
    assert SignatureParts.of_annotations({"dev.sigstore.cosign/chain": ""}) == SignatureParts()


def test_parts_become_a_bundle_that_may_hold_a_promise_alone() -> None:
    made = assemble_bundle(BUNDLE.content, PARTS)
    verify_form(made)
    assert made == replace(
        BUNDLE,
        media_type=BUNDLE_V01,
        material=CertificateMaterial((good_leaf(), *ISSUERS)),
        log_entries=(replace(BUNDLE.log_entries[0], inclusion=None),),
    )


def test_without_a_certificate_a_key_signed() -> None:
    parts = SignatureParts.of_bundle(key_bundle())
    made = assemble_bundle(key_bundle().content, parts)
    assert (made.material, len(made.log_entries), made.timestamps) == (PublicKeyMaterial(""), 1, ())
    assert assemble_bundle(BUNDLE.content, SignatureParts()).log_entries == ()


def test_there_is_room_for_one_entry_and_one_timestamp() -> None:
    with pytest.raises(MalformedError):
        SignatureParts.of_bundle(replace(BUNDLE, log_entries=BUNDLE.log_entries * 2))
    with pytest.raises(MalformedError):
        SignatureParts.of_bundle(replace(BUNDLE, timestamps=BUNDLE.timestamps * 2))


def test_an_entry_of_rekor_v2_has_no_place() -> None:
    with pytest.raises(MalformedError) as refused:
        SignatureParts.of_bundle(v2_bundle())
    assert refused.value.what == "rekor bundle"


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param(replace(PARTS, certificate=b""), id="issuers without a certificate"),
        pytest.param(replace(PARTS, certificate=b"\x00"), id="certificate that is none"),
        pytest.param(replace(PARTS, certificate=PemBlock("PUBLIC KEY", b"x").encode()), id="key for a certificate"),
        pytest.param(replace(PARTS, certificate=CHAIN), id="several certificates"),
        pytest.param(replace(PARTS, chain=b"nothing"), id="chain that is none"),
        pytest.param(replace(PARTS, chain=certificate_pem(FULCIO_ROOT.der) * MAX_CHAIN), id="too many issuers"),
        pytest.param(replace(PARTS, rekor_bundle=b"{}"), id="rekor bundle that is none"),
    ],
)
def test_parts_that_cannot_be_read_are_refused(parts: SignatureParts) -> None:
    with pytest.raises((MalformedError, LimitExceeded)):
        assemble_bundle(BUNDLE.content, parts)


@pytest.mark.parametrize(
    "wrapped",
    [
        b"no JSON",
        b"{}",
        encode_json({"SignedRFC3161Timestamp": ""}),
        encode_json({"SignedRFC3161Timestamp": "YR=="}),
        encode_json({"SignedRFC3161Timestamp": "AAAA", "more": ""}),
    ],
)
def test_a_timestamp_that_is_wrapped_otherwise_is_refused(wrapped: bytes) -> None:
    with pytest.raises(MalformedError) as refused:
        SignatureParts.of_annotations({"dev.sigstore.cosign/rfc3161timestamp": wrapped.decode()})
    assert "timestamp annotation" in refused.value.what


def test_a_chain_may_be_as_long_as_that_of_a_bundle() -> None:
    most = replace(PARTS, chain=certificate_pem(FULCIO_ROOT.der) * (MAX_CHAIN - 1))
    made = assemble_bundle(BUNDLE.content, most).material
    assert isinstance(made, CertificateMaterial)
    assert len(made.certificates) == MAX_CHAIN
