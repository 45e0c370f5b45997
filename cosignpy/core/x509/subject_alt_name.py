"""Who a Fulcio certificate names: its subject alternative names (RFC 5280 section 4.2.1.6)."""

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final, cast

from cryptography.x509 import (
    Certificate,
    DNSName,
    GeneralName,
    IPAddress,
    ObjectIdentifier,
    OtherName,
    RFC822Name,
    SubjectAlternativeName,
    UniformResourceIdentifier,
)

from cosignpy.core.x509.chain import find_extension
from cosignpy.core.x509.der import (
    OBJECT_IDENTIFIER,
    UTF8_STRING,
    decode_utf8_string,
    encode_element,
    encode_sequence,
)
from cosignpy.core.x509.extensions import SUBJECT_ALTERNATIVE_NAME
from cosignpy.core.x509.tbs import Extension, NamedExtension, encode_extension
from cosignpy.errors import LimitExceeded, MalformedError
from cosignpy.values import value

MAX_SUBJECT_NAMES: Final = 256
"""Names of one certificate: Fulcio writes exactly one, certificates of the web have a few hundred at most."""

_FULCIO_USERNAME: Final = ObjectIdentifier("1.3.6.1.4.1.57264.1.7")
_FULCIO_USERNAME_CONTENT: Final = bytes.fromhex("2b0601040183bf300107")

_OTHER_NAME: Final = 0xA0
_RFC822_NAME: Final = 0x81
_URI: Final = 0x86
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
        MalformedError: The extensions cannot be read, or a user name is not a UTF8String.
        LimitExceeded: More than `MAX_SUBJECT_NAMES`.
    """
    extension = find_extension(certificate, SubjectAlternativeName, what=what)
    names = list(extension) if extension is not None else []
    if len(names) > MAX_SUBJECT_NAMES:
        raise LimitExceeded(what, f"{len(names)} subject names, at most {MAX_SUBJECT_NAMES} are accepted")
    found = (_as_subject_name(name, what) for name in names)
    return tuple([name for name in found if name is not None])


def _as_subject_name(name: GeneralName, what: str) -> SubjectName | None:
    if isinstance(name, OtherName):
        if name.type_id != _FULCIO_USERNAME:
            return None
        return SubjectName(NameKind.USERNAME, decode_utf8_string(name.value, what=f"user name of the {what}"))
    kind = _KINDS.get(type(name))
    return SubjectName(kind, _TEXTS[kind](name)) if kind is not None else None


_KINDS: Final[Mapping[type[GeneralName], NameKind]] = {
    RFC822Name: NameKind.EMAIL,
    UniformResourceIdentifier: NameKind.URI,
    DNSName: NameKind.DNS,
    IPAddress: NameKind.IP,
}
_TEXTS: Final[Mapping[NameKind, Callable[[GeneralName], str]]] = {
    NameKind.EMAIL: lambda name: cast("RFC822Name", name).value,
    NameKind.URI: lambda name: cast("UniformResourceIdentifier", name).value,
    NameKind.DNS: lambda name: cast("DNSName", name).value,
    NameKind.IP: lambda name: str(cast("IPAddress", name).value),
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
    kind = encode_element(OBJECT_IDENTIFIER, _FULCIO_USERNAME_CONTENT)
    content = encode_element(_OTHER_VALUE, encode_element(UTF8_STRING, text.encode()))
    return encode_element(_OTHER_NAME, kind + content)


_ENCODERS: Final[Mapping[NameKind, tuple[re.Pattern[str], Callable[[str], bytes]]]] = {
    NameKind.EMAIL: (_VISIBLE, lambda text: encode_element(_RFC822_NAME, text.encode("ascii"))),
    NameKind.URI: (_VISIBLE, lambda text: encode_element(_URI, text.encode("ascii"))),
    NameKind.USERNAME: (_SHOWN, _encode_user_name),
}
