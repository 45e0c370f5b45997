"""What a client sends to a timestamp authority (RFC 3161 section 2.4.1, TimeStampReq)."""

from typing import Final, Self

from cosignpy.core.timestamp.extensions import encode_extensions, read_extensions
from cosignpy.core.timestamp.imprint import MessageImprint
from cosignpy.core.x509.der import BOOLEAN, INTEGER, OBJECT_IDENTIFIER, encode_element, encode_sequence
from cosignpy.core.x509.der_fields import Fields
from cosignpy.core.x509.der_values import (
    TRUE,
    decode_integer,
    decode_oid,
    decode_true,
    encode_oid,
    encode_signed_integer,
)
from cosignpy.core.x509.tbs import NamedExtension
from cosignpy.errors import LimitExceeded, MalformedError
from cosignpy.values import value

MAX_REQUEST: Final = 4096
"""Octets of a request. Without extensions there are 150 at the most, and nobody gives a stamp with any."""
MAX_NONCE_BITS: Final = 512
"""Bits of a nonce: 64 are usual, Go's clients draw 160."""

_WHAT: Final = "timestamp request"
_V1: Final = encode_signed_integer(1)
_EXTENSIONS: Final = 0xA0


@value
class TimestampRequest:
    """A request: what to stamp, under which policy, and whether the authority's certificates shall come along."""

    imprint: MessageImprint
    policy: str | None = None
    nonce: int | None = None
    certificates: bool = False
    extensions: tuple[NamedExtension, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a nonce that is longer than any.

        Raises:
            LimitExceeded: More than `MAX_NONCE_BITS`.
        """
        if self.nonce is not None and self.nonce.bit_length() > MAX_NONCE_BITS:
            raise LimitExceeded(_WHAT, f"a nonce of more than {MAX_NONCE_BITS} bits")

    @classmethod
    def parse(cls, der: bytes) -> Self:
        """Parse a request.

        Raises:
            WeakHash: The hash function is broken.
            WrongDigestLength: The digest is not one of that function.
            LimitExceeded: More than `MAX_REQUEST` octets, or a nonce that is longer than any.
            MalformedError: Not a request in DER, or the hash function is unknown.
        """
        if len(der) > MAX_REQUEST:
            raise LimitExceeded(_WHAT, f"{len(der)} octets, at most {MAX_REQUEST} are accepted")
        fields = Fields.of(der, what=_WHAT)
        if fields.whole() != _V1:
            raise MalformedError(_WHAT, "not version 1")
        imprint = MessageImprint.read(fields)
        policy = fields.optional_content(OBJECT_IDENTIFIER)
        nonce = fields.optional_content(INTEGER)
        certificates = fields.optional_content(BOOLEAN)
        extensions = read_extensions(fields, _EXTENSIONS)
        fields.finish()
        return cls(
            imprint,
            decode_oid(policy, what=_WHAT) if policy is not None else None,
            decode_integer(nonce, what=_WHAT) if nonce is not None else None,
            decode_true(certificates, what=_WHAT),
            extensions,
        )

    def encode(self) -> bytes:
        """Encode in DER."""
        policy = encode_element(OBJECT_IDENTIFIER, encode_oid(self.policy, what=_WHAT)) if self.policy else b""
        nonce = encode_signed_integer(self.nonce) if self.nonce is not None else b""
        return encode_sequence(
            _V1,
            self.imprint.encode(),
            policy,
            nonce,
            TRUE if self.certificates else b"",
            encode_extensions(_EXTENSIONS, self.extensions),
        )
