"""The version of this distribution, importable without importing anything else."""

from typing import Final

VERSION: Final = "0.1.0"
