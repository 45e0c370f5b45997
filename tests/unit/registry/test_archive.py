"""OCI archives: read where they lie, replaced as a whole, hostile ones refused."""

import gzip
import io
import tarfile
from pathlib import Path

import pytest

from cosignpy.core.digest import Digest
from cosignpy.core.oci.manifest import Descriptor
from cosignpy.errors import DigestMismatch, FileError, LimitExceeded, MalformedError, NoSuchTag
from cosignpy.registry import archive_members
from cosignpy.registry.archive import ArchiveFiles, edit_archive, open_archive
from cosignpy.registry.layout import LayoutRepository
from tests.support.repository_contract import LATEST, push_image, push_referrer

LAYOUT = b'{"imageLayoutVersion":"1.0.0"}'
INDEX = b'{"schemaVersion":2,"manifests":[]}'


def pack(path: Path, *members: tuple[tarfile.TarInfo | str, bytes]) -> Path:
    """Write an archive with the members that every layout has, and these."""
    with tarfile.open(path, "w") as packer:
        for name, content in (("oci-layout", LAYOUT), ("index.json", INDEX), *members):
            entry = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            entry.size = entry.size or len(content)
            packer.addfile(entry, io.BytesIO(content))
    return path


def special(name: str, kind: bytes, link: str = "") -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, link
    return entry


@pytest.fixture(params=["image.tar", "image.tar.gz"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return tmp_path / str(request.param)


def test_archive_is_written_and_read(path: Path) -> None:
    with edit_archive(path) as files:
        image = push_image(LayoutRepository(files), b"layer", LATEST)
    repository = LayoutRepository(open_archive(path))
    assert repository.fetch_only_image() == image
    assert repository.fetch_blob(image.layers[0]) == b"layer"
    assert repository.has_blob(image.digest)
    assert path.read_bytes().startswith(b"\x1f\x8b") == path.name.endswith(".gz")


def test_archive_is_changed_and_keeps_the_rest(path: Path) -> None:
    with edit_archive(path) as files:
        image = push_image(LayoutRepository(files), b"layer", LATEST)
        other = push_image(LayoutRepository(files), b"other")
    with edit_archive(path) as files:
        repository = LayoutRepository(files)
        referrer = push_referrer(repository, image, b"bundle")
        repository.delete_manifest(other.digest)
        with pytest.raises(NoSuchTag):
            repository.fetch_manifest(other.digest)
    repository = LayoutRepository(open_archive(path))
    assert repository.fetch_referrers(image.digest) == (referrer.referrer_descriptor,)
    assert repository.fetch_manifest(LATEST) == image
    with pytest.raises(NoSuchTag):
        repository.fetch_manifest(other.digest)


def test_same_changes_are_the_same_archive(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        with edit_archive(tmp_path / name / "image.tar.gz") as files:
            push_image(LayoutRepository(files), b"layer", LATEST)
    contents = [(tmp_path / name / "image.tar.gz").read_bytes() for name in ("one", "two")]
    assert contents[0] == contents[1]


def test_other_files_of_an_archive_are_kept(tmp_path: Path) -> None:
    """`docker save` adds a manifest.json."""
    path = pack(tmp_path / "image.tar", ("manifest.json", b"[]"), ("./blobs/", b""), special_folder("blobs/sha256"))
    with edit_archive(path) as files:
        push_image(LayoutRepository(files), b"layer", LATEST)
    with tarfile.open(path) as packed:
        assert packed.extractfile("manifest.json").read() == b"[]"  # type: ignore[union-attr]


def special_folder(name: str) -> tuple[tarfile.TarInfo, bytes]:
    return special(name, tarfile.DIRTYPE), b""


def test_failed_change_leaves_the_old_archive_and_nothing_else(path: Path) -> None:
    with edit_archive(path) as files:
        push_image(LayoutRepository(files), b"layer", LATEST)
    before = path.read_bytes()
    with pytest.raises(ZeroDivisionError):
        change_and_fail(path)
    assert path.read_bytes() == before
    assert [found.name for found in path.parent.iterdir()] == [path.name]


def change_and_fail(path: Path) -> None:
    with edit_archive(path) as files:
        push_image(LayoutRepository(files), b"other", LATEST)
        raise ZeroDivisionError


def test_archive_opened_to_read_is_not_changed(path: Path) -> None:
    with edit_archive(path) as files:
        image = push_image(LayoutRepository(files), b"layer", LATEST)
    repository = LayoutRepository(open_archive(path))
    for change in (
        lambda: repository.push_blob(b"new"),
        lambda: repository.delete_manifest(LATEST),
        lambda: repository.delete_manifest(image.digest),
    ):
        with pytest.raises(FileError):
            change()
    with pytest.raises(FileError):
        open_archive(path).delete_blob(image.digest)


def test_blob_that_is_not_what_its_name_says_is_refused(tmp_path: Path) -> None:
    descriptor = Descriptor.of(b"content", "application/x")
    path = pack(tmp_path / "image.tar", (f"blobs/sha256/{descriptor.digest.hex}", b"CONTENT"))
    with pytest.raises(DigestMismatch):
        LayoutRepository(open_archive(path)).fetch_blob(descriptor)


@pytest.mark.parametrize(
    "entry",
    [
        special("blobs/sha256/x", tarfile.SYMTYPE, "/etc/passwd"),
        special("blobs/sha256/x", tarfile.LNKTYPE, "index.json"),
        special("device", tarfile.CHRTYPE),
        special("pipe", tarfile.FIFOTYPE),
        special("holes", tarfile.GNUTYPE_SPARSE),
        tarfile.TarInfo("/etc/passwd"),
        tarfile.TarInfo("../outside"),
        tarfile.TarInfo("blobs/../../outside"),
        tarfile.TarInfo("index.json"),
        tarfile.TarInfo("./index.json"),
        tarfile.TarInfo("blobs/sha256/not-hex"),
    ],
    ids=lambda entry: f"{entry.name} {entry.type!r}",
)
def test_hostile_member_is_refused(tmp_path: Path, entry: tarfile.TarInfo) -> None:
    path = pack(tmp_path / "image.tar", (entry, b""))
    with pytest.raises(MalformedError):
        list(open_archive(path).list_blobs())


def test_header_that_claims_to_be_huge_is_not_read(tmp_path: Path) -> None:
    entry = special("huge", tarfile.XHDTYPE)
    entry.size = 1 << 30
    raw = entry.tobuf(tarfile.GNU_FORMAT) + b"\0" * 4096
    (tmp_path / "image.tar").write_bytes(raw)
    with pytest.raises(LimitExceeded):
        open_archive(tmp_path / "image.tar")


def test_member_that_claims_to_be_endless_is_refused(tmp_path: Path) -> None:
    entry = tarfile.TarInfo("huge")
    entry.size = 1 << 40
    (tmp_path / "image.tar").write_bytes(entry.tobuf(tarfile.GNU_FORMAT) + b"\0" * 4096)
    with pytest.raises((LimitExceeded, MalformedError)):
        open_archive(tmp_path / "image.tar")


def test_too_many_members_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = pack(tmp_path / "image.tar")
    monkeypatch.setattr(archive_members, "MAX_BLOBS", 1)
    with pytest.raises(LimitExceeded):
        open_archive(path)


@pytest.mark.parametrize(
    "content",
    [b"", b"not a tar archive" * 100, gzip.compress(b"not a tar archive" * 100), gzip.compress(b"x" * 2000)[:-20]],
    ids=["empty", "text", "gzipped-text", "cut"],
)
def test_file_that_is_no_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "image.tar").write_bytes(content)
    with pytest.raises((MalformedError, FileError)):
        open_archive(tmp_path / "image.tar").load_index()


@pytest.mark.parametrize("kept", ["oci-layout", "index.json"])
def test_archive_without_a_layout_is_refused(tmp_path: Path, kept: str) -> None:
    with tarfile.open(tmp_path / "image.tar", "w") as packer:
        entry = tarfile.TarInfo(kept)
        entry.size = len(LAYOUT)
        packer.addfile(entry, io.BytesIO(LAYOUT))
    for opened in (lambda: open_archive(tmp_path / "image.tar").load_index(), lambda: edit(tmp_path / "image.tar")):
        with pytest.raises(FileError):
            opened()


def edit(path: Path) -> None:
    with edit_archive(path):
        pytest.fail("opened")


def test_absent_archive_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(FileError):
        open_archive(tmp_path / "absent.tar")


def test_archive_is_named_by_its_path(tmp_path: Path) -> None:
    assert ArchiveFiles(tmp_path / "image.tar", {}).name == f"oci-archive:{tmp_path / 'image.tar'}"
    assert not LayoutRepository(ArchiveFiles(tmp_path / "image.tar", {})).has_blob(Digest.of(b""))
