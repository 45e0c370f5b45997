"""Bundles in protobuf JSON, v0.1 to v0.3 read, v0.3 written.

Stricter than protobuf's own JSON mapping on purpose: base64 only in its canonical standard form, no
repeated keys, no unknown fields. Everything that writes bundles writes them so.
"""

from typing import Final

from cosignpy.core.bundle.model import (
    BUNDLE_TYPES,
    BUNDLE_V03,
    Bundle,
    CertificateMaterial,
    MessageSignature,
    PublicKeyMaterial,
)
from cosignpy.core.dsse import Envelope, EnvelopeSignature
from cosignpy.core.encoding import JsonObject, JsonValue, encode_b64, encode_json
from cosignpy.core.rekor.log_entry import LogEntry, read_v2_entry

MAX_LOG_ENTRIES: Final = 32
MAX_TIMESTAMPS: Final = 32
MAX_CHAIN: Final = 16
"""The limits the released Sigstore verifiers share (log entries, timestamps); a chain is never this long."""


def parse_bundle(raw: bytes) -> Bundle:
    """Parse a bundle.

    Raises:
        MalformedError: Not strict JSON, not a bundle, or not exactly one kind of material and of content.
        LimitExceeded: More log entries, timestamps or certificates than a verifier accepts.
    """
    found = JsonObject.parse(raw, what="bundle")
    media_type = found.text("mediaType")
    if media_type not in BUNDLE_TYPES:
        raise found.malformed("mediaType", f"{media_type!r} is not a bundle type we know")
    found.refuse_unknown("mediaType", "verificationMaterial", "messageSignature", "dsseEnvelope")
    material = found.child("verificationMaterial")
    material.refuse_unknown(
        "publicKey", "certificate", "x509CertificateChain", "tlogEntries", "timestampVerificationData"
    )
    return Bundle(
        media_type=media_type,
        material=_parse_material(material),
        content=_parse_content(found),
        log_entries=tuple([read_v2_entry(item) for item in material.children("tlogEntries", most=MAX_LOG_ENTRIES)]),
        timestamps=_parse_timestamps(material),
    )


def _parse_material(found: JsonObject) -> PublicKeyMaterial | CertificateMaterial:
    kinds = [name for name in ("publicKey", "certificate", "x509CertificateChain") if name in found]
    if len(kinds) != 1:
        raise found.malformed("", "exactly one of publicKey, certificate and x509CertificateChain is needed")
    member = found.child(kinds[0])
    if kinds[0] == "publicKey":
        member.refuse_unknown("hint")
        return PublicKeyMaterial(member.optional_text("hint"))
    if kinds[0] == "certificate":
        return CertificateMaterial((_parse_only(member, "rawBytes"),), alone=True)
    member.refuse_unknown("certificates")
    chain = member.children("certificates", most=MAX_CHAIN)
    if not chain:
        raise member.malformed("certificates", "empty")
    return CertificateMaterial(tuple(_parse_only(certificate, "rawBytes") for certificate in chain))


def _parse_only(found: JsonObject, name: str) -> bytes:
    """Read a message whose one field holds bytes."""
    found.refuse_unknown(name)
    return found.b64(name)


def _parse_content(found: JsonObject) -> Envelope | MessageSignature:
    if ("dsseEnvelope" in found) == ("messageSignature" in found):
        raise found.malformed("", "exactly one of dsseEnvelope and messageSignature is needed")
    if "dsseEnvelope" in found:
        return Envelope.parse(found.child("dsseEnvelope"))
    message = found.child("messageSignature")
    message.refuse_unknown("messageDigest", "signature")
    digest = message.optional_child("messageDigest")
    if digest:
        digest.refuse_unknown("algorithm", "digest")
    return MessageSignature(
        algorithm=digest.text("algorithm") if digest else "",
        digest=digest.b64("digest") if digest else b"",
        signature=message.b64("signature"),
    )


def _parse_timestamps(material: JsonObject) -> tuple[bytes, ...]:
    found = material.optional_child("timestampVerificationData")
    if found is None:
        return ()
    found.refuse_unknown("rfc3161Timestamps")
    tokens = found.children("rfc3161Timestamps", most=MAX_TIMESTAMPS)
    return tuple(_parse_only(token, "signedTimestamp") for token in tokens)


def encode_bundle(bundle: Bundle) -> bytes:
    """Encode a bundle as v0.3, whatever it was read as: members in the order cosign writes them, empty ones left out.

    Of certificates only the first is kept: v0.3 has no room for issuers.
    """
    material = _encode_material(bundle.material)
    if bundle.log_entries:
        material["tlogEntries"] = [_encode_entry(entry) for entry in bundle.log_entries]
    if bundle.timestamps:
        tokens: list[JsonValue] = [{"signedTimestamp": encode_b64(token)} for token in bundle.timestamps]
        material["timestampVerificationData"] = {"rfc3161Timestamps": tokens}
    return encode_json({"mediaType": BUNDLE_V03, "verificationMaterial": material, **_encode_content(bundle.content)})


def _encode_material(material: PublicKeyMaterial | CertificateMaterial) -> dict[str, JsonValue]:
    if isinstance(material, PublicKeyMaterial):
        return {"publicKey": {"hint": material.hint}}
    return {"certificate": {"rawBytes": encode_b64(material.certificates[0])}}


def _encode_entry(entry: LogEntry) -> JsonValue:
    """Encode a `TransparencyLogEntry`; indices of 0 are written out, since sigstore-python wants to read them."""
    found: dict[str, JsonValue] = {
        "logIndex": str(entry.log_index),
        "logId": {"keyId": encode_b64(entry.log_id)},
        "kindVersion": {"kind": entry.kind, "version": entry.version},
    }
    if entry.integrated_time:
        found["integratedTime"] = str(entry.integrated_time)
    if entry.entry_timestamp:
        found["inclusionPromise"] = {"signedEntryTimestamp": encode_b64(entry.entry_timestamp)}
    if entry.inclusion is not None:
        found["inclusionProof"] = {
            "logIndex": str(entry.inclusion.proof.index),
            "rootHash": encode_b64(entry.inclusion.root_hash),
            "treeSize": str(entry.inclusion.proof.size),
            "hashes": [encode_b64(sibling) for sibling in entry.inclusion.proof.hashes],
            "checkpoint": {"envelope": entry.inclusion.checkpoint},
        }
    return {**found, "canonicalizedBody": encode_b64(entry.body)}


def _encode_signature(item: EnvelopeSignature) -> JsonValue:
    """Keep the key id where there is one: nobody signed it, but old log entries hash it together with the envelope."""
    found: dict[str, JsonValue] = {"sig": encode_b64(item.signature)}
    return found | {"keyid": item.keyid} if item.keyid else found


def _encode_content(content: Envelope | MessageSignature) -> dict[str, JsonValue]:
    if isinstance(content, Envelope):
        signatures = [_encode_signature(item) for item in content.signatures]
        payload = encode_b64(content.payload)
        return {"dsseEnvelope": {"payload": payload, "payloadType": content.payload_type, "signatures": signatures}}
    message: dict[str, JsonValue] = {}
    if content.algorithm:
        message["messageDigest"] = {"algorithm": content.algorithm, "digest": encode_b64(content.digest)}
    return {"messageSignature": {**message, "signature": encode_b64(content.signature)}}
