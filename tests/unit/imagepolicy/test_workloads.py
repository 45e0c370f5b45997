"""Which workloads a policy is about."""

from typing import Any

import pytest

from cosignpy.imagepolicy.workloads import Workload, is_about
from tests.support.image_policies import PASS, parsed

WEB = Workload("apps", "v1", "deployments", {"app": "web", "tier": "front"})
DEPLOYMENTS: dict[str, Any] = {"group": "apps", "version": "v1", "resource": "deployments"}


def expression(operator: str, key: str, *values: str) -> dict[str, Any]:
    found: dict[str, Any] = {"key": key, "operator": operator}
    return {"matchExpressions": [found | ({"values": list(values)} if values else {})]}


def test_without_matches_a_policy_is_about_every_workload() -> None:
    assert is_about(parsed(PASS), WEB)


@pytest.mark.parametrize(
    ("change", "about"),
    [
        ({}, True),
        ({"version": "*"}, True),
        ({"version": "v2"}, False),
        ({"version": ""}, False),
        ({"group": ""}, False),
        ({"resource": "pods"}, False),
        ({"selector": {}}, True),
        ({"selector": {"matchLabels": {"app": "web"}}}, True),
        ({"selector": {"matchLabels": {"app": "web", "tier": "back"}}}, False),
        ({"selector": {"matchLabels": {"absent": "web"}}}, False),
        ({"selector": expression("In", "app", "api", "web")}, True),
        ({"selector": expression("In", "app", "api")}, False),
        ({"selector": expression("In", "absent", "api")}, False),
        ({"selector": expression("NotIn", "app", "api")}, True),
        ({"selector": expression("NotIn", "app", "web")}, False),
        ({"selector": expression("NotIn", "absent", "web")}, True),
        ({"selector": expression("Exists", "app")}, True),
        ({"selector": expression("Exists", "absent")}, False),
        ({"selector": expression("DoesNotExist", "absent")}, True),
        ({"selector": expression("DoesNotExist", "app")}, False),
    ],
)
def test_kind_version_and_labels_have_to_agree(change: dict[str, Any], about: bool) -> None:
    assert is_about(parsed(PASS, match=[DEPLOYMENTS | change]), WEB) is about


def test_an_image_by_itself_is_no_workload() -> None:
    assert is_about(parsed(PASS), None)
    assert not is_about(parsed(PASS, match=[DEPLOYMENTS | {"version": "*"}]), None)


def test_one_of_several_matches_is_enough() -> None:
    assert is_about(parsed(PASS, match=[{"version": "v1", "resource": "pods"}, DEPLOYMENTS]), WEB)
