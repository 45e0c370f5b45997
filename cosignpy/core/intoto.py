"""in-toto statements (in-toto attestation spec v1, statement.md and resource_descriptor.md)."""

from collections.abc import Mapping
from typing import Final

from cosignpy.core.digest import ALL_HEX_LENGTHS, Digest
from cosignpy.core.encoding import JsonObject, JsonValue, encode_json
from cosignpy.values import field, value

STATEMENT_V1: Final = "https://in-toto.io/Statement/v1"
STATEMENT_V01: Final = "https://in-toto.io/Statement/v0.1"
STATEMENT_TYPES: Final = frozenset({STATEMENT_V1, STATEMENT_V01})

COSIGN_SIGN_V1: Final = "https://sigstore.dev/cosign/sign/v1"
"""The predicate type that makes a statement a signature rather than an attestation."""

MAX_SUBJECTS: Final = 1024
"""What every released Sigstore verifier accepts at the most."""


@value
class Subject:
    """An artifact a statement is about. Digests of algorithms we do not know are kept out."""

    digests: tuple[Digest, ...]
    name: str = ""
    annotations: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, found: JsonObject) -> "Subject":
        """Read one resource descriptor.

        Raises:
            MalformedError: A member of the wrong type, or a known digest that is not one.
        """
        digests = found.string_map("digest")
        return cls(
            digests=tuple(Digest(name, digests[name]) for name in ALL_HEX_LENGTHS if name in digests),
            name=found.optional_text("name"),
            annotations=found.string_map("annotations"),
        )


@value
class Statement:
    """Who says nothing, what says all: subjects, and a typed predicate about them."""

    subjects: tuple[Subject, ...]
    predicate_type: str
    predicate: JsonValue = field(default_factory=dict)

    @classmethod
    def parse(cls, payload: bytes) -> "Statement":
        """Parse a statement of version 0.1 or 1.

        Raises:
            MalformedError: Not strict JSON, not a statement, or without a predicate type.
            LimitExceeded: Too many subjects.
        """
        found = JsonObject.parse(payload, what="in-toto statement")
        if found.text("_type") not in STATEMENT_TYPES:
            raise found.malformed("_type", f"{found.text('_type')!r} is not a statement type we know")
        return cls(
            subjects=tuple(Subject.parse(item) for item in found.children("subject", most=MAX_SUBJECTS)),
            predicate_type=found.text("predicateType"),
            predicate=found.members.get("predicate"),
        )

    def forget(self) -> "Statement":
        """Return it without its predicate: of a large one that is most of the memory, and its octets are kept."""
        return Statement(self.subjects, self.predicate_type, None)


def build_signature_statement(digest: Digest, annotations: Mapping[str, str], name: str = "") -> bytes:
    """Build the statement `cosign sign` signs for an image, byte for byte what cosign v3 writes.

    `name` (the image's identity) is left out unless given: cosign signs none.
    """
    subject: dict[str, JsonValue] = {"name": name} if name else {}
    subject |= {"digest": {digest.algorithm: digest.hex}, "annotations": dict(sorted(annotations.items()))}
    return encode_json({"_type": STATEMENT_V1, "subject": [subject], "predicateType": COSIGN_SIGN_V1, "predicate": {}})
