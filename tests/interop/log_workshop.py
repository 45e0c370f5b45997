"""What tests of the log server with real clients share: keys and certificates in files, programs, trusted roots."""

import base64
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_public_key,
)
from cryptography.x509 import (
    CertificateBuilder,
    Name,
    NameAttribute,
    RFC822Name,
    SubjectAlternativeName,
    load_pem_x509_certificates,
    random_serial_number,
)
from cryptography.x509.oid import NameOID

from tests.interop.programs import Run, Workshop
from tests.support.log_process import LogProcess, Shard

REKOR_V1: Final = "rekor-v1"
REKOR_V2: Final = "rekor-v2"
CT: Final = "ct"

START: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""Since when trusted roots of tests trust: clients refuse what was logged before."""

IDENTITY: Final = "someone@example.com"


class Signatory:
    """A P-256 key with a certificate of its own, in `name`.pem, `name`.pub and `name`.crt."""

    def __init__(self, folder: Path, name: str) -> None:
        self.private_key = ec.generate_private_key(ec.SECP256R1())
        self.key = folder / f"{name}.pem"
        self.public_key = folder / f"{name}.pub"
        self.certificate = folder / f"{name}.crt"
        self.key.write_bytes(self.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        spki = self.private_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        self.public_key.write_bytes(spki)
        self.certificate.write_bytes(self._certify())

    def sign(self, content: bytes) -> bytes:
        return self.private_key.sign(content, ec.ECDSA(SHA256()))

    def _certify(self) -> bytes:
        name = Name([NameAttribute(NameOID.COMMON_NAME, "tests")])
        now = datetime.now(UTC)
        builder = CertificateBuilder(name, name, self.private_key.public_key(), random_serial_number())
        builder = builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(hours=1))
        builder = builder.add_extension(SubjectAlternativeName([RFC822Name(IDENTITY)]), critical=True)
        return builder.sign(self.private_key, SHA256()).public_bytes(Encoding.PEM)


def write_key(shard: Shard, folder: Path) -> Path:
    """Write the public key of a shard to a file."""
    path = folder / f"{shard.log}-{shard.number}.pub"
    path.write_text(shard.public_key)
    return path


def describe_log(shard: Shard, base_url: str) -> dict[str, Any]:
    """Describe a log as a trusted root does."""
    return {
        "baseUrl": base_url,
        "hashAlgorithm": "SHA2_256",
        "publicKey": {
            "rawBytes": base64.b64encode(_read_spki(shard)).decode(),
            "keyDetails": "PKIX_ED25519" if shard.log == REKOR_V2 else "PKIX_ECDSA_P256_SHA_256",
            "validFor": {"start": START.isoformat().replace("+00:00", "Z")},
        },
        "logId": {"keyId": shard.log_id_base64},
    }


def _read_spki(shard: Shard) -> bytes:
    key = load_pem_public_key(shard.public_key.encode())
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def describe_authority(chain: bytes, uri: str) -> dict[str, Any]:
    """Describe an authority by its PEM chain, issuers last."""
    certificates = load_pem_x509_certificates(chain)
    encoded = [base64.b64encode(found.public_bytes(Encoding.DER)).decode() for found in certificates]
    return {
        "subject": {"organization": "tests", "commonName": "tests"},
        "uri": uri,
        "certChain": {"certificates": [{"rawBytes": raw} for raw in encoded]},
        "validFor": {"start": START.isoformat().replace("+00:00", "Z")},
    }


def write_trusted_root(
    folder: Path, log: LogProcess, *, authorities: Sequence[Any] = (), timestamps: Sequence[Any] = ()
) -> Path:
    """Write a trusted root for all logs of a server, with every field that sigstore-python asks for."""
    shards = log.show()
    path = folder / "root.json"
    document = {
        "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
        "tlogs": [describe_log(shard, log.url) for shard in shards if shard.log != CT],
        "certificateAuthorities": list(authorities),
        "ctlogs": [describe_log(shard, f"{log.url}/ctlog") for shard in shards if shard.log == CT],
        "timestampAuthorities": list(timestamps),
    }
    path.write_text(json.dumps(document))
    return path


def log_client(workshop: Workshop, command: str, *arguments: object) -> Any:
    """Run the Go program that reads logs with the code of others.

    Raises:
        ProgramFailedError: Something did not verify.
    """
    return json.loads(workshop.run("log-client", command, *map(str, arguments)).expect_success().stdout)


def javascript(workshop: Workshop, command: str, **settings: object) -> Run:
    """Run sigstore's JavaScript packages."""
    return workshop.run("js-client", command, json.dumps(settings, default=str))
