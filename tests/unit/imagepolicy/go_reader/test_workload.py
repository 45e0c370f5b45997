"""Resources, as the tester reads them, and `UnsafeGuessKindToResource` of apimachinery."""

import json
from typing import Any, Final

import pytest

from cosignpy.errors import MalformedError
from cosignpy.imagepolicy.go_reader.workload import plural, read_workload, split_version

DEPLOYMENT: Final[dict[str, Any]] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "r", "labels": {"app": "web"}},
    "spec": {"replicas": 2},
}


def encode(**changes: Any) -> bytes:
    return json.dumps({**DEPLOYMENT, **changes}).encode()


def test_a_workload() -> None:
    found = read_workload(encode())
    assert (found.group, found.version, found.resource) == ("apps", "v1", "deployments")
    assert found.labels == {"app": "web"}
    assert found.document == DEPLOYMENT


def test_labels_that_are_no_texts_are_empty() -> None:
    assert read_workload(encode(metadata={"labels": {"a": 1, "b": "x"}})).labels == {"a": "", "b": "x"}
    assert read_workload(encode(metadata={"labels": "x"})).labels == {}
    assert read_workload(encode(metadata=None)).labels == {}


@pytest.mark.parametrize("name", ["metadata", "spec", "apiVersion"])
def test_what_is_missing(name: str) -> None:
    rest = {key: each for key, each in DEPLOYMENT.items() if key != name}
    with pytest.raises(MalformedError, match=f"kubernetes resource is missing {name} key"):
        read_workload(json.dumps(rest).encode())


@pytest.mark.parametrize("raw", [b"[]", b"1", b"apiVersion: v1", b"kind: 1", b"a: ["])
def test_what_is_no_object(raw: bytes) -> None:
    with pytest.raises(MalformedError):
        read_workload(raw)


def test_nothing_has_no_metadata() -> None:
    with pytest.raises(MalformedError, match="kubernetes resource is missing metadata key"):
        read_workload(b"# nothing")


@pytest.mark.parametrize(
    ("kind", "resource"),
    [
        ("Pod", "pods"),
        ("CronJob", "cronjobs"),
        ("NetworkPolicy", "networkpolicies"),
        ("Ingress", "ingresses"),
        ("Endpoints", "endpoints"),
        ("", ""),
    ],
)
def test_kinds_in_the_plural(kind: str, resource: str) -> None:
    assert plural(kind) == resource


def test_versions() -> None:
    assert split_version("v1") == ("", "v1")
    assert split_version("apps/v1") == ("apps", "v1")
    assert split_version("") == ("", "")
    with pytest.raises(MalformedError, match="unexpected GroupVersion string"):
        split_version("a/b/c")
