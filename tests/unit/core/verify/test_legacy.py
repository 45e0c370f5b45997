"""Legacy signatures with certificate, promise and timestamp: the steps that bundles go through, one wrong at a time."""

from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from typing import Final

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import BasicConstraints

from cosignpy.core.bundle.legacy import LegacySignature
from cosignpy.core.bundle.model import CertificateMaterial
from cosignpy.core.bundle.parts import SignatureParts
from cosignpy.core.bundle.rekor_bundle import encode_rekor_bundle, parse_rekor_bundle
from cosignpy.core.bundle.versions import ChainRule
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.policy.bundle import SignedByIdentity
from cosignpy.core.policy.deny import DeniedKey, DenyList
from cosignpy.core.policy.identity import Exactly, IdentityRule
from cosignpy.core.policy.image import ImagePolicy
from cosignpy.core.policy.key_window import KeyWindow
from cosignpy.core.policy.predicate import AnyPredicateUnsafe, PredicateTypeIs
from cosignpy.core.policy.transparency import RequireLog, RequireSignedTime, SkipLogUnsafe
from cosignpy.core.rekor.log_entry import LogEntry
from cosignpy.core.verify.bundle import Trust
from cosignpy.core.verify.evidence import SignatureFormat, VerifiedSignature
from cosignpy.core.verify.findings import TimeSource
from cosignpy.core.verify.signature import verify_legacy
from cosignpy.core.verify.steps import Outcome, Step
from cosignpy.core.verify.trail import trail_of
from cosignpy.errors import (
    CertificateError,
    ClaimMismatch,
    CosignError,
    Denied,
    IdentityMismatch,
    MalformedError,
    SignatureMismatch,
    TimestampError,
    TransparencyError,
    TransparencyRequired,
)
from cosignpy.values import replace
from tests.support.certificates import CA, LIFETIME, START, Authority
from tests.support.legacy_signatures import ISSUERS, LegacySigning, with_parts
from tests.support.signed import IMAGE, OTHER_IMAGE, simple_signing
from tests.support.virtual_sigstore import (
    ALICE,
    CODE_SIGNING,
    FULCIO_ROOT,
    ISSUER,
    LEAF_KEY,
    REKOR_V1,
    ROOT,
    SIGNING,
    TRUST,
    USER_KEY,
    certificate_pem,
    certify,
    good_leaf,
    named,
    stamp,
)

BY_ALICE: Final = ImagePolicy((), RequireLog(), identities=SignedByIdentity((ALICE,)))
BY_KEY: Final = ImagePolicy((USER_KEY.public_key,), RequireLog())
TIMED: Final = replace(BY_ALICE, identities=SignedByIdentity((ALICE,), RequireSignedTime()))
UNLOGGED: Final = replace(TIMED, transparency=SkipLogUnsafe("test"))
GOOD: Final = LegacySigning()
PAYLOAD: Final = GOOD.payload
STRANGER: Final = PrivateKey.generate(LEAF_KEY.public_key.algorithm)


def verify(
    found: LegacySignature, policy: ImagePolicy = BY_ALICE, payload: bytes = PAYLOAD, trust: Trust | None = TRUST
) -> VerifiedSignature:
    return verify_legacy(payload, found, IMAGE, policy, trust)


def refused(error: type[CosignError], found: LegacySignature, policy: ImagePolicy = BY_ALICE) -> str:
    with pytest.raises(error) as why:
        verify(found, policy)
    return str(why.value)


def test_a_signature_by_identity_gives_the_evidence_of_a_bundle() -> None:
    found = verify(GOOD.make())
    assert found.proof is not None
    assert found.proof.certificate is not None
    assert found.signer == str(found.proof.certificate.identity)
    assert (found.location, found.digest, found.log) == ("where", IMAGE, None)
    assert (found.claim.format, found.claim.payload) == (SignatureFormat.LEGACY, PAYLOAD)
    assert [entry.log for entry in found.proof.entries] == [REKOR_V1.url]
    assert [time.source for time in found.proof.times] == [TimeSource.LOG]
    assert found.steps == found.proof.steps


def test_a_timestamp_is_a_time_too() -> None:
    found = verify(replace_signing(stamped=True).make(), TIMED)
    assert found.proof is not None
    assert [time.source for time in found.proof.times] == [TimeSource.TIMESTAMP_AUTHORITY, TimeSource.LOG]
    alone = verify(replace_signing(stamped=True, logged=False).make(), UNLOGGED)
    assert alone.proof is not None
    assert (alone.proof.entries, len(alone.proof.times)) == ((), 1)
    refused(TimestampError, GOOD.make(), TIMED)


def replace_signing(**changes: object) -> LegacySigning:
    return LegacySigning(**{**{name: getattr(GOOD, name) for name in GOOD.__dataclass_fields__}, **changes})  # type: ignore[arg-type]


def changed(make: Callable[[SignatureParts, bytes], SignatureParts], signing: LegacySigning = GOOD) -> LegacySignature:
    """Make a good signature, and change what lies beside it."""
    signature = signing.signer.sign(signing.payload)
    return with_parts(signing.payload, signature, make(signing.parts(signature), signature))


def with_entry(change: Callable[[LogEntry], LogEntry], signing: LegacySigning = GOOD) -> LegacySignature:
    """Make a good signature, and change what is said of its entry behind the log's back."""

    def make(parts: SignatureParts, _: bytes) -> SignatureParts:
        return replace(parts, rekor_bundle=encode_rekor_bundle(change(parse_rekor_bundle(parts.rekor_bundle))))

    return changed(make, signing)


def entry_of_another() -> LogEntry:
    """Return a good entry of another signature by the same signer over the same payload."""
    return GOOD.entry(LEAF_KEY.sign(PAYLOAD))


def promised(body_of: LegacySigning, signature: bytes) -> bytes:
    return encode_rekor_bundle(body_of.entry(signature))


OTHER_LEAF: Final = certify()
"""Another certificate of the same authority, for the same key and person."""
OTHER_PAYLOAD: Final = simple_signing(optional={"another": "payload"})


@pytest.mark.parametrize(
    ("error", "found"),
    [
        pytest.param(
            SignatureMismatch,
            with_entry(lambda entry: replace(entry, entry_timestamp=entry_of_another().entry_timestamp)),
            id="promise of another entry",
        ),
        pytest.param(
            SignatureMismatch,
            with_entry(lambda entry: replace(entry, log_index=entry.log_index + 1)),
            id="another index than promised",
        ),
        pytest.param(
            SignatureMismatch,
            with_entry(lambda entry: replace(entry, integrated_time=entry.integrated_time + 1)),
            id="another time than promised",
        ),
        pytest.param(
            TransparencyError,
            with_entry(lambda entry: replace(entry, log_id=bytes(32))),
            id="log that nobody trusts",
        ),
        pytest.param(
            ClaimMismatch, with_entry(lambda _: entry_of_another()), id="entry of another signature over the payload"
        ),
        pytest.param(
            ClaimMismatch,
            changed(
                lambda parts, made: replace(parts, rekor_bundle=promised(replace_signing(payload=OTHER_PAYLOAD), made))
            ),
            id="entry about another payload",
        ),
        pytest.param(
            ClaimMismatch,
            changed(lambda parts, made: replace(parts, rekor_bundle=promised(replace_signing(leaf=OTHER_LEAF), made))),
            id="entry that names another certificate",
        ),
        pytest.param(
            ClaimMismatch,
            changed(lambda parts, _: replace(parts, certificate=certificate_pem(OTHER_LEAF))),
            id="another certificate than logged",
        ),
        pytest.param(
            ClaimMismatch,
            changed(lambda parts, made: replace(parts, rekor_bundle=promised(LegacySigning.by_key(LEAF_KEY), made))),
            id="entry that names the key alone",
        ),
        pytest.param(
            SignatureMismatch, replace_signing(signer=STRANGER).make(), id="signature of another key than certified"
        ),
        pytest.param(
            TransparencyError, changed(lambda parts, _: replace(parts, rekor_bundle=b"")), id="no entry at all"
        ),
        pytest.param(CertificateError, replace_signing(issuers=ISSUERS[::-1]).make(), id="chain in the wrong order"),
        pytest.param(
            CertificateError, replace_signing(moment=START + LIFETIME + timedelta(seconds=1)).make(), id="expired"
        ),
        pytest.param(CertificateError, replace_signing(moment=START - timedelta(seconds=1)).make(), id="not valid yet"),
        pytest.param(
            ClaimMismatch,
            changed(lambda parts, _: replace(parts, timestamp=stamp(b"another signature"))),
            id="timestamp of another signature",
        ),
        pytest.param(
            IdentityMismatch,
            replace_signing(leaf=certify((*named("mallory@example.com"), *SIGNING))).make(),
            id="certificate of somebody else",
        ),
        pytest.param(
            SignatureMismatch, changed(lambda parts, _: replace(parts, certificate=b"", chain=b"")), id="no certificate"
        ),
        pytest.param(
            MalformedError, changed(lambda parts, _: replace(parts, rekor_bundle=b"{}")), id="promise that is none"
        ),
        pytest.param(
            MalformedError, changed(lambda parts, _: replace(parts, certificate=b"x")), id="certificate that is none"
        ),
    ],
)
def test_a_signature_with_one_thing_wrong_is_refused(error: type[CosignError], found: LegacySignature) -> None:
    refused(error, found)


def test_another_payload_is_refused() -> None:
    with pytest.raises(ClaimMismatch, match="content digest of the log entry"):
        verify(GOOD.make(), payload=OTHER_PAYLOAD)
    with pytest.raises(SignatureMismatch):
        verify(replace_signing(stamped=True, logged=False).make(), UNLOGGED, OTHER_PAYLOAD)


def test_a_signature_of_another_image_is_refused() -> None:
    theirs = replace_signing(payload=simple_signing(OTHER_IMAGE))
    with pytest.raises(ClaimMismatch) as why:
        verify(theirs.make(), payload=theirs.payload)
    assert (why.value.claim, why.value.found) == ("image digest", str(OTHER_IMAGE))


def test_annotations_are_demanded() -> None:
    refused(ClaimMismatch, GOOD.make(), replace(BY_ALICE, annotations={"a": "b"}))


def test_a_key_with_a_promise_satisfies_who_demands_a_log() -> None:
    found = verify(LegacySigning.by_key().make(), BY_KEY)
    assert (found.signer, found.log) == (USER_KEY.public_key, None)
    assert found.proof is not None
    assert found.proof.certificate is None
    assert [entry.log for entry in found.proof.entries] == [REKOR_V1.url]


@pytest.mark.parametrize(
    ("error", "found"),
    [
        (TransparencyError, changed(lambda parts, _: replace(parts, rekor_bundle=b""), LegacySigning.by_key())),
        (
            SignatureMismatch,
            with_entry(lambda entry: replace(entry, log_index=entry.log_index + 1), LegacySigning.by_key()),
        ),
        (ClaimMismatch, with_entry(lambda _: entry_of_another(), LegacySigning.by_key())),
        (SignatureMismatch, LegacySigning.by_key(STRANGER).make()),
    ],
    ids=["no entry", "another index", "entry of another signature", "another key"],
)
def test_a_key_with_one_thing_wrong_is_refused(error: type[CosignError], found: LegacySignature) -> None:
    refused(error, found, BY_KEY)


def test_a_certificate_beside_a_signature_does_not_matter_to_who_has_the_key() -> None:
    parts = {"certificate": b"nobody signed this", "chain": b"nor this"}
    assert verify(changed(lambda old, _: replace(old, **parts), LegacySigning.by_key()), BY_KEY).proof is not None
    refused(SignatureMismatch, LegacySigning.by_key().make(), BY_ALICE)


@pytest.mark.parametrize("rule", [RequireLog(), SkipLogUnsafe("test")])
def test_a_key_that_counts_in_its_time_only(rule: RequireLog | SkipLogUnsafe) -> None:
    made = replace_signing(leaf=None, signer=USER_KEY, issuers=(), stamped=True).make()
    key = USER_KEY.public_key
    assert verify(made, ImagePolicy((key,), rule, windows={key: KeyWindow(START)})).proof is not None
    with pytest.raises(TimestampError):
        verify(made, ImagePolicy((key,), rule, windows={key: KeyWindow(START + LIFETIME)}))
    with pytest.raises(TransparencyRequired):
        verify(made, ImagePolicy((key,), rule, windows={key: KeyWindow(START)}), trust=None)


@pytest.mark.parametrize("rule", [RequireLog(), SkipLogUnsafe("test")])
def test_a_policy_by_which_signatures_of_a_time_count_only(rule: RequireLog | SkipLogUnsafe) -> None:
    made = replace_signing(leaf=None, signer=USER_KEY, issuers=(), stamped=True).make()
    policy = ImagePolicy((USER_KEY.public_key,), rule, window=KeyWindow(START))
    assert verify(made, policy).proof is not None
    with pytest.raises(TimestampError):
        verify(made, replace(policy, window=KeyWindow(START + LIFETIME)))
    with pytest.raises(TransparencyRequired):
        verify(made, policy, trust=None)


@pytest.mark.parametrize("rule", [RequireLog(), SkipLogUnsafe("test")])
def test_a_legacy_signature_is_no_attestation(rule: RequireLog | SkipLogUnsafe) -> None:
    policy = replace(BY_KEY, transparency=rule)
    for accepted in (PredicateTypeIs(), AnyPredicateUnsafe("test")):
        verify(LegacySigning.by_key().make(), replace(policy, predicate=accepted))
    with pytest.raises(ClaimMismatch) as refusal:
        verify(
            LegacySigning.by_key().make(), replace(policy, predicate=PredicateTypeIs("https://slsa.dev/provenance/v1"))
        )
    assert (refusal.value.claim, refusal.value.found) == ("predicate type", "absent")


@pytest.mark.parametrize("rule", [RequireLog(), SkipLogUnsafe("test")])
def test_a_denied_key_never_counts(rule: RequireLog | SkipLogUnsafe) -> None:
    made, key = LegacySigning.by_key().make(), USER_KEY.public_key
    denied = DenyList(keys=(DeniedKey(sha256(key.spki).digest()),))
    assert verify(made, ImagePolicy((key,), rule)).key == key
    with pytest.raises(Denied):
        verify(made, ImagePolicy((key,), rule, deny=denied))


def test_what_a_key_alone_shows_is_told_step_by_step() -> None:
    waived = ImagePolicy((USER_KEY.public_key,), SkipLogUnsafe("test"))
    found = verify(LegacySigning.by_key().make(), waived, trust=None)
    assert {step.step: step.outcome for step in found.steps if step.outcome is not Outcome.PASSED} == {
        Step.LOG: Outcome.WAIVED
    }
    with pytest.raises(ClaimMismatch) as refusal:
        verify(LegacySigning.by_key().make(), replace(waived, annotations={"a": "b"}), trust=None)
    trail = trail_of(refusal.value)
    assert trail is not None
    assert trail.current is Step.ARTIFACT


def test_nothing_is_believed_without_a_trusted_root() -> None:
    for policy in (BY_ALICE, BY_KEY, UNLOGGED):
        with pytest.raises(TransparencyRequired):
            verify(GOOD.make(), policy, trust=None)


def test_a_log_that_is_not_trusted_vouches_for_nobody() -> None:
    with pytest.raises(TransparencyError):
        verify(GOOD.make(), trust=Trust(replace(ROOT, logs=())))


# --- a certificate that is given beside the signature -------------------------------------------

BESIDE: Final = Trust(ROOT, detached_certificate=CertificateMaterial((good_leaf(), *ISSUERS)))


def test_a_certificate_may_be_given_beside_a_signature_by_its_key() -> None:
    found = verify(LegacySigning.by_key(LEAF_KEY).make(), trust=BESIDE)
    assert found.proof is not None
    assert found.proof.certificate is not None
    assert found.proof.certificate.der == good_leaf()


def test_a_certificate_given_beside_is_judged_like_any_other() -> None:
    made = LegacySigning.by_key(LEAF_KEY).make()
    mallory = IdentityRule((Exactly("mallory@example.com"),), (Exactly(ISSUER),))
    with pytest.raises(IdentityMismatch):
        verify(made, replace(BY_ALICE, identities=SignedByIdentity((mallory,))), trust=BESIDE)
    with pytest.raises(ClaimMismatch, match="signer of the log entry"):
        verify(LegacySigning.by_key().make(), trust=BESIDE)
    with pytest.raises(CertificateError):
        verify(made, trust=replace(BESIDE, root=replace(ROOT, certificate_authorities=())))


def test_a_signature_that_has_a_certificate_has_to_have_the_one_given() -> None:
    assert verify(GOOD.make(), trust=BESIDE).proof is not None
    with pytest.raises(SignatureMismatch, match="another certificate"):
        verify(GOOD.make(), trust=replace(BESIDE, detached_certificate=CertificateMaterial((OTHER_LEAF,))))


# --- issuers that come with the signature -------------------------------------------------------

ROOTS_ALONE: Final = Trust(
    replace(
        ROOT,
        certificate_authorities=(replace(ROOT.certificate_authorities[0], chain=(FULCIO_ROOT.certificate,)),),
    ),
    chains=ChainRule.COMPLETE,
)


@pytest.mark.parametrize("issuers", [ISSUERS, ISSUERS[:1]], ids=["with the root", "without the root"])
def test_issuers_in_a_signature_may_lead_to_a_trusted_root(issuers: tuple[bytes, ...]) -> None:
    found = verify(replace_signing(issuers=issuers).make(), trust=ROOTS_ALONE)
    assert found.proof is not None
    assert found.proof.certificate is not None
    assert found.proof.certificate.scts


@pytest.mark.parametrize("rule", [ChainRule.REFUSE, ChainRule.ALLOW])
def test_issuers_in_a_signature_are_passed_over_unless_they_are_wanted(rule: ChainRule) -> None:
    with pytest.raises(CertificateError):
        verify(GOOD.make(), trust=replace(ROOTS_ALONE, chains=rule))


def test_issuers_in_a_signature_that_lead_elsewhere_prove_nothing() -> None:
    theirs = Authority.root("fulcio root").authority("fulcio", (*CA, CODE_SIGNING))
    stranger = Authority.root("fulcio root", curve=ec.SECP384R1)
    forged = stranger.authority("fulcio", (*CA, CODE_SIGNING))
    with pytest.raises(CertificateError):
        verify(replace_signing(issuers=()).make(), trust=ROOTS_ALONE)
    with pytest.raises(CertificateError):
        verify(replace_signing(leaf=certify(issuer=forged), issuers=(forged.der,)).make(), trust=ROOTS_ALONE)
    assert verify(replace_signing(issuers=(theirs.der,)).make(), trust=ROOTS_ALONE).proof is not None


def test_an_issuer_in_a_signature_that_must_not_issue_is_refused() -> None:
    barred = FULCIO_ROOT.authority("fulcio", ((BasicConstraints(ca=False, path_length=None), True),))
    with pytest.raises(CertificateError):
        verify(replace_signing(issuers=(barred.der,)).make(), trust=ROOTS_ALONE)


def test_a_key_has_no_issuers_to_complete() -> None:
    beside = replace(ROOTS_ALONE, detached_certificate=BESIDE.detached_certificate)
    with pytest.raises(CertificateError):
        verify(LegacySigning.by_key(LEAF_KEY).make(), trust=beside)
