"""A bundle as plain values: all that it says, with names for people, and nothing of it proved.

Whatever cannot be read becomes a `problem` in its place, so that a broken bundle can be looked at. Every octet of a
bundle is in its description, as itself or as its SHA-256: two bundles with one description say the same.
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import Final

from cosignpy.core.bundle.described_entries import describe_entry
from cosignpy.core.bundle.described_material import describe_certificate, describe_timestamp
from cosignpy.core.bundle.model import Bundle, MessageSignature, PublicKeyMaterial
from cosignpy.core.bundle.versions import verify_form
from cosignpy.core.dsse import Envelope, is_in_toto
from cosignpy.core.encoding import JsonValue, encode_b64
from cosignpy.core.intoto import Statement, Subject
from cosignpy.core.rekor.hashedrekord import DIGEST_SIZES
from cosignpy.errors import MalformedError

_HASH_NAMES: Final[Mapping[str, str]] = dict(zip(DIGEST_SIZES, ("sha256", "sha384", "sha512"), strict=True))


def describe_bundle(bundle: Bundle) -> dict[str, JsonValue]:
    """Return what a bundle says."""
    signatures = _signatures(bundle)
    return {
        "mediaType": bundle.media_type,
        "version": bundle.version,
        "content": _describe_content(bundle.content),
        "signer": _describe_signer(bundle),
        "logEntries": [describe_entry(entry) for entry in bundle.log_entries],
        "timestamps": [describe_timestamp(response, signatures) for response in bundle.timestamps],
        "problems": _describe_problems(bundle),
    }


def _signatures(bundle: Bundle) -> tuple[bytes, ...]:
    """Return what timestamps are made for."""
    if isinstance(bundle.content, MessageSignature):
        return (bundle.content.signature,)
    return tuple([signature.signature for signature in bundle.content.signatures])


def _describe_content(content: Envelope | MessageSignature) -> JsonValue:
    if isinstance(content, MessageSignature):
        named = content.algorithm or content.digest
        digest = f"{_HASH_NAMES.get(content.algorithm, content.algorithm)}:{content.digest.hex()}" if named else None
        return {"kind": "message signature", "digest": digest, "signature": encode_b64(content.signature)}
    found: dict[str, JsonValue] = {
        "kind": "envelope",
        "payloadType": content.payload_type,
        "payloadDigest": f"sha256:{hashlib.sha256(content.payload).hexdigest()}",
        "payloadSize": len(content.payload),
        "signatures": [
            {"keyId": item.keyid or None, "signature": encode_b64(item.signature)} for item in content.signatures
        ],
    }
    if is_in_toto(content.payload_type):
        found["statement"] = _readable(lambda: _describe_statement(Statement.parse(content.payload)))
    return found


def _describe_statement(statement: Statement) -> JsonValue:
    return {
        "predicateType": statement.predicate_type,
        "subjects": [_describe_subject(subject) for subject in statement.subjects],
    }


def _describe_subject(subject: Subject) -> JsonValue:
    return {
        "name": subject.name or None,
        "digests": [str(digest) for digest in subject.digests],
        "annotations": dict(subject.annotations),
    }


def _describe_signer(bundle: Bundle) -> JsonValue:
    if isinstance(bundle.material, PublicKeyMaterial):
        return {"kind": "public key", "hint": bundle.material.hint or None}
    return {"kind": "certificate", "certificates": [describe_certificate(der) for der in bundle.material.certificates]}


def _describe_problems(bundle: Bundle) -> list[JsonValue]:
    """Say what no verifier accepts, whatever it is told to believe."""
    try:
        verify_form(bundle)
    except MalformedError as error:
        return [str(error)]
    return []


def _readable(read: Callable[[], JsonValue]) -> JsonValue:
    """Return what can be read, or what is wrong with it."""
    try:
        return read()
    except MalformedError as error:
        return {"problem": str(error)}
