"""DSSE envelopes (secure-systems-lab/dsse, protocol.md and envelope.md v1.0)."""

import re
from typing import Final

from cosignpy.core.encoding import JsonObject, JsonValue, encode_b64, encode_json
from cosignpy.core.intoto import Statement
from cosignpy.values import field, value

IN_TOTO_PAYLOAD: Final = "application/vnd.in-toto+json"
_IN_TOTO: Final = re.compile(r"application/vnd\.in-toto(?:\.[A-Za-z0-9_-]+)?\+json")
"""What in-toto's envelope.md allows: the type above, and one for each predicate; which it is, the statement says."""
MAX_SIGNATURES: Final = 16
"""Signatures read from one envelope; ours and cosign's hold exactly one."""


def encode_pae(payload_type: str, payload: bytes) -> bytes:
    """Encode what is really signed: the pre-authentication encoding (protocol.md, "Signature Definition")."""
    kind = payload_type.encode("utf-8")
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def is_in_toto(payload_type: str) -> bool:
    """Tell whether a payload type says that there is an in-toto statement, whatever its predicate."""
    return _IN_TOTO.fullmatch(payload_type) is not None


@value
class EnvelopeSignature:
    """One signature over the PAE. `keyid` is a hint that nobody signed: never a reason to trust."""

    signature: bytes
    keyid: str = ""


@value
class Envelope:
    """A payload exactly as received, its type, and signatures over both.

    `read` keeps what the payload was read as, so that it is parsed once however many steps look at it.
    """

    payload_type: str
    payload: bytes
    signatures: tuple[EnvelopeSignature, ...]
    read: list[tuple[bytes, Statement]] = field(default_factory=list, repr=False, compare=False)

    @property
    def pae(self) -> bytes:
        """The bytes that the signatures are over."""
        return encode_pae(self.payload_type, self.payload)

    @property
    def statement(self) -> Statement:
        """The in-toto statement in it, without its predicate, which may take ten times its size in memory.

        Raises:
            MalformedError: The payload is not a statement.
            LimitExceeded: Too many subjects, or deeper than any.
        """
        if not self.read or self.read[0][0] is not self.payload:
            self.read[:] = [(self.payload, Statement.parse(self.payload).forget())]
        return self.read[0][1]

    @classmethod
    def parse(cls, found: JsonObject) -> "Envelope":
        """Read an envelope.

        Raises:
            MalformedError: A member is missing, unknown or of the wrong type, or base64 is not canonical.
            LimitExceeded: Too many signatures.
        """
        found.refuse_unknown("payload", "payloadType", "signatures")
        signatures = found.children("signatures", most=MAX_SIGNATURES)
        for signature in signatures:
            signature.refuse_unknown("sig", "keyid")
        return cls(
            payload_type=found.text("payloadType"),
            payload=found.b64("payload"),
            signatures=tuple(EnvelopeSignature(item.b64("sig"), item.optional_text("keyid")) for item in signatures),
        )

    def encode(self) -> bytes:
        """Return the envelope as JSON, spelled as logs of Rekor v1 are told; no hint of a key where there is none."""
        signatures: list[JsonValue] = []
        for made in self.signatures:
            hint: dict[str, JsonValue] = {"keyid": made.keyid} if made.keyid else {}
            signatures.append({"sig": encode_b64(made.signature), **hint})
        payload = encode_b64(self.payload)
        return encode_json({"payload": payload, "payloadType": self.payload_type, "signatures": signatures})
