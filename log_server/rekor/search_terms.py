"""What people search for, in the one spelling in which it was indexed (see `Accepted.search_keys`)."""

import re
from collections.abc import Mapping
from typing import Final

from cosignpy.errors import MalformedError

MAX_NAME: Final = 512
"""Characters of an e-mail address or subject (rekor, openapi.yaml)."""

_HASH: Final = re.compile(r"(?:(?P<name>sha1|sha256|sha384|sha512):)?(?P<hex>[0-9a-f]+)")
_BY_LENGTH: Final[Mapping[int, str]] = {40: "sha1", 64: "sha256", 96: "sha384", 128: "sha512"}


def normalize_hash(text: str) -> str:
    """Return a digest as `<algorithm>:<hex>`; its length tells the algorithm.

    Raises:
        MalformedError: Not the hex of a digest, or not of the algorithm it names.
    """
    match = _HASH.fullmatch(text.lower())
    name = _BY_LENGTH.get(len(match["hex"])) if match else None
    if match is None or name is None or match["name"] not in {None, name}:
        raise MalformedError("hash", "not <algorithm>:<hex> of SHA-1, SHA-256, SHA-384 or SHA-512")
    return f"{name}:{match['hex']}"


def normalize_fingerprint(text: str) -> str:
    """Return the SHA-256 of a public key in its canonical form as bare hex.

    Raises:
        MalformedError: Not that.
    """
    name, _, digits = normalize_hash(text).partition(":")
    if name != "sha256":
        raise MalformedError("key", "not the hex of the SHA-256 of a public key in PEM")
    return digits


def normalize_name(text: str) -> str:
    """Return an e-mail address or another name of a signer.

    Raises:
        MalformedError: Empty, or longer than any name.
    """
    if not 1 <= len(text) <= MAX_NAME:
        raise MalformedError("name", f"not 1 to {MAX_NAME} characters")
    return text
