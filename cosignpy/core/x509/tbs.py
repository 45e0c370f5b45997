"""The signed part of a certificate (TBSCertificate, RFC 5280 section 4.1), as bytes.

Certificate transparency signs it without one extension. Everything else has to stay byte for byte, so the
extension is cut out and only the three lengths around it are written anew.
"""

import re
from typing import Final, NamedTuple, Self

from cosignpy.core.x509.der import (
    BIT_STRING,
    BOOLEAN,
    OBJECT_IDENTIFIER,
    OCTET_STRING,
    SEQUENCE,
    Element,
    encode_element,
    read_children,
    read_element,
    read_whole,
)
from cosignpy.errors import MalformedError
from cosignpy.values import field, value

VERSION: Final = 0xA0
EXTENSIONS: Final = 0xA3
"""Tags of the two fields that are marked by their place: `[0]` and `[3]`."""
_PARTS: Final = (SEQUENCE, SEQUENCE, BIT_STRING)
"""tbsCertificate, signatureAlgorithm, signatureValue (a BIT STRING)."""
_SUBJECT_PLACE: Final = 4
_KEY_PLACE: Final = 5
"""Of subject and subjectPublicKeyInfo among the fields, not counting the version."""
_OID: Final = re.compile(rb"(?:(?!\x80)[\x80-\xff]*[\x00-\x7f])+")
"""An identifier in DER: none of its numbers begins with nothing. Another spelling would be a second name of one."""
_TRUE: Final = b"\xff"
"""A criticality of FALSE is the default, which DER leaves out."""


class NamedExtension(NamedTuple):
    """All bytes of an extension, and the content octets of its identifier.

    A tuple, and not a value, and not looked into: Fulcio's certificates have twenty, of which a log reads one.
    """

    oid: bytes
    raw: bytes


@value
class Extension:
    """One extension that was asked for: whether it is critical, and its value."""

    critical: bool
    content: bytes = field(repr=False)


def read_parts(certificate: bytes, *, what: str) -> tuple[list[Element], list[Element]]:
    """Read where the three parts of a certificate lie, and the fields of the signed one, whatever they are.

    Raises:
        MalformedError: Not a certificate, or not DER.
    """
    parts = read_children(certificate, read_whole(certificate, SEQUENCE, what=what), what=what)
    if tuple(part.tag for part in parts) != _PARTS:
        raise MalformedError(what, "not a certificate")
    return parts, read_children(certificate, parts[0], what=what)


def encode_extension(oid: bytes, extension: Extension) -> NamedExtension:
    """Encode an extension (RFC 5280 section 4.1); `oid` is the content octets of its identifier."""
    criticality = encode_element(BOOLEAN, _TRUE) if extension.critical else b""
    content = encode_element(OCTET_STRING, extension.content)
    return NamedExtension(oid, encode_element(SEQUENCE, encode_element(OBJECT_IDENTIFIER, oid) + criticality + content))


@value
class TbsCertificate:
    """A TBSCertificate: all its bytes, the subject's name and key, the extensions, and behind `fields` all the rest."""

    raw: bytes = field(repr=False)
    subject: bytes = field(repr=False)
    spki: bytes = field(repr=False)
    fields: bytes = field(repr=False)
    extensions: tuple[NamedExtension, ...] = ()

    @classmethod
    def parse(cls, certificate: bytes, *, what: str = "certificate") -> Self:
        """Take the signed part out of a certificate in DER. Its signature is for others to check.

        Raises:
            MalformedError: Not a certificate, not DER, or an extension given twice (RFC 5280 section 4.2).
        """
        parts, fields = read_parts(certificate, what=what)
        return cls.of(certificate, parts[0], fields, what=what)

    @classmethod
    def of(cls, certificate: bytes, tbs: Element, fields: list[Element], *, what: str) -> Self:
        """Cut it out of a certificate whose elements were read.

        Raises:
            MalformedError: It has no key, its extensions are of another form, or one is given twice.
        """
        numbered = bool(fields) and fields[0].tag == VERSION
        if len(fields) <= _KEY_PLACE + numbered:
            raise MalformedError(what, "it has no public key")
        subject, key, last = fields[_SUBJECT_PLACE + numbered], fields[_KEY_PLACE + numbered], fields[-1]
        extensions = _open_extensions(certificate, last, what) if last.tag == EXTENSIONS else ()
        fields_end = last.start if last.tag == EXTENSIONS else tbs.end
        return cls(
            certificate[tbs.start : tbs.end],
            certificate[subject.start : subject.end],
            certificate[key.start : key.end],
            certificate[tbs.content : fields_end],
            extensions,
        )

    def extension(self, oid: bytes, *, what: str = "certificate") -> Extension | None:
        """Return an extension by the content octets of its identifier, None where there is none.

        Raises:
            MalformedError: It has not the form of an extension (RFC 5280 section 4.1).
        """
        raw = next((extension.raw for extension in self.extensions if extension.oid == oid), None)
        return parse_extension(raw, what=what) if raw is not None else None

    def encode_without(self, oid: bytes) -> bytes:
        """Encode without one extension (RFC 6962 section 3.2); what is not there cannot be missing."""
        kept = b"".join([extension.raw for extension in self.extensions if extension.oid != oid])
        wrapped = encode_element(EXTENSIONS, encode_element(SEQUENCE, kept)) if kept else b""
        return encode_element(SEQUENCE, self.fields + wrapped)


def _open_extensions(raw: bytes, wrapper: Element, what: str) -> tuple[NamedExtension, ...]:
    sequence = read_element(raw, wrapper.content, wrapper.end, what=what)
    if sequence.tag != SEQUENCE or sequence.end != wrapper.end:
        raise MalformedError(what, "its extensions are not one sequence")
    return split_extensions(raw, sequence, what=what)


def split_extensions(raw: bytes, sequence: Element, *, what: str) -> tuple[NamedExtension, ...]:
    """Split what an element of type Extensions consists of, whatever its own tag is (RFC 5280 section 4.1).

    Raises:
        MalformedError: Something that has not the form of an extension, or an extension given twice (section 4.2).
    """
    found = []
    for one in read_children(raw, sequence, what=what):
        oid = read_element(raw, one.content, one.end, what=what)
        if (one.tag, oid.tag) != (SEQUENCE, OBJECT_IDENTIFIER) or not _OID.fullmatch(raw, oid.content, oid.end):
            raise MalformedError(what, "an extension of another form")
        found.append(NamedExtension(raw[oid.content : oid.end], raw[one.start : one.end]))
    if len({extension.oid for extension in found}) != len(found):
        raise MalformedError(what, "an extension is given twice")
    return tuple(found)


def parse_extension(raw: bytes, *, what: str) -> Extension:
    """Parse one extension: whether it is critical, and its value.

    Raises:
        MalformedError: It has not the form of an extension (RFC 5280 section 4.1).
    """
    parts = read_children(raw, read_whole(raw, SEQUENCE, what=what), what=what)
    tags = [part.tag for part in parts]
    critical = tags == [OBJECT_IDENTIFIER, BOOLEAN, OCTET_STRING]
    if not (critical or tags == [OBJECT_IDENTIFIER, OCTET_STRING]):
        raise MalformedError(what, "an extension of another form")
    if critical and raw[parts[1].content : parts[1].end] != _TRUE:
        raise MalformedError(what, "an extension whose criticality is not DER")
    return Extension(critical, raw[parts[-1].content : parts[-1].end])
