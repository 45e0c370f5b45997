"""The document that conditions of whole policies are about: members as the policy controller names them."""

from hashlib import sha256
from typing import Any, Final

import pytest

from cosignpy.core.digest import Digest
from cosignpy.core.encoding import PemBlock, parse_json
from cosignpy.core.keys.algorithms import ECDSA_P256
from cosignpy.core.policy.bundle import BundlePolicy, SignedByKey
from cosignpy.core.policy.identity import CertificateIdentity
from cosignpy.core.policy.transparency import SkipLogUnsafe
from cosignpy.core.verify.evidence import SignatureFormat, SignedClaim, VerifiedImage, VerifiedSignature
from cosignpy.core.verify.findings import CertificateFinding, VerifiedBundle
from cosignpy.imagepolicy.attestations import VerifiedAttestations
from cosignpy.imagepolicy.authority_matches import Passed, Surroundings, encode_evidence, encode_matches
from cosignpy.imagepolicy.conditions.beside import describe_signature
from cosignpy.imagepolicy.model import PolicyText
from cosignpy.imagepolicy.workloads import Workload
from cosignpy.values import replace
from tests.support.image_policies import PASS, parsed
from tests.support.signed import IMAGE, KEY

NUMBERS: Final = {2: "push", 3: "0f" * 20, 4: "release", 5: "team/app", 6: "refs/tags/v1"}
DEPLOYMENT: Final = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "app"},
    "spec": {"replicas": 2},
}


def text(**flags: bool) -> PolicyText:
    found = parsed(PASS, policy={"type": "rego", "data": "x", **flags}).policy
    assert found is not None
    return found


def signed(certificate: CertificateFinding | None = None) -> VerifiedSignature:
    claim = SignedClaim(SignatureFormat.LEGACY, "type", b"payload", "", {})
    found = VerifiedSignature("where", IMAGE, KEY.public_key, ECDSA_P256, claim, None, bare_signature=b"signature")
    if certificate is None:
        return found
    policy = BundlePolicy(SignedByKey((KEY.public_key,)), SkipLogUnsafe("test"))
    proof = VerifiedBundle(KEY.public_key, ECDSA_P256, certificate, (), (), None, (), b"", "", (), policy)
    return replace(found, proof=proof)


def certified(names: tuple[str, ...] = ("alice@example.com", "second"), **beside: str) -> CertificateFinding:
    extensions = {8: "https://issuer.example"} | (NUMBERS if beside else {})
    return CertificateFinding(b"certificate", CertificateIdentity(names, extensions), "ca", ())


def document(*passed: Passed, around: Surroundings | None = None, **flags: bool) -> Any:
    return parse_json(encode_matches(text(**flags), passed, around or Surroundings()), what="test")


def test_a_key_is_an_id_alone() -> None:
    assert document(Passed("a", VerifiedImage(IMAGE, (signed(),)))) == {
        "authorityMatches": {"a": {"signatures": [{"id": sha256(b"signature").hexdigest()}]}}
    }


def test_a_certificate_says_who_signed() -> None:
    found = document(Passed("a", VerifiedImage(IMAGE, (signed(certified()),))))
    made = sha256(b"signature" + PemBlock("CERTIFICATE", b"certificate").encode()).hexdigest()
    assert found["authorityMatches"]["a"]["signatures"] == [
        {"id": made, "subject": "alice@example.com", "issuer": "https://issuer.example"}
    ]


def test_a_certificate_of_a_workflow() -> None:
    evidence = VerifiedImage(IMAGE, (signed(certified((), workflow="yes")),))
    (found,) = document(Passed("a", evidence))["authorityMatches"]["a"]["signatures"]
    assert {name: content for name, content in found.items() if name.startswith("github")} == {
        "githubWorkflowTrigger": "push",
        "githubWorkflowSha": "0f" * 20,
        "githubWorkflowName": "release",
        "githubWorkflowRepo": "team/app",
        "githubWorkflowRef": "refs/tags/v1",
    }
    assert "subject" not in found


def test_attestations_by_their_names_and_types_as_they_are_written() -> None:
    stored = replace(signed(), stored_envelope=b"envelope")
    evidence = VerifiedAttestations(IMAGE, {"review": (stored,)}, {"review": "custom"})
    (found,) = document(Passed("a", evidence))["authorityMatches"]["a"]["attestations"]["review"]
    assert (found["predicateType"], found["digest"]) == ("custom", str(Digest.of(b"envelope")))
    assert set(found) == {"id", "predicateType", "digest"}


def test_an_answer_that_is_always_the_same() -> None:
    assert document(Passed("a"), Passed("b", VerifiedImage(IMAGE, ())))["authorityMatches"] == {
        "a": {"static": True},
        "b": {"signatures": []},
    }


@pytest.mark.parametrize(
    ("flag", "members"),
    [
        ("includeSpec", {"spec": {"replicas": 2}}),
        ("includeObjectMeta", {"metadata": {"name": "app"}}),
        ("includeTypeMeta", {"typemeta": {"apiVersion": "apps/v1", "kind": "Deployment"}}),
        ("fetchConfigFile", {"config": {"linux/amd64": {"os": "linux"}}}),
    ],
)
def test_what_is_around_is_there_where_it_is_asked_for(flag: str, members: dict[str, Any]) -> None:
    workload = Workload("apps", "v1", "deployments", {}, DEPLOYMENT)
    around = Surroundings({"linux/amd64": {"os": "linux"}}, workload)
    matches = {"authorityMatches": {"a": {"static": True}}}
    assert document(Passed("a"), around=around, **{flag: True}) == matches | members
    assert document(Passed("a"), around=around) == matches
    assert document(Passed("a"), **{flag: True}) == matches


def test_what_is_empty_in_a_workload_is_there_and_what_is_null_is_not() -> None:
    around = Surroundings(workload=Workload("", "v1", "pods", {}, {"spec": {}, "metadata": None}))
    found = document(around=around, includeSpec=True, includeObjectMeta=True, includeTypeMeta=True)
    assert found == {"spec": {}, "typemeta": {}}


def test_the_evidence_has_the_names_of_the_document() -> None:
    one = signed()
    found = VerifiedAttestations(IMAGE, {"review": (one,)}, {"review": "type"})
    passed = (Passed("a", VerifiedImage(IMAGE, (one,))), Passed("b", found), Passed("c"))
    shown = describe_signature(one)
    assert parse_json(encode_evidence(passed), what="test") == {
        "authorityMatches": {
            "a": {"signatures": [shown]},
            "b": {"attestations": {"review": [shown]}},
            "c": {"static": True},
        }
    }
    assert document(*passed)["authorityMatches"].keys() == {"a", "b", "c"}
