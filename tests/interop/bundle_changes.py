"""Bundles with one thing changed: for verifiers that should be of one mind about them."""

import json
import random
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

Path = tuple[str | int, ...]

FLIPS: Final = 16
"""Bits, or characters, changed in each long text."""
SHORTEST: Final = 16
"""Characters of what is taken for base64: shorter texts are words."""


@dataclass(frozen=True, slots=True)
class Change:
    """A bundle in which one thing, at one place, is not as it was signed."""

    bundle: str
    what: str
    place: Path
    document: Any

    def __str__(self) -> str:
        return f"{self.bundle}: {self.what} {'.'.join(map(str, self.place))}"


def change(bundles: Mapping[str, Any], *, seed: int) -> Iterator[Change]:
    """Return each bundle as it is, and with every one of the changes; the same for the same seed."""
    chance = random.Random(seed)
    for name, document in bundles.items():
        yield Change(name, "nothing", (), document)
        for place, content in _walk(document):
            for what, instead in (*_around(content), *_within(content, chance)):
                yield Change(name, what, place, _put(document, place, instead))
            yield Change(name, "removed", place, _remove(document, place))
        for other, foreign in bundles.items():
            yield from _exchange(name, document, other, foreign)


def _exchange(name: str, document: Any, other: str, foreign: Any) -> Iterator[Change]:
    """Put in what another bundle has at the same place, part by part."""
    theirs = dict(_walk(foreign))
    for place, content in _walk(document):
        if place in theirs and theirs[place] != content:
            yield Change(name, f"as in {other}:", place, _put(document, place, theirs[place]))


def _around(content: Any) -> Iterator[tuple[str, Any]]:
    """Put something else there, whatever it was."""
    yield "null", None
    if isinstance(content, list):
        yield "twice", content * 2
        yield "emptied", []
    if isinstance(content, dict):
        yield "emptied", {}
        yield "unknown member", {**content, "unknown": "member"}


def _within(content: Any, chance: random.Random) -> Iterator[tuple[str, Any]]:
    """Change a text: a number, bytes, or a word."""
    if not isinstance(content, str):
        return
    yield "emptied", ""
    yield "newline", content + "\n"
    yield "last character", content[:-1] + ("x" if content[-1:] != "x" else "y")
    if content.isdigit():
        number = int(content)
        for other in (str(number + 1), str(number - 1), f"-{number}", f"0{number}", str(1 << 63), number):
            yield f"number {type(other).__name__}", other
    if (raw := _bytes_of(content)) is not None:
        for _ in range(FLIPS):
            place, bit = chance.randrange(len(raw)), 1 << chance.randrange(8)
            yield "bit", _text_of(raw[:place] + bytes([raw[place] ^ bit]) + raw[place + 1 :])
        yield "cut", _text_of(raw[:-1])
        yield "longer", _text_of(raw + b"\0")
        yield "no padding", content.rstrip("=")
    elif len(content) >= SHORTEST:
        for place in chance.sample(range(len(content)), FLIPS):
            yield "character", content[:place] + ("A" if content[place] != "A" else "B") + content[place + 1 :]


def _bytes_of(text: str) -> bytes | None:
    try:
        return b64decode(text, validate=True) if len(text) >= SHORTEST else None
    except ValueError:
        return None


def _text_of(raw: bytes) -> str:
    return b64encode(raw).decode()


def _walk(document: Any, place: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Return everything in a document, with where it is."""
    items = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    for key, content in items:
        yield (*place, key), content
        yield from _walk(content, (*place, key))


def _holder(document: Any, place: Path) -> tuple[Any, Any]:
    """Copy the document; return the copy, and in it what holds the place."""
    copy = json.loads(json.dumps(document))
    holder = copy
    for key in place[:-1]:
        holder = holder[key]
    return copy, holder


def _put(document: Any, place: Path, content: Any) -> Any:
    copy, holder = _holder(document, place)
    holder[place[-1]] = content
    return copy


def _remove(document: Any, place: Path) -> Any:
    copy, holder = _holder(document, place)
    del holder[place[-1]]
    return copy
