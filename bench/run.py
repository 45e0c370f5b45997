"""Measure cosignpy and the real cosign v3 side by side: `make bench`, about five minutes.

Runs alternate, every run has an image of its own, and both programs verify the same signatures. Results go to
bench/results/latest.json and, as a table, to docs/benchmarks.md.
"""

import compileall
import os
import secrets
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bench.far_registry import DelayProxy
from bench.measure import Cost, add, run_once
from bench.report import Scenario, write_report
from cosignpy.core.oci.manifest import ArtifactManifest, Descriptor
from cosignpy.localregistry.server import LocalRegistry, RegistryOptions
from cosignpy.registry.options import RegistryOptions as ClientOptions
from cosignpy.registry.repository import RemoteRepository
from cosignpy.registry.session import RegistrySession
from cosignpy.serving.threaded import TlsFiles
from tests.interop import peers
from tests.support.registries import run_program
from tests.support.tls_files import Authority

ROOT: Final = Path(__file__).resolve().parents[1]
RUNS: Final = 15
BATCH_RUNS: Final = 3
MANY_VERIFIED: Final = 100
MANY_SIGNED: Final = 50
ROUND_TRIP: Final = 0.050
"""Seconds to a registry on another continent's edge."""

_OURS: Final = str(Path(sys.executable).with_name("cosignpy"))
_V3_NO_LOG: Final = ("--use-signing-config=false", "--tlog-upload=false", "--yes")


@dataclass(frozen=True, slots=True)
class Bench:
    """The place of one benchmark: a registry, a key pair made by cosign, and the two programs' environments."""

    registry: str
    folder: Path
    cosign: str
    client: ClientOptions = field(default_factory=ClientOptions)

    @property
    def environment(self) -> Mapping[str, str]:
        """No configuration of this machine's user, byte code allowed, an empty password."""
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        return kept | {"HOME": str(self.folder), "COSIGN_PASSWORD": ""}

    def run(self, *command: str) -> Cost:
        """Run one command and return what it took."""
        return run_once(command, self.environment, self.folder / "output.txt")

    def push_images(self, count: int) -> list[str]:
        """Push images that nobody has seen before and return their references by digest."""
        repository = RemoteRepository(RegistrySession(self.registry, self.client), f"bench/{secrets.token_hex(6)}")
        found = []
        for _ in range(count):
            content = secrets.token_bytes(1024)
            config = secrets.token_hex(16).encode()
            for blob in (content, config):
                repository.push_blob(blob)
            manifest = ArtifactManifest(
                Descriptor.of(config, "application/vnd.oci.image.config.v1+json"),
                (Descriptor.of(content, "application/vnd.oci.image.layer.v1.tar"),),
            ).build()
            repository.push_manifest(manifest)
            found.append(f"{repository.name}@{manifest.digest}")
        return found

    def ours_sign(self, *images: str) -> Cost:
        """Sign with cosignpy."""
        return self.run(_OURS, "sign", "--key", f"{self.folder}/cosign.key", "--tlog-upload=false", *images)

    def ours_verify(self, *arguments: str) -> Cost:
        """Verify with cosignpy."""
        key = f"{self.folder}/cosign.pub"
        return self.run(_OURS, "verify", "--key", key, "--insecure-ignore-tlog=true", *arguments)

    def peer_sign(self, image: str) -> Cost:
        """Sign with cosign."""
        return self.run(self.cosign, "sign", "--key", f"{self.folder}/cosign.key", *_V3_NO_LOG, image)

    def peer_verify(self, *arguments: str) -> Cost:
        """Verify with cosign."""
        key = f"{self.folder}/cosign.pub"
        return self.run(self.cosign, "verify", "--key", key, "--insecure-ignore-tlog=true", *arguments)


def scenarios(bench: Bench) -> Iterator[Scenario]:
    """Measure everything against the registry nearby."""
    unique, signed = bench.push_images(2 * RUNS + 2), bench.push_images(RUNS + 1)
    for image in signed:
        bench.peer_sign(image)
    yield compare(
        "version", [()] * RUNS, lambda: bench.run(_OURS, "--version"), lambda: bench.run(bench.cosign, "version")
    )
    yield compare("help", [()] * RUNS, lambda: bench.run(_OURS, "--help"), lambda: bench.run(bench.cosign, "--help"))
    verified = [(image,) for image in signed]
    yield compare("verify --key, one image", verified, bench.ours_verify, bench.peer_verify)
    fresh = iter(unique)
    yield compare(
        "sign --key, one image",
        [()] * (RUNS + 1),
        lambda: bench.ours_sign(next(fresh)),
        lambda: bench.peer_sign(next(fresh)),
    )
    many = [bench.push_images(MANY_VERIFIED) for _ in range(BATCH_RUNS)]
    for images in many:
        bench.ours_sign(*images)
    yield compare(
        f"verify --key, {MANY_VERIFIED} images: one run of ours, {MANY_VERIFIED} of cosign",
        [(images,) for images in many],
        lambda images: bench.ours_verify(*images),
        lambda images: add([bench.peer_verify(image) for image in images]),
    )
    batches = iter([bench.push_images(MANY_SIGNED) for _ in range(2 * BATCH_RUNS)])
    yield compare(
        f"sign --key, {MANY_SIGNED} images: one run of ours, {MANY_SIGNED} of cosign",
        [()] * BATCH_RUNS,
        lambda: bench.ours_sign(*next(batches)),
        lambda: add([bench.peer_sign(image) for image in next(batches)]),
    )


def far_scenario(folder: Path, cosign: str) -> Scenario:
    """Measure verification against a registry behind TLS and a slow line."""
    authority = Authority(folder)
    pair = authority.issue("localhost")
    options = RegistryOptions(tls=TlsFiles(pair.certificate, pair.key))
    trust = ("--registry-cacert", str(authority.certificate))
    with LocalRegistry(options) as near, DelayProxy(near.address, ROUND_TRIP) as far:
        client = ClientOptions(cacert=str(authority.certificate))
        near_port = near.address.rpartition(":")[2]
        bench = Bench(f"localhost:{near_port}", folder, cosign, client)
        images = bench.push_images(RUNS + 1)
        bench.ours_sign(*trust, *images)
        inputs = [(image.replace(f":{near_port}/", f":{far.port}/"),) for image in images]
        return compare(
            f"verify --key, one image, registry behind TLS with {ROUND_TRIP * 1000:.0f} ms of round-trip time",
            inputs,
            lambda image: bench.ours_verify(*trust, image),
            lambda image: bench.peer_verify(*trust, image),
        )


def compare(
    name: str,
    inputs: Sequence[tuple[object, ...]],
    ours: Callable[..., Cost],
    peer: Callable[..., Cost],
) -> Scenario:
    """Alternate the two over the inputs; where there are enough of them, the first pair warms caches only."""
    print(f"measuring {name}", flush=True)
    warm = 1 if len(inputs) > BATCH_RUNS else 0
    pairs = [(ours(*item), peer(*item)) for item in inputs][warm:]
    return Scenario(name, tuple(pair[0] for pair in pairs), tuple(pair[1] for pair in pairs))


def main() -> None:
    """Measure, and write the report."""
    compileall.compile_dir(str(ROOT / "cosignpy"), quiet=2)
    cosign = str(peers.path("cosign-v3"))
    with tempfile.TemporaryDirectory() as name, run_program("distribution-3") as registry:
        folder = Path(name)
        bench = Bench(registry.address, folder, cosign)
        bench.run(cosign, "generate-key-pair", "--output-key-prefix", f"{folder}/cosign")
        found = [*scenarios(bench), far_scenario(folder, cosign)]
    write_report(ROOT, found, {"cosign": peers.PEERS["cosign-v3"].version, "registry": "distribution v3.1.2"})


if __name__ == "__main__":
    main()
