"""Measure `policy verify` of many names of few images beside `cosign verify`, once for each name: part of `make bench`.

cosign has no command that decides by policies over several images, so that one verification by key for each name stands
beside ours; some are run, and their time is multiplied. Results go to bench/results/policy_latest.json and, as tables,
to docs/benchmarks.md.
"""

import argparse
import compileall
import secrets
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Final

from bench.keyless_place import alternate
from bench.keyless_report import Count, Goal, Row, Section, write_report
from bench.keyless_sites import OURS
from bench.measure import Cost, add
from bench.run import Bench
from cosignpy.core.oci.manifest import ArtifactManifest, Descriptor
from cosignpy.core.oci.reference import Tag
from cosignpy.localregistry.server import LocalRegistry
from cosignpy.registry.repository import RemoteRepository
from cosignpy.registry.session import RegistrySession
from tests.interop import peers
from tests.support.registries import run_program

ROOT: Final = Path(__file__).resolve().parents[1]
SECTION: Final = Section("bench/policy_run.py", "policy_latest.json")
DIGESTS: Final = 40
TAGS: Final = 5
"""Names of each image."""
SAMPLE: Final = 20
"""Names that cosign verifies; its time is multiplied up to all of them."""
GOAL: Final = Goal(seconds=5.0)

_POLICY: Final = """apiVersion: policy.sigstore.dev/v1beta1
kind: ClusterImagePolicy
metadata:
  name: bench
spec:
  images:
    - glob: "**"
  authorities:
    - key:
        data: |
"""
_NUMBERS: Final = count()


@dataclass(frozen=True, slots=True)
class Place:
    """A registry with names of signed images, and a policy about them."""

    bench: Bench
    names: Sequence[str]

    @classmethod
    def prepare(cls, bench: Bench) -> "Place":
        """Push images under several names each, and sign them."""
        repository = RemoteRepository(RegistrySession(bench.registry, bench.client), f"bench/{secrets.token_hex(6)}")
        names, signed = [], []
        for number in range(DIGESTS):
            digest, tags = push_tagged(repository, number)
            signed.append(f"{repository.name}@{digest}")
            names += [f"{repository.name}:{tag}" for tag in tags]
        bench.ours_sign(*signed)
        key = (bench.folder / "cosign.pub").read_text()
        (bench.folder / "policy.yaml").write_text(_POLICY + "".join(f"          {line}\n" for line in key.splitlines()))
        return cls(bench, names)

    def verify(self, *flags: str) -> Cost:
        """Decide over all names in one run."""
        policy = f"--policy={self.bench.folder}/policy.yaml"
        return self.bench.run(OURS, "policy", "verify", policy, *flags, *self.names)

    def verify_and_record(self) -> Cost:
        """Decide, and write down what was seen."""
        return self.verify(f"--evidence={self.evidence(next(_NUMBERS))}")

    def replay(self) -> Cost:
        """Decide again from the first evidence."""
        return self.bench.run(OURS, "policy", "replay", str(self.evidence(0)))

    def peer_verify(self) -> Cost:
        """Verify some of the names one after another, and multiply what that took."""
        sampled = self.names[:: len(self.names) // SAMPLE][:SAMPLE]
        cost = add([self.bench.peer_verify(name) for name in sampled])
        factor = len(self.names) / len(sampled)
        return replace(cost, wall=cost.wall * factor, cpu=cost.cpu * factor)

    def evidence(self, number: int) -> Path:
        """Return the file of a run."""
        return self.bench.folder / f"evidence-{number}.json"


def push_tagged(repository: RemoteRepository, number: int) -> tuple[str, Sequence[str]]:
    """Push an image that nobody has seen before under its names."""
    content, config = secrets.token_bytes(1024), secrets.token_hex(16).encode()
    for blob in (content, config):
        repository.push_blob(blob)
    manifest = ArtifactManifest(
        Descriptor.of(config, "application/vnd.oci.image.config.v1+json"),
        (Descriptor.of(content, "application/vnd.oci.image.layer.v1.tar"),),
    ).build()
    tags = [f"v{number}.{tag}" for tag in range(TAGS)]
    for tag in tags:
        repository.push_manifest(manifest, Tag(tag))
    return str(manifest.digest), tags


def rows(place: Place, rounds: int) -> Iterator[Row]:
    """Measure all ways to decide."""
    what = f"policy verify, {len(place.names)} references to {DIGESTS} digests"
    peer = f"cosign verify, {len(place.names)} runs, of which {SAMPLE} were made"
    found = alternate(
        what,
        rounds,
        {
            "plain": place.verify,
            "recorded": place.verify_and_record,
            "replayed": place.replay,
            "kept": lambda: place.verify("--decision-cache"),
            peer: place.peer_verify,
        },
    )
    yield found.row(what, peer, GOAL, ours="plain")
    yield found.row(f"{what}, --evidence", peer, ours="recorded")
    yield found.row(f"{what}, --decision-cache, decided before", peer, ours="kept")
    yield found.row("policy replay of it", peer, ours="replayed")


def request_counts(folder: Path, cosign: str) -> Iterator[Count]:
    """Count what a registry is asked for, and show that nothing but a name is asked for twice.

    Raises:
        SystemExit: Something is.
    """
    with LocalRegistry() as registry:
        place = Place.prepare(Bench(registry.address, folder, cosign))
        registry.clear_requests()
        place.verify()
        asked = Counter(f"{each.method} {each.path}?{each.query}" for each in registry.requests)
        repeated = {each: times for each, times in asked.items() if times > 1 and "/v2/bench/" in each}
        if repeated:
            raise SystemExit(f"asked for more than once: {repeated}")
        registry.clear_requests()
        place.bench.peer_verify(place.names[0])
        yield Count(
            f"policy verify, {len(place.names)} references to {DIGESTS} digests, and as many runs of cosign verify",
            asked.total(),
            len(registry.requests) * len(place.names),
        )


def main() -> None:
    """Measure, and write the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only-print", action="store_true", help="leave the report as it is")
    chosen = parser.parse_args()
    compileall.compile_dir(str(ROOT / "cosignpy"), quiet=2)
    cosign = str(peers.path("cosign-v3"))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        registry = stack.enter_context(run_program("distribution-3"))
        bench = Bench(registry.address, folder, cosign)
        bench.run(OURS, "generate-key-pair", f"--output-key-prefix={folder}/cosign")
        found = []
        for row in rows(Place.prepare(bench), chosen.rounds):
            print(row.describe(), flush=True)
            found.append(row)
        counts = list(request_counts(folder, cosign))
    print(*counts, sep="\n")
    if not chosen.only_print:
        versions = {peers.PEERS[key].name: peers.PEERS[key].version for key in ("cosign-v3", "distribution")}
        write_report(ROOT, found, counts, versions, SECTION)


if __name__ == "__main__":
    main()
