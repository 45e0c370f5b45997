"""What is no rate: starts and stops, policies that come into force, cold decisions, many policies."""

import json
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from typing import Final

from bench.webhook_sites import Site, build_pod, spread
from tests.interop.cluster.load import Load
from tests.interop.cluster.our_webhook import OurWebhook
from tests.interop.cluster.signed_site import SignedSite
from tests.interop.images import push_image
from tests.interop.programs import Format, Tool

POLICIES: Final = 1000
NAMESPACES: Final = 200
PODS: Final = 100
_BEGIN: Final = "<!-- begin: facts of bench/webhook_run.py -->"
_END: Final = "<!-- end of facts of bench/webhook_run.py -->"
_NUMBERS: Final = count()


@dataclass(frozen=True, slots=True)
class Fact:
    """A figure: median, least and most of some runs."""

    what: str
    unit: str
    figures: tuple[float, float, float]


def gather_facts(ours: Site, webhook: OurWebhook, theirs: Site, registry: SignedSite, rounds: int) -> Iterator[Fact]:
    """Measure all of it."""
    for site in (ours, theirs):
        yield Fact(f"a policy is in force after it was applied, {site.name}", "ms", _enforced(site, registry, rounds))
    yield from _cold(ours, registry, rounds)
    yield from _many(ours, webhook, registry, rounds)
    yield from _stopped(webhook, ours, registry, rounds)


def _enforced(site: Site, registry: SignedSite, rounds: int) -> tuple[float, float, float]:
    """Apply a policy that refuses what ran before, and create Pods until one is refused."""
    found = []
    image = registry.pinned("signed")
    path = f"/api/v1/namespaces/{site.guarded}/pods?dryRun=All"
    for _ in range(2 * rounds):
        policy = registry.policy(f"refuse-{next(_NUMBERS)}", "signed*", {"name": "none", "static": {"action": "fail"}})
        admin = site.cluster.admin
        admin.apply(policy)
        began = time.perf_counter()
        while admin.call("POST", path, build_pod(site.guarded, image)).status < _REFUSED:
            pass
        found.append((time.perf_counter() - began) * 1000)
        admin.delete(admin.path(policy))
        while admin.call("POST", path, build_pod(site.guarded, image)).status >= _REFUSED:
            pass
    return spread(found)


def _cold(site: Site, registry: SignedSite, rounds: int) -> Iterator[Fact]:
    """Create Pods of images that nobody has seen before: one each, and a hundred of one."""
    site.webhook.apply_policy(registry.key_policy("fresh", "fresh*"))
    images = [_push(registry) for _ in range(10 * rounds)]
    took = []
    for image in images:
        began = time.perf_counter()
        site.cluster.admin.expect("POST", f"/api/v1/namespaces/{site.guarded}/pods", build_pod(site.guarded, image))
        took.append((time.perf_counter() - began) * 1000)
    yield Fact("an image that nobody has seen, by key, ours", "ms", spread(took))
    crowds = []
    for _ in range(rounds):
        image = _push(registry)
        began = time.perf_counter()
        with ThreadPoolExecutor(16) as clients:
            list(clients.map(lambda _, image=image: _create(site, image), range(PODS)))
        crowds.append((time.perf_counter() - began) * 1000)
    yield Fact(f"{PODS} Pods at once of such an image, ours", "ms", spread(crowds))
    site.clean(site.guarded)


def _create(site: Site, image: str) -> None:
    site.cluster.admin.expect("POST", f"/api/v1/namespaces/{site.guarded}/pods", build_pod(site.guarded, image))


def _push(registry: SignedSite) -> str:
    name = f"fresh-{next(_NUMBERS)}"
    image = push_image(registry.shop, f"{registry.registry}/{name}", name)
    pinned = f"{registry.registry}/{name}@{image.partition('@')[2]}"
    registry.shop.sign(Tool.OURS, Format.LEGACY, pinned, "alice")
    return pinned


def _many(site: Site, webhook: OurWebhook, registry: SignedSite, rounds: int) -> Iterator[Fact]:
    """Apply a thousand policies in a cluster with two hundred namespaces."""
    image = registry.pinned("signed")
    before = [_median(site.pace(image, 20)) for _ in range(rounds)]
    yield Fact("memory before, with few policies, ours", "MB", spread([site.memory()]))
    admin = site.cluster.admin
    for number in range(NAMESPACES):
        site.cluster.make_namespace(f"many-{number}")
    for number in range(POLICIES):
        admin.create(registry.key_policy(f"many-{number}", f"many-{number}/**"))
    policy = registry.key_policy("last", "last*")
    site.webhook.apply_policy(policy)
    after = [_median(site.pace(image, 20)) for _ in range(rounds)]
    yield Fact("one Pod every 90 ms, p50, few policies, ours", "ms", spread(before))
    yield Fact(f"the same, {POLICIES} policies and {NAMESPACES} namespaces, ours", "ms", spread(after))
    yield Fact(f"memory with {POLICIES} policies, ours", "MB", spread([site.memory()]))
    yield Fact(f"ready after a start, {POLICIES} policies, ours", "ms", _started(webhook, rounds))


def _started(webhook: OurWebhook, rounds: int) -> tuple[float, float, float]:
    found = []
    for _ in range(rounds):
        webhook.stop_replica(webhook.replicas[0])
        began = time.perf_counter()
        webhook.start_replica()
        found.append((time.perf_counter() - began) * 1000)
    return spread(found)


def _stopped(webhook: OurWebhook, site: Site, registry: SignedSite, rounds: int) -> Iterator[Fact]:
    """Stop one of two replicas under load."""
    took, failed = [], []
    pod = build_pod(site.guarded, registry.pinned("signed"))
    webhook.stop_replica(webhook.replicas[0])
    with webhook.balancer:
        webhook.start_replica()
        for _ in range(rounds):
            replica = webhook.start_replica()
            with Load(site.cluster.admin, pod) as load:
                time.sleep(1.0)
                began = time.perf_counter()
                webhook.stop_replica(replica)
                took.append((time.perf_counter() - began) * 1000)
                time.sleep(1.0)
            failed.append(float(len(load.failures())))
    yield Fact("one of two replicas stops under load, ours", "ms", spread(took))
    yield Fact("admissions that failed meanwhile, ours", "", spread(failed))


def _median(times: Sequence[float]) -> float:
    return sorted(times)[len(times) // 2]


def write_facts(root: Path, facts: Sequence[Fact]) -> None:
    """Write the figures beside the rates: into the same file, and as a table of their own."""
    file = root / "bench" / "results" / "webhook_latest.json"
    document = json.loads(file.read_text())
    file.write_text(json.dumps(document | {"facts": [asdict(each) for each in facts]}, indent=2) + "\n")
    lines = ["", "| what | median (least-most) |", "|---|---|"]
    lines += [f"| {each.what} | {_show(each)} |" for each in facts]
    page = root / "docs" / "benchmarks.md"
    before, _, rest = page.read_text().partition(_BEGIN)
    page.write_text(f"{before}{_BEGIN}\n" + "\n".join([*lines, "", ""]) + f"{_END}{rest.partition(_END)[2]}")


def _show(fact: Fact) -> str:
    median, least, most = (f"{each:,.1f}" if each < _MANY else f"{each:,.0f}" for each in fact.figures)
    return f"{median} ({least}-{most}) {fact.unit}".strip()


_MANY: Final = 100
_REFUSED: Final = 400
