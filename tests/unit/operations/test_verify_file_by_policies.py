"""Files in memory, decided over by policies: keys, identities, thresholds and times, with the bundles of each."""

from collections.abc import Mapping
from dataclasses import replace as replace_signing
from datetime import timedelta
from typing import Any, Final

import pytest

from cosignpy.core.bundle.model import Bundle
from cosignpy.core.bundle.protojson import encode_bundle
from cosignpy.core.digest import Digest
from cosignpy.core.keys.algorithms import ED25519
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.trust.trusted_root import TrustedRoot
from cosignpy.core.verify.evidence import VerifiedImage
from cosignpy.errors import (
    ClaimMismatch,
    ConditionRefused,
    Denied,
    DigestMismatch,
    FileError,
    MalformedError,
    NoMatchingSignatures,
    NoSignatures,
    PolicyRefused,
    SignatureMismatch,
    TimestampError,
    UsageError,
)
from cosignpy.imagepolicy.attestations import VerifiedAttestations
from cosignpy.imagepolicy.decision import Outcome
from cosignpy.imagepolicy.model import ImagePolicyDocument
from cosignpy.operations.artifacts import HeldContent
from cosignpy.operations.file_signature import SIGNATURE
from cosignpy.operations.policy_supplies import NoSupplies
from cosignpy.operations.verify_by_policies import DecidedImage
from cosignpy.operations.verify_file_by_policies import (
    FileBundle,
    VerifyFileByPolicies,
    verify_file_by_policies,
)
from cosignpy.values import replace
from tests.support.certificates import MIDDLE
from tests.support.image_policies import PASS, own
from tests.support.virtual_sigstore import (
    ARTIFACT,
    EMAIL,
    FULCIO_ISSUER,
    ISSUER,
    LEAF_KEY,
    REKOR_V2,
    ROOT,
    SIGNING,
    STATEMENT,
    USER_KEY,
    Signing,
    certify,
    key_bundle,
    named,
    statement_bundle,
    v1_bundle,
)

DAY: Final = timedelta(days=1)
ALICE: Final = {"issuer": ISSUER, "subject": EMAIL}
BOB: Final = {"issuer": ISSUER, "subject": "bob@example.com"}
LOG: Final = {"ctlog": {"url": "https://rekor.test"}}
SCAN: Final = "https://example.com/scan/v1"
SCANNED: Final = {"name": "scan", "predicateType": SCAN}
DIGEST: Final = Digest.of(ARTIFACT)


class Root:
    """A trusted root at hand."""

    def trusted_root(self) -> TrustedRoot:
        return ROOT


def by(key: PrivateKey, **beside: Any) -> dict[str, Any]:
    return {"key": {"data": key.public_key.encode_pem().decode(), **beside}}


def identities(*rules: Mapping[str, str], **beside: Any) -> dict[str, Any]:
    return {"keyless": {"identities": list(rules), **beside}}


def about(*authorities: Mapping[str, Any], glob: str = "*.whl", **spec: Any) -> ImagePolicyDocument:
    return own(*authorities, images=[], files=[{"glob": glob}], **spec)


def decide(policy: ImagePolicyDocument, *bundles: Bundle, source: Any = None, **changes: Any) -> DecidedImage:
    named = tuple([FileBundle(f"bundle {place}", encode_bundle(bundle)) for place, bundle in enumerate(bundles)])
    request = VerifyFileByPolicies("dist/app.whl", "app.whl", named, (policy,), MIDDLE + DAY)
    return verify_file_by_policies(replace(request, **changes), source or HeldContent(ARTIFACT), Root())


def evidence(found: DecidedImage) -> VerifiedImage:
    assert found.decision.outcome is Outcome.PASSED
    decisive = found.decision.policies[0].decisive
    assert decisive is not None
    assert isinstance(decisive.evidence, VerifiedImage)
    return decisive.evidence


def reasons(found: DecidedImage) -> list[type[Exception]]:
    assert found.decision.outcome is Outcome.REFUSED
    (error,) = found.decision.errors
    assert isinstance(error, NoMatchingSignatures)
    return [type(rejection.error) for rejection in error.rejections]


def test_a_key_that_signed_the_file() -> None:
    found = decide(about(by(USER_KEY)), key_bundle())
    (signature,) = evidence(found).signatures
    assert (signature.location, signature.digest, signature.claim.type) == ("bundle 0", DIGEST, SIGNATURE)
    assert (signature.key, signature.envelope, found.digest) == (USER_KEY.public_key, None, DIGEST)
    assert reasons(decide(about(by(LEAF_KEY)), key_bundle())) == [SignatureMismatch]


def test_a_file_is_another_with_other_content() -> None:
    other = HeldContent(ARTIFACT + b"!")
    assert decide(about(by(USER_KEY)), key_bundle(), source=other).decision.outcome is Outcome.REFUSED


@pytest.mark.parametrize("bundle", [v1_bundle(), statement_bundle()])
def test_an_identity_that_signed_the_file_or_a_statement_about_it(bundle: Bundle) -> None:
    (signature,) = evidence(decide(about(identities(ALICE)), bundle)).signatures
    assert (signature.envelope is None) == (bundle is v1_bundle())
    assert decide(about(identities(BOB)), bundle).decision.outcome is Outcome.REFUSED


BOBS_LEAF: Final = certify((*named("bob@example.com"), *SIGNING), FULCIO_ISSUER)


def by_bob() -> Bundle:
    return Signing(REKOR_V2, BOBS_LEAF, stamped=True).bundle()


def test_several_signers_have_bundles_of_their_own() -> None:
    both = about(identities(ALICE, BOB, require="all"))
    assert len(evidence(decide(both, v1_bundle(), by_bob())).signatures) == 2
    (error,) = decide(both, v1_bundle(), v1_bundle()).decision.errors
    assert "only 1 of the 2 signers demanded" in str(error)


def test_several_authorities_have_bundles_of_their_own() -> None:
    both = about(identities(ALICE), by(USER_KEY), require="all")
    assert decide(both, v1_bundle(), key_bundle()).decision.outcome is Outcome.PASSED
    assert decide(both, v1_bundle()).decision.outcome is Outcome.REFUSED


@pytest.mark.parametrize("signer", [identities(ALICE), {**by(USER_KEY), **LOG}, by(USER_KEY)])
def test_what_was_signed_too_long_ago_does_not_count(signer: dict[str, Any]) -> None:
    stamped = (
        Signing(REKOR_V2, stamped=True) if "keyless" in signer else Signing(REKOR_V2, None, USER_KEY, stamped=True)
    )
    assert decide(about({**signer, "maxAge": "1d"}), stamped.bundle()).decision.outcome is Outcome.PASSED
    assert reasons(decide(about({**signer, "maxAge": "23h"}), stamped.bundle())) == [TimestampError]


def test_nobody_knows_how_old_it_is_where_nobody_is_asked() -> None:
    """A log that is waived vouches for no time, though the bundle has an entry with one."""
    assert decide(about(by(USER_KEY)), key_bundle()).decision.outcome is Outcome.PASSED
    assert reasons(decide(about({**by(USER_KEY), "maxAge": "9999w"}), key_bundle())) == [TimestampError]
    waived = {**identities(ALICE), "ctlog": {}}
    moment = {"moment": MIDDLE}
    assert decide(about(waived), v1_bundle(), **moment).decision.outcome is Outcome.PASSED
    assert reasons(decide(about({**waived, "maxAge": "9999w"}), v1_bundle(), **moment)) == [TimestampError]


@pytest.mark.parametrize(("end", "outcome"), [(1, Outcome.PASSED), (0, Outcome.REFUSED)])
def test_a_key_counts_before_its_end(end: int, outcome: Outcome) -> None:
    until = (MIDDLE + end * DAY).isoformat()
    assert decide(about({**by(USER_KEY, validUntil=until), **LOG}), key_bundle()).decision.outcome is outcome


def test_a_signer_who_is_denied_does_not_count_and_takes_nothing_from_others() -> None:
    denying = about(identities(ALICE, BOB), deny=[{"identity": {"subject": EMAIL}}])
    assert reasons(decide(denying, v1_bundle())) == [Denied]
    assert len(evidence(decide(denying, v1_bundle(), by_bob())).rejections) == 1


def test_a_file_that_is_denied_is_refused_whoever_signed_it() -> None:
    (error,) = decide(about(by(USER_KEY), deny=[{"digest": str(DIGEST)}]), key_bundle()).decision.errors
    assert isinstance(error, Denied)
    other = str(Digest.of(b"other"))
    assert decide(about(by(USER_KEY), deny=[{"digest": other}]), key_bundle()).decision.is_admitted


def test_a_key_that_signs_whole_files() -> None:
    key = PrivateKey.generate(ED25519)
    assert decide(about(by(key)), Signing(leaf=None, signer=key).bundle()).decision.is_admitted

    class Changing(HeldContent):
        def read_content(self) -> bytes:
            return self.content + b"!"

    changing = Changing(ARTIFACT)
    assert reasons(decide(about(by(key)), Signing(leaf=None, signer=key).bundle(), source=changing)) == [DigestMismatch]


def scan(signing: Signing) -> Bundle:
    other = STATEMENT.replace(b"https://sigstore.dev/cosign/sign/v1", SCAN.encode())
    return replace_signing(signing, statement=other, stamped=True).bundle()


def test_a_statement_of_another_type_is_no_signature() -> None:
    assert not decide(about(identities(ALICE)), scan(Signing(REKOR_V2))).decision.is_admitted


def test_an_attestation_about_the_file() -> None:
    demanding = about({**identities(ALICE), "attestations": [SCANNED]})
    found = decide(demanding, v1_bundle(), scan(Signing(REKOR_V2)))
    decisive = found.decision.policies[0].decisive
    assert decisive is not None
    assert isinstance(decisive.evidence, VerifiedAttestations)
    assert [each.claim.type for each in decisive.evidence.signatures] == [SCAN]
    assert reasons(decide(demanding, v1_bundle())) == [ClaimMismatch]


def test_each_attestation_is_by_as_many_signers_as_are_needed() -> None:
    reviewed = {"name": "review", "predicateType": "https://sigstore.dev/cosign/sign/v1"}
    both = {**identities(ALICE, BOB, require="all"), "attestations": [SCANNED, reviewed]}
    scans = [scan(Signing(REKOR_V2)), scan(Signing(REKOR_V2, BOBS_LEAF))]
    reviews = [
        statement_bundle(),
        replace_signing(Signing(REKOR_V2, BOBS_LEAF), statement=STATEMENT, stamped=True).bundle(),
    ]
    assert decide(about(both), *scans, *reviews).decision.is_admitted
    (error,) = decide(about(both), *scans, reviews[0]).decision.errors
    assert "only 1 of the 2 signers demanded attested review" in str(error)


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"field": "subject[0].digest.sha256", "equals": DIGEST.hex}, True),
        ({"field": "subject[0].digest.sha256", "equals": "a1" * 32}, False),
        ({"field": "predicateType", "in": [SCAN, "https://example.com/other"]}, True),
        ({"field": "predicateType", "matches": "https://example[.]org/.*"}, False),
        ({"field": "predicate.waiver", "exists": False}, True),
        ({"field": "predicate", "exists": False}, False),
    ],
)
def test_a_condition_on_a_field_of_an_attestation(condition: dict[str, Any], holds: bool) -> None:
    always = {"field": "predicateType", "equals": SCAN}
    demanding = about({**identities(ALICE), "attestations": [{**SCANNED, "conditions": [always, condition]}]})
    found = decide(demanding, scan(Signing(REKOR_V2))).decision
    assert found.is_admitted is holds
    if not holds:
        (error,) = found.errors
        assert isinstance(error, NoMatchingSignatures)
        (rejection,) = error.rejections
        assert isinstance(rejection.error, ConditionRefused)
        assert rejection.error.file == "team.yaml"


@pytest.mark.parametrize(("text", "holds"), [("predicateType != ''", True), ("predicateType == ''", False)])
def test_a_condition_on_fields_and_one_in_a_language_both_have_to_hold(text: str, holds: bool) -> None:
    both = {"conditions": [{"field": "predicateType", "exists": True}], "policy": {"type": "cel", "data": text}}
    demanding = about({**identities(ALICE), "attestations": [{**SCANNED, **both}]})
    assert decide(demanding, scan(Signing(REKOR_V2))).decision.is_admitted is holds


@pytest.mark.parametrize("own_evidence", [True, False])
def test_a_condition_over_what_the_authorities_said(own_evidence: bool) -> None:
    name = "release" if own_evidence else "another"
    text = f"has(document.authorityMatches.{name})"
    condition = {"type": "cel", "data": text}
    found = decide(about({"name": "release", **by(USER_KEY)}, policy=condition), key_bundle())
    assert found.decision.is_admitted is own_evidence


@pytest.mark.parametrize(("beside", "what"), [({}, "signatures"), ({"attestations": [SCANNED]}, "attestations")])
def test_a_file_without_a_bundle_is_not_signed(beside: dict[str, Any], what: str) -> None:
    (error,) = decide(about({**by(USER_KEY), **beside})).decision.errors
    assert isinstance(error, NoSignatures)
    assert (error.what, str(error.hint).endswith("-blob dist/app.whl")) == (what, True)


def test_a_bundle_that_is_none_is_a_reason() -> None:
    found = decide(about(by(USER_KEY)), bundles=(FileBundle("x", b"{}"),))
    assert reasons(found) == [MalformedError]


def test_a_file_that_no_policy_is_about_is_refused() -> None:
    found = decide(about(PASS, glob="*.zip"))
    (error,) = found.decision.errors
    assert isinstance(error, PolicyRefused)
    assert (str(error), "spec.files" in str(error.hint)) == ("no policy is about dist/app.whl", True)
    assert (decide(about(PASS)).decision.outcome, decide(about(PASS)).digest) == (Outcome.PASSED, None)


def test_a_policy_about_images_is_about_no_file() -> None:
    assert not decide(own(PASS)).decision.is_admitted


def test_a_file_that_cannot_be_read_is_refused_for_that() -> None:
    class Absent:
        def read_digests(self, algorithms: frozenset[str]) -> Mapping[str, bytes]:
            raise FileError(", ".join(algorithms), "no such file")

        def read_content(self) -> bytes | None:
            raise AssertionError

    found = decide(about(by(USER_KEY)), key_bundle(), source=Absent())
    assert ([type(error) for error in found.decision.errors], found.digest) == ([FileError], None)


class Supplies(NoSupplies):
    """A KMS with one key."""

    def load_key(self, reference: str) -> PublicKey:
        assert reference == "gcpkms://projects/x"
        return USER_KEY.public_key


def test_a_key_in_a_kms_is_asked_for_by_policies_about_the_file_only() -> None:
    in_kms = {"key": {"kms": "gcpkms://projects/x"}}
    assert decide(about(in_kms), key_bundle(), supplies=Supplies()).decision.is_admitted
    with pytest.raises(UsageError):
        decide(about(in_kms), key_bundle())
    assert not decide(about(in_kms, glob="*.zip"), key_bundle()).decision.is_admitted
