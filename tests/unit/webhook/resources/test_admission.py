"""What becomes of objects of our own kinds that are created or changed."""

import json
import re
from base64 import b64encode
from collections.abc import Mapping
from typing import Any, Final

import pytest

from cosignpy.errors import MalformedError, UntrustedRepository
from cosignpy.imagepolicy.go_reader.conversion import Version
from cosignpy.imagepolicy.trust_roots import TufRepository
from cosignpy.webhook.answer import Answer, Denial, PatchOperation
from cosignpy.webhook.live_settings import LiveSettings, PodSpecPath
from cosignpy.webhook.request import AdmissionRequest, GroupVersionKind, Operation, Requester
from cosignpy.webhook.resources.conversion import convert_resources
from cosignpy.webhook.resources.defaulting import default_resource
from cosignpy.webhook.resources.validating import ResourceRules, validate_resource
from tests.support import crd_examples, vectors
from tests.support.crd_examples import trust_root
from tests.support.image_policies import ALICE, BY_KEY, PASS, document, own_document
from tests.support.own_pki import ROOT, write_own_pki
from tests.support.policy_tester import FOLDER, fill
from tests.support.recorded_policies import recorded_policies, recorded_trust_roots
from tests.support.signed import KEY

RULES: Final = ResourceRules()
BROKEN_MATCH: Final = {"version": "v1", "resource": "pods", "selector": {"matchLabels": {"not a label": "x"}}}


def request(found: Mapping[str, Any], **changes: Any) -> AdmissionRequest:
    group, _, version = found["apiVersion"].rpartition("/")
    given: dict[str, Any] = {
        "uid": "1",
        "kind": GroupVersionKind(group, version, found["kind"]),
        "resource": f"{found['kind'].lower()}s",
        "subresource": "",
        "name": "team",
        "namespace": "",
        "operation": Operation.CREATE,
        "requester": Requester(),
        "object": found,
    }
    return AdmissionRequest(**given | changes)


def refusal(answer: Answer) -> str:
    return answer.outcome.message if isinstance(answer.outcome, Denial) else ""


def validate(found: Mapping[str, Any], rules: ResourceRules = RULES, **changes: Any) -> Answer:
    return validate_resource(request(found, **changes), rules)


def said(case: str) -> str:
    """Return what the policy controller says of a case that is not valid."""
    expected = json.loads((FOLDER / "cases" / case / "expected.json").read_text())["stderr"]
    found = re.fullmatch(r"CIP is invalid: invalid value: (.*): policies\[0\]\.path", fill(expected), re.DOTALL)
    assert found is not None
    return found[1]


@vectors.NEEDED
def test_what_is_refused_and_why_is_what_the_policy_controller_says() -> None:
    compared = 0
    for each in recorded_policies():
        answer = validate(each.document)
        if each.is_valid and each.case == "155-match-resource-not-a-workload":
            assert refusal(answer) == (
                "validation failed: invalid value: services: spec.match[0].resource\nunsupported resource name"
            )
        elif each.is_valid:
            assert answer.allowed, (each.case, answer)
        else:
            unread = "unable to unmarshal: "
            expected = f"validation failed: {said(each.case)}"
            if unread in expected:
                why = said(each.case).removeprefix(unread)
                expected = f"decoding request failed: cannot decode incoming new object: {why}"
            assert refusal(answer) == expected
            compared += 1
    assert compared >= 20


@vectors.NEEDED
def test_deprecated_types_are_warned_of_as_the_policy_controller_does() -> None:
    found = next(each for each in recorded_policies() if _is_short(each))
    answer = validate(found.document)
    assert answer.warnings[0].startswith("invalid value: custom: spec.authorities[0].attestations.predicateType")
    assert answer.warnings[1] == "deprecated value, please use RFC 3986 conformant values"


def _is_short(each: Any) -> bool:
    text = json.dumps(each.document)
    return each.is_valid and text.count('"predicateType": "custom"') == 1


@pytest.mark.parametrize("name", crd_examples.BROKEN_CLUSTER)
def test_what_the_definitions_refuse_is_refused(name: str) -> None:
    assert refusal(validate(crd_examples.BROKEN_CLUSTER[name])).startswith("validation failed: ")


@pytest.mark.parametrize("name", crd_examples.CLUSTER)
def test_what_the_definitions_take_is_taken(name: str) -> None:
    settings = LiveSettings(fail_on_empty_authorities=False)
    assert validate(crd_examples.CLUSTER[name], ResourceRules(settings)).allowed


def test_no_authorities_are_refused_unless_the_cluster_says_otherwise() -> None:
    assert refusal(validate(document())) == "validation failed: missing field(s): spec.authorities"
    allowed = validate(document(), ResourceRules(LiveSettings(fail_on_empty_authorities=False)))
    assert (allowed.allowed, allowed.warnings) == (
        True,
        ("spec.authorities: nobody may vouch for an image, so that it refuses all images that it is about",),
    )


def test_kinds_that_images_are_looked_for_in_may_be_matched() -> None:
    found = document(PASS, match=[{"version": "*", "resource": "rollouts", "group": "argoproj.io"}])
    assert "unsupported resource name" in refusal(validate(found))
    settings = LiveSettings(pod_specs=(PodSpecPath("argoproj.io", "Rollout", ("spec", "template", "spec")),))
    assert validate(found, ResourceRules(settings)).allowed
    assert validate(document(PASS, match=[{"version": "v1", "resource": "podtemplates"}])).allowed


@pytest.mark.parametrize(
    ("found", "warning"),
    [
        (document({**BY_KEY, "source": [{"oci": "localhost:5000"}]}), "spec.authorities: a source is no repository"),
        (document(PASS, match=[BROKEN_MATCH]), "spec.match[0]: policy with wrong match label selector"),
        (document(PASS, match=[{"resource": "pods"}]), "spec.match[0].version: nothing has an empty version"),
        (document({**BY_KEY, "name": "a"}, {**PASS, "name": "a"}), "spec.authorities: a stands twice"),
    ],
)
def test_what_the_policy_controller_finds_too_late_is_warned_of(found: Mapping[str, Any], warning: str) -> None:
    answer = validate(found)
    assert answer.allowed
    assert len(answer.warnings) == 1
    assert answer.warnings[0].startswith(warning)


@pytest.mark.parametrize(
    ("changes", "allowed"),
    [
        ({}, False),
        ({"operation": Operation.UPDATE, "old_object": document(PASS)}, False),
        ({"operation": Operation.DELETE, "object": None}, True),
        ({"operation": Operation.UPDATE, "subresource": "status"}, True),
    ],
)
def test_only_what_changes_a_spec_is_looked_at(changes: dict[str, Any], allowed: bool) -> None:
    assert validate(document(PASS, mode="zzz"), **changes).allowed is allowed


def test_a_finalizer_of_what_is_being_deleted_may_go() -> None:
    broken = document(PASS, mode="zzz")
    going = broken | {"metadata": {"name": "team", "deletionTimestamp": "2026-01-01T00:00:00Z"}}
    assert validate(going, operation=Operation.UPDATE, old_object=broken).allowed
    assert not validate(going, operation=Operation.UPDATE, old_object=document(PASS)).allowed
    assert not validate(broken, operation=Operation.UPDATE, old_object=broken).allowed


def test_what_the_api_server_says_of_an_object_does_not_matter() -> None:
    found = document(PASS) | {"status": {"conditions": [{"new": 1}]}}
    found["metadata"] = {"name": "team", "managedFields": [{"aFieldOfTheFuture": 1}]}
    assert validate(found).allowed


def test_a_secret_may_be_named_with_the_namespace_of_the_webhook() -> None:
    found = document({"key": {"secretRef": {"name": "s", "namespace": "elsewhere"}}})
    assert "secretref.namespace" in refusal(validate(found))
    assert validate(found, ResourceRules(namespace="elsewhere")).allowed


def test_a_policy_without_a_spec_is_refused() -> None:
    found = {name: each for name, each in document(PASS).items() if name != "spec"}
    assert "spec is missing" in refusal(validate(found))


@pytest.mark.parametrize("version", ["policy.sigstore.dev/v2", ""])
def test_an_unknown_version_is_refused(version: str) -> None:
    answer = validate(document(PASS) | {"apiVersion": version})
    assert refusal(answer).startswith("decoding request failed: cannot decode incoming new object: unknown version")


def test_an_unknown_kind_is_refused() -> None:
    found = {"apiVersion": "v1", "kind": "Service", "metadata": {}}
    assert refusal(validate(found)) == "decoding request failed: unhandled kind: /v1, Kind=Service"


# ImagePolicies


@pytest.mark.parametrize("name", crd_examples.OWN)
def test_a_policy_of_a_namespace_is_taken(name: str) -> None:
    assert validate(crd_examples.OWN[name]).allowed


@pytest.mark.parametrize("name", crd_examples.BROKEN_OWN)
def test_a_policy_of_a_namespace_is_read_strictly(name: str) -> None:
    assert refusal(validate(crd_examples.BROKEN_OWN[name])).startswith("validation failed: ")


def test_a_mistake_of_a_policy_of_a_namespace_is_named_by_its_path() -> None:
    found = own_document(PASS, {**PASS, "name": "b"}, require=3)
    assert refusal(validate(found)) == (
        "validation failed: spec.require: 3 is more than there are authorities: 2 (all needs each of them)"
    )


# TrustRoots


@vectors.NEEDED
def test_recorded_trust_roots_are_taken() -> None:
    answers = {case: refusal(validate(each)) for case, each in recorded_trust_roots()}
    assert {case: why for case, why in answers.items() if why} == {}
    assert answers


CONTENTS: Final = "spec.remote, spec.repository, spec.sigstoreKeys"
KEYS: Final = "spec.sigstoreKeys"
FIRST: Final = f"{KEYS}.certificateAuthority[0]"
SECOND: Final = f"{KEYS}.certificateAuthority[1]"
NAME: Final = f"{SECOND}.subject"
ROOT_JSON: Final = b64encode(b'{"signatures":[]}').decode()
CA: Final = {"subject": {"organization": "o", "commonName": "c"}, "uri": "https://c.example", "certChain": "eA=="}
LOG: Final = {"baseURL": "https://l.example", "hashAlgorithm": "sha256", "publicKey": "eA=="}


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ({}, "expected exactly one, got neither: spec.remote, spec.repository, spec.sigstoreKeys"),
        (
            {"remote": {}, "sigstoreKeys": {}},
            "expected exactly one, got both: spec.remote, spec.repository, spec.sigstoreKeys",
        ),
        ({"remote": {}}, "missing field(s): spec.remote.mirror, spec.remote.root"),
        (
            {"remote": {"mirror": "https://t.example", "root": "e30="}},
            "invalid value: missing signatures in root.json: spec.remote.root\nno signatures",
        ),
        (
            {"remote": {"mirror": "https://t.example", "root": "eA=="}},
            "invalid value: failed to unmarshal: spec.remote.root\nnot valid JSON",
        ),
        ({"repository": {"root": ROOT_JSON}}, "missing field(s): spec.repository.repository"),
        (
            {"sigstoreKeys": {"tLogs": [LOG]}},
            f"expected exactly one, got neither: {KEYS}.certificateAuthority, {KEYS}.timestampAuthorities",
        ),
        (
            {"sigstoreKeys": {"certificateAuthorities": [{**CA, "uri": ""}, {**CA, "certChain": "", "subject": {}}]}},
            f"missing field(s): {FIRST}.uri, {SECOND}.certchain, {NAME}.commonName, {NAME}.organization",
        ),
        (
            {"sigstoreKeys": {"timestampAuthorities": [CA], "ctLogs": [{}]}},
            f"missing field(s): {KEYS}.ctLogs[0].baseURL, {KEYS}.ctLogs[0].hashAlgorithm, {KEYS}.ctLogs[0].publicKey",
        ),
        ({"remote": {"mirror": 7}}, "invalid value: failed to decode: spec\n"),
        (
            {"sigstoreKeys": {"certificateAuthorities": [CA]}},
            f"invalid value: it cannot be used: spec\n{KEYS}.",
        ),
    ],
)
def test_a_trust_root_is_refused_for_all_its_mistakes(spec: Mapping[str, Any], why: str) -> None:
    assert refusal(validate(trust_root(**spec))).startswith(f"validation failed: {why}")


def test_the_keys_of_a_trust_root_are_read(tmp_path: Any) -> None:
    write_own_pki(tmp_path, KEY.public_key)
    authority = {**CA, "certChain": b64encode((tmp_path / ROOT).read_bytes()).decode()}
    key = b64encode(KEY.public_key.encode_pem()).decode()
    keys = {"certificateAuthorities": [authority], "tLogs": [{**LOG, "publicKey": key}]}
    assert validate(trust_root(sigstoreKeys=keys)).allowed
    broken = {"certificateAuthorities": [authority], "tLogs": [{**LOG, "publicKey": key, "hashAlgorithm": "md5"}]}
    assert "'md5' is not known" in refusal(validate(trust_root(sigstoreKeys=broken)))


def test_a_repository_in_a_trust_root_is_opened() -> None:
    opened = list[TufRepository]()

    def fail(repository: TufRepository) -> None:
        opened.append(repository)
        raise UntrustedRepository("file:", "the timestamp expired")

    found = trust_root(repository={"root": ROOT_JSON, "mirrorFS": b64encode(b"archive").decode(), "targets": "t"})
    assert validate(found).allowed
    answer = validate(found, ResourceRules(open_repository=fail))
    assert refusal(answer).startswith(
        "validation failed: invalid value: failed to construct a TUF client: spec.repository.mirrorFS\n"
    )
    assert [(each.archive, each.targets) for each in opened] == [(b"archive", "t")]
    assert validate(crd_examples.ROOTS["a mirror"], ResourceRules(open_repository=fail)).allowed


# defaults


def test_what_the_policy_controller_fills_in_is_filled_in() -> None:
    found = document(PASS, {"keyless": {"identities": [ALICE]}}, {"name": "c", "keyless": {"url": "https://f.example"}})
    patch = default_resource(request(found)).patch
    assert patch == (
        PatchOperation("add", "/spec/authorities/0/name", "authority-0"),
        PatchOperation("add", "/spec/authorities/1/name", "authority-1"),
        PatchOperation("add", "/spec/authorities/1/keyless/url", "https://fulcio.sigstore.dev"),
        PatchOperation("add", "/spec/mode", "enforce"),
    )
    whole = document({**PASS, "name": "a"}, mode="warn")
    own_authority = document({"name": "a", "keyless": {"ca-cert": {"data": "x"}}}, mode="warn")
    for each in (whole, own_authority, own_document(PASS)):
        assert default_resource(request(each)).patch == ()


def test_a_trust_root_has_its_targets() -> None:
    patch = default_resource(request(crd_examples.ROOTS["a mirror"])).patch
    assert patch == (PatchOperation("add", "/spec/remote/targets", "targets"),)
    assert default_resource(request(crd_examples.ROOTS["keys"])).patch == ()


def test_fields_of_other_types_are_refused_before_anything_is_filled_in() -> None:
    answer = default_resource(request(document(PASS, mode=7)))
    assert refusal(answer).startswith(
        "mutation failed: cannot decode incoming new object: json: cannot unmarshal number"
    )


@pytest.mark.parametrize(
    "changes", [{"operation": Operation.DELETE, "object": None}, {"subresource": "status"}, {"object": {"kind": "x"}}]
)
def test_nothing_is_filled_in_where_nothing_changes(changes: dict[str, Any]) -> None:
    answer = default_resource(request(document(PASS), **changes))
    assert (answer.allowed, answer.patch) == (True, ())


# conversion


def review(**changes: Any) -> bytes:
    asked = {"uid": "u", "desiredAPIVersion": "policy.sigstore.dev/v1beta1", "objects": [document(PASS)]} | changes
    return json.dumps({"apiVersion": "apiextensions.k8s.io/v1", "kind": "ConversionReview", "request": asked}).encode()


@pytest.mark.parametrize("version", Version)
def test_a_policy_is_the_same_in_the_other_version(version: Version) -> None:
    log = {"ctlog": {"trustRootRef": "mine"}, "rfc3161timestamp": {}}
    found = document({"keyless": {"identities": [ALICE]}} | log)
    found["metadata"] |= {"labels": {"a": "b"}, "uid": "x"}
    answer = json.loads(convert_resources(review(desiredAPIVersion=version, objects=[found, document(PASS)])))
    response = answer["response"]
    assert (answer["kind"], response["uid"], response["result"]) == ("ConversionReview", "u", {"status": "Success"})
    assert response["convertedObjects"] == [each | {"apiVersion": version} for each in (found, document(PASS))]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"desiredAPIVersion": "policy.sigstore.dev/v2"}, "policy.sigstore.dev/v2 is not known"),
        ({"objects": None}, "objects are no list"),
        ({"objects": [None]}, "one of the objects is none"),
        ({"objects": [{"kind": "TrustRoot", "apiVersion": "policy.sigstore.dev/v1alpha1"}]}, "unhandled kind"),
        ({"objects": [{"kind": "ClusterImagePolicy", "apiVersion": "x/v1"}]}, "unhandled kind"),
    ],
)
def test_what_cannot_be_converted_is_told(changes: dict[str, Any], why: str) -> None:
    response = json.loads(convert_resources(review(**changes)))["response"]
    assert response["result"]["status"] == "Failed"
    assert response["result"]["message"].startswith(why)
    assert "convertedObjects" not in response


@pytest.mark.parametrize("raw", [b"", b"[]", b'{"kind":"ConversionReview"}', review(uid=""), review(uid=7)])
def test_what_is_no_review_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedError):
        convert_resources(raw)
