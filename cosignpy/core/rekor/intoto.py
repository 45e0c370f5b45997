"""An attestation in Rekor v1: intoto 0.0.1 and 0.0.2 (rekor, pkg/types/intoto/v0.0.*/intoto_v0_0_*_schema.json).

In 0.0.2 signatures and payload are base64 twice, because the API takes the texts of an envelope as bytes.
"""

from typing import Final

from cosignpy.core.encoding import JsonObject, JsonValue, decode_b64, encode_b64
from cosignpy.core.rekor.body import EntryHash, encode_body, parse_spec, refuse_other_spelling
from cosignpy.core.rekor.dsse import MAX_SIGNATURES
from cosignpy.errors import MalformedError
from cosignpy.values import value

KIND: Final = "intoto"
V001: Final = "0.0.1"
V002: Final = "0.0.2"


@value
class IntotoV001:
    """An intoto 0.0.1; `payload_hash` is missing from entries of before Rekor 0.6."""

    envelope_hash: EntryHash
    verifier: bytes
    payload_hash: EntryHash | None = None

    def __post_init__(self) -> None:
        """Refuse hashes that the schema does not know.

        Raises:
            MalformedError: Not SHA-256.
        """
        _refuse_other_hashes(self.envelope_hash, self.payload_hash or self.envelope_hash)

    @classmethod
    def parse(cls, raw: bytes) -> "IntotoV001":
        """Parse an entry body.

        Raises:
            MalformedError: Not the canonical body of an intoto 0.0.1.
        """
        spec = parse_spec(raw, KIND, V001)
        spec.refuse_unknown("content", "publicKey")
        content = spec.child("content")
        content.refuse_unknown("hash", "payloadHash")
        payload_hash = content.optional_child("payloadHash")
        entry = cls(
            envelope_hash=EntryHash.parse(content.child("hash")),
            verifier=spec.b64("publicKey"),
            payload_hash=EntryHash.parse(payload_hash) if payload_hash else None,
        )
        refuse_other_spelling(raw, entry.encode(), KIND)
        return entry

    def encode(self) -> bytes:
        """Encode the canonical body."""
        content = {"hash": self.envelope_hash.json}
        if self.payload_hash:
            content["payloadHash"] = self.payload_hash.json
        return encode_body(KIND, V001, {"content": content, "publicKey": encode_b64(self.verifier)})


@value
class IntotoSignature:
    """One signature, the PEM of who made it exactly as it was sent, and the hint that came with it."""

    signature: bytes
    verifier: bytes
    keyid: str = ""


@value
class IntotoV002:
    """An intoto 0.0.2. `envelope_hash` is what the client says: the log cannot compute it.

    `payload` stands in no entry of a real log; it is read because documents with it are around.
    """

    payload_type: str
    signatures: tuple[IntotoSignature, ...]
    envelope_hash: EntryHash
    payload_hash: EntryHash
    payload: bytes | None = None

    def __post_init__(self) -> None:
        """Refuse an entry that nobody signed.

        Raises:
            MalformedError: No signature, or a hash that is not SHA-256.
        """
        if not self.signatures:
            raise MalformedError(f"{KIND} entry", "no signatures")
        _refuse_other_hashes(self.envelope_hash, self.payload_hash)

    @classmethod
    def parse(cls, raw: bytes) -> "IntotoV002":
        """Parse an entry body.

        Raises:
            MalformedError: Not the canonical body of an intoto 0.0.2.
            LimitExceeded: More than `MAX_SIGNATURES`.
        """
        spec = parse_spec(raw, KIND, V002)
        spec.refuse_unknown("content")
        content = spec.child("content")
        content.refuse_unknown("envelope", "hash", "payloadHash")
        envelope = content.child("envelope")
        envelope.refuse_unknown("payload", "payloadType", "signatures")
        entry = cls(
            payload_type=envelope.text("payloadType"),
            signatures=tuple(_parse_signature(item) for item in envelope.children("signatures", most=MAX_SIGNATURES)),
            envelope_hash=EntryHash.parse(content.child("hash")),
            payload_hash=EntryHash.parse(content.child("payloadHash")),
            payload=decode_twice(envelope, "payload") if "payload" in envelope else None,
        )
        refuse_other_spelling(raw, entry.encode(), KIND)
        return entry

    def encode(self) -> bytes:
        """Encode the canonical body.

        Raises:
            MalformedError: A text that canonical JSON cannot express.
        """
        envelope: dict[str, JsonValue] = {
            "payloadType": self.payload_type,
            "signatures": [_signature_json(item) for item in self.signatures],
        }
        if self.payload is not None:
            envelope["payload"] = _encode_twice(self.payload)
        hashes = {"hash": self.envelope_hash.json, "payloadHash": self.payload_hash.json}
        return encode_body(KIND, V002, {"content": {"envelope": envelope, **hashes}})


def _refuse_other_hashes(*hashes: EntryHash) -> None:
    if {item.algorithm for item in hashes} != {"sha256"}:
        raise MalformedError(f"{KIND} entry", "a hash that is not sha256")


def decode_twice(found: JsonObject, name: str) -> bytes:
    """Return the bytes of a member that is base64 of base64.

    Raises:
        MalformedError: Absent, or either layer is not canonical base64.
    """
    what = f"{found.what} {found.path}{name}"
    try:
        text = found.b64(name).decode("ascii")
    except UnicodeDecodeError as error:
        raise MalformedError(what, "not base64 inside") from error
    return decode_b64(text, what=what)


def _encode_twice(raw: bytes) -> str:
    return encode_b64(encode_b64(raw).encode("ascii"))


def _parse_signature(found: JsonObject) -> IntotoSignature:
    found.refuse_unknown("keyid", "publicKey", "sig")
    return IntotoSignature(decode_twice(found, "sig"), found.b64("publicKey"), found.optional_text("keyid"))


def _signature_json(item: IntotoSignature) -> JsonValue:
    made = {"publicKey": encode_b64(item.verifier), "sig": _encode_twice(item.signature)}
    return {**made, "keyid": item.keyid} if item.keyid else made
