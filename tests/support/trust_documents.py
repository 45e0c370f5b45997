"""Trusted roots and signing configs as documents, each of a member's own to change."""

from copy import deepcopy
from typing import Any, Final

from cryptography.x509 import BasicConstraints, ExtendedKeyUsage
from cryptography.x509.oid import ExtendedKeyUsageOID

from cosignpy.core.encoding import JsonValue, PemBlock, encode_b64, encode_json
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.note.key_id import log_key_id, spki_key_id
from cosignpy.core.trust.signing_config import SIGNING_CONFIG
from cosignpy.core.trust.trusted_root import TRUSTED_ROOT
from tests.support.certificates import Authority, Extensions
from tests.support.fixed_keys import ecdsa_signer, ed25519_signer

BEGIN: Final = "2025-01-01T00:00:00Z"
STAMPING: Final[Extensions] = (
    (BasicConstraints(ca=False, path_length=None), True),
    (ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), True),
)

LOG_KEY: Final = ecdsa_signer("log").public_key
SHARD_KEY: Final = ed25519_signer("shard").public_key
SHARD_ORIGIN: Final = "shard.example"
ROOT: Final = Authority.root()
INTERMEDIATE: Final = ROOT.authority()
STAMPER: Final = ROOT.certificate_of("stamper", STAMPING)
ISSUING_CHAIN: Final = (INTERMEDIATE.der, ROOT.der)
STAMPING_CHAIN: Final = (STAMPER.der, ROOT.der)


def log_of(url: str, key: PublicKey, log_id: bytes) -> dict[str, JsonValue]:
    """Describe a log."""
    return {
        "baseUrl": url,
        "hashAlgorithm": "SHA2_256",
        "publicKey": {
            "rawBytes": encode_b64(key.spki),
            "keyDetails": key.algorithm.name,
            "validFor": {"start": BEGIN},
        },
        "logId": {"keyId": encode_b64(log_id)},
    }


def authority_of(url: str, *chain: bytes) -> dict[str, JsonValue]:
    """Describe an authority."""
    return {
        "subject": {"organization": "", "commonName": "root"},
        "uri": url,
        "certChain": {"certificates": [{"rawBytes": encode_b64(each)} for each in chain]},
        "validFor": {"start": "2026-01-01T00:00:00Z"},
    }


def service_of(url: str, version: int = 1, start: str = BEGIN, operator: str = "example") -> dict[str, JsonValue]:
    """Describe a service."""
    return {"url": url, "majorApiVersion": version, "validFor": {"start": start}, "operator": operator}


_TRUSTED_ROOT: Final[dict[str, JsonValue]] = {
    "mediaType": TRUSTED_ROOT,
    "tlogs": [
        log_of("https://log.example", LOG_KEY, spki_key_id(LOG_KEY)),
        log_of(f"https://{SHARD_ORIGIN}", SHARD_KEY, log_key_id(SHARD_ORIGIN, SHARD_KEY)),
    ],
    "certificateAuthorities": [authority_of("https://ca.example", *ISSUING_CHAIN)],
    "ctlogs": [log_of("https://ct.example", LOG_KEY, spki_key_id(LOG_KEY))],
    "timestampAuthorities": [authority_of("https://tsa.example/api/v1/timestamp", *STAMPING_CHAIN)],
}
_SIGNING_CONFIG: Final[dict[str, JsonValue]] = {
    "mediaType": SIGNING_CONFIG,
    "caUrls": [service_of("https://ca.example")],
    "oidcUrls": [service_of("https://idp.example")],
    "rekorTlogUrls": [service_of("https://log.example"), service_of("https://shard.example", 2)],
    "rekorTlogConfig": {"selector": "ANY"},
    "tsaUrls": [service_of("https://tsa.example/api/v1/timestamp")],
    "tsaConfig": {"selector": "EXACT", "count": 1},
}


def trusted_root() -> dict[str, Any]:
    """Return a document with nothing wrong in it, to be changed."""
    return deepcopy(_TRUSTED_ROOT)


def signing_config() -> dict[str, Any]:
    """Return a document with nothing wrong in it, to be changed."""
    return deepcopy(_SIGNING_CONFIG)


def changed(document: dict[str, Any], path: str, content: JsonValue) -> bytes:
    """Encode a document with one member changed, `tlogs.0.baseUrl`; None takes it out, as protobuf JSON has it."""
    found: Any = document
    *above, last = path.split(".")
    for step in above:
        found = found[int(step) if isinstance(found, list) else step]
    found[int(last) if isinstance(found, list) else last] = content
    return encode_json(document)


def pem(*chain: bytes) -> bytes:
    """Encode certificates as a file."""
    return b"".join(PemBlock("CERTIFICATE", each).encode() for each in chain)
