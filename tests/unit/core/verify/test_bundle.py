"""Whole bundles: every step is taken, and none is taken for granted."""

import re
from datetime import timedelta
from hashlib import sha256
from typing import Final

import pytest

from cosignpy.core.bundle.model import Bundle, CertificateMaterial, MessageSignature
from cosignpy.core.ct.precertificate import build_certificate_entry
from cosignpy.core.keys.algorithms import ECDSA_P256
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.policy.bundle import BundlePolicy, SignedByIdentity, SignedByKey
from cosignpy.core.policy.deny import Denial, DeniedCertificate, DeniedIdentity, DeniedKey, DenyList
from cosignpy.core.policy.identity import Exactly, IdentityRule
from cosignpy.core.policy.key_window import KeyWindow
from cosignpy.core.policy.predicate import AnyPredicateUnsafe, PredicateTypeIs
from cosignpy.core.policy.transparency import (
    AssumeTimeUnsafe,
    RequireLog,
    RequireSct,
    RequireSignedTime,
    RequireTime,
    SkipLogUnsafe,
    SkipSctUnsafe,
)
from cosignpy.core.rekor.hashedrekord import VerifierForm
from cosignpy.core.trust.trusted_root import TrustedRoot
from cosignpy.core.trust.validity import Validity
from cosignpy.core.verify.artifact import Artifact
from cosignpy.core.verify.bundle import Trust, verify_bundle
from cosignpy.core.verify.findings import TimeSource, VerifiedBundle
from cosignpy.core.verify.log import LogFinding
from cosignpy.core.verify.steps import Outcome, Step
from cosignpy.core.verify.trail import trail_of
from cosignpy.core.x509.certificate import Certificate
from cosignpy.core.x509.spellings import spell_certificate
from cosignpy.errors import (
    CertificateError,
    ClaimMismatch,
    Denied,
    IdentityMismatch,
    MalformedError,
    SignatureMismatch,
    TimestampError,
    TransparencyError,
)
from cosignpy.values import replace
from tests.support.certificates import MIDDLE, START
from tests.support.virtual_sigstore import (
    ALICE,
    BY_ALICE,
    BY_KEY,
    EMAIL,
    FILE,
    FULCIO,
    FULCIO_ISSUER,
    FULCIO_ROOT,
    ISSUER,
    LEAF_KEY,
    REKOR_V1,
    REKOR_V2,
    ROOT,
    SIGNING,
    STATEMENT,
    TRUST,
    USER_KEY,
    FakeLog,
    Signing,
    certify,
    fulcio_text,
    good_leaf,
    key_bundle,
    named,
    promise,
    stamp,
    statement_bundle,
    v1_bundle,
    v2_body,
    v2_bundle,
)

SKIP: Final = SkipLogUnsafe("test")
DIGEST: Final = Artifact({"sha256": FILE.digests["sha256"]})


def verify(
    bundle: Bundle, policy: BundlePolicy = BY_ALICE, artifact: Artifact = FILE, root: TrustedRoot = ROOT
) -> VerifiedBundle:
    return verify_bundle(bundle, artifact, Trust(root), policy)


def by_alice(**changes: object) -> BundlePolicy:
    return replace(BY_ALICE, signer=replace(BY_ALICE.signer, **changes))


def test_a_good_bundle_of_each_kind_is_verified() -> None:
    for artifact in (FILE, DIGEST):
        found = verify(v1_bundle(), artifact=artifact)
        assert (found.key, found.algorithm, found.digests) == (LEAF_KEY.public_key, ECDSA_P256, artifact.digests)
        assert [time.source for time in found.times] == [TimeSource.LOG]
        assert [entry.log for entry in found.entries] == [REKOR_V1.url]
        found = verify(v2_bundle(), artifact=artifact)
        assert [time.source for time in found.times] == [TimeSource.TIMESTAMP_AUTHORITY]
        assert [entry.log for entry in found.entries] == [REKOR_V2.url]
        assert (found.payload, found.predicate_type, found.log_waived) == (b"", "", None)
        found = verify(statement_bundle(), artifact=artifact)
        assert (found.payload, found.predicate_type) == (STATEMENT, "https://sigstore.dev/cosign/sign/v1")
        assert found.digests == DIGEST.digests
        found = verify(key_bundle(), BY_KEY, artifact)
        assert (found.key, found.certificate) == (USER_KEY.public_key, None)
        assert [time.source for time in found.times] == [TimeSource.LOG]


def test_what_was_shown_of_the_certificate_is_kept() -> None:
    found = verify(v1_bundle()).certificate
    assert found is not None
    assert (found.der, found.authority, found.scts_waived_because) == (good_leaf(), FULCIO, "")
    assert (found.identity.names, found.identity.issuer) == ((EMAIL,), ISSUER)
    assert [sct.log for sct in found.scts] == ["https://ct.test"]


def test_a_bundle_without_what_its_version_demands_is_refused() -> None:
    (entry,) = v1_bundle().log_entries
    with pytest.raises(MalformedError):
        verify(replace(v1_bundle(), log_entries=(replace(entry, inclusion=None),)))


def test_a_proof_without_checkpoint_is_as_if_it_were_not_there() -> None:
    (entry,) = v1_bundle().log_entries
    assert entry.inclusion is not None
    bare = replace(entry, inclusion=replace(entry.inclusion, checkpoint=""))
    old = replace(v1_bundle(), media_type="application/vnd.dev.sigstore.bundle+json;version=0.1", log_entries=(bare,))
    assert verify(old).entries[0].inclusion is None


def test_another_artifact_is_refused() -> None:
    for bundle, policy in ((v1_bundle(), BY_ALICE), (statement_bundle(), BY_ALICE), (key_bundle(), BY_KEY)):
        with pytest.raises(ClaimMismatch, match="artifact digest"):
            verify(bundle, policy, Artifact.of(b"another"))


def test_key_and_certificate_are_not_mistaken_for_each_other() -> None:
    with pytest.raises(SignatureMismatch, match="certificate"):
        verify(v1_bundle(), replace(BY_KEY, signer=SignedByKey((LEAF_KEY.public_key,))))
    with pytest.raises(SignatureMismatch, match="made with a key"):
        verify(key_bundle())


def test_one_of_the_keys_has_to_have_signed() -> None:
    other = PrivateKey.generate(ECDSA_P256).public_key
    both = replace(BY_KEY, signer=SignedByKey((other, USER_KEY.public_key)))
    assert verify(key_bundle(), both).key == USER_KEY.public_key
    with pytest.raises(SignatureMismatch, match="over this content"):
        verify(key_bundle(), replace(BY_KEY, signer=SignedByKey((other,))))
    with pytest.raises(SignatureMismatch, match="none of the 2 keys"):
        verify(key_bundle(), replace(BY_KEY, signer=SignedByKey((other, LEAF_KEY.public_key))))


def test_the_signature_has_to_be_of_the_certificates_key() -> None:
    with pytest.raises(SignatureMismatch):
        verify(Signing(signer=USER_KEY).bundle())


def test_the_log_has_to_have_the_signature() -> None:
    bare = replace(v2_bundle(), log_entries=())
    with pytest.raises(TransparencyError) as refused:
        verify(bare)
    assert (refused.value.wanted, refused.value.found, refused.value.hint) == ("1", "0", None)
    with pytest.raises(TransparencyError) as refused:
        verify(v2_bundle(), root=replace(ROOT, logs=()))
    assert REKOR_V2.log_id.hex() in str(refused.value.hint)
    with pytest.raises(TransparencyError):
        verify(replace(key_bundle(), log_entries=()), BY_KEY)


def test_a_log_counts_once() -> None:
    v1, v2 = Signing(stamped=True).bundle(), v2_bundle()
    twice = replace(BY_ALICE, transparency=RequireLog(2))
    content = v1.content
    assert isinstance(content, MessageSignature)
    body = v1.log_entries[0].body
    again = replace(REKOR_V1.add("hashedrekord", "0.0.1", body), log_index=7)
    with pytest.raises(TransparencyError):
        verify(replace(v1, log_entries=(*v1.log_entries, REKOR_V1.promise(again))), twice)
    other = replace(REKOR_V2, number=None).add("hashedrekord", "0.0.1", body)
    assert len(verify(replace(v1, log_entries=(*v1.log_entries, other)), twice).entries) == 2
    with pytest.raises(ClaimMismatch, match="log entry"):
        verify(replace(v1, log_entries=(*v1.log_entries, *v2.log_entries)))


def test_entries_of_strangers_do_not_count_and_do_not_harm() -> None:
    v1, v2 = Signing(stamped=True).bundle(), v2_bundle()
    both = replace(v1, log_entries=(*v1.log_entries, *v2.log_entries))
    assert len(verify(both, root=replace(ROOT, logs=(REKOR_V1.trusted,))).entries) == 1


def test_the_entry_has_to_be_about_the_signature() -> None:
    other = Signing().bundle()
    for bundle, policy in ((v1_bundle(), BY_ALICE), (key_bundle(), BY_KEY)):
        with pytest.raises(ClaimMismatch, match="log entry"):
            verify(replace(bundle, log_entries=other.log_entries), policy)


def test_a_log_is_trusted_at_the_time_of_the_timestamp() -> None:
    for policy, bundle in (
        (BY_ALICE, v2_bundle()),
        (BY_KEY, Signing(REKOR_V2, None, USER_KEY, stamped=True).bundle()),
    ):
        late = replace(REKOR_V2.trusted, validity=Validity(MIDDLE + timedelta(seconds=1)))
        verify(bundle, policy)
        with pytest.raises(TransparencyError):
            verify(bundle, policy, root=replace(ROOT, logs=(late,)))


def test_without_a_log_nothing_of_it_is_looked_at() -> None:
    found = verify(replace(v2_bundle(), log_entries=()), replace(BY_ALICE, transparency=SKIP))
    assert (found.entries, found.log_waived) == ((), LogFinding("test"))
    assert verify(v2_bundle(), replace(BY_ALICE, transparency=SKIP)).entries == ()
    assert verify(replace(key_bundle(), log_entries=()), replace(BY_KEY, transparency=SKIP)).entries == ()


def test_somebody_has_to_tell_the_time_of_a_certificate() -> None:
    with pytest.raises(TimestampError):
        verify(replace(v2_bundle(), timestamps=()))
    with pytest.raises(TimestampError):
        verify(v1_bundle(), replace(BY_ALICE, transparency=SKIP))
    with pytest.raises(TimestampError):
        verify(v1_bundle(), by_alice(time=RequireSignedTime()))
    with pytest.raises(TimestampError):
        verify(v1_bundle(), by_alice(time=RequireTime(2)))
    assert len(verify(Signing(stamped=True).bundle(), by_alice(time=RequireTime(2))).times) == 2


def test_a_key_needs_no_time_and_a_timestamp_has_to_hold_all_the_same() -> None:
    bundle = Signing(REKOR_V2, None, USER_KEY).bundle()
    assert verify(bundle, BY_KEY).times == ()
    others = replace(bundle, timestamps=v2_bundle().timestamps)
    with pytest.raises(ClaimMismatch):
        verify(others, BY_KEY)
    assert verify(others, replace(BY_KEY, transparency=SKIP), root=TrustedRoot()).times == ()


def test_a_time_may_be_assumed() -> None:
    alone = replace(v1_bundle(), log_entries=())
    policy = by_alice(time=AssumeTimeUnsafe(START, "test"))
    assert verify(alone, replace(policy, transparency=SKIP)).times[0].source is TimeSource.ASSUMED
    late = by_alice(time=AssumeTimeUnsafe(START + timedelta(days=1), "test"))
    with pytest.raises(CertificateError):
        verify(alone, replace(late, transparency=SKIP))


def test_the_certificate_has_to_be_valid_at_all_times() -> None:
    with pytest.raises(CertificateError):
        verify(Signing(moment=START + timedelta(days=1)).bundle())


def test_the_authority_has_to_be_trusted() -> None:
    with pytest.raises(CertificateError):
        verify(v1_bundle(), root=replace(ROOT, certificate_authorities=()))


def test_the_certificate_has_to_be_shown_to_everybody() -> None:
    bare = FULCIO_ISSUER.leaf((*named(), *SIGNING))
    bundle = Signing(leaf=bare).bundle()
    with pytest.raises(CertificateError, match="0 SCTs"):
        verify(bundle)
    found = verify(bundle, by_alice(sct=SkipSctUnsafe("test"))).certificate
    assert found is not None
    assert (found.scts, found.scts_waived_because) == ((), "test")
    beside = promise(build_certificate_entry(bare))
    assert verify_bundle(bundle, FILE, Trust(ROOT, (beside,)), BY_ALICE).certificate is not None
    with pytest.raises(CertificateError, match="1 SCTs"):
        verify(v1_bundle(), by_alice(sct=RequireSct(2)))


@pytest.mark.parametrize(
    "rule",
    [
        IdentityRule((Exactly("mallory@example.com"),), (Exactly(ISSUER),)),
        IdentityRule((Exactly(EMAIL),), (Exactly("https://other.test"),)),
    ],
)
def test_the_certificate_has_to_name_whom_the_policy_names(rule: IdentityRule) -> None:
    with pytest.raises(IdentityMismatch) as refused:
        verify(v1_bundle(), by_alice(rules=(rule,)))
    assert EMAIL in refused.value.found
    assert refused.value.wanted == str(rule)
    assert verify(v1_bundle(), by_alice(rules=(rule, ALICE)))


def test_what_the_certificate_has_to_say_besides_is_compared_and_told() -> None:
    said = certify((*named(), *SIGNING, fulcio_text(11, "github-hosted")))
    bundle = Signing(leaf=said).bundle()

    def asks(wanted: str) -> BundlePolicy:
        return by_alice(rules=(replace(ALICE, extensions={"runner-environment": Exactly(wanted)}),))

    assert verify(bundle, asks("github-hosted")).certificate is not None
    with pytest.raises(IdentityMismatch) as refused:
        verify(bundle, asks("self-hosted"))
    assert refused.value.found.endswith(", runner-environment 'github-hosted'")
    with pytest.raises(IdentityMismatch) as refused:
        verify(v1_bundle(), asks("github-hosted"))
    assert refused.value.found.endswith(", no runner-environment")


def key_entry(key: PrivateKey) -> DeniedKey:
    return DeniedKey(sha256(key.public_key.spki).digest())


def certificate_entry(der: bytes) -> DeniedCertificate:
    return DeniedCertificate(sha256(der).digest())


def test_a_key_that_is_denied_never_counts() -> None:
    by_key = DenyList(keys=(key_entry(USER_KEY),))
    verify(v1_bundle(), replace(BY_ALICE, deny=by_key))
    verify(key_bundle(), replace(BY_KEY, deny=DenyList(keys=(key_entry(LEAF_KEY),))))
    with pytest.raises(Denied, match="the key"):
        verify(key_bundle(), replace(BY_KEY, deny=by_key))
    bare = replace(key_bundle(), log_entries=())
    with pytest.raises(Denied, match="the key"):
        verify(bare, replace(BY_KEY, transparency=SKIP, deny=by_key))


@pytest.mark.parametrize(
    ("denied", "what"),
    [
        (key_entry(LEAF_KEY), "the key"),
        (certificate_entry(good_leaf()), "the certificate"),
        (certificate_entry(FULCIO_ISSUER.der), "the certificate"),
        (certificate_entry(FULCIO_ROOT.der), "the certificate"),
        (DeniedIdentity(ALICE), "the identity"),
        (DeniedIdentity(Exactly(EMAIL)), "the identity"),
    ],
)
def test_what_is_denied_never_counts(denied: Denial, what: str) -> None:
    for artifact in (FILE, DIGEST):
        with pytest.raises(Denied, match=what) as refused:
            verify(v1_bundle(), replace(BY_ALICE, deny=DenyList.of([denied])), artifact)
        assert refused.value.entry == str(denied)


def test_a_denied_certificate_is_known_by_its_other_spelling() -> None:
    """Whoever holds it can make that one, and have it logged."""
    respelled = spell_certificate(Certificate.parse(good_leaf()), FULCIO_ISSUER.certificate)[1]
    bundle = Signing(leaf=respelled).bundle()
    assert verify(bundle).certificate is not None
    with pytest.raises(Denied, match="the certificate"):
        verify(bundle, replace(BY_ALICE, deny=DenyList.of([certificate_entry(good_leaf())])))
    verify(bundle, replace(BY_ALICE, deny=DenyList.of([certificate_entry(certify())])))


def in_time(window: KeyWindow) -> BundlePolicy:
    return replace(
        BY_KEY, signer=SignedByKey((LEAF_KEY.public_key, USER_KEY.public_key), {USER_KEY.public_key: window})
    )


DAY: Final = timedelta(days=1)


@pytest.mark.parametrize("log", [REKOR_V1, REKOR_V2])
def test_a_key_counts_in_its_time(log: FakeLog) -> None:
    bundle = Signing(log, None, USER_KEY, stamped=log is REKOR_V2).bundle()
    verify(bundle, in_time(KeyWindow(MIDDLE, MIDDLE + DAY)))
    for window in (KeyWindow(MIDDLE + timedelta(seconds=1)), KeyWindow(None, MIDDLE)):
        with pytest.raises(TimestampError, match=re.escape(str(window))):
            verify(bundle, in_time(window))


def test_a_time_in_which_a_key_counts_needs_somebody_who_tells_the_time() -> None:
    untimed = Signing(REKOR_V2, None, USER_KEY).bundle()
    assert verify(untimed, BY_KEY).times == ()
    with pytest.raises(TimestampError, match="no authority or log says when"):
        verify(untimed, in_time(KeyWindow(START)))
    with pytest.raises(TimestampError, match="no authority or log says when"):
        verify(key_bundle(), replace(in_time(KeyWindow(START)), transparency=SKIP))


def test_without_a_log_a_timestamp_tells_when_a_key_signed() -> None:
    stamped = replace(Signing(REKOR_V2, None, USER_KEY, stamped=True).bundle(), log_entries=())
    counts = replace(in_time(KeyWindow(START)), transparency=SKIP)
    found = verify(stamped, counts)
    assert [time.moment for time in found.times] == [MIDDLE]
    assert {each.step: each.outcome for each in found.steps}[Step.TIME] is Outcome.PASSED
    with pytest.raises(TimestampError):
        verify(stamped, replace(in_time(KeyWindow(None, START)), transparency=SKIP))
    others = replace(
        counts, signer=SignedByKey((LEAF_KEY.public_key, USER_KEY.public_key), {LEAF_KEY.public_key: KeyWindow(START)})
    )
    assert verify(stamped, others).times == ()


@pytest.mark.parametrize("bundle", [v1_bundle(), v2_bundle()])
def test_a_certificate_counts_where_it_signed_in_the_time_of_the_policy(bundle: Bundle) -> None:
    verify(bundle, replace(BY_ALICE, window=KeyWindow(MIDDLE)))
    with pytest.raises(TimestampError, match="signatures count from") as refused:
        verify(bundle, replace(BY_ALICE, window=KeyWindow(MIDDLE + timedelta(seconds=1))))
    trail = trail_of(refused.value)
    assert trail is not None
    assert trail.current is Step.TIME


def test_a_time_that_is_assumed_is_in_no_time_of_a_policy() -> None:
    untimed = replace(v1_bundle(), log_entries=())
    assumed = replace(BY_ALICE, transparency=SKIP, signer=SignedByIdentity((ALICE,), AssumeTimeUnsafe(MIDDLE, "test")))
    verify(untimed, assumed)
    with pytest.raises(TimestampError, match="no authority or log says when"):
        verify(untimed, replace(assumed, window=KeyWindow(MIDDLE)))


@pytest.mark.parametrize("own", [None, KeyWindow(START)])
@pytest.mark.parametrize("transparency", [RequireLog(), SKIP])
def test_a_key_counts_where_it_signed_in_the_time_of_the_policy(
    own: KeyWindow | None, transparency: RequireLog | SkipLogUnsafe
) -> None:
    bundle = Signing(REKOR_V2, None, USER_KEY, stamped=True).bundle()
    signer = BY_KEY.signer if own is None else in_time(own).signer
    counts = BundlePolicy(signer, transparency, window=KeyWindow(MIDDLE))
    assert {each.step: each.outcome for each in verify(bundle, counts).steps}[Step.TIME] is Outcome.PASSED
    with pytest.raises(TimestampError, match="signatures count from"):
        verify(bundle, replace(counts, window=KeyWindow(MIDDLE + timedelta(seconds=1))))


def test_the_earliest_time_decides_whether_a_key_counted() -> None:
    """Later ones say no more: anybody can have a signature stamped again."""
    early = Signing(REKOR_V1, None, USER_KEY, moment=MIDDLE - timedelta(minutes=1)).bundle()
    assert isinstance(early.content, MessageSignature)
    both = replace(early, timestamps=(stamp(early.content.signature),))
    assert len(verify(both, in_time(KeyWindow(None, MIDDLE))).times) == 2
    with pytest.raises(TimestampError, match=r"https://rekor[.]test"):
        verify(both, in_time(KeyWindow(MIDDLE)))


def test_the_predicate_type_has_to_be_the_one_that_is_wanted() -> None:
    verify(statement_bundle(), replace(BY_ALICE, predicate=AnyPredicateUnsafe("test")))
    with pytest.raises(ClaimMismatch, match="predicate type"):
        verify(statement_bundle(), replace(BY_ALICE, predicate=PredicateTypeIs("https://slsa.dev/provenance/v1")))


def test_a_signature_over_the_file_itself_is_no_attestation_of_some_type() -> None:
    """It says no more than cosign's own statement does: it does not pass where something else has to be said."""
    for policy in (BY_ALICE, replace(BY_ALICE, predicate=AnyPredicateUnsafe("test"))):
        verify(v1_bundle(), policy)
    with pytest.raises(ClaimMismatch) as caught:
        verify(v1_bundle(), replace(BY_ALICE, predicate=PredicateTypeIs("https://slsa.dev/provenance/v1")))
    assert (caught.value.claim, caught.value.found) == ("predicate type", "absent")


def test_certificates_that_are_no_chain_are_refused() -> None:
    old = replace(v1_bundle(), media_type="application/vnd.dev.sigstore.bundle+json;version=0.2")
    verify(replace(old, material=CertificateMaterial((good_leaf(), FULCIO_ISSUER.der))))
    with pytest.raises(CertificateError):
        verify(replace(old, material=CertificateMaterial((good_leaf(), certify()))))


def test_the_root_is_all_that_is_believed() -> None:
    assert verify_bundle(v1_bundle(), FILE, TRUST, BY_ALICE)
    for bundle, policy in ((v1_bundle(), BY_ALICE), (v2_bundle(), BY_ALICE), (key_bundle(), BY_KEY)):
        with pytest.raises((TransparencyError, TimestampError)):
            verify(bundle, policy, root=TrustedRoot())


def test_the_signature_is_looked_at_even_if_the_log_has_it() -> None:
    signature = v1_bundle().content
    assert isinstance(signature, MessageSignature)
    broken = bytes([*signature.signature[:-1], signature.signature[-1] ^ 1])

    class Broken:
        public_key = LEAF_KEY.public_key

        def sign(self, _message: bytes) -> bytes:
            return broken

    with pytest.raises(SignatureMismatch):
        verify(Signing(signer=Broken()).bundle())


def test_a_log_that_had_ended_by_another_logs_promise_does_not_count() -> None:
    both = RequireLog(2)
    first = v1_bundle()
    assert isinstance(first.content, MessageSignature)
    body = v2_body(first.content.signature, VerifierForm.CERTIFICATE, good_leaf())
    twice = replace(first, log_entries=(*first.log_entries, REKOR_V2.add("hashedrekord", "0.0.2", body)))
    policy = replace(BY_ALICE, transparency=both)
    assert len(verify_bundle(twice, FILE, TRUST, policy).entries) == 2
    ended = replace(REKOR_V2.trusted, validity=Validity(START - timedelta(days=1), MIDDLE - timedelta(seconds=1)))
    with pytest.raises(TransparencyError, match="of a time when it is trusted"):
        verify_bundle(twice, FILE, Trust(replace(ROOT, logs=(REKOR_V1.trusted, ended))), policy)
