"""What a condition is told beside the document: what was shown of a signature (docs/policies.md, Conditions).

It is an element of `signatures` of the evidence (docs/formats/evidence.md) without what is long and says nothing to a
condition. All members about certificate, times and logs are there, be they empty, so that a condition can ask.
"""

from cosignpy.core.digest import Digest
from cosignpy.core.encoding import JsonValue
from cosignpy.core.verify.evidence import VerifiedSignature
from cosignpy.core.verify.findings import CertificateFinding, LogEntryFinding
from cosignpy.core.verify.shown import certificate_to_json, entry_to_json, signature_to_json
from cosignpy.core.x509.fulcio_names import NUMBERS


def describe_signature(signature: VerifiedSignature) -> dict[str, JsonValue]:
    """Return what was shown of a signature."""
    nobody: dict[str, JsonValue] = {"certificate": None, "times": [], "logEntries": []}
    found = nobody | signature_to_json(signature)
    if "statement" in found:
        found["statement"] = {"digest": str(Digest.of(signature.claim.payload))}
    if signature.proof is not None:
        certificate = signature.proof.certificate
        found["certificate"] = None if certificate is None else _describe_certificate(certificate)
        found["logEntries"] = [_describe_entry(each) for each in signature.proof.entries]
    return found


def _describe_certificate(certificate: CertificateFinding) -> JsonValue:
    """Name extensions as policies do; their numbers are there too."""
    said = certificate.identity.extensions
    named = {name: said[number] for name, number in NUMBERS.items() if number in said}
    found = certificate_to_json(certificate)
    del found["der"]
    return found | {"extensions": {**{str(number): text for number, text in said.items()}, **named}}


def _describe_entry(entry: LogEntryFinding) -> JsonValue:
    found = entry_to_json(entry)
    del found["checkpoint"]
    return found
