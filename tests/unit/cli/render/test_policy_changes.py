"""What an authority demands in plain words, and what would make it pass."""

from typing import Any, Final

import pytest

from cosignpy.cli.render.policy_changes import demands_of, nearest_change, nearest_policy_change
from cosignpy.core.policy.identity import ISSUER, CertificateIdentity
from cosignpy.core.verify.findings import CertificateFinding
from cosignpy.core.verify.trail import Trail
from cosignpy.errors import (
    ConditionRefused,
    CosignError,
    Denied,
    IdentityMismatch,
    NoMatchingSignatures,
    NoSignatures,
    NoSuchTag,
    PolicyRefused,
    Rejection,
    SignatureMismatch,
    Unreachable,
)
from cosignpy.imagepolicy.decision import AuthorityVerdict, Outcome, PolicyVerdict
from cosignpy.imagepolicy.denial import Refusal
from cosignpy.imagepolicy.model import Authority
from tests.support.image_policies import ALICE, BY_KEY, FAIL, KEYLESS, PASS, PEM, own
from tests.support.policy_page_fields import CA
from tests.support.signed import KEY

IMAGE: Final = "ghcr.io/team/app:1"
RULE: Final = "'alice@example.com' by 'https://accounts.example.com'"
KEY_NAME: Final = f"the P-256 key {KEY.public_key.fingerprint}"
SIGNED: Final = f"signed by {RULE}"
LOGGED: Final = "an entry of a transparency log"
BOB: Final = {"issuer": ALICE["issuer"], "subject": "bob@example.com"}
TYPE: Final = "https://example.com/review"
REVIEW: Final = {"name": "review", "predicateType": TYPE}


def authority(fields: Any) -> Authority:
    return own(fields).authorities[0]


def change(fields: Any, error: CosignError) -> str:
    return nearest_change(AuthorityVerdict(authority(fields), Outcome.REFUSED, None, error))


def other_identity() -> IdentityMismatch:
    """Return the error of a signature of which all else was shown."""
    identity = CertificateIdentity(("bob@example.com",), {ISSUER: "https://accounts.example.com"})
    certificate = CertificateFinding(b"", identity, "https://fulcio.example", ())
    error = IdentityMismatch(RULE, str(identity))
    error.shown = Trail((), certificate=certificate)
    return error


@pytest.mark.parametrize(
    ("fields", "demands"),
    [
        (KEYLESS, [SIGNED, LOGGED]),
        (BY_KEY, [f"signed by {KEY_NAME}"]),
        ({"ctlog": {"url": "https://rekor.example"}, **BY_KEY}, [f"signed by {KEY_NAME}", LOGGED]),
        ({"ctlog": {}, **KEYLESS}, [SIGNED]),
        ({"rfc3161timestamp": {}, **KEYLESS}, [SIGNED, "a timestamp of a timestamp authority"]),
        ({"maxAge": "30d", **KEYLESS}, [SIGNED, LOGGED, "not longer ago than 30 days"]),
        ({"maxAge": "36h", **KEYLESS}, [SIGNED, LOGGED, "not longer ago than 36 hours"]),
        (
            {"source": [{"oci": "ghcr.io/team/signatures"}], **KEYLESS},
            [SIGNED, LOGGED, "found in ghcr.io/team/signatures"],
        ),
        ({"attestations": [REVIEW], **KEYLESS}, [SIGNED, LOGGED, f"an attestation of type {TYPE}"]),
        (
            {"attestations": [REVIEW | {"policy": {"type": "cue", "data": "a: 1"}}], **KEYLESS},
            [SIGNED, LOGGED, f"an attestation of type {TYPE}, for which its cue condition holds"],
        ),
        (
            {"keyless": {"identities": [ALICE, BOB], "require": "all"}},
            [f"{SIGNED} or 'bob@example.com' by 'https://accounts.example.com'", "by 2 of them", LOGGED],
        ),
        (
            {"keyless": {"identities": [ALICE], "trustRootRef": "own"}},
            [SIGNED, "by a certificate that the TrustRoot own vouches for", LOGGED],
        ),
        ({"ctlog": {"trustRootRef": "own"}, **BY_KEY}, [f"signed by {KEY_NAME}", LOGGED]),
        (
            {"keyless": {"identities": [ALICE], "ca-cert": {"data": CA}}, "ctlog": {}},
            [SIGNED, "by a certificate that those of ca-cert issued"],
        ),
        ({"key": {"kms": "gcpkms://projects/a"}}, ["signed by a key that is not in the document"]),
        (PASS, ["no signature: it says pass of every image"]),
    ],
)
def test_what_an_authority_demands(fields: Any, demands: list[str]) -> None:
    assert list(demands_of(authority(fields))) == demands


def test_a_key_counts_in_its_time() -> None:
    _, window = demands_of(authority({"key": {"data": PEM, "validFrom": "2026-01-01T00:00:00Z"}}))
    assert window.startswith("while the key counts: ")
    assert "2026-01-01" in window


@pytest.mark.parametrize(
    ("fields", "error", "told"),
    [
        (KEYLESS, NoSignatures(IMAGE), f"let {RULE} sign it"),
        (KEYLESS, NoSignatures(IMAGE, None, "attestations"), f"let {RULE} attest it"),
        (BY_KEY, NoSignatures(IMAGE), f"let {KEY_NAME} sign it"),
        (
            KEYLESS,
            other_identity(),
            (
                f"let {RULE} sign it, or add 'bob@example.com' by 'https://accounts.example.com' "
                "to spec.authorities[0].keyless.identities"
            ),
        ),
        (KEYLESS, IdentityMismatch(RULE, "nobody"), "if this is who should have signed, name them in the policy"),
        (
            BY_KEY,
            SignatureMismatch("no"),
            f"let {KEY_NAME} sign it, or add an authority to spec.authorities for whoever did",
        ),
        (
            KEYLESS,
            ConditionRefused("team", "no", None, "a.yaml", 7),
            f"let {RULE} attest something for which the condition holds, or change it in a.yaml:7",
        ),
        (
            KEYLESS,
            ConditionRefused("team", "no"),
            f"let {RULE} attest something for which the condition holds, or change it",
        ),
        (
            FAIL,
            PolicyRefused("team", "no"),
            "leave the image out of spec.images, or take spec.authorities[0] away: no signature makes up for it",
        ),
        (KEYLESS, PolicyRefused("team", "no"), "ask whoever keeps the policy: no signature makes up for it"),
        (KEYLESS, NoSuchTag(IMAGE), "check the name, and that it was pushed"),
        (KEYLESS, Unreachable("registry", "https://a", None, "no"), "check the network and the address, and try again"),
    ],
)
def test_what_would_make_it_pass(fields: Any, error: CosignError, told: str) -> None:
    assert change(fields, error) == told


def test_a_signature_that_is_no_key_s_is_advised_as_always() -> None:
    assert change(KEYLESS, SignatureMismatch("no")).startswith("ask whoever signed which key or identity they use")


def test_of_several_signatures_the_nearest_is_told() -> None:
    nearest = other_identity()
    rejections = (Rejection("a", SignatureMismatch("no")), Rejection("b", nearest))
    nearest.shown.passed.update({nearest.shown.current})  # type: ignore[attr-defined]
    assert change(KEYLESS, NoMatchingSignatures(IMAGE, rejections)) == change(KEYLESS, nearest)
    assert change(KEYLESS, NoMatchingSignatures(IMAGE, ())) == ""


def test_too_few_of_several_signers() -> None:
    both = {"keyless": {"identities": [ALICE, BOB], "require": "all"}}
    told = f"let 2 of these sign it: {RULE} or 'bob@example.com' by 'https://accounts.example.com'"
    assert change(both, NoMatchingSignatures(IMAGE, (Rejection("a", other_identity()),))) == told


def test_an_authority_that_passed_needs_no_change() -> None:
    assert nearest_change(AuthorityVerdict(authority(KEYLESS), Outcome.PASSED)) == ""


def verdict(clause: str = "") -> PolicyVerdict:
    policy = own(BY_KEY, KEYLESS, require="all")
    passed = (AuthorityVerdict(policy.authorities[0], Outcome.PASSED),) if clause == "spec.require" else ()
    refusal = Refusal(PolicyRefused("team", "no"), clause) if clause.startswith("spec.deny") else None
    return PolicyVerdict(policy, Outcome.REFUSED, passed, refusal)


@pytest.mark.parametrize(
    ("clause", "error", "told"),
    [
        (
            "spec.policy",
            ConditionRefused("team", "no", None, "a.yaml", 7),
            "let what the condition is about come true, or change it in a.yaml:7",
        ),
        ("", ConditionRefused("team", "no"), "let what the condition is about come true, or change it"),
        (
            "spec.deny[0].digest",
            Denied("sha256:0", "digest"),
            "use another image: spec.deny[0].digest denies this one, and no signature makes up for it",
        ),
        ("spec.require", PolicyRefused("team", "no"), "let 2 authorities pass: each says what it wants"),
        ("", PolicyRefused("team", "no"), "ask whoever keeps the policy: no signature makes up for it"),
    ],
)
def test_what_would_make_a_policy_pass(clause: str, error: CosignError, told: str) -> None:
    assert nearest_policy_change(verdict(clause), error) == told
