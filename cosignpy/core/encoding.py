"""The encodings every format here is made of: base64, JSON, PEM, each parsed strictly.

Python's own decoders forgive too much (`base64.b64decode("YR==", validate=True)` succeeds, `json.loads` keeps
the last of two equal keys), so everything from outside comes through here.
"""

import binascii
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from typing import Any, Final, NamedTuple, NoReturn

from cosignpy.errors import LimitExceeded, MalformedError
from cosignpy.values import value

JsonValue = Any
"""What `parse_json` returns: None, bool, int, float, str, list, dict with str keys."""

MAX_JSON_DEPTH: Final = 64
"""The deepest real document here (an SBOM) nests about 20 levels; Python's parser recurses at about 1000."""

MAX_INTEGER: Final = 2**63 - 1
"""Sizes and counts are int64 in every format here; the other implementations refuse what is larger."""

_SURROGATE_ESCAPE: Final = re.compile(rb"\\u[dD][89a-fA-F]")
"""What alone brings half a character in, which UTF-8 cannot carry on: it would fail in a place less prepared."""
_PEM_BLOCK: Final = re.compile(
    rb"-----BEGIN (?P<label>[A-Z0-9 ]{1,64})-----\s(?P<body>[A-Za-z0-9+/=\s]*?)\s?-----END (?P=label)-----"
)
_PEM_LINE: Final = 64


def encode_b64(raw: bytes) -> str:
    """Encode as standard, padded base64 (RFC 4648 section 4)."""
    return binascii.b2a_base64(raw, newline=False).decode("ascii")


def decode_b64(text: str, *, what: str) -> bytes:
    """Decode standard base64, refusing every spelling but the canonical one (RFC 4648 section 3.5).

    Raises:
        MalformedError: Not base64, unpadded, URL-safe, with white space, or with stray trailing bits.
    """
    try:
        raw = binascii.a2b_base64(text, strict_mode=True)
    except ValueError as error:  # binascii.Error, or text that is not ASCII
        raise MalformedError(what, "not base64") from error
    if binascii.b2a_base64(raw, newline=False) != text.encode("ascii"):
        raise MalformedError(what, "non-canonical base64")
    return raw


def parse_json(raw: bytes, *, what: str) -> JsonValue:
    """Parse one JSON text (RFC 8259), refusing what parsers disagree on.

    Raises:
        MalformedError: Not UTF-8, not JSON, a repeated key, NaN or Infinity, or a lone surrogate.
        LimitExceeded: Nested deeper than `MAX_JSON_DEPTH` objects and arrays.
    """
    try:
        value = STRICT_DECODER.decode(raw.decode("utf-8"))
        if _SURROGATE_ESCAPE.search(raw):
            encode_json(value)
    except UnicodeDecodeError as error:
        raise MalformedError(what, "not UTF-8") from error
    except RecursionError as error:
        raise LimitExceeded(what, f"nested deeper than {MAX_JSON_DEPTH} levels") from error
    except MalformedError as error:
        raise MalformedError(what, error.why) from error
    except ValueError as error:  # JSONDecodeError, or an integer of thousands of digits
        raise MalformedError(what, "not valid JSON") from error
    if raw.count(b"{") + raw.count(b"[") > MAX_JSON_DEPTH:  # with fewer, nothing can be nested deeper
        _refuse_depth(value, what)
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise MalformedError("JSON", f"{name} is not a number in JSON")


def _parse_float(text: str) -> float:
    number = float(text)
    return number if isfinite(number) else _refuse_constant(text)


def _refuse_repeated_keys(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    if len(found := dict(pairs)) != len(pairs):
        repeated = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise MalformedError("JSON", f"duplicate key {repeated!r}")
    return found


STRICT_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_refuse_repeated_keys, parse_constant=_refuse_constant, parse_float=_parse_float
)


def _refuse_depth(value: JsonValue, what: str) -> None:
    """Walk iteratively: a recursive walk would itself be what a hostile document breaks."""
    nesting = frozenset({dict, list})
    layer: list[JsonValue] = [value] if type(value) in nesting else []
    for _ in range(MAX_JSON_DEPTH):
        members = (node.values() if type(node) is dict else node for node in layer)
        layer = [child for several in members for child in several if type(child) in nesting]
    if layer:
        raise LimitExceeded(what, f"nested deeper than {MAX_JSON_DEPTH} levels")


def encode_json(value: JsonValue) -> bytes:
    """Encode compactly, keys in the order given: reproducible, and what the Go tools write.

    Raises:
        MalformedError: A text is not Unicode, as an argument that is not UTF-8.
    """
    try:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode("utf-8")
    except UnicodeEncodeError as error:
        raise MalformedError("text", f"{error.object[error.start : error.end]!r} is not Unicode") from error


def encode_canonical_json(value: JsonValue) -> bytes:
    """Encode as RFC 8785 canonical JSON.

    Raises:
        MalformedError: The value holds what RFC 8785 cannot express (integers beyond 2**53, NaN).
    """
    import rfc8785

    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError) as error:
        raise MalformedError("canonical JSON", str(error)) from error


class JsonObject(NamedTuple):
    """A parsed JSON object read member by member, each with the type it must have.

    Errors name document and member: `malformed bundle: verificationMaterial.publicKey.hint: expected a string`.
    A tuple, and not a value: one is made for each object of each document, and a tuple costs a tenth.
    """

    members: Mapping[str, JsonValue]
    what: str
    path: str = ""

    @classmethod
    def parse(cls, raw: bytes, *, what: str) -> "JsonObject":
        """Parse bytes that must hold one JSON object.

        Raises:
            MalformedError: Not strict JSON (see `parse_json`), or not an object.
        """
        value = parse_json(raw, what=what)
        if not isinstance(value, dict):
            raise MalformedError(what, "expected a JSON object")
        return cls(value, what)

    def __contains__(self, name: object) -> bool:
        return self.members.get(str(name)) is not None

    def malformed(self, name: str, why: str) -> MalformedError:
        """Build the error that names one member."""
        return MalformedError(self.what, f"{self.path}{name}: {why}")

    def text(self, name: str) -> str:
        """Return a string member.

        Raises:
            MalformedError: Absent or of another type.
        """
        value: JsonValue = self._typed(name, str, "a string")
        return str(value)

    def optional_text(self, name: str, default: str = "") -> str:
        """Return a string member, or the default where it is absent or null."""
        return self.text(name) if name in self else default

    def integer(self, name: str) -> int:
        """Return a non-negative integer member.

        Raises:
            MalformedError: Absent, of another type (a boolean is not a number), negative, or beyond int64.
        """
        value = self._typed(name, int, "an integer")
        if isinstance(value, bool) or not 0 <= value <= MAX_INTEGER:
            raise self.malformed(name, "expected a non-negative integer of 63 bits")
        return int(value)

    def b64(self, name: str) -> bytes:
        """Return the bytes of a canonical base64 member.

        Raises:
            MalformedError: Absent, not a string, or not canonical base64.
        """
        return decode_b64(self.text(name), what=f"{self.what} {self.path}{name}")

    def child(self, name: str) -> "JsonObject":
        """Return an object member.

        Raises:
            MalformedError: Absent or of another type.
        """
        return JsonObject(self._typed(name, dict, "an object"), self.what, f"{self.path}{name}.")

    def optional_child(self, name: str) -> "JsonObject | None":
        """Return an object member, or None where it is absent or null."""
        return self.child(name) if name in self else None

    def children(self, name: str, *, most: int) -> Sequence["JsonObject"]:
        """Return the objects of an array member; an absent array is an empty one.

        Raises:
            MalformedError: Not an array of objects.
            LimitExceeded: More than `most` of them.
        """
        return [
            JsonObject(item, self.what, f"{self.path}{name}[{index}].")
            for index, item in enumerate(self._array(name, dict, most))
        ]

    def texts(self, name: str, *, most: int) -> Sequence[str]:
        """Return the strings of an array member; an absent array is an empty one.

        Raises:
            MalformedError: Not an array of strings.
            LimitExceeded: More than `most` of them.
        """
        return [str(item) for item in self._array(name, str, most)]

    def string_map(self, name: str) -> Mapping[str, str]:
        """Return an object member whose values are all strings; an absent one is empty.

        Raises:
            MalformedError: Not an object of strings.
        """
        if name not in self:
            return {}
        found = self._typed(name, dict, "an object")
        for key, content in found.items():
            if not isinstance(content, str):
                raise self.malformed(f"{name}.{key}", "expected a string")
        return dict(found)

    def refuse_unknown(self, *known: str) -> None:
        """Refuse members that the format does not define.

        Raises:
            MalformedError: Naming the first unknown member.
        """
        for name in self.members:
            if name not in known:
                raise self.malformed(name, "unknown field")

    def _typed(self, name: str, kind: type, wanted: str) -> JsonValue:
        value = self.members.get(name)
        if value is None:
            raise self.malformed(name, "missing")
        if not isinstance(value, kind):
            raise self.malformed(name, f"expected {wanted}")
        return value

    def _array(self, name: str, kind: type, most: int) -> Iterator[JsonValue]:
        if name not in self:
            return
        items = self._typed(name, list, "an array")
        if len(items) > most:
            raise LimitExceeded(self.what, f"{self.path}{name} has {len(items)} items, at most {most} are accepted")
        for index, item in enumerate(items):
            if not isinstance(item, kind):
                raise self.malformed(f"{name}[{index}]", "of the wrong type")
            yield item


@value
class PemBlock:
    """One PEM block (RFC 7468): its label and its decoded body."""

    label: str
    body: bytes

    def encode(self) -> bytes:
        """Encode with 64-character lines, as RFC 7468 section 2 wants them written."""
        text = encode_b64(self.body)
        lines = [text[start : start + _PEM_LINE] for start in range(0, len(text), _PEM_LINE)]
        return "\n".join([f"-----BEGIN {self.label}-----", *lines, f"-----END {self.label}-----", ""]).encode("ascii")


def parse_pem(raw: bytes, *, what: str) -> PemBlock:
    """Parse the first PEM block of a file (RFC 7468), tolerating text around it.

    Raises:
        MalformedError: No complete block, or a body that is not base64.
    """
    match = _PEM_BLOCK.search(raw)
    if match is None:
        raise MalformedError(what, "no complete PEM block")
    body = b"".join(match["body"].split()).decode("ascii")
    return PemBlock(match["label"].decode("ascii"), decode_b64(body, what=what))
