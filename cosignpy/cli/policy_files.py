"""Policies in files and folders, as `--policy` and `policy lint` name them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final, TypeAlias

from cosignpy.cli.input_files import read_input
from cosignpy.documents import DocumentError
from cosignpy.errors import FileError, LimitExceeded, UsageError
from cosignpy.files import explain
from cosignpy.imagepolicy.cluster_objects import Secret
from cosignpy.imagepolicy.model import ImagePolicyDocument
from cosignpy.imagepolicy.parse import parse_resources
from cosignpy.imagepolicy.references import link_policies

MAX_FILES: Final = 500
"""Policies of a folder; each takes milliseconds to read."""

OCI: Final = "oci://"
"""What the name of an artifact in a registry begins with."""
TESTS: Final = (".test.yaml", ".test.yml", ".test.json")
"""What files of `policy test` end with, which may lie beside the policies."""

Fetch: TypeAlias = Callable[[str], Sequence[tuple[str, bytes]]]
"""Returns the files of an artifact that was named with `oci://`, each with what it is called in errors."""

_ENDINGS: Final = frozenset({".yaml", ".yml", ".json"})


def list_policy_files(path: str) -> tuple[str, ...]:
    """Return a file, or those of a folder that may have policies in them, by name; `-` is standard input.

    Files of `policy test` are left out, and what is named with `oci://` is one of its own.

    Raises:
        FileError: The folder cannot be read, or has none.
        LimitExceeded: It has too many.
    """
    folder = Path(path)
    if path == "-" or path.startswith(OCI) or not folder.is_dir():
        return (path,)
    found = list_files(folder, _may_have_policies)
    if not found:
        raise FileError(path, "no policies in it", f"files that end with {', '.join(sorted(_ENDINGS))} are read")
    return found


def list_files(folder: Path, wanted: Callable[[Path], bool]) -> tuple[str, ...]:
    """Return the files of a folder that are wanted, by name.

    Raises:
        FileError: The folder cannot be read.
        LimitExceeded: It has too many.
    """
    with explain(folder):
        found = sorted(str(each) for each in folder.iterdir() if wanted(each))
    if len(found) > MAX_FILES:
        raise LimitExceeded(str(folder), f"{len(found)} files, at most {MAX_FILES} are accepted")
    return tuple(found)


def refuse_registries(name: str) -> Sequence[tuple[str, bytes]]:
    """Refuse an artifact where only files are read.

    Raises:
        UsageError: Always.
    """
    raise UsageError(f"{name} is in a registry, and policies in files are wanted here", "see: cosignpy policy pull")


def read_policies(paths: Sequence[str], fetch: Fetch = refuse_registries) -> tuple[ImagePolicyDocument, ...]:
    """Read the policies of files, folders and artifacts.

    Raises:
        CosignError: One cannot be read, or two have one name.
    """
    return parse_contents(read_contents(paths, fetch))


def parse_contents(contents: Iterable[tuple[str, bytes]]) -> tuple[ImagePolicyDocument, ...]:
    """Parse the policies of several files, each with what it is called in errors, and put into them what they name.

    Raises:
        DocumentError: A document is not as it should be, two have one name, or what is named is not there.
    """
    given = list(contents)
    found = link_policies(each for file, content in given for each in parse_resources(content, file))
    if not found:
        file = given[0][0] if given else ""
        raise DocumentError(f"{file}:1: no policy in it", "only what policies name", file, 1)
    return found


def refuse_secrets(contents: Iterable[tuple[str, bytes]]) -> None:
    """Refuse documents that not everybody should read who may read the policies.

    Raises:
        DocumentError: There is a Secret with something else than public keys and certificates.
    """
    for file, content in contents:
        for each in parse_resources(content, file):
            if isinstance(each, Secret) and not each.is_public:
                why = f"the Secret {each.name} has more than public keys in it"
                raise each.place.error(why, "whoever reads the policies would read it: leave it out")


def read_contents(paths: Sequence[str], fetch: Fetch = refuse_registries) -> Iterator[tuple[str, bytes]]:
    """Yield what files, folders and artifacts have, each file once, with what it is called in errors.

    Raises:
        CosignError: One cannot be read.
    """
    for file in dict.fromkeys(file for path in paths for file in list_policy_files(path)):
        if file.startswith(OCI):
            yield from fetch(file)
        else:
            yield file, _read_file(file)


def _read_file(file: str) -> bytes:
    try:
        return read_input(file)
    except FileError as error:
        if ":" in file and not Path(file).exists():
            raise FileError(file, error.why, f"one in a registry is {OCI}{file}") from error
        raise


def _may_have_policies(path: Path) -> bool:
    """Tell by its name, so that a link to nothing is an error, and no policy is left out without a word."""
    return path.suffix in _ENDINGS and not path.name.endswith(TESTS) and not path.is_dir()
