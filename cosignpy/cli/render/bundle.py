"""What `verify-blob` found: a few lines for a person, or JSON; `Verified OK` on stderr, where cosign says it."""

from collections.abc import Iterator

from cosignpy.cli.invocation import CURRENT, Output
from cosignpy.cli.render.errors import one_line
from cosignpy.core.encoding import JsonValue, encode_b64, encode_json
from cosignpy.core.verify.findings import CertificateFinding, LogEntryFinding, ObservedTime, VerifiedBundle

BUNDLE_SCHEMA = "cosignpy/bundle-evidence/v1"


def render_bundle(name: str, found: VerifiedBundle, output: Output) -> None:
    """Print what was proved."""
    CURRENT.say("Verified OK")
    if output is Output.JSON:
        CURRENT.print(encode_json(bundle_evidence(name, found)).decode())
        return
    for line in text_lines(found):
        CURRENT.print(one_line(line))


def text_lines(found: VerifiedBundle) -> Iterator[str]:
    """Write it for a person."""
    if found.certificate is not None:
        yield f"signed by      {', '.join(found.certificate.identity.names)}"
        yield f"vouched for    by {found.certificate.identity.issuer}, certified by {found.certificate.authority}"
    else:
        yield f"signed by      {found.key.algorithm.key} key {found.key.fingerprint}"
    yield from proof_lines(found)
    if found.predicate_type:
        yield f"says           {found.predicate_type}"
    for waiver in waivers(found):
        yield f"not checked    {waiver}"


def proof_lines(found: VerifiedBundle) -> Iterator[str]:
    """Write for a person when it was signed, and where that can be seen."""
    for time in found.times:
        yield f"not later than {time.moment.isoformat()}, says {time.authority or 'nobody'} ({time.source})"
    for entry in found.entries:
        yield f"logged         as entry {entry.log_index} of {entry.log}"


def waivers(found: VerifiedBundle) -> Iterator[str]:
    """Say what was not asked for, and why."""
    if found.log_waived is not None:
        yield f"transparency log ({found.log_waived.waived_because})"
    if found.certificate is not None and found.certificate.scts_waived_because:
        yield f"certificate transparency ({found.certificate.scts_waived_because})"


def bundle_evidence(name: str, found: VerifiedBundle) -> dict[str, JsonValue]:
    """Return the evidence document (docs/formats/bundle.md)."""
    return {
        "schema": BUNDLE_SCHEMA,
        "artifact": name,
        "digests": {algorithm: digest.hex() for algorithm, digest in sorted(found.digests.items())},
        "key": {"fingerprint": found.key.fingerprint, "algorithm": found.algorithm.name},
        **proof_to_json(found),
        "predicateType": found.predicate_type or None,
        "payload": encode_b64(found.payload) if found.payload else None,
        "notChecked": list(waivers(found)),
    }


def proof_to_json(found: VerifiedBundle) -> dict[str, JsonValue]:
    """Return what certificate, authorities and logs show."""
    return {
        "certificate": _certificate(found.certificate) if found.certificate is not None else None,
        "times": [_time(time) for time in found.times],
        "logEntries": [_entry(entry) for entry in found.entries],
    }


def _certificate(found: CertificateFinding) -> JsonValue:
    return {
        "names": list(found.identity.names),
        "issuer": found.identity.issuer,
        "extensions": {str(number): text for number, text in sorted(found.identity.extensions.items())},
        "authority": found.authority,
        "scts": [{"log": sct.log, "time": sct.moment.isoformat()} for sct in found.scts],
        "der": encode_b64(found.der),
    }


def _time(time: ObservedTime) -> JsonValue:
    return {"time": time.moment.isoformat(), "source": time.source.value, "authority": time.authority}


def _entry(entry: LogEntryFinding) -> JsonValue:
    proven = entry.inclusion
    return {
        "log": entry.log,
        "logId": entry.log_id.hex(),
        "logIndex": entry.log_index,
        "kind": entry.kind,
        "promised": entry.integrated_time.isoformat() if entry.integrated_time is not None else None,
        "checkpoint": proven.checkpoint if proven is not None else None,
    }
