"""A Dockerfile up to its instructions: directives, comments, lines that go on, and heredocs.

The rules are those of BuildKit's parser; what its versions read differently is refused.
"""

import re
from collections.abc import Iterator
from typing import Final, TypeAlias

from cosignpy.documents import Place
from cosignpy.imagepolicy.inputs.flags_of_instructions import split_flags
from cosignpy.imagepolicy.inputs.heredocs import SPACES, AmbiguousHeredoc, find_heredocs
from cosignpy.imagepolicy.inputs.instruction_line import Line
from cosignpy.values import field, record

DEFAULT_ESCAPE: Final = "\\"

_DIRECTIVE: Final = re.compile(rf"#[{SPACES}]*([a-zA-Z][a-zA-Z0-9]*)[{SPACES}]*=[{SPACES}]*([^{SPACES}].*)")
_OTHER_SPACE: Final = re.compile(r"[^\S\t ]")
_DIRECTIVES: Final = frozenset({"syntax", "escape", "check"})
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_WITH_HEREDOCS: Final = frozenset({"RUN", "COPY", "ADD"})

_Row: TypeAlias = tuple[int, int, str]
"""A line of the file: its number, where it begins, and its content."""


@record
class Reader:
    """Reads the lines of a Dockerfile; what its directives say is known once the first instruction is."""

    text: str
    file: str
    escape: str = DEFAULT_ESCAPE
    syntax: tuple[str, Place, tuple[int, int]] | None = None
    _seen: set[str] = field(default_factory=set)
    _done: bool = False

    def lines(self) -> Iterator[Line]:
        """Yield the instructions, each in one line.

        Raises:
            DocumentError: Something that builders read differently, or not at all.
        """
        rows = self._rows()
        for number, offset, row in rows:
            content = row.lstrip(SPACES)
            if not self._done:
                self._read_directive(number, offset, row)
            if content and not content.startswith("#"):
                line = self._join(number, offset + len(row) - len(content), content, rows)
                if line is not None:
                    yield line
                    self._skip_heredocs(line, rows)

    def _rows(self) -> Iterator[_Row]:
        """Yield number, offset and content of each line of the file, without its end."""
        offset = 0
        for number, row in enumerate(self.text.split("\n"), start=1):
            yield number, offset, row.rstrip("\r")
            offset += len(row) + 1

    def _join(self, number: int, offset: int, content: str, rows: Iterator[_Row]) -> Line | None:
        """Put an instruction into one line; None where there is nothing but the sign that it goes on."""
        text, parts = "", list[tuple[int, int, int]]()
        row: _Row | None = (number, offset, content)
        while row is not None:
            goes_on, part = self._cut(row[2])
            if _CONTROL.search(part):
                raise Place(self.file, row[0]).error("a control character in an instruction")
            parts.append((len(text), row[1], row[0]))
            text += part
            row = next(filter(_counts, rows), None) if goes_on else None
        return Line(text, self.file, tuple(parts)) if text.strip(SPACES) else None

    def _cut(self, row: str) -> tuple[bool, str]:
        """Cut off the sign that a line goes on; one behind another sign does not count."""
        bare = row.rstrip("\t ")
        if not bare.endswith(self.escape) or bare[-2:-1] == self.escape:
            return False, row
        return True, bare[:-1]

    def _read_directive(self, number: int, offset: int, row: str) -> None:
        content = row.lstrip(SPACES)
        match = _DIRECTIVE.fullmatch(content)
        name = match[1].lower() if match is not None else ""
        if match is None or name not in _DIRECTIVES:
            self._done = number > 1 or not content.startswith("#!")
            self._seen.add("escape")  # builders do not agree on whether it counts behind #!
            return
        place = Place(self.file, number)
        if row != content or _CONTROL.search(row) or _OTHER_SPACE.search(row):
            raise place.error("a directive with white space that is read in several ways", "# name=value, with blanks")
        if name in self._seen or (name == "escape" and "check" in self._seen):
            raise place.error(f"{name} stands too late, or twice", "one of each: syntax, escape, then check")
        self._seen.add(name)
        content = match[2].rstrip("\t ")
        if name == "escape":
            self.escape = _read_escape(content, place)
        if name == "syntax":
            image = content.split(" ")[0]
            start = offset + match.start(2)
            self.syntax = image, place, (start, start + len(image))

    def _skip_heredocs(self, line: Line, rows: Iterator[_Row]) -> None:
        word, start = line.word()
        if word == "ONBUILD":
            word, start = line.word(start)
        if word not in _WITH_HEREDOCS or "<<" not in line.text:
            return
        try:
            heredocs = find_heredocs(line.text, line.text[split_flags(line, start)[1] :])
        except AmbiguousHeredoc as error:
            raise line.place().error(str(error), "call the heredoc EOF, on a line of its own instruction") from error
        for heredoc in heredocs:
            if not any(heredoc.is_ended_by(row) for _number, _offset, row in rows):
                raise line.place().error(f"no line {heredoc.name} ends the heredoc")


def _counts(row: _Row) -> bool:
    """Tell whether a line belongs to an instruction that goes on: empty ones and comments are passed over."""
    content = row[2].lstrip(SPACES)
    return bool(content) and not content.startswith("#")


def _read_escape(text: str, place: Place) -> str:
    if text not in {"\\", "`"}:
        raise place.error(f"escape={text} is none", "\\ or `")
    return text
