"""The images of manifests, their lines, and what is only told."""

import pytest

from cosignpy.documents import DocumentError
from cosignpy.imagepolicy.inputs.manifests import OtherFields, parse_manifest

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels: {app: web}
spec:
  template:
    spec:
      initContainers:
      - image: "i:1"
      containers:
      - name: web
        image: a:1
      - name: side
        image: 'b'
"""
ROLLOUT = (
    "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nspec:\n  template:\n    spec:\n      containers: [{image: a}]\n"
)
PROMETHEUS = "apiVersion: monitoring.coreos.com/v1\nkind: Prometheus\nspec:\n  image: a\n  thanos: {image: b}\n"


def names(text: str, others: OtherFields = OtherFields.TOLD) -> list[str]:
    return [image.name for image in parse_manifest(text, "x.yaml", others).images]


def test_images_are_found_with_line_path_role_and_workload() -> None:
    found = parse_manifest(DEPLOYMENT, "x.yaml")
    assert [(each.name, each.place.line, each.place.key) for each in found.images] == [
        ("i:1", 10, "spec.template.spec.initContainers[0].image"),
        ("a:1", 13, "spec.template.spec.containers[0].image"),
        ("b", 15, "spec.template.spec.containers[1].image"),
    ]
    assert {each.role for each in found.images} == {"Deployment web"}
    assert all(each.span and DEPLOYMENT[slice(*each.span)] == each.name for each in found.images)
    workload = found.images[0].workload
    assert workload is not None
    assert (workload.group, workload.resource, workload.labels) == ("apps", "deployments", {"app": "web"})
    assert found.notices == ()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"{DEPLOYMENT}---\n{ROLLOUT}---\n", ["i:1", "a:1", "b", "a"]),
        ("kind: List\nitems:\n- {apiVersion: v1, kind: Pod, spec: {containers: [{image: a}]}}\n- ~\n", None),
        ("apiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: Pod, spec: {containers: [{image: a}]}}]", ["a"]),
        ("apiVersion: v1\nkind: PodList\nitems: [{spec: {containers: [{image: a}]}}]", ["a"]),
        (
            "apiVersion: batch/v1\nkind: JobList\nitems: [{spec: {template: {spec: {containers: [{image: a}]}}}}]",
            ["a"],
        ),
        (
            "kind: List\nitems: [{kind: List, items: [{apiVersion: v1, kind: Pod, spec: {containers: [{image: a}]}}]}]",
            ["a"],
        ),
        ("apiVersion: v1\nkind: ConfigMap\nitems: [{kind: Pod, spec: {containers: [{image: a}]}}, x]", ["a"]),
        ('{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"image":"a"}]}}', ["a"]),
        ("kind: Pod\nspec: {containers: [{image: a}]}", ["a"]),
        ("spec: {containers: [{image: a}]}", ["a"]),
        ("apiVersion: v1\nkind: ConfigMap\ndata: {image: a}", []),
        ("apiVersion: v1\nkind: Service\nspec: {}", []),
        ("x: &c {image: a}\nkind: Pod\nspec: {containers: [*c, {<<: *c}, {<<: *c, image: b}]}", ["a", "a", "b"]),
    ],
)
def test_lists_documents_and_aliases(text: str, found: list[str] | None) -> None:
    if found is None:
        with pytest.raises(DocumentError):
            names(text)
    else:
        assert names(text) == found


def test_fields_of_other_kinds_are_told_or_taken() -> None:
    told = parse_manifest(PROMETHEUS, "x.yaml")
    assert told.images == ()
    (notice,) = told.notices
    assert str(notice).startswith("x.yaml:4: not looked at: spec.image and 1 more, of Prometheus.monitoring.coreos.com")
    assert notice.error().line == 4
    assert names(PROMETHEUS, OtherFields.TAKEN) == ["a", "b"]


def test_containers_of_other_kinds_are_taken_once() -> None:
    assert names(ROLLOUT) == names(ROLLOUT, OtherFields.TAKEN) == ["a"]


def test_a_container_without_an_image_is_told_with_its_line() -> None:
    text = DEPLOYMENT + "      - name: none\n"
    (notice,) = parse_manifest(text, "x.yaml").notices
    assert str(notice).startswith("x.yaml:16: Deployment web has no image at spec.template.spec.containers[2].image")


def test_a_container_with_nothing_in_it_is_told_with_the_line_of_its_document() -> None:
    (notice,) = parse_manifest("---\nkind: Pod\nspec: {containers: [{}]}", "x.yaml").notices
    assert notice.place.line == 2


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("- a", 1),
        ("a: 1\n---\njust a text", 3),
        ("kind: Pod\nspec:\n  containers:\n  - image: '{{ .Values.image }}'", 4),
        ("kind: Pod\nspec:\n  containers:\n  - image: {{ .Values.image }}", 4),
    ],
)
def test_what_is_no_object_is_refused(text: str, line: int) -> None:
    with pytest.raises(DocumentError) as refused:
        parse_manifest(text, "x.yaml")
    assert refused.value.line == line


@pytest.mark.parametrize(
    ("image", "stands"),
    [
        ("a", True),
        ("'a'", True),
        ('"a"', True),
        ('"\\x61"', False),
        (">-\n      a", False),
        ("&x a", True),
        ("!!str a", True),
    ],
)
def test_a_name_that_stands_there_as_it_is_can_be_replaced(image: str, stands: bool) -> None:
    text = f"kind: Pod\nspec:\n  containers:\n  - image: {image}\n"
    (found,) = parse_manifest(text, "x.yaml").images
    assert found.name == "a"
    assert (found.span is not None and text[slice(*found.span)] == "a") == stands
