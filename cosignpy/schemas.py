"""JSON schemas that packages bring: CycloneDX's, from the OWASP foundation's own Python library.

Its files are read and none of its code is run: the validator in it is the slow one, and its models are not needed.
Where they lie is not its public interface, hence the narrow range of versions in pyproject.toml.
"""

import json
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

_BASE: Final = "http://cyclonedx.org/schema/"
_PARTS: Final = ("spdx", "jsf-0.82", "cryptography-defs")
"""Schemas that CycloneDX's refer to: license identifiers, JSON signatures, names of algorithms."""
_STRICT: Final = frozenset({"1.2", "1.3"})
"""Versions whose plain schema lets unknown fields pass, and has a strict one beside it."""


def load_cyclonedx(version: str) -> Mapping[str, Mapping[str, Any]]:
    """Return the schema of a version, and those it refers to, by their URIs."""
    main = f"bom-{version}-strict" if version in _STRICT else f"bom-{version}"
    names = [f"{name}.SNAPSHOT.schema.json" for name in (main, *_PARTS)]
    return {f"{_BASE}{name}": _read(name) for name in names}


@lru_cache
def _read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((files("cyclonedx") / "schema" / "_res" / name).read_bytes())
    return found
