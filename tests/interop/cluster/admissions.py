"""Admissions that one controller after another is asked for, and what became of them, comparable between runs."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from tests.interop.cluster import manifests
from tests.interop.cluster.api_client import STRATEGIC, Answer, ApiClient, Json
from tests.interop.cluster.signed_site import SignedSite

NOWHERE: Final = f"sha256:{'0' * 64}"
"""A digest that no image has."""

Ask = Callable[[ApiClient, SignedSite, str, str], Answer]
"""Tries something in a namespace, with objects of a name."""


def _pod(*images: Callable[[SignedSite], str], dry_run: str = "", **fields: object) -> Ask:
    def ask(client: ApiClient, site: SignedSite, namespace: str, name: str) -> Answer:
        manifest = manifests.pod(namespace, name, *(image(site) for image in images), **fields)
        return client.try_create(manifest, **({"dryRun": dry_run} if dry_run else {}))

    return ask


def _workload(build: Callable[..., Json], image: Callable[[SignedSite], str], *before: str) -> Ask:
    def ask(client: ApiClient, site: SignedSite, namespace: str, name: str) -> Answer:
        return client.try_create(build(*before, namespace, name, image(site)))

    return ask


def _tagged(repository: str) -> Callable[[SignedSite], str]:
    return lambda site: site.tagged(repository)


def _pinned(repository: str) -> Callable[[SignedSite], str]:
    return lambda site: site.pinned(repository)


def _at(path: str) -> Callable[[SignedSite], str]:
    return lambda site: f"{site.registry}/{path}"


def _init_container(client: ApiClient, site: SignedSite, namespace: str, name: str) -> Answer:
    first = [{"name": "first", "image": site.tagged("unsigned")}]
    return client.try_create(manifests.pod(namespace, name, site.tagged("signed"), initContainers=first))


def _debug(image: Callable[[SignedSite], str]) -> Ask:
    def ask(client: ApiClient, site: SignedSite, namespace: str, name: str) -> Answer:
        client.create(manifests.pod(namespace, name, site.pinned("signed")))
        debugger = {"spec": {"ephemeralContainers": [{"name": "debugger", "image": image(site)}]}}
        path = f"/api/v1/namespaces/{namespace}/pods/{name}/ephemeralcontainers"
        return client.call("PATCH", path, debugger, STRATEGIC)

    return ask


def _change(image: Callable[[SignedSite], str]) -> Ask:
    def ask(client: ApiClient, site: SignedSite, namespace: str, name: str) -> Answer:
        client.create(manifests.pod(namespace, name, site.pinned("signed")))
        changed = {"spec": {"containers": [{"name": "c0", "image": image(site)}]}}
        return client.call("PATCH", f"/api/v1/namespaces/{namespace}/pods/{name}", changed, STRATEGIC)

    return ask


ADMISSIONS: Final[Mapping[str, Ask]] = MappingProxyType(
    {
        "signed-tag": _pod(_tagged("signed")),
        "signed-tag-dry-run": _pod(_tagged("signed"), dry_run="All"),
        "signed-digest": _pod(_pinned("signed")),
        "unsigned-tag": _pod(_tagged("unsigned")),
        "unsigned-digest": _pod(_pinned("unsigned")),
        "unsigned-dry-run": _pod(_tagged("unsigned"), dry_run="All"),
        "other-key": _pod(_tagged("other-key")),
        "uncovered": _pod(_at(f"uncovered@{NOWHERE}")),
        "same-bad-image-twice": _pod(_tagged("unsigned"), _tagged("unsigned")),
        "two-bad-images": _pod(_tagged("unsigned-too"), _tagged("unsigned")),
        "one-of-two-images-bad": _pod(_tagged("signed"), _tagged("unsigned")),
        "init-container": _init_container,
        "missing-tag": _pod(_at("missing:1")),
        "unreadable-image": _pod(_at("UPPER:1")),
        "static-pass": _pod(_at(f"passed@{NOWHERE}")),
        "static-pass-missing-tag": _pod(_at("passed:1")),
        "static-fail": _pod(_at(f"failed@{NOWHERE}")),
        "warned": _pod(_tagged("warned")),
        "one-of-two-policies": _pod(_tagged("two-policies")),
        "deployment": _workload(manifests.scaled, _tagged("signed"), "Deployment"),
        "deployment-unsigned": _workload(manifests.scaled, _tagged("unsigned"), "Deployment"),
        "replicaset": _workload(manifests.scaled, _tagged("signed"), "ReplicaSet"),
        "statefulset": _workload(manifests.scaled, _tagged("signed"), "StatefulSet"),
        "daemonset-unsigned": _workload(manifests.scaled, _tagged("unsigned"), "DaemonSet"),
        "job": _workload(manifests.job, _tagged("signed")),
        "cronjob": _workload(manifests.cron_job, _tagged("signed")),
        "cronjob-unsigned": _workload(manifests.cron_job, _tagged("unsigned")),
        "debug-digest": _debug(_pinned("signed")),
        "debug-tag": _debug(_tagged("signed")),
        "debug-unsigned": _debug(_pinned("unsigned")),
        "image-changed": _change(_tagged("signed")),
        "image-changed-unsigned": _change(_tagged("unsigned")),
    }
)
"""By what is special about each."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an admission; addresses and digests have placeholders."""

    status: int
    message: str
    warnings: tuple[str, ...]
    images: tuple[str, ...]

    def to_document(self) -> Json:
        """Return it as JSON."""
        return {
            "status": self.status,
            "message": self.message,
            "warnings": [*self.warnings],
            "images": [*self.images],
        }


def try_admission(client: ApiClient, site: SignedSite, namespace: str, name: str) -> Outcome:
    """Try one of `ADMISSIONS` in a namespace where nothing has its name."""
    answer = ADMISSIONS[name](client, site, namespace, name)
    refused = answer.body.get("kind") == "Status"
    return Outcome(
        answer.status,
        _with_placeholders(answer.message, site) if refused else "",
        tuple(_with_placeholders(warning, site) for warning in answer.warnings),
        () if refused else tuple(_with_placeholders(image, site) for image in list_images(answer.body)),
    )


def list_images(document: object) -> list[str]:
    """Return the images that an object runs, in their order."""
    if isinstance(document, list):
        return [image for item in document for image in list_images(item)]
    if not isinstance(document, dict):
        return []
    own = [document["image"]] if isinstance(document.get("image"), str) else []
    return own + [
        image for key, item in sorted(document.items()) if key != "managedFields" for image in list_images(item)
    ]


def _with_placeholders(text: str, site: SignedSite) -> str:
    for repository, digest in site.digests.items():
        text = text.replace(digest, f"@DIGEST:{repository}@")
    return re.sub(
        r"127\.0\.0\.1:8443|127\.0\.0\.1:[0-9]+(?=: )", "@ADDRESS@", text.replace(site.registry, "@REGISTRY@")
    )
