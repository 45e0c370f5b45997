"""Signing: what is made, where it is stored, and what of others' stays."""

from dataclasses import dataclass, replace
from typing import Any

import pytest

from cosignpy.core.bundle.legacy import MAX_LEGACY_SIGNATURES, build_signature_layer
from cosignpy.core.bundle.model import CertificateMaterial
from cosignpy.core.bundle.parts import SignatureParts
from cosignpy.core.bundle.protojson import parse_bundle
from cosignpy.core.bundle.referrer import select_bundle_layer
from cosignpy.core.bundle.rekor_bundle import parse_rekor_bundle
from cosignpy.core.digest import Digest
from cosignpy.core.dsse import Envelope
from cosignpy.core.encoding import encode_b64
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.oci.attachment_tags import AttachmentKind, AttachmentTag
from cosignpy.core.oci.manifest import DOCKER_MANIFEST, OCI_MANIFEST, Descriptor, Manifest
from cosignpy.core.oci.simple_signing import SIGNATURE_ANNOTATION, SIMPLE_SIGNING, SimpleSigningPayload
from cosignpy.core.policy.bundle import SignedByIdentity
from cosignpy.core.policy.image import ImagePolicy
from cosignpy.core.policy.predicate import PredicateTypeIs
from cosignpy.core.policy.transparency import RequireLog
from cosignpy.core.verify.artifact import Artifact
from cosignpy.core.verify.bundle import verify_bundle
from cosignpy.core.verify.evidence import SignatureFormat, VerifiedImage
from cosignpy.errors import (
    CertificateError,
    CosignError,
    LimitExceeded,
    MalformedError,
    RemoteError,
    SignatureMismatch,
    TransparencyError,
    UsageError,
)
from cosignpy.operations.complete_bundle import OwnCertificate, SigningKey, SigningServices
from cosignpy.operations.sign_image import (
    Claims,
    FormatChoice,
    SignImage,
    Vouching,
    make_signature,
    push_legacy,
    sign_image,
)
from cosignpy.operations.verify_image import VerifyImage, verify_image
from tests.support.certificates import LIFETIME, MIDDLE, START
from tests.support.legacy_signatures import ISSUERS
from tests.support.memory_repository import MemoryRepository, push_image
from tests.support.signed import KEY, NAME, OTHER_KEY, simple_signing
from tests.support.signed_images import BOTH, BUNDLE, CREATED, LEGACY, push_legacy_layers, sign
from tests.support.signing_services import Log, PromisingLog, Root, Stamps
from tests.support.virtual_sigstore import (
    ALICE,
    BY_ALICE,
    LEAF_KEY,
    REKOR_V1,
    REKOR_V2,
    ROOT,
    SIGNING,
    TRUST,
    certify,
    good_leaf,
    named,
)

KEYED = SigningKey(KEY)
SHA512 = Descriptor(OCI_MANIFEST, Digest.of(b"image", "sha512"), 5)


@pytest.fixture
def repository() -> MemoryRepository:
    return MemoryRepository()


@pytest.fixture
def image(repository: MemoryRepository) -> Manifest:
    return push_image(repository)


def signature_image(repository: MemoryRepository, image: Manifest) -> Manifest:
    return repository.fetch_manifest(AttachmentTag(image.digest, AttachmentKind.SIGNATURE).encode())


@pytest.mark.parametrize(
    ("choice", "formats"),
    [(FormatChoice.BUNDLE, BUNDLE), (FormatChoice.LEGACY, LEGACY), (FormatChoice.BOTH, BOTH)],
)
def test_a_choice_names_formats(choice: FormatChoice, formats: tuple[SignatureFormat, ...]) -> None:
    assert choice.formats == formats


def test_a_bundle_becomes_a_referrer(repository: MemoryRepository, image: Manifest) -> None:
    sign(repository, image, annotations={"a": "b"})
    (entry,) = repository.fetch_referrers(image.digest)
    manifest = repository.fetch_manifest(entry.digest)
    layer = select_bundle_layer(manifest)
    assert layer is not None
    assert manifest.subject == image.descriptor
    assert manifest.annotations["org.opencontainers.image.created"] == "2026-07-24T09:00:00Z"
    parse_bundle(repository.fetch_blob(layer))


def test_the_identity_replaces_the_name_and_is_signed_in_bundles_only_when_given(image: Manifest) -> None:
    plain, named = Claims(NAME), Claims(NAME, identity="other.example/x")
    legacy = [make_signature(KEYED, LEGACY[0], image.digest, claims).content for claims in (plain, named)]
    assert [SimpleSigningPayload.parse(item).docker_reference for item in legacy] == [NAME, "other.example/x"]
    bundles = [make_signature(KEYED, BUNDLE[0], image.digest, claims).content for claims in (plain, named)]
    envelopes = [parse_bundle(item).content for item in bundles]
    payloads = [item.payload for item in envelopes if isinstance(item, Envelope)]
    assert (NAME.encode() in payloads[0], b'"name":"other.example/x"' in payloads[1]) == (False, True)


def test_a_sha512_image_is_signed_as_a_bundle_and_refused_before_anything_is_pushed() -> None:
    repository = MemoryRepository()
    request = SignImage(SHA512, Claims(NAME), BOTH, CREATED)
    with pytest.raises(UsageError) as refused:
        sign_image(request, KEYED, repository)
    assert refused.value.hint is not None
    assert repository.requests == []
    (made,) = sign_image(replace(request, formats=BUNDLE), KEYED, repository)
    assert (made.format, made.content) == (BUNDLE[0], repository.blobs[Digest.of(made.content)])


def test_a_legacy_signature_of_an_image_without_a_name_is_refused(image: Manifest) -> None:
    assert make_signature(KEYED, LEGACY[0], image.digest, Claims("", identity=NAME)).content
    assert make_signature(KEYED, BUNDLE[0], image.digest, Claims("")).content
    with pytest.raises(UsageError) as refused:
        make_signature(KEYED, LEGACY[0], image.digest, Claims(""))
    assert "--sign-container-identity" in str(refused.value.hint)


@dataclass(frozen=True)
class ForgetfulSigner:
    """Signs with one key and shows another."""

    public_key: PublicKey = KEY.public_key

    def sign(self, message: bytes) -> bytes:
        return OTHER_KEY.sign(message)

    def sign_digest(self, digest: bytes) -> bytes:
        return OTHER_KEY.sign_digest(digest)


@pytest.mark.parametrize("formats", [BUNDLE, LEGACY])
def test_a_signature_that_does_not_verify_is_never_pushed(
    repository: MemoryRepository, image: Manifest, formats: tuple[SignatureFormat, ...]
) -> None:
    repository.requests.clear()
    request = SignImage(image.descriptor, Claims(NAME), formats, CREATED)
    with pytest.raises(SignatureMismatch):
        sign_image(request, SigningKey(ForgetfulSigner()), repository)
    assert repository.requests == []


def test_annotations_that_are_not_unicode_are_refused(image: Manifest) -> None:
    for form in BOTH:
        with pytest.raises(MalformedError):
            make_signature(KEYED, form, image.digest, Claims(NAME, {"a": "\udcff"}))


def test_without_a_sink_signatures_are_only_returned(image: Manifest) -> None:
    made = sign_image(SignImage(image.descriptor, Claims(NAME), BOTH, CREATED), KEYED, None)
    assert [item.format for item in made] == list(BOTH)


def test_a_failing_registry_is_an_error(repository: MemoryRepository, image: Manifest) -> None:
    repository.failing.add("push_blob")
    with pytest.raises(RemoteError):
        sign(repository, image)


@pytest.mark.parametrize(("second", "annotations", "count"), [(KEY, {}, 1), (OTHER_KEY, {}, 2), (KEY, {"a": "b"}, 2)])
def test_a_legacy_signature_is_added_once(
    repository: MemoryRepository, image: Manifest, second: PrivateKey, annotations: dict[str, str], count: int
) -> None:
    """ECDSA signatures differ each time: the same key over the same payload is found by verifying."""
    sign(repository, image, KEY, LEGACY)
    (first,) = signature_image(repository, image).layers
    sign(repository, image, second, LEGACY, annotations)
    layers = signature_image(repository, image).layers
    assert (len(layers), layers[0]) == (count, first)


def test_what_others_put_under_the_tag_stays(repository: MemoryRepository, image: Manifest) -> None:
    payload = simple_signing(image.digest)
    for blob in (payload, b"foreign"):
        repository.push_blob(blob)
    foreign = Descriptor.of(b"foreign", "application/x-foreign")
    broken = Descriptor(SIMPLE_SIGNING, Digest.of(payload), len(payload), {"x": "y"})
    push_legacy_layers(repository, image.digest, foreign, broken)
    sign(repository, image, KEY, LEGACY)
    assert signature_image(repository, image).layers[:2] == (foreign, broken)
    assert len(signature_image(repository, image).layers) == 3


def test_a_full_tag_takes_no_signature_that_would_make_it_unreadable(
    repository: MemoryRepository, image: Manifest
) -> None:
    layer = build_signature_layer(b"", b"x")
    repository.push_blob(b"")
    push_legacy_layers(repository, image.digest, *(layer,) * (MAX_LEGACY_SIGNATURES - 1))
    sign(repository, image, KEY, LEGACY)
    sign(repository, image, KEY, LEGACY)
    with pytest.raises(LimitExceeded):
        sign(repository, image, OTHER_KEY, LEGACY)
    assert len(signature_image(repository, image).layers) == MAX_LEGACY_SIGNATURES


def test_merging_into_its_own_result_changes_nothing(repository: MemoryRepository, image: Manifest) -> None:
    made = make_signature(KEYED, LEGACY[0], image.digest, Claims(NAME))
    request = SignImage(image.descriptor, Claims(NAME), LEGACY, CREATED)
    first = push_legacy(repository, made, KEY, image.digest, request.style)
    assert push_legacy(repository, made, KEY, image.digest, request.style) == first
    docker = push_legacy(repository, made, KEY, image.digest, request.style.with_docker_types())
    assert (docker.media_type, docker.layers) == (DOCKER_MANIFEST, first.layers)


# --- by identity, and with others who vouch -----------------------------------------------------

KEYLESS = SigningKey(LEAF_KEY, good_leaf())
VOUCHED = Vouching(SigningServices((Log(),), (Stamps(),)), Root())


def test_image_signed_without_a_key_is_accepted_by_the_verifier(repository: MemoryRepository, image: Manifest) -> None:
    request = SignImage(image.descriptor, Claims(NAME), BUNDLE, CREATED, vouching=VOUCHED)
    (made,) = sign_image(request, KEYLESS, repository)
    bundle = parse_bundle(made.content)
    artifact = Artifact({"sha256": bytes.fromhex(image.digest.hex)})
    found = verify_bundle(bundle, artifact, TRUST, replace(BY_ALICE, predicate=PredicateTypeIs()))
    assert found.certificate is not None
    (entry,) = repository.fetch_referrers(image.digest)
    assert made.content == repository.fetch_blob(select_bundle_layer(repository.fetch_manifest(entry.digest)))  # type: ignore[arg-type]


def test_nothing_is_pushed_that_nobody_would_accept(repository: MemoryRepository, image: Manifest) -> None:
    repository.requests.clear()
    strangers = Vouching(VOUCHED.services, Root(replace(ROOT, logs=())))
    request = SignImage(image.descriptor, Claims(NAME), BUNDLE, CREATED, vouching=strangers)
    with pytest.raises(TransparencyError):
        sign_image(request, KEYLESS, repository)
    assert repository.requests == []


# --- legacy signatures that more than a key vouches for -----------------------------------------

PROMISING = SigningServices((Log(),), (Stamps(), Stamps()), PromisingLog())
LEGACY_VOUCHED = Vouching(PROMISING, Root())
CHAINED = SigningKey(LEAF_KEY, good_leaf(), ISSUERS)
ALICE_SIGNED = ImagePolicy((), RequireLog(), identities=SignedByIdentity((ALICE,)))
BY_KEY = ImagePolicy((KEY.public_key,), RequireLog())


def verify_tagged(repository: MemoryRepository, image: Manifest, policy: ImagePolicy) -> VerifiedImage:
    return verify_image(VerifyImage(NAME, image.digest, policy), repository, repository, Root())


def test_a_legacy_signature_without_a_key_is_accepted_by_the_verifier(
    repository: MemoryRepository, image: Manifest
) -> None:
    request = SignImage(image.descriptor, Claims(NAME), LEGACY, CREATED, vouching=LEGACY_VOUCHED)
    (made,) = sign_image(request, CHAINED, repository)
    (layer,) = signature_image(repository, image).layers
    assert layer.annotations == {SIGNATURE_ANNOTATION: encode_b64(made.signature), **made.beside}
    parts = SignatureParts.of_annotations(layer.annotations)
    assert parts.material == CertificateMaterial((good_leaf(), *ISSUERS))
    assert parse_rekor_bundle(parts.rekor_bundle).log_id == REKOR_V1.log_id
    assert parts.timestamp
    (found,) = verify_tagged(repository, image, ALICE_SIGNED).signatures
    assert found.proof is not None
    assert found.proof.certificate is not None


def test_a_key_with_a_log_signs_in_both_formats(repository: MemoryRepository, image: Manifest) -> None:
    request = SignImage(image.descriptor, Claims(NAME), BOTH, CREATED, vouching=LEGACY_VOUCHED)
    sign_image(request, KEYED, repository)
    found = verify_tagged(repository, image, BY_KEY)
    assert [signature.claim.format for signature in found.signatures] == [*BOTH]
    assert {entry.log for signature in found.signatures for entry in signature.proof.entries} == {  # type: ignore[union-attr]
        REKOR_V1.url,
        REKOR_V2.url,
    }


def test_a_legacy_signature_by_a_key_alone_asks_nobody(image: Manifest) -> None:
    trust = Root()
    assert make_signature(KEYED, LEGACY[0], image.digest, Claims(NAME), Vouching(trust=trust)).beside == {}
    assert not trust.asked


def test_without_a_trusted_root_a_legacy_signature_is_what_was_answered(image: Manifest) -> None:
    made = make_signature(KEYED, LEGACY[0], image.digest, Claims(NAME), replace(LEGACY_VOUCHED, trust=None))
    assert SignatureParts.of_annotations(made.beside).rekor_bundle


@pytest.mark.parametrize("key", [KEYLESS, KEYED], ids=["certificate", "key"])
def test_a_log_that_promises_nothing_does_not_do_for_a_legacy_signature(image: Manifest, key: SigningKey) -> None:
    with pytest.raises(UsageError, match="Rekor v1") as refused:
        make_signature(key, LEGACY[0], image.digest, Claims(NAME), VOUCHED)
    assert "--rekor-url" in str(refused.value.hint)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda entry: replace(entry, log_index=entry.log_index + 1), SignatureMismatch),
        (lambda entry: replace(entry, log_id=bytes(32)), TransparencyError),
    ],
)
@pytest.mark.parametrize("key", [CHAINED, KEYED], ids=["certificate", "key"])
def test_no_legacy_signature_is_pushed_that_nobody_would_accept(
    repository: MemoryRepository, image: Manifest, key: SigningKey, change: Any, error: type[CosignError]
) -> None:
    services = replace(PROMISING, promising=PromisingLog(change))
    request = SignImage(image.descriptor, Claims(NAME), BOTH, CREATED, vouching=Vouching(services, Root()))
    repository.requests.clear()
    with pytest.raises(error):
        sign_image(request, key, repository)
    assert repository.requests == []


def test_what_a_log_vouches_for_is_added_beside_what_a_key_alone_signed(
    repository: MemoryRepository, image: Manifest
) -> None:
    sign(repository, image, KEY, LEGACY)
    request = SignImage(image.descriptor, Claims(NAME), LEGACY, CREATED, vouching=LEGACY_VOUCHED)
    for count in (2, 3):
        sign_image(request, KEYED, repository)
        assert len(signature_image(repository, image).layers) == count
    sign(repository, image, KEY, LEGACY)
    assert len(signature_image(repository, image).layers) == 3


def test_merging_what_a_log_vouches_for_into_its_own_result_changes_nothing(
    repository: MemoryRepository, image: Manifest
) -> None:
    made = make_signature(KEYED, LEGACY[0], image.digest, Claims(NAME), LEGACY_VOUCHED)
    style = SignImage(image.descriptor, Claims(NAME), LEGACY, CREATED).style
    first = push_legacy(repository, made, KEY, image.digest, style)
    assert push_legacy(repository, made, KEY, image.digest, style) == first


# --- certificates of one's own ------------------------------------------------------------------

OWN_AUTHORITY = ROOT.certificate_authorities[0]
STRANGE = Root(replace(ROOT, certificate_authorities=(), ct_logs=()))


@pytest.mark.parametrize("form", BOTH)
def test_a_certificate_of_ones_own_is_believed_by_its_own_issuers(image: Manifest, form: SignatureFormat) -> None:
    own = replace(CHAINED, own=OwnCertificate(OWN_AUTHORITY, MIDDLE))
    vouching = Vouching(PROMISING, STRANGE)
    assert make_signature(own, form, image.digest, Claims(NAME), vouching).content
    with pytest.raises(CertificateError):
        make_signature(replace(own, own=OwnCertificate(None, MIDDLE)), form, image.digest, Claims(NAME), vouching)
    with pytest.raises(CertificateError):
        make_signature(CHAINED, form, image.digest, Claims(NAME), vouching)


@pytest.mark.parametrize("form", BOTH)
def test_nobody_is_asked_where_ones_own_issuers_are_all_that_is_believed(
    image: Manifest, form: SignatureFormat
) -> None:
    trust = Root(replace(ROOT, certificate_authorities=()))
    own = replace(CHAINED, own=OwnCertificate(OWN_AUTHORITY, MIDDLE))
    assert make_signature(own, form, image.digest, Claims(NAME), Vouching(trust=trust)).content
    assert not trust.asked
    late = replace(CHAINED, own=OwnCertificate(OWN_AUTHORITY, START + 2 * LIFETIME))
    with pytest.raises(CertificateError):
        make_signature(late, form, image.digest, Claims(NAME), Vouching(trust=trust))


def test_a_certificate_of_ones_own_may_name_no_issuer_of_the_identity(image: Manifest) -> None:
    bare = certify((named()[0], *SIGNING))
    own = SigningKey(LEAF_KEY, bare, ISSUERS, OwnCertificate(OWN_AUTHORITY, MIDDLE))
    assert make_signature(own, BUNDLE[0], image.digest, Claims(NAME), Vouching(trust=Root())).content
