"""CMS signed data (RFC 5652 section 5), as timestamp tokens and signed archives carry it.

Only DER is read. Certificates are looked up and not judged: a log states who signed, not who is trusted.
"""

import hashlib
import hmac
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.dsa import DSAPublicKey
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, SHA384, SHA512, HashAlgorithm

from cosignpy.core.x509.chain import parse_certificate, read_issuer
from cosignpy.core.x509.der import (
    OBJECT_IDENTIFIER,
    OCTET_STRING,
    SEQUENCE,
    Element,
    encode_element,
    read_children,
    read_whole,
)
from cosignpy.errors import LimitExceeded, MalformedError, SignatureMismatch
from cosignpy.values import field, value

_SIGNED_DATA: Final = bytes.fromhex("2a864886f70d010702")
_MESSAGE_DIGEST: Final = bytes.fromhex("2a864886f70d010904")
_INTEGER: Final = 0x02
_SET: Final = 0x31
_FIRST: Final = 0xA0
_SECOND: Final = 0xA1
"""Tags: INTEGER, SET, and the two context-specific ones that mark optional fields."""
MAX_SIGNERS: Final = 8
"""Real tokens and archives have one."""
MAX_CERTIFICATES: Final = 32
"""A chain, or a few of them."""

_DIGESTS: Final[Mapping[bytes, HashAlgorithm]] = {
    bytes.fromhex("2b0e03021a"): SHA1(),  # noqa: S303 - archives of the last decade are signed so
    bytes.fromhex("608648016503040201"): SHA256(),
    bytes.fromhex("608648016503040202"): SHA384(),
    bytes.fromhex("608648016503040203"): SHA512(),
}
"""Object identifiers without tag and length (RFC 5754 section 2)."""


@value
class Signer:
    """One SignerInfo (section 5.3): whose key, over what, and the signature."""

    issuer: bytes = field(repr=False)
    serial: int
    digest: bytes
    attributes: bytes = field(repr=False)
    signature: bytes = field(repr=False)


@value
class SignedData:
    """Signed data: `content` where it is inside, the certificates in DER, and `detached`, the same without content."""

    content: bytes | None = field(repr=False)
    certificates: tuple[bytes, ...] = field(repr=False)
    signers: tuple[Signer, ...] = field(repr=False)
    detached: bytes = field(repr=False)


def parse_signed_data(der: bytes, *, what: str) -> SignedData:
    """Parse a ContentInfo that holds signed data.

    Raises:
        MalformedError: Not DER, not signed data, or signers that are not named by issuer and serial number.
        LimitExceeded: More signers or certificates than real ones have.
    """
    cutter = _Cutter(der, what)
    kind, wrapper = cutter.children(read_whole(der, SEQUENCE, what=what), OBJECT_IDENTIFIER, _FIRST)
    if cutter.content(kind) != _SIGNED_DATA:
        raise MalformedError(what, "not signed data")
    (body,) = cutter.children(wrapper, SEQUENCE)
    version, digests, encapsulated, *others = cutter.children(body, _INTEGER, _SET, SEQUENCE, more=True)
    found = {element.tag: element for element in others}
    if _SET not in found or len(found) != len(others) or not found.keys() <= {_FIRST, _SECOND, _SET}:
        raise MalformedError(what, "signed data with other fields than it may have")
    content_type, *content = cutter.children(encapsulated, OBJECT_IDENTIFIER, more=True)
    certificates = cutter.items(found.get(_FIRST), MAX_CERTIFICATES)
    signers = cutter.items(found[_SET], MAX_SIGNERS)
    detached = (
        cutter.whole(version),
        _encode_set(cutter.items(digests, MAX_SIGNERS)),
        encode_element(SEQUENCE, cutter.whole(content_type)),
        *(cutter.whole(found[tag]) for tag in (_FIRST, _SECOND) if tag in found),
        _encode_set(signers),
    )
    wrapped = encode_element(_FIRST, encode_element(SEQUENCE, b"".join(detached)))
    return SignedData(
        _read_content(cutter, content),
        tuple(certificates),
        tuple([_parse_signer(each, what) for each in signers]),
        encode_element(SEQUENCE, cutter.whole(kind) + wrapped),
    )


@value
class _Cutter:
    """A document in DER, and cutting elements out of it."""

    raw: bytes = field(repr=False)
    what: str

    def children(self, parent: Element, *tags: int, more: bool = False) -> Sequence[Element]:
        """Return the elements in one, which have to begin with these tags."""
        found = read_children(self.raw, parent, what=self.what)
        if tuple(each.tag for each in found[: len(tags)]) != tags or (len(found) > len(tags) and not more):
            raise MalformedError(self.what, "an element of another type than it should have")
        return found

    def whole(self, element: Element) -> bytes:
        return self.raw[element.start : element.end]

    def content(self, element: Element) -> bytes:
        return self.raw[element.content : element.end]

    def items(self, parent: Element | None, most: int) -> Sequence[bytes]:
        """Return the elements of a set, whole."""
        found = read_children(self.raw, parent, what=self.what) if parent is not None else ()
        if len(found) > most:
            raise LimitExceeded(self.what, f"{len(found)} elements of a set, at most {most} are accepted")
        return [self.whole(each) for each in found]


def _encode_set(items: Sequence[bytes]) -> bytes:
    """Encode in the order of DER (X.690 section 11.6), which not every signer keeps."""
    return encode_element(_SET, b"".join(sorted(items)))


def _read_content(cutter: _Cutter, wrappers: Sequence[Element]) -> bytes | None:
    if not wrappers:
        return None
    if len(wrappers) > 1 or wrappers[0].tag != _FIRST:
        raise MalformedError(cutter.what, "content of another type than it should have")
    (content,) = cutter.children(wrappers[0], OCTET_STRING)
    return cutter.content(content)


def _parse_signer(der: bytes, what: str) -> Signer:
    cutter = _Cutter(der, what)
    _, name, digest, *others = cutter.children(
        read_whole(der, SEQUENCE, what=what), _INTEGER, SEQUENCE, SEQUENCE, more=True
    )
    has_attributes = bool(others) and others[0].tag == _FIRST
    tags = [each.tag for each in others[has_attributes:]]
    if tags[:2] != [SEQUENCE, OCTET_STRING] or tags[2:] not in ([], [_SECOND]):
        raise MalformedError(what, "a signer with other fields than it may have")
    issuer, serial = cutter.children(name, SEQUENCE, _INTEGER)
    algorithm, *_ = cutter.children(digest, OBJECT_IDENTIFIER, more=True)
    return Signer(
        cutter.whole(issuer),
        int.from_bytes(cutter.content(serial), "big", signed=True),
        cutter.content(algorithm),
        cutter.content(others[0]) if has_attributes else b"",
        cutter.content(others[has_attributes + 1]),
    )


def verify_signed_data(signed: SignedData, content: bytes, *, what: str) -> None:
    """Show that every signer signed the content with the key of a certificate that comes along (section 5.6).

    Raises:
        MalformedError: No signer, a certificate that is missing or broken, or an algorithm that is not understood.
        SignatureMismatch: One of them did not.
    """
    if not signed.signers:
        raise MalformedError(what, "nobody signed it")
    certificates = [parse_certificate(der, what=f"certificate of the {what}") for der in signed.certificates]
    for signer in signed.signers:
        _verify_signer(signer, _find_certificate(signer, certificates, what), content, what)


def _find_certificate(signer: Signer, certificates: Sequence[x509.Certificate], what: str) -> x509.Certificate:
    for certificate in certificates:
        issuer = read_issuer(certificate, what=f"certificate of the {what}")
        if certificate.serial_number == signer.serial and issuer.public_bytes() == signer.issuer:
            return certificate
    raise MalformedError(what, "the certificate of the signer does not come along")


def _verify_signer(signer: Signer, certificate: x509.Certificate, content: bytes, what: str) -> None:
    digest = _DIGESTS.get(signer.digest)
    if digest is None:
        raise MalformedError(what, "a digest algorithm that is not understood")
    if signer.attributes:
        found = hashlib.new(digest.name, content, usedforsecurity=False).digest()
        if not hmac.compare_digest(_read_message_digest(signer.attributes, what), found):
            raise SignatureMismatch(f"the {what} was signed over other content")
        # Section 5.4: signed as a SET, which the field in the structure is not written as.
        content = encode_element(_SET, signer.attributes)
    try:
        _verify_with(certificate.public_key(), signer.signature, content, digest)
    except (InvalidSignature, ValueError, UnsupportedAlgorithm) as error:
        raise SignatureMismatch(f"the {what} was not signed by the certificate it names") from error


def _verify_with(key: object, signature: bytes, content: bytes, digest: HashAlgorithm) -> None:
    match key:
        case RSAPublicKey():
            key.verify(signature, content, PKCS1v15(), digest)
        case EllipticCurvePublicKey():
            key.verify(signature, content, ECDSA(digest))
        case DSAPublicKey():
            key.verify(signature, content, digest)
        case _:
            raise InvalidSignature


def _read_message_digest(attributes: bytes, what: str) -> bytes:
    """Return the digest of the content that was signed (section 11.2), which has to be there once."""
    found = [content for kind, content in _read_attributes(attributes, what) if kind == _MESSAGE_DIGEST]
    if len(found) != 1:
        raise MalformedError(what, "not exactly one digest among the signed attributes")
    return found[0]


def _read_attributes(attributes: bytes, what: str) -> Iterator[tuple[bytes, bytes]]:
    cutter = _Cutter(encode_element(_SET, attributes), what)
    for attribute in read_children(cutter.raw, read_whole(cutter.raw, _SET, what=what), what=what):
        kind, values = cutter.children(attribute, OBJECT_IDENTIFIER, _SET)
        first = read_children(cutter.raw, values, what=what)
        if len(first) != 1:
            raise MalformedError(what, "a signed attribute that does not have exactly one value")
        yield cutter.content(kind), cutter.content(first[0])
