"""Attach a signature that was made elsewhere. It is parsed strictly first; nobody's key is asked about it."""

from datetime import datetime
from typing import Final

from cosignpy.core.bundle.legacy import (
    LegacyStyle,
    build_signature_image,
    build_signature_layer,
    select_signature_layers,
)
from cosignpy.core.bundle.model import MessageSignature
from cosignpy.core.bundle.parts import SignatureParts, assemble_bundle
from cosignpy.core.bundle.protojson import parse_bundle
from cosignpy.core.bundle.rekor_bundle import encode_rekor_bundle, read_rekor_bundle
from cosignpy.core.digest import Digest
from cosignpy.core.dsse import Envelope, is_in_toto
from cosignpy.core.encoding import JsonObject, decode_b64
from cosignpy.core.intoto import COSIGN_SIGN_V1, Statement
from cosignpy.core.oci.attachment_tags import AttachmentKind, AttachmentTag
from cosignpy.core.oci.manifest import Descriptor, Manifest
from cosignpy.core.oci.simple_signing import SimpleSigningPayload
from cosignpy.core.rekor.log_entry import parse_v1_entries
from cosignpy.core.timestamp.response import TimestampResponse
from cosignpy.errors import ClaimMismatch, MalformedError
from cosignpy.operations.ports import ManifestSink
from cosignpy.operations.store_bundle import store_bundle
from cosignpy.values import field, value

_LOG_ANSWER: Final = "rekor response"


@value
class DetachedSignature:
    """A legacy signature in its parts: base64 text as cosign writes it, the payload, and what lies beside them."""

    signature: bytes
    payload: bytes
    parts: SignatureParts = field(default_factory=SignatureParts)


def parse_log_answer(raw: bytes) -> bytes:
    """Return the rekor bundle in what a log of Rekor v1 answered, in a blob bundle of cosign 2, or in one itself.

    Raises:
        MalformedError: It is none of them, or there is no promise in it, or not exactly one entry.
        LimitExceeded: More entries than a log answers.
    """
    found = JsonObject.parse(raw, what=_LOG_ANSWER)
    if "SignedEntryTimestamp" in found:
        return encode_rekor_bundle(read_rekor_bundle(found))
    if "rekorBundle" in found:
        found.refuse_unknown("base64Signature", "cert", "rekorBundle")
        return encode_rekor_bundle(read_rekor_bundle(found.child("rekorBundle")))
    entries = tuple(parse_v1_entries(raw).values())
    if len(entries) != 1:
        raise MalformedError(_LOG_ANSWER, f"{len(entries)} log entries, one is needed")
    return encode_rekor_bundle(entries[0])


def parse_detached(text: bytes, payload: bytes, image: Digest, parts: SignatureParts) -> DetachedSignature:
    """Parse a detached signature over a payload about the image.

    Raises:
        MalformedError: The signature is not base64, the payload is not a simple-signing one, or a part is not what it
            should be.
        TimestampError: The authority refused to make the timestamp.
        ClaimMismatch: The payload is about another image.
    """
    try:
        spelled = text.decode("ascii").strip()
    except UnicodeDecodeError as error:
        raise MalformedError("signature", "not base64 text") from error
    signature = decode_b64(spelled, what="signature")
    if not signature:
        raise MalformedError("signature", "empty")
    claimed = SimpleSigningPayload.parse(payload).digest
    if claimed != image:
        raise ClaimMismatch("digest", str(image), str(claimed))
    if parts.timestamp:
        TimestampResponse.parse(parts.timestamp).granted()
    assembled = assemble_bundle(MessageSignature("", b"", signature), parts)
    return DetachedSignature(signature, payload, SignatureParts.of_bundle(assembled))


def attach_detached(sink: ManifestSink, image: Digest, made: DetachedSignature, style: LegacyStyle) -> Manifest:
    """Add a signature to the image's signature tag, keeping everyone else's; the same one is not added twice.

    Raises:
        MalformedError: An image named by a sha512 digest, which has no signature tag.
        RemoteError: The registry refused or failed.
    """
    tag = AttachmentTag(image, AttachmentKind.SIGNATURE).encode()
    layer = build_signature_layer(made.payload, made.signature, made.parts.annotations)
    sink.push_blob(made.payload)

    def merge(current: Manifest | None) -> Manifest:
        layers = list(select_signature_layers(current)) if current else []
        if current is not None and layer in layers:
            return current
        manifest, config = build_signature_image([*layers, layer], style)
        sink.push_blob(config)
        return manifest

    return sink.update_tag(tag, merge)


def attach_bundle(sink: ManifestSink, subject: Descriptor, raw: bytes, created: datetime) -> Manifest:
    """Store a bundle as a referrer of the image that it is about.

    Raises:
        MalformedError: Not a bundle, or not one over an in-toto statement.
        ClaimMismatch: It is about another image, or it is an attestation.
        RemoteError: The registry refused or failed.
    """
    statement = _parse_statement(raw)
    if statement.predicate_type != COSIGN_SIGN_V1:
        raise ClaimMismatch("predicate type", COSIGN_SIGN_V1, statement.predicate_type)
    digests = [digest for item in statement.subjects for digest in item.digests]
    if subject.digest not in digests:
        raise ClaimMismatch("digest", str(subject.digest), ", ".join(map(str, digests)) or "none")
    return store_bundle(sink, raw, subject, statement.predicate_type, created)


def _parse_statement(raw: bytes) -> Statement:
    content = parse_bundle(raw).content
    if not isinstance(content, Envelope) or not is_in_toto(content.payload_type):
        raise MalformedError("bundle", "it signs no in-toto statement, as bundles of images do")
    return Statement.parse(content.payload)
