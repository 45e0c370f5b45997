"""Finding the signatures of an image, or attestations about it: bundles among its referrers, and the legacy tag.

Both are read in one run. A candidate that cannot be read is a rejection with its reason; a registry that
fails is an error, because "could not look" must never pass for "not there".
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Final

from cosignpy.core.bundle.legacy import LegacySignature, select_signature_layers
from cosignpy.core.bundle.legacy_attestation import (
    PREDICATE_TYPE_ANNOTATION,
    LegacyAttestation,
    select_attestation_layers,
)
from cosignpy.core.bundle.protojson import parse_bundle
from cosignpy.core.bundle.referrer import BUNDLE_PREFIX, PREDICATE_ANNOTATION, select_bundle_layer
from cosignpy.core.digest import Digest
from cosignpy.core.oci.attachment_tags import AttachmentKind, AttachmentTag
from cosignpy.core.oci.manifest import EMPTY_CONFIG, Descriptor, Manifest
from cosignpy.core.oci.reference import Tag
from cosignpy.core.policy.image import ImagePolicy
from cosignpy.core.policy.predicate import PredicateTypeIs
from cosignpy.core.verify.evidence import VerifiedSignature
from cosignpy.core.verify.signature import verify_bundle, verify_legacy
from cosignpy.errors import ClaimMismatch, LimitExceeded, MalformedError, NoSuchTag, VerificationError
from cosignpy.operations.parallel import run_parallel
from cosignpy.operations.ports import ManifestSource
from cosignpy.values import value

if TYPE_CHECKING:
    from cosignpy.core.verify.bundle import Trust

MAX_CANDIDATES: Final = 1000
"""Signatures looked at for one image: what cosign reads of a legacy tag, and two requests each."""

MAX_SIGNATURE: Final = 4 << 20
"""Bytes of one bundle or payload; signatures have a few thousand. Parsed JSON takes twenty times its size in memory,
and eight are read at once."""

MAX_ATTESTATION: Final = 96 << 20
"""Bytes of one attestation: the largest predicate that is signed, in base64, and what lies beside it."""

_LARGE: Final = threading.Lock()
"""Held while an attestation is read that is larger than signatures are: one at a time is enough for the memory."""

_MAX_PUNCTUATION: Final = 100_000
"""Commas and brackets in an attestation larger than signatures are. The payload is base64 and has none, so it is no
attestation that has many, and would take more memory than any when it is parsed."""

_UNTYPED: Final = frozenset({"", EMPTY_CONFIG})
"""Artifact types under which some releases of cosign listed bundles (cosign#4641): open them to know."""


@value
class Candidate:
    """A signature that may count: where it lies, and how to read and verify it."""

    location: str
    verify: "Callable[[ImagePolicy, Trust | None], VerifiedSignature]"


def find_candidates(
    source: ManifestSource, image: Digest, kind: AttachmentKind = AttachmentKind.SIGNATURE
) -> Sequence[Candidate]:
    """List what could be a signature of the image, or an attestation about it, bundles first, without reading them yet.

    Raises:
        LimitExceeded: More than we are willing to look at.
        MalformedError: The list of referrers, or the legacy tag's manifest, is not what it should be.
        RemoteError: The registry failed.
    """
    lookups: Sequence[Callable[[ManifestSource, Digest, AttachmentKind], Sequence[Candidate]]]
    lookups = (_find_bundles, _find_legacy)
    found = run_parallel(lambda lookup: lookup(source, image, kind), lookups)
    candidates = [candidate for outcome in found for candidate in outcome.unwrap()]
    _refuse_too_many(image, len(candidates))
    return candidates


def _find_bundles(source: ManifestSource, image: Digest, kind: AttachmentKind) -> Sequence[Candidate]:
    """List bundles by their listed type, or by opening them where the list is known to be unreliable."""
    referrers = [item for item in source.fetch_referrers(image) if _may_be_bundle(item)]
    _refuse_too_many(image, len(referrers))
    opened = run_parallel(lambda item: _is_bundle(source, item), referrers)
    return [
        _bundle_candidate(source, image, descriptor, kind)
        for descriptor, outcome in zip(referrers, opened, strict=True)
        if outcome.unwrap()
    ]


def _refuse_too_many(image: Digest, count: int) -> None:
    if count > MAX_CANDIDATES:
        raise LimitExceeded(f"signatures of {image}", f"{count}, at most {MAX_CANDIDATES} are read")


def _may_be_bundle(descriptor: Descriptor) -> bool:
    untyped = descriptor.artifact_type in _UNTYPED and not descriptor.is_index()
    return untyped or descriptor.artifact_type.startswith(BUNDLE_PREFIX)


def _is_bundle(source: ManifestSource, descriptor: Descriptor) -> bool:
    """Open what is listed without a type; what cannot be read stays a candidate, so that its reason is told."""
    if descriptor.artifact_type not in _UNTYPED:
        return True
    try:
        manifest = fetch_optional(source, descriptor.digest)
    except (MalformedError, VerificationError):
        return True
    return manifest is not None and select_bundle_layer(manifest) is not None


def _bundle_candidate(source: ManifestSource, image: Digest, descriptor: Descriptor, kind: AttachmentKind) -> Candidate:
    def verify(policy: ImagePolicy, trust: "Trust | None") -> VerifiedSignature:
        refuse_other_predicate(descriptor.annotations, policy)
        manifest = source.fetch_manifest(descriptor.digest)
        refuse_other_predicate(manifest.annotations, policy)
        layer = select_bundle_layer(manifest)
        if layer is None:
            raise MalformedError("bundle manifest", "listed as a bundle, holds none")
        with _turn_of(layer):
            return verify_bundle(parse_bundle(fetch(source, layer)), image, policy, location, trust)

    location = f"bundle {descriptor.digest}"
    fetch = _fetch_attestation if kind is AttachmentKind.ATTESTATION else _fetch_signature
    return Candidate(location, verify)


def refuse_other_predicate(
    annotations: Mapping[str, str], policy: ImagePolicy, name: str = PREDICATE_ANNOTATION
) -> None:
    """Spare the download of what says itself that it is something else.

    Nobody signed the annotation, so it may rule a candidate out, never in: what passes here is checked on
    the signed statement.

    Raises:
        ClaimMismatch: The annotation names another predicate type than the policy wants.
    """
    found = annotations.get(name)
    rule = policy.predicate
    if found is not None and isinstance(rule, PredicateTypeIs) and not rule.accepts(found):
        raise ClaimMismatch("predicate type", rule.wanted, found)


def _find_legacy(source: ManifestSource, image: Digest, kind: AttachmentKind) -> Sequence[Candidate]:
    if image.algorithm != "sha256":
        return ()  # the tag would be longer than tags may be; nobody can have written one
    tag = AttachmentTag(image, kind).encode()
    manifest = fetch_optional(source, tag)
    if manifest is None:
        return ()
    if kind is AttachmentKind.ATTESTATION:
        return [
            _legacy_attestation(source, image, layer, f"legacy attestation {tag}, layer {index}")
            for index, layer in enumerate(select_attestation_layers(manifest))
        ]
    return [
        _legacy_candidate(source, image, layer, f"legacy signature {tag}, layer {index}")
        for index, layer in enumerate(select_signature_layers(manifest))
    ]


def _legacy_candidate(source: ManifestSource, image: Digest, layer: Descriptor, location: str) -> Candidate:
    def verify(policy: ImagePolicy, trust: "Trust | None") -> VerifiedSignature:
        found = LegacySignature.parse(layer, location)
        return verify_legacy(_fetch_signature(source, layer), found, image, policy, trust)

    return Candidate(location, verify)


def _legacy_attestation(source: ManifestSource, image: Digest, layer: Descriptor, location: str) -> Candidate:
    def verify(policy: ImagePolicy, trust: "Trust | None") -> VerifiedSignature:
        from cosignpy.core.verify.attestation import verify_legacy_attestation  # of no use to who verifies signatures

        refuse_other_predicate(layer.annotations, policy, PREDICATE_TYPE_ANNOTATION)
        with _turn_of(layer):
            found = LegacyAttestation(_fetch_attestation(source, layer), layer.annotations, location)
            return verify_legacy_attestation(found, image, policy, trust)

    return Candidate(location, verify)


def _turn_of(layer: Descriptor) -> AbstractContextManager[object]:
    return _LARGE if layer.size > MAX_SIGNATURE else nullcontext()


def _fetch_attestation(source: ManifestSource, layer: Descriptor) -> bytes:
    if layer.size <= MAX_SIGNATURE:
        return source.fetch_blob(layer)
    if layer.size > MAX_ATTESTATION:
        raise LimitExceeded("attestation", f"{layer.size} bytes, at most {MAX_ATTESTATION} are read")
    content = source.fetch_blob(layer)
    if sum(content.count(sign) for sign in (b",", b"[", b"{")) > _MAX_PUNCTUATION:
        raise LimitExceeded("attestation", f"more than {_MAX_PUNCTUATION} members outside of the payload")
    return content


def _fetch_signature(source: ManifestSource, layer: Descriptor) -> bytes:
    if layer.size > MAX_SIGNATURE:
        raise LimitExceeded("signature", f"{layer.size} bytes, at most {MAX_SIGNATURE} are read")
    return source.fetch_blob(layer)


def fetch_optional(source: ManifestSource, name: Digest | Tag) -> Manifest | None:
    """Fetch a manifest, or None where the registry says that it has none.

    Raises:
        RemoteError: The registry failed, which says nothing about what it has.
    """
    try:
        return source.fetch_manifest(name)
    except NoSuchTag:
        return None
