"""What the policy controller refuses and we do not, switch by switch (`pkg/webhook/validator.go` of 0.13.1)."""

from typing import Final

import pytest

from cosignpy.core.keys.algorithms import ECDSA_P256, ED25519, ED25519PH, Algorithm
from cosignpy.core.trust.trusted_root import TrustedRoot
from cosignpy.core.verify.evidence import SignatureFormat as Stored
from cosignpy.core.verify.evidence import SignedClaim, VerifiedImage, VerifiedSignature
from cosignpy.documents import Place
from cosignpy.errors import NoMatchingSignatures, PolicyRefused
from cosignpy.imagepolicy.conduct import OURS, POLICY_CONTROLLER, Conduct
from cosignpy.imagepolicy.controller_refusals import Forms, accepted_forms, keep_named_hash, refuse_authority
from cosignpy.imagepolicy.model import (
    Attestation,
    Authority,
    CaCertificate,
    CtLog,
    Key,
    Keyless,
    Rfc3161Timestamp,
    SignatureFormat,
)
from cosignpy.imagepolicy.trust_roots import TrustRoot
from cosignpy.values import fields_of, replace
from tests.support.signed import IMAGE, KEY

PLACE: Final = Place("policy.yaml", 1)
BUNDLE: Final = SignatureFormat.BUNDLE
BY_KEY: Final = Authority(PLACE, "alice", Key(PLACE, KEY.public_key))
KEYLESS: Final = Authority(PLACE, "alice", Keyless(PLACE, (), "https://fulcio.example"))
ATTESTED: Final = (Attestation(PLACE, "m", "custom"),)
NAME: Final = "registry.example/app:1"


def refusal(authority: Authority, conduct: Conduct = POLICY_CONTROLLER) -> str:
    """Return why an authority is refused, and show that ours is not."""
    refuse_authority(authority, NAME)
    with pytest.raises(PolicyRefused) as raised:
        refuse_authority(replace(authority, conduct=conduct), NAME)
    return raised.value.why


def test_a_sound_authority_is_not_refused() -> None:
    for each in (BY_KEY, KEYLESS, replace(KEYLESS, signature_format=BUNDLE, attestations=ATTESTED)):
        refuse_authority(replace(each, conduct=POLICY_CONTROLLER), NAME)


def test_bundles_with_keys() -> None:
    switched = Conduct(bundles_with_keys=False)
    bundle = replace(BY_KEY, signature_format=BUNDLE)
    why = "when using the new bundle format, the authority must be keyless"
    assert refusal(bundle, switched) == f"constructing checkOpts for alice: {why}"
    assert refusal(replace(bundle, attestations=ATTESTED), switched) == f"creating CheckOpts: {why}"


@pytest.mark.parametrize("name", [name for name in fields_of(Conduct) if name != "bundles_with_keys"])
def test_no_other_switch_is_about_bundles_with_keys(name: str) -> None:
    conduct = replace(OURS, **{name: False})
    refuse_authority(replace(BY_KEY, signature_format=BUNDLE, conduct=conduct), NAME)


def test_keys_that_are_not_at_hand() -> None:
    switched = Conduct(absent_refused=False)
    empty = replace(BY_KEY, signer=Key(PLACE))
    assert refusal(empty, switched) == "there are no public keys for authority alice"
    assert refusal(replace(empty, attestations=ATTESTED), switched) == (
        f"no matching attestations for authority alice for {NAME}"
    )


def test_trust_roots_that_are_not_at_hand() -> None:
    switched = Conduct(absent_refused=False)
    named = Keyless(PLACE, (), "https://fulcio.example", trust_root_ref="r")
    assert refusal(replace(KEYLESS, signer=named), switched).endswith("trustRootRef r not found")
    assert refusal(replace(BY_KEY, ctlog=CtLog(PLACE, "", "r")), switched).endswith("trustRootRef r not found")
    stamp = Rfc3161Timestamp(PLACE, "r")
    assert refusal(replace(BY_KEY, rfc3161timestamp=stamp), switched).endswith("trustRootRef r not found")


def test_bundles_are_judged_by_one_trust_root() -> None:
    switched = Conduct(absent_refused=False)
    bundle = replace(KEYLESS, signature_format=BUNDLE, attestations=ATTESTED)
    root = TrustRoot(PLACE, "r", TrustedRoot())
    keyless = Keyless(PLACE, (), "https://fulcio.example", trust_root_ref="r", trust_root=root)
    for other, what in (("ctlog", "TLog"), ("rfc3161timestamp", "TSA")):
        part = CtLog(PLACE, "https://log.example") if other == "ctlog" else Rfc3161Timestamp(PLACE, "")
        named = replace(bundle, signer=keyless, **{other: part})
        assert f"trustRootRef for the {what} must be the same" in refusal(named, switched)


def test_certificates_of_ones_own() -> None:
    switched = Conduct(own_authorities=False)
    own = replace(KEYLESS, signer=Keyless(PLACE, (), ca_cert=CaCertificate(PLACE)))
    assert refusal(own, switched) == "no Keyless URL specified"
    assert refusal(replace(own, attestations=ATTESTED), switched).startswith("no matching attestations for authority")


def test_signatures_of_images_in_bundles() -> None:
    bundle = replace(KEYLESS, signature_format=BUNDLE)
    assert refusal(bundle, Conduct(either_form=False)).endswith(
        "bundle support for image signatures is not yet implemented"
    )


@pytest.mark.parametrize(
    ("authority", "conduct", "forms"),
    [
        (BY_KEY, OURS, Forms.EITHER),
        (replace(KEYLESS, signature_format=BUNDLE), OURS, Forms.EITHER),
        (BY_KEY, POLICY_CONTROLLER, Forms.LEGACY),
        (KEYLESS, POLICY_CONTROLLER, Forms.LEGACY),
        (replace(KEYLESS, signature_format=BUNDLE), POLICY_CONTROLLER, Forms.BUNDLE),
        (BY_KEY, replace(POLICY_CONTROLLER, bundles_with_keys=True), Forms.EITHER),
        (KEYLESS, replace(POLICY_CONTROLLER, bundles_with_keys=True), Forms.LEGACY),
    ],
)
def test_forms(authority: Authority, conduct: Conduct, forms: Forms) -> None:
    assert accepted_forms(replace(authority, conduct=conduct)) is forms


def found(*algorithms: Algorithm, stored: Stored = Stored.LEGACY) -> VerifiedImage:
    claim = SignedClaim(stored, "type", b"payload", "", {})
    signatures = [VerifiedSignature(each.name, IMAGE, KEY.public_key, each, claim, None) for each in algorithms]
    return VerifiedImage(IMAGE, tuple(signatures))


def keep(named: str, image: VerifiedImage, conduct: Conduct = POLICY_CONTROLLER) -> list[Algorithm]:
    key = Key(PLACE, KEY.public_key, hash_algorithm=named)
    kept = keep_named_hash(replace(BY_KEY, signer=key, conduct=conduct), image)
    return [each.algorithm for each in kept.signatures]


def test_hashes() -> None:
    assert keep("sha256", found(ECDSA_P256)) == [ECDSA_P256]
    assert keep("sha512", found(ED25519)) == [ED25519]
    assert keep("sha512", found(ECDSA_P256), OURS) == [ECDSA_P256]
    assert keep("sha512", found(ECDSA_P256, stored=Stored.BUNDLE)) == [ECDSA_P256]
    assert keep_named_hash(replace(KEYLESS, conduct=POLICY_CONTROLLER), found(ECDSA_P256)).signatures


@pytest.mark.parametrize(("named", "algorithm"), [("sha512", ECDSA_P256), ("sha512", ED25519PH), ("sha256", ED25519PH)])
def test_signatures_with_another_hash_count_for_nothing(named: str, algorithm: Algorithm) -> None:
    with pytest.raises(NoMatchingSignatures) as raised:
        keep(named, found(algorithm))
    assert [each.signature for each in raised.value.rejections] == [algorithm.name]
    kept = keep_named_hash(replace(BY_KEY, conduct=POLICY_CONTROLLER), found(ECDSA_P256, ED25519PH))
    assert [each.signature for each in kept.rejections] == [ED25519PH.name]
