"""What every key file has in common: its size, and that it holds one PEM block (RFC 7468)."""

from typing import Final

from cosignpy.core.encoding import PemBlock, parse_pem
from cosignpy.errors import LimitExceeded, MalformedError

MAX_KEY_FILE: Final = 64 * 1024
"""The largest key file here, an RSA-4096 key in cosign's format, is 5 KiB; text around it is allowed for."""

_BEGIN: Final = b"-----BEGIN "


def check_key_file(raw: bytes, *, what: str) -> None:
    """Refuse what cannot be a key file before any parser sees it.

    Raises:
        LimitExceeded: Larger than any key file is.
        MalformedError: Nothing in it.
    """
    if len(raw) > MAX_KEY_FILE:
        raise LimitExceeded(what, f"more than {MAX_KEY_FILE} bytes")
    if not raw.strip():
        raise MalformedError(what, "empty")


def parse_key_file(raw: bytes, *, what: str) -> PemBlock:
    """Parse a file of exactly one PEM block: with two, which one counts would be a matter of taste.

    Raises:
        LimitExceeded: Larger than any key file is.
        MalformedError: Empty, no complete block, or several.
    """
    check_key_file(raw, what=what)
    if raw.count(_BEGIN) > 1:
        raise MalformedError(what, "more than one PEM block")
    return parse_pem(raw, what=what)
