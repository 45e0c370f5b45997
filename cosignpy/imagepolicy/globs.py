"""Globs over the names of images, as the policy controller reads them.

`*` is any characters but slashes and `**` any characters, none at all too; everything else stands for itself. A colon
and an at sign are nothing special: `registry.example/app*` is about `registry.example/app-other:1.0` as well.

A glob is about the full name of an image, with `index.docker.io/` and `library/` where they are left out, and with the
digest, else the tag, else `:latest`. Behind a digest there is no tag. How the name was written does not matter, but for
its registry: capitals, and the port that it has anyway, lead to the same one, and are refused where a glob is about its
plain name (`decision`).
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final, Self

from cosignpy.core.oci.reference import DEFAULT_TAG, DOCKER_HUB, Reference
from cosignpy.errors import LimitExceeded, MalformedError
from cosignpy.values import value

MAX_GLOB: Final = 1024
"""Characters; the longest names of images have some 500."""

SHORTHANDS: Final[Mapping[str, str]] = {"*": "index.docker.io/library/*", "*/*": "index.docker.io/*/*"}
"""Globs that mean Docker Hub, whatever they look like."""

_MIRRORED: Final = "registry-1.docker.io/"
"""A name of Docker Hub's that the policy controller does not take for it."""
_PORT: Final = re.compile(r"(?P<host>.*):0*(?P<port>[0-9]+)")
_HTTPS: Final = "443"
_GLOB: Final = re.compile(r"[A-Za-z0-9_:/*.@-]+")
_PIECE: Final = re.compile(r"\*{2,}|\*|[^*]+")
_FOUND: Final = 4096
"""Texts with their pieces whose places are remembered: the same globs are asked about one image after the other."""


@value
class Glob:
    """A glob: its text, and what it is made of."""

    text: str
    pieces: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a glob.

        Raises:
            MalformedError: It is empty, or has characters that no name of an image has.
            LimitExceeded: It is longer than any name of an image.
        """
        if len(text) > MAX_GLOB:
            raise LimitExceeded("glob", f"{len(text)} characters, at most {MAX_GLOB} are accepted")
        if not _GLOB.fullmatch(text):
            raise MalformedError("glob", f"{text!r} has characters besides letters, digits and - _ : / * . @")
        return cls(text, tuple([_plain(each) for each in _PIECE.findall(SHORTHANDS.get(text, text))]))

    def matches(self, image: str) -> bool:
        """Tell whether it is about an image.

        Raises:
            MalformedError: The image is no reference.
        """
        return self.describes(qualify(image))

    def describes(self, name: str) -> bool:
        """Tell whether it describes a text from its first character to its last.

        All places that the pieces so far may end at are kept, as the bits of a number, so that each piece takes one
        step whatever the text is: who writes globs does not keep others waiting.
        """
        ends = 1
        for piece in self.pieces:
            ends = _ADVANCE.get(piece, _advance_text)(ends, name, piece)
            if not ends:
                return False
        return bool(ends >> len(name) & 1)

    def __str__(self) -> str:
        return self.text


def qualify(image: str) -> str:
    """Return the full name of an image.

    Raises:
        MalformedError: It is no reference.
    """
    reference = Reference.parse(image)
    name = reference.name
    if image.startswith(_MIRRORED):
        name = name.replace(DOCKER_HUB, _MIRRORED.rstrip("/"), 1)
    return f"{name}:{reference.tag or DEFAULT_TAG}" if reference.digest is None else f"{name}@{reference.digest}"


def respell(image: str) -> str:
    """Return the full name of an image with the plainest name of its registry: no capitals, no port of https.

    Raises:
        MalformedError: It is no reference.
    """
    registry, slash, rest = qualify(image).partition("/")
    match = _PORT.fullmatch(registry)
    if match is not None:
        registry = match["host"] if match["port"] == _HTTPS else f"{match['host']}:{match['port']}"
    return registry.lower() + slash + rest


def _plain(piece: str) -> str:
    """Return a piece with one wildcard for several beside each other, which mean no more."""
    return "**" if piece.startswith("**") else piece


def _advance_text(ends: int, name: str, piece: str) -> int:
    return (ends & _find(name, piece)) << len(piece)


def _advance_component(ends: int, name: str, _piece: str) -> int:
    """Go on from each place up to the next slash: where one is added, it is carried through a run of ones."""
    plain = _all(len(name)) & ~_find(name, "/")
    return (((ends & plain) + plain) ^ plain) | ends


def _advance_all(ends: int, name: str, _piece: str) -> int:
    first = ends & -ends
    return _all(len(name) + 1) & ~(first - 1)


def _all(number: int) -> int:
    return (1 << number) - 1


@lru_cache(maxsize=_FOUND)
def _find(name: str, piece: str) -> int:
    """Return where a piece is in a text, as bits."""
    found, place = 0, name.find(piece)
    while place >= 0:
        found |= 1 << place
        place = name.find(piece, place + 1)
    return found


_ADVANCE: Final = {"*": _advance_component, "**": _advance_all}
