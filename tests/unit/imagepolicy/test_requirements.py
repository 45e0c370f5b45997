"""What authorities demand of signatures, and which demands are refused for not being looked at yet."""

from datetime import UTC, datetime
from typing import Any, Final

import pytest

from cosignpy.core.keys.algorithms import ECDSA_P384
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.policy.bundle import SignedByIdentity
from cosignpy.core.policy.image import ImagePolicy
from cosignpy.core.policy.predicate import PredicateTypeIs
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
from cosignpy.imagepolicy.completeness import is_complete, refuse_incomplete
from cosignpy.imagepolicy.parse import parse_resources
from cosignpy.imagepolicy.references import link_policies
from cosignpy.imagepolicy.requirements import build_image_policy, refuse_unsupported
from tests.support.image_policies import ALICE, BY_KEY, FILE, KEYLESS, PASS, PEM, document, encode, parsed
from tests.support.policy_resources import trust_root
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


def with_root(authority: dict[str, Any]) -> ImagePolicy:
    """Return what is demanded beside a TrustRoot that is called `own`."""
    raw = encode(document(authority), trust_root())
    (policy,) = link_policies(parse_resources(raw, FILE))
    refuse_unsupported(policy)
    return build_image_policy(policy.authorities[0], NOW)


OWN: Final = {"keyless": {"identities": [ALICE], "trustRootRef": "own"}}


def test_authorities_of_ones_own_have_a_log_only_where_it_is_named() -> None:
    found = with_root(dict(OWN))
    waived = "the authority authority-0 has authorities of its own, and names no ctlog"
    assert found.transparency == SkipLogUnsafe(waived)
    assert signers(found).time == AssumeTimeUnsafe(NOW, waived)
    assert with_root({**OWN, "ctlog": {"trustRootRef": "own"}}).transparency == RequireLog()
    assert with_root({**OWN, **LOG}).transparency == RequireLog()


def test_bundles_are_in_a_log_of_their_own_trust_root() -> None:
    found = with_root({**OWN, "signatureFormat": "bundle"})
    assert (found.transparency, signers(found).time) == (RequireLog(), RequireTime())


def test_a_log_of_ones_own_for_a_key() -> None:
    assert with_root({"ctlog": {"trustRootRef": "own"}, **BY_KEY}).transparency == RequireLog()


def test_a_timestamp_for_a_key() -> None:
    found = built({**LOG, "rfc3161timestamp": {}, **BY_KEY})
    assert found.transparency == SkipLogUnsafe("the authority authority-0 takes a timestamp in place of it")
    assert found.window is not None
    assert found.window.covers(NOW)
    assert built(dict(BY_KEY)).window is None


def test_statements_of_all_types_that_are_demanded() -> None:
    demanded = [{"name": "a", "predicateType": "link"}, {"name": "b", "predicateType": "https://example.com/x"}]
    found = built({"attestations": demanded, **BY_KEY})
    assert found.predicate == PredicateTypeIs("https://in-toto.io/Link/v1", ("https://example.com/x",))
    assert built({"attestations": demanded, **KEYLESS}).predicate == found.predicate


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
        ({"key": {"data": PEM, "hashAlgorithm": "sha512"}}, "key.hashAlgorithm"),
        ({"source": [{"oci": "ghcr.io"}], **BY_KEY}, "source[0].oci"),
        ({"ctlog": {"trustRootRef": "a"}, "signatureFormat": "bundle", **OWN}, "ctlog.trustRootRef"),
        ({"rfc3161timestamp": {}, "signatureFormat": "bundle", **OWN}, "rfc3161timestamp.trustRootRef"),
    ],
)
def test_what_nobody_can_show_is_refused_by_its_path(authority: dict[str, Any], field: str) -> None:
    with pytest.raises(DocumentError) as caught:
        refuse_unsupported(parsed(PASS, authority))
    assert caught.value.key == f"spec.authorities[1].{field}"


@pytest.mark.parametrize(
    ("authority", "field"),
    [
        ({"key": {"kms": "gcpkms://x"}}, "key.kms"),
        ({"key": {"secretRef": {"name": "x"}}}, "key.secretRef"),
        ({"rfc3161timestamp": {"trustRootRef": "own"}, **KEYLESS}, "rfc3161timestamp.trustRootRef"),
        ({"ctlog": {"trustRootRef": "own"}, **KEYLESS}, "ctlog.trustRootRef"),
        (OWN, "keyless.trustRootRef"),
        (
            {"keyless": {"identities": [ALICE], "ca-cert": {"secretRef": {"name": "x"}}}},
            "keyless.ca-cert.secretRef",
        ),
    ],
)
def test_what_is_not_at_hand_is_refused_by_its_path(authority: dict[str, Any], field: str) -> None:
    policy = parsed(PASS, authority)
    assert not is_complete(policy)
    with pytest.raises(DocumentError) as caught:
        refuse_incomplete(policy)
    assert caught.value.key == f"spec.authorities[1].{field}"


@pytest.mark.parametrize(
    "text",
    [{"remote": {"url": "https://a.example/x", "sha256sum": "0" * 64}}, {"configMapRef": {"name": "a", "key": "b"}}],
)
def test_a_text_that_is_not_at_hand(text: dict[str, Any]) -> None:
    attested = {"name": "a", "predicateType": "link", "policy": {"type": "rego", **text}}
    for policy, place in (
        (parsed(PASS, policy={"type": "rego", **text}), "spec.policy"),
        (parsed({"attestations": [attested], **BY_KEY}), "spec.authorities[0].attestations[0].policy"),
    ):
        with pytest.raises(DocumentError) as caught:
            refuse_incomplete(policy)
        assert caught.value.key == f"{place}.{next(iter(text))}"


def test_all_is_at_hand() -> None:
    policy = parsed(BY_KEY, KEYLESS, PASS, policy={"type": "rego", "data": "package sigstore"})
    assert is_complete(policy)
    refuse_incomplete(policy)


def test_signatures_in_another_repository_can_be_looked_up() -> None:
    refuse_unsupported(parsed({"source": [{"oci": "ghcr.io/team/signatures"}], **KEYLESS}))
