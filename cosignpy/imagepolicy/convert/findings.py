"""What a conversion says of what it was given, and how it reads: a field that it does not know stops it."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Final

from cosignpy.core.trust.problems import Problem, Severity
from cosignpy.documents import DocumentError, Items, Members, Node, Place, Word
from cosignpy.imagepolicy.fields import Fields
from cosignpy.values import field, record

_VARIABLE: Final = "{{"
"""What variables of Kyverno begin with, whose content is only known in its cluster."""


@record
class Findings:
    """All that was found: an error is what cannot be said at least as strictly, a warning what is said otherwise."""

    problems: list[Problem] = field(default_factory=list)

    @contextmanager
    def collected(self) -> Iterator[None]:
        """Keep a mistake as an error, and go on behind it."""
        try:
            yield
        except DocumentError as error:
            place = f"{error.file}:{error.line}"
            why = str(error).removeprefix(f"{place}: ")
            self.problems.append(Problem(Severity.ERROR, place, f"{why} ({error.hint})" if error.hint else why))

    def warn(self, place: Place, why: str) -> None:
        """Say what the policies made of it do otherwise."""
        named = f"{place.key}: " if place.key else ""
        self.problems.append(Problem(Severity.WARNING, f"{place.file}:{place.line}", f"{named}{why}"))

    @property
    def is_refused(self) -> bool:
        """Whether something cannot be said."""
        return any(each.severity is Severity.ERROR for each in self.problems)


def read(node: Node, known: Collection[str], unsayable: Mapping[str, str] = MappingProxyType({})) -> Fields:
    """Read a mapping; a member that no policy of ours can say is refused with what to do about it.

    Raises:
        DocumentError: It is no mapping, or has a member that is unknown, has a variable, or cannot be said.
    """
    fields = Fields.read(node, (*known, *unsayable))
    for name, hint in unsayable.items():
        if name in fields and not _is_empty(fields.members[name]):
            raise fields.error(name, "cannot be converted", hint)
    return fields


def constant(node: Node) -> Node:
    """Return a node in whose texts there are no variables.

    Raises:
        DocumentError: There is one.
    """
    if isinstance(node, Word) and _VARIABLE in node.text:
        raise node.place.error("a variable cannot be converted", "write what it stands for")
    below = node.items if isinstance(node, Items) else node.members.values() if isinstance(node, Members) else ()
    for each in below:
        constant(each)
    return node


def is_on(fields: Fields, name: str) -> bool:
    """Return a boolean that is true where it is absent.

    Raises:
        DocumentError: Neither true nor false.
    """
    return name not in fields or fields.flag(name)


def _is_empty(node: Node) -> bool:
    return (isinstance(node, Items) and not node.items) or (isinstance(node, Members) and not node.members)
