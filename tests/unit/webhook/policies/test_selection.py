"""The policies about an image, found fast, are those that the decision selects."""

import time
from collections.abc import Callable
from functools import partial
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosignpy.documents import Place
from cosignpy.errors import CosignError, MalformedError
from cosignpy.imagepolicy.decision import Subject, select_policies
from cosignpy.imagepolicy.globs import Glob
from cosignpy.imagepolicy.go_reader.selectors import MISTAKE
from cosignpy.imagepolicy.matches import Match, Operator, Requirement, Selector
from cosignpy.imagepolicy.model import ImagePattern, ImagePolicyDocument
from cosignpy.imagepolicy.workloads import Workload
from cosignpy.webhook.policies.selection import PolicySelector
from cosignpy.webhook.ports import CompiledPolicy, PolicySnapshot

PLACE: Final = Place("f", 1)
GLOBS: Final = (
    "**",
    "*",
    "*/*",
    "registry.example/**",
    "registry.example/app*",
    "registry.example:443/app:1",
    "index.docker.io/library/busybox*",
    "other.example/*/app@sha256:**",
)
IMAGES: Final = (
    "busybox",
    "registry.example/app:1",
    "registry.example:443/app:1",
    "REGISTRY.example/app:1",
    "registry-1.docker.io/library/busybox:1",
    "other.example/team/app@sha256:" + 64 * "a",
    "registry:443/app:1",
    "not a name",
    "",
)
SELECTOR: Final = Selector({"app": "a"}, (Requirement("tier", Operator.NOT_IN, ("web",)),))
MATCHES: Final = (
    Match(PLACE, "", "v1", "pods"),
    Match(PLACE, "apps", "*", "deployments"),
    Match(PLACE, "", "v1", "pods", SELECTOR),
    Match(PLACE, "", "v1", "pods", mistake=MISTAKE),
)

matches = st.lists(st.sampled_from(MATCHES), max_size=2).map(tuple)
globs = st.lists(st.sampled_from(GLOBS), min_size=1, max_size=3)
labels = st.dictionaries(st.sampled_from(["app", "tier", "hash"]), st.sampled_from(["a", "web", "x"]))
workloads = st.none() | st.builds(
    lambda kind, found: Workload(kind[0], kind[1], kind[2], found),
    st.sampled_from([("", "v1", "pods"), ("apps", "v1", "deployments"), ("batch", "v1", "jobs")]),
    labels,
)
subjects = st.builds(Subject, st.sampled_from(IMAGES), workloads) | st.builds(
    lambda name, workload: Subject("x", workload, None, name), st.sampled_from(IMAGES[:4]), workloads
)


def compiled(number: int, patterns: list[str], match: tuple[Match, ...] = (), namespace: str = "") -> CompiledPolicy:
    document = ImagePolicyDocument(
        PLACE, f"p{number}", tuple([ImagePattern(PLACE, Glob.parse(each)) for each in patterns]), match=match
    )
    return CompiledPolicy(document, b"", str(number), namespace=namespace)


policies = st.lists(st.tuples(globs, matches), max_size=5).map(
    lambda found: PolicySnapshot(tuple([compiled(at, *each) for at, each in enumerate(found)]), str(len(found)))
)


def outcome(ask: Callable[[], object]) -> object:
    try:
        return ask()
    except CosignError as error:
        return type(error), str(error)


@given(policies, st.lists(subjects, min_size=1, max_size=4))
def test_the_same_are_selected_as_by_the_decision(snapshot: PolicySnapshot, asked: list[Subject]) -> None:
    selector = PolicySelector()
    documents = [each.document for each in snapshot.policies]
    for subject in (*asked, *asked):
        expected = outcome(partial(select_policies, subject, documents))
        assert outcome(partial(documents_of, selector, snapshot, subject)) == expected


def documents_of(
    selector: PolicySelector, snapshot: PolicySnapshot, subject: Subject
) -> tuple[ImagePolicyDocument, ...]:
    return tuple([each.document for each in selector.select(snapshot, subject)])


def test_policies_of_another_namespace_are_not_about_an_image() -> None:
    found = [compiled(0, ["**"]), compiled(1, ["**"], namespace="team"), compiled(2, ["**"], namespace="other")]
    snapshot = PolicySnapshot(tuple(found), "1")
    selector = PolicySelector()
    assert [each.version for each in selector.select(snapshot, Subject("busybox"), "team")] == ["0", "1"]
    assert [each.version for each in selector.select(snapshot, Subject("busybox"), "")] == ["0"]


def test_a_new_snapshot_is_asked_anew() -> None:
    selector = PolicySelector()
    subject = Subject("busybox")
    assert selector.select(PolicySnapshot((compiled(0, ["**"]),), "1"), subject)
    assert selector.select(PolicySnapshot((), "2"), subject) == ()


def test_labels_that_no_policy_names_are_no_other_question() -> None:
    snapshot = PolicySnapshot((compiled(0, ["**"], (MATCHES[2],)),), "1")
    selector = PolicySelector()
    for content in ("1", "2", "3"):
        assert selector.select(snapshot, Subject("busybox", Workload("", "v1", "pods", {"app": "a", "hash": content})))
    assert len(selector._answers) == 1
    assert not selector.select(snapshot, Subject("busybox", Workload("", "v1", "pods", {"app": "b"})))


def test_so_many_answers_are_remembered_and_errors_are_not() -> None:
    snapshot = PolicySnapshot((compiled(0, ["registry.example/**"]),), "1")
    selector = PolicySelector(most=2)
    for name in ("a", "b", "a", "c"):
        selector.select(snapshot, Subject(f"registry.example/{name}"))
    with pytest.raises(MalformedError):
        selector.select(snapshot, Subject("not a name"))
    assert [question[2] for question in selector._answers] == ["registry.example/a", "registry.example/c"]  # type: ignore[index]


def test_a_thousand_policies_cost_little() -> None:
    """Ten times what was measured on a machine that others use."""
    snapshot = PolicySnapshot(tuple([compiled(at, [f"registry.example/team-{at}/**"]) for at in range(1000)]), "1")
    selector = PolicySelector()
    times = list[float]()
    for at in range(50):
        began = time.perf_counter()
        found = selector.select(snapshot, Subject(f"registry.example/team-{at}/app:1", Workload("", "v1", "pods")))
        times.append(time.perf_counter() - began)
        assert [each.document.name for each in found] == [f"p{at}"]
    assert min(times) < 0.02
