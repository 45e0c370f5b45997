"""A thousand policies that come, change, and go: five thousand events with their statuses, each of them in force."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path
from typing import Final

import pytest

from tests.interop.cluster import manifests
from tests.interop.cluster.api_client import Answer, Json
from tests.interop.cluster.our_webhook import OurWebhook
from tests.interop.cluster.program import await_true
from tests.interop.cluster.signed_site import SignedSite

POLICIES: Final = 1000
WRITERS: Final = 8
IN_FORCE_SECONDS: Final = 20.0
MAX_MEMORY: Final = 200_000
"""KiB of the process that answers."""


@pytest.fixture
def everywhere(webhook: OurWebhook, site: SignedSite, guarded: str) -> Callable[[str], Answer]:
    """Try a Pod of an image that all of the policies are about, and of which only the last says something else."""

    def attempt(name: str) -> Answer:
        return webhook.cluster.admin.try_create(manifests.pod(guarded, name, site.pinned("signed")), dryRun="All")

    return attempt


def policies(site: SignedSite, message: str = "") -> Sequence[Json]:
    """Build all of them: each passes one image, which nobody has, but the last, which passes or refuses `signed`."""
    passing = {"name": "a", "static": {"action": "pass"}}
    last = {"name": "a", "static": {"action": "fail", "message": message}} if message else passing
    built = [site.policy(f"many-{number}", f"many-{number}*", passing) for number in range(POLICIES - 1)]
    return [*built, site.policy("many-last", "signed*", last)]


def write_all(webhook: OurWebhook, method: str, documents: Sequence[Json]) -> list[str]:
    """Send each to its place by many clients at once; return what went wrong."""
    admin = webhook.cluster.admin
    mark = {"PATCH": "application/merge-patch+json"}.get(method, "application/json")

    def write(document: Json) -> str:
        path = admin.collection(document) if method == "POST" else admin.path(document)
        answer = admin.call(method, path, None if method == "DELETE" else document, mark)
        return "" if answer.status < HTTPStatus.BAD_REQUEST else answer.message

    with ThreadPoolExecutor(WRITERS) as pool:
        return [problem for problem in pool.map(write, documents) if problem]


def test_every_state_is_in_force(webhook: OurWebhook, site: SignedSite, everywhere: Callable[[str], Answer]) -> None:
    (replica,) = webhook.replicas
    assert replica.program.process is not None
    status = Path(f"/proc/{replica.program.process.pid}/status")
    assert write_all(webhook, "POST", policies(site)) == []
    assert write_all(webhook, "PATCH", policies(site, "changed")) == []
    await_true(lambda: "changed" in everywhere("refused").message, "all have changed", IN_FORCE_SECONDS)
    memory = int(status.read_text().partition("VmRSS:")[2].split()[0])
    assert write_all(webhook, "DELETE", policies(site)) == []
    await_true(lambda: everywhere("admitted").status == HTTPStatus.CREATED, "all are gone", IN_FORCE_SECONDS)
    assert memory < MAX_MEMORY
