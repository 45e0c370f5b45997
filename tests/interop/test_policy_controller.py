"""What was recorded of policy-controller is what it does: the real one is asked again, on an API server of its own."""

import json
from collections.abc import Iterator

import pytest

from tests.interop.cluster.admissions import ADMISSIONS, try_admission
from tests.interop.cluster.policy_controller import INCLUDE, PolicyController
from tests.interop.cluster.record_controller import ANSWERS
from tests.interop.cluster.server import Cluster
from tests.interop.cluster.signed_site import SignedSite


@pytest.fixture(scope="module")
def controller(tmp_path_factory: pytest.TempPathFactory, site: SignedSite) -> Iterator[PolicyController]:
    folder = tmp_path_factory.mktemp("controller")
    with Cluster(folder / "cluster") as cluster, PolicyController(cluster, folder / "controller") as running:
        for policy in site.policies():
            running.apply_policy(policy)
        yield running


def test_the_recorded_answers_are_those_of_the_real_controller(controller: PolicyController, site: SignedSite) -> None:
    namespace = controller.cluster.make_namespace("answers", **INCLUDE)
    admin = controller.cluster.admin
    found = {name: try_admission(admin, site, namespace, name).to_document() for name in ADMISSIONS}
    assert found == json.loads(ANSWERS.read_text())
