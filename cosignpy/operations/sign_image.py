"""Sign an image: a bundle as its referrer, a legacy signature under its tag, or both."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from cosignpy.core.bundle.legacy import (
    MAX_LEGACY_SIGNATURES,
    LegacySignature,
    LegacyStyle,
    build_signature_image,
    build_signature_layer,
    select_signature_layers,
)
from cosignpy.core.bundle.model import Bundle
from cosignpy.core.bundle.protojson import encode_bundle
from cosignpy.core.digest import Digest
from cosignpy.core.dsse import IN_TOTO_PAYLOAD, Envelope, EnvelopeSignature, encode_pae
from cosignpy.core.intoto import COSIGN_SIGN_V1, build_signature_statement
from cosignpy.core.keys.signatures import Signer, verify_signature
from cosignpy.core.oci.attachment_tags import AttachmentKind, AttachmentTag
from cosignpy.core.oci.manifest import Descriptor, Manifest
from cosignpy.core.oci.simple_signing import SIGNATURE_ANNOTATION, build_simple_signing
from cosignpy.core.verify.artifact import Artifact
from cosignpy.core.verify.evidence import SignatureFormat
from cosignpy.errors import LimitExceeded, MalformedError, SignatureMismatch, UsageError
from cosignpy.operations.complete_bundle import SigningKey, SigningServices, complete_bundle, verify_own
from cosignpy.operations.ports import ManifestSink, TrustSource
from cosignpy.operations.store_bundle import store_bundle
from cosignpy.values import field, value


class FormatChoice(StrEnum):
    """What `--signature-format` may say."""

    BUNDLE = "bundle"
    LEGACY = "legacy"
    BOTH = "both"

    @property
    def formats(self) -> tuple[SignatureFormat, ...]:
        """The formats to write, in order."""
        both = (SignatureFormat.BUNDLE, SignatureFormat.LEGACY)
        return both if self is FormatChoice.BOTH else (SignatureFormat(self.value),)


@value
class Claims:
    """What a signature will say besides the digest. `identity` replaces the image's own name where given."""

    name: str
    annotations: Mapping[str, str] = field(default_factory=dict)
    identity: str = ""


@value
class MadeSignature:
    """A finished signature, not stored anywhere yet: the bundle's or payload's bytes and the signature in it.

    `beside` are the annotations that a legacy signature has besides the signature itself.
    """

    format: SignatureFormat
    content: bytes
    signature: bytes
    bundle: Bundle | None = None
    beside: Mapping[str, str] = field(default_factory=dict)


@value
class Vouching:
    """Who is to vouch for a signature besides its signer, and whom verifiers will believe about that.

    Nobody, unless more is said: a signature by a key alone.
    """

    services: SigningServices = field(default_factory=SigningServices)
    trust: TrustSource | None = None


def make_signature(
    key: SigningKey, form: SignatureFormat, image: Digest, claims: Claims, vouching: Vouching | None = None
) -> MadeSignature:
    """Sign an image's digest, and verify the result as its users will before anyone sees it.

    Raises:
        UsageError: A legacy signature that has no room for what it is to hold.
        SignatureMismatch: The signer returned something its own public key does not accept.
        VerificationError: The bundle that was made would not be accepted.
        CosignError: One of those who have to vouch for it does not.
    """
    vouching = vouching or Vouching()
    if form is SignatureFormat.LEGACY:
        return _make_legacy(key, image, claims, vouching)
    payload = build_signature_statement(image, claims.annotations, claims.identity)
    signature = _sign(key.signer, encode_pae(IN_TOTO_PAYLOAD, payload))
    envelope = Envelope(IN_TOTO_PAYLOAD, payload, (EnvelopeSignature(signature),))
    bundle = complete_bundle(envelope, key, vouching.services)
    if vouching.trust is not None:
        verify_own(bundle, Artifact({image.algorithm: bytes.fromhex(image.hex)}), key, vouching.trust)
    return MadeSignature(form, encode_bundle(bundle), signature, bundle)


def _make_legacy(key: SigningKey, image: Digest, claims: Claims, vouching: Vouching) -> MadeSignature:
    _refuse_legacy(image, claims)
    payload = build_simple_signing(claims.identity or claims.name, image, claims.annotations)
    signature = _sign(key.signer, payload)
    if key.certificate is None and vouching.services == SigningServices():
        return MadeSignature(SignatureFormat.LEGACY, payload, signature)
    from cosignpy.operations.complete_legacy import SignedPayload  # certificates, which a key alone does not need

    signed = SignedPayload(payload, signature, key)
    parts = signed.complete(vouching.services)
    if vouching.trust is not None:
        signed.verify(parts, vouching.trust)
    return MadeSignature(SignatureFormat.LEGACY, payload, signature, beside=parts.annotations)


def _refuse_legacy(image: Digest, claims: Claims) -> None:
    """Refuse what a legacy signature cannot say."""
    if image.algorithm != "sha256":
        raise UsageError(
            "legacy signature tags cannot name a sha512 digest", "use --signature-format bundle for this image"
        )
    if not (claims.identity or claims.name):
        raise UsageError(
            "a legacy signature names its image, and this one has no name on a registry",
            "give it one with --sign-container-identity registry/name",
        )


def _sign(signer: Signer, message: bytes) -> bytes:
    signature = signer.sign(message)
    verify_signature(signer.public_key, signature, message)
    return signature


def push_legacy(sink: ManifestSink, made: MadeSignature, signer: Signer, image: Digest, style: LegacyStyle) -> Manifest:
    """Add a legacy signature to the image's signature tag, keeping everyone else's.

    A signature by the same key over the same payload is there already and is not added twice, unless a log or a
    certificate vouches for the new one.

    Raises:
        LimitExceeded: One more, and verifiers would refuse to read them all.
        RemoteError: The registry refused or failed.
    """
    layer = build_signature_layer(made.content, made.signature, made.beside)
    sink.push_blob(made.content)

    def merge(current: Manifest | None) -> Manifest:
        layers = current.layers if current else ()
        existing = select_signature_layers(current) if current else ()
        if not any(_is_same(other, layer, signer, made.content) for other in existing):
            if len(existing) >= MAX_LEGACY_SIGNATURES:
                raise LimitExceeded("legacy signatures", f"{len(existing)} are there, verifiers read no more")
            layers = (*layers, layer)
        manifest, config = build_signature_image(layers, style)
        sink.push_blob(config)
        return manifest

    return sink.update_tag(AttachmentTag(image, AttachmentKind.SIGNATURE).encode(), merge)


def _is_same(existing: Descriptor, layer: Descriptor, signer: Signer, payload: bytes) -> bool:
    if existing.digest != layer.digest:
        return False
    if layer.annotations.keys() != {SIGNATURE_ANNOTATION}:
        return existing.annotations == layer.annotations  # nobody has looked at what lies beside the other one
    try:
        verify_signature(signer.public_key, LegacySignature.parse(existing).signature, payload)
    except (SignatureMismatch, MalformedError):
        return False  # someone else's signature over the same payload
    return True


@value
class SignImage:
    """One image to sign: its descriptor (the `subject` of a bundle), what to say, in which formats, and when.

    `created` is shown to people beside a bundle.
    """

    subject: Descriptor
    claims: Claims
    formats: tuple[SignatureFormat, ...]
    created: datetime
    style: LegacyStyle = field(default_factory=LegacyStyle)
    vouching: Vouching = field(default_factory=Vouching)


def sign_image(request: SignImage, key: SigningKey, sink: ManifestSink | None) -> Sequence[MadeSignature]:
    """Sign an image in each format and store the signatures; without a sink they are only returned.

    Everything is signed and checked before anything is pushed.

    Raises:
        UsageError: A format that cannot name this image.
        SignatureMismatch: The signer does not fit its own public key.
        VerificationError: What was made would not be accepted.
        RemoteError: The registry refused or failed.
    """
    image = request.subject.digest
    made = [make_signature(key, form, image, request.claims, request.vouching) for form in request.formats]
    if sink is not None:
        for item in made:
            if item.format is SignatureFormat.BUNDLE:
                store_bundle(sink, item.content, request.subject, COSIGN_SIGN_V1, request.created)
            else:
                push_legacy(sink, item, key.signer, image, request.style)
    return made
