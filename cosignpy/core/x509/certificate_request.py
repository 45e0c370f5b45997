"""Certificate signing requests (PKCS#10, RFC 2986), of which an authority of short-lived certificates needs the key.

Subject and attributes are the wishes of whoever wrote them. They are covered by the signature and not looked into:
who a certificate is for is what a token says, and a name in a request would be one that nobody verified.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Self

from cosignpy.core.keys.algorithms import Scheme
from cosignpy.core.keys.pem_file import parse_key_file
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.keys.signatures import verify_signature_by
from cosignpy.core.x509.der import (
    BIT_STRING,
    INTEGER,
    OBJECT_IDENTIFIER,
    SEQUENCE,
    encode_element,
    encode_sequence,
    read_children,
    read_whole,
)
from cosignpy.errors import MalformedError, SignatureMismatch
from cosignpy.values import field, replace, value

LABELS: Final = ("CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST")
"""RFC 7468 section 7: the second is what old programs write."""

_PARTS: Final = (SEQUENCE, SEQUENCE, BIT_STRING)
_ATTRIBUTES: Final = 0xA0
_FIELDS: Final = (INTEGER, SEQUENCE, SEQUENCE, _ATTRIBUTES)
"""version, subject, subjectPKInfo, attributes (RFC 2986 section 4.1)."""
_VERSION_1: Final = b"\x00"

_SIGNATURES: Final[Mapping[str, tuple[Scheme, str]]] = {
    "2a8648ce3d040302": (Scheme.ECDSA, "sha256"),  # RFC 5758 section 3.2
    "2a8648ce3d040303": (Scheme.ECDSA, "sha384"),
    "2a8648ce3d040304": (Scheme.ECDSA, "sha512"),
    "2a864886f70d01010b": (Scheme.RSA_PKCS1V15, "sha256"),  # RFC 4055 section 5
    "2a864886f70d01010c": (Scheme.RSA_PKCS1V15, "sha384"),
    "2a864886f70d01010d": (Scheme.RSA_PKCS1V15, "sha512"),
    "2b6570": (Scheme.ED25519, ""),  # RFC 8410 section 3
}
"""By the content octets of the identifier: any of these hashes with any curve, and none that is older."""
_PARAMETERS: Final[Mapping[Scheme, Sequence[bytes]]] = {
    Scheme.ECDSA: (b"",),
    Scheme.RSA_PKCS1V15: (b"\x05\x00", b""),
    Scheme.ED25519: (b"",),
}
"""RFC 4055 section 5: NULL is to be written, and nothing is to be accepted as well."""
_ALGORITHMS: Final[Mapping[bytes, tuple[Scheme, str]]] = {
    encode_sequence(encode_element(OBJECT_IDENTIFIER, bytes.fromhex(oid)), parameters): (scheme, hashed)
    for oid, (scheme, hashed) in _SIGNATURES.items()
    for parameters in _PARAMETERS[scheme]
}


@value
class CertificateRequest:
    """A request: the key it is for, the bytes that are signed, and how, by the DER of an AlgorithmIdentifier."""

    spki: bytes
    signed: bytes = field(repr=False)
    algorithm: bytes = field(repr=False)
    signature: bytes = field(repr=False)

    @classmethod
    def parse_pem(cls, raw: bytes, *, what: str = "certificate signing request") -> Self:
        """Parse a PEM file that holds exactly one request; text around it is tolerated.

        Raises:
            MalformedError: No block or several, another kind of file, not a request, or broken inside.
            LimitExceeded: Larger than any file with a key is.
        """
        block = parse_key_file(raw, what=what)
        if block.label not in LABELS:
            raise MalformedError(what, f"a PEM block {block.label!r} is not a request")
        return cls.parse_der(block.body, what=what)

    @classmethod
    def parse_der(cls, raw: bytes, *, what: str = "certificate signing request") -> Self:
        """Parse a request in DER. What kind of key it has is not looked at yet.

        Raises:
            MalformedError: Not a request of version 1, or not in DER.
        """
        parts = read_children(raw, read_whole(raw, SEQUENCE, what=what), what=what)
        if tuple(part.tag for part in parts) != _PARTS:
            raise MalformedError(what, "not a signed request")
        info, algorithm, signature = parts
        fields = read_children(raw, info, what=what)
        if tuple(one.tag for one in fields) != _FIELDS:
            raise MalformedError(what, "it has not the fields of a request")
        version, _, key, _ = fields
        if raw[version.content : version.end] != _VERSION_1:
            raise MalformedError(what, "a version that is not 1")
        if raw[signature.content : signature.content + 1] != b"\x00":
            raise MalformedError(what, "its signature is not of whole octets")
        return cls(
            raw[key.start : key.end],
            raw[info.start : info.end],
            raw[algorithm.start : algorithm.end],
            raw[signature.content + 1 : signature.end],
        )

    def verify(self) -> PublicKey:
        """Show that whoever wrote the request has the private key, and return the public one.

        Raises:
            MalformedError: What is there for a key is none.
            KeyUnusable: RSA of a size that is not accepted.
            SignatureMismatch: The key did not sign it, or with an algorithm that is unknown or too weak.
        """
        key = PublicKey.parse_der(self.spki, what="key of the certificate signing request")
        scheme, hashed = _ALGORITHMS.get(self.algorithm, (None, ""))
        if scheme is not key.algorithm.scheme:
            raise SignatureMismatch("the request is signed with another kind of key, or with a hash that is too weak")
        verify_signature_by(key, (replace(key.algorithm, hash=hashed),), self.signature, self.signed)
        return key
