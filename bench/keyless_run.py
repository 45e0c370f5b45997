"""Measure keyless signing and verifying beside the real cosign v3 and sigstore-python: the second half of `make bench`.

Everyone gets the same token, the same trusted root and the same services on loopback, ours or the real ones; everyone
signs images and files that nobody has seen before. Runs alternate. Results go to bench/results/keyless_latest.json
and, as tables, to docs/benchmarks.md.
"""

import argparse
import compileall
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from bench.ca_bodies import serve_issuer
from bench.keyless_far import far_rows, request_counts
from bench.keyless_files import file_rows, large_rows
from bench.keyless_images import batch_rows, image_rows
from bench.keyless_place import Place, Plan
from bench.keyless_report import Row, write_report
from bench.keyless_sites import our_site, real_site
from bench.run import Bench
from tests.interop import peers
from tests.support.registries import run_program

ROOT: Final = Path(__file__).resolve().parents[1]
VERSIONS: Final = ("cosign-v3", "sigstore-python", "fulcio", "rekor-tiles", "timestamp-server", "distribution")


def rows(place: Place) -> Iterator[Row]:
    """Measure everything."""
    for measure in (image_rows, far_rows, file_rows, large_rows, batch_rows):
        yield from measure(place)


def main() -> None:
    """Measure, and write the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--images", type=int, default=100, help="of the batch")
    parser.add_argument("--mib", type=int, default=1024, help="of the large file")
    parser.add_argument("--only-print", action="store_true", help="leave the report as it is")
    chosen = parser.parse_args()
    for package in ("cosignpy", "ca_server", "log_server"):
        compileall.compile_dir(str(ROOT / package), quiet=2)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        registry = stack.enter_context(run_program("distribution-3"))
        issuer = stack.enter_context(serve_issuer())
        ours = stack.enter_context(our_site(folder / "ours", issuer))
        real = stack.enter_context(real_site(folder / "real", issuer))
        bench = Bench(registry.address, folder, str(peers.path("cosign-v3")))
        place = Place(bench, ours, real, Plan(chosen.rounds, chosen.images, chosen.mib))
        found = []
        for row in rows(place):
            print(row.describe(), flush=True)
            found.append(row)
        counts = list(request_counts(place))
    print(*counts, sep="\n")
    if not chosen.only_print:
        versions = {peers.PEERS[key].name: peers.PEERS[key].version for key in VERSIONS}
        write_report(ROOT, found, counts, versions)


if __name__ == "__main__":
    main()
