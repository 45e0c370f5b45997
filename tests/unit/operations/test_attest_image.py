"""Attesting: what is signed, where it is stored, and whose older attestations give way."""

import pytest

from cosignpy.core.bundle.protojson import encode_bundle, parse_bundle
from cosignpy.core.bundle.referrer import select_bundle_layer
from cosignpy.core.digest import Digest
from cosignpy.core.dsse import Envelope
from cosignpy.core.oci.manifest import Manifest
from cosignpy.errors import MalformedError, RemoteError, TransparencyError, UsageError
from cosignpy.operations.attest_image import make_attestation, remove_older
from cosignpy.operations.complete_bundle import SigningKey, SigningServices
from cosignpy.values import replace
from tests.support.attestations import PREDICATE, REVIEW, SPDX, attest, make, review
from tests.support.memory_repository import MemoryRepository, push_image
from tests.support.signed import KEY, OTHER_KEY, Signed, statement
from tests.support.signed_images import CREATED, encode_signed, push_bundle, push_layers
from tests.support.signing_services import Log, Root, Stamps
from tests.support.virtual_sigstore import LEAF_KEY, REKOR_V2, ROOT, SIGNING, Signing, certify, good_leaf, named

KEYED = SigningKey(KEY)
KEYLESS = SigningKey(LEAF_KEY, good_leaf())
ALL = SigningServices((Log(),), (Stamps(),))


@pytest.fixture(params=[True, False], ids=["referrers API", "fallback tag"])
def repository(request: pytest.FixtureRequest) -> MemoryRepository:
    return MemoryRepository(referrers_api=request.param)


@pytest.fixture
def image(repository: MemoryRepository) -> Manifest:
    return push_image(repository)


def listed(repository: MemoryRepository, image: Manifest) -> set[Digest]:
    return {entry.digest for entry in repository.fetch_referrers(image.digest)}


def replaced(repository: MemoryRepository, image: Manifest, key: SigningKey = KEYED) -> list[Digest]:
    """Attest anew, and return what gave way; the new attestation is there in any case."""
    services = ALL if key.certificate else SigningServices()
    made = make_attestation(review(image.digest, predicate=b'{"new":1}'), REVIEW, key, services, Root())
    stored = made.store(repository, image.descriptor, CREATED)
    gone = remove_older(repository, image.digest, stored, made, key)
    assert stored.digest in listed(repository, image)
    return list(gone)


def test_an_attestation_becomes_a_referrer_as_cosign_writes_it(repository: MemoryRepository, image: Manifest) -> None:
    manifest = attest(repository, image)
    (entry,) = repository.fetch_referrers(image.digest)
    assert (entry.digest, manifest.subject) == (manifest.digest, image.descriptor)
    assert manifest.annotations == {
        "dev.sigstore.bundle.content": "dsse-envelope",
        "dev.sigstore.bundle.predicateType": REVIEW,
        "org.opencontainers.image.created": "2026-07-24T09:00:00Z",
    }
    layer = select_bundle_layer(manifest)
    assert layer is not None
    content = parse_bundle(repository.fetch_blob(layer)).content
    assert isinstance(content, Envelope)
    assert PREDICATE in content.payload


def test_an_attestation_without_a_key_is_recorded_and_stamped(image: Manifest) -> None:
    made = make_attestation(review(image.digest), REVIEW, KEYLESS, ALL, Root())
    assert (len(made.bundle.log_entries), len(made.bundle.timestamps)) == (1, 1)
    assert parse_bundle(made.content) == made.bundle


def test_nothing_is_given_out_whose_log_nobody_trusts(image: Manifest) -> None:
    with pytest.raises(TransparencyError):
        make_attestation(review(image.digest), REVIEW, KEYLESS, ALL, Root(replace(ROOT, logs=())))


@pytest.mark.parametrize(("payload", "error"), [(b"{}", MalformedError), (b"", UsageError)])
def test_what_says_nothing_about_anything_is_not_signed(payload: bytes, error: type[Exception]) -> None:
    about_nothing = review(Digest.of(b"")).replace(b'"sha256"', b'"md5"')
    with pytest.raises(error):
        make_attestation(payload or about_nothing, REVIEW, KEYED, ALL, Root())


def test_the_signers_own_older_attestation_of_the_type_gives_way(repository: MemoryRepository, image: Manifest) -> None:
    old, other_type, others = (
        attest(repository, image),
        attest(repository, image, SPDX),
        attest(repository, image, key=OTHER_KEY),
    )
    signature = push_bundle(repository, image.descriptor)
    assert replaced(repository, image) == [old.digest]
    kept = {other_type.digest, others.digest, signature.digest}
    assert kept < listed(repository, image)
    assert old.digest not in listed(repository, image)


def test_the_same_attestation_once_more_replaces_nothing(repository: MemoryRepository, image: Manifest) -> None:
    made = make(image.digest)
    for _ in range(2):
        stored = made.store(repository, image.descriptor, CREATED)
        assert remove_older(repository, image.digest, stored, made, KEYED) == []


def keyless(image: Manifest, email: str = "alice@example.com") -> bytes:
    leaf = certify((*named(email), *SIGNING))
    return encode_bundle(Signing(REKOR_V2, leaf, statement=review(image.digest), stamped=True).bundle())


def test_an_identity_replaces_what_it_signed_with_another_certificate(
    repository: MemoryRepository, image: Manifest
) -> None:
    own = push_bundle(repository, image.descriptor, keyless(image), REVIEW)
    bobs = push_bundle(repository, image.descriptor, keyless(image, "bob@example.com"), REVIEW)
    keyed = attest(repository, image)
    assert replaced(repository, image, KEYLESS) == [own.digest]
    assert {bobs.digest, keyed.digest} < listed(repository, image)


def test_a_key_does_not_replace_what_a_certificate_signed(repository: MemoryRepository, image: Manifest) -> None:
    push_bundle(repository, image.descriptor, keyless(image), REVIEW)
    assert replaced(repository, image) == []


@pytest.mark.parametrize(
    "old",
    [
        lambda image: encode_signed(Signed(statement(image.digest))),
        lambda image: make(image.digest).content.replace(b'"sig":"M', b'"sig":"N'),
        lambda image: make(image.digest).content.replace(b'"}]}}', b'"},{"sig":"YQ=="}]}}'),
        lambda image: make(image.digest).content[:-1],
    ],
    ids=["another type than its annotation says", "another signature", "two signatures", "no bundle"],
)
def test_what_is_not_known_to_be_the_signers_own_stays(
    repository: MemoryRepository, image: Manifest, old: object
) -> None:
    push_bundle(repository, image.descriptor, make(image.digest).content, REVIEW)
    assert len(replaced(repository, image)) == 1
    push_bundle(repository, image.descriptor, old(image), REVIEW)  # type: ignore[operator]
    assert len(replaced(repository, image)) == 1
    assert len(listed(repository, image)) == 2


def test_what_cannot_be_opened_stays(repository: MemoryRepository, image: Manifest) -> None:
    gone = attest(repository, image)
    del repository.blobs[gone.layers[0].digest]
    listed_only = attest(repository, image, key=OTHER_KEY)
    if not repository.referrers_api:
        del repository.manifests[listed_only.digest]
    push_layers(repository, image.descriptor, b"{}", b"{}")
    assert replaced(repository, image) == []


def test_signatures_over_files_are_no_attestations(repository: MemoryRepository, image: Manifest) -> None:
    message = encode_bundle(Signing(REKOR_V2, None, KEY).bundle())
    push_bundle(repository, image.descriptor, message, REVIEW)
    assert replaced(repository, image) == []


@pytest.mark.parametrize("method", ["fetch_blob", "delete_manifest"])
def test_a_registry_that_fails_is_told_of_and_the_new_one_is_there(
    repository: MemoryRepository, image: Manifest, method: str
) -> None:
    attest(repository, image)
    made = make(image.digest, predicate=b"{}")
    stored = made.store(repository, image.descriptor, CREATED)
    repository.failing.add("stream_blob" if method == "fetch_blob" else method)
    with pytest.raises(RemoteError):
        remove_older(repository, image.digest, stored, made, KEYED)
    assert len(listed(repository, image)) == 2
