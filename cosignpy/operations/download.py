"""Fetch the signatures of an image, or the attestations about it, as they are stored, without judging them."""

import re
from collections.abc import Sequence
from typing import Final

from cosignpy.core.bundle.legacy import select_signature_layers
from cosignpy.core.bundle.legacy_attestation import select_attestation_layers
from cosignpy.core.bundle.protojson import parse_bundle
from cosignpy.core.bundle.referrer import select_bundle_layer
from cosignpy.core.digest import Digest
from cosignpy.core.dsse import Envelope
from cosignpy.core.encoding import JsonObject, JsonValue, encode_b64, parse_json
from cosignpy.core.intoto import Statement
from cosignpy.core.oci.manifest import Descriptor, Manifest
from cosignpy.core.oci.simple_signing import (
    CERTIFICATE_ANNOTATION,
    CHAIN_ANNOTATION,
    LOG_ANNOTATION,
    SIGNATURE_ANNOTATION,
    TIMESTAMP_ANNOTATION,
)
from cosignpy.errors import CosignError, MalformedError, NoSignatures, Rejection, RemoteError
from cosignpy.operations.attachments import Attachment, AttachmentType, fetch_attachments, select_types
from cosignpy.operations.parallel import Outcome, run_parallel
from cosignpy.operations.ports import ManifestSource
from cosignpy.values import value

_PEM: Final = re.compile(r"-----BEGIN [A-Z ]+-----.*?-----END [A-Z ]+-----", re.DOTALL)


@value
class DownloadedSignatures:
    """Signatures as JSON values, bundles first; those that cannot be read are kept with the reason."""

    signatures: tuple[JsonValue, ...]
    rejections: tuple[Rejection, ...]


def fetch_signatures(
    image: ManifestSource, signatures: ManifestSource, name: str, digest: Digest
) -> DownloadedSignatures:
    """Return all signatures of an image: bundles, and legacy signatures as `cosign download signature` shows them.

    Raises:
        NoSignatures: The image has none.
        NoSuchTag: There is no such image.
        RemoteError: The registry failed.
    """
    found = select_types(fetch_attachments(signatures, digest), [AttachmentType.SIGNATURE])
    sources = _list_sources(found)
    if not sources:
        image.fetch_manifest(digest)
        raise NoSignatures(name)
    return _sort(sources, run_parallel(lambda item: item.fetch(signatures), sources))


def fetch_attestations(
    image: ManifestSource, attachments: ManifestSource, name: str, digest: Digest, predicate_types: tuple[str, ...] = ()
) -> DownloadedSignatures:
    """Return all attestations about an image, or those of one type by all its names: bundles, and legacy envelopes.

    Raises:
        NoSignatures: The image has none.
        NoSuchTag: There is no such image.
        RemoteError: The registry failed.
    """
    found = select_types(fetch_attachments(attachments, digest), [AttachmentType.ATTESTATION])
    sources = _list_attestations(found)

    def fetch(item: _StoredBundle | _StoredEnvelope) -> JsonValue:
        content = item.fetch(attachments)
        return content if not predicate_types or _read_type(content) in predicate_types else None

    read = _sort(sources, run_parallel(fetch, sources))
    downloaded = DownloadedSignatures(tuple([item for item in read.signatures if item is not None]), read.rejections)
    if not downloaded.signatures and not downloaded.rejections:
        image.fetch_manifest(digest)
        of_type = f" of type {predicate_types[0]}" if predicate_types else ""
        raise NoSignatures(name, what=f"attestations{of_type}")
    return downloaded


def _read_type(item: JsonValue) -> str:
    """Return the predicate type that the statement in a bundle or an envelope says, whatever annotations do."""
    found = JsonObject(item, "attestation")
    return Statement.parse(Envelope.parse(found.optional_child("dsseEnvelope") or found).payload).predicate_type


def _sort(
    sources: "Sequence[_StoredBundle | _StoredLegacy | _StoredEnvelope]", outcomes: Sequence[Outcome[JsonValue]]
) -> DownloadedSignatures:
    """Part what was read from what could not be, with the reasons; a registry that fails is neither."""
    read: list[JsonValue] = []
    rejections: list[Rejection] = []
    for item, outcome in zip(sources, outcomes, strict=True):
        if isinstance(outcome.error, CosignError) and not isinstance(outcome.error, RemoteError):
            rejections.append(Rejection(item.location, outcome.error))
        else:
            read.append(outcome.unwrap())
    return DownloadedSignatures(tuple(read), tuple(rejections))


@value
class _StoredBundle:
    location: str
    manifest: Manifest

    def fetch(self, source: ManifestSource) -> JsonValue:
        layer = select_bundle_layer(self.manifest)
        if layer is None:
            raise MalformedError("bundle manifest", "it holds no bundle")
        content = source.fetch_blob(layer)
        parse_bundle(content)
        return parse_json(content, what="bundle")


@value
class _StoredLegacy:
    location: str
    layer: Descriptor

    def fetch(self, source: ManifestSource) -> JsonValue:
        """Return the members in the order of cosign's `SignedPayload`; certificates as PEM text."""
        annotations = self.layer.annotations
        chain: list[JsonValue] = list(_PEM.findall(annotations.get(CHAIN_ANNOTATION, "")))
        return {
            "Base64Signature": annotations.get(SIGNATURE_ANNOTATION, ""),
            "Payload": encode_b64(source.fetch_blob(self.layer)),
            "Cert": annotations.get(CERTIFICATE_ANNOTATION) or None,
            "Chain": chain or None,
            "Bundle": self._embedded(LOG_ANNOTATION),
            "RFC3161Timestamp": self._embedded(TIMESTAMP_ANNOTATION),
        }

    def _embedded(self, name: str) -> JsonValue:
        text = self.layer.annotations.get(name, "")
        return dict(JsonObject.parse(text.encode(), what=f"annotation {name}").members) if text else None


@value
class _StoredEnvelope:
    location: str
    layer: Descriptor

    def fetch(self, source: ManifestSource) -> JsonValue:
        content = source.fetch_blob(self.layer)
        Envelope.parse(JsonObject.parse(content, what="envelope"))
        return parse_json(content, what="envelope")


def _list_attestations(found: Sequence[Attachment]) -> Sequence[_StoredBundle | _StoredEnvelope]:
    """Return each attestation once: bundles first, then the layers of the tagged image."""
    opened = [(item, item.manifest) for item in found if item.manifest is not None]
    bundles = [_StoredBundle(f"bundle {item.digest}", manifest) for item, manifest in opened if item.tag is None]
    legacy = [
        _StoredEnvelope(f"legacy attestation {item.tag}, layer {index}", layer)
        for item, manifest in opened
        if item.tag is not None
        for index, layer in enumerate(select_attestation_layers(manifest))
    ]
    return [*bundles, *legacy]


def _list_sources(found: Sequence[Attachment]) -> Sequence[_StoredBundle | _StoredLegacy]:
    """Return each signature once: bundles first, then the layers of signature images, tagged or referring."""
    opened = [(item, item.manifest) for item in found if item.manifest is not None]
    legacy = [
        _StoredLegacy(f"legacy signature {item.tag or item.digest}, layer {index}", layer)
        for item, manifest in opened
        for index, layer in enumerate(select_signature_layers(manifest))
    ]
    bundles = [
        _StoredBundle(f"bundle {item.digest}", manifest)
        for item, manifest in opened
        if item.tag is None and not select_signature_layers(manifest)
    ]
    return [*bundles, *legacy]
