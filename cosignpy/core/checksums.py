"""Lists of checksums, as `sha256sum` and its relatives write them (GNU coreutils, "md5 invocation"; BSD `sha256`).

A list says where its files are, and whoever wrote it need not be who is read: names stay below the folder they are
looked for in, and a line that is not understood is an error, never left out.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from cosignpy.errors import LimitExceeded, MalformedError
from cosignpy.values import value

MAX_LIST: Final = 16 << 20
"""Octets of a list, as of every file that is read whole."""
MAX_FILES: Final = 100_000
"""Files of one list; a whole Debian release names 70,000."""
MAX_NAME: Final = 4096
"""Characters of a name: no path of Linux has more."""

ALGORITHMS: Final[Mapping[int, str]] = MappingProxyType({64: "sha256", 96: "sha384", 128: "sha512"})
"""Hash functions by the hex digits of a digest, which are all that a line of coreutils says of them."""
TAGS: Final[Mapping[str, str]] = MappingProxyType(
    {prefix + bits: f"sha{bits}" for prefix in ("SHA", "SHA2-") for bits in ("256", "384", "512")}
)
"""Hash functions by their names in lines of BSD and of OpenSSL."""

_WHAT: Final = "checksum list"
_LINE: Final = re.compile(r"(?P<escaped>\\?)(?P<digest>[0-9A-Fa-f]+) [ *](?P<name>.+)")
_TAGGED: Final = re.compile(r"(?P<escaped>\\?)(?P<tag>[A-Za-z0-9/-]+) ?\((?P<name>.+)\) ?= (?P<digest>[0-9A-Fa-f]+)")
_ESCAPE: Final = re.compile(r"\\(.?)")
_ESCAPES: Final[Mapping[str, str]] = MappingProxyType({"\\": "\\", "n": "\n", "r": "\r"})


@value
class ListedFile:
    """A file by its path below a folder, with every digest that the list has of it."""

    name: str
    digests: Mapping[str, bytes]


def parse_checksums(raw: bytes) -> tuple[ListedFile, ...]:
    """Parse a list; empty lines and comments (`#`) say nothing.

    Raises:
        MalformedError: Not UTF-8, a line that is none, a name that leads out of the folder, no file at all, or a
            file with two digests by one algorithm.
        LimitExceeded: Too long, too many files, or too long a name.
    """
    if len(raw) > MAX_LIST:
        raise LimitExceeded(_WHAT, f"{len(raw)} bytes, at most {MAX_LIST} are read")
    try:
        lines = raw.decode("utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise MalformedError(_WHAT, "not UTF-8") from error
    files: dict[str, dict[str, bytes]] = {}
    for number, line in enumerate(lines, 1):
        text = line.removesuffix("\r")
        if text and not text.startswith("#"):
            _add(files, _Line(number, text))
    if not files:
        raise MalformedError(_WHAT, "it names no file")
    return tuple([ListedFile(name, MappingProxyType(digests)) for name, digests in files.items()])


@value
class _Line:
    number: int
    text: str

    def malformed(self, why: str) -> MalformedError:
        return MalformedError(_WHAT, f"line {self.number}: {why}")


def _add(files: dict[str, dict[str, bytes]], line: _Line) -> None:
    """Add what a line says to what others said."""
    algorithm, digest, name = _read(line)
    digests = files.setdefault(name, {})
    if len(files) > MAX_FILES:
        raise LimitExceeded(_WHAT, f"more than {MAX_FILES} files")
    if digests.setdefault(algorithm, digest) != digest:
        raise line.malformed(f"another {algorithm} digest of {name!r} than a line before")


def _read(line: _Line) -> tuple[str, bytes, str]:
    """Return algorithm, digest and name of a line."""
    found = _LINE.fullmatch(line.text)
    if found is not None:
        algorithm = ALGORITHMS.get(len(found["digest"]))
        if algorithm is None:
            raise line.malformed(f"{len(found['digest'])} hex digits are not SHA-256, SHA-384 or SHA-512")
    else:
        found = _TAGGED.fullmatch(line.text)
        if found is None:
            raise line.malformed("neither 'DIGEST  NAME' nor 'SHA256 (NAME) = DIGEST'")
        algorithm = TAGS.get(found["tag"])
        if algorithm is None:
            raise line.malformed(f"{found['tag']!r} is not {', '.join(TAGS)}")
        if ALGORITHMS.get(len(found["digest"])) != algorithm:
            raise line.malformed(f"{len(found['digest'])} hex digits are not of {found['tag']}")
    name = _unescape(found["name"], line) if found["escaped"] else found["name"]
    return algorithm, bytes.fromhex(found["digest"]), _normalise(name, line)


def _unescape(name: str, line: _Line) -> str:
    r"""Undo what coreutils writes in names with a line break or a backslash, of lines that begin with `\`."""
    for found in _ESCAPE.finditer(name):
        if found[1] not in _ESCAPES:
            raise line.malformed(f"{found[0]!r} in the name is no escape")
    return _ESCAPE.sub(lambda found: _ESCAPES[found[1]], name)


def _normalise(name: str, line: _Line) -> str:
    """Return the one spelling of a path below a folder, as `find` and `sha256sum` make several of it."""
    if len(name) > MAX_NAME:
        raise LimitExceeded(_WHAT, f"line {line.number}: a name of {len(name)} characters")
    if name == "-":
        raise line.malformed("'-' is standard input, which has no name")
    parts = [part for part in name.split("/") if part not in {"", "."}]
    if name.startswith("/") or ".." in parts or "\0" in name:
        raise line.malformed(f"{name!r} is not the name of a file below a folder")
    if not parts or name.endswith(("/", "/.")):
        raise line.malformed(f"{name!r} is a folder")
    return "/".join(parts)
