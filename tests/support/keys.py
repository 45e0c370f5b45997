"""Keys and signatures that cosign and OpenSSL made: `tests/vectors/keys`, described in its README."""

import base64
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.keys.public import PublicKey

FOLDER: Final = Path(__file__).resolve().parents[1] / "vectors" / "keys"

SECP112R1: Final = bytes.fromhex(
    "302c020100301006072a8648ce3d020106052b8104000604153013020101040e1111111111111111111111111111"
)
"""PKCS#8 of a curve of 112 bits, which OpenSSL's builds for distributions leave out."""


@dataclass(frozen=True, slots=True)
class MadeSignature:
    """A signature by another program, over a message, and the algorithm it used."""

    made_by: str
    message: bytes
    raw: bytes
    algorithm: str


@dataclass(frozen=True, slots=True)
class KeyVector:
    """One key in every form, and what was signed with it."""

    kind: str
    hint: str
    password: bytes
    plain: bytes
    cosign2: bytes
    cosign3: bytes
    public: bytes
    signatures: tuple[MadeSignature, ...]

    def private_key(self) -> PrivateKey:
        """Return the private key without waiting for scrypt."""
        body = b"".join(self.plain.splitlines()[1:-1])
        return PrivateKey.parse_pkcs8(base64.b64decode(body))

    def public_key(self) -> PublicKey:
        """Return the public key."""
        return PublicKey.parse_pem(self.public)


def _signature(member: dict[str, Any]) -> MadeSignature:
    raw = base64.b64decode(member["signature"])
    return MadeSignature(member["made_by"], member["message"].encode(), raw, member["algorithm"])


def _vector(member: dict[str, Any]) -> KeyVector:
    texts = {name: member[name].encode() for name in ("password", "plain", "cosign2", "cosign3", "public")}
    signatures = tuple(_signature(item) for item in member["signatures"])
    return KeyVector(kind=member["key"], hint=member["hint"], signatures=signatures, **texts)


@cache
def key_vectors() -> dict[str, KeyVector]:
    """Return all vectors by kind of key."""
    members = json.loads((FOLDER / "cosign.json").read_text())
    return {member["key"]: _vector(member) for member in members}
