"""Attesting as cosign 2 does: what lies under the tag, what verifiers make of it, and what gives way."""

from typing import Any

import pytest

from cosignpy.core.bundle.legacy import MAX_LEGACY_SIGNATURES, LegacyStyle, build_signature_image
from cosignpy.core.bundle.legacy_attestation import ENVELOPE
from cosignpy.core.bundle.parts import SignatureParts
from cosignpy.core.digest import Digest
from cosignpy.core.oci.attachment_tags import AttachmentKind, AttachmentTag
from cosignpy.core.oci.manifest import Descriptor, Manifest
from cosignpy.core.policy.bundle import SignedByIdentity
from cosignpy.core.policy.image import ImagePolicy
from cosignpy.core.policy.predicate import PredicateTypeIs
from cosignpy.core.policy.transparency import RequireLog, RequireSignedTime
from cosignpy.core.rekor.log_entry import LogEntry
from cosignpy.core.verify.evidence import VerifiedImage
from cosignpy.core.verify.findings import TimeSource
from cosignpy.errors import CosignError, LimitExceeded, RemoteError, SignatureMismatch, TransparencyError, UsageError
from cosignpy.operations.attest_legacy import LegacyMade, OwnLayers, make_legacy
from cosignpy.operations.complete_bundle import SigningKey, SigningServices
from cosignpy.operations.verify_image import VerifyImage, verify_image
from cosignpy.values import replace
from tests.support.attestations import REVIEW, SPDX, attestation_layer, envelope_text, review, wanting
from tests.support.legacy_signatures import ISSUERS
from tests.support.memory_repository import MemoryRepository, push_image
from tests.support.signed import KEY, NAME, OTHER_KEY
from tests.support.signing_services import Log, PromisingLog, Root, Stamps
from tests.support.virtual_sigstore import ALICE, LEAF_KEY, SIGNING, certify, good_leaf, named, stamp

STYLE = LegacyStyle()
KEYED = SigningKey(KEY)
CHAINED = SigningKey(LEAF_KEY, good_leaf(), ISSUERS)
ALONE = SigningServices()
ALL = SigningServices((Log(),), (Stamps(),), PromisingLog())
BY_ALICE = ImagePolicy(
    (), RequireLog(), predicate=PredicateTypeIs(REVIEW), identities=SignedByIdentity((ALICE,), RequireSignedTime())
)


@pytest.fixture
def repository() -> MemoryRepository:
    return MemoryRepository()


@pytest.fixture
def image(repository: MemoryRepository) -> Manifest:
    return push_image(repository)


def tagged(repository: MemoryRepository, image: Manifest) -> Manifest:
    return repository.fetch_manifest(AttachmentTag(image.digest, AttachmentKind.ATTESTATION).encode())


def make(
    image: Manifest,
    key: SigningKey = KEYED,
    services: SigningServices = ALONE,
    predicate_type: str = REVIEW,
    predicate: bytes = b"{}",
) -> LegacyMade:
    return make_legacy(review(image.digest, predicate_type, predicate), predicate_type, key, services, Root())


def verify(repository: MemoryRepository, image: Manifest, policy: ImagePolicy | None = None) -> VerifiedImage:
    return verify_image(VerifyImage(NAME, image.digest, policy or wanting(), 2), repository, repository, Root())


def test_an_attestation_lies_under_the_tag_as_cosign_2_writes_it(repository: MemoryRepository, image: Manifest) -> None:
    made = make(image)
    (layer,) = made.store(repository, image.digest, STYLE).layers
    assert (layer.media_type, layer.digest, layer.size) == (ENVELOPE, Digest.of(made.envelope), len(made.envelope))
    assert layer.annotations == {"dev.cosignproject.cosign/signature": "", "predicateType": REVIEW}
    assert tagged(repository, image).layers == (layer,)
    assert len(verify(repository, image).signatures) == 1


class KeptStamps:
    """Remembers what it stamped."""

    def __init__(self) -> None:
        self.stamped: list[bytes] = []

    def timestamp(self, message: bytes) -> bytes:
        self.stamped.append(message)
        return stamp(message)


def test_whoever_vouches_stands_beside_it_and_the_timestamp_is_over_the_envelope(
    repository: MemoryRepository, image: Manifest
) -> None:
    stamps = KeptStamps()
    made = make(image, CHAINED, replace(ALL, timestamp_authorities=(stamps,)))
    assert stamps.stamped == [made.envelope]
    (layer,) = made.store(repository, image.digest, STYLE).layers
    parts = SignatureParts.of_annotations(layer.annotations)
    assert all((parts.certificate, parts.chain, parts.rekor_bundle))
    assert list(layer.annotations) == sorted(layer.annotations)
    (found,) = verify(repository, image, BY_ALICE).signatures
    assert found.proof is not None
    assert len(found.proof.entries) == 1
    assert {time.source for time in found.proof.times} == {TimeSource.TIMESTAMP_AUTHORITY, TimeSource.LOG}


def moved(entry: LogEntry) -> LogEntry:
    return replace(entry, log_index=entry.log_index + 1)


class OtherStamps:
    """Stamps something else than it is asked to."""

    def timestamp(self, message: bytes) -> bytes:
        return stamp(message + b"\n")


@pytest.mark.parametrize(
    ("services", "error"),
    [
        (replace(ALL, promising=PromisingLog(lambda entry: replace(entry, log_id=bytes(32)))), TransparencyError),
        (replace(ALL, promising=PromisingLog(moved)), SignatureMismatch),
        (replace(ALL, timestamp_authorities=(OtherStamps(),)), CosignError),
        (replace(ALL, promising=None), UsageError),
    ],
    ids=["a log nobody trusts", "another place in the log", "another timestamp", "no log that promises"],
)
@pytest.mark.parametrize("key", [CHAINED, KEYED], ids=["certificate", "key"])
def test_nothing_is_given_out_that_nobody_would_accept(
    image: Manifest, key: SigningKey, services: SigningServices, error: type[CosignError]
) -> None:
    with pytest.raises(error):
        make(image, key, services)


def test_others_stay_and_the_same_is_not_added_twice(repository: MemoryRepository, image: Manifest) -> None:
    other = make(image, SigningKey(OTHER_KEY))
    other.store(repository, image.digest, STYLE)
    made = make(image)
    for _ in range(2):
        layers = made.store(repository, image.digest, STYLE).layers
        assert [layer.digest for layer in layers] == [Digest.of(other.envelope), Digest.of(made.envelope)]


def replaced(repository: MemoryRepository, image: Manifest, key: SigningKey = KEYED) -> tuple[Digest, ...]:
    older = OwnLayers(repository, REVIEW, key)
    services = ALL if key.certificate else ALONE
    made = make(image, key, services, predicate=b'{"new":1}')
    assert made.store(repository, image.digest, STYLE, older).layers[-1].digest == Digest.of(made.envelope)
    return older.replaced


def test_the_signers_own_older_one_of_the_type_gives_way(repository: MemoryRepository, image: Manifest) -> None:
    old, other_type = make(image), make(image, predicate_type=SPDX)
    others, keyless = make(image, SigningKey(OTHER_KEY)), make(image, CHAINED, ALL)
    for one in (old, other_type, others, keyless):
        one.store(repository, image.digest, STYLE)
    assert replaced(repository, image) == (Digest.of(old.envelope),)
    kept = [layer.digest for layer in tagged(repository, image).layers]
    assert kept[:-1] == [Digest.of(one.envelope) for one in (other_type, others, keyless)]


def test_an_identity_replaces_what_it_signed_with_another_certificate(
    repository: MemoryRepository, image: Manifest
) -> None:
    again = SigningKey(LEAF_KEY, certify((*named(), *SIGNING)), ISSUERS)
    bob = SigningKey(LEAF_KEY, certify((*named("bob@example.com"), *SIGNING)), ISSUERS)
    own, bobs = make(image, again, ALL), make(image, bob, ALL)
    for one in (own, bobs):
        one.store(repository, image.digest, STYLE)
    assert replaced(repository, image, CHAINED) == (Digest.of(own.envelope),)


def push_layers(repository: MemoryRepository, image: Manifest, *layers: Descriptor) -> None:
    manifest, config = build_signature_image(layers, STYLE)
    repository.push_blob(config)
    repository.push_manifest(manifest, AttachmentTag(image.digest, AttachmentKind.ATTESTATION).encode())


@pytest.mark.parametrize("content", [b"{}", b"no JSON"])
def test_what_cannot_be_read_stays(repository: MemoryRepository, image: Manifest, content: bytes) -> None:
    repository.push_blob(content)
    push_layers(repository, image, attestation_layer(content), Descriptor.of(content, "text/plain"))
    assert replaced(repository, image) == ()
    assert len(tagged(repository, image).layers) == 3


def test_of_a_layer_that_says_no_type_the_statement_does(repository: MemoryRepository, image: Manifest) -> None:
    own, other = envelope_text(review(image.digest)), envelope_text(review(image.digest, SPDX))
    for text in (own, other):
        repository.push_blob(text)
    push_layers(repository, image, attestation_layer(own, ""), attestation_layer(other, ""))
    assert replaced(repository, image) == (Digest.of(own),)


def test_a_registry_that_fails_is_told_of(repository: MemoryRepository, image: Manifest) -> None:
    make(image).store(repository, image.digest, STYLE)
    repository.failing.add("stream_blob")
    with pytest.raises(RemoteError):
        replaced(repository, image)


def test_there_is_room_for_as_many_as_verifiers_read(repository: MemoryRepository, image: Manifest) -> None:
    repository.push_blob(b"")
    full: Any = [attestation_layer(b"")] * MAX_LEGACY_SIGNATURES
    push_layers(repository, image, *full[1:])
    made = make(image)
    assert len(made.store(repository, image.digest, STYLE).layers) == MAX_LEGACY_SIGNATURES
    with pytest.raises(LimitExceeded):
        make(image).store(repository, image.digest, STYLE)
    assert len(made.store(repository, image.digest, STYLE).layers) == MAX_LEGACY_SIGNATURES


def test_an_image_named_by_sha512_has_no_tag(repository: MemoryRepository, image: Manifest) -> None:
    with pytest.raises(UsageError) as error:
        make(image).store(repository, Digest.of(b"", "sha512"), STYLE)
    assert "--signature-format bundle" in str(error.value.hint)
    assert not [request for request in repository.requests if request.startswith("update_tag")]


def test_each_layer_is_looked_at_once_however_often_a_tag_is_merged(
    repository: MemoryRepository, image: Manifest
) -> None:
    (layer,) = make(image).store(repository, image.digest, STYLE).layers
    older = OwnLayers(repository, REVIEW, KEYED)
    repository.requests.clear()
    assert (older(layer), older(layer)) == (True, True)
    assert len(repository.requests) == 1
