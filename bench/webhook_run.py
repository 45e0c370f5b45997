"""Measure what admission adds to the creation of Pods, beside policy-controller: `make bench-webhook`, ten minutes.

Each webhook has a real API server of its own on an etcd without fsync; slices alternate between them. Pods are really
created, and removed between slices. Results go to bench/results/webhook_latest.json and, as a table, to
docs/benchmarks.md.
"""

import argparse
import compileall
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.log_report import WEBHOOKS, Measured, write_report
from bench.webhook_facts import Fact, gather_facts, write_facts
from bench.webhook_sites import Site, our_site, spread, their_site
from tests.interop import peers
from tests.interop.cluster.signed_site import SignedSite, run_signed_site

ROOT: Final = Path(__file__).resolve().parents[1]
CLIENTS: Final = (1, 16)
PACED: Final = 40


@dataclass(frozen=True, slots=True)
class Bench:
    """Both clusters, a registry, and how long a slice is."""

    sites: Sequence[Site]
    registry: SignedSite
    seconds: int

    def prepare(self) -> None:
        """Apply the policies, and let each webhook decide once."""
        for site in self.sites:
            for policy in (
                self.registry.key_policy("signed", "signed*"),
                self.registry.policy("passed", "passed*", {"name": "all", "static": {"action": "pass"}}),
            ):
                site.webhook.apply_policy(policy)
            site.pace(self.registry.pinned("signed"), 1)

    def rounds(self) -> Iterator[tuple[str, Measured]]:
        """Measure everything once."""
        passed = f"{self.registry.registry}/passed@{self.registry.digests['signed']}"
        for clients in CLIENTS:
            yield f"no webhook, {clients} clients", self.sites[0].create(passed, clients, self.seconds, guarded=False)
            for what, image in (("static pass", passed), ("key, by digest", self.registry.pinned("signed"))):
                for site in self.sites:
                    yield f"{what}, {site.name}, {clients} clients", site.create(image, clients, self.seconds)

    def paced(self) -> Iterator[tuple[str, Sequence[float]]]:
        """Measure a client that is in no hurry: what each Pod took, in milliseconds."""
        image = self.registry.pinned("signed")
        yield "no webhook", self.sites[0].pace(image, PACED, guarded=False)
        for site in self.sites:
            yield f"key, by digest, {site.name}", site.pace(image, PACED)


def main() -> None:
    """Measure, and write the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5)
    chosen = parser.parse_args()
    compileall.compile_dir(str(ROOT / "cosignpy"), quiet=2)
    found: dict[str, list[Measured]] = {}
    paced: dict[str, list[Sequence[float]]] = {}
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        registry = stack.enter_context(run_signed_site(folder / "registry"))
        ours, webhook = stack.enter_context(our_site(folder / "ours", registry.registry))
        theirs = stack.enter_context(their_site(folder / "theirs"))
        bench = Bench((ours, theirs), registry, chosen.seconds)
        bench.prepare()
        for _ in range(chosen.rounds):
            for what, measured in bench.rounds():
                print(f"{what}: {measured}", flush=True)
                found.setdefault(what, []).append(measured)
            for what, times in bench.paced():
                paced.setdefault(what, []).append(times)
        facts = [*_describe_paced(paced), *gather_facts(ours, webhook, theirs, registry, chosen.rounds)]
    versions = {key: peers.PEERS[key].version for key in ("policy-controller", "kube-apiserver")}
    write_report(ROOT, WEBHOOKS, found, versions)
    write_facts(ROOT, facts)


def _describe_paced(paced: Mapping[str, Sequence[Sequence[float]]]) -> Iterator[Fact]:
    for what, rounds in paced.items():
        times = [sorted(each) for each in rounds]
        yield Fact(f"one Pod every 90 ms, {what}, p50", "ms", spread([each[len(each) // 2] for each in times]))
        yield Fact(f"one Pod every 90 ms, {what}, p99", "ms", spread([each[-1] for each in times]))


if __name__ == "__main__":
    main()
