"""Kyverno's ImageValidatingPolicies, as far as their expressions say who has to have signed."""

from typing import Any, Final

import pytest

from tests.support.foreign_policies import KEYLESS, OTHER_PEM, made_of, refused, validating_policy, warned
from tests.support.image_policies import PEM

SIGNED: Final = "images.containers.map(i, verifyImageSignatures(i, [attestors.alice, attestors.bob]))"
ATTESTED: Final = "images.containers.map(i, verifyAttestationSignatures(i, attestations.sbom, [attestors.alice]))"
ATTESTOR: Final = "spec.attestors[0]"


def by(*, name: str = "alice", **cosign: Any) -> Any:
    return validating_policy(attestors=[{"name": name, "cosign": cosign}])


def authority(document: Any) -> Any:
    (policy,) = made_of(document)
    (found,) = policy["spec"]["authorities"]
    return found


def test_a_key_is_an_authority() -> None:
    (policy,) = made_of(validating_policy())
    assert policy["metadata"] == {"name": "team"}
    assert policy["spec"] == {
        "images": [{"glob": "ghcr.io/team/**"}],
        "authorities": [{"name": "alice", "key": {"data": PEM}}],
    }


@pytest.mark.parametrize(
    ("expression", "names", "counted"),
    [
        (f"{SIGNED}.all(e, e > 0)", [["alice", "bob"]], False),
        (f"{SIGNED}.all(e, e >= 1)", [["alice", "bob"]], False),
        (f"{SIGNED}.all(e, e > 1)", [["alice"], ["bob"]], False),
        (f"{SIGNED}.all(e, e == 2)", [["alice"], ["bob"]], False),
        (f"{SIGNED}\n  .all(e,\n e >= 2)", [["alice"], ["bob"]], False),
    ],
)
def test_how_many_have_to_sign(expression: str, names: Any, counted: bool) -> None:
    found = made_of(validating_policy(expression))
    assert [[each["name"] for each in policy["spec"]["authorities"]] for policy in found] == names
    assert [("policy" in policy["spec"]) for policy in found] == [counted] * len(found)


def test_some_of_several_are_counted() -> None:
    base: Any = validating_policy()
    third = [*base["spec"]["attestors"], {"name": "carol", "cosign": {"key": {"kms": "gcpkms://k"}}}]
    expression = f"{SIGNED.replace(']', ', attestors.carol]')}.all(e, e >= 2)"
    (policy,) = made_of(validating_policy(expression, attestors=third))
    assert "count(input.authorityMatches) >= 2" in policy["spec"]["policy"]["data"]


def test_attestations_are_looked_for_in_place_of_signatures() -> None:
    (policy,) = made_of(validating_policy(f"{ATTESTED}.all(e, e > 0)"))
    wanted = [{"name": "sbom", "predicateType": "https://spdx.dev/Document"}]
    assert policy["spec"]["authorities"][0]["attestations"] == wanted


def test_what_is_said_of_each_kind_of_container_is_said_once() -> None:
    """Here every image of a pod is looked at anyway."""
    some = [
        f"images.{slot}.map(i, verifyImageSignatures(i, [attestors.alice])).all(e, e > 0)"
        for slot in ("containers", "initContainers")
    ]
    assert len(made_of(validating_policy(validations=[{"expression": each} for each in some]))) == 1


def test_keys_and_identities() -> None:
    rekor = {"url": "https://rekor.sigstore.dev"}
    assert authority(by(key={"data": PEM, "hashAlgorithm": "sha512"})) == {
        "name": "alice",
        "key": {"data": PEM, "hashAlgorithm": "sha512"},
        "ctlog": rekor,
    }
    identity = KEYLESS["keyless"]
    found = authority(
        by(keyless={"identities": [identity]}, ctlog={"url": "https://log.example", "insecureIgnoreSCT": True})
    )
    assert found["keyless"] == {"identities": [dict(identity)], "insecureIgnoreSCT": True}
    assert found["ctlog"] == {"url": "https://log.example"}
    assert authority(by(keyless={"identities": [identity]}))["ctlog"] == rekor


def test_signatures_elsewhere() -> None:
    assert authority(by(key={"data": PEM}, source={"repository": "ghcr.io/signatures"}))["source"] == [
        {"oci": "ghcr.io/signatures"}
    ]


@pytest.mark.parametrize(
    ("actions", "mode"),
    [(["Deny"], None), ([], None), (["Audit", "Deny"], None), (["Warn"], "warn"), (["Audit"], "warn")],
)
def test_actions(actions: list[str], mode: str | None) -> None:
    (policy,) = made_of(validating_policy(validationActions=actions))
    assert policy["spec"].get("mode") == mode


def test_a_policy_of_a_namespace_stays_there() -> None:
    document = {
        **validating_policy(),
        "kind": "NamespacedImageValidatingPolicy",
        "metadata": {"name": "a", "namespace": "prod"},
    }
    (policy,) = made_of(document)
    assert (policy["kind"], policy["metadata"]["namespace"]) == ("ImagePolicy", "prod")


def test_what_all_policies_share_here_is_said() -> None:
    settings = {"mutateDigest": False, "verifyDigest": True}
    assert warned(validating_policy(validationConfigurations=settings)) == ["mutateDigest"]
    assert warned(validating_policy(validationConfigurations={"required": True})) == []
    assert warned(validating_policy(credentials={"secrets": ["one"]})) == ["credentials"]


@pytest.mark.parametrize(
    ("document", "path"),
    [
        (validating_policy(matchConditions=[{"name": "a"}]), "spec.matchConditions"),
        (validating_policy(variables=[{"name": "a"}]), "spec.variables"),
        (validating_policy(validationActions=["Shout"]), "spec.validationActions"),
        (validating_policy(matchConstraints=None), "spec.matchConstraints"),
        (
            validating_policy(matchConstraints={"resourceRules": [{"resources": ["deployments"]}]}),
            "spec.matchConstraints.resourceRules",
        ),
        (
            validating_policy(matchConstraints={"namespaceSelector": {"matchLabels": {"a": "b"}}}),
            "spec.matchConstraints.namespaceSelector",
        ),
        (validating_policy(matchImageReferences=[]), "spec.matchImageReferences"),
        (
            validating_policy(matchImageReferences=[{"expression": "image.registry() == 'a'"}]),
            "spec.matchImageReferences[0].expression",
        ),
        (validating_policy(validations=[]), "spec.validations"),
        (validating_policy("images.containers.size() > 0"), "spec.validations[0].expression"),
        (validating_policy(f"{SIGNED}.all(e, f > 0)"), "spec.validations[0].expression"),
        (validating_policy(f"{SIGNED}.all(e, e >= 0)"), "spec.validations[0].expression"),
        (validating_policy(f"{SIGNED}.all(e, e >= 3)"), "spec.validations[0].expression"),
        (validating_policy(f"{SIGNED}.all(e, e == 1)"), "spec.validations[0].expression"),
        (validating_policy(f"{SIGNED.replace('bob', 'alice')}.all(e, e > 0)"), "spec.validations[0].expression"),
        (validating_policy(f"{SIGNED.replace('bob', 'dave')}.all(e, e > 0)"), "spec.validations[0].expression"),
        (validating_policy(f"{ATTESTED.replace('sbom', 'other')}.all(e, e > 0)"), "spec.validations[0].expression"),
        (validating_policy(attestors=[{"name": "alice", "notary": {"certs": "a"}}]), f"{ATTESTOR}.notary"),
        (validating_policy(attestors=[{"name": "alice"}]), f"{ATTESTOR}.cosign"),
        (by(key={"expression": "a"}), f"{ATTESTOR}.cosign.key.expression"),
        (by(key={"data": PEM + OTHER_PEM}), f"{ATTESTOR}.cosign.key.data"),
        (by(key={"data": PEM}, certificate={"cert": "a"}), f"{ATTESTOR}.cosign.certificate"),
        (by(key={"data": PEM}, tuf={"root": "a"}), f"{ATTESTOR}.cosign.tuf"),
        (by(key={"data": PEM}, annotations={"a": "b"}), f"{ATTESTOR}.cosign.annotations"),
        (by(key={"data": PEM}, ctlog={"rekorPubKey": "a"}), f"{ATTESTOR}.cosign.ctlog.rekorPubKey"),
        (by(keyless={"identities": [KEYLESS["keyless"]], "roots": "a"}), f"{ATTESTOR}.cosign.keyless.roots"),
        (
            by(keyless={"identities": [{"subjectExpression": "a"}]}),
            f"{ATTESTOR}.cosign.keyless.identities[0].subjectExpression",
        ),
        (by(keyless={"identities": []}), "spec.validations[0]"),
        (
            by(key={"data": PEM}, source={"PullSecrets": ["a"], "repository": "b"}),
            f"{ATTESTOR}.cosign.source.PullSecrets",
        ),
        (validating_policy(attestations=[{"name": "a", "referrer": {"type": "b"}}]), "spec.attestations[0].referrer"),
        (validating_policy(attestations=[{"name": "a"}]), "spec.attestations[0].intoto"),
    ],
)
def test_what_would_be_weaker_is_refused_by_its_path(document: Any, path: str) -> None:
    (problem,) = refused(document)
    assert problem[0] == path
