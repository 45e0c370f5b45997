"""Extensions of requests and tokens (RFC 3161 sections 2.4.1 and 2.4.2): those of certificates, marked otherwise."""

from collections.abc import Sequence

from cosignpy.core.x509.der import encode_element
from cosignpy.core.x509.der_fields import Fields
from cosignpy.core.x509.tbs import NamedExtension, parse_extension, split_extensions
from cosignpy.errors import MalformedError


def read_extensions(fields: Fields, tag: int) -> tuple[NamedExtension, ...]:
    """Read the next field if it has this tag: its extensions, each of which has the form of one.

    Raises:
        MalformedError: One has not, is given twice, or there are none in the field (RFC 5280 section 4.1).
    """
    found = fields.optional(tag)
    if found is None:
        return ()
    extensions = split_extensions(fields.raw, found, what=fields.what)
    if not extensions:
        raise MalformedError(fields.what, "its extensions are empty")
    for extension in extensions:
        parse_extension(extension.raw, what=fields.what)
    return extensions


def encode_extensions(tag: int, extensions: Sequence[NamedExtension]) -> bytes:
    """Encode extensions as a field with this tag, which is left out where there are none."""
    return encode_element(tag, b"".join([extension.raw for extension in extensions])) if extensions else b""
