"""Kyverno's ClusterPolicies: what is said as strictly, what more strictly, and what is refused by its path."""

from base64 import b64decode
from typing import Any, Final

import pytest

from tests.support.foreign_policies import (
    BY_KEY,
    GITHUB,
    KEYLESS,
    OTHER_PEM,
    by,
    cluster_policy,
    converted,
    made_of,
    refused,
    warned,
)
from tests.support.image_policies import PEM
from tests.support.rekor_proposals import certificate_pem
from tests.support.virtual_sigstore import ROOT

CA_PEM: Final = certificate_pem(ROOT.certificate_authorities[0].chain[-1].der).decode()
REKOR: Final = {"url": "https://rekor.sigstore.dev"}
IMAGES: Final = "spec.rules[0].verifyImages[0]"
ENTRY: Final = f"{IMAGES}.attestors[0].entries[0]"


def only(document: Any) -> Any:
    (policy,) = made_of(document)
    return policy


def authority(images: Any) -> Any:
    (found,) = only(cluster_policy(images))["spec"]["authorities"]
    return found


def test_a_key_is_an_authority() -> None:
    assert only(cluster_policy()) == {
        "apiVersion": "policy.sigstore.dev/v1beta1",
        "kind": "ClusterImagePolicy",
        "metadata": {"name": "team-signed"},
        "spec": {
            "images": [{"glob": "ghcr.io/team/**"}],
            "authorities": [{"name": "attestor-1", "key": {"data": PEM}}],
        },
    }


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        ({"publicKeys": PEM}, {"key": {"data": PEM}, "ctlog": REKOR}),
        (
            {"publicKeys": PEM, "rekor": {"url": "https://log.example"}},
            {"key": {"data": PEM}, "ctlog": {"url": "https://log.example"}},
        ),
        (
            {"publicKeys": PEM, "signatureAlgorithm": "sha512"},
            {"key": {"data": PEM, "hashAlgorithm": "sha512"}, "ctlog": REKOR},
        ),
        ({"kms": "gcpkms://projects/p/k"}, {"key": {"kms": "gcpkms://projects/p/k"}, "ctlog": REKOR}),
        ({"publicKeys": "gcpkms://projects/p/k"}, {"key": {"kms": "gcpkms://projects/p/k"}, "ctlog": REKOR}),
        ({"publicKeys": "k8s://cosign-system/cosign"}, {"key": {"secretRef": {"name": "cosign"}}, "ctlog": REKOR}),
        (
            {"secret": {"name": "cosign", "namespace": "cosign-system"}},
            {"key": {"secretRef": {"name": "cosign"}}, "ctlog": REKOR},
        ),
    ],
)
def test_keys_of_all_places(keys: Any, found: Any) -> None:
    """A log entry is demanded unless it is ignored."""
    assert authority(by({"keys": keys})) == {"name": "attestor-1", **found}


@pytest.mark.parametrize(
    ("change", "identity"),
    [
        ({}, {"issuer": "https://accounts.example.com", "subject": "alice@example.com"}),
        (
            {"subject": "*@example.com"},
            {"issuer": "https://accounts.example.com", "subjectRegExp": r"^.*@example\.com$"},
        ),
        (
            {"subject": "a?@example.com"},
            {"issuer": "https://accounts.example.com", "subjectRegExp": r"^a.@example\.com$"},
        ),
        (
            {"issuer": None, "issuerRegExp": "^https://a$"},
            {"issuerRegExp": "^https://a$", "subject": "alice@example.com"},
        ),
    ],
)
def test_identities(change: Any, identity: Any) -> None:
    keyless = {name: text for name, text in (KEYLESS["keyless"] | change).items() if text is not None}
    found = authority(by({"keyless": keyless}))
    assert found == {"name": "attestor-1", "keyless": {"identities": [identity]}, "ctlog": REKOR}


def test_promises_may_be_ignored_and_entries_of_identities_may_not() -> None:
    entry = {"keyless": {**KEYLESS["keyless"], "ctlog": {"ignoreSCT": True}, "rekor": {"ignoreTlog": True}}}
    found = authority(by(entry))
    assert found["keyless"]["insecureIgnoreSCT"] is True
    assert found["ctlog"] == REKOR
    assert warned(cluster_policy(by(entry))) == ["rekor"]


def test_extensions_of_the_certificate_are_a_condition() -> None:
    extensions = {"githubWorkflowTrigger": "push", "githubWorkflowRepository": 'te"am/app'}
    entry = {"keyless": {**KEYLESS["keyless"], "additionalExtensions": extensions}}
    assert only(cluster_policy(by(entry)))["spec"]["policy"] == {
        "type": "rego",
        "data": "package sigstore\ndefault isCompliant = false\nisCompliant {\n"
        '  signature := input.authorityMatches["attestor-1"].signatures[_]\n'
        '  signature.githubWorkflowTrigger == "push"\n  signature.githubWorkflowRepo == "te\\"am/app"\n}\n',
    }


def test_a_private_sigstore_is_a_trust_root() -> None:
    entry = {
        "keyless": {
            **KEYLESS["keyless"],
            "roots": CA_PEM,
            "rekor": {"url": "https://log.example", "pubkey": PEM},
            "ctlog": {"pubkey": OTHER_PEM},
        }
    }
    document = cluster_policy({"attestors": [{"entries": [entry]}, {"count": 1, "entries": [entry, BY_KEY]}]})
    root, first, second = made_of(document)
    name = root["metadata"]["name"]
    keys = root["spec"]["sigstoreKeys"]
    assert root["kind"] == "TrustRoot"
    assert b64decode(keys["certificateAuthorities"][0]["certChain"]).decode() == CA_PEM
    assert [b64decode(keys[each][0]["publicKey"]).decode() for each in ("tLogs", "ctLogs")] == [PEM, OTHER_PEM]
    for policy in (first, second):
        authority = policy["spec"]["authorities"][0]
        assert authority["keyless"]["trustRootRef"] == name
        assert authority["ctlog"] == {"url": "https://log.example", "trustRootRef": name}
    assert warned(document) == []


def test_a_private_authority_beside_public_logs() -> None:
    """Its promises have no key that is known, and are demanded all the same."""
    keyless = {**KEYLESS["keyless"], "roots": CA_PEM}
    document = cluster_policy(by({"keyless": keyless}))
    root, policy = made_of(document)
    assert root["spec"]["sigstoreKeys"].keys() == {"certificateAuthorities"}
    assert policy["spec"]["authorities"][0]["ctlog"] == REKOR
    assert warned(document) == ["roots"]
    assert warned(cluster_policy(by({"keyless": {**keyless, "ctlog": {"ignoreSCT": True}}}))) == []


def test_one_of_several_is_one_policy() -> None:
    policy = only(cluster_policy(by(BY_KEY, KEYLESS, count=1)))
    assert [each["name"] for each in policy["spec"]["authorities"]] == ["attestor-1", "attestor-2"]
    assert "policy" not in policy["spec"]


def test_all_of_several_are_policies_of_their_own() -> None:
    """All policies about an image have to pass; an absent count means all."""
    found = made_of(cluster_policy(by(BY_KEY, KEYLESS)))
    assert [[each["name"] for each in policy["spec"]["authorities"]] for policy in found] == [
        ["attestor-1"],
        ["attestor-2"],
    ]
    assert [each["metadata"]["name"] for each in found] == ["team-signed", "team-signed-2"]


def test_some_of_several_are_counted() -> None:
    third = {"keys": {"publicKeys": OTHER_PEM}}
    policy = only(cluster_policy(by(BY_KEY, KEYLESS, third, count=2)))
    assert len(policy["spec"]["authorities"]) == 3
    assert "count(input.authorityMatches) >= 2" in policy["spec"]["policy"]["data"]


def test_keys_in_one_text_are_counted_as_entries() -> None:
    both = {"keys": {"publicKeys": PEM + OTHER_PEM, "rekor": {"ignoreTlog": True}}}
    assert len(made_of(cluster_policy(by(both)))) == 2
    assert len(only(cluster_policy(by(both, count=1)))["spec"]["authorities"]) == 2


def test_sets_of_attestors_are_all_demanded() -> None:
    images = {"attestors": [{"entries": [BY_KEY]}, {"entries": [KEYLESS]}]}
    assert [list(each["spec"]["authorities"][0])[1] for each in made_of(cluster_policy(images))] == ["key", "keyless"]


def test_the_same_demand_stands_once() -> None:
    assert len(made_of(cluster_policy({"attestors": [{"entries": [BY_KEY]}] * 2}))) == 1


def test_signatures_elsewhere() -> None:
    assert authority({"repository": "ghcr.io/team/signatures"})["source"] == [{"oci": "ghcr.io/team/signatures"}]
    entry = {**BY_KEY, "repository": "ghcr.io/team/own"}
    assert authority({**by(entry), "repository": "ghcr.io/team/signatures"})["source"] == [{"oci": "ghcr.io/team/own"}]


def test_bundles_say_so() -> None:
    document = cluster_policy({"type": "SigstoreBundle"})
    assert only(document)["spec"]["authorities"][0]["signatureFormat"] == "bundle"
    assert warned(document) == ["type"]


@pytest.mark.parametrize(
    ("spec", "images", "mode"),
    [
        ({}, {}, None),
        ({"validationFailureAction": "enforce"}, {}, None),
        ({"validationFailureAction": "Audit"}, {}, "warn"),
        ({"validationFailureAction": "Audit"}, {"failureAction": "Enforce"}, None),
        ({}, {"failureAction": "Audit"}, "warn"),
    ],
)
def test_audit_is_a_warning(spec: Any, images: Any, mode: str | None) -> None:
    assert only(cluster_policy(images, **spec))["spec"].get("mode") == mode


def test_audit_is_the_default_of_theirs() -> None:
    document: Any = cluster_policy()
    del document["spec"]["validationFailureAction"]
    assert only(document)["spec"]["mode"] == "warn"


def test_attestations_and_conditions() -> None:
    conditions = [
        {
            "all": [
                {"key": "{{ builder.id }}", "operator": "Equals", "value": "https://example.com/builder"},
                {"key": "{{ source }}", "operator": "Equals", "value": "https://example.com/*"},
                {"key": "{{ result }}", "operator": "In", "value": ["passed", True, 7]},
                {"key": "{{ score }}", "operator": "GreaterThanOrEquals", "value": 7.5},
            ],
            "any": [{"key": "{{ findings }}", "operator": "LessThanOrEquals", "value": 0}],
        }
    ]
    entry = {
        "name": "review",
        "type": "https://example.com/review/v1",
        "attestors": [{"entries": [BY_KEY]}],
        "conditions": conditions,
    }
    signed, attested = made_of(cluster_policy({"attestations": [entry]}))
    assert "attestations" not in signed["spec"]["authorities"][0]
    (found,) = attested["spec"]["authorities"][0]["attestations"]
    assert (found["name"], found["predicateType"]) == ("review", "https://example.com/review/v1")
    assert found["policy"]["data"].splitlines()[3:-1] == [
        '  input.predicate["builder"]["id"] == "https://example.com/builder"',
        '  regex.match("^https://example\\\\.com/.*$", input.predicate["source"])',
        '  ["passed",true,7][_] == input.predicate["result"]',
        '  is_number(input.predicate["score"])',
        '  input.predicate["score"] >= 7.5',
        '  is_number(input.predicate["findings"])',
        '  input.predicate["findings"] <= 0',
    ]


def test_an_attestation_alone_is_enough() -> None:
    entry = {"type": "https://spdx.dev/Document", "attestors": [{"entries": [KEYLESS]}]}
    policy = only(cluster_policy({"attestors": [], "attestations": [entry]}))
    wanted = [{"name": "attestation", "predicateType": "https://spdx.dev/Document"}]
    assert policy["spec"]["authorities"][0]["attestations"] == wanted


@pytest.mark.parametrize(
    "match",
    [
        {"any": [{"resources": {"kinds": ["v1/Pod", "apps/v1/Deployment", "Pod/ephemeralcontainers", "*"]}}]},
        {"all": [{"resources": {"kinds": ["Pod"], "operations": ["CREATE", "UPDATE"]}}]},
        {"resources": {"kinds": ["Pod"]}},
    ],
)
def test_what_is_about_pods_is_about_all(match: Any) -> None:
    assert only(cluster_policy(rule={"match": match}))["kind"] == "ClusterImagePolicy"


def test_namespaces_that_are_named_have_policies_of_their_own() -> None:
    match = {"any": [{"resources": {"kinds": ["Pod"], "namespaces": ["one", "two"]}}]}
    found = made_of(cluster_policy(rule={"match": match}))
    assert [(each["kind"], each["metadata"]["namespace"]) for each in found] == [
        ("ImagePolicy", "one"),
        ("ImagePolicy", "two"),
    ]


def test_one_of_the_filters_may_be_about_all_namespaces() -> None:
    resources = {"kinds": ["Pod"]}
    match = {"any": [{"resources": {**resources, "namespaces": ["one"]}}, {"resources": resources}]}
    assert only(cluster_policy(rule={"match": match}))["kind"] == "ClusterImagePolicy"


@pytest.mark.parametrize(("namespace", "found"), [({"namespace": "prod"}, "prod"), ({}, "default")])
def test_a_policy_of_a_namespace_stays_there(namespace: Any, found: str) -> None:
    document = {**cluster_policy(), "kind": "Policy", "metadata": {"name": "team", **namespace}}
    policy = only(document)
    assert (policy["kind"], policy["metadata"]["namespace"]) == ("ImagePolicy", found)
    match = {"any": [{"resources": {"kinds": ["Pod"], "namespaces": ["other"]}}]}
    assert refused({**document, "spec": cluster_policy(rule={"match": match})["spec"]})[0][0] == "spec.rules[0].match"


def test_what_is_excluded_is_not_and_says_so() -> None:
    exclude = {"any": [{"resources": {"namespaces": ["kube-system"]}}, {"subjects": [{"kind": "User", "name": "me"}]}]}
    (first, _) = converted(cluster_policy(rule={"exclude": exclude})).problems
    assert first.why == (
        "spec.rules[0].exclude: is not carried over, which is stricter "
        "(of namespaces: namespaces.excluded of the chart, here kube-system)"
    )


@pytest.mark.parametrize("name", ["mutateDigest", "verifyDigest", "required"])
def test_what_all_policies_share_here_is_said(name: str) -> None:
    assert warned(cluster_policy({name: False})) == [name]
    assert warned(cluster_policy({name: True})) == []


def test_credentials_are_those_of_pods() -> None:
    assert warned(cluster_policy({"imageRegistryCredentials": {"secrets": ["one"]}})) == ["imageRegistryCredentials"]


def test_a_secret_elsewhere_is_to_be_copied() -> None:
    assert warned(cluster_policy(by({"keys": {"publicKeys": "k8s://kyverno/cosign"}}))) == ["publicKeys"]


def test_a_precondition_that_holds_anyway() -> None:
    condition = {"key": "{{ request.operation || 'BACKGROUND' }}", "operator": "NotEquals", "value": "DELETE"}
    assert only(cluster_policy(rule={"preconditions": {"all": [condition]}, "context": [{"name": "unused"}]}))


ATTESTATION: Final = {"type": "https://example.com/t", "attestors": [{"entries": [BY_KEY]}]}


def attested(**change: Any) -> Any:
    return cluster_policy({"attestors": [], "attestations": [{**ATTESTATION, **change}]})


def conditioned(key: str = "{{ a }}", operator: str = "Equals", **value: Any) -> Any:
    return attested(conditions=[{"all": [{"key": key, "operator": operator, **value}]}])


def about(**resources: Any) -> Any:
    return cluster_policy(rule={"match": {"any": [{"resources": {"kinds": ["Pod"], **resources}}]}})


@pytest.mark.parametrize(
    ("document", "path"),
    [
        (cluster_policy(applyRules="One"), "spec.applyRules"),
        (
            cluster_policy(validationFailureActionOverrides=[{"action": "Audit"}]),
            "spec.validationFailureActionOverrides",
        ),
        (cluster_policy(validationFailureAction="Sometimes"), "spec.validationFailureAction"),
        (cluster_policy(rules=[]), "spec.rules"),
        (cluster_policy(webhookConfiguration={"matchConditions": [{}]}), "spec.webhookConfiguration.matchConditions"),
        (cluster_policy(new="field"), "spec.new"),
        (cluster_policy(rule={"validate": {"message": "no"}}), "spec.rules[0].validate"),
        (cluster_policy(rule={"verifyImages": []}), "spec.rules[0].verifyImages"),
        (cluster_policy(rule={"match": None}), "spec.rules[0].match"),
        (cluster_policy(rule={"imageExtractors": {"Task": []}}), "spec.rules[0].imageExtractors"),
        (cluster_policy(rule={"match": {"any": []}}), "spec.rules[0].match.any"),
        (cluster_policy(rule={"match": {"all": [{"resources": {"kinds": ["Pod"]}}] * 2}}), "spec.rules[0].match.all"),
        (cluster_policy(rule={"match": {"any": [{}]}}), "spec.rules[0].match.any[0].resources"),
        (cluster_policy(rule={"match": {"any": [{"roles": ["admin"]}]}}), "spec.rules[0].match.any[0].roles"),
        (about(kinds=["Deployment"]), "spec.rules[0].match.any[0].resources.kinds"),
        (about(kinds=["Pod", "Task"]), "spec.rules[0].match.any[0].resources.kinds"),
        (about(kinds=["Pod", "task"]), "spec.rules[0].match.any[0].resources.kinds"),
        (about(operations=["DELETE"]), "spec.rules[0].match.any[0].resources.operations"),
        (about(namespaces=["prod-*"]), "spec.rules[0].match.any[0].resources.namespaces"),
        (
            about(namespaceSelector={"matchLabels": {"a": "b"}}),
            "spec.rules[0].match.any[0].resources.namespaceSelector",
        ),
        (about(selector={"matchLabels": {"a": "b"}}), "spec.rules[0].match.any[0].resources.selector"),
        (
            cluster_policy(rule={"preconditions": {"all": [{"key": "{{ a }}", "operator": "Equals", "value": "b"}]}}),
            "spec.rules[0].preconditions",
        ),
        (cluster_policy({"type": "Notary"}), f"{IMAGES}.type"),
        (cluster_policy({"repository": "ghcr.io/s"}), f"{IMAGES}.attestors[0]"),
        (cluster_policy({"imageReferences": []}), f"{IMAGES}.imageReferences"),
        (cluster_policy({"imageReferences": ["ghcr.io/{{ team }}/*"]}), f"{IMAGES}.imageReferences[0]"),
        (cluster_policy({"imageReferences": ["ghcr.io/team/app:v1*"]}), f"{IMAGES}.imageReferences[0]"),
        (cluster_policy({"skipImageReferences": ["ghcr.io/team/base*"]}), f"{IMAGES}.skipImageReferences"),
        (cluster_policy({"annotations": {"a": "b"}}), f"{IMAGES}.annotations"),
        (cluster_policy({"key": PEM}), f"{IMAGES}.key"),
        (cluster_policy({"attestors": []}), f"{IMAGES}.attestors"),
        (cluster_policy({"validate": {"deny": {}, "message": "no"}}), f"{IMAGES}.validate"),
        (cluster_policy(by()), f"{IMAGES}.attestors[0].entries"),
        (cluster_policy(by(BY_KEY, count=2)), f"{IMAGES}.attestors[0].count"),
        (cluster_policy(by(BY_KEY, count=0)), f"{IMAGES}.attestors[0].count"),
        (cluster_policy(by({**BY_KEY, "annotations": {"a": "b"}})), f"{ENTRY}.annotations"),
        (cluster_policy(by({"certificates": {"cert": PEM}})), f"{ENTRY}.certificates"),
        (cluster_policy(by({"attestor": {"entries": [BY_KEY]}})), f"{ENTRY}.attestor"),
        (cluster_policy(by({**BY_KEY, **KEYLESS})), f"{ENTRY}.keyless"),
        (cluster_policy(by({"keys": {"publicKeys": "{{ keys.data.team }}"}})), f"{ENTRY}.keys.publicKeys"),
        (cluster_policy(by({"keys": {"publicKeys": "what is this"}})), f"{ENTRY}.keys.publicKeys"),
        (cluster_policy(by({"keys": {"publicKeys": "file:///cosign.pub"}})), f"{ENTRY}.keys.publicKeys"),
        (
            cluster_policy(by({"keys": {"publicKeys": PEM, "signatureAlgorithm": "md5"}})),
            f"{ENTRY}.keys.signatureAlgorithm",
        ),
        (cluster_policy(by({"keys": {"publicKeys": PEM, "rekor": {"pubkey": PEM}}})), f"{ENTRY}.keys.rekor.pubkey"),
        (
            cluster_policy(by({"keys": {"publicKeys": PEM, "ctlog": {"tsaCertChain": PEM}}})),
            f"{ENTRY}.keys.ctlog.tsaCertChain",
        ),
        (cluster_policy(by({"keyless": {"subject": "a@b.example"}})), f"{ENTRY}.keyless"),
        (cluster_policy(by({"keyless": {**KEYLESS["keyless"], "roots": PEM}})), f"{IMAGES}.attestors[0]"),
        (
            cluster_policy(by({"keyless": {**KEYLESS["keyless"], "roots": CA_PEM, "ctlog": {"tsaCertChain": CA_PEM}}})),
            f"{ENTRY}.keyless.ctlog.tsaCertChain",
        ),
        (
            cluster_policy(by({"keyless": {**KEYLESS["keyless"], "rekor": {"pubkey": PEM}}})),
            f"{ENTRY}.keyless.rekor.pubkey",
        ),
        (
            cluster_policy(by({"keyless": {**KEYLESS["keyless"], "additionalExtensions": {"1.2.3": "a"}}})),
            f"{ENTRY}.keyless.additionalExtensions",
        ),
        (
            cluster_policy(
                by(BY_KEY, {"keyless": {**KEYLESS["keyless"], "additionalExtensions": {"githubWorkflowRef": "a"}}})
            ),
            f"{IMAGES}.attestors[0].entries",
        ),
        (attested(attestors=[]), f"{IMAGES}.attestations[0].attestors"),
        (attested(predicateType="a"), f"{IMAGES}.attestations[0].predicateType"),
        (
            attested(conditions=[{"any": [{"key": "{{ a }}", "operator": "Equals", "value": 1}] * 2}]),
            f"{IMAGES}.attestations[0].conditions[0].any",
        ),
        (conditioned(key="{{ length(a) }}", value=1), f"{IMAGES}.attestations[0].conditions[0].all[0].key"),
        (conditioned(operator="NotEquals", value=1), f"{IMAGES}.attestations[0].conditions[0].all[0].operator"),
        (conditioned(), f"{IMAGES}.attestations[0].conditions[0].all[0].value"),
        (conditioned(value="{{ b }}"), f"{IMAGES}.attestations[0].conditions[0].all[0].value"),
        (conditioned(operator="In", value=["a*"]), f"{IMAGES}.attestations[0].conditions[0].all[0].value"),
        (conditioned(operator="In", value=[]), f"{IMAGES}.attestations[0].conditions[0].all[0].value"),
        (conditioned(operator="LessThanOrEquals", value="1h"), f"{IMAGES}.attestations[0].conditions[0].all[0].value"),
        (conditioned(operator="LessThanOrEquals", value=True), f"{IMAGES}.attestations[0].conditions[0].all[0].value"),
        (cluster_policy(by({"keys": {"publicKeys": "awskms:///alias/x"}})), f"{IMAGES}.attestors[0]"),
        ({**cluster_policy(), "apiVersion": "kyverno.io/v9"}, "apiVersion"),
        ({**cluster_policy(), "spec": None}, "spec"),
        ({**cluster_policy(), "metadata": None}, "metadata"),
        ({"apiVersion": "v1", "kind": "Pod"}, "the kind Pod is not read (allowed"),
        ({"just": "something"}, "is not a document that is read (allowed"),
    ],
)
def test_what_would_be_weaker_is_refused_by_its_path(document: Any, path: str) -> None:
    (problem,) = refused(document)
    assert problem[0] == path


def test_all_mistakes_are_named_and_nothing_is_made() -> None:
    """One rule can be converted, and is not: the policies of all are what lets images in."""
    bad: Any = cluster_policy({"type": "Notary"})
    assert len(refused(cluster_policy(), bad, {"kind": "Pod"})) == 2


def test_no_file_that_is_no_yaml() -> None:
    from cosignpy.imagepolicy.convert.documents import convert

    made = convert([("theirs.yaml", b"a: [")])
    assert made.is_refused
    assert made.problems[0].place == "theirs.yaml:1"


def test_workflows_as_people_write_them() -> None:
    subject = "https://github.com/team/*/.github/workflows/release.yml@refs/tags/*"
    found = authority(by({"keyless": {"subject": subject, "issuer": GITHUB}}))
    (identity,) = found["keyless"]["identities"]
    assert identity["subjectRegExp"] == r"^https://github\.com/team/.*/\.github/workflows/release\.yml@refs/tags/.*$"
