"""The vectors of Rekor's older kinds (tests/vectors/rekor-kinds): proposed entries, and what the real server logs."""

import base64
import copy
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cosignpy.core.encoding import JsonObject
from log_server.rekor.accepted import Accepted
from log_server.rekor.kinds_table import accept_proposed

FOLDER: Final = Path(__file__).resolve().parents[1] / "vectors" / "rekor-kinds"
NAMES: Final = tuple(sorted(file.stem for file in FOLDER.glob("*.json")))


@dataclass(frozen=True, slots=True)
class KindVector:
    """A proposed entry; the real server's body and search keys, or the class of error that it ends in here."""

    name: str
    proposed: dict[str, Any]
    canonical: str | None
    search_keys: tuple[str, ...]
    refused: str | None


def load(name: str) -> KindVector:
    """Read one vector."""
    found = json.loads((FOLDER / f"{name}.json").read_text())
    keys = tuple(found.get("search_keys", ()))
    return KindVector(name, found["proposed"], found.get("canonical"), keys, found.get("refused"))


def accept(proposed: dict[str, Any]) -> Accepted:
    """Accept an entry as the log does."""
    return accept_proposed(JsonObject(proposed, "entry"))


def member(proposed: dict[str, Any], path: str) -> bytes:
    """Return the bytes of a member, by a path with dots inside `spec`."""
    found: Any = proposed["spec"]
    for name in path.split("."):
        found = found[name]
    return base64.b64decode(found)


def replaced(proposed: dict[str, Any], path: str, content: object) -> dict[str, Any]:
    """Return an entry with another member; bytes become base64."""
    changed = copy.deepcopy(proposed)
    *parents, last = path.split(".")
    target: Any = changed["spec"]
    for name in parents:
        target = target[name]
    target[last] = base64.b64encode(content).decode() if isinstance(content, bytes) else content
    return changed


def altered(proposed: dict[str, Any], path: str, change: Callable[[bytes], bytes]) -> dict[str, Any]:
    """Return an entry with a changed member."""
    return replaced(proposed, path, change(member(proposed, path)))
