"""What the older kinds have in common: content inline, a digest that may be declared, a canonical body."""

import hashlib
import re
from collections.abc import Mapping
from typing import Final

from cosignpy.core.encoding import JsonObject, JsonValue, encode_canonical_json
from cosignpy.errors import DigestMismatch

_VERSION: Final = "0.0.1"
_SHA256_HEX: Final = re.compile(r"[0-9a-f]{64}")
_EMAIL: Final = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z][A-Za-z0-9-]{1,62}"
)


def read_content(member: JsonObject) -> bytes:
    """Return the bytes of `content`; a `url` in its place is refused, nothing is ever fetched (GHSA-4c4x-jm2x-pf9j).

    Raises:
        MalformedError: No content, empty content, not base64, or a URL.
    """
    if "url" in member:
        raise member.malformed("url", "nothing is fetched; send the content itself, as base64 in content")
    content = member.b64("content")
    if not content:
        raise member.malformed("content", "empty")
    return content


def describe_digest(member: JsonObject, content: bytes) -> Mapping[str, JsonValue]:
    """Return the canonical `hash` of content; where the client declared one, it has to be that.

    Raises:
        MalformedError: A declared hash that is not a SHA-256 in lower-case hex.
        DigestMismatch: It is of other content.
    """
    found = hashlib.sha256(content).hexdigest()
    declared = member.optional_child("hash")
    if declared is not None:
        _verify_declared(declared, found)
    return {"algorithm": "sha256", "value": found}


def _verify_declared(declared: JsonObject, found: str) -> None:
    if declared.text("algorithm") != "sha256":
        raise declared.malformed("algorithm", "expected sha256")
    wanted = declared.text("value")
    if _SHA256_HEX.fullmatch(wanted) is None:
        raise declared.malformed("value", "expected 64 lower-case hex digits")
    if wanted != found:
        raise DigestMismatch("content", f"sha256:{wanted}", f"sha256:{found}")


def encode_body(kind: str, spec: Mapping[str, JsonValue]) -> bytes:
    """Encode the canonical entry of version 0.0.1 (RFC 8785), the bytes of the leaf.

    Raises:
        MalformedError: The spec holds what canonical JSON cannot express.
    """
    return encode_canonical_json({"apiVersion": _VERSION, "kind": kind, "spec": spec})


def search_key_of(canonical_key: bytes) -> str:
    """Return the text that finds entries by their public key: the hex SHA-256 of its canonical form."""
    return hashlib.sha256(canonical_key).hexdigest()


def search_key_of_content(content: bytes) -> str:
    """Return the text that finds entries by content."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def is_email(text: str) -> bool:
    """Tell whether a comment or the name in a key is an e-mail address, which entries are then found by."""
    return _EMAIL.fullmatch(text) is not None
