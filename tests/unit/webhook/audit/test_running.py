"""The images that pods run, by the digests that run."""

from typing import Any

import pytest

from cosignpy.webhook.audit.running import keep_pod, list_running, pin
from cosignpy.webhook.kinds import POD
from tests.support.cluster_fakes import build_object

ONE, OTHER = (f"sha256:{digit * 64}" for digit in "12")


def build_pod(spec: dict[str, Any], **status: Any) -> Any:
    return build_object(POD, "shop", "cart", spec=spec, status=status, metadata={"labels": {"app": "cart"}})


def test_container_by_tag_is_pinned_to_what_its_node_fetched() -> None:
    pod = build_pod(
        {"containers": [{"name": "main", "image": "registry.example.com/cart:v1"}]},
        containerStatuses=[{"name": "main", "imageID": f"registry.example.com/cart@{ONE}"}],
    )
    (found,) = list_running(pod)
    assert (found.image, found.pinned) == ("registry.example.com/cart:v1", f"registry.example.com/cart@{ONE}")
    assert (found.pod.namespace, found.pod.name, found.pod.uid) == ("shop", "cart", "uid-cart")
    assert (found.workload.resource, found.workload.labels) == ("pods", {"app": "cart"})


def test_statuses_are_found_by_name_not_by_place() -> None:
    pod = build_pod(
        {"containers": [{"name": "a", "image": "r.example/a:1"}, {"name": "b", "image": "r.example/b:1"}]},
        containerStatuses=[
            {"name": "b", "imageID": f"r.example/b@{OTHER}"},
            {"name": "a", "imageID": f"r.example/a@{ONE}"},
        ],
    )
    assert [each.pinned for each in list_running(pod)] == [f"r.example/a@{ONE}", f"r.example/b@{OTHER}"]


@pytest.mark.parametrize(
    ("owner", "statuses"),
    [
        ("initContainers", "initContainerStatuses"),
        ("ephemeralContainers", "ephemeralContainerStatuses"),
    ],
)
def test_all_sorts_of_containers_count(owner: str, statuses: str) -> None:
    pod = build_pod(
        {owner: [{"name": "x", "image": "r.example/x:1"}]}, **{statuses: [{"name": "x", "imageID": f"x@{ONE}"}]}
    )
    assert [each.pinned for each in list_running(pod)] == [f"r.example/x@{ONE}"]


def test_volume_by_digest_counts_and_one_by_tag_has_no_digest() -> None:
    volumes = [{"name": "m", "image": {"reference": f"r.example/m@{ONE}"}}, {"image": {"reference": "r.example/n:1"}}]
    assert [each.pinned for each in list_running(build_pod({"volumes": volumes}))] == [f"r.example/m@{ONE}", ""]


def test_same_image_twice_is_one() -> None:
    containers = [{"name": name, "image": f"r.example/a@{ONE}"} for name in ("a", "b")]
    assert len(list(list_running(build_pod({"containers": containers})))) == 1


@pytest.mark.parametrize(("phase", "number"), [("Succeeded", 0), ("Failed", 0), ("Running", 1), ("Pending", 1)])
def test_pods_that_have_ended_run_nothing(phase: str, number: int) -> None:
    pod = build_pod({"containers": [{"name": "a", "image": f"r.example/a@{ONE}"}]}, phase=phase)
    assert len(list(list_running(pod))) == number


@pytest.mark.parametrize("pod", [{}, {"spec": None, "status": [], "metadata": 3}, {"spec": {"containers": [7]}}])
def test_what_is_no_pod_runs_nothing(pod: Any) -> None:
    assert list(list_running(pod)) == []


@pytest.mark.parametrize(
    ("image", "fetched", "pinned"),
    [
        (f"r.example/a:v1@{ONE}", "", f"r.example/a@{ONE}"),
        (f"r.example/a@{ONE}", f"r.example/a@{OTHER}", f"r.example/a@{ONE}"),
        ("r.example/a:v1", f"docker-pullable://r.example/a@{ONE}", f"r.example/a@{ONE}"),
        ("a", f"docker.io/library/a@{ONE}", f"index.docker.io/library/a@{ONE}"),
        ("r.example/a:v1", ONE, ""),
        ("r.example/a:v1", "", ""),
        ("r.example/a:v1", "r.example/a@sha256:12", ""),
        ("R.example/A B", f"r.example/a@{ONE}", ""),
    ],
)
def test_pin(image: str, fetched: str, pinned: str) -> None:
    assert pin(image, fetched) == pinned


def test_what_is_kept_of_a_pod_is_enough() -> None:
    pod = build_pod(
        {"containers": [{"name": "main", "image": "registry.example.com/cart:v1"}]},
        phase="Running",
        podIP="192.0.2.1",
        conditions=[{"type": "Ready"}],
        containerStatuses=[{"name": "main", "imageID": f"registry.example.com/cart@{ONE}", "state": {"running": {}}}],
    )
    pod["metadata"]["managedFields"] = [{"manager": "kubelet"}]
    pod["metadata"]["annotations"] = {"team": "shop"}
    kept: Any = keep_pod(pod)
    assert list(list_running(kept)) == list(list_running(pod))
    assert kept["spec"] == pod["spec"]
    assert kept["metadata"]["annotations"] == {"team": "shop"}
    assert "managedFields" not in kept["metadata"]
    assert kept["status"] == {
        "phase": "Running",
        "containerStatuses": [{"name": "main", "imageID": f"registry.example.com/cart@{ONE}"}],
    }


@pytest.mark.parametrize("pod", [{}, {"status": {"containerStatuses": 3}, "metadata": None}])
def test_what_is_no_pod_is_kept(pod: Any) -> None:
    assert list(list_running(keep_pod(pod))) == []
