"""Signing: what is made, where it is stored, and what of others' stays."""

from dataclasses import dataclass, replace

import pytest

from cosignpy.core.bundle.legacy import MAX_LEGACY_SIGNATURES, build_signature_layer
from cosignpy.core.bundle.protojson import parse_bundle
from cosignpy.core.bundle.referrer import select_bundle_layer
from cosignpy.core.digest import Digest
from cosignpy.core.dsse import Envelope
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.oci.attachment_tags import AttachmentKind, AttachmentTag
from cosignpy.core.oci.manifest import DOCKER_MANIFEST, OCI_MANIFEST, Descriptor, Manifest
from cosignpy.core.oci.simple_signing import SIMPLE_SIGNING, SimpleSigningPayload
from cosignpy.core.policy.predicate import PredicateTypeIs
from cosignpy.core.verify.artifact import Artifact
from cosignpy.core.verify.bundle import verify_bundle
from cosignpy.core.verify.evidence import SignatureFormat
from cosignpy.errors import LimitExceeded, MalformedError, RemoteError, SignatureMismatch, TransparencyError, UsageError
from cosignpy.operations.complete_bundle import SigningKey, SigningServices
from cosignpy.operations.sign_image import (
    Claims,
    FormatChoice,
    SignImage,
    Vouching,
    make_signature,
    push_legacy,
    sign_image,
)
from tests.support.memory_repository import MemoryRepository, push_image
from tests.support.signed import KEY, NAME, OTHER_KEY, simple_signing
from tests.support.signed_images import BOTH, BUNDLE, CREATED, LEGACY, push_legacy_layers, sign
from tests.support.signing_services import Log, Root, Stamps
from tests.support.virtual_sigstore import BY_ALICE, LEAF_KEY, ROOT, TRUST, good_leaf

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


@pytest.mark.parametrize(("key", "vouching"), [(KEYLESS, Vouching()), (KEYED, VOUCHED)], ids=["certificate", "log"])
def test_legacy_signatures_hold_a_key_alone(image: Manifest, key: SigningKey, vouching: Vouching) -> None:
    with pytest.raises(UsageError, match="go into bundles"):
        make_signature(key, LEGACY[0], image.digest, Claims(NAME), vouching)
    assert make_signature(KEYED, LEGACY[0], image.digest, Claims(NAME), Vouching()).content
