"""What Fulcio says about a signer besides the name: extensions 1.3.6.1.4.1.57264.1 (Fulcio `oid-info.md`).

The first six are deprecated and hold the bare text; from the eighth on it is a DER UTF8String.
"""

from typing import Final

from cosignpy.core.x509.certificate import Certificate
from cosignpy.core.x509.der import (
    OBJECT_IDENTIFIER,
    OCTET_STRING,
    UTF8_STRING,
    decode_utf8,
    decode_utf8_string,
    encode_element,
    encode_sequence,
)
from cosignpy.core.x509.fulcio_names import ARC, BARE, NAMES
from cosignpy.core.x509.tbs import NamedExtension, parse_extension
from cosignpy.values import value

_ARC_CONTENT: Final = bytes.fromhex("2b0601040183bf3001")
"""The content octets of `ARC`; the numbers behind it take one each."""
_OIDS: Final = {
    number: (_ARC_CONTENT + bytes((number,)), encode_element(OBJECT_IDENTIFIER, _ARC_CONTENT + bytes((number,))))
    for number in NAMES
}
"""The content octets of each identifier, and all of it: a certificate has twenty of them."""

_NUMBERS: Final = {oid: number for number, (oid, _) in _OIDS.items()}


@value
class FulcioExtension:
    """One statement about the signer: the last number of its identifier, its name for people, its text."""

    number: int
    name: str
    text: str

    @property
    def oid(self) -> str:
        """The dotted identifier."""
        return f"{ARC}.{self.number}"


def fulcio_extension(number: int, text: str) -> FulcioExtension:
    """Make a statement about a signer, whose name follows from its number."""
    return FulcioExtension(number, NAMES[number], text)


def encode_fulcio_extension(extension: FulcioExtension) -> NamedExtension:
    """Encode a statement about a signer; none of them is critical."""
    raw = extension.text.encode()
    content = raw if extension.number in BARE else encode_element(UTF8_STRING, raw)
    oid, named = _OIDS[extension.number]
    return NamedExtension(oid, encode_sequence(named, encode_element(OCTET_STRING, content)))


def fulcio_extensions(certificate: Certificate, *, what: str = "certificate") -> tuple[FulcioExtension, ...]:
    """Decode Fulcio's extensions in the order of their numbers; others are left out.

    Raises:
        MalformedError: The extensions cannot be read, or one of these is not text in its encoding.
    """
    numbered = {
        _NUMBERS[extension.oid]: parse_extension(extension.raw, what=what).content
        for extension in certificate.tbs.extensions
        if extension.oid in _NUMBERS
    }
    return tuple([_decode(number, numbered[number], what) for number in sorted(numbered)])


def _decode(number: int, content: bytes, what: str) -> FulcioExtension:
    place = f"extension {ARC}.{number} of the {what}"
    decode = decode_utf8 if number in BARE else decode_utf8_string
    return FulcioExtension(number, NAMES[number], decode(content, what=place))
