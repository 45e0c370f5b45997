"""Trusted roots and signing configs for people and for programs; what strangers wrote in them is escaped."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Final

from cosignpy.cli.invocation import printable
from cosignpy.core.encoding import JsonValue, encode_b64
from cosignpy.core.trust.problems import Problem, Severity
from cosignpy.core.trust.trusted_root import CertificateAuthority, TransparencyLog, TrustedRoot
from cosignpy.core.trust.validity import Validity, encode_time, encode_validity
from cosignpy.core.x509.certificate import Certificate

_LOGS: Final = {"logs": "Transparency logs", "ctLogs": "Certificate transparency logs"}
_AUTHORITIES: Final = {
    "certificateAuthorities": "Certificate authorities",
    "timestampAuthorities": "Timestamp authorities",
}


def trusted_root_to_json(root: TrustedRoot, moment: datetime) -> dict[str, JsonValue]:
    """Return what a trusted root says, and what of it is in use at a moment."""
    return {
        "mediaType": root.media_type,
        "at": encode_time(moment),
        "logs": [_log_to_json(log, moment) for log in root.logs],
        "certificateAuthorities": [_authority_to_json(each, moment) for each in root.certificate_authorities],
        "ctLogs": [_log_to_json(log, moment) for log in root.ct_logs],
        "timestampAuthorities": [_authority_to_json(each, moment) for each in root.timestamp_authorities],
    }


def trusted_root_lines(root: TrustedRoot, moment: datetime) -> Iterator[str]:
    """Write the same for a person."""
    found = trusted_root_to_json(root, moment)
    for name, title in _LOGS.items():
        yield f"{title}: {len(found[name])}"
        for log in found[name]:
            yield from _headline(log["url"], log)
            known = "" if log["usable"] else ", of a kind that is not known: nothing of it can be verified"
            yield f"    key          {log['keyDetails']}{known}"
            yield f"    fingerprint  {log['fingerprint']}"
            yield f"    log id       {log['logId']}"
    for name, title in _AUTHORITIES.items():
        yield f"{title}: {len(found[name])}"
        for authority in found[name]:
            yield from _headline(authority["uri"], authority)
            for certificate in authority["certificates"]:
                yield f"    certificate  {printable(certificate['subject'])}"
                yield f"                 {certificate['state']}, {_span(certificate['validFor'])}"
                yield f"                 {certificate['fingerprint']}"


def problems_to_json(problems: Sequence[Problem]) -> dict[str, JsonValue]:
    """Return what a lint found."""
    return {
        "problems": [
            {"severity": problem.severity.value, "place": problem.place, "why": problem.why} for problem in problems
        ]
    }


def problem_lines(problems: Sequence[Problem]) -> Iterator[str]:
    """Write what a lint found for a person, the worst first."""
    for problem in sorted(problems, key=lambda each: each.severity is not Severity.ERROR):
        yield printable(str(problem))
    if not problems:
        yield "no problems found"


def state_of(validity: Validity, moment: datetime) -> str:
    """Return in a word whether something is in use at a moment."""
    if validity.begins_after(moment):
        return "not yet valid"
    if validity.ended_before(moment):
        return "expired"
    return "valid" if validity.start else "without a start"


def _log_to_json(log: TransparencyLog, moment: datetime) -> dict[str, JsonValue]:
    return {
        "url": log.base_url,
        "operator": log.operator,
        "state": state_of(log.validity, moment),
        "validFor": encode_validity(log.validity),
        "keyDetails": printable(log.key_details),
        "usable": log.key is not None,
        "fingerprint": _fingerprint(log.raw_key),
        "logId": encode_b64(log.log_id),
        "checkpointKeyId": None if log.checkpoint_key_id is None else encode_b64(log.checkpoint_key_id),
    }


def _authority_to_json(authority: CertificateAuthority, moment: datetime) -> dict[str, JsonValue]:
    return {
        "uri": authority.uri,
        "operator": authority.operator,
        "organization": authority.organization,
        "commonName": authority.common_name,
        "state": state_of(authority.validity, moment),
        "validFor": encode_validity(authority.validity),
        "certificates": [_certificate_to_json(each, moment) for each in authority.chain],
    }


def _certificate_to_json(certificate: Certificate, moment: datetime) -> dict[str, JsonValue]:
    validity = Validity(certificate.not_before, certificate.not_after)
    return {
        "subject": certificate.subject_name,
        "state": state_of(validity, moment),
        "validFor": encode_validity(validity),
        "fingerprint": _fingerprint(certificate.der),
    }


def _fingerprint(content: bytes) -> str:
    return f"sha256:{sha256(content).hexdigest()}"


def _headline(place: str, found: dict[str, JsonValue]) -> Iterator[str]:
    yield f"  {printable(place) or '(no address)'}"
    yield f"    {found['state']}, {_span(found['validFor'])}"
    names = [found["operator"], found.get("organization", ""), found.get("commonName", "")]
    if any(names):
        yield f"    {printable(', '.join(name for name in names if name))}"


def _span(times: dict[str, str]) -> str:
    start, end = times.get("start"), times.get("end")
    return " ".join([f"from {start}" if start else "from nobody knows when", *([f"to {end}"] if end else [])])
