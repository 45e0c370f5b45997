"""Statements around predicates (in-toto attestations, v1): a predicate goes in as it is, to the last digit."""

from collections.abc import Sequence
from typing import Final

from cosignpy.core.digest import Digest
from cosignpy.core.encoding import JsonValue, encode_json, parse_json
from cosignpy.core.intoto import MAX_SUBJECTS, STATEMENT_V1, Statement
from cosignpy.core.predicates.faults import explain_fault
from cosignpy.errors import LimitExceeded, MalformedError, UsageError
from cosignpy.values import field, value

MAX_PREDICATE: Final = 64 << 20
"""Octets of a predicate. In base64, in a bundle, they are 86 MB; verifiers read 128 (COSIGN_MAX_ATTACHMENT_SIZE)."""


@value
class Predicate:
    """A predicate, parsed once: its octets, which are signed without the white space around them, and what they say."""

    octets: bytes = field(repr=False)
    content: JsonValue = field(repr=False)

    @classmethod
    def parse(cls, raw: bytes) -> "Predicate":
        """Parse bytes that must hold one JSON object.

        Raises:
            MalformedError: Not strict JSON; with its line.
            LimitExceeded: Larger or deeper than any.
        """
        refuse_size(raw, "predicate")
        content = parse_with_line(raw, "predicate")
        if not isinstance(content, dict):
            raise MalformedError("predicate", "expected a JSON object")
        return cls(raw, content)

    @classmethod
    def of_text(cls, text: str) -> "Predicate":
        """Make a predicate of a text that is no JSON: one JSON string, as cosign has SPDX in tag-value form."""
        return cls(encode_json(text), text)

    @property
    def is_text(self) -> bool:
        """Whether it is one text and no object, which not every verifier reads."""
        return self.octets.lstrip().startswith(b'"')

    def forget(self) -> "Predicate":
        """Return it without what it says: of a large one that is most of the memory, and its octets are signed."""
        return Predicate(self.octets, None)


def refuse_size(raw: bytes, what: str) -> None:
    """Refuse what verifiers would not read.

    Raises:
        LimitExceeded: It is too large.
    """
    if len(raw) > MAX_PREDICATE:
        raise LimitExceeded(what, f"{len(raw)} bytes, at most {MAX_PREDICATE} are signed")


def parse_with_line(raw: bytes, what: str) -> JsonValue:
    """Parse strict JSON that people write: errors name their line.

    Raises:
        MalformedError: Not strict JSON.
        LimitExceeded: Deeper than any.
    """
    try:
        return parse_json(raw, what=what)
    except MalformedError as error:
        raise explain_fault(raw, error) from error


def parse_statement(raw: bytes) -> Statement:
    """Parse a statement that people write: errors name their line, as those of predicates do.

    Raises:
        MalformedError: Not a statement.
        LimitExceeded: Larger, deeper, or about more than any.
    """
    refuse_size(raw, "statement")
    try:
        return Statement.parse(raw)
    except MalformedError as error:
        raise explain_fault(raw, error) from error


@value
class NamedArtifact:
    """What a statement is about: its digest, and its name where it has one."""

    name: str
    digest: Digest


def build_statement(artifacts: Sequence[NamedArtifact], predicate_type: str, predicate: bytes | Predicate) -> bytes:
    """Build a statement around a predicate, whose octets are kept as they are: no number changes its form.

    Raises:
        MalformedError: The predicate is not one JSON object.
        LimitExceeded: A predicate larger than any, or more artifacts than verifiers read.
    """
    known = predicate if isinstance(predicate, Predicate) else Predicate.parse(predicate)
    if len(artifacts) > MAX_SUBJECTS:
        raise LimitExceeded("statement", f"about {len(artifacts)} artifacts, verifiers read {MAX_SUBJECTS}")
    subjects: list[JsonValue] = [_describe(artifact) for artifact in artifacts]
    head = encode_json({"_type": STATEMENT_V1, "subject": subjects, "predicateType": predicate_type})
    return b"".join((head[:-1], b',"predicate":', known.octets.strip(), b"}"))


def _describe(artifact: NamedArtifact) -> JsonValue:
    name: dict[str, JsonValue] = {"name": artifact.name} if artifact.name else {}
    return {**name, "digest": {artifact.digest.algorithm: artifact.digest.hex}}


def check_statement(raw: bytes, artifacts: Sequence[NamedArtifact]) -> bytes:
    """Return a statement that somebody else wrote, once it is shown to be one, about all of these.

    Raises:
        MalformedError: Not a statement.
        LimitExceeded: Larger than any.
        UsageError: It is not about one of them.
    """
    subjects = parse_statement(raw).subjects
    for artifact in artifacts:
        if not any(artifact.digest in subject.digests for subject in subjects):
            raise UsageError(f"the statement is not about {artifact.name} ({artifact.digest})")
    return raw
