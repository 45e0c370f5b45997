"""What was shown of a signature, as JSON (docs/formats/evidence.md)."""

import hashlib
from collections.abc import Sequence

from cosignpy.core.encoding import JsonValue, encode_b64
from cosignpy.core.intoto import Subject
from cosignpy.core.verify.evidence import VerifiedSignature
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


def signature_to_json(signature: VerifiedSignature) -> dict[str, JsonValue]:
    """Return one signature that counts, as docs/formats/evidence.md describes it."""
    return {
        "location": signature.location,
        "format": signature.claim.format.value,
        "type": signature.claim.type,
        "key": {"fingerprint": signature.key.fingerprint, "algorithm": signature.algorithm.name},
        "signed": {
            "digest": str(signature.digest),
            "dockerReference": signature.claim.docker_reference,
            "annotations": dict(signature.claim.annotations),
        },
        **_statement_to_json(signature),
        "steps": steps_to_json(signature.steps),
        **_proof_to_json(signature),
    }


def _statement_to_json(signature: VerifiedSignature) -> dict[str, JsonValue]:
    subjects = signature.attested_subjects
    return {"statement": statement_to_json(signature.claim.payload, subjects)} if subjects else {}


def _proof_to_json(signature: VerifiedSignature) -> dict[str, JsonValue]:
    """What was asked of others; a log that was not asked says why."""
    log: JsonValue = {"checked": True}
    if signature.log is not None:
        log = {"checked": False, "waivedBecause": signature.log.waived_because}
    return {"transparencyLog": log} | (proof_to_json(signature.proof) if signature.proof is not None else {})


def statement_to_json(payload: bytes, subjects: Sequence[Subject]) -> dict[str, JsonValue]:
    """Return the digest of a statement, by which it is told from every other, and all that it is about."""
    about: list[JsonValue] = [
        {"name": subject.name, "digests": [str(digest) for digest in subject.digests]} for subject in subjects
    ]
    return {"digest": f"sha256:{hashlib.sha256(payload).hexdigest()}", "subjects": about}


def proof_to_json(found: VerifiedBundle | Trail) -> dict[str, JsonValue]:
    """Return what certificate, authorities and logs show."""
    return {
        "certificate": certificate_to_json(found.certificate) if found.certificate is not None else None,
        "times": [_time(time) for time in found.times],
        "logEntries": [entry_to_json(entry) for entry in found.entries],
    }


def steps_to_json(steps: Sequence[StepFinding]) -> list[JsonValue]:
    """Return what became of each step."""
    return [_step(each) for each in steps]


def _step(found: StepFinding) -> JsonValue:
    shown: dict[str, JsonValue] = {"step": found.step.value, "outcome": found.outcome.value}
    return shown | ({"waivedBecause": found.waived_because} if found.waived_because else {})


def certificate_to_json(found: CertificateFinding) -> dict[str, JsonValue]:
    """Return who a certificate names, and who vouches for that."""
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


def entry_to_json(entry: LogEntryFinding) -> dict[str, JsonValue]:
    """Return where a signature can be seen."""
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
