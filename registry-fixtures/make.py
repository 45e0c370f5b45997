"""Sign the fixtures anew with the real cosign v2 and v3 (`make fixtures`).

Needs the peers that `python -m tests.interop.peers install` builds. Signatures are random and the registry's port is
part of what legacy signatures say, so a new run gives other bytes; cases.json, PROVENANCE.md and SHA256SUMS follow.
"""

import hashlib
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import seed
from catalogue import CASES, COMMANDS, Case, Step
from layouts import Repository
from tools import PASSWORD, Workshop, registry

HERE: Final = Path(__file__).resolve().parent
SEEDS: Final[dict[str, Callable[[Path], str]]] = {
    "oci-image": seed.save_oci_image,
    "docker-image": seed.save_docker_image,
    "index": seed.save_index,
}
GENERATED: Final = ("cases.json", "SHA256SUMS", "test-keys", "layouts")


class Bench:
    """One run of the catalogue: a registry, a workshop, and the seeds in it."""

    def __init__(self, host: str, folder: Path) -> None:
        self.host = host
        self.shop = Workshop(folder)
        self.shop.make_keys()
        self.digests = {name: save(folder / "seed" / name) for name, save in SEEDS.items()}

    def push(self, artifact: str, repository: str) -> str:
        """Push a seed by crane; return the reference by digest."""
        arguments = ["push", f"seed/{artifact}", f"{self.host}/{repository}:{artifact}"]
        self.shop.run("crane", [*arguments, "--index"] if artifact == "index" else arguments).check_returncode()
        return f"{self.host}/{repository}@{self.digests[artifact]}"

    def sign(self, step: Step, reference: str) -> dict[str, object]:
        """Run one cosign and record how and with what result."""
        verb, *flags = COMMANDS[step.tool, step.form]
        arguments = [verb, "--key", f"test-keys/{step.key}.key", *flags, *step.flags, reference]
        done = self.shop.run(step.tool, arguments)
        record: dict[str, object] = {
            "tool": step.tool,
            "form": step.form,
            "key": step.key,
            "command": ["cosign", *arguments],
            "exit_code": done.returncode,
        }
        return record if done.returncode == 0 else {**record, "error": done.stderr.strip().splitlines()[-1]}

    def verify(self, case: Case, reference: str) -> dict[str, object]:
        """Record what each cosign itself says to `verify` of the result."""
        common = ["--key", f"test-keys/{case.key}.pub", "--insecure-ignore-tlog=true"]
        ways = {
            "cosign-v3": ("cosign-v3", []),
            "cosign-v2": ("cosign-v2", []),
            "cosign-v2 --new-bundle-format": (
                "cosign-v2",
                ["--new-bundle-format", "--trusted-root", "trusted-root.json"],
            ),
        }
        return {
            way: self.shop.run(tool, ["verify", *common, *flags, reference]).returncode
            for way, (tool, flags) in ways.items()
        }

    def replay(self, case: Case, repository: str) -> None:
        """Copy the signature tag of the signed artifact to the other one's."""
        tags = [
            f"{self.host}/{repository}:{self.digests[name].replace(':', '-')}.sig"
            for name in (case.replayed_from or case.artifact, case.artifact)
        ]
        self.shop.run("crane", ["copy", *tags]).check_returncode()

    def make(self, case: Case, folder: Path) -> dict[str, object]:
        """Build one case and save its repository as a layout."""
        repository = f"fixtures/{case.name}"
        reference = self.push(case.artifact, repository)
        signed = self.push(case.replayed_from, repository) if case.replayed_from else reference
        steps = [self.sign(step, signed) for step in case.steps]
        if case.replayed_from:
            self.replay(case, repository)
        Repository(self.host, repository).save(folder / case.name)
        return {
            "name": case.name,
            "layout": f"layouts/{case.name}",
            "repository": f"{self.host}/{repository}",
            "artifact": case.artifact,
            "digest": self.digests[case.artifact],
            "key": f"test-keys/{case.key}.pub",
            "forms": sorted({step.form for step in case.steps}),
            "annotations": dict(item.split("=") for item in case.annotations),
            "recursive": case.recursive,
            "expected": case.expected,
            "signatures": case.signatures,
            "steps": steps,
            "made": all(step["exit_code"] == 0 for step in steps),
            "cosign_verify_exit_codes": self.verify(case, reference),
        }


def _write_sums() -> None:
    kept = ("cases.json", "test-keys", "layouts")
    files = sorted(file for name in kept for file in [HERE / name, *(HERE / name).rglob("*")] if file.is_file())
    lines = [f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.relative_to(HERE).as_posix()}" for file in files]
    (HERE / "SHA256SUMS").write_text("\n".join(lines) + "\n")


def _replace(folder: Path, record: Mapping[str, object]) -> None:
    """Put the results in place of the earlier ones, after everything went well."""
    for name in GENERATED:
        old = HERE / name
        shutil.rmtree(old) if old.is_dir() else old.unlink(missing_ok=True)
    shutil.copytree(folder / "layouts", HERE / "layouts")
    shutil.copytree(folder / "test-keys", HERE / "test-keys")
    (HERE / "cases.json").write_text(json.dumps(record, indent=2) + "\n")
    _write_sums()


def _make_loudly(bench: Bench, case: Case, folder: Path) -> dict[str, object]:
    result = bench.make(case, folder)
    print(f"{case.name:28} {'made' if result['made'] else 'cosign cannot'}", flush=True)
    return result


def main() -> int:
    """Make every case; one that cosign cannot sign is recorded with its words and fails nothing."""
    with tempfile.TemporaryDirectory() as temporary, registry() as host:
        bench = Bench(host, Path(temporary))
        results = [_make_loudly(bench, case, Path(temporary) / "layouts") for case in CASES]
        record = {
            "password": PASSWORD,
            "cosign-v2": bench.shop.version("cosign-v2"),
            "cosign-v3": bench.shop.version("cosign-v3"),
            "cases": [result for result in results if result["made"]],
            "not_signed_by_cosign": [result for result in results if not result["made"]],
        }
        _replace(Path(temporary), record)
    return 0


if __name__ == "__main__":
    sys.exit(main())
