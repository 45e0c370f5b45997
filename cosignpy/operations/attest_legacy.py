"""Attestations as cosign 2 has them: envelopes under the image's attestation tag, and in annotations who vouches."""

from collections.abc import Callable, Mapping
from functools import partial

from cosignpy.core.bundle.legacy import MAX_LEGACY_SIGNATURES, LegacyStyle, build_signature_image
from cosignpy.core.bundle.legacy_attestation import (
    ENVELOPE,
    PREDICATE_TYPE_ANNOTATION,
    build_attestation_layer,
)
from cosignpy.core.bundle.model import Bundle
from cosignpy.core.bundle.parts import SignatureParts, assemble_bundle
from cosignpy.core.digest import Digest
from cosignpy.core.dsse import IN_TOTO_PAYLOAD, Envelope
from cosignpy.core.encoding import JsonObject
from cosignpy.core.oci.attachment_tags import AttachmentKind, AttachmentTag
from cosignpy.core.oci.manifest import Descriptor, Manifest
from cosignpy.errors import LimitExceeded, UsageError
from cosignpy.operations.attest_blob import sign_envelope, subject_of
from cosignpy.operations.complete_bundle import SigningKey, SigningServices, complete_bundle, verify_own
from cosignpy.operations.own_attestations import is_own
from cosignpy.operations.ports import ManifestSink, ManifestSource, TrustSource
from cosignpy.values import field, replace, value


@value
class LegacyMade:
    """A finished legacy attestation, not stored anywhere yet: the envelope in JSON, and what lies beside it."""

    envelope: bytes = field(repr=False)
    predicate_type: str
    beside: Mapping[str, str] = field(default_factory=dict, repr=False)

    def store(
        self,
        sink: ManifestSink,
        image: Digest,
        style: LegacyStyle,
        gives_way: Callable[[Descriptor], bool] = lambda _: False,
    ) -> Manifest:
        """Add it to the image's attestation tag, keeping all others but those that give way to it.

        Raises:
            UsageError: The image is named by a digest that no tag can have.
            LimitExceeded: One more, and verifiers would refuse to read them all.
            RemoteError: The registry refused or failed.
        """
        refuse_tagless(image)
        layer = build_attestation_layer(self.envelope, self.predicate_type, self.beside)
        sink.push_blob(self.envelope)

        def merge(current: Manifest | None) -> Manifest:
            known = current.layers if current else ()
            layers = [one for one in known if one == layer or one.media_type != ENVELOPE or not gives_way(one)]
            if layer not in layers:
                if len(layers) >= MAX_LEGACY_SIGNATURES:
                    raise LimitExceeded("legacy attestations", f"{len(layers)} are there, verifiers read no more")
                layers.append(layer)
            manifest, config = build_signature_image(layers, style)
            sink.push_blob(config)
            return manifest

        return sink.update_tag(AttachmentTag(image, AttachmentKind.ATTESTATION).encode(), merge)


def refuse_tagless(image: Digest) -> None:
    """Refuse an image whose digest is too long for a tag.

    Raises:
        UsageError: It is.
    """
    if image.algorithm != "sha256":
        raise UsageError(
            "legacy attestation tags cannot name a sha512 digest", "use --signature-format bundle for this image"
        )


def make_legacy(
    statement: bytes, predicate_type: str, key: SigningKey, services: SigningServices, trust: TrustSource
) -> LegacyMade:
    """Sign a statement about images, and verify the result as its users will before anyone sees it.

    A timestamp is over the whole envelope: cosign 2 looks for none over the signature in it.

    Raises:
        MalformedError: It is not a statement.
        UsageError: It is about nothing that has a digest, or a log is wanted, and there is none that promises.
        VerificationError: What was made would not be accepted.
        CosignError: One of those who have to vouch for it does not.
    """
    unsigned = Envelope(IN_TOTO_PAYLOAD, statement, ())
    artifact, legacy = subject_of(unsigned), services.for_legacy()
    envelope = sign_envelope(unsigned, key)
    text = envelope.encode()
    logged = complete_bundle(envelope, key, SigningServices(legacy.logs))
    stamps = tuple([authority.timestamp(text) for authority in legacy.timestamp_authorities])
    parts = SignatureParts.of_bundle(replace(logged, timestamps=stamps), key.issuers)
    made = assemble_bundle(envelope, SignatureParts.of_annotations(parts.annotations))
    verify_own(made, artifact, key, trust, text)
    return LegacyMade(text, predicate_type, parts.annotations)


@value
class OwnLayers:
    """Tells the layers of an attestation tag that are the signer's own older ones of a type."""

    source: ManifestSource
    predicate_type: str
    key: SigningKey
    found: dict[Digest, bool] = field(default_factory=dict, repr=False)

    def __call__(self, layer: Descriptor) -> bool:
        """Tell it of a layer, looking at each once.

        Raises:
            RemoteError: The registry failed.
        """
        if layer.annotations.get(PREDICATE_TYPE_ANNOTATION, self.predicate_type) != self.predicate_type:
            return False
        if layer.digest not in self.found:
            self.found[layer.digest] = is_own(partial(_read, self.source, layer), self.predicate_type, self.key)
        return self.found[layer.digest]

    @property
    def replaced(self) -> tuple[Digest, ...]:
        """Those that were told to be."""
        return tuple([digest for digest, own in self.found.items() if own])


def _read(source: ManifestSource, layer: Descriptor) -> Bundle:
    envelope = Envelope.parse(JsonObject.parse(source.fetch_blob(layer), what="envelope"))
    return assemble_bundle(envelope, SignatureParts.of_annotations(layer.annotations))
