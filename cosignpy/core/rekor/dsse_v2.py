"""A DSSE envelope in Rekor v2 before rekor-tiles 2.3: dsse 0.0.2 (rekor-tiles v2.2, api/proto/rekor/v2/dsse.proto).

No log writes it any more, an envelope is logged as a hashedrekord over its PAE. Signatures of that time are still read.
"""

from typing import Final

from cosignpy.core.encoding import JsonObject, JsonValue, encode_b64
from cosignpy.core.rekor.body import encode_body, parse_spec, refuse_other_spelling
from cosignpy.core.rekor.dsse import KIND, MAX_SIGNATURES
from cosignpy.core.rekor.hashedrekord import DIGEST_SIZES, VerifierForm, parse_form
from cosignpy.errors import MalformedError
from cosignpy.values import value

V002: Final = "0.0.2"


@value
class TiledSignature:
    """One signature of the envelope, and who made it, as in a hashedrekord 0.0.2."""

    signature: bytes
    key_details: str
    form: VerifierForm
    verifier: bytes


@value
class DsseV002:
    """A dsse 0.0.2: the digest of the payload by an algorithm of protobuf-specs, and the signatures."""

    algorithm: str
    payload_digest: bytes
    signatures: tuple[TiledSignature, ...]

    def __post_init__(self) -> None:
        """Refuse an entry that nobody signed.

        Raises:
            MalformedError: No signature, an unknown algorithm, or a digest of another length.
        """
        if DIGEST_SIZES.get(self.algorithm) != len(self.payload_digest):
            raise MalformedError(f"{KIND} entry", f"a digest of {len(self.payload_digest)} bytes by {self.algorithm!r}")
        if not self.signatures:
            raise MalformedError(f"{KIND} entry", "no signatures")

    @classmethod
    def parse(cls, raw: bytes) -> "DsseV002":
        """Parse an entry body.

        Raises:
            MalformedError: Not the canonical body of a dsse 0.0.2.
            LimitExceeded: More than `MAX_SIGNATURES`.
        """
        spec = parse_spec(raw, KIND, V002)
        spec.refuse_unknown("dsseV002")
        found = spec.child("dsseV002")
        found.refuse_unknown("payloadHash", "signatures")
        digest = found.child("payloadHash")
        digest.refuse_unknown("algorithm", "digest")
        entry = cls(
            algorithm=digest.text("algorithm"),
            payload_digest=digest.b64("digest"),
            signatures=tuple([_parse_signature(item) for item in found.children("signatures", most=MAX_SIGNATURES)]),
        )
        refuse_other_spelling(raw, entry.encode(), KIND)
        return entry

    def encode(self) -> bytes:
        """Encode the canonical body.

        Raises:
            MalformedError: A text that canonical JSON cannot express.
        """
        signatures: list[JsonValue] = [
            {
                "content": encode_b64(item.signature),
                "verifier": {"keyDetails": item.key_details, str(item.form): {"rawBytes": encode_b64(item.verifier)}},
            }
            for item in self.signatures
        ]
        digest = {"algorithm": self.algorithm, "digest": encode_b64(self.payload_digest)}
        return encode_body(KIND, V002, {"dsseV002": {"payloadHash": digest, "signatures": signatures}})


def _parse_signature(found: JsonObject) -> TiledSignature:
    found.refuse_unknown("content", "verifier")
    verifier = found.child("verifier")
    form = parse_form(verifier)
    return TiledSignature(found.b64("content"), verifier.text("keyDetails"), form, verifier.child(form).b64("rawBytes"))
