"""JSON as Go's `encoding/json` reads it into types: names of fields in any case, absent ones with a zero of their type.

A type is a value here that reads: `Struct`, `Slice`, `Scalar` and so on. What is read is JSON again, with the names
that the type has. Of several members that mean one field the later is read over the earlier: texts are replaced, lists
and structs are filled further. The order is that of the names, in which Go writes what was read from YAML.
"""

from collections.abc import Callable, Mapping
from typing import Final, Protocol

from cosignpy.core.encoding import JsonValue
from cosignpy.errors import MalformedError
from cosignpy.values import value


class GoType(Protocol):
    """A type, by what it makes of JSON."""

    def zero(self) -> JsonValue:
        """Return what a field has that is absent."""
        ...

    def read(self, found: JsonValue, before: JsonValue, path: str) -> JsonValue:
        """Read a member over what the field had before.

        Raises:
            MalformedError: It is of another type.
        """
        ...


@value
class Scalar:
    """A type without members; null leaves a field as it was, but for types that read it themselves.

    `check` says whether a content is of the type, or raises why it is not.
    """

    name: str
    empty: JsonValue
    check: Callable[[JsonValue], bool]
    reads_null: bool = False

    def zero(self) -> JsonValue:
        """Return what a field has that is absent."""
        return self.empty

    def read(self, found: JsonValue, before: JsonValue, path: str) -> JsonValue:
        """Read a member.

        Raises:
            MalformedError: It is of another type.
        """
        if found is None:
            return self.empty if self.reads_null else before
        if not self.check(found):
            raise _of_another_type(found, path, self.name)
        return found


@value
class Pointer:
    """A field that may be absent, which is then null."""

    to: GoType

    def zero(self) -> JsonValue:
        """Return null."""
        return None

    def read(self, found: JsonValue, before: JsonValue, path: str) -> JsonValue:
        """Read a member.

        Raises:
            MalformedError: It is of another type.
        """
        if found is None:
            return None
        return self.to.read(found, self.to.zero() if before is None else before, path)


@value
class Slice:
    """A list; null is an empty one."""

    of: GoType

    def zero(self) -> JsonValue:
        """Return an empty list."""
        return []

    def read(self, found: JsonValue, before: JsonValue, path: str) -> JsonValue:
        """Read a member.

        Raises:
            MalformedError: It is of another type.
        """
        if found is None:
            return []
        if not isinstance(found, list):
            raise _of_another_type(found, path, "slice")
        earlier = before if isinstance(before, list) else []
        return [
            self.of.read(each, earlier[number] if number < len(earlier) else self.of.zero(), path)
            for number, each in enumerate(found)
        ]


@value
class TextMap:
    """A map of strings; null is an empty one, and a text that is null an empty text."""

    def zero(self) -> JsonValue:
        """Return an empty map."""
        return {}

    def read(self, found: JsonValue, before: JsonValue, path: str) -> JsonValue:
        """Read a member.

        Raises:
            MalformedError: It is of another type.
        """
        if found is None:
            return {}
        if not isinstance(found, dict):
            raise _of_another_type(found, path, "map[string]string")
        earlier = before if isinstance(before, dict) else {}
        return earlier | {name: TEXT.read(each, "", path) for name, each in sorted(found.items())}


@value
class Struct:
    """Fields by their names; members that are no field are left out, or refused."""

    fields: Mapping[str, GoType]
    strict: bool = False

    def zero(self) -> JsonValue:
        """Return all fields, each with its zero."""
        return {name: kind.zero() for name, kind in self.fields.items()}

    def read(self, found: JsonValue, before: JsonValue, path: str) -> JsonValue:
        """Read a member.

        Raises:
            MalformedError: It is of another type, or has a member that is refused.
        """
        if found is None:
            return before
        if not isinstance(found, dict):
            raise _of_another_type(found, path, "struct")
        read = dict(before) if isinstance(before, dict) else {}
        for member, content in sorted(found.items()):
            name = self.field_of(member)
            if name is not None:
                read[name] = self.fields[name].read(content, read[name], f"{path}.{name}".lstrip("."))
            elif self.strict:
                raise MalformedError(path or "document", f'json: unknown field "{member}"')
        return read

    def field_of(self, member: str) -> str | None:
        """Return the field that a member is: of that very name, else of one that differs in case."""
        if member in self.fields:
            return member
        folded = _fold(member)
        return next((name for name in self.fields if _fold(name) == folded), None)


def _fold(name: str) -> str:
    """Fold characters by themselves: what would become several stays as it is."""
    return "".join([folded if len(folded := each.casefold()) == 1 else each for each in name])


def _of_another_type(found: JsonValue, path: str, kind: str) -> MalformedError:
    named = next(name for type_, name in _NAMES if isinstance(found, type_))
    return MalformedError(path, f"json: cannot unmarshal {named} into Go struct field {path} of type {kind}")


_NAMES: Final = (
    (bool, "bool"), (str, "string"), (int, "number"), (float, "number"), (list, "array"), (dict, "object"),
)  # fmt: skip

_INT64: Final = 1 << 63

TEXT: Final = Scalar("string", "", lambda found: isinstance(found, str))
FLAG: Final = Scalar("bool", empty=False, check=lambda found: isinstance(found, bool))
INTEGER: Final = Scalar(
    "int64", 0, lambda found: isinstance(found, int) and not isinstance(found, bool) and -_INT64 <= found < _INT64
)
ANYTHING: Final = Scalar("interface {}", None, lambda _found: True, reads_null=True)
