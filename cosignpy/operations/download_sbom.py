"""Fetch an image's SBOM: the attached one, else one that was attested. Neither is verified here."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from cosignpy.core.bundle.legacy_attestation import select_attestation_layers
from cosignpy.core.bundle.protojson import parse_bundle
from cosignpy.core.bundle.referrer import select_bundle_layer
from cosignpy.core.digest import Digest
from cosignpy.core.dsse import Envelope, is_in_toto
from cosignpy.core.encoding import JsonObject
from cosignpy.core.intoto import Statement
from cosignpy.core.oci.manifest import Descriptor
from cosignpy.core.predicates.position import cut_value
from cosignpy.errors import CosignError, MalformedError, NoSignatures, Rejection, RemoteError
from cosignpy.operations.attachments import Attachment, AttachmentType, fetch_attachments, select_types
from cosignpy.operations.ports import ManifestSource
from cosignpy.values import field, replace, value

_SBOM_TYPE: Final = re.compile(r"https://(?:spdx\.dev/Document|cyclonedx\.org/(?:bom|schema))(?:/.*)?")
"""Predicate types of SBOMs, of whichever version."""
_NO_SBOM: Final = "attach one with attest --sbom-from FILE, which signs it"


@value
class FoundSbom:
    """An SBOM as it was written, where it was, and what it is said to be: a media type, or a predicate type.

    `others` are the places of those that were not taken, `rejections` are attestations that cannot be read.
    """

    content: bytes = field(repr=False)
    kind: str
    place: str
    is_attested: bool
    others: tuple[str, ...] = ()
    rejections: tuple[Rejection, ...] = ()


def fetch_sbom(image: ManifestSource, attachments: ManifestSource, name: str, digest: Digest) -> FoundSbom:
    """Return the SBOM under the image's tag, else that of a referrer, else the predicate of an attestation.

    Raises:
        NoSignatures: There is none.
        NoSuchTag: There is no such image.
        MalformedError: What is attached is not one SBOM.
        LimitExceeded: Larger than an attachment may be.
        RemoteError: The registry failed.
    """
    found = fetch_attachments(attachments, digest)
    attached = [item for item in select_types(found, [AttachmentType.SBOM]) if item.manifest is not None]
    if attached:
        return _fetch_attached(attachments, attached)
    attested, rejections = _fetch_attested(attachments, select_types(found, [AttachmentType.ATTESTATION]))
    if not attested:
        image.fetch_manifest(digest)
        raise NoSignatures(name, f"left out: {rejections[0]}" if rejections else _NO_SBOM, what="SBOMs")
    first = attested[0]
    others = tuple([f"{item.place} ({item.kind})" for item in attested[1:]])
    return replace(first, others=others, rejections=tuple(rejections))


def _fetch_attached(source: ManifestSource, attached: Sequence[Attachment]) -> FoundSbom:
    places = [f"tag {item.tag}" if item.tag else f"referrer {item.digest}" for item in attached]
    layers = attached[0].layers
    if len(layers) != 1:
        raise MalformedError(f"SBOM under the {places[0]}", f"it has {len(layers)} layers, and one is an SBOM")
    content = source.fetch_blob(layers[0])
    return FoundSbom(content, layers[0].media_type, places[0], is_attested=False, others=tuple(places[1:]))


def _fetch_attested(
    source: ManifestSource, found: Iterable[Attachment]
) -> tuple[Sequence[FoundSbom], Sequence[Rejection]]:
    """Return what attestations say that an image is made of, and the attestations that cannot be read."""
    sboms: list[FoundSbom] = []
    rejections: list[Rejection] = []
    for place, layer, is_bundle in [envelope for attachment in found for envelope in _list_envelopes(attachment)]:
        try:
            payload = _read_payload(source.fetch_blob(layer), is_bundle=is_bundle)
            statement = Statement.parse(payload)
        except RemoteError:
            raise
        except CosignError as error:
            rejections.append(Rejection(place, error))
            continue
        if _SBOM_TYPE.fullmatch(statement.predicate_type):
            content = _cut_predicate(payload, statement)
            sboms.append(FoundSbom(content, statement.predicate_type, place, is_attested=True))
    return sboms, rejections


def _list_envelopes(attachment: Attachment) -> Iterable[tuple[str, Descriptor, bool]]:
    if attachment.manifest is None:
        return
    if attachment.tag is not None:
        for index, layer in enumerate(select_attestation_layers(attachment.manifest)):
            yield f"tag {attachment.tag}, layer {index}", layer, False
    elif (bundle := select_bundle_layer(attachment.manifest)) is not None:
        yield f"bundle {attachment.digest}", bundle, True


def _read_payload(raw: bytes, *, is_bundle: bool) -> bytes:
    content = parse_bundle(raw).content if is_bundle else Envelope.parse(JsonObject.parse(raw, what="envelope"))
    if not isinstance(content, Envelope) or not is_in_toto(content.payload_type):
        raise MalformedError("attestation", "it signs no in-toto statement")
    return content.payload


def _cut_predicate(payload: bytes, statement: Statement) -> bytes:
    """Return the predicate as it is written in the statement; SPDX in tag-value form is a text there."""
    if isinstance(statement.predicate, str):
        return statement.predicate.encode()
    return cut_value(payload, ("predicate",))
