"""Which policies are about an image, and what a decision by them depends on."""

from typing import Any

import pytest

from cosignpy.errors import UsageError
from cosignpy.imagepolicy.workloads import Workload
from cosignpy.webhook.engine import matching
from cosignpy.webhook.engine.matching import Group, Matcher, digest_parts, select_parts
from cosignpy.webhook.engine.names import read_name
from cosignpy.webhook.ports import CompiledPolicy, PolicySnapshot
from tests.support.image_policies import ALICE, BY_KEY, FAIL, KEYLESS, PASS, document, own_document, parsed
from tests.support.webhook_engine import POD, compiled

IMAGE = f"registry.example/team/app@sha256:{'a' * 64}"
POLICY = compiled(document(PASS))
REGO = {"type": "rego", "data": "package sigstore\nisCompliant { true }\n"}


def find(*policies: CompiledPolicy, image: str = IMAGE, namespace: str = "team", workload: Workload = POD) -> Group:
    matcher = Matcher(PolicySnapshot(policies))
    first = matcher.find(read_name(image, "cosignpy"), namespace, workload)
    assert matcher.find(read_name(image, "cosignpy"), namespace, workload) is first
    return first


def about(glob: str, **spec: Any) -> CompiledPolicy:
    return compiled(document(PASS, images=[{"glob": glob}], **spec))


@pytest.mark.parametrize(
    ("glob", "is_about"),
    [
        ("**", True),
        ("registry.example/**", True),
        ("registry.example/team/*", True),
        ("*.example/team/**", True),
        ("registry.example**", True),
        ("registry.example/other/**", False),
        ("other.example/**", False),
        ("*", False),
    ],
)
def test_globs_say_which_images_a_policy_is_about(glob: str, is_about: bool) -> None:
    assert bool(find(about(glob)).policies) == is_about


def test_policies_keep_their_order_whatever_registry_they_name() -> None:
    globs = ("registry.example/team/**", "**", "registry.example/**")
    found = find(*(compiled(document(PASS, name=f"p{n}", images=[{"glob": glob}])) for n, glob in enumerate(globs)))
    assert [each.document.name for each in found.policies] == ["p0", "p1", "p2"]


def test_a_policy_of_a_namespace_is_about_images_there() -> None:
    policy = compiled(own_document(PASS), namespace="team")
    assert find(policy).policies == (policy,)
    assert not find(policy).is_covered
    assert find(policy, namespace="other").policies == ()


def test_the_same_policy_in_two_namespaces_is_told_apart() -> None:
    first, second = (compiled(own_document(PASS), namespace=name) for name in ("a", "b"))
    assert find(first, namespace="a").version != find(second, namespace="b").version


def test_groups_of_one_snapshot_are_those_of_each_namespace() -> None:
    policies = [compiled(own_document(PASS), namespace=name) for name in ("a", "b")]
    matcher = Matcher(PolicySnapshot(tuple(policies)))
    found = [matcher.find(read_name(IMAGE, "cosignpy"), name, POD).policies for name in ("a", "b", "c")]
    assert found == [(policies[0],), (policies[1],), ()]


def test_policies_of_the_cluster_come_before_those_of_the_namespace() -> None:
    mine, all_ = compiled(own_document(PASS, name="a"), namespace="team"), compiled(document(PASS, name="b"))
    assert find(all_, mine).policies == (all_, mine)


def test_globs_that_nobody_looks_through_keep_no_other_namespace_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "MOST_PIECES", 4)
    many = compiled(own_document(PASS, images=[{"glob": "a*b"}, {"glob": "c*"}]), namespace="loud")
    matcher = Matcher(PolicySnapshot((POLICY, many)))
    assert matcher.find(read_name(IMAGE, "cosignpy"), "team", POD).policies == (POLICY,)
    with pytest.raises(UsageError, match="of the namespace loud have too many globs"):
        matcher.find(read_name(IMAGE, "cosignpy"), "loud", POD)
    monkeypatch.setattr(matching, "MOST_PIECES", 5)
    assert matcher.find(read_name(IMAGE, "cosignpy"), "loud", POD).policies == (POLICY,)


@pytest.mark.parametrize(("app", "is_about"), [("web", True), ("db", False)])
def test_labels_say_which_workloads_a_policy_is_about(app: str, is_about: bool) -> None:
    match = {"version": "v1", "resource": "pods", "selector": {"matchLabels": {"app": app}}}
    assert bool(find(about("**", match=[match])).policies) == is_about


def test_what_cannot_be_used_is_no_policy_that_is_decided_by() -> None:
    broken = compiled(document(PASS), problem="secret team-key not found")
    found = find(broken)
    assert (found.policies, found.broken, found.is_covered) == ((), (broken,), True)


@pytest.mark.parametrize(
    ("authorities", "spec", "is_static"),
    [
        ((PASS,), {}, True),
        ((FAIL,), {}, True),
        ((PASS, BY_KEY), {}, True),
        ((FAIL, BY_KEY), {}, False),
        ((BY_KEY,), {}, False),
        ((PASS,), {"policy": REGO}, False),
    ],
)
def test_only_what_says_the_same_of_all_images_is_static(
    authorities: Any, spec: dict[str, Any], is_static: bool
) -> None:
    assert find(compiled(document(*authorities, **spec))).is_static == is_static


@pytest.mark.parametrize(
    ("authority", "believes"),
    [
        (PASS, False),
        (BY_KEY, False),
        (KEYLESS, True),
        ({**BY_KEY, "ctlog": {"url": "https://rekor.example"}}, True),
    ],
)
def test_who_is_believed_by_default_matters_where_nobody_is_named(authority: Any, believes: bool) -> None:
    assert find(compiled(document(authority))).believes == believes


def test_a_policy_whose_key_is_not_at_hand_counts_as_believing() -> None:
    assert matching.believes_default(
        parsed({"key": {"kms": "gcpkms://projects/p/locations/l/keyRings/r/cryptoKeys/k"}})
    )


@pytest.mark.parametrize(
    ("flags", "parts"),
    [
        ({}, ()),
        ({"includeSpec": True}, ("spec", "kind", "apiVersion")),
        ({"includeObjectMeta": True}, ("metadata", "kind", "apiVersion")),
        ({"includeTypeMeta": True}, ("kind", "apiVersion")),
    ],
)
def test_a_decision_depends_on_what_conditions_are_about(flags: dict[str, bool], parts: tuple[str, ...]) -> None:
    group = find(compiled(document({"keyless": {"identities": [ALICE]}}, policy={**REGO, **flags})))
    assert group.parts == parts
    content = select_parts(POD, group.parts)
    assert bool(content) == bool(digest_parts(content)) == bool(parts)


def test_objects_that_differ_elsewhere_are_the_same_input() -> None:
    other = Workload("", "v1", "pods", {}, {**POD.document, "metadata": {"name": "x"}})
    assert select_parts(POD, ("spec",)) == select_parts(other, ("spec",)) != select_parts(POD, ("spec", "kind"))


def test_names_that_nobody_asks_for_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "MOST_NAMES", 1)
    policies = (about("a.example/**"), compiled(own_document(PASS), namespace="team"))
    matcher = Matcher(PolicySnapshot(policies))
    for host in ("a", "b", "a"):
        name = read_name(f"{host}.example/app", "cosignpy")
        found = [bool(matcher.find(name, space, POD).policies) for space in ("team", "other")]
        assert found == [True, host == "a"]
