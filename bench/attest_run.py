"""Measure attestations of images beside the real cosign v3: the third part of `make bench`.

Both attest and verify with one key and no log, on a registry on loopback. Every predicate is new, and every image is;
runs alternate. Results go to bench/results/attest_latest.json and, as a table, to docs/benchmarks.md.
"""

import argparse
import compileall
import tempfile
from pathlib import Path
from typing import Final

from bench.attest_report import write_report
from bench.attest_rows import AttestPlace, rows
from bench.run import ROOT, Bench
from tests.interop import peers
from tests.support.registries import run_program

VERSIONS: Final = ("cosign-v3", "distribution")


def main() -> None:
    """Measure, and write the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--large-rounds", type=int, default=5, help="with the SBOM")
    parser.add_argument("--attestations", type=int, default=50, help="on one image")
    parser.add_argument("--mib", type=int, default=20, help="of the SBOM")
    parser.add_argument("--only-print", action="store_true", help="leave the report as it is")
    chosen = parser.parse_args()
    compileall.compile_dir(str(ROOT / "cosignpy"), quiet=2)
    with tempfile.TemporaryDirectory() as name, run_program("distribution-3") as registry:
        cosign = str(peers.path("cosign-v3"))
        bench = Bench(registry.address, Path(name), cosign)
        bench.run(cosign, "generate-key-pair", "--output-key-prefix", f"{name}/cosign")
        found = []
        for row in rows(AttestPlace(bench, chosen.rounds, chosen.large_rounds, chosen.attestations, chosen.mib)):
            print(row.describe(), flush=True)
            found.append(row)
    if not chosen.only_print:
        write_report(ROOT, found, {peers.PEERS[key].name: peers.PEERS[key].version for key in VERSIONS})


if __name__ == "__main__":
    main()
