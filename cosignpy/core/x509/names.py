"""Distinguished names in DER that stand outside of certificates, as text for people (RFC 5280 section 4.1.2.4)."""

from typing import Final

from cryptography.x509 import Name, NameAttribute, ObjectIdentifier, RelativeDistinguishedName

from cosignpy.core.x509.der import OBJECT_IDENTIFIER, SEQUENCE, SET, decode_utf8
from cosignpy.core.x509.der_fields import Fields
from cosignpy.core.x509.der_values import decode_oid
from cosignpy.errors import MalformedError

MAX_ATTRIBUTES: Final = 32
"""Attributes of one name, and of one part of it; real names have two or three."""


def describe_name(der: bytes, *, what: str) -> str:
    """Write a Name as RFC 4514 does.

    Raises:
        MalformedError: Not a Name in DER, or an attribute that is not text.
        LimitExceeded: More attributes than names have.
    """
    parts = Fields.of(der, what=what).items(most=MAX_ATTRIBUTES, tags=(SET,))
    try:
        return Name([RelativeDistinguishedName(_attributes(part, what)) for part in parts]).rfc4514_string()
    except ValueError as error:  # an empty part, the same attribute twice, or a country that is none
        raise MalformedError(what, "a name that is none") from error


def _attributes(part: bytes, what: str) -> "list[NameAttribute[str]]":
    found = []
    for item in Fields.of(part, tag=SET, what=what).items(most=MAX_ATTRIBUTES, tags=(SEQUENCE,)):
        fields = Fields.of(item, what=what)
        kind, text = fields.content(OBJECT_IDENTIFIER), fields.element()
        fields.finish()
        content = decode_utf8(item[text.content : text.end], what=what)
        found.append(NameAttribute(ObjectIdentifier(decode_oid(kind, what=what)), content))
    return found
