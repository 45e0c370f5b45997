"""Policies in files and folders, as `--policy` and `policy lint` name them."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from cosignpy.cli.input_files import read_input
from cosignpy.errors import FileError, LimitExceeded
from cosignpy.files import explain
from cosignpy.imagepolicy.model import ImagePolicyDocument
from cosignpy.imagepolicy.parse import parse_policies

MAX_FILES: Final = 500
"""Policies of a folder; each takes milliseconds to read."""

_ENDINGS: Final = frozenset({".yaml", ".yml", ".json"})


def list_policy_files(path: str) -> tuple[str, ...]:
    """Return a file, or those of a folder that may have policies in them, by name; `-` is standard input.

    Raises:
        FileError: The folder cannot be read, or has none.
        LimitExceeded: It has too many.
    """
    folder = Path(path)
    if path == "-" or not folder.is_dir():
        return (path,)
    with explain(folder):
        found = sorted(str(each) for each in folder.iterdir() if each.suffix in _ENDINGS and each.is_file())
    if not found:
        raise FileError(path, "no policies in it", f"files that end with {', '.join(sorted(_ENDINGS))} are read")
    if len(found) > MAX_FILES:
        raise LimitExceeded(path, f"{len(found)} files, at most {MAX_FILES} are accepted")
    return tuple(found)


def read_policy_file(file: str) -> tuple[ImagePolicyDocument, ...]:
    """Read the policies of one file.

    Raises:
        FileError: It cannot be read.
        DocumentError: A policy in it is not as it should be.
    """
    return parse_policies(read_input(file), file)


def read_policies(paths: Sequence[str]) -> tuple[ImagePolicyDocument, ...]:
    """Read the policies of files and folders.

    Raises:
        CosignError: One cannot be read, or two have one name.
    """
    found: dict[str, ImagePolicyDocument] = {}
    for policy in _read_all(paths):
        first = found.setdefault(policy.name, policy)
        if first is not policy:
            raise policy.place.error(f"a policy {policy.name} stands in {first.place.file} as well")
    return tuple(found.values())


def _read_all(paths: Sequence[str]) -> Iterator[ImagePolicyDocument]:
    files = dict.fromkeys(file for path in paths for file in list_policy_files(path))
    for file in files:
        yield from read_policy_file(file)
