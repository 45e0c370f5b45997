"""The definitions of our kinds in a real API server: what it takes, and what it refuses without any webhook."""

import asyncio
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import pytest

from tests.interop.cluster.api_client import Answer
from tests.interop.cluster.server import Cluster
from tests.support import crd_examples, vectors
from tests.support.crd_examples import NOT_BY_SCHEMA, Objects
from tests.support.image_policies import PEM, document
from tests.support.policy_flow import NAMESPACE, policy_flow, told
from tests.support.recorded_policies import definitions, recorded_policies, recorded_trust_roots

SECONDS: Final = 30.0
"""For the API server to serve a kind."""
IN_FORCE_SECONDS: Final = 0.1
"""From the answer that a policy is stored to the first decision by it."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """An API server that knows our kinds, and nothing of a webhook."""
    with Cluster(tmp_path_factory.mktemp("kinds")) as running:
        for each in definitions().values():
            running.admin.create(each)
            _establish(running, each["metadata"]["name"])
        yield running


def _establish(site: Cluster, name: str) -> None:
    latest = time.monotonic() + SECONDS
    while True:
        found = site.admin.get(f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}")
        conditions = {each["type"]: each["status"] for each in (found.get("status", {}).get("conditions") or [])}
        if conditions.get("Established") == "True":
            break
        assert time.monotonic() < latest, conditions
        time.sleep(0.1)
    assert conditions == {"NamesAccepted": "True", "Established": "True"}


def attempt(site: Cluster, document: Mapping[str, Any], validation: str = "Warn") -> Answer:
    """Create an object, which is not kept."""
    named = {**document, "metadata": {**document["metadata"], "name": "example"}}
    latest = time.monotonic() + SECONDS
    while True:
        answer = site.admin.try_create(named, dryRun="All", fieldValidation=validation)
        if answer.status != HTTPStatus.NOT_FOUND or time.monotonic() > latest:
            return answer
        time.sleep(0.1)  # a kind is served a moment after it is established


@vectors.NEEDED
def test_what_the_policy_controller_takes_is_taken_and_the_rest_refused(site: Cluster) -> None:
    refused, taken = dict[str, str](), set[str]()
    for each in recorded_policies():
        answer = attempt(site, each.document, "Warn" if each.is_valid else "Strict")
        if each.is_valid and answer.status != HTTPStatus.CREATED:
            refused[each.case] = answer.message
        elif not each.is_valid and answer.status == HTTPStatus.CREATED:
            taken.add(each.case)
    assert refused.keys() == NOT_BY_SCHEMA.refused, refused
    assert taken == NOT_BY_SCHEMA.taken


@vectors.NEEDED
def test_recorded_trust_roots_are_taken(site: Cluster) -> None:
    answers = {case: attempt(site, each) for case, each in recorded_trust_roots()}
    assert {case: each.message for case, each in answers.items() if each.status != HTTPStatus.CREATED} == {}


@pytest.mark.parametrize("examples", [crd_examples.CLUSTER, crd_examples.OWN, crd_examples.ROOTS])
def test_examples_are_taken(site: Cluster, examples: Objects) -> None:
    answers = {name: attempt(site, each, "Strict") for name, each in examples.items()}
    assert {name: each.message for name, each in answers.items() if each.status != HTTPStatus.CREATED} == {}


@pytest.mark.parametrize("examples", [crd_examples.BROKEN_CLUSTER, crd_examples.BROKEN_OWN, crd_examples.BROKEN_ROOTS])
def test_mistakes_are_refused_without_a_webhook(site: Cluster, examples: Objects) -> None:
    answers = {name: attempt(site, each) for name, each in examples.items()}
    assert {name for name, each in answers.items() if each.status != HTTPStatus.UNPROCESSABLE_ENTITY} == set()


@pytest.mark.parametrize("version", ["v1alpha1", "v1beta1"])
def test_what_is_written_in_one_version_is_read_in_the_other(site: Cluster, version: str) -> None:
    written = crd_examples.CLUSTER["a log and timestamps"]
    named = {**written, "apiVersion": f"policy.sigstore.dev/{version}", "metadata": {"name": f"written-{version}"}}
    site.admin.create(named)
    other = {"v1alpha1": "v1beta1", "v1beta1": "v1alpha1"}[version]
    found = site.admin.get(f"/apis/policy.sigstore.dev/{other}/clusterimagepolicies/written-{version}")
    assert found["spec"] == {**written["spec"], "mode": "enforce"}


def test_a_status_is_written_apart_and_columns_show_it(site: Cluster) -> None:
    made = site.admin.create({**crd_examples.CLUSTER["no authorities"], "metadata": {"name": "told"}, "status": {}})
    assert "status" not in made
    conditions = [{"type": "Ready", "status": "False", "reason": "InliningKeysFailed", "message": "m"}]
    path = "/apis/policy.sigstore.dev/v1beta1/clusterimagepolicies/told"
    site.admin.patch(f"{path}/status", {"status": {"observedGeneration": 1, "conditions": conditions}})
    table = site.admin.call("GET", path).body
    assert table["status"]["conditions"] == conditions
    assert table["metadata"]["generation"] == 1


def test_a_policy_is_in_force_at_once_and_its_status_is_written(site: Cluster, tmp_path: Path) -> None:
    site.admin.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    by_secret = {**document({"key": {"secretRef": {"name": "team-key"}}}), "metadata": {"name": "followed"}}
    data = {"key": b64encode(PEM.encode()).decode()}
    named = {"name": "team-key", "namespace": NAMESPACE}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": named, "data": data}
    path = "/apis/policy.sigstore.dev/v1beta1/clusterimagepolicies/followed"

    async def act() -> None:
        ask = partial(asyncio.get_running_loop().run_in_executor, None)
        async with policy_flow(site.kubeconfig(tmp_path / "config")) as flow:
            await ask(site.admin.create, by_secret)
            assert await flow.until(lambda: "followed" in flow.problems()) < IN_FORCE_SECONDS
            await flow.until(lambda: told(site.admin.get(path)).get("Ready") == "InliningKeysFailed")
            await ask(site.admin.create, secret)
            await flow.until(lambda: told(site.admin.get(path)).get("Ready") == "True")
            assert flow.problems()["followed"] == ""
        async with policy_flow(site.kubeconfig(tmp_path / "config")) as flow:
            assert flow.problems()["followed"] == ""
            await ask(site.admin.delete, path)
            await flow.until(lambda: "followed" not in flow.problems())

    asyncio.run(act())
