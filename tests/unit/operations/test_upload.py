"""Files become artifacts: the same bytes each time, and nothing is named before it is there."""

from pathlib import Path

import pytest

from cosignpy.core.digest import Digest
from cosignpy.core.oci.image_config import IMAGE_CONFIG
from cosignpy.core.oci.manifest import EMPTY_CONFIG, Platform
from cosignpy.core.oci.reference import Tag
from cosignpy.errors import FileError, LimitExceeded, MalformedError, RemoteError, UsageError
from cosignpy.operations.local_blob import LocalBlob
from cosignpy.operations.ports import SilentProgress
from cosignpy.operations.upload import (
    MAX_FILES,
    TITLE,
    WASM_CONFIG,
    WASM_LAYER,
    Upload,
    pack_blob,
    pack_files,
    pack_platforms,
    pack_wasm,
    push_upload,
)
from tests.support.memory_repository import MemoryRepository

LINUX = Platform("linux", "amd64")
DARWIN = Platform("darwin", "")
TAG = Tag("1.0")


def blob(folder: Path, name: str = "foo", content: bytes = b"hello\n") -> LocalBlob:
    (folder / name).write_bytes(content)
    return LocalBlob.describe(folder / name, annotations={TITLE: name})


def plain(folder: Path, content: bytes = b"hello\n") -> LocalBlob:
    (folder / "plain").write_bytes(content)
    return LocalBlob.describe(folder / "plain")


def push(what: Upload, repository: MemoryRepository, target: Digest | Tag = TAG) -> Digest:
    return push_upload(what, repository, target, SilentProgress()).digest


def test_a_file_is_the_image_that_cosign_makes_of_it(tmp_path: Path) -> None:
    """The digest is that of `cosign upload blob`, versions 2.6.5 and 3.1.3."""
    repository = MemoryRepository()
    digest = push(Upload.of(pack_blob(plain(tmp_path))), repository)
    assert str(digest) == "sha256:58e5ad0966f26e37881bf955d9a675d9e74b49e3b94b882a9d7f686447f7eede"
    assert repository.fetch_manifest(TAG).digest == digest


def test_a_module_is_the_artifact_that_cosign_makes_of_it(tmp_path: Path) -> None:
    """The digest is that of `cosign upload wasm`, version 3.1.3."""
    (tmp_path / "m.wasm").write_bytes(b"\0asm\x01\0\0\0")
    made = pack_wasm(tmp_path / "m.wasm").manifest
    assert str(made.digest) == "sha256:53e605c2c8b3ffebfc58c3ea2ebc5f89b8ebe1d2c409fd4abbdae2a47c7b0e28"
    assert (made.config and made.config.media_type, made.layers[0].media_type) == (WASM_CONFIG, WASM_LAYER)


def test_what_is_no_module_is_refused(tmp_path: Path) -> None:
    (tmp_path / "m.wasm").write_bytes(b"\0asn\x01\0\0\0")
    with pytest.raises(MalformedError):
        pack_wasm(tmp_path / "m.wasm")


def test_files_for_platforms_are_the_index_that_cosign_makes_of_them(tmp_path: Path) -> None:
    """The digest is that of `cosign upload blob`, version 3.1.3."""
    (tmp_path / "foo.json").write_bytes(b'{"a":1}\n')
    files = [(plain(tmp_path), LINUX), (LocalBlob.describe(tmp_path / "foo.json"), DARWIN)]
    what = pack_platforms(files, {"k": "v"})
    assert str(what.top.digest) == "sha256:f4b40b96594fa67acc8ec415619e15b9b66bf5f9703605a36d79e3ede72573b0"
    repository = MemoryRepository()
    push(what, repository)
    index = repository.fetch_manifest(TAG)
    assert [entry.platform for entry in index.manifests] == [LINUX, DARWIN]
    assert [repository.fetch_manifest(entry.digest).annotations for entry in index.manifests] == [{"k": "v"}] * 2


def test_annotations_come_in_one_order(tmp_path: Path) -> None:
    file = plain(tmp_path)
    assert pack_blob(file, {"b": "1", "a": "2"}).manifest.raw == pack_blob(file, {"a": "2", "b": "1"}).manifest.raw


def test_of_one_file_there_is_no_index(tmp_path: Path) -> None:
    file = plain(tmp_path)
    assert pack_platforms([(file, LINUX)]).top == pack_blob(file).manifest


@pytest.mark.parametrize(
    "platforms", [[LINUX, LINUX], [LINUX, None], [None, LINUX], []], ids=["twice", "second", "first", "none"]
)
def test_each_of_several_files_is_for_a_platform_of_its_own(tmp_path: Path, platforms: list[Platform | None]) -> None:
    with pytest.raises(UsageError):
        pack_platforms([(plain(tmp_path), platform) for platform in platforms])


def test_files_are_an_artifact_of_a_type(tmp_path: Path) -> None:
    made = pack_files([blob(tmp_path, "a"), blob(tmp_path, "b")], "application/x-thing", {"k": "v"}).manifest
    assert (made.artifact_type, made.config and made.config.media_type) == ("application/x-thing", EMPTY_CONFIG)
    assert [layer.annotations[TITLE] for layer in made.layers] == ["a", "b"]


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    with pytest.raises(UsageError, match="two files are called foo"):
        pack_files([blob(tmp_path), blob(tmp_path / "sub")], "application/x-thing")


def test_an_artifact_has_only_so_many_files(tmp_path: Path) -> None:
    file = plain(tmp_path)
    assert len(pack_files([file] * MAX_FILES, "a/b").layers) == MAX_FILES
    with pytest.raises(LimitExceeded):
        pack_files([file] * (MAX_FILES + 1), "a/b")


def test_the_tag_comes_last(tmp_path: Path) -> None:
    repository = MemoryRepository()
    files = [(blob(tmp_path, "a", b"a"), LINUX), (blob(tmp_path, "b", b"b"), DARWIN)]
    push(pack_platforms(files), repository)
    assert repository.requests[-1] == f"push_manifest {TAG}"
    assert sum(request.startswith("push_manifest") for request in repository.requests) == 3


@pytest.mark.parametrize("method", ["push_stream", "push_blob", "push_manifest"])
def test_whatever_fails_before_the_tag_leaves_no_tag(tmp_path: Path, method: str) -> None:
    repository = MemoryRepository(failing={method})
    with pytest.raises(RemoteError):
        push(Upload.of(pack_blob(plain(tmp_path))), repository)
    assert not repository.tags


def test_a_file_that_changed_meanwhile_is_not_named(tmp_path: Path) -> None:
    repository, file = MemoryRepository(), plain(tmp_path)
    packed = Upload.of(pack_blob(file))
    file.path.write_bytes(b"hallo\n")
    with pytest.raises(FileError):
        push(packed, repository)
    assert not repository.tags
    assert not repository.blobs


def test_a_digest_names_what_has_it(tmp_path: Path) -> None:
    repository, packed = MemoryRepository(), Upload.of(pack_blob(plain(tmp_path)))
    assert push(packed, repository, packed.top.digest) == packed.top.digest
    assert (list(repository.manifests), repository.tags) == ([packed.top.digest], {})


def test_a_digest_names_nothing_else(tmp_path: Path) -> None:
    repository = MemoryRepository()
    with pytest.raises(UsageError):
        push(Upload.of(pack_blob(plain(tmp_path))), repository, Digest.of(b"other"))
    assert not repository.requests


def test_what_is_there_is_not_sent_again(tmp_path: Path) -> None:
    repository, packed = MemoryRepository(), Upload.of(pack_blob(plain(tmp_path)))
    for _ in range(2):
        push(packed, repository)
    assert sum(request.startswith("push_stream") for request in repository.requests) == 1


def test_an_image_of_a_file_has_an_image_s_config(tmp_path: Path) -> None:
    config = pack_blob(plain(tmp_path)).manifest.config
    assert config is not None
    assert config.media_type == IMAGE_CONFIG
