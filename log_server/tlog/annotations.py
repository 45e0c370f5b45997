"""What a log remembers of each entry besides its bytes: when it came, and which keys find it.

An annotation is eight octets of milliseconds since 1970, one octet with the number of keys, and the keys,
`KEY_SIZE` octets each. They lie in files beside the entry bundles, 256 to a file, so that the index can
always be made again: an in-toto entry's subjects, for one, cannot be read off its canonical body.
"""

from collections.abc import Sequence

import msgspec

from cosignpy.errors import MalformedError
from log_server.storage.protocol import KEY_SIZE
from log_server.tlog.values import MAX_KEYS

_HEAD = 9


class Annotation(msgspec.Struct, frozen=True):
    """When an entry was sequenced, and the index keys that find it. No value, because one is made for each entry."""

    timestamp_ms: int
    keys: tuple[bytes, ...]

    def encode(self) -> bytes:
        """Write the annotation.

        Raises:
            ValueError: It has more than `MAX_KEYS` keys, which is for the face to refuse.
        """
        if len(self.keys) > MAX_KEYS:
            raise ValueError(len(self.keys))
        return b"".join((self.timestamp_ms.to_bytes(8, "big"), bytes((len(self.keys),)), *self.keys))


def parse_annotations(raw: bytes, *, what: str) -> Sequence[Annotation]:
    """Read a file of annotations.

    Raises:
        MalformedError: It ends within one.
    """
    found: list[Annotation] = []
    offset = 0
    while offset < len(raw):
        end = _end_of(raw, offset, what)
        found.append(_parse(raw[offset:end]))
        offset = end
    return found


def parse_annotation(raw: bytes, place: int, *, what: str) -> Annotation:
    """Read one annotation of a file without reading the others.

    Raises:
        MalformedError: The file ends before it, or within it.
    """
    offset = 0
    for _ in range(place):
        offset = _end_of(raw, offset, what)
    return _parse(raw[offset : _end_of(raw, offset, what)])


def _end_of(raw: bytes, offset: int, what: str) -> int:
    keys_at = offset + _HEAD
    end = keys_at + KEY_SIZE * raw[keys_at - 1] if keys_at <= len(raw) else len(raw) + 1
    if end > len(raw):
        raise MalformedError(what, "it ends within an annotation")
    return end


def _parse(raw: bytes) -> Annotation:
    keys = tuple(raw[at : at + KEY_SIZE] for at in range(_HEAD, len(raw), KEY_SIZE))
    return Annotation(int.from_bytes(raw[:8], "big"), keys)
