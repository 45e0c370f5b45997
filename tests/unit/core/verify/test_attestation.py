"""Legacy attestations that more than a key vouches for: certificate, promise and timestamp beside the envelope."""

from collections.abc import Mapping
from typing import Final

import pytest

from cosignpy.core.bundle.legacy_attestation import LegacyAttestation
from cosignpy.core.bundle.parts import SignatureParts
from cosignpy.core.policy.bundle import SignedByIdentity
from cosignpy.core.policy.image import ImagePolicy
from cosignpy.core.policy.predicate import PredicateTypeIs
from cosignpy.core.policy.transparency import RequireLog, RequireSignedTime, SkipLogUnsafe
from cosignpy.core.verify.attestation import verify_legacy_attestation
from cosignpy.core.verify.evidence import SignatureFormat, VerifiedSignature
from cosignpy.errors import (
    ClaimMismatch,
    CosignError,
    IdentityMismatch,
    MalformedError,
    SignatureMismatch,
    TransparencyError,
    TransparencyRequired,
)
from cosignpy.values import replace
from tests.support.attestations import REVIEW, old_statement
from tests.support.legacy_signatures import ISSUERS
from tests.support.signed import IMAGE, OTHER_IMAGE
from tests.support.virtual_sigstore import ALICE, REKOR_V1, TRUST, USER_KEY, Signing, certify, named, stamp
from tests.support.virtual_sigstore import SIGNING as EXTENSIONS

STATEMENT: Final = old_statement(IMAGE)
WANTED: Final = PredicateTypeIs(REVIEW)
BY_ALICE: Final = ImagePolicy((), RequireLog(), predicate=WANTED, identities=SignedByIdentity((ALICE,)))
BY_KEY: Final = ImagePolicy((USER_KEY.public_key,), RequireLog(), predicate=WANTED)
KEY_ALONE: Final = replace(BY_KEY, transparency=SkipLogUnsafe("test"))
STAMPED: Final = replace(
    BY_ALICE,
    transparency=SkipLogUnsafe("test"),
    identities=SignedByIdentity((ALICE,), RequireSignedTime()),
)
KEYLESS: Final = Signing(REKOR_V1, statement=STATEMENT)
KEYED: Final = Signing(REKOR_V1, None, USER_KEY, STATEMENT)


def legacy(signing: Signing, envelope: bytes = b"", **change: bytes) -> LegacyAttestation:
    """Return it as cosign 2 keeps it, with parts changed."""
    bundle = signing.bundle()
    parts = replace(SignatureParts.of_bundle(bundle, ISSUERS), **change)
    return LegacyAttestation(envelope or bundle.content.encode(), parts.annotations, "where")  # type: ignore[union-attr]


def verify(found: LegacyAttestation, policy: ImagePolicy) -> VerifiedSignature:
    return verify_legacy_attestation(found, IMAGE, policy, TRUST)


def test_whoever_the_certificate_names_attested_it() -> None:
    found = legacy(KEYLESS)
    shown = verify(found, BY_ALICE)
    assert shown.proof is not None
    assert shown.proof.certificate is not None
    assert (shown.location, shown.claim.format, shown.claim.type) == ("where", SignatureFormat.LEGACY, REVIEW)
    assert (shown.encoded_envelope, shown.claim.payload) == (found.envelope, STATEMENT)


def test_a_key_with_a_log_attested_it() -> None:
    shown = verify(legacy(KEYED), BY_KEY)
    assert shown.proof is not None
    assert len(shown.proof.entries) == 1


def test_a_certificate_beside_it_counts_for_no_policy_about_keys() -> None:
    certificate = legacy(KEYLESS).annotations
    beside = {**legacy(KEYED).annotations, **{name: text for name, text in certificate.items() if "cert" in name}}
    assert verify(LegacyAttestation(legacy(KEYED).envelope, beside), KEY_ALONE).key == USER_KEY.public_key


@pytest.mark.parametrize("beside", [{}, {"dev.sigstore.cosign/bundle": "no JSON"}])
def test_for_a_key_alone_nothing_beside_it_is_read(beside: Mapping[str, str]) -> None:
    assert (
        verify_legacy_attestation(LegacyAttestation(legacy(KEYED).envelope, beside), IMAGE, KEY_ALONE).log is not None
    )


def test_a_timestamp_may_be_over_the_whole_envelope() -> None:
    one = KEYLESS.bundle()
    envelope = one.content.encode()  # type: ignore[union-attr]
    parts = replace(SignatureParts.of_bundle(one, ISSUERS), timestamp=stamp(envelope))
    assert len(verify(LegacyAttestation(envelope, parts.annotations), STAMPED).proof.times) == 1  # type: ignore[union-attr]
    other = replace(parts, timestamp=stamp(envelope + b"\n"))
    with pytest.raises(ClaimMismatch):
        verify(LegacyAttestation(envelope, other.annotations), STAMPED)


BOB: Final = certify((*named("bob@example.com"), *EXTENSIONS))


@pytest.mark.parametrize(
    ("found", "policy", "error"),
    [
        (legacy(Signing(REKOR_V1, BOB, statement=STATEMENT)), BY_ALICE, IdentityMismatch),
        (legacy(KEYED), BY_ALICE, SignatureMismatch),
        (legacy(KEYLESS), BY_KEY, SignatureMismatch),
        (legacy(KEYLESS, rekor_bundle=b""), BY_ALICE, TransparencyError),
        (legacy(KEYED, rekor_bundle=b""), BY_KEY, TransparencyError),
        (legacy(KEYLESS, rekor_bundle=b"{}"), BY_ALICE, MalformedError),
        (legacy(Signing(REKOR_V1, statement=old_statement(OTHER_IMAGE))), BY_ALICE, ClaimMismatch),
        (legacy(Signing(REKOR_V1, statement=old_statement(IMAGE, "x:y"))), BY_ALICE, ClaimMismatch),
        (legacy(KEYLESS, envelope=legacy(KEYLESS).envelope), BY_ALICE, ClaimMismatch),
    ],
    ids=[
        "another identity",
        "a key, not a certificate",
        "a certificate, not a key",
        "no time",
        "no log",
        "no log's promise",
        "another image",
        "another type",
        "parts of another signature",
    ],
)
def test_what_differs_in_one_thing_is_refused(
    found: LegacyAttestation, policy: ImagePolicy, error: type[CosignError]
) -> None:
    with pytest.raises(error):
        verify(found, policy)


def test_without_a_trusted_root_nobody_is_believed() -> None:
    with pytest.raises(TransparencyRequired):
        verify_legacy_attestation(legacy(KEYLESS), IMAGE, BY_ALICE)
