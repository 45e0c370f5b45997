"""Who a Fulcio certificate names: its subject alternative names (RFC 5280 section 4.2.1.6)."""

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
from cosignpy.core.x509.der import decode_utf8_string
from cosignpy.errors import LimitExceeded
from cosignpy.values import value

MAX_SUBJECT_NAMES: Final = 256
"""Names of one certificate: Fulcio writes exactly one, certificates of the web have a few hundred at most."""

_FULCIO_USERNAME: Final = ObjectIdentifier("1.3.6.1.4.1.57264.1.7")


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
