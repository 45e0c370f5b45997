"""What was shown of a signature, and how far it went where something was not, as JSON (docs/formats/evidence.md)."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from cosignpy.core.encoding import JsonValue, encode_b64
from cosignpy.core.verify.findings import (
    CertificateFinding,
    LogEntryFinding,
    ObservedTime,
    ProvenInclusion,
    TimeSource,
    VerifiedBundle,
)
from cosignpy.core.verify.steps import StepFinding
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


def proof_to_json(found: VerifiedBundle | Trail) -> dict[str, JsonValue]:
    """Return what certificate, authorities and logs show."""
    return {
        "certificate": _certificate(found.certificate) if found.certificate is not None else None,
        "times": [_time(time) for time in found.times],
        "logEntries": [_entry(entry) for entry in found.entries],
    }


def steps_to_json(steps: Sequence[StepFinding]) -> list[JsonValue]:
    """Return what became of each step."""
    return [_step(each) for each in steps]


def refused_steps_to_json(trail: Trail | None) -> dict[str, JsonValue]:
    """Return how far a verification came that ended in a refusal, and what it had shown by then."""
    if trail is None:
        return {}
    return {"step": trail.current.value, "steps": steps_to_json(trail.steps_until_refusal()), **proof_to_json(trail)}


def _step(found: StepFinding) -> JsonValue:
    shown: dict[str, JsonValue] = {"step": found.step.value, "outcome": found.outcome.value}
    return shown | ({"waivedBecause": found.waived_because} if found.waived_because else {})


def _certificate(found: CertificateFinding) -> JsonValue:
    return {
        "names": list(found.identity.names),
        "issuer": found.identity.issuer,
        "extensions": {str(number): text for number, text in sorted(found.identity.extensions.items())},
        "authority": found.authority,
        "authorityCertificate": f"sha256:{found.issuer.hex()}",
        "scts": [{"log": sct.log, "logId": sct.log_id.hex(), "time": sct.moment.isoformat()} for sct in found.scts],
        "der": encode_b64(found.der),
    }


def _time(time: ObservedTime) -> JsonValue:
    shown: dict[str, JsonValue] = {
        "time": time.moment.isoformat(),
        "source": time.source.value,
        "authority": time.authority,
    }
    if time.source is TimeSource.TIMESTAMP_AUTHORITY:
        shown["certificate"] = f"sha256:{time.signer.hex()}"
    elif time.source is TimeSource.LOG:
        shown["logId"] = time.signer.hex()
    return shown


def _entry(entry: LogEntryFinding) -> JsonValue:
    proven = entry.inclusion
    return {
        "log": entry.log,
        "logId": entry.log_id.hex(),
        "logIndex": entry.log_index,
        "kind": entry.kind,
        "promised": entry.integrated_time.isoformat() if entry.integrated_time is not None else None,
        "inclusion": _inclusion(proven) if proven is not None else None,
        "checkpoint": proven.checkpoint if proven is not None else None,
    }


def _inclusion(proven: ProvenInclusion) -> JsonValue:
    return {
        "origin": proven.origin,
        "index": proven.index,
        "treeSize": proven.size,
        "rootHash": proven.root.hex(),
    }
