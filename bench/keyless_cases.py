"""Bundles to verify one after the other in one process: those that were made here, and real ones of other people.

Real ones are the release signatures of CPython and bundles of Rekor v2 in the vectors beside this repository. Their
authority's keys are on P-384, ours on P-256, which is a fifth of the work.
"""

import json
from collections.abc import Iterable, Iterator
from hashlib import sha256
from itertools import cycle, islice
from pathlib import Path
from typing import Final

from bench.keyless_sites import PERSON, KeylessSite
from tests.support import vectors

Case = dict[str, str]
"""Of one bundle: `bundle` and `root`, where they are; `sha256` of the artifact; `person` and `issuer`."""

_BUNDLE: Final = "bundle.sigstore.json"
_RELEASES: Final = "extra-bundles/cpython-*"
_SECOND: Final = ("sigstore-conformance/rekor2-*", "extra-bundles/java-rekor2")
_LEAST: Final = 80
"""Cases of a file: where there are fewer, they come in turn."""
_BEACON: Final = (
    "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/"
    ".github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main"
)
_BEACON_ISSUER: Final = "https://token.actions.githubusercontent.com"
"""Who signed where a vector does not say it (sigstore-conformance, README)."""


def write_own_cases(site: KeylessSite, folder: Path, file: Path) -> None:
    """Write the cases of a folder of bundles, each with its artifact beside it."""
    root = str(site.folder / "root.json")
    _write(
        file,
        [
            {
                "bundle": str(path),
                "sha256": _hash(path.with_suffix(".blob")),
                "person": PERSON,
                "issuer": site.issuer,
                "root": root,
            }
            for path in folder.glob("*.json")
        ],
    )


def write_real_cases(version: int, file: Path) -> int:
    """Write the cases with real bundles of one version of Rekor; returns how many different ones there are."""
    patterns = (_RELEASES,) if version == 1 else _SECOND
    found = [_real(path.parent) for pattern in patterns for path in _accepted(vectors.files(f"{pattern}/{_BUNDLE}"))]
    _write(file, islice(cycle(found), max(_LEAST, len(found))))
    return len(found)


def _accepted(paths: Iterable[Path]) -> Iterator[Path]:
    return (path for path in paths if not path.parent.name.endswith("_fail"))


def _real(folder: Path) -> Case:
    root = folder / "trusted_root.json"
    return {
        "bundle": str(folder / _BUNDLE),
        "sha256": _digest(folder),
        "person": _text(folder / "identity", _BEACON),
        "issuer": _text(folder / "issuer", _BEACON_ISSUER),
        "root": str(root if root.exists() else vectors.path("trusted_roots/production_trusted_root.json")),
    }


def _digest(folder: Path) -> str:
    if (folder / "digest").exists():
        return (folder / "digest").read_text().strip().removeprefix("sha256:")
    artifact = folder / "artifact"
    return _hash(artifact if artifact.exists() else folder.parent / "a.txt")


def _text(path: Path, otherwise: str) -> str:
    return path.read_text().strip() if path.exists() else otherwise


def _hash(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


def _write(file: Path, cases: Iterable[Case]) -> None:
    file.write_text(json.dumps(list(cases)))
