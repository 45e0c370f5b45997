"""One signature: the steps of the client spec, each with neighbours that fail it alone."""

from dataclasses import replace
from hashlib import sha256

import pytest

from cosignpy.core.bundle.model import CertificateMaterial, MessageSignature, PublicKeyMaterial
from cosignpy.core.bundle.protojson import parse_bundle
from cosignpy.core.digest import Digest
from cosignpy.core.dsse import IN_TOTO_PAYLOAD, Envelope, EnvelopeSignature
from cosignpy.core.keys.algorithms import ECDSA_P256
from cosignpy.core.policy.bundle import SignedByIdentity
from cosignpy.core.policy.deny import DeniedKey, DenyList
from cosignpy.core.policy.identity import Exactly, IdentityRule
from cosignpy.core.policy.image import ImagePolicy
from cosignpy.core.policy.key_window import KeyWindow
from cosignpy.core.policy.transparency import RequireLog, SkipLogUnsafe
from cosignpy.core.verify.log import LogFinding
from cosignpy.core.verify.signature import verify_bundle, verify_legacy
from cosignpy.core.verify.steps import Outcome, Step
from cosignpy.errors import (
    ClaimMismatch,
    Denied,
    IdentityMismatch,
    MalformedError,
    SignatureMismatch,
    TransparencyError,
    TransparencyRequired,
)
from tests.support import cosign_example
from tests.support import virtual_sigstore as sigstore
from tests.support.certificates import START
from tests.support.signed import (
    IMAGE,
    KEY,
    OTHER_IMAGE,
    OTHER_KEY,
    THIRD_KEY,
    WAIVED,
    Signed,
    legacy,
    policy,
    simple_signing,
    statement,
)

GOOD = Signed()
PAYLOAD = simple_signing()
ABOUT_ANOTHER = Signed(statement(OTHER_IMAGE))
SIGNATURE = KEY.sign(PAYLOAD)


def with_envelope(envelope: Envelope, key: PublicKeyMaterial | None = None) -> None:
    bundle = replace(GOOD.bundle, content=envelope)
    verify_bundle(bundle if key is None else replace(bundle, material=key), IMAGE, policy(), "test")


def test_a_good_bundle_gives_evidence() -> None:
    found = verify_bundle(GOOD.bundle, IMAGE, policy(), "where")
    assert (found.location, found.digest, found.key, found.algorithm) == ("where", IMAGE, KEY.public_key, ECDSA_P256)
    assert (found.claim.payload, found.log) == (GOOD.payload, LogFinding("test"))


def test_a_good_legacy_signature_gives_evidence() -> None:
    found = verify_legacy(PAYLOAD, legacy(PAYLOAD, SIGNATURE), IMAGE, policy())
    assert (found.location, found.digest, found.key, found.algorithm) == ("where", IMAGE, KEY.public_key, ECDSA_P256)
    assert (found.claim.payload, found.log) == (PAYLOAD, LogFinding("test"))


def test_what_cosign_signed_verifies() -> None:
    wanted = ImagePolicy((cosign_example.KEY,), WAIVED)
    bundle = parse_bundle(cosign_example.BUNDLE)
    assert verify_bundle(bundle, cosign_example.IMAGE, wanted, "x").claim.payload == cosign_example.STATEMENT
    payload, signature = cosign_example.PAYLOAD, cosign_example.PAYLOAD_SIGNATURE
    assert verify_legacy(payload, legacy(payload, signature), cosign_example.IMAGE, wanted).claim.payload == payload


@pytest.mark.parametrize(
    "envelope",
    [
        replace(GOOD.envelope, payload=GOOD.payload + b" "),
        replace(GOOD.envelope, payload=statement(OTHER_IMAGE)),
        replace(GOOD.envelope, signatures=(EnvelopeSignature(b""),)),
        replace(GOOD.envelope, signatures=(EnvelopeSignature(GOOD.signature[:-1]),)),
        replace(GOOD.envelope, signatures=(EnvelopeSignature(GOOD.signature + b"\0"),)),
        replace(GOOD.envelope, signatures=(EnvelopeSignature(KEY.sign(GOOD.payload)),)),
        replace(GOOD.envelope, signatures=(EnvelopeSignature(SIGNATURE),)),
        replace(GOOD.envelope, signatures=(EnvelopeSignature(replace(GOOD, key=OTHER_KEY).signature),)),
        replace(GOOD.envelope, signatures=(EnvelopeSignature(replace(GOOD, payload_type="text/plain").signature),)),
        replace(GOOD.envelope, signatures=(EnvelopeSignature(ABOUT_ANOTHER.signature),)),
    ],
)
def test_a_signature_over_anything_else_is_refused(envelope: Envelope) -> None:
    with pytest.raises(SignatureMismatch) as refused:
        with_envelope(envelope)
    assert KEY.public_key.fingerprint in refused.value.why


def test_the_hint_and_the_keyid_decide_nothing() -> None:
    """Nobody signed them: the right ones do not help a wrong key, wrong ones do not harm the right one."""
    with_envelope(replace(GOOD.envelope, signatures=(EnvelopeSignature(GOOD.signature, "wrong"),)))
    with_envelope(GOOD.envelope, PublicKeyMaterial(OTHER_KEY.public_key.hint))
    with_envelope(GOOD.envelope, PublicKeyMaterial(""))
    foreign = replace(GOOD, key=OTHER_KEY).envelope
    with pytest.raises(SignatureMismatch):
        with_envelope(foreign, PublicKeyMaterial(KEY.public_key.hint))


@pytest.mark.parametrize(
    "signatures",
    [
        (),
        (EnvelopeSignature(GOOD.signature),) * 2,
        (EnvelopeSignature(GOOD.signature), EnvelopeSignature(b"x")),
        (EnvelopeSignature(b"x"), EnvelopeSignature(GOOD.signature)),
    ],
)
def test_none_or_several_signatures_are_refused(signatures: tuple[EnvelopeSignature, ...]) -> None:
    with pytest.raises(MalformedError) as refused:
        with_envelope(replace(GOOD.envelope, signatures=signatures))
    assert refused.value.what == "envelope"


@pytest.mark.parametrize("payload_type", ["", "text/plain", IN_TOTO_PAYLOAD.upper(), IN_TOTO_PAYLOAD + ";v=1"])
def test_another_payload_type_is_refused_however_well_signed(payload_type: str) -> None:
    with pytest.raises(MalformedError) as refused:
        with_envelope(Signed(payload_type=payload_type).envelope)
    assert refused.value.what == "envelope"


def test_a_signature_over_a_file_is_no_signature_of_an_image() -> None:
    raw = bytes.fromhex(IMAGE.hex)
    bundle = replace(GOOD.bundle, content=MessageSignature("SHA2_256", raw, KEY.sign(b"image")))
    with pytest.raises(MalformedError) as refused:
        verify_bundle(bundle, IMAGE, policy(), "test")
    assert refused.value.what == "image signature"


def test_certificates_are_not_keys() -> None:
    bundle = replace(GOOD.bundle, material=CertificateMaterial((KEY.public_key.spki,)))
    with pytest.raises(SignatureMismatch):
        verify_bundle(bundle, IMAGE, policy(), "test")


def test_a_signature_replayed_from_another_image_is_refused() -> None:
    with pytest.raises(ClaimMismatch) as refused:
        verify_bundle(Signed(statement(OTHER_IMAGE)).bundle, IMAGE, policy(), "test")
    assert (refused.value.claim, refused.value.found) == ("image digest", str(OTHER_IMAGE))
    payload = simple_signing(OTHER_IMAGE)
    with pytest.raises(ClaimMismatch) as refused:
        verify_legacy(payload, legacy(payload, KEY.sign(payload)), IMAGE, policy())
    assert (refused.value.claim, refused.value.found) == ("image digest", str(OTHER_IMAGE))


def test_payloads_of_one_format_are_refused_in_the_other() -> None:
    with pytest.raises(MalformedError):
        with_envelope(Signed(PAYLOAD).envelope)
    with pytest.raises(MalformedError):
        verify_legacy(GOOD.payload, legacy(GOOD.payload, KEY.sign(GOOD.payload)), IMAGE, policy())
    with pytest.raises(MalformedError):
        verify_legacy(GOOD.envelope.pae, legacy(GOOD.envelope.pae, GOOD.signature), IMAGE, policy())


@pytest.mark.parametrize(
    ("payload", "signature"),
    [
        (PAYLOAD + b" ", SIGNATURE),
        (PAYLOAD, b""),
        (PAYLOAD, SIGNATURE[:-1]),
        (PAYLOAD, OTHER_KEY.sign(PAYLOAD)),
        (PAYLOAD, KEY.sign(simple_signing(OTHER_IMAGE))),
        (simple_signing(OTHER_IMAGE), SIGNATURE),
    ],
)
def test_a_legacy_signature_over_anything_else_is_refused(payload: bytes, signature: bytes) -> None:
    with pytest.raises(SignatureMismatch) as refused:
        verify_legacy(payload, legacy(payload, signature), IMAGE, policy())
    assert KEY.public_key.fingerprint in refused.value.why


def test_claims_of_bytes_whose_signature_does_not_hold_are_not_read() -> None:
    for payload in (b"", b"not JSON", statement(OTHER_IMAGE)):
        with pytest.raises(SignatureMismatch):
            with_envelope(replace(GOOD.envelope, payload=payload))
        with pytest.raises(SignatureMismatch):
            verify_legacy(payload, legacy(payload, SIGNATURE), IMAGE, policy())


def test_any_of_several_keys_may_have_signed_and_the_one_that_did_is_named() -> None:
    keys = policy(THIRD_KEY, OTHER_KEY, KEY)
    assert verify_bundle(GOOD.bundle, IMAGE, keys, "test").key == KEY.public_key
    with pytest.raises(SignatureMismatch) as refused:
        verify_bundle(GOOD.bundle, IMAGE, policy(THIRD_KEY, OTHER_KEY), "test")
    assert refused.value.why == "made by none of the 2 keys given"
    assert isinstance(refused.value.__cause__, SignatureMismatch)


def test_a_log_entry_is_required_unless_waived_with_a_reason() -> None:
    required = ImagePolicy((KEY.public_key,), RequireLog())
    with pytest.raises(TransparencyRequired) as refused:
        verify_bundle(GOOD.bundle, IMAGE, required, "test")
    assert "--insecure-ignore-tlog" in str(refused.value.hint)
    with pytest.raises(TransparencyRequired):
        verify_legacy(PAYLOAD, legacy(PAYLOAD, SIGNATURE), IMAGE, required)


def test_an_image_named_by_sha512_needs_a_statement_about_it() -> None:
    image = Digest.of(b"image", "sha512")
    assert verify_bundle(Signed(statement(image)).bundle, image, policy(), "test").digest == image
    with pytest.raises(ClaimMismatch):
        verify_bundle(GOOD.bundle, image, policy(), "test")


# --- identities, and log entries ----------------------------------------------------------------

BY_ALICE = ImagePolicy((), RequireLog(), identities=SignedByIdentity((sigstore.ALICE,)))
SIGNED_IMAGE = Digest.of(sigstore.ARTIFACT)


def test_an_image_signed_by_identity_gives_evidence() -> None:
    found = verify_bundle(sigstore.statement_bundle(), SIGNED_IMAGE, BY_ALICE, "where", sigstore.TRUST)
    assert found.proof is not None
    assert found.proof.certificate is not None
    assert found.signer == str(found.proof.certificate.identity)
    assert found.log is None
    assert found.claim.payload == sigstore.STATEMENT


def test_identity_of_somebody_else_is_refused() -> None:
    mallory = IdentityRule((Exactly("mallory@example.com"),), (Exactly(sigstore.ISSUER),))
    theirs = replace(BY_ALICE, identities=SignedByIdentity((mallory,)))
    with pytest.raises(IdentityMismatch):
        verify_bundle(sigstore.statement_bundle(), SIGNED_IMAGE, theirs, "where", sigstore.TRUST)


def test_identity_about_another_image_is_refused() -> None:
    with pytest.raises(ClaimMismatch):
        verify_bundle(sigstore.statement_bundle(), IMAGE, BY_ALICE, "where", sigstore.TRUST)


def test_identity_counts_for_no_policy_about_keys() -> None:
    keyed = ImagePolicy((sigstore.LEAF_KEY.public_key,), RequireLog())
    with pytest.raises(SignatureMismatch, match="with a certificate"):
        verify_bundle(sigstore.statement_bundle(), SIGNED_IMAGE, keyed, "where", sigstore.TRUST)


def test_key_counts_for_no_policy_about_identities() -> None:
    with pytest.raises(SignatureMismatch, match="with a key"):
        verify_bundle(GOOD.bundle, IMAGE, BY_ALICE, "where", sigstore.TRUST)


@pytest.mark.parametrize("rule", [RequireLog(), SkipLogUnsafe("test")])
def test_nothing_is_believed_without_a_trusted_root(rule: RequireLog | SkipLogUnsafe) -> None:
    with pytest.raises(TransparencyRequired):
        verify_bundle(sigstore.statement_bundle(), SIGNED_IMAGE, replace(BY_ALICE, transparency=rule), "where")


def test_key_and_log() -> None:
    required = ImagePolicy((sigstore.USER_KEY.public_key,), RequireLog())
    logged = sigstore.Signing(sigstore.REKOR_V2, None, sigstore.USER_KEY, sigstore.STATEMENT).bundle()
    found = verify_bundle(logged, SIGNED_IMAGE, required, "where", sigstore.TRUST)
    assert (found.signer, found.log) == (sigstore.USER_KEY.public_key, None)
    with pytest.raises(TransparencyError, match="number of trusted logs"):
        verify_bundle(replace(logged, log_entries=()), SIGNED_IMAGE, required, "where", sigstore.TRUST)


def test_annotations_count_for_identities_too() -> None:
    wanted = replace(BY_ALICE, annotations={"env": "prod"})
    with pytest.raises(ClaimMismatch, match="annotation env"):
        verify_bundle(sigstore.statement_bundle(), SIGNED_IMAGE, wanted, "where", sigstore.TRUST)


# --- what a key alone shows ---------------------------------------------------------------------


def test_a_denied_key_never_counts() -> None:
    denied = DenyList(keys=(DeniedKey(sha256(KEY.public_key.spki).digest()),))
    with pytest.raises(Denied):
        verify_bundle(GOOD.bundle, IMAGE, replace(policy(), deny=denied), "where")


def test_a_key_that_counts_in_its_time_only_needs_somebody_who_states_the_time() -> None:
    for counts in ({"windows": {KEY.public_key: KeyWindow(START)}}, {"window": KeyWindow(START)}):
        with pytest.raises(TransparencyRequired):
            verify_bundle(GOOD.bundle, IMAGE, replace(policy(), **counts), "where")


def test_what_a_key_alone_shows_is_told_step_by_step() -> None:
    found = verify_bundle(GOOD.bundle, IMAGE, policy(), "where")
    assert [step.step for step in found.steps if step.outcome is not Outcome.PASSED] == [Step.LOG]
