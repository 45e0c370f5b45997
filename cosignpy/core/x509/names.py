"""Distinguished names in DER (RFC 5280 section 4.1.2.4), as text for people (RFC 4514)."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from cosignpy.core.x509.der import OBJECT_IDENTIFIER, SEQUENCE, SET
from cosignpy.core.x509.der_fields import Fields
from cosignpy.core.x509.der_values import decode_oid
from cosignpy.errors import MalformedError
from cosignpy.values import value

MAX_ATTRIBUTES: Final = 32
"""Attributes of one name, and of one part of it; real names have two or three."""

COMMON_NAME: Final = "2.5.4.3"
ORGANIZATION: Final = "2.5.4.10"
_SHORT: Final[Mapping[str, str]] = {
    COMMON_NAME: "CN",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.9": "STREET",
    ORGANIZATION: "O",
    "2.5.4.11": "OU",
    "0.9.2342.19200300.100.1.1": "UID",
    "0.9.2342.19200300.100.1.25": "DC",
}
"""RFC 4514 section 3."""
_ENCODINGS: Final[Mapping[int, str]] = {
    0x0C: "utf-8",
    0x12: "utf-8",
    0x13: "utf-8",
    0x14: "latin-1",
    0x16: "utf-8",
    0x1A: "utf-8",
    0x1C: "utf-32-be",
    0x1E: "utf-16-be",
}
"""UTF8String, NumericString, PrintableString, TeletexString, IA5String, VisibleString, UniversalString, BMPString."""
_SPECIAL: Final = re.compile(r'[\\"+,;<>]')


@value
class NameAttribute:
    """One attribute of a name: its dotted identifier, and its text; as `#` and hex where it is not text."""

    oid: str
    text: str
    is_text: bool = True

    def __str__(self) -> str:
        """Return it as RFC 4514 section 2.3 writes it."""
        return f"{_SHORT.get(self.oid, self.oid)}={_escape(self.text) if self.is_text else self.text}"


def parse_name(der: bytes, *, what: str) -> Sequence[Sequence[NameAttribute]]:
    """Parse a Name into its parts, each with at least one attribute.

    Raises:
        MalformedError: Not a Name in DER, or an attribute that is not text in its encoding.
        LimitExceeded: More attributes than names have.
    """
    parts = Fields.of(der, what=what).items(most=MAX_ATTRIBUTES, tags=(SET,))
    return [_parse_part(part, what) for part in parts]


def describe_name(der: bytes, *, what: str) -> str:
    """Write a Name as RFC 4514 does: the last part first.

    Raises:
        MalformedError: Not a Name in DER, or an attribute that is not text in its encoding.
        LimitExceeded: More attributes than names have.
    """
    return ",".join(["+".join(map(str, part)) for part in reversed(parse_name(der, what=what))])


def find_attribute(der: bytes, oid: str, *, what: str) -> str:
    """Return the first attribute of a Name that has this dotted identifier; empty where there is none.

    Raises:
        MalformedError: Not a Name in DER, or an attribute that is not text in its encoding.
        LimitExceeded: More attributes than names have.
    """
    found = (attribute.text for part in parse_name(der, what=what) for attribute in part if attribute.oid == oid)
    return next(found, "")


def _parse_part(part: bytes, what: str) -> list[NameAttribute]:
    items = Fields.of(part, tag=SET, what=what).items(most=MAX_ATTRIBUTES, tags=(SEQUENCE,))
    if not items or len(set(items)) != len(items):
        raise MalformedError(what, "a name with an empty part, or with the same attribute twice in one")
    return [_parse_attribute(item, what) for item in items]


def _parse_attribute(item: bytes, what: str) -> NameAttribute:
    fields = Fields.of(item, what=what)
    kind, found = fields.content(OBJECT_IDENTIFIER), fields.element()
    fields.finish()
    oid = decode_oid(kind, what=what)
    encoding = _ENCODINGS.get(found.tag)
    if encoding is None:
        return NameAttribute(oid, f"#{item[found.start : found.end].hex()}", is_text=False)
    try:
        return NameAttribute(oid, item[found.content : found.end].decode(encoding))
    except UnicodeDecodeError as error:
        raise MalformedError(what, "a name with text that is not in its encoding") from error


def _escape(text: str) -> str:
    """Escape what would be read as something else (section 2.4)."""
    escaped = _SPECIAL.sub(r"\\\g<0>", text).replace("\0", r"\00")
    if text.endswith(" "):
        escaped = f"{escaped[:-1]}\\ "
    return f"\\{escaped}" if escaped[:1] in {"#", " "} else escaped
