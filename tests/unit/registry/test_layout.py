"""OCI layouts as other tools write them, and as an enemy would."""

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cosignpy.core.digest import Digest
from cosignpy.core.encoding import encode_json
from cosignpy.core.oci.attachment_tags import AttachmentKind, AttachmentTag
from cosignpy.core.oci.manifest import (
    DOCKER_MANIFEST,
    EMPTY_CONFIG,
    OCI_INDEX,
    ArtifactManifest,
    Descriptor,
    Manifest,
    build_index,
)
from cosignpy.core.oci.reference import Tag
from cosignpy.errors import DigestMismatch, FileError, LimitExceeded, MalformedError, NoSuchTag, UsageError
from cosignpy.registry import layout_store
from cosignpy.registry.layout import LayoutRepository
from cosignpy.registry.layout_index import IMAGE_KIND, KIND, REF_NAME
from cosignpy.registry.layout_store import LayoutDirectory
from tests.support.artifacts import push_artifact
from tests.support.repository_contract import LATEST, push_image, push_referrer


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    LayoutDirectory(tmp_path / "layout").create()
    return tmp_path / "layout"


@pytest.fixture
def repository(folder: Path) -> LayoutRepository:
    return LayoutRepository(LayoutDirectory(folder))


def blob_path(folder: Path, digest: Digest) -> Path:
    return folder / "blobs" / digest.algorithm / digest.hex


def read_index(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "index.json").read_bytes())
    return found


def write_index(folder: Path, **members: object) -> None:
    (folder / "index.json").write_bytes(encode_json(read_index(folder) | members))


def test_new_layout_has_the_files_of_the_spec(folder: Path) -> None:
    assert json.loads((folder / "oci-layout").read_text()) == {"imageLayoutVersion": "1.0.0"}
    assert read_index(folder) == {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": []}
    assert sorted(path.name for path in folder.iterdir()) == ["index.json", "oci-layout"]


def test_creating_again_changes_nothing(folder: Path, repository: LayoutRepository) -> None:
    push_image(repository, b"layer", LATEST)
    before = read_index(folder)
    LayoutDirectory(folder).create()
    assert read_index(folder) == before


def test_folder_with_other_content_is_not_made_a_layout(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("")
    with pytest.raises(FileError):
        LayoutDirectory(tmp_path).create()
    assert [path.name for path in tmp_path.iterdir()] == ["precious"]


def test_folder_below_a_file_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FileError):
        LayoutDirectory(tmp_path / "file" / "layout").create()


# --- what is named --------------------------------------------------------------------------------


def test_tagged_manifest_stands_in_the_index_once(folder: Path, repository: LayoutRepository) -> None:
    for _ in range(2):
        image = push_image(repository, b"layer", LATEST)
    assert read_index(folder)["manifests"] == [
        image.descriptor.encode() | {"annotations": {KIND: IMAGE_KIND, REF_NAME: "latest"}}
    ]


def test_manifest_can_have_two_tags(folder: Path, repository: LayoutRepository) -> None:
    image = push_image(repository, b"layer", LATEST)
    repository.push_manifest(image, Tag("v1"))
    assert list(repository.fetch_tags()) == ["latest", "v1"]
    assert len(read_index(folder)["manifests"]) == 2


def test_untagged_push_of_a_tagged_manifest_adds_nothing(folder: Path, repository: LayoutRepository) -> None:
    image = push_image(repository, b"layer", LATEST)
    repository.push_manifest(image)
    assert len(read_index(folder)["manifests"]) == 1


def test_children_leave_the_index_when_their_parent_comes(folder: Path, repository: LayoutRepository) -> None:
    child = push_image(repository, b"layer")
    assert len(read_index(folder)["manifests"]) == 1
    parent = build_index([child.descriptor])
    repository.push_manifest(parent, LATEST)
    assert [entry["digest"] for entry in read_index(folder)["manifests"]] == [str(parent.digest)]
    assert repository.fetch_manifest(child.digest) == child


def test_foreign_members_and_entries_survive(folder: Path, repository: LayoutRepository) -> None:
    foreign = {"mediaType": "application/x", "size": 1, "digest": str(Digest.of(b"x")), "own": [1]}
    write_index(folder, annotations={"kept": "yes"}, manifests=[foreign])
    push_image(repository, b"layer", LATEST)
    assert read_index(folder)["annotations"] == {"kept": "yes"}
    assert foreign in read_index(folder)["manifests"]


def test_names_that_are_no_tags_are_not_listed(folder: Path, repository: LayoutRepository) -> None:
    entry = Descriptor.of(b"x", "application/x").encode()
    write_index(folder, manifests=[entry | {"annotations": {REF_NAME: "docker.io/library/alpine:3"}}])
    assert list(repository.fetch_tags()) == []


def test_tag_that_is_there_twice_for_different_manifests_is_refused(folder: Path, repository: LayoutRepository) -> None:
    entries = [
        Descriptor.of(content, "application/x").encode() | {"annotations": {REF_NAME: "v1"}} for content in (b"1", b"2")
    ]
    write_index(folder, manifests=entries)
    with pytest.raises(MalformedError):
        repository.fetch_manifest(Tag("v1"))


def test_media_type_comes_from_the_index_or_the_manifest_itself(folder: Path, repository: LayoutRepository) -> None:
    raw = encode_json({"schemaVersion": 2, "config": Descriptor.of(b"{}", "application/x").encode(), "layers": []})
    digest = Digest.of(raw)
    repository.push_blob(raw)
    assert repository.fetch_manifest(digest).media_type == "application/vnd.oci.image.manifest.v1+json"
    write_index(folder, manifests=[Descriptor(DOCKER_MANIFEST, digest, len(raw)).encode()])
    assert repository.fetch_manifest(digest).media_type == DOCKER_MANIFEST


# --- the one image --------------------------------------------------------------------------------


def test_only_image_is_found_among_its_attachments(folder: Path, repository: LayoutRepository) -> None:
    image = push_image(repository, b"layer", LATEST)
    push_referrer(repository, image, b"bundle")
    push_image(repository, b"legacy", Tag(f"sha256-{image.digest.hex}.sig"))
    saved = Descriptor.of(b"sigs", image.media_type).encode() | {"annotations": {KIND: "dev.cosignproject.cosign/sigs"}}
    write_index(folder, manifests=[*read_index(folder)["manifests"], saved])
    assert repository.fetch_only_image() == image


def test_only_image_may_itself_refer_to_what_is_elsewhere(folder: Path, repository: LayoutRepository) -> None:
    elsewhere = Descriptor.of(b"elsewhere", DOCKER_MANIFEST)
    artifact = push_artifact(repository, "sbom", elsewhere, "1")
    push_referrer(repository, artifact, b"bundle")
    assert repository.fetch_only_image() == artifact
    assert read_index(folder)["manifests"][0]["annotations"][KIND] == IMAGE_KIND
    push_artifact(repository, "chart", elsewhere)
    with pytest.raises(UsageError):
        repository.fetch_only_image()


@pytest.mark.parametrize("tags", [[], ["v1", "v2"]], ids=["none", "two"])
def test_layout_with_none_or_several_images_wants_a_name(repository: LayoutRepository, tags: list[str]) -> None:
    for tag in tags:
        push_image(repository, tag.encode(), Tag(tag))
    with pytest.raises(UsageError) as caught:
        repository.fetch_only_image()
    assert caught.value.hint


# --- what `cosign save` writes ---------------------------------------------------------------------

SIGNATURES = "dev.cosignproject.cosign/sigs"


def save_like_cosign(folder: Path, repository: LayoutRepository) -> tuple[Manifest, Manifest]:
    """Leave an image and its legacy signatures, told apart by their kind and without tags."""
    image, signatures = (push_image(repository, content) for content in (b"layer", b"legacy"))
    kinds = ((image, IMAGE_KIND), (signatures, SIGNATURES))
    write_index(folder, manifests=[found.descriptor.encode() | {"annotations": {KIND: kind}} for found, kind in kinds])
    return image, signatures


def signature_tag(image: Manifest) -> Tag:
    return AttachmentTag(image.digest, AttachmentKind.SIGNATURE).encode()


def test_saved_signatures_are_found_by_their_tag(folder: Path, repository: LayoutRepository) -> None:
    image, signatures = save_like_cosign(folder, repository)
    assert repository.fetch_only_image() == image
    assert repository.fetch_manifest(signature_tag(image)) == signatures


@pytest.mark.parametrize("suffix", [".att", ".sbom"])
def test_saved_signatures_are_nothing_else(folder: Path, repository: LayoutRepository, suffix: str) -> None:
    image, signatures = save_like_cosign(folder, repository)
    for tag in (Tag(f"sha256-{image.digest.hex}{suffix}"), signature_tag(signatures)):
        with pytest.raises(NoSuchTag):
            repository.fetch_manifest(tag)


def test_saved_signatures_give_way_to_new_ones(folder: Path, repository: LayoutRepository) -> None:
    image, _ = save_like_cosign(folder, repository)
    more = push_image(repository, b"more", signature_tag(image))
    annotations = [entry["annotations"] for entry in read_index(folder)["manifests"]]
    assert annotations == [{KIND: IMAGE_KIND}, {KIND: SIGNATURES, REF_NAME: signature_tag(image)}]
    assert repository.fetch_manifest(signature_tag(image)) == more


def test_entries_say_what_they_are(folder: Path, repository: LayoutRepository) -> None:
    image = push_image(repository, b"layer")
    push_referrer(repository, image, b"bundle")
    repository.push_manifest(build_index([image.descriptor]), LATEST)
    kinds = [entry.get("annotations", {}).get(KIND) for entry in read_index(folder)["manifests"]]
    assert kinds == [None, "dev.cosignproject.cosign/imageIndex"]


# --- referrers ------------------------------------------------------------------------------------


def test_referrers_without_an_entry_are_found_among_the_blobs(folder: Path, repository: LayoutRepository) -> None:
    """As `cosign save` leaves them."""
    image = push_image(repository, b"layer", LATEST)
    referrer = push_referrer(repository, image, b"bundle")
    entries = [entry for entry in read_index(folder)["manifests"] if entry["digest"] != str(referrer.digest)]
    write_index(folder, manifests=entries)
    assert LayoutRepository(LayoutDirectory(folder)).fetch_referrers(image.digest) == (referrer.referrer_descriptor,)


def test_blobs_that_are_no_manifests_are_passed_over(folder: Path, repository: LayoutRepository) -> None:
    image = push_image(repository, b"layer", LATEST)
    for content in (b"", b"{", b'{"subject":{}}', b'{"subject":1', os.urandom(100), b"{" + b" " * (5 << 20)):
        repository.push_blob(content)
    (folder / "blobs" / "sha256" / "no-digest").write_text("{}")
    (folder / "blobs" / "sha256" / ("0" * 64)).symlink_to("nowhere")
    assert repository.fetch_referrers(image.digest) == ()


def test_blob_that_is_gone_once_it_is_opened_is_passed_over(folder: Path) -> None:
    class Vanishing(LayoutDirectory):
        def list_blobs(self) -> Iterator[tuple[Digest, int]]:
            yield Digest.of(b"gone"), 4

    assert LayoutRepository(Vanishing(folder)).fetch_referrers(Digest.of(b"image")) == ()


def test_referrer_that_is_not_what_its_name_says_is_refused(folder: Path, repository: LayoutRepository) -> None:
    image = push_image(repository, b"layer", LATEST)
    referrer = push_referrer(repository, image, b"bundle")
    blob_path(folder, referrer.digest).write_bytes(referrer.raw + b" ")
    with pytest.raises(DigestMismatch):
        LayoutRepository(LayoutDirectory(folder)).fetch_referrers(image.digest)


def test_deleted_referrer_is_gone(folder: Path, repository: LayoutRepository) -> None:
    image = push_image(repository, b"layer", LATEST)
    referrer = push_referrer(repository, image, b"bundle")
    repository.delete_manifest(referrer.digest)
    assert repository.fetch_referrers(image.digest) == ()
    assert not blob_path(folder, referrer.digest).exists()


# --- hostile and broken ---------------------------------------------------------------------------


def test_manifest_that_is_not_what_its_name_says_is_refused(folder: Path, repository: LayoutRepository) -> None:
    image = push_image(repository, b"layer", LATEST)
    blob_path(folder, image.digest).write_bytes(image.raw + b" ")
    for name in (LATEST, image.digest):
        with pytest.raises(DigestMismatch):
            repository.fetch_manifest(name)


def test_manifest_that_is_named_and_not_there_is_missing(folder: Path, repository: LayoutRepository) -> None:
    image = push_image(repository, b"layer", LATEST)
    blob_path(folder, image.digest).unlink()
    with pytest.raises(NoSuchTag):
        repository.fetch_manifest(LATEST)


def test_manifest_over_the_limit_is_refused(repository: LayoutRepository) -> None:
    content = b"{" + b" " * (4 << 20)
    repository.push_blob(content)
    with pytest.raises(LimitExceeded):
        repository.fetch_manifest(Digest.of(content))


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("oci-layout", b'{"imageLayoutVersion":"2.0.0"}', MalformedError),
        ("oci-layout", b"{}", MalformedError),
        ("oci-layout", b" " * 5000, LimitExceeded),
        ("oci-layout", None, FileError),
        ("index.json", b"[]", MalformedError),
        ("index.json", b'{"mediaType":"application/x"}', MalformedError),
        (
            "index.json",
            b'{"manifests":[{"mediaType":"x","size":1,"digest":"sha256:../../../etc/passwd"}]}',
            MalformedError,
        ),
        ("index.json", b" " * ((16 << 20) + 1), LimitExceeded),
        ("index.json", None, FileError),
    ],
)
def test_broken_file_is_refused(
    folder: Path, repository: LayoutRepository, name: str, content: bytes | None, error: type[Exception]
) -> None:
    if content is None:
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(content)
    with pytest.raises(error):
        repository.fetch_tags()


def test_pipe_in_the_place_of_a_blob_does_not_make_us_wait(folder: Path, repository: LayoutRepository) -> None:
    digest = Digest.of(b"content")
    blob_path(folder, digest).parent.mkdir(parents=True)
    os.mkfifo(blob_path(folder, digest))
    with pytest.raises(FileError):
        repository.fetch_blob(Descriptor.of(b"content", "application/x"))


def test_folder_in_the_place_of_a_blob_is_told(folder: Path, repository: LayoutRepository) -> None:
    digest = Digest.of(b"content")
    blob_path(folder, digest).mkdir(parents=True)
    with pytest.raises(FileError):
        repository.fetch_blob(Descriptor.of(b"content", "application/x"))


def test_unreadable_name_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FileError):
        LayoutRepository(LayoutDirectory(tmp_path / "file")).fetch_tags()


def test_link_in_the_place_of_a_blob_must_lead_to_the_content(folder: Path, repository: LayoutRepository) -> None:
    (folder.parent / "elsewhere").write_bytes(b"other content")
    digest = Digest.of(b"content")
    blob_path(folder, digest).parent.mkdir(parents=True)
    blob_path(folder, digest).symlink_to(folder.parent / "elsewhere")
    with pytest.raises(DigestMismatch):
        repository.fetch_blob(Descriptor.of(b"content", "application/x"))


def test_too_many_blobs_are_refused(repository: LayoutRepository, monkeypatch: pytest.MonkeyPatch) -> None:
    image = push_image(repository, b"layer", LATEST)
    monkeypatch.setattr(layout_store, "MAX_BLOBS", 2)
    with pytest.raises(LimitExceeded):
        repository.fetch_referrers(image.digest)


def test_failed_write_leaves_the_old_content_and_nothing_else(folder: Path, repository: LayoutRepository) -> None:
    push_image(repository, b"layer", LATEST)
    before = sorted(folder.rglob("*"))
    with pytest.raises(DigestMismatch):
        repository.push_stream(Descriptor.of(b"announced", "application/x"), iter([b"different"]))
    assert sorted(folder.rglob("*")) == before


def test_name_that_cannot_be_replaced_is_told(folder: Path) -> None:
    (folder / "index.json").unlink()
    (folder / "index.json").mkdir()
    with pytest.raises(FileError), layout_store.replace_file(folder / "index.json") as file:
        file.write(b"content")
    assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == []


def test_lock_of_an_absent_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileError), LayoutDirectory(tmp_path / "absent").hold():
        pytest.fail("held")


def test_writers_take_turns(folder: Path) -> None:
    """Each adds a referrer; the index is read, changed and written under the lock."""
    image = push_image(LayoutRepository(LayoutDirectory(folder)), b"layer", LATEST)

    def sign(number: int) -> None:
        push_referrer(LayoutRepository(LayoutDirectory(folder)), image, b"%d" % number)

    threads = [threading.Thread(target=sign, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(read_index(folder)["manifests"]) == 9


def test_blob_is_copied_from_another_layout(tmp_path: Path, repository: LayoutRepository) -> None:
    LayoutDirectory(tmp_path / "other").create()
    other = LayoutRepository(LayoutDirectory(tmp_path / "other"))
    repository.push_blob(b"content")
    for _ in range(2):
        other.copy_blob(Descriptor.of(b"content", "application/x"), repository)
    assert other.fetch_blob(Descriptor.of(b"content", "application/x")) == b"content"


def test_update_that_changes_nothing_writes_nothing(folder: Path, repository: LayoutRepository) -> None:
    image = push_image(repository, b"layer", LATEST)
    before = (folder / "index.json").stat().st_mtime_ns
    assert repository.update_tag(LATEST, lambda current: current or image) == image
    assert (folder / "index.json").stat().st_mtime_ns == before


def test_sha512_manifest_lies_under_its_algorithm(repository: LayoutRepository, folder: Path) -> None:
    built = ArtifactManifest(config=Descriptor.of(b"{}", EMPTY_CONFIG), layers=()).build()
    manifest = Manifest.parse(built.raw, algorithm="sha512")
    repository.push_manifest(manifest, LATEST)
    assert repository.fetch_manifest(LATEST).digest == manifest.digest
    assert blob_path(folder, manifest.digest).exists()
