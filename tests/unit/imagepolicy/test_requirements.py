"""What authorities demand of signatures, and which demands are refused for not being looked at yet."""

from datetime import UTC, datetime
from typing import Any, Final

import pytest

from cosignpy.core.keys.algorithms import ECDSA_P384
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.policy.bundle import SignedByIdentity
from cosignpy.core.policy.image import ImagePolicy
from cosignpy.core.policy.transparency import (
    AssumeTimeUnsafe,
    RequireLog,
    RequireSct,
    RequireSignedTime,
    RequireTime,
    SkipLogUnsafe,
    SkipSctUnsafe,
)
from cosignpy.documents import DocumentError
from cosignpy.errors import UsageError
from cosignpy.imagepolicy.requirements import build_image_policy, refuse_unsupported
from tests.support.image_policies import ALICE, BY_KEY, KEYLESS, PASS, PEM, parsed
from tests.support.signed import KEY

NOW: Final = datetime(2026, 7, 1, tzinfo=UTC)
LOG: Final = {"ctlog": {"url": "https://rekor.example"}}


def built(authority: dict[str, Any]) -> ImagePolicy:
    policy = parsed(authority)
    refuse_unsupported(policy)
    return build_image_policy(policy.authorities[0], NOW)


def signers(policy: ImagePolicy) -> SignedByIdentity:
    assert policy.identities is not None
    return policy.identities


def test_a_key_without_a_log() -> None:
    found = built(dict(BY_KEY))
    assert found.keys == (KEY.public_key,)
    assert found.transparency == SkipLogUnsafe("the authority authority-0 names no ctlog")
    assert built({"ctlog": {}, **BY_KEY}).transparency == found.transparency


def test_a_key_with_a_log() -> None:
    assert built({**LOG, **BY_KEY}) == ImagePolicy((KEY.public_key,), RequireLog())


@pytest.mark.parametrize("beside", [{}, LOG])
def test_an_identity_is_in_a_log(beside: dict[str, Any]) -> None:
    found = built({**beside, **KEYLESS})
    assert found.transparency == RequireLog()
    assert (signers(found).time, signers(found).sct) == (RequireTime(), RequireSct())
    assert [str(rule) for rule in found.rules] == ["'alice@example.com' by 'https://accounts.example.com'"]


def test_an_identity_with_a_timestamp_needs_no_log() -> None:
    found = built({**LOG, "rfc3161timestamp": {}, **KEYLESS})
    assert found.transparency == SkipLogUnsafe("the authority authority-0 takes a timestamp in place of it")
    assert signers(found).time == RequireSignedTime()


def test_an_empty_log_waives_it_and_the_time() -> None:
    found = built({"ctlog": {}, **KEYLESS})
    assert found.transparency == SkipLogUnsafe("the ctlog of the authority authority-0 is empty")
    assert signers(found).time == AssumeTimeUnsafe(NOW, "the ctlog of the authority authority-0 is empty")


def test_promises_of_certificate_transparency_are_waived_by_name() -> None:
    found = built({"keyless": {"identities": [ALICE], "insecureIgnoreSCT": True}})
    assert signers(found).sct == SkipSctUnsafe("insecureIgnoreSCT")


@pytest.mark.parametrize("authority", [PASS, {"key": {"kms": "gcpkms://x"}}])
def test_who_has_no_key_at_hand_demands_nothing_of_signatures(authority: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        build_image_policy(parsed(authority).authorities[0], NOW)


@pytest.mark.parametrize("name", ["sha256", "sha384"])
def test_a_key_is_used_with_hashes_of_its_own(name: str) -> None:
    pem = PrivateKey.generate(ECDSA_P384).public_key.encode_pem().decode()
    refuse_unsupported(parsed({"key": {"data": pem, "hashAlgorithm": name}}))


@pytest.mark.parametrize(
    ("authority", "field"),
    [
        ({"key": {"kms": "gcpkms://x"}}, "key.kms"),
        ({"key": {"secretRef": {"name": "x"}}}, "key.secretRef"),
        ({"key": {"data": PEM, "hashAlgorithm": "sha512"}}, "key.hashAlgorithm"),
        ({"key": {"kms": "gcpkms://x", "hashAlgorithm": "sha512"}}, "key.kms"),
        ({"rfc3161timestamp": {}, **BY_KEY}, "rfc3161timestamp"),
        ({"rfc3161timestamp": {"trustRootRef": "own"}, **KEYLESS}, "rfc3161timestamp.trustRootRef"),
        ({"ctlog": {"trustRootRef": "own"}, **KEYLESS}, "ctlog.trustRootRef"),
        ({"keyless": {"identities": [ALICE], "trustRootRef": "own"}}, "keyless.trustRootRef"),
        ({"keyless": {"identities": [ALICE], "ca-cert": {"data": PEM}}}, "keyless.ca-cert"),
        ({"attestations": [{"name": "a", "predicateType": "link"}], **BY_KEY}, "attestations[0]"),
        ({"source": [{"oci": "ghcr.io"}], **BY_KEY}, "source[0].oci"),
        ({"source": [{"oci": "ghcr.io/a", "tagPrefix": "p"}], **BY_KEY}, "source[0].tagPrefix"),
        (
            {"source": [{"oci": "ghcr.io/a", "signaturePullSecrets": [{"name": "x"}]}], **BY_KEY},
            "source[0].signaturePullSecrets",
        ),
    ],
)
def test_what_cannot_be_shown_yet_is_refused_by_its_path(authority: dict[str, Any], field: str) -> None:
    with pytest.raises(DocumentError) as caught:
        refuse_unsupported(parsed(PASS, authority))
    assert caught.value.key == f"spec.authorities[1].{field}"


def test_a_condition_is_refused() -> None:
    with pytest.raises(DocumentError) as caught:
        refuse_unsupported(parsed(PASS, policy={"type": "rego", "data": "package sigstore"}))
    assert caught.value.key == "spec.policy"


def test_signatures_in_another_repository_can_be_looked_up() -> None:
    refuse_unsupported(parsed({"source": [{"oci": "ghcr.io/team/signatures"}], **KEYLESS}))
