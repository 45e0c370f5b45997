"""Fields of what was read as a type: each is there, with a content of its type."""

from collections.abc import Mapping
from typing import Self

from cosignpy.core.encoding import JsonValue
from cosignpy.values import value


@value
class Fields:
    """A struct, and where it stands in its document."""

    members: Mapping[str, JsonValue]
    path: str = ""

    @classmethod
    def of(cls, content: JsonValue, path: str = "") -> Self:
        """Return the fields of what was read as a struct."""
        return cls(content if isinstance(content, dict) else {}, path)

    def text(self, name: str) -> str:
        """Return a text; an empty one where it is null."""
        found = self.members.get(name)
        return found if isinstance(found, str) else ""

    def has(self, name: str) -> bool:
        """Tell whether a field that may be null is not."""
        return self.members.get(name) is not None

    def flag(self, name: str) -> bool:
        """Return a boolean; false where it is null."""
        return self.members.get(name) is True

    def child(self, name: str) -> Self | None:
        """Return a struct; None where it is null."""
        found = self.members.get(name)
        return None if found is None else self.of(found, self.below(name))

    def children(self, name: str) -> tuple[Self, ...]:
        """Return the structs of a list."""
        found = self.members.get(name)
        items = found if isinstance(found, list) else []
        return tuple([self.of(each, f"{self.below(name)}[{number}]") for number, each in enumerate(items)])

    def texts(self, name: str) -> tuple[str, ...]:
        """Return the texts of a list."""
        found = self.members.get(name)
        return tuple([each for each in found if isinstance(each, str)]) if isinstance(found, list) else ()

    def labels(self, name: str) -> dict[str, str]:
        """Return a map of texts."""
        found = self.members.get(name)
        items = found.items() if isinstance(found, dict) else ()
        return {label: text for label, text in items if isinstance(text, str)}

    def below(self, name: str) -> str:
        """Return the path of a field."""
        return f"{self.path}.{name}".lstrip(".")
