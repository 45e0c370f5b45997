"""Texts that Go reads into types of their own: octets, URLs and times."""

import base64
import re
from datetime import datetime
from typing import Final

from cosignpy.core.encoding import JsonValue
from cosignpy.errors import MalformedError
from cosignpy.imagepolicy.go_reader.go_url import parse_url
from cosignpy.imagepolicy.go_reader.json_fields import Scalar

_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


def decode_octets(text: str, what: str) -> bytes:
    """Return what base64 stands for; ends of lines in it mean nothing.

    Raises:
        MalformedError: It is not base64.
    """
    try:
        return base64.b64decode(text.replace("\n", "").replace("\r", ""), validate=True)
    except ValueError as error:  # binascii.Error, or a character that is none of ASCII's
        raise MalformedError(what, "illegal base64 data") from error


def _is_octets(found: JsonValue) -> bool:
    return isinstance(found, str) and decode_octets(found, "octets") is not None


def _is_url(found: JsonValue) -> bool:
    return isinstance(found, str) and parse_url(found) is not None


def _is_time(found: JsonValue) -> bool:
    if not isinstance(found, str) or not _TIME.fullmatch(found):
        return False
    try:
        datetime.fromisoformat(found)
    except ValueError:
        return False
    return True


OCTETS: Final = Scalar("[]uint8", "", _is_octets, reads_null=True)
"""In base64; what is read stays the text of it."""
URL: Final = Scalar("string", "", _is_url, reads_null=True)
"""An `apis.URL` of knative.dev/pkg."""
TIME: Final = Scalar("Time", None, _is_time, reads_null=True)
"""A `metav1.Time`, as RFC 3339 writes it."""
