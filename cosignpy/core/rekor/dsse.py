"""A DSSE envelope in Rekor v1: dsse 0.0.1 (rekor, pkg/types/dsse/v0.0.1/dsse_v0_0_1_schema.json).

The log keeps hashes of the envelope and of its payload, and each signature with who made it.
"""

from typing import Final

from cosignpy.core.encoding import JsonObject, encode_b64
from cosignpy.core.rekor.body import EntryHash, encode_body, parse_spec, refuse_other_spelling
from cosignpy.errors import MalformedError
from cosignpy.values import value

KIND: Final = "dsse"
V001: Final = "0.0.1"
MAX_SIGNATURES: Final = 64
"""Signatures read from one entry; the ones that are seen hold one, and a server refuses more than a few."""


@value
class LoggedSignature:
    """One signature of the envelope, and the PEM of who made it."""

    signature: bytes
    verifier: bytes

    @property
    def text(self) -> str:
        """The signature in base64, by which signatures are sorted."""
        return encode_b64(self.signature)


@value
class DsseV001:
    """A dsse 0.0.1: `envelope_hash` is over the envelope's JSON exactly as it was sent."""

    envelope_hash: EntryHash
    payload_hash: EntryHash
    signatures: tuple[LoggedSignature, ...]

    def __post_init__(self) -> None:
        """Refuse an entry that nobody signed.

        Raises:
            MalformedError: No signature, or a hash that is not SHA-256.
        """
        if not self.signatures:
            raise MalformedError(f"{KIND} entry", "no signatures")
        if {self.envelope_hash.algorithm, self.payload_hash.algorithm} != {"sha256"}:
            raise MalformedError(f"{KIND} entry", "a hash that is not sha256")

    @classmethod
    def parse(cls, raw: bytes) -> "DsseV001":
        """Parse an entry body.

        Raises:
            MalformedError: Not the canonical body of a dsse 0.0.1.
            LimitExceeded: More than `MAX_SIGNATURES`.
        """
        spec = parse_spec(raw, KIND, V001)
        spec.refuse_unknown("envelopeHash", "payloadHash", "signatures")
        entry = cls(
            envelope_hash=EntryHash.parse(spec.child("envelopeHash")),
            payload_hash=EntryHash.parse(spec.child("payloadHash")),
            signatures=tuple(_parse_signature(item) for item in spec.children("signatures", most=MAX_SIGNATURES)),
        )
        refuse_other_spelling(raw, entry.encode(), KIND)
        return entry

    def encode(self) -> bytes:
        """Encode the canonical body, signatures sorted by their base64."""
        signatures = [
            {"signature": item.text, "verifier": encode_b64(item.verifier)}
            for item in sorted(self.signatures, key=lambda item: item.text)
        ]
        hashes = {"envelopeHash": self.envelope_hash.json, "payloadHash": self.payload_hash.json}
        return encode_body(KIND, V001, {**hashes, "signatures": signatures})


def _parse_signature(found: JsonObject) -> LoggedSignature:
    found.refuse_unknown("signature", "verifier")
    return LoggedSignature(found.b64("signature"), found.b64("verifier"))
