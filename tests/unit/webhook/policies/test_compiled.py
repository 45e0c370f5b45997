"""Policies as octets: what is read of them decides like the object and all that it names."""

import json
from collections.abc import Mapping
from typing import Any, Final

import pytest

from cosignpy.core.digest import Digest
from cosignpy.core.trust.trusted_root import TrustedRoot, encode_trusted_root
from cosignpy.errors import CosignError, DigestMismatch, MalformedError, PolicyRefused, UsageError
from cosignpy.imagepolicy.conduct import OURS, POLICY_CONTROLLER
from cosignpy.imagepolicy.controller_refusals import refuse_authority
from cosignpy.imagepolicy.decision import Outcome, decide_policy
from cosignpy.imagepolicy.go_reader.conversion import Version
from cosignpy.imagepolicy.go_reader.documents import check_policy
from cosignpy.imagepolicy.go_reader.yaml_values import read_yaml
from cosignpy.imagepolicy.model import Key, Keyless
from cosignpy.imagepolicy.parse import parse_resources
from cosignpy.imagepolicy.references import link_policies
from cosignpy.values import replace
from cosignpy.webhook.policies.compiled import (
    PolicyNeeds,
    PolicySource,
    decode_policy,
    encode_policy,
    read_document,
    read_source,
    version_of,
)
from tests.support import policy_tester, vectors
from tests.support.image_policies import ALICE, BY_KEY, KEYLESS, PASS, PEM, document, encode, own_document
from tests.support.own_pki import ROOT, write_own_pki
from tests.support.policy_tester import CASES, FOLDER
from tests.support.signed import KEY

TEXT: Final = "package sigstore\nisCompliant { true }\n"
REMOTE: Final = {"url": "https://policies.example/p.rego", "sha256sum": Digest.of(TEXT.encode()).hex}
REFERENCE: Final = {"name": "t", "key": "k"}
KMS: Final = "gcpkms://projects/p/locations/l/keyRings/r/cryptoKeys/k"
ROOT_IN_TUF: Final[Mapping[str, Any]] = {
    "apiVersion": "policy.sigstore.dev/v1alpha1",
    "kind": "TrustRoot",
    "metadata": {"name": "mine"},
    "spec": {"remote": {"root": "eyJzaWduYXR1cmVzIjpbXX0=", "mirror": "https://tuf.example"}},
}
NAMING: Final = document(
    {"name": "secret", "key": {"secretRef": {"name": "team-key"}}},
    {"name": "kms", "key": {"kms": KMS}},
    {
        "name": "rooted",
        "keyless": {"identities": [ALICE], "trustRootRef": "mine"},
        "ctlog": {"url": "https://rekor.example", "trustRootRef": "mine"},
        "attestations": [
            {"name": "a", "predicateType": "custom", "policy": {"type": "rego", "remote": REMOTE}},
            {
                "name": "b",
                "predicateType": "custom",
                "policy": {"type": "cue", "configMapRef": {"name": "t", "key": "k"}},
            },
        ],
    },
)
NEEDS: Final = PolicyNeeds(
    secrets={"team-key": PEM},
    config_maps={"t": {"k": "a: 1"}},
    repositories={"mine": encode_trusted_root(TrustedRoot()).decode()},
    remotes={REMOTE["url"]: TEXT},
    keys={KMS: PEM},
)


def cases() -> list[tuple[str, Mapping[str, Any]]]:
    """Return the policies of the recorded cases that are valid."""
    found = list[tuple[str, Mapping[str, Any]]]()
    for name in CASES:
        if json.loads((FOLDER / "cases" / name / "expected.json").read_text())["verdict"] in {"invalid", "error"}:
            continue
        for text in policy_tester.read(FOLDER / "cases" / name / "policy.yaml").decode().split("\n---\n"):
            each = read_yaml(text.encode(), name)
            if isinstance(each, dict) and each.get("kind") == "ClusterImagePolicy":
                found.append((name, each))
    return found


@vectors.NEEDED
@pytest.mark.parametrize("conduct", [OURS, POLICY_CONTROLLER], ids=["ours", "policy-controller"])
def test_what_is_read_of_a_recorded_policy_is_what_was_written(conduct: Any) -> None:
    compared = 0
    for name, each in cases():
        version = Version(each["apiVersion"])
        try:
            expected = check_policy(each, version, name).convert(name, conduct)
        except MalformedError:
            continue
        source = PolicySource(each, conduct)
        assert read_document(each, conduct) == expected
        try:
            linked = read_source(source)
        except CosignError:
            continue  # something that it names is missing
        assert decode_policy(encode_policy(source)) == linked
        compared += 1
    assert compared > 80


def test_all_that_a_policy_names_comes_along() -> None:
    found = decode_policy(encode_policy(PolicySource(NAMING, POLICY_CONTROLLER, NEEDS)))
    first, second, third = found.authorities
    assert isinstance(first.signer, Key)
    assert isinstance(second.signer, Key)
    assert isinstance(third.signer, Keyless)
    assert first.signer.data == second.signer.data == KEY.public_key
    assert third.signer.trust_root is not None
    assert isinstance(third.signer.trust_root.content, TrustedRoot)
    assert third.ctlog is not None
    assert third.ctlog.trust_root == third.signer.trust_root
    assert [each.policy.data for each in third.attestations if each.policy] == [TEXT, "a: 1"]
    assert found.conduct == third.conduct == POLICY_CONTROLLER


@pytest.mark.parametrize("missing", ["secrets", "config_maps", "remotes", "keys"])
def test_a_policy_without_something_that_it_names_is_none(missing: str) -> None:
    source = PolicySource(NAMING, POLICY_CONTROLLER, replace(NEEDS, **{missing: {}}))
    with pytest.raises(UsageError):
        decode_policy(encode_policy(source))


def test_a_trust_root_whose_repository_was_not_read_is_refused() -> None:
    needs = replace(NEEDS, repositories={}, trust_roots={"mine": ROOT_IN_TUF})
    with pytest.raises(UsageError, match="is not at hand"):
        decode_policy(encode_policy(PolicySource(NAMING, POLICY_CONTROLLER, needs)))


def test_an_authority_fails_whose_trust_root_is_not_there_and_the_others_do_not() -> None:
    needs = replace(NEEDS, repositories={})
    found = decode_policy(encode_policy(PolicySource(NAMING, POLICY_CONTROLLER, needs)))
    (*_, third) = found.authorities
    assert isinstance(third.signer, Keyless)
    assert (third.signer.trust_root, third.ctlog and third.ctlog.trust_root) == (None, None)
    with pytest.raises(PolicyRefused, match="trustRootRef mine not found"):
        refuse_authority(third, "image")
    with pytest.raises(UsageError, match="TrustRoot mine"):
        decode_policy(encode_policy(PolicySource(NAMING, OURS, needs)))


def test_a_policy_without_authorities_is_read_and_refuses_everything() -> None:
    found = decode_policy(encode_policy(PolicySource(document(), POLICY_CONTROLLER)))
    assert decide_policy(found, lambda _: None).outcome is Outcome.REFUSED


def test_a_text_of_another_digest_is_refused() -> None:
    needs = replace(NEEDS, remotes={REMOTE["url"]: f"{TEXT} "})
    with pytest.raises(DigestMismatch):
        read_source(PolicySource(NAMING, POLICY_CONTROLLER, needs))


@pytest.mark.parametrize("each", [document(BY_KEY, KEYLESS, PASS), own_document(BY_KEY, KEYLESS, require=2)])
def test_a_policy_decides_like_that_of_a_file(each: Mapping[str, Any]) -> None:
    (expected,) = link_policies(parse_resources(encode(each), "f"))
    assert decode_policy(encode_policy(PolicySource(each, OURS))) == expected


def test_the_certificates_of_a_secret_count_where_we_decide(tmp_path: Any) -> None:
    write_own_pki(tmp_path, KEY.public_key)
    needs = PolicyNeeds(secrets={"ca": (tmp_path / ROOT).read_text()})
    keyless = {"keyless": {"identities": [ALICE], "ca-cert": {"secretRef": {"name": "ca"}}}}
    ours = read_source(PolicySource(document(keyless), OURS, needs)).authorities[0].signer
    theirs = read_source(PolicySource(document(keyless), POLICY_CONTROLLER, needs)).authorities[0].signer
    assert isinstance(ours, Keyless)
    assert isinstance(theirs, Keyless)
    assert ours.ca_cert is not None
    assert theirs.ca_cert is not None
    assert (len(ours.ca_cert.authorities), len(theirs.ca_cert.authorities)) == (1, 0)


def test_only_what_decides_makes_another_version() -> None:
    source = PolicySource(document(BY_KEY), OURS)
    first = version_of(encode_policy(source))
    labelled = {**source.document, "metadata": {"name": "team", "labels": {"a": "b"}}, "status": {"conditions": []}}
    warning = {**source.document, "spec": {**source.document["spec"], "mode": "warn"}}
    assert version_of(encode_policy(replace(source, document=labelled))) == first
    assert version_of(encode_policy(replace(source, document=warning))) != first
    assert version_of(encode_policy(replace(source, conduct=POLICY_CONTROLLER))) != first
    assert version_of(encode_policy(replace(source, needs=NEEDS))) != first


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"conduct": {}},
        {"conduct": {"either_form": True}},
        {"document": {"kind": "ClusterImagePolicy", "apiVersion": "policy.sigstore.dev/v1", "metadata": {"name": "x"}}},
        {"document": {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "x"}}},
        {"secrets": []},
    ],
)
def test_octets_that_are_no_policy_are_refused(change: Mapping[str, Any]) -> None:
    good = json.loads(encode_policy(PolicySource(document(BY_KEY), OURS)))
    decode_policy(json.dumps(good).encode())
    with pytest.raises(MalformedError):
        decode_policy(json.dumps(good | change).encode())


def test_a_policy_that_is_not_valid_says_what_the_policy_controller_says() -> None:
    with pytest.raises(MalformedError) as caught:
        read_document(document(PASS, mode="zzz"), POLICY_CONTROLLER)
    assert caught.value.why == "invalid value: zzz: spec.mode\nunsupported mode"


@pytest.mark.parametrize(("version", "kept"), [(Version.ALPHA, True), (Version.BETA, False)])
def test_in_the_version_that_is_followed_a_log_without_a_url_counts(version: Version, kept: bool) -> None:
    found = document({**BY_KEY, "ctlog": {"trustRootRef": "mine"}}) | {"apiVersion": version.value}
    (authority,) = read_document(found, POLICY_CONTROLLER).authorities
    assert (authority.ctlog is not None) is kept
