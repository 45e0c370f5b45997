"""What evidence begins with, and how far a verification went that was refused, as JSON (docs/formats/evidence.md)."""

from datetime import UTC, datetime
from typing import Final

from cosignpy.core.encoding import JsonValue
from cosignpy.core.verify.shown import proof_to_json, steps_to_json
from cosignpy.core.verify.trail import Trail
from cosignpy.version import VERSION

EVIDENCE_SCHEMA: Final = "cosignpy/evidence/v1"
"""Of what was verified of images."""
BUNDLE_SCHEMA: Final = "cosignpy/bundle-evidence/v1"
"""Of what was verified of a file."""


def head_to_json(schema: str, code: int) -> dict[str, JsonValue]:
    """Return what each evidence begins with: who verified, when by this machine's clock, and how it ended."""
    return {
        "schema": schema,
        "tool": f"cosignpy {VERSION}",
        "checkedAt": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "verified": code == 0,
        "exitCode": code,
    }


def refused_steps_to_json(trail: Trail | None) -> dict[str, JsonValue]:
    """Return how far a verification came that ended in a refusal, and what it had shown by then."""
    if trail is None:
        return {}
    return {"step": trail.current.value, "steps": steps_to_json(trail.steps_until_refusal()), **proof_to_json(trail)}
