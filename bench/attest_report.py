"""The report on attestations: JSON with every figure, and a table in docs/benchmarks.md."""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from bench.keyless_report import Row, encode_row, row_table

BEGIN: Final = "<!-- begin: written by bench/attest_run.py -->"
END: Final = "<!-- end of bench/attest_run.py -->"


def write_report(root: Path, rows: Sequence[Row], versions: Mapping[str, str]) -> None:
    """Write the results of a whole run."""
    machine = {
        "cores": str(os.cpu_count()),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        **versions,
    }
    results = root / "bench" / "results"
    results.mkdir(exist_ok=True)
    document = {"machine": machine, "rows": [encode_row(row) for row in rows]}
    (results / "attest_latest.json").write_text(json.dumps(document, indent=2) + "\n")
    page = root / "docs" / "benchmarks.md"
    before, _, rest = page.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    page.write_text(f"{before}{BEGIN}\n{_section(machine, versions, rows)}{END}{after}")


def _section(machine: Mapping[str, str], versions: Mapping[str, str], rows: Sequence[Row]) -> str:
    lines = [
        "",
        f"Measured on {machine['cores']} cores, {machine['system']}, Python {machine['python']}, which registry and",
        f"clients share; {', '.join(f'{name} {version}' for name, version in versions.items())}.",
        "Time in ms: median (minimum-maximum). The last column is what the machine gave meanwhile, as the median of",
        "P-256 verifications a second on one core.",
        "",
        *row_table(rows),
        "",
        "",
    ]
    return "\n".join(lines)
