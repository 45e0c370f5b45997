"""What the API server wrote into its audit log."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.interop.cluster.api_client import Json
from tests.interop.cluster.program import await_true


@dataclass(frozen=True, slots=True)
class AuditLog:
    """A file with an event per line; an event is written soon after the answer that it is about."""

    file: Path

    def events(self, namespace: str, name: str, verb: str = "create") -> list[Json]:
        """Return the events about an object, the oldest first; a line that is being written is left out."""
        if not self.file.exists():
            return []
        complete = self.file.read_text().rpartition("\n")[0]
        found = [json.loads(line) for line in complete.splitlines() if f'"{name}"' in line]
        return [event for event in found if event["verb"] == verb and _is_about(event, namespace, name)]

    def annotations(self, namespace: str, name: str, verb: str = "create") -> Mapping[str, str]:
        """Wait for an event about an object, and return what the last one is annotated with.

        Raises:
            ProgramError: There is none.
        """
        await_true(lambda: bool(self.events(namespace, name, verb)), f"an audit event of {verb} {namespace}/{name}")
        annotations: Mapping[str, str] = self.events(namespace, name, verb)[-1].get("annotations", {})
        return annotations


def _is_about(event: Json, namespace: str, name: str) -> bool:
    about = event.get("objectRef", {})
    return bool(about.get("namespace", "") == namespace and about.get("name", "") == name)
