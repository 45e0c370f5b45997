"""Reviews as a real API server sent them: each is read, and what is looked at is what it would run anew."""

import json
from pathlib import Path
from typing import Any, Final

import pytest

from cosignpy.errors import NoSuchTag
from cosignpy.webhook.answer import Skip
from cosignpy.webhook.app import Paths, build_reviews
from cosignpy.webhook.live_settings import PinDigests, PodSpecPath
from cosignpy.webhook.messages import describe_path
from tests.support.admission import DIGEST, Site
from tests.support.asgi_calls import ask, scope_of

FOLDER: Final = Path(__file__).resolve().parents[2] / "vectors" / "admission_reviews"
FILES: Final = sorted(FOLDER.glob("*.json"))
TEMPLATE: Final = "spec.template.spec.containers[0].image"
POD: Final = "spec.containers[0].image"

LOOKED_AT: Final = {
    "cronjob-create": ["spec.jobTemplate.spec.template.spec.containers[0].image"],
    "daemonset-create": [TEMPLATE],
    "deployment-create": [TEMPLATE],
    "deployment-patch-image": [TEMPLATE],
    "job-by-cronjob": [TEMPLATE],
    "job-create": [TEMPLATE],
    "pod-by-job": [POD],
    "pod-by-replicaset": [POD],
    "pod-by-replicationcontroller": [POD],
    "pod-by-statefulset": [POD],
    "pod-create-all-images": [
        "spec.initContainers[0].image",
        "spec.initContainers[1].image",
        POD,
        "spec.containers[1].image",
        "spec.volumes[0].image.reference",
    ],
    "pod-create-dry-run": [POD],
    "pod-create-generate-name": [POD],
    "pod-create": [POD],
    "pod-ephemeral-container": ["spec.ephemeralContainers[0].image"],
    "pod-patch-image": [POD],
    "podtemplate-create": ["template.spec.containers[0].image"],
    "replicaset-by-deployment": [TEMPLATE],
    "replicaset-create": [TEMPLATE],
    "replicationcontroller-create": [TEMPLATE],
    "rollout-create": [TEMPLATE],
    "statefulset-create": [TEMPLATE],
}
SKIPPED: Final = {
    "deployment-delete": Skip.DELETION,
    "deployment-garbage-collected": Skip.BEING_DELETED,
    "deployment-scale": Skip.SUBRESOURCE,
    "deployment-status": Skip.SUBRESOURCE,
    "pod-delete": Skip.DELETION,
    "pod-eviction": Skip.SUBRESOURCE,
    "pod-exec": Skip.SUBRESOURCE,
    "pod-orphaned": Skip.UNCHANGED,
    "pod-patch-labels": Skip.UNCHANGED,
    "pod-remove-finalizer": Skip.BEING_DELETED,
    "pod-resize": Skip.UNCHANGED,
    "pod-status": Skip.SUBRESOURCE,
    "replicaset-scaled": Skip.UNCHANGED,
}
PINNED: Final = {"deployment-patch-image": 1, "pod-create-all-images": 1, "pod-patch-image": 1}
"""How many of those have a digest already."""
REFUSED: Final = {"configmap-create"}


def site() -> Site:
    """Return a webhook for which every image is good, and every tag names one."""
    made = Site()
    made.change(
        pod_specs=(PodSpecPath("example.com", "Rollout", ("spec", "template", "spec")),), pin_digests=PinDigests.NEVER
    )
    made.decider.every_tag = DIGEST
    return made


def answer_to(site: Site, path: str, raw: bytes) -> dict[str, Any]:
    apps = Paths(build_reviews(site.handler, site.records.append, site.draining))
    scope = scope_of(path, ((b"content-type", b"application/json"),), method="POST", query_string=b"timeout=10s")
    found = ask(apps, scope, raw)
    assert found.status == 200
    response: dict[str, Any] = found.json["response"]
    return response


def test_all_recorded_reviews_are_in_one_of_the_tables() -> None:
    assert {file.stem for file in FILES} == LOOKED_AT.keys() | SKIPPED.keys() | REFUSED


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_each_review_is_answered_as_it_should_be(file: Path) -> None:
    made, raw = site(), file.read_bytes()
    response = answer_to(made, "/validations", raw)
    assert response["uid"] == json.loads(raw)["request"]["uid"]
    (record,) = made.records
    assert response["allowed"] is (file.stem not in REFUSED)
    assert [describe_path(each.path) for each in record.findings] == LOOKED_AT.get(file.stem, [])
    skip = SKIPPED.get(file.stem)
    assert response["auditAnnotations"]["verdict"] == (
        f"skipped: {skip}" if skip else "refused" if file.stem in REFUSED else "admitted"
    )


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_each_review_is_patched_where_there_are_tags(file: Path) -> None:
    made = site()
    made.change(pin_digests=PinDigests.ALWAYS)
    response = answer_to(made, "/mutations", file.read_bytes())
    assert response["allowed"] is True
    tags = len(LOOKED_AT.get(file.stem, [])) - PINNED.get(file.stem, 0)
    assert len(made.records[0].answer.patch) == 2 * tags
    assert ("patch" in response) is bool(tags)


@pytest.mark.parametrize("name", sorted(LOOKED_AT))
def test_what_nobody_vouches_for_is_refused(name: str) -> None:
    made = site()
    made.decider.error = NoSuchTag("app", "1.0")
    assert answer_to(made, "/validations", (FOLDER / f"{name}.json").read_bytes())["allowed"] is False
