"""The demo, whole. It compares what every step answers with what it must, so its exit code says everything."""

import subprocess
import sys
from pathlib import Path

DEMO = Path(__file__).resolve().parents[2] / "examples" / "demo.py"


def test_the_demo_runs_to_its_end(tmp_path: Path) -> None:
    picture = tmp_path / "demo.svg"
    done = subprocess.run(
        [sys.executable, DEMO, "--picture", picture], capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stderr, picture.exists()) == (0, "", True)
