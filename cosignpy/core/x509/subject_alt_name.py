"""Who a Fulcio certificate names: its subject alternative names (RFC 5280 section 4.2.1.6)."""

import re
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Final

from cosignpy.core.x509.certificate import Certificate
from cosignpy.core.x509.der import (
    OBJECT_IDENTIFIER,
    SEQUENCE,
    UTF8_STRING,
    Element,
    decode_utf8_string,
    encode_element,
    encode_sequence,
    read_children,
    read_whole,
)
from cosignpy.core.x509.der_fields import Fields
from cosignpy.core.x509.extensions import SUBJECT_ALTERNATIVE_NAME
from cosignpy.core.x509.tbs import Extension, NamedExtension, encode_extension
from cosignpy.errors import LimitExceeded, MalformedError
from cosignpy.values import value

MAX_SUBJECT_NAMES: Final = 256
"""Names of one certificate: Fulcio writes exactly one, certificates of the web have a few hundred at most."""

_FULCIO_USERNAME: Final = bytes.fromhex("2b0601040183bf300107")
"""The content octets of 1.3.6.1.4.1.57264.1.7 (Fulcio `oid-info.md`)."""

_OTHER_NAME: Final = 0xA0
_RFC822_NAME: Final = 0x81
_DNS_NAME: Final = 0x82
_URI: Final = 0x86
_IP_ADDRESS: Final = 0x87
_UNUSED: Final = frozenset({0xA3, 0xA4, 0xA5, 0x88})
_OTHER_VALUE: Final = 0xA0
"""Tags of RFC 5280 section 4.2.1.6, GeneralName, and of the value in an OtherName."""
_VISIBLE: Final = re.compile(r"[\x21-\x7e]+")
_SHOWN: Final = re.compile(r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]+")
"""E-mail addresses and URIs are IA5String, and have neither blanks nor control characters; user names are UTF-8."""


class NameKind(StrEnum):
    """The kinds of name that Fulcio writes."""

    EMAIL = "email"
    URI = "URI"
    DNS = "DNS"
    IP = "IP"
    USERNAME = "username"


@value
class SubjectName:
    """One name: its kind, and its text as clients compare it."""

    kind: NameKind
    text: str


def subject_names(certificate: Certificate, *, what: str = "certificate") -> tuple[SubjectName, ...]:
    """Return the names of a certificate's subject in their order; kinds that Fulcio never writes are left out.

    Raises:
        MalformedError: The extensions cannot be read, a name is of no kind, or a user name is not a UTF8String.
        LimitExceeded: More than `MAX_SUBJECT_NAMES`.
    """
    raw, names = _read_names(certificate, what)
    found = [_as_subject_name(raw, name, what) for name in names]
    return tuple([name for name in found if name is not None])


def names_anybody(certificate: Certificate, *, what: str = "certificate") -> bool:
    """Tell whether a certificate has a name of its subject, of whatever kind.

    Raises:
        MalformedError: The extension cannot be read.
        LimitExceeded: More than `MAX_SUBJECT_NAMES`.
    """
    return bool(_read_names(certificate, what)[1])


def _read_names(certificate: Certificate, what: str) -> tuple[bytes, Sequence[Element]]:
    extension = certificate.tbs.extension(SUBJECT_ALTERNATIVE_NAME, what=what)
    if extension is None:
        return b"", ()
    raw = extension.content
    names = read_children(raw, read_whole(raw, SEQUENCE, what=what), what=what)
    if len(names) > MAX_SUBJECT_NAMES:
        raise LimitExceeded(what, f"{len(names)} subject names, at most {MAX_SUBJECT_NAMES} are accepted")
    return raw, names


def _as_subject_name(raw: bytes, name: Element, what: str) -> SubjectName | None:
    if name.tag == _OTHER_NAME:
        return _as_user_name(Fields(raw, name, what))
    kind = _KINDS.get(name.tag)
    if kind is None and name.tag not in _UNUSED:
        raise MalformedError(what, f"a subject name of no kind, {name.tag:#04x}")
    if kind is None:
        return None
    content = raw[name.content : name.end]
    return SubjectName(kind, _read_address(content, what) if kind is NameKind.IP else _read_ascii(content, what))


def _as_user_name(fields: Fields) -> SubjectName | None:
    if fields.content(OBJECT_IDENTIFIER) != _FULCIO_USERNAME:
        return None
    text = fields.content(_OTHER_VALUE)
    fields.finish()
    return SubjectName(NameKind.USERNAME, decode_utf8_string(text, what=f"user name of the {fields.what}"))


def _read_ascii(content: bytes, what: str) -> str:
    try:
        return content.decode("ascii")
    except UnicodeDecodeError as error:
        raise MalformedError(what, "a subject name that is not IA5String") from error


def _read_address(content: bytes, what: str) -> str:
    from ipaddress import ip_address  # no signer has an address: it is not worth a millisecond of each start

    try:
        return str(ip_address(content))
    except ValueError as error:
        raise MalformedError(what, "an IP address that is none") from error


_KINDS: Final[Mapping[int, NameKind]] = {
    _RFC822_NAME: NameKind.EMAIL,
    _DNS_NAME: NameKind.DNS,
    _URI: NameKind.URI,
    _IP_ADDRESS: NameKind.IP,
}


def encode_subject_name(name: SubjectName) -> NamedExtension:
    """Encode the one name of a certificate without a subject: so the extension is critical (RFC 5280 section 4.1.2.6).

    Raises:
        MalformedError: A kind that Fulcio never writes, nothing, or characters that its encoding cannot have.
    """
    kind = _ENCODERS.get(name.kind)
    if kind is None:
        raise MalformedError("subject name", f"a name of the kind {name.kind} is never written")
    allowed, encode = kind
    if not allowed.fullmatch(name.text):
        raise MalformedError("subject name", f"its characters cannot stand in a name of the kind {name.kind}")
    content = encode_sequence(encode(name.text))
    return encode_extension(SUBJECT_ALTERNATIVE_NAME, Extension(critical=True, content=content))


def _encode_user_name(text: str) -> bytes:
    kind = encode_element(OBJECT_IDENTIFIER, _FULCIO_USERNAME)
    content = encode_element(_OTHER_VALUE, encode_element(UTF8_STRING, text.encode()))
    return encode_element(_OTHER_NAME, kind + content)


_ENCODERS: Final[Mapping[NameKind, tuple[re.Pattern[str], Callable[[str], bytes]]]] = {
    NameKind.EMAIL: (_VISIBLE, lambda text: encode_element(_RFC822_NAME, text.encode("ascii"))),
    NameKind.URI: (_VISIBLE, lambda text: encode_element(_URI, text.encode("ascii"))),
    NameKind.USERNAME: (_SHOWN, _encode_user_name),
}
