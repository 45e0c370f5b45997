"""Admission reviews as an API server sends them, and fakes of everybody whom the webhook asks."""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from cosignpy.errors import CosignError, NoSuchTag
from cosignpy.imagepolicy.decision import Outcome
from cosignpy.imagepolicy.go_reader.names import GoReference
from cosignpy.values import field, record, replace
from cosignpy.webhook.app import Draining
from cosignpy.webhook.handle import Handler, Ports
from cosignpy.webhook.images import ToDecide
from cosignpy.webhook.live_settings import LiveSettings
from cosignpy.webhook.ports import PolicySnapshot
from cosignpy.webhook.recording import Decision
from cosignpy.webhook.request import AdmissionRequest
from cosignpy.webhook.review import parse_review
from cosignpy.webhook.verdicts import Cause, ImageQuestion, ImageVerdict, PolicyAnswer, PullCredentials

UID: Final = "705ab4f5-6393-11e8-b7cc-42010a800002"
DIGEST: Final = "sha256:" + "a" * 64
OTHER: Final = "sha256:" + "b" * 64
REPOSITORY: Final = "registry.example/shop/web"
PINNED: Final = f"{REPOSITORY}@{DIGEST}"
TAGGED: Final = f"{REPOSITORY}:1"

Json = dict[str, Any]


def container(image: object = PINNED, name: str = "web") -> Json:
    """Describe a container."""
    return {"name": name, "image": image}


def pod_spec(*images: object, **more: object) -> Json:
    """Describe a pod by the images of its containers."""
    names = [f"c{number}" for number in range(len(images))]
    return {"containers": [container(image, name) for image, name in zip(images, names, strict=True)], **more}


def pod(*images: object, labels: Mapping[str, str] | None = None, **more: object) -> Json:
    """Describe a Pod."""
    metadata = {"name": "web", "namespace": "shop", "labels": dict(labels or {"app": "web"})}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": pod_spec(*images, **more)}


def workload(kind: str, *images: object, api_version: str = "apps/v1") -> Json:
    """Describe a workload with a template."""
    template = {"metadata": {"labels": {"app": "web"}}, "spec": pod_spec(*images)}
    spec: Json = {"replicas": 1, "template": template}
    if kind == "CronJob":
        spec = {"schedule": "* * * * *", "jobTemplate": {"spec": {"template": template}}}
    metadata = {"name": "web", "namespace": "shop", "labels": {"app": "web"}}
    document: Json = {"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec}
    if kind == "PodTemplate":
        document = {"apiVersion": api_version, "kind": kind, "metadata": metadata, "template": template}
    return document


def review_of(found: Json | None = None, **changes: object) -> Json:
    """Describe the review of the creation of an object, and what else there shall be in its request."""
    found = pod(PINNED) if found is None else found
    group, _slash, version = found["apiVersion"].rpartition("/")
    plural = found["kind"].lower() + "s"
    request: Json = {
        "uid": UID,
        "kind": {"group": group, "version": version, "kind": found["kind"]},
        "resource": {"group": group, "version": version, "resource": plural},
        "requestKind": {"group": group, "version": version, "kind": found["kind"]},
        "requestResource": {"group": group, "version": version, "resource": plural},
        "name": "web",
        "namespace": "shop",
        "operation": "CREATE",
        "userInfo": {"username": "alice", "uid": "1", "groups": ["system:authenticated"]},
        "object": found,
        "oldObject": None,
        "dryRun": False,
        "options": {"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1"},
    }
    return {"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": {**request, **changes}}


def encode(document: object) -> bytes:
    """Write JSON as the API server does."""
    return json.dumps(document, separators=(",", ":")).encode() + b"\n"


def request_of(found: Json | None = None, **changes: object) -> AdmissionRequest:
    """Return the request of such a review."""
    return parse_review(encode(review_of(found, **changes)), 10.0)


def update(old: Json, new: Json, **changes: object) -> AdmissionRequest:
    """Return the request of an update."""
    return request_of(new, oldObject=old, operation="UPDATE", **changes)


def passed(image: str = PINNED, digest: str = DIGEST, policy: str = "keys") -> ImageVerdict:
    """Return a verdict that lets an image pass."""
    answer = PolicyAnswer(policy, "", Outcome.PASSED, "alice", evidence=(OTHER,))
    return ImageVerdict(image, digest, Outcome.PASSED, (answer,))


def refused(
    image: str = PINNED, digest: str = DIGEST, policy: str = "keys", why: str = "no signatures"
) -> ImageVerdict:
    """Return a verdict that does not."""
    answer = PolicyAnswer(policy, "", Outcome.REFUSED, reasons=(why,))
    return ImageVerdict(image, digest, Outcome.REFUSED, (answer,), Cause.POLICY)


@record
class FakeDecider:
    """Decides as it was told, by images as they are named; others pass. `tags` has the digests that tags name, and
    `every_tag` that of all others; empty for none."""

    verdicts: dict[str, ImageVerdict] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    asked: list[ImageQuestion] = field(default_factory=list)
    resolved: list[ImageQuestion] = field(default_factory=list)
    error: Exception | None = None
    wait: float = 0.0
    every_tag: str = ""

    async def resolve(self, question: ImageQuestion) -> str:
        """Return the digest of a tag."""
        self.resolved.append(question)
        await self._wait()
        digest = self.tags.get(question.image, self.every_tag)
        if not digest:
            raise NoSuchTag(question.image, "1")
        return digest

    async def decide(self, question: ImageQuestion) -> ImageVerdict:
        """Return the verdict."""
        self.asked.append(question)
        await self._wait()
        target = str(GoReference.parse(question.image).target)
        return self.verdicts.get(question.image) or passed(question.image, target)

    async def _wait(self) -> None:
        if self.wait:
            await asyncio.sleep(self.wait)
        if self.error is not None:
            raise self.error


@record
class FakeSecrets:
    """Credentials of a namespace, unless the cluster cannot say."""

    error: CosignError | None = None
    asked: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    warnings: tuple[str, ...] = ()

    async def find(self, namespace: str, pod_spec: Mapping[str, Any]) -> PullCredentials:
        """Return them."""
        self.asked.append((namespace, pod_spec))
        if self.error is not None:
            raise self.error
        return PullCredentials("[]", namespace, self.warnings)


@record
class FakePolicies:
    """Policies that do not change by themselves."""

    snapshot: PolicySnapshot = field(default_factory=PolicySnapshot)

    def current(self) -> PolicySnapshot:
        """Return them."""
        return self.snapshot

    def on_change(self, tell: Callable[[], None]) -> None:
        """Never call it."""


@record
class FakeSettled:
    """Verdicts that need nobody, by images."""

    verdicts: dict[str, ImageVerdict] = field(default_factory=dict)

    def settle(self, question: ImageQuestion) -> ImageVerdict | None:
        """Return one, if there is one."""
        return self.verdicts.get(question.image)


@record
class FakeOwners:
    """Vouches for all, or for none."""

    answer: bool = False
    error: CosignError | None = None

    async def vouch(self, request: AdmissionRequest, wanted: ToDecide) -> bool:
        """Say so."""
        del request, wanted
        if self.error is not None:
            raise self.error
        return self.answer


@record
class Site:
    """A webhook with fakes around it, which tests change."""

    decider: FakeDecider = field(default_factory=FakeDecider)
    secrets: FakeSecrets = field(default_factory=FakeSecrets)
    policies: FakePolicies = field(default_factory=FakePolicies)
    settled: FakeSettled = field(default_factory=FakeSettled)
    owners: FakeOwners = field(default_factory=FakeOwners)
    settings: LiveSettings = field(default_factory=LiveSettings)
    labels: dict[str, str] = field(default_factory=dict)
    records: list[Decision] = field(default_factory=list)
    draining: Draining = field(default_factory=Draining)

    @property
    def handler(self) -> Handler:
        """Return what answers."""
        return Handler(
            Ports(
                self.decider,
                self.secrets,
                self.policies,
                self.settled,
                self.owners,
                lambda: self.settings,
                lambda namespace: self.labels.get(namespace, ""),
            )
        )

    def change(self, **settings: Any) -> None:
        """Change settings."""
        self.settings = replace(self.settings, **settings)
