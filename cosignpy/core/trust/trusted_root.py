"""Trusted roots: the logs and authorities a verifier believes (protobuf-specs, `TrustedRoot`).

Read are all media types there have been, as strictly as bundles; written is the one that every released client reads.
"""

from typing import Final

from cosignpy.core.encoding import JsonObject, JsonValue, PemBlock, encode_b64, encode_json
from cosignpy.core.keys.algorithms import ALGORITHMS
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.trust.validity import Validity, encode_validity, parse_validity
from cosignpy.core.x509.certificate import Certificate
from cosignpy.core.x509.path import MAX_ISSUERS
from cosignpy.errors import KeyUnusable, LimitExceeded
from cosignpy.values import value

TRUSTED_ROOT: Final = "application/vnd.dev.sigstore.trustedroot+json;version=0.1"
"""The one media type we write: sigstore-go, and with it cosign, reads no other."""

TRUSTED_ROOT_TYPES: Final = frozenset(
    {
        TRUSTED_ROOT,
        "application/vnd.dev.sigstore.trustedroot.v0.1+json",
        "application/vnd.dev.sigstore.trustedroot.v0.2+json",
    }
)

SHA2_256: Final = "SHA2_256"
"""The one hash function of Merkle trees that anybody uses (RFC 6962)."""

BARE_RSA: Final = "PKCS1_RSA_PKCS1V5"
"""An RSA key without the SubjectPublicKeyInfo around it; one certificate transparency log was described so."""
ANY_RSA: Final = "PKIX_RSA_PKCS1V5"
"""An RSA key of any size: what there was before each size had its name."""

MAX_TRUSTED_ROOT: Final = 4 << 20
"""Octets. The public instance needs 7 thousand."""
MAX_LOGS: Final = 256
MAX_AUTHORITIES: Final = 256
"""Of each kind. A log that begins a shard each month does for twenty years."""
MAX_CHAIN: Final = MAX_ISSUERS + 1
"""A timestamp authority's own certificate, and what a path may have above it."""


@value
class TransparencyLog:
    """A log of signatures (Rekor) or of certificates (RFC 6962), one shard of it.

    Attributes:
        base_url: Where it is, or was. The host's name is the origin of checkpoints.
        hash_algorithm: What its tree is hashed with.
        key: What it signs with; None where this version knows its kind of key or its hash function not, and nothing
            that it signed can be shown.
        raw_key: The key as the document has it.
        key_details: The kind of key and signature, as protobuf-specs names them.
        log_id: What entries and certificate timestamps name it by.
        validity: When it was in use.
        checkpoint_key_id: The key id of its signatures on checkpoints, where the document says so.
        operator: Who runs it, where the document says so.
    """

    base_url: str
    hash_algorithm: str
    key: PublicKey | None
    raw_key: bytes
    key_details: str
    log_id: bytes
    validity: Validity
    checkpoint_key_id: bytes | None = None
    operator: str = ""


@value
class CertificateAuthority:
    """Someone who issues certificates (Fulcio) or timestamps, with one chain of certificates.

    Attributes:
        uri: Where it is, or was.
        organization: The name of the root certificate's subject, as the document has it.
        common_name: As before.
        chain: At least one certificate, each issued by the next. Of a timestamp authority the first may be its own.
        validity: When all of the chain was in use.
        operator: Who runs it, where the document says so.
    """

    uri: str
    organization: str
    common_name: str
    chain: tuple[Certificate, ...]
    validity: Validity
    operator: str = ""


@value
class TrustedRoot:
    """Everything one verifier believes, what was in use formerly included."""

    logs: tuple[TransparencyLog, ...] = ()
    certificate_authorities: tuple[CertificateAuthority, ...] = ()
    ct_logs: tuple[TransparencyLog, ...] = ()
    timestamp_authorities: tuple[CertificateAuthority, ...] = ()
    media_type: str = TRUSTED_ROOT


def parse_trusted_root(raw: bytes) -> TrustedRoot:
    """Parse a trusted root.

    Raises:
        MalformedError: Not strict JSON, not a trusted root, a log without its id or key, an authority without
            certificates, or a key that is not of the kind it is said to be.
        LimitExceeded: Larger than any, or more logs, authorities or certificates.
    """
    if len(raw) > MAX_TRUSTED_ROOT:
        raise LimitExceeded("trusted root", f"{len(raw)} octets, at most {MAX_TRUSTED_ROOT} are accepted")
    return read_trusted_root(JsonObject.parse(raw, what="trusted root"))


def read_trusted_root(found: JsonObject) -> TrustedRoot:
    """Read a trusted root that is part of another document.

    Raises:
        MalformedError: As `parse_trusted_root`.
    """
    media_type = found.text("mediaType")
    if media_type not in TRUSTED_ROOT_TYPES:
        raise found.malformed("mediaType", f"{media_type!r} is not a type of trusted root we know")
    found.refuse_unknown("mediaType", "tlogs", "certificateAuthorities", "ctlogs", "timestampAuthorities")
    return TrustedRoot(
        logs=_read_logs(found, "tlogs"),
        certificate_authorities=_read_authorities(found, "certificateAuthorities"),
        ct_logs=_read_logs(found, "ctlogs"),
        timestamp_authorities=_read_authorities(found, "timestampAuthorities"),
        media_type=media_type,
    )


def _read_logs(found: JsonObject, name: str) -> tuple[TransparencyLog, ...]:
    return tuple([_read_log(item) for item in found.children(name, most=MAX_LOGS)])


def _read_log(found: JsonObject) -> TransparencyLog:
    found.refuse_unknown("baseUrl", "hashAlgorithm", "publicKey", "logId", "checkpointKeyId", "operator")
    public_key = found.child("publicKey")
    public_key.refuse_unknown("rawBytes", "keyDetails", "validFor")
    hash_algorithm = found.text("hashAlgorithm")
    checkpoint_key = found.optional_child("checkpointKeyId")
    key = _read_key(public_key)
    return TransparencyLog(
        base_url=found.optional_text("baseUrl"),
        hash_algorithm=hash_algorithm,
        key=key if hash_algorithm == SHA2_256 else None,
        raw_key=public_key.b64("rawBytes"),
        key_details=public_key.text("keyDetails"),
        log_id=_read_key_id(found.child("logId")),
        validity=parse_validity(public_key.optional_child("validFor")),
        checkpoint_key_id=_read_key_id(checkpoint_key) if checkpoint_key else None,
        operator=found.optional_text("operator"),
    )


def _read_key(found: JsonObject) -> PublicKey | None:
    """Return a key, None where it is of a kind that is not known; a broken one is no key of any kind."""
    details, raw = found.text("keyDetails"), found.b64("rawBytes")
    what = f"{found.what} {found.path}rawBytes"
    algorithm = ALGORITHMS.get(details)
    if algorithm is None and details not in {BARE_RSA, ANY_RSA}:
        return None
    try:
        if details == BARE_RSA:
            return PublicKey.parse_pem(PemBlock("RSA PUBLIC KEY", raw).encode(), what=what)
        key = PublicKey.parse_der(raw, what=what)
    except KeyUnusable:
        return None
    if not key.algorithm.key.startswith(algorithm.key if algorithm else "RSA-"):
        raise found.malformed("rawBytes", f"a key of the kind {key.algorithm.key}, which is not {details}")
    return key


def _read_key_id(found: JsonObject) -> bytes:
    found.refuse_unknown("keyId")
    return found.b64("keyId")


def _read_authorities(found: JsonObject, name: str) -> tuple[CertificateAuthority, ...]:
    return tuple([_read_authority(item) for item in found.children(name, most=MAX_AUTHORITIES)])


def _read_authority(found: JsonObject) -> CertificateAuthority:
    found.refuse_unknown("subject", "uri", "certChain", "validFor", "operator")
    subject = found.optional_child("subject")
    if subject:
        subject.refuse_unknown("organization", "commonName")
    return CertificateAuthority(
        uri=found.optional_text("uri"),
        organization=subject.optional_text("organization") if subject else "",
        common_name=subject.optional_text("commonName") if subject else "",
        chain=_read_chain(found.child("certChain")),
        validity=parse_validity(found.optional_child("validFor")),
        operator=found.optional_text("operator"),
    )


def _read_chain(found: JsonObject) -> tuple[Certificate, ...]:
    found.refuse_unknown("certificates")
    certificates = found.children("certificates", most=MAX_CHAIN)
    if not certificates:
        raise found.malformed("certificates", "empty")
    return tuple([_read_certificate(item) for item in certificates])


def _read_certificate(found: JsonObject) -> Certificate:
    found.refuse_unknown("rawBytes")
    return Certificate.parse(found.b64("rawBytes"), what=f"{found.what} {found.path}rawBytes")


def encode_trusted_root(root: TrustedRoot) -> bytes:
    """Encode a trusted root, members in the order cosign writes them and none left out that some client demands."""
    return encode_json(trusted_root_members(root))


def trusted_root_members(root: TrustedRoot) -> dict[str, JsonValue]:
    """Return a trusted root as a JSON object, to be encoded or to become part of another document."""
    return {
        "mediaType": TRUSTED_ROOT,
        "tlogs": [_log_members(log) for log in root.logs],
        "certificateAuthorities": [_authority_members(authority) for authority in root.certificate_authorities],
        "ctlogs": [_log_members(log) for log in root.ct_logs],
        "timestampAuthorities": [_authority_members(authority) for authority in root.timestamp_authorities],
    }


def _log_members(log: TransparencyLog) -> dict[str, JsonValue]:
    members: dict[str, JsonValue] = {
        "baseUrl": log.base_url,
        "hashAlgorithm": log.hash_algorithm,
        "publicKey": {
            "rawBytes": encode_b64(log.raw_key),
            "keyDetails": log.key_details,
            "validFor": encode_validity(log.validity),
        },
        "logId": {"keyId": encode_b64(log.log_id)},
    }
    if log.checkpoint_key_id is not None:
        members["checkpointKeyId"] = {"keyId": encode_b64(log.checkpoint_key_id)}
    return members | _operator(log.operator)


def _authority_members(authority: CertificateAuthority) -> dict[str, JsonValue]:

    return {
        "subject": {"organization": authority.organization, "commonName": authority.common_name},
        "uri": authority.uri,
        "certChain": {"certificates": [{"rawBytes": encode_b64(each.der)} for each in authority.chain]},
        "validFor": encode_validity(authority.validity),
    } | _operator(authority.operator)


def _operator(name: str) -> dict[str, JsonValue]:
    return {"operator": name} if name else {}
