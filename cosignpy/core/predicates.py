"""Predicate types by the names that cosign gives them, and statements around predicates (in-toto attestations, v1)."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from cosignpy.core.digest import Digest
from cosignpy.core.encoding import JsonObject, JsonValue, encode_json
from cosignpy.core.intoto import MAX_SUBJECTS, STATEMENT_V1, Statement
from cosignpy.errors import LimitExceeded, UsageError
from cosignpy.values import value

CUSTOM: Final = "https://cosign.sigstore.dev/attestation/v1"

PREDICATE_TYPES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "custom": CUSTOM,
        "slsaprovenance": "https://slsa.dev/provenance/v0.2",
        "slsaprovenance02": "https://slsa.dev/provenance/v0.2",
        "slsaprovenance1": "https://slsa.dev/provenance/v1",
        "spdx": "https://spdx.dev/Document",
        "spdxjson": "https://spdx.dev/Document",
        "cyclonedx": "https://cyclonedx.org/bom",
        "link": "https://in-toto.io/Link/v1",
        "vuln": "https://cosign.sigstore.dev/attestation/vuln/v1",
        "openvex": "https://openvex.dev/ns",
    }
)
"""What `--type` may say besides a URI (cosign, `--type` of `attest`)."""

MAX_PREDICATE: Final = 10 << 20
"""Octets of a predicate; in base64, and in a bundle, they are what verifiers still read."""


def select_predicate_type(name: str) -> str:
    """Return the URI of a predicate type.

    Raises:
        UsageError: Neither a name that is known nor a URI.
    """
    found = PREDICATE_TYPES.get(name)
    if found is not None:
        return found
    if ":" not in name or not name.isprintable() or " " in name:
        raise UsageError(f"{name!r} is not a predicate type", f"a URI, or one of {', '.join(PREDICATE_TYPES)}")
    return name


@value
class NamedArtifact:
    """What a statement is about: its name, and its digest."""

    name: str
    digest: Digest


def build_statement(artifacts: Sequence[NamedArtifact], predicate_type: str, predicate: bytes) -> bytes:
    """Build a statement around a predicate, whose octets are kept as they are: no number changes its form.

    Raises:
        MalformedError: The predicate is not one JSON object.
        LimitExceeded: A predicate larger than any, or more artifacts than verifiers read.
    """
    if len(predicate) > MAX_PREDICATE:
        raise LimitExceeded("predicate", f"{len(predicate)} bytes, at most {MAX_PREDICATE} are signed")
    if len(artifacts) > MAX_SUBJECTS:
        raise LimitExceeded("statement", f"about {len(artifacts)} artifacts, verifiers read {MAX_SUBJECTS}")
    JsonObject.parse(predicate, what="predicate")
    subjects: list[JsonValue] = [
        {"name": artifact.name, "digest": {artifact.digest.algorithm: artifact.digest.hex}} for artifact in artifacts
    ]
    head = encode_json({"_type": STATEMENT_V1, "subject": subjects, "predicateType": predicate_type})
    return head[:-1] + b',"predicate":' + predicate.strip() + b"}"


def check_statement(raw: bytes, artifacts: Sequence[NamedArtifact]) -> bytes:
    """Return a statement that somebody else wrote, once it is shown to be one, about all of these.

    Raises:
        MalformedError: Not a statement.
        LimitExceeded: Larger than any.
        UsageError: It is not about one of them.
    """
    if len(raw) > MAX_PREDICATE:
        raise LimitExceeded("statement", f"{len(raw)} bytes, at most {MAX_PREDICATE} are signed")
    subjects = Statement.parse(raw).subjects
    for artifact in artifacts:
        if not any(artifact.digest in subject.digests for subject in subjects):
            raise UsageError(f"the statement is not about {artifact.name} ({artifact.digest})")
    return raw
