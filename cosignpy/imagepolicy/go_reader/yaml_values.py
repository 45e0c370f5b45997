"""YAML as `sigs.k8s.io/yaml` makes JSON of it: words of YAML 1.1, keys of any type, the last of several equal keys.

Its parser is `go-yaml` v2 (`resolve.go`, `decode.go`): `y`, `on` and `No` are booleans, `010` is eight, `1_000` a
thousand, and a date is a text. What is read are documents of strangers, so that aliases and depth are limited.
"""

import base64
import re
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import Final

import yaml

from cosignpy.core.encoding import JsonValue
from cosignpy.errors import MalformedError
from cosignpy.values import record

MAX_TEXT: Final = 1 << 20
"""Bytes of a file; a resource of a cluster cannot have more."""
MAX_DEPTH: Final = 100
"""Levels; PyYAML recurses at each, and policies have nine."""
MAX_NODES: Final = 100_000
"""Words, lists and mappings, what aliases repeat counted each time."""

_BREAKS: Final = "\r\n\x85\u2028\u2029"
_PLAIN: Final = "plain"
_QUOTED: Final = "quoted"
_STANDARD: Final = "tag:yaml.org,2002:"
_WORDS: Final[Mapping[str, JsonValue]] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
}
_NO_NUMBERS: Final = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_INTEGER: Final = re.compile(r"[-+]?(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_TIMESTAMP: Final = re.compile(
    r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt][0-9:.]+(Z|[-+][0-9]{2}:[0-9]{2})| [0-9:.]+)?", re.ASCII
)
_SMALLEST: Final = -(1 << 63)
_LARGEST: Final = (1 << 64) - 1


def read_yaml(raw: bytes, what: str) -> JsonValue:
    """Return the first document of a text; None where there is none.

    Raises:
        MalformedError: It is no YAML, or nothing that JSON can hold.
    """
    if len(raw) > MAX_TEXT:
        raise MalformedError(what, f"{len(raw)} bytes, at most {MAX_TEXT} are read")
    with _explained(what):
        loader = _Loader(raw.decode("utf-8"))
        root = loader.get_node() if loader.check_node() else None
        return None if root is None else _Conversion().convert(root)


def resolve(word: str) -> JsonValue:
    """Return what a word without quotation marks means.

    Raises:
        ValueError: It is a number that JSON has not.
    """
    if word in _WORDS:
        return _WORDS[word]
    if _NO_NUMBERS.fullmatch(word):
        raise ValueError(f"json: unsupported value: {word}")
    if word[0] == ".":
        return _resolve_float(word)
    return _resolve_number(word) if word[0] in "+-0123456789" else word


def _resolve_number(word: str) -> JsonValue:
    plain = word.replace("_", "")
    if _INTEGER.fullmatch(plain):
        digits = plain.lstrip("+-").lower()
        octal = digits.startswith("0") and digits[1:2].isdigit()
        number = int(digits, 8) if octal else int(digits, 0)
        number = -number if plain[0] == "-" else number
        if _SMALLEST <= number <= _LARGEST:
            return number
    return _resolve_float(plain, word)


def _resolve_float(plain: str, word: str | None = None) -> JsonValue:
    """Return a number, as an integer where it is one, which is how JSON spells it; a text that is none as it is."""
    if not _FLOAT.fullmatch(plain):
        return plain if word is None else word
    number = float(plain)
    if number in {float("inf"), float("-inf")}:
        return plain if word is None else word
    return int(Decimal(repr(number))) if number.is_integer() and abs(number) < _FLOATS_SPELLED_SHORT else number


_FLOATS_SPELLED_SHORT: Final = 1e21
"""From here on `encoding/json` writes an exponent, and what is read back is no integer."""


@contextmanager
def _explained(what: str) -> Iterator[None]:
    try:
        yield
    except UnicodeDecodeError as error:
        raise MalformedError(what, "yaml: invalid UTF-8") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise MalformedError(what, f"yaml: line {line}: {error.problem}") from error
    except yaml.YAMLError as error:
        raise MalformedError(what, "yaml: control characters are not allowed") from error
    except ValueError as error:
        raise MalformedError(what, str(error)) from error


class _Loader(yaml.SafeLoader):
    """PyYAML's composer, which says of scalars whether they have a tag, and stops at some depth."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0

    def resolve(self, kind: type[yaml.Node], value: str | None, implicit: object) -> str:
        """Return what stands for a tag where there is none."""
        if kind is not yaml.ScalarNode:
            return str(super().resolve(kind, value, implicit))  # type: ignore[no-untyped-call] # the stubs leave it so
        return _PLAIN if isinstance(implicit, tuple) and implicit[0] else _QUOTED

    def scan_to_next_token(self) -> None:
        """Go to the next token, over tabs as well where no key may begin."""
        super().scan_to_next_token()
        while self.peek() == "\t" and (self.flow_level or not self.allow_simple_key):
            self.forward()
            super().scan_to_next_token()

    def scan_plain_spaces(self, indent: int, start_mark: object) -> list[str]:
        """Read blanks in a word, which may be tabs, and go over those that a line begins with."""
        length = 0
        while self.peek(length) in " \t":
            length += 1
        blanks = str(self.prefix(length))
        self.forward(length)
        if self.peek() not in _BREAKS:
            return [blanks] if blanks else []
        found = list(super().scan_plain_spaces(indent, start_mark) or ())
        while self.peek() in " \t":
            self.forward()
        return found

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Compose one node."""
        if self._depth >= MAX_DEPTH:
            event = self.peek_event()  # type: ignore[no-untyped-call] # the stubs leave it so
            raise yaml.MarkedYAMLError(problem="exceeded max depth", problem_mark=event.start_mark)
        event = self.peek_event()  # type: ignore[no-untyped-call] # the stubs leave it so
        if not isinstance(event, yaml.AliasEvent):
            self.anchors.pop(getattr(event, "anchor", None), None)  # of two the later counts, from there on
        self._depth += 1
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


@record
class _Conversion:
    """Turns nodes into what JSON has; aliases may have made a graph of them that is endless, or nearly so."""

    nodes: int = 0
    depth: int = 0

    def convert(self, node: yaml.Node) -> JsonValue:
        """Convert a node and all below it."""
        self._count(1)
        if self.depth >= MAX_DEPTH:
            raise ValueError("yaml: an anchor contains itself, or exceeded max depth")
        if isinstance(node, yaml.ScalarNode):
            return _scalar(node)
        self.depth += 1
        found = self._list(node) if isinstance(node, yaml.SequenceNode) else self._mapping(node)
        self.depth -= 1
        return found

    def _count(self, nodes: int) -> None:
        self.nodes += nodes
        if self.nodes > MAX_NODES:
            raise ValueError("yaml: document contains excessive aliasing")

    def _list(self, node: yaml.SequenceNode) -> JsonValue:
        return [self.convert(item) for item in node.value]

    def _mapping(self, node: yaml.Node) -> dict[str, JsonValue]:
        """Convert a mapping: what is merged in replaces what stands before it, and is replaced by what follows."""
        found: dict[str, JsonValue] = {}
        for key, content in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value == "<<" and key.tag in {_PLAIN, f"{_STANDARD}merge"}:
                for each in self._merged(content):
                    found |= self._mapping(each)
            else:
                found[_key(key)] = self.convert(content)
        return found

    def _merged(self, node: yaml.Node) -> list[yaml.Node]:
        several = list(reversed(node.value)) if isinstance(node, yaml.SequenceNode) else [node]
        self._count(len(several))
        if not all(isinstance(each, yaml.MappingNode) for each in several):
            raise ValueError("yaml: map merge requires map or sequence of maps as the value")
        return several


def _scalar(node: yaml.ScalarNode) -> JsonValue:
    if node.tag == _QUOTED:
        return _unicode(node.value)
    if node.tag == _PLAIN:
        found = resolve(node.value)
        return _unicode(found) if isinstance(found, str) else found
    return _tagged(node.tag.removeprefix(_STANDARD), node.value)


def _tagged(tag: str, text: str) -> JsonValue:
    """Return a scalar with a tag of its own; those that nobody knows are texts."""
    if tag == "binary":
        try:
            return base64.b64decode("".join(text.split()), validate=True).decode("utf-8", "replace")
        except ValueError as error:
            raise ValueError("yaml: !!binary value contains invalid base64 data") from error
    if tag not in _TYPES:
        if tag == "timestamp" and not _TIMESTAMP.fullmatch(text):
            raise ValueError(f"yaml: cannot decode !!str `{text}` as a !!timestamp")
        return _unicode(text)
    found = resolve(text)
    if not isinstance(found, _TYPES[tag]) or (tag in {"int", "float"} and isinstance(found, bool)):
        raise ValueError(f"yaml: cannot decode `{text}` as a !!{tag}")
    return found


_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "bool": (bool,),
    "int": (int,),
    "float": (int, float),
    "null": (type(None),),
}


def _key(node: yaml.Node) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise ValueError("yaml: invalid map key")  # noqa: TRY004 - of the text, not of a caller
    if node.tag == _PLAIN and _NO_NUMBERS.fullmatch(node.value):
        return str(node.value).lower().lstrip("+")
    found = _scalar(node)
    if found is None:
        raise ValueError("unsupported map key of type: null")
    if isinstance(found, bool):
        return "true" if found else "false"
    return found if isinstance(found, str) else write_number(found)


def write_number(number: JsonValue) -> str:
    """Write a number where a text is wanted, as `strconv.FormatFloat(..., 'g', -1, 32)` does."""
    if not isinstance(number, float):
        return str(number)
    shortest = next((each for each in range(8) if _as_single(float(f"{number:.{each}e}")) == _as_single(number)), 8)
    mantissa, _, exponent = f"{number:.{shortest}e}".partition("e")
    if not _SMALLEST_FIXED <= int(exponent) < _LARGEST_FIXED:
        return f"{mantissa}e{exponent}"
    return f"{number:.{max(shortest - int(exponent), 0)}f}"


_SMALLEST_FIXED: Final = -4
_LARGEST_FIXED: Final = 6
"""Exponents between which a number is written without one."""


def _as_single(number: float) -> bytes:
    try:
        return struct.pack("f", number)
    except OverflowError:
        return b""


def _unicode(text: str) -> str:
    """Replace halves of characters, as Go does."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
