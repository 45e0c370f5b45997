"""What the bodies of all kinds have in common: kind, version, and hashes as Rekor v1 writes them."""

import re
from collections.abc import Mapping
from typing import Final

from cosignpy.core.encoding import JsonObject, JsonValue, encode_canonical_json
from cosignpy.errors import MalformedError
from cosignpy.values import value

HEX_LENGTHS: Final[Mapping[str, int]] = {"sha256": 64, "sha384": 96, "sha512": 128}
"""The algorithms of a hashedrekord 0.0.1 (rekor, hashedrekord_v0_0_1_schema.json), with the length of their hex."""

_HEX: Final = re.compile(r"[0-9a-fA-F]+")
"""Rekor keeps upper case as it was sent, so both must be read."""


@value
class EntryHash:
    """A hash inside an entry: algorithm and hex, in the case in which it was sent."""

    algorithm: str
    hex: str

    def __post_init__(self) -> None:
        """Refuse what is not a hash, so that a body can be written without looking again.

        Raises:
            MalformedError: An unknown algorithm, or not as many hex digits as it has.
        """
        wanted = HEX_LENGTHS.get(self.algorithm)
        if wanted is None:
            raise MalformedError("hash", f"unknown algorithm {self.algorithm!r}, known are {', '.join(HEX_LENGTHS)}")
        if len(self.hex) != wanted or not _HEX.fullmatch(self.hex):
            raise MalformedError("hash", f"{self.algorithm} needs {wanted} hex digits")

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.hex.lower()}"

    @classmethod
    def parse(cls, found: JsonObject) -> "EntryHash":
        """Read `{"algorithm": ..., "value": ...}`.

        Raises:
            MalformedError: Not that, or not a hash.
        """
        found.refuse_unknown("algorithm", "value")
        return cls(found.text("algorithm"), found.text("value"))

    @property
    def json(self) -> JsonValue:
        """The object that an entry holds."""
        return {"algorithm": self.algorithm, "value": self.hex}


def parse_kind(raw: bytes) -> tuple[str, str]:
    """Return kind and version of an entry body, whatever they are.

    Raises:
        MalformedError: It is not the body of an entry at all.
    """
    found = JsonObject.parse(raw, what="log entry")
    return found.text("kind"), found.text("apiVersion")


def parse_spec(raw: bytes, kind: str, version: str) -> JsonObject:
    """Parse an entry body down to what its kind defines.

    Raises:
        MalformedError: Not strict JSON, not an entry, or of another kind or version.
    """
    found = JsonObject.parse(raw, what=f"{kind} entry")
    found.refuse_unknown("apiVersion", "kind", "spec")
    if (found.text("kind"), found.text("apiVersion")) != (kind, version):
        raise found.malformed("kind", f"{found.text('kind')} {found.text('apiVersion')}, wanted {kind} {version}")
    return found.child("spec")


def encode_body(kind: str, version: str, spec: JsonValue) -> bytes:
    """Encode an entry body (RFC 8785).

    Raises:
        MalformedError: The spec holds what canonical JSON cannot express.
    """
    return encode_canonical_json({"apiVersion": version, "kind": kind, "spec": spec})


def refuse_other_spelling(raw: bytes, canonical: bytes, kind: str) -> None:
    """Refuse a body that says the same in other bytes: its hash would be another leaf.

    Raises:
        MalformedError: The bytes differ.
    """
    if raw != canonical:
        raise MalformedError(f"{kind} entry", "not canonical JSON")
