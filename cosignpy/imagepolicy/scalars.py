"""What single texts of documents mean: URLs of http and https without blanks, and octets."""

import re
from typing import Final

from cosignpy.core.encoding import decode_b64
from cosignpy.errors import MalformedError

_URL: Final = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]+(/[!-~]*)?")
_HTTPS: Final = re.compile(r"https://[A-Za-z0-9.\-\[\]:]+(/[!-~]*)?")


def parse_url(text: str) -> str:
    """Check a URL.

    Raises:
        MalformedError: It is none of http or https.
    """
    if not _URL.fullmatch(text):
        raise MalformedError("url", f"{text!r} is not an http or https URL")
    return text


def parse_https_url(text: str) -> str:
    """Check a URL whose content has to come from whom it names.

    Raises:
        MalformedError: It is none of https.
    """
    if not _HTTPS.fullmatch(text):
        raise MalformedError("url", f"{text!r} is not an https URL")
    return text


def parse_octets(text: str, what: str) -> bytes:
    """Return what base64 stands for; blanks and line ends in it mean nothing, as for Kubernetes.

    Raises:
        MalformedError: It is not base64.
    """
    return decode_b64("".join(text.split()), what=what)
