"""CMS signed data (RFC 5652 section 5), as timestamp tokens and signed archives carry it. Only DER is read."""

from typing import Final

from cosignpy.core.x509.der import (
    INTEGER,
    OBJECT_IDENTIFIER,
    OCTET_STRING,
    SEQUENCE,
    SET,
    encode_element,
    encode_sequence,
    read_whole,
)
from cosignpy.core.x509.der_fields import Fields
from cosignpy.core.x509.der_values import decode_integer
from cosignpy.errors import MalformedError
from cosignpy.values import field, value

SIGNED_DATA: Final = bytes.fromhex("2a864886f70d010702")
CONTENT_TYPE: Final = bytes.fromhex("2a864886f70d010903")
MESSAGE_DIGEST: Final = bytes.fromhex("2a864886f70d010904")
SIGNING_TIME: Final = bytes.fromhex("2a864886f70d010905")
"""Object identifiers without tag and length (sections 5.1 and 11)."""
FIRST: Final = 0xA0
SECOND: Final = 0xA1
"""Tags that mark fields by their place."""

MAX_SIGNERS: Final = 8
"""Real tokens and archives have one."""
MAX_CERTIFICATES: Final = 32
"""A chain, or a few of them."""
MAX_ATTRIBUTES: Final = 32
"""Attributes of one signer; real ones have four to six."""


@value
class SignerInfo:
    """One SignerInfo (section 5.3): whose key, over what, with what, and the signature.

    Algorithms and kinds of attributes are the content octets of their identifiers.
    """

    version: int
    issuer: bytes = field(repr=False)
    serial: int
    digest: bytes
    attributes: bytes = field(repr=False)
    algorithm: bytes
    signature: bytes = field(repr=False)

    @property
    def signed_attributes(self) -> bytes:
        """What was signed where there are attributes (section 5.4): a SET, which the field is not written as."""
        return encode_element(SET, self.attributes)


@value
class SignedData:
    """Signed data: `content` where it is inside, the certificates in DER, and `detached`, the same without content."""

    version: int
    content_type: bytes
    content: bytes | None = field(repr=False)
    certificates: tuple[bytes, ...] = field(repr=False)
    signers: tuple[SignerInfo, ...] = field(repr=False)
    detached: bytes = field(repr=False)


def parse_signed_data(der: bytes, *, what: str) -> SignedData:
    """Parse a ContentInfo that holds signed data.

    Raises:
        MalformedError: Not DER, not signed data, or signers that are not named by issuer and serial number.
        LimitExceeded: More signers or certificates than real ones have.
    """
    outer = Fields.of(der, what=what)
    if outer.content(OBJECT_IDENTIFIER) != SIGNED_DATA:
        raise MalformedError(what, "not signed data")
    wrapper = outer.inside(FIRST)
    outer.finish()
    body = wrapper.inside()
    wrapper.finish()
    version = body.content(INTEGER)
    digests = body.inside(SET).items(most=MAX_SIGNERS)
    content_type, content = _read_content(body.inside())
    certificates, revoked = body.optional_inside(FIRST), body.optional_content(SECOND)
    found = certificates.items(most=MAX_CERTIFICATES) if certificates is not None else None
    signers = body.inside(SET).items(most=MAX_SIGNERS)
    body.finish()
    detached = (
        encode_element(INTEGER, version),
        encode_set(digests),
        encode_sequence(encode_element(OBJECT_IDENTIFIER, content_type)),
        encode_element(FIRST, b"".join(found)) if found is not None else b"",
        encode_element(SECOND, revoked) if revoked is not None else b"",
        encode_set(signers),
    )
    return SignedData(
        decode_integer(version, what=what),
        content_type,
        content,
        found or (),
        tuple([_parse_signer(each, what) for each in signers]),
        encode_content_info(SIGNED_DATA, encode_sequence(*detached)),
    )


def encode_content_info(kind: bytes, content: bytes) -> bytes:
    """Encode a ContentInfo (section 3)."""
    return encode_sequence(encode_element(OBJECT_IDENTIFIER, kind), encode_element(FIRST, content))


def encode_set(items: tuple[bytes, ...]) -> bytes:
    """Encode a SET OF in the order of DER (X.690 section 11.6), which not every signer keeps."""
    return encode_element(SET, b"".join(sorted(items)))


def encode_attribute(kind: bytes, *values: bytes) -> bytes:
    """Encode an Attribute (section 5.3)."""
    return encode_sequence(encode_element(OBJECT_IDENTIFIER, kind), encode_set(values))


def parse_attributes(attributes: bytes, *, what: str) -> dict[bytes, bytes]:
    """Parse what stands in `SignerInfo.attributes`: of each kind its one value, whole.

    Raises:
        MalformedError: Not attributes, an attribute that is given twice or has not exactly one value.
        LimitExceeded: More than `MAX_ATTRIBUTES`.
    """
    found: dict[bytes, bytes] = {}
    for item in Fields.of(encode_element(SET, attributes), tag=SET, what=what).items(most=MAX_ATTRIBUTES):
        attribute = Fields.of(item, what=what)
        kind = attribute.content(OBJECT_IDENTIFIER)
        values = attribute.inside(SET)
        attribute.finish()
        if kind in found:
            raise MalformedError(what, "a signed attribute that is given twice")
        found[kind] = values.whole()
        if not values.ended:
            raise MalformedError(what, "a signed attribute of more than one value")
    return found


def read_octets(der: bytes, *, what: str) -> bytes:
    """Return the content of an element that is an OCTET STRING.

    Raises:
        MalformedError: It is not.
    """
    found = read_whole(der, OCTET_STRING, what=what)
    return der[found.content : found.end]


def _read_content(encapsulated: Fields) -> tuple[bytes, bytes | None]:
    kind = encapsulated.content(OBJECT_IDENTIFIER)
    wrapper = encapsulated.optional_inside(FIRST)
    encapsulated.finish()
    if wrapper is None:
        return kind, None
    content = wrapper.content(OCTET_STRING)
    wrapper.finish()
    return kind, content


def _parse_signer(der: bytes, what: str) -> SignerInfo:
    fields = Fields.of(der, what=what)
    version = decode_integer(fields.content(INTEGER), what=what)
    name = fields.inside()
    digest = fields.inside().content(OBJECT_IDENTIFIER)
    attributes = fields.optional_content(FIRST)
    algorithm = fields.inside().content(OBJECT_IDENTIFIER)
    signature = fields.content(OCTET_STRING)
    fields.optional(SECOND)  # unsigned attributes prove nothing
    fields.finish()
    issuer, serial = name.whole(SEQUENCE), decode_integer(name.content(INTEGER), what=what)
    name.finish()
    return SignerInfo(version, issuer, serial, digest, attributes or b"", algorithm, signature)
