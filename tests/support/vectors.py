"""Third-party vectors: test material of other projects, kept beside this repository and never copied into it.

A test that reads them carries the marker `vectors` (`pytestmark = vectors.NEEDED`). Where the folder is absent those
tests are deselected and the summary says so; with `CI=true` its absence ends the run.
"""

import os
from pathlib import Path
from typing import Final

import pytest

VECTORS: Final = Path(__file__).resolve().parents[3] / "shared" / "vectors"
NEEDED: Final = pytest.mark.vectors


def available() -> bool:
    """Tell whether the folder of vectors stands beside this repository."""
    return VECTORS.is_dir()


def required() -> bool:
    """Tell whether a run without the vectors has to fail (continuous integration)."""
    return os.environ.get("CI") == "true"


def path(relative: str) -> Path:
    """Return one file or folder of vectors.

    Raises:
        FileNotFoundError: The folder is there, this file is not.
    """
    found = VECTORS / relative
    if available() and not found.exists():
        raise FileNotFoundError(found)
    return found


def files(pattern: str) -> list[Path]:
    """Return the vectors that match a glob pattern, sorted; nothing where the folder is absent.

    Use it to parametrise: without the folder the one empty case is deselected by its marker.

    Raises:
        FileNotFoundError: The folder is there, and nothing in it matches.
    """
    found = sorted(VECTORS.glob(pattern))
    if available() and not found:
        raise FileNotFoundError(VECTORS / pattern)
    return found
