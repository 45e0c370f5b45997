"""What Fulcio says about a signer besides the name: extensions 1.3.6.1.4.1.57264.1 (Fulcio `oid-info.md`).

The first six are deprecated and hold the bare text; from the eighth on it is a DER UTF8String.
"""

from typing import Final

from cryptography.x509 import Certificate, ObjectIdentifier

from cosignpy.core.x509.chain import read_extensions
from cosignpy.core.x509.der import (
    OBJECT_IDENTIFIER,
    OCTET_STRING,
    UTF8_STRING,
    decode_utf8,
    decode_utf8_string,
    encode_element,
    encode_sequence,
)
from cosignpy.core.x509.tbs import NamedExtension
from cosignpy.values import value

ARC: Final = "1.3.6.1.4.1.57264.1"

BARE: Final = {
    1: "issuer (deprecated)",
    2: "GitHub workflow trigger (deprecated)",
    3: "GitHub workflow SHA (deprecated)",
    4: "GitHub workflow name (deprecated)",
    5: "GitHub workflow repository (deprecated)",
    6: "GitHub workflow ref (deprecated)",
}
"""Extensions that hold the octets of the text and nothing around them."""
WRAPPED: Final = {
    8: "issuer",
    9: "build signer URI",
    10: "build signer digest",
    11: "runner environment",
    12: "source repository URI",
    13: "source repository digest",
    14: "source repository ref",
    15: "source repository identifier",
    16: "source repository owner URI",
    17: "source repository owner identifier",
    18: "build config URI",
    19: "build config digest",
    20: "build trigger",
    21: "run invocation URI",
    22: "source repository visibility at signing",
    23: "deployment environment",
    24: "token subject",
}
"""Extensions that hold a UTF8String. Number 7 names the user name in a subject alternative name, and is none."""

_NAMES: Final = {**BARE, **WRAPPED}

_ARC_CONTENT: Final = bytes.fromhex("2b0601040183bf3001")
"""The content octets of `ARC`; the numbers behind it take one each."""
_OIDS: Final = {
    number: (_ARC_CONTENT + bytes((number,)), encode_element(OBJECT_IDENTIFIER, _ARC_CONTENT + bytes((number,))))
    for number in (*BARE, *WRAPPED)
}
"""The content octets of each identifier, and all of it: a certificate has twenty of them."""

_NUMBERS: Final = {ObjectIdentifier(f"{ARC}.{number}"): number for number in (*BARE, *WRAPPED)}


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
    return FulcioExtension(number, _NAMES[number], text)


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
        _NUMBERS[extension.oid]: extension.value.public_bytes()
        for extension in read_extensions(certificate, what=what)
        if extension.oid in _NUMBERS
    }
    return tuple([_decode(number, numbered[number], what) for number in sorted(numbered)])


def _decode(number: int, content: bytes, what: str) -> FulcioExtension:
    place = f"extension {ARC}.{number} of the {what}"
    decode = decode_utf8 if number in BARE else decode_utf8_string
    return FulcioExtension(number, _NAMES[number], decode(content, what=place))
