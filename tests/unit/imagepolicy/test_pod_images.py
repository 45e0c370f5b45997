"""Which images an object of Kubernetes runs."""

from typing import Any

import pytest

from cosignpy.imagepolicy.pod_images import (
    POD_SPECS,
    Kind,
    find_image_fields,
    find_pod_specs,
    list_pod_images,
)
from cosignpy.imagepolicy.workloads import Workload

POD: dict[str, Any] = {
    "containers": [{"name": "c", "image": "a"}, {"name": "d", "image": "b"}],
    "initContainers": [{"image": "i"}],
    "ephemeralContainers": [{"image": "e"}],
    "volumes": [{"name": "x"}, {"image": {"reference": "v"}}, {"image": {}}, {"image": None}, "no"],
}


def put(path: tuple[str | int, ...], content: Any) -> dict[str, Any]:
    for step in reversed(path):
        content = {step: content}
    return content


@pytest.mark.parametrize(("group", "kind"), sorted(POD_SPECS))
def test_all_kinds_have_their_pods_where_the_table_says(group: str, kind: str) -> None:
    path = POD_SPECS[group, kind]
    document = put(path, POD)
    specs = list(find_pod_specs(document, Kind(group, "v1", kind)))
    assert specs == [path]
    assert [image.image for image in list_pod_images(document, specs[0])] == ["i", "a", "b", "e", "v", None]


def test_images_have_paths_to_patch() -> None:
    found = {image.image: image.path for image in list_pod_images({"spec": POD}, ("spec",))}
    assert found["a"] == ("spec", "containers", 0, "image")
    assert found["e"] == ("spec", "ephemeralContainers", 0, "image")
    assert found["v"] == ("spec", "volumes", 1, "image", "reference")
    assert found[None] == ("spec", "volumes", 2, "image", "reference")


@pytest.mark.parametrize(
    "document",
    [None, [], "x", {}, {"spec": []}, {"spec": {"containers": "a", "volumes": {"image": "b"}}}],
)
def test_what_is_no_pod_has_no_images(document: Any) -> None:
    assert list(list_pod_images(document, ("spec",))) == []


@pytest.mark.parametrize("image", [None, "", {}, ["a"], 1])
def test_an_image_that_is_no_text_is_told(image: Any) -> None:
    (found,) = list_pod_images({"containers": [{"image": image}]}, ())
    assert found.image is None


def test_a_container_that_is_none_is_told() -> None:
    (found,) = list_pod_images({"containers": ["a"]}, ())
    assert (found.image, found.path) == (None, ("containers", 0, "image"))


def test_in_other_kinds_everything_with_containers_is_a_pod() -> None:
    document = {"spec": {"a": [{"containers": [{"image": "a"}]}, {"initContainers": []}], "containers": {"x": 1}}}
    assert list(find_pod_specs(document, Kind.read({"kind": "Other"}))) == [("spec", "a", 0), ("spec", "a", 1)]


@pytest.mark.parametrize(
    ("version", "kind"),
    [("v1", "ConfigMap"), ("v1", "Secret"), ("apiextensions.k8s.io/v1", "CustomResourceDefinition")],
)
def test_what_is_only_kept_runs_nothing(version: str, kind: str) -> None:
    read = Kind.read({"apiVersion": version, "kind": kind})
    assert read.runs_nothing
    assert read.is_known
    assert list(find_pod_specs({"data": POD}, read)) == []


def test_the_same_kind_of_another_group_is_another_kind() -> None:
    assert Kind.read({"apiVersion": "apps/v1", "kind": "Deployment"}).is_known
    assert not Kind.read({"apiVersion": "example.com/v1", "kind": "Deployment"}).is_known
    assert not Kind.read({"apiVersion": "example.com/v1", "kind": "ConfigMap"}).is_known


@pytest.mark.parametrize(
    ("document", "group", "version", "text"),
    [
        ({"apiVersion": "apps/v1", "kind": "Deployment"}, "apps", "v1", "Deployment.apps"),
        ({"apiVersion": "v1", "kind": "Pod"}, "", "v1", "Pod"),
        ({"apiVersion": 1, "kind": []}, "", "", "an object without a kind"),
    ],
)
def test_kinds_are_read(document: Any, group: str, version: str, text: str) -> None:
    kind = Kind.read(document)
    assert (kind.group, kind.version, str(kind)) == (group, version, text)


def test_a_workload_has_the_plural_and_the_labels_that_are_texts() -> None:
    kind = Kind("apps", "v1", "Deployment")
    document = {"metadata": {"labels": {"a": "b", "c": None}}}
    assert kind.workload(document) == Workload("apps", "v1", "deployments", {"a": "b"}, document)
    assert kind.workload({"metadata": {"labels": "x"}}).labels == {}
    assert kind.workload({"metadata": 1}).labels == {}


def test_fields_that_are_called_image_are_found_wherever_they_are() -> None:
    document = {"image": "a", "spec": [{"image": {"image": "b"}}, {"image": 1}, {"Image": "c"}]}
    assert [image.image for image in find_image_fields(document)] == ["a", "b"]
