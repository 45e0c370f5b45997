"""cosign's variables, and the note that `initialize` leaves."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from cosignpy.errors import FileError, LimitExceeded, MalformedError, UsageError
from cosignpy.services.tuf.environment import cache_folder, remember_mirror, select_mirror
from cosignpy.services.tuf.mirror import PUBLIC_GOOD, Mirror


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ({"TUF_ROOT": "/caches", "HOME": "/people/me"}, "/caches"),
        ({"TUF_ROOT": "", "HOME": "/people/me"}, "/people/me/.sigstore/root"),
        ({"HOME": "/people/me"}, "/people/me/.sigstore/root"),
    ],
)
def test_the_caches_are_where_cosign_has_them(environment: Mapping[str, str], wanted: str) -> None:
    assert cache_folder(environment) == Path(wanted)


@pytest.mark.parametrize("environment", [{}, {"HOME": ""}])
def test_without_a_home_the_folder_has_to_be_named(environment: Mapping[str, str]) -> None:
    with pytest.raises(UsageError) as caught:
        cache_folder(environment)
    assert caught.value.hint == "set TUF_ROOT to one"


def test_the_mirror_is_the_named_one_then_the_remembered_one_then_the_public_one(tmp_path: Path) -> None:
    assert select_mirror(tmp_path, {}) == Mirror(PUBLIC_GOOD)
    remember_mirror(tmp_path, Mirror("https://tuf.example"))
    assert select_mirror(tmp_path, {}) == Mirror("https://tuf.example")
    assert select_mirror(tmp_path, {"TUF_MIRROR": "https://other.example/"}) == Mirror("https://other.example")
    assert select_mirror(tmp_path, {"TUF_MIRROR": ""}) == Mirror("https://tuf.example")


def test_the_note_is_cosigns(tmp_path: Path) -> None:
    remember_mirror(tmp_path, Mirror("https://tuf.example"))
    assert json.loads((tmp_path / "remote.json").read_bytes()) == {"mirror": "https://tuf.example"}


@pytest.mark.parametrize("note", [b"", b"{}", b'{"mirror":1}', b'{"mirror":"tuf.example"}'])
def test_a_broken_note_is_an_error(tmp_path: Path, note: bytes) -> None:
    """Falling back to another mirror would be to trust somebody else."""
    (tmp_path / "remote.json").write_bytes(note)
    with pytest.raises(MalformedError):
        select_mirror(tmp_path, {})


def test_a_note_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "remote.json").mkdir()
    with pytest.raises(FileError):
        select_mirror(tmp_path, {})


def test_the_root_is_read_from_the_named_file(tmp_path: Path) -> None:
    (tmp_path / "root.json").write_bytes(b"root")
    environment = {"TUF_ROOT_JSON": str(tmp_path / "root.json")}
    assert select_mirror(tmp_path, environment) == Mirror(PUBLIC_GOOD, b"root")


@pytest.mark.parametrize(("content", "error"), [(None, FileError), (b"", FileError), (b"x" * 512_001, LimitExceeded)])
def test_a_file_that_is_no_root_is_an_error(tmp_path: Path, content: bytes | None, error: type[Exception]) -> None:
    if content is not None:
        (tmp_path / "root.json").write_bytes(content)
    with pytest.raises(error):
        select_mirror(tmp_path, {"TUF_ROOT_JSON": str(tmp_path / "root.json")})


def test_a_note_that_others_can_write_names_no_mirror(tmp_path: Path) -> None:
    remember_mirror(tmp_path, Mirror("https://tuf.example"))
    assert select_mirror(tmp_path, {}).url == "https://tuf.example"
    for mode in (0o620, 0o602):
        (tmp_path / "remote.json").chmod(mode)
        with pytest.raises(FileError, match="others can write it"):
            select_mirror(tmp_path, {})
    assert select_mirror(tmp_path, {"TUF_MIRROR": "https://other.example"}).url == "https://other.example"
