"""Files: small ones as whole processes and in one process, and a large one beside openssl."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from secrets import token_bytes
from typing import Final

from bench.keyless_bundles import make_bundles
from bench.keyless_cases import write_own_cases, write_real_cases
from bench.keyless_place import Place, alternate
from bench.keyless_report import Goal, Row
from bench.keyless_sites import OURS, PERSON, KeylessSite
from bench.measure import Cost, add
from tests.interop import peers
from tests.support import vectors

_PYTHON: Final = "sigstore-python"
_BUNDLES: Final = 220
_LARGE_RUNS: Final = 3
_MIB: Final = 1 << 20
_LARGE: Final = Goal(share=1.1, memory=80)
_RATES: Final = {1: Goal(share=1 / 1.5), 2: Goal(share=1 / 2)}
"""By the version of Rekor."""
_OUR_RATE: Final = ("-m", "bench.keyless_rate")
_THEIR_RATE: Final = (str(Path(peers.__file__).parent / "python_client" / "verify_rate.py"),)


def file_rows(place: Place) -> Iterator[Row]:
    """Verify small files: what our log of version 1 recorded, and what the real services vouch for."""
    for version, site, named in (
        (1, place.ours, "Rekor v1"),
        (2, place.real, "Rekor v2 and a timestamp"),
    ):
        folder = place.folder / f"bundles-{version}"
        make_bundles(site, version, _BUNDLES, folder)
        yield from _process_rows(place, site, folder, named)
        cases = place.folder / f"cases-{version}.json"
        write_own_cases(site, folder, cases)
        yield _rate_row(place, cases, f"{named}, each another bundle of our authority on P-256", Goal())
        yield _rate_row(place, cases, f"{named}, one of them again and again", Goal(), "again")
        if vectors.available():
            number = write_real_cases(version, cases)
            yield _rate_row(place, cases, f"{named}, {number} real bundles in turn", _RATES[version])


def _rate_row(place: Place, cases: Path, what: str, goal: Goal, *again: str) -> Row:
    found = alternate(
        f"verification in one process, {what}",
        place.plan.rounds,
        {
            "cosignpy": partial(_rate, sys.executable, _OUR_RATE, cases, again),
            _PYTHON: partial(_rate, _python(), _THEIR_RATE, cases, again),
        },
    )
    return found.row(f"one verification in one process, {what}", _PYTHON, goal)


def _process_rows(place: Place, site: KeylessSite, folder: Path, named: str) -> Iterator[Row]:
    def files() -> Iterator[tuple[str, ...]]:
        return iter([("--bundle", str(path), str(path.with_suffix(".blob"))) for path in folder.glob("*.json")])

    run, trust, who = place.bench.run, site.trust, site.who
    config = ("--trust-config", str(site.folder / "trust.json"))
    person = ("--cert-identity", PERSON, "--cert-oidc-issuer", site.issuer)
    mine, its, others = files(), files(), files()
    found = alternate(
        f"verify-blob, {named}",
        place.plan.rounds,
        {
            "cosignpy": lambda: run(OURS, "verify-blob", *who, *trust, *next(mine)),
            _PYTHON: lambda: run(
                str(peers.path(_PYTHON)), *config, "verify", "identity", *person, "--offline", *next(its)
            ),
            "cosign": lambda: run(place.bench.cosign, "verify-blob", *who, *trust, *next(others)),
        },
    )
    yield found.row(f"verify-blob, {named}", _PYTHON, Goal(seconds=0.10, share=1 / 3))
    yield found.row(f"verify-blob, {named}", "cosign")


def _rate(python: str, program: Sequence[str], cases: Path, again: Sequence[str]) -> Cost:
    """Verify everything in one process; what it took is divided by how many that were."""
    command = [python, *program, str(cases), *again]
    number, wall, cpu = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return Cost(wall / number, cpu / number, 0.0)


def _python() -> str:
    return str(peers.path(_PYTHON).with_name("python"))


def large_rows(place: Place) -> Iterator[Row]:
    """Sign and verify a large file; beside it, openssl's digest of it and the same command on a small one."""
    large, small = place.new_file(".large"), place.new_file(".small")
    small.write_bytes(token_bytes(1024))
    with large.open("wb") as output:
        for _ in range(place.plan.mib):
            output.write(token_bytes(_MIB))
    named = f"{place.plan.mib} MiB"
    run, site = place.bench.run, place.ours

    def digest() -> Cost:
        return run("openssl", "dgst", "-sha256", str(large))

    def sign(path: Path) -> Cost:
        bundle = ("--bundle", str(path.with_suffix(".json")))
        return run(OURS, "sign-blob", *site.signing, *bundle, str(path))

    def verify(path: Path) -> Cost:
        return run(OURS, "verify-blob", *site.who, *site.trust, "--bundle", str(path.with_suffix(".json")), str(path))

    bundle = ("--bundle", str(large.with_suffix(".cosign.json")))
    beside = "openssl dgst and start-up"
    found = alternate(
        f"{named}",
        _LARGE_RUNS,
        {
            "sign": lambda: sign(large),
            "verify": lambda: verify(large),
            f"{beside} of sign-blob": lambda: add([digest(), sign(small)]),
            f"{beside} of verify-blob": lambda: add([digest(), verify(small)]),
            "cosign sign-blob": lambda: run(
                place.bench.cosign, "sign-blob", "--yes", *site.signing, *bundle, str(large)
            ),
            "cosign verify-blob": lambda: run(
                place.bench.cosign, "verify-blob", *site.who, *site.trust, *bundle, str(large)
            ),
        },
    )
    large.unlink()
    for verb in ("sign", "verify"):
        yield found.row(f"{verb}-blob, {named}", f"{beside} of {verb}-blob", _LARGE, ours=verb)
        yield found.row(f"{verb}-blob, {named}", f"cosign {verb}-blob", ours=verb)
