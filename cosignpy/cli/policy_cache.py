"""Where admissions of former runs are kept, and what else they depend on."""

import os
from pathlib import Path

from cosignpy.cli.invocation import CURRENT
from cosignpy.imagepolicy.model import ImagePolicyDocument
from cosignpy.operations.decision_cache import DecisionCache, build_context
from cosignpy.operations.decision_files import DecisionFiles
from cosignpy.operations.ports import TrustSource
from cosignpy.version import VERSION


def open_cache(
    contents: tuple[tuple[str, bytes], ...], policies: tuple[ImagePolicyDocument, ...], trust: TrustSource
) -> DecisionCache:
    """Open the cache for a run; whatever the policies were resolved to, as a key in a KMS, is part of its keys.

    Raises:
        FileError: There can be none, or others can write to it.
    """
    store = DecisionFiles.open(cache_folder(), CURRENT.warn)
    return DecisionCache(store, build_context(f"cosignpy {VERSION}", contents, repr(policies)), trust)


def cache_folder() -> Path:
    """Return the folder, in the user's cache."""
    home = Path(os.environ.get("HOME", "/")) / ".cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or home) / "cosignpy" / "decisions"
