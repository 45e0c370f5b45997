"""What every place that implements the port `Repository` must do: one suite for all of them.

A test module derives a class from one of these and gives it a `repository` fixture.
"""

import os
from collections.abc import Callable

import pytest

from cosignpy.core.digest import Digest
from cosignpy.core.oci.manifest import (
    EMPTY_CONFIG,
    OCI_INDEX,
    ArtifactManifest,
    Descriptor,
    Manifest,
    build_index,
)
from cosignpy.core.oci.reference import Tag
from cosignpy.errors import DigestMismatch, LimitExceeded, NoSuchTag
from cosignpy.operations.ports import Repository

LATEST = Tag("latest")
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"


def push_image(repository: Repository, content: bytes, tag: Tag | None = None) -> Manifest:
    """Push an image of one layer."""
    config = b'{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}'
    repository.push_blob(config)
    repository.push_blob(content)
    image = ArtifactManifest(
        config=Descriptor.of(config, "application/vnd.oci.image.config.v1+json"),
        layers=(Descriptor.of(content, "application/vnd.oci.image.layer.v1.tar"),),
    ).build()
    repository.push_manifest(image, tag)
    return image


def push_referrer(repository: Repository, subject: Manifest, content: bytes) -> Manifest:
    """Push a manifest that refers to another, as a signature does."""
    repository.push_blob(b"{}")
    repository.push_blob(content)
    referrer = ArtifactManifest(
        config=Descriptor.of(b"{}", EMPTY_CONFIG),
        layers=(Descriptor.of(content, BUNDLE),),
        annotations={"content": content.decode()},
        subject=subject.descriptor,
        artifact_type=BUNDLE,
    ).build()
    repository.push_manifest(referrer)
    return referrer


def merge_layer(content: bytes) -> Callable[[Manifest | None], Manifest]:
    """Add a layer to an artifact, as legacy signatures are."""

    def merge(current: Manifest | None) -> Manifest:
        layer = Descriptor.of(content, "application/x")
        layers = current.layers if current else ()
        if layer in layers:
            assert current is not None
            return current
        return ArtifactManifest(config=Descriptor.of(b"{}", EMPTY_CONFIG), layers=(*layers, layer)).build()

    return merge


class RepositoryContract:
    """Reading back what was written, and refusing what is not there."""

    def test_image_is_read_back_by_tag_and_by_digest(self, repository: Repository) -> None:
        image = push_image(repository, b"layer", LATEST)
        assert repository.fetch_manifest(LATEST) == image
        assert repository.fetch_manifest(image.digest) == image
        assert repository.fetch_blob(image.layers[0]) == b"layer"

    def test_manifest_bytes_are_kept_as_they_are(self, repository: Repository) -> None:
        image = push_image(repository, b"layer")
        spaced = Manifest.parse(image.raw.replace(b'":', b'" :  '), image.media_type)
        repository.push_manifest(spaced, LATEST)
        assert repository.fetch_manifest(LATEST).raw == spaced.raw

    def test_index_is_read_back_with_its_media_type(self, repository: Repository) -> None:
        children = [push_image(repository, b"%d" % number) for number in range(2)]
        index = build_index(child.descriptor for child in children)
        repository.push_manifest(index, LATEST)
        assert repository.fetch_manifest(LATEST).media_type == OCI_INDEX
        assert repository.fetch_manifest(LATEST).manifests == tuple(child.descriptor for child in children)

    def test_absent_names_are_told_as_such(self, repository: Repository) -> None:
        image = push_image(repository, b"layer", LATEST)
        absent = Descriptor.of(b"absent", "application/x")
        for name in (Tag("absent"), absent.digest):
            with pytest.raises(NoSuchTag):
                repository.fetch_manifest(name)
        with pytest.raises(NoSuchTag):
            repository.fetch_blob(absent)
        with pytest.raises(NoSuchTag):
            list(repository.stream_blob(absent))
        assert repository.has_blob(image.layers[0].digest)
        assert not repository.has_blob(absent.digest)

    def test_blob_of_another_size_than_its_descriptor_says_is_refused(self, repository: Repository) -> None:
        repository.push_blob(b"content")
        for size in (6, 8):
            wrong = Descriptor("application/x", Digest.of(b"content"), size)
            with pytest.raises((DigestMismatch, LimitExceeded)):
                repository.fetch_blob(wrong)
            with pytest.raises(DigestMismatch):
                list(repository.stream_blob(wrong))

    def test_blob_larger_than_an_attachment_is_not_fetched(self, repository: Repository) -> None:
        with pytest.raises(LimitExceeded):
            repository.fetch_blob(Descriptor("application/x", Digest.of(b"content"), 1 << 40))

    def test_stream_is_written_and_read_in_pieces(self, repository: Repository) -> None:
        content = os.urandom(3 << 20)
        descriptor = Descriptor.of(content, "application/x")
        repository.push_stream(descriptor, (content[start : start + 100_000] for start in range(0, 3 << 20, 100_000)))
        pieces = list(repository.stream_blob(descriptor))
        assert b"".join(pieces) == content
        assert len(pieces) > 1

    def test_stream_of_something_else_leaves_nothing(self, repository: Repository) -> None:
        descriptor = Descriptor.of(b"announced", "application/x")
        for chunks in ([b"different"], [b"announce"], [b"announced", b"more"]):
            with pytest.raises(DigestMismatch):
                repository.push_stream(descriptor, iter(chunks))
        assert not repository.has_blob(descriptor.digest)

    def test_stream_of_a_blob_that_is_there_is_not_consumed(self, repository: Repository) -> None:
        content = os.urandom(1 << 17)
        descriptor = Descriptor.of(content, "application/x")
        repository.push_blob(content)

        repository.push_stream(descriptor, (pytest.fail(reason) for reason in ["asked for content"]))

    def test_referrers_are_listed_with_annotations(self, repository: Repository) -> None:
        image, other = push_image(repository, b"layer", LATEST), push_image(repository, b"other")
        assert repository.fetch_referrers(image.digest) == ()
        pushed = [push_referrer(repository, image, b"%d" % number) for number in range(3)]
        found = repository.fetch_referrers(image.digest)
        assert {entry.digest for entry in found} == {referrer.digest for referrer in pushed}
        assert {entry.annotations["content"] for entry in found} == {"0", "1", "2"}
        assert repository.fetch_referrers(other.digest) == ()

    def test_same_referrer_twice_is_listed_once(self, repository: Repository) -> None:
        image = push_image(repository, b"layer")
        for _ in range(2):
            push_referrer(repository, image, b"same")
        assert len(repository.fetch_referrers(image.digest)) == 1

    def test_tag_is_updated_by_merging(self, repository: Repository) -> None:
        repository.push_blob(b"{}")
        for content in (b"one", b"two", b"one"):
            repository.push_blob(content)
            repository.update_tag(LATEST, merge_layer(content))
        layers = [layer.digest for layer in repository.fetch_manifest(LATEST).layers]
        assert layers == [Digest.of(b"one"), Digest.of(b"two")]

    def test_tags_are_listed_sorted(self, repository: Repository) -> None:
        for tag in ("v2", "v1", "V3"):
            push_image(repository, tag.encode(), Tag(tag))
        assert list(repository.fetch_tags()) == ["V3", "v1", "v2"]

    def test_tag_moves_to_the_manifest_pushed_last(self, repository: Repository) -> None:
        first, second = (push_image(repository, content, LATEST) for content in (b"1", b"2"))
        assert repository.fetch_manifest(LATEST) == second
        assert repository.fetch_manifest(first.digest) == first


class ArtifactTypeContract:
    """Where a list of referrers says what each of them is."""

    def test_referrers_are_listed_with_their_type(self, repository: Repository) -> None:
        image = push_image(repository, b"layer", LATEST)
        push_referrer(repository, image, b"bundle")
        assert [entry.artifact_type for entry in repository.fetch_referrers(image.digest)] == [BUNDLE]


class ManifestDeletionContract:
    """Where a deleted manifest takes its tags along."""

    def test_manifest_is_deleted_with_its_tags(self, repository: Repository) -> None:
        image = push_image(repository, b"layer", LATEST)
        repository.delete_manifest(image.digest)
        for name in (LATEST, image.digest):
            with pytest.raises(NoSuchTag):
                repository.fetch_manifest(name)
        with pytest.raises(NoSuchTag):
            repository.delete_manifest(image.digest)

    def test_list_with_a_referrer_that_is_gone_does_not_stop_the_next(self, repository: Repository) -> None:
        image = push_image(repository, b"layer", LATEST)
        repository.delete_manifest(push_referrer(repository, image, b"deleted").digest)
        last = push_referrer(repository, image, b"last")
        assert [entry.digest for entry in repository.fetch_referrers(image.digest)] == [last.digest]


class TagDeletionContract:
    """Where single tags can be taken away."""

    def test_tag_is_deleted_alone(self, repository: Repository) -> None:
        image = push_image(repository, b"layer", LATEST)
        repository.push_manifest(image, Tag("other"))
        repository.delete_manifest(LATEST)
        with pytest.raises(NoSuchTag):
            repository.fetch_manifest(LATEST)
        assert repository.fetch_manifest(Tag("other")) == image

    def test_absent_tag_cannot_be_deleted(self, repository: Repository) -> None:
        push_image(repository, b"layer", LATEST)
        with pytest.raises(NoSuchTag):
            repository.delete_manifest(Tag("absent"))


class FullContract(RepositoryContract, ArtifactTypeContract, ManifestDeletionContract, TagDeletionContract):
    """All of it."""
