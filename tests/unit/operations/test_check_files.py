"""A folder against a list of checksums."""

from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256

import pytest

from cosignpy.core.checksums import ListedFile
from cosignpy.errors import CosignError, FileError, FilesMismatch, LimitExceeded, UsageError
from cosignpy.operations import check_files as checking
from cosignpy.operations.check_files import CheckedFiles, FilesPolicy, Unlisted, check_files

FILES = {name: name.encode() for name in ("a", "b/c", "d")}


class Held:
    """A folder in memory."""

    path = "dist"

    def __init__(self, files: Mapping[str, bytes | CosignError]) -> None:
        self._files = files

    def read_digests(self, name: str, algorithms: frozenset[str]) -> Mapping[str, bytes] | None:
        content = self._files.get(name)
        if isinstance(content, CosignError):
            raise content
        assert algorithms == {"sha256"}
        return None if content is None else {"sha256": sha256(content).digest()}

    def names(self) -> Iterator[str]:
        return iter(self._files)


class Unlistable(Held):
    """A folder that nobody may list."""

    def names(self) -> Iterator[str]:
        raise FileError("dist", "permission denied")


LISTED = tuple(ListedFile(name, {"sha256": sha256(content).digest()}) for name, content in FILES.items())
LENIENT = FilesPolicy(may_be_missing=True)
STRICT = FilesPolicy(unlisted=Unlisted.REFUSE)


def refused(files: Mapping[str, bytes | CosignError], policy: FilesPolicy) -> list[str]:
    with pytest.raises(FilesMismatch) as refusal:
        check_files(LISTED, Held(files), policy)
    assert str(refusal.value) == "dist is not what the signed list says"
    return [f"{type(one.error).__name__} {one.signature}" for one in refusal.value.rejections]


@pytest.mark.parametrize("policy", [FilesPolicy(), LENIENT, STRICT])
def test_files_that_are_what_the_list_says(policy: FilesPolicy) -> None:
    assert check_files(LISTED, Held(FILES), policy) == CheckedFiles(LISTED, (), ())


@pytest.mark.parametrize("policy", [FilesPolicy(), LENIENT, STRICT])
def test_a_file_that_is_another(policy: FilesPolicy) -> None:
    assert refused({**FILES, "b/c": b"another"}, policy) == ["DigestMismatch b/c"]


@pytest.mark.parametrize("policy", [FilesPolicy(), LENIENT, STRICT])
def test_a_file_that_cannot_be_read(policy: FilesPolicy) -> None:
    assert refused({**FILES, "d": FileError("dist", "no")}, policy) == ["FileError d"]


def test_every_file_is_looked_at() -> None:
    assert refused({"a": b"another", "d": FileError("dist", "no")}, FilesPolicy()) == [
        "DigestMismatch a",
        "FileError d",
        "FileError b/c",
    ]


def test_what_is_no_fault_of_the_files_is_raised() -> None:
    with pytest.raises(UsageError):
        check_files(LISTED, Held({**FILES, "d": UsageError("of another kind")}), FilesPolicy())


def test_a_file_that_is_missing() -> None:
    present = {name: content for name, content in FILES.items() if name != "d"}
    assert refused(present, FilesPolicy()) == ["FileError d"]
    assert check_files(LISTED, Held(present), LENIENT) == CheckedFiles(LISTED[:2], ("d",), ())


def test_not_all_of_them_may_be_missing() -> None:
    assert len(refused({}, LENIENT)) == 3


def test_a_file_that_is_not_listed() -> None:
    more = {"z": b"", **FILES, "e": b"", "SHA256SUMS": b""}
    policy = FilesPolicy(own_files=frozenset({"SHA256SUMS"}))
    assert check_files(LISTED, Held(more), policy).unlisted == ("e", "z")
    strict = FilesPolicy(unlisted=Unlisted.REFUSE, own_files=policy.own_files)
    assert refused(more, strict) == ["FileError e", "FileError z"]
    with pytest.raises(FileError):
        check_files(LISTED, Unlistable(more), policy)
    assert check_files(LISTED, Unlistable(more), FilesPolicy(unlisted=Unlisted.IGNORE)).unlisted is None


@pytest.fixture
def limited(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    return lambda most: monkeypatch.setattr(checking, "MAX_UNLISTED", most)


def test_a_folder_with_too_many_others(limited: Callable[[int], None]) -> None:
    more = {**FILES, "e": b"", "f": b""}
    limited(2)
    assert len(check_files(LISTED, Held(more), FilesPolicy()).unlisted) == 2
    limited(1)
    with pytest.raises(LimitExceeded):
        check_files(LISTED, Held(more), FilesPolicy())
