"""Heredocs of a Dockerfile: which lines belong to one, so that they are no instructions.

An instruction that a builder reads and we take for a heredoc's line would name an image that nobody verifies, so that
what builders could read in two ways is refused. The rules are those of BuildKit's parser.
"""

import json
import re
from typing import Final

from cosignpy.values import value

SPACES: Final = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
"""What Go takes for white space, which is not quite what Python does."""
INSTRUCTIONS: Final = frozenset(
    {
        "ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "MAINTAINER",
        "ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR",
    }
)  # fmt: skip

_HEREDOC: Final = re.compile(r"[0-9]*<<(-?)([^<]+)")
_NAME: Final = re.compile(r"""'([\w.-]*)'|"([\w.-]*)"|\\?([\w.-]+)""", re.ASCII)
"""A name as it is, in quotes of one sort, or with a backslash before it."""
_PLAIN_BRACES: Final = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*(?:(?::?[-+?]|##?|%%?)[^\s'\"\\${}<]*)?\}", re.ASCII)


class AmbiguousHeredoc(Exception):
    """Builders do not agree on what is a heredoc here."""


@value
class Heredoc:
    """The line that ends a heredoc; with `chomp`, tabs may stand before it."""

    name: str
    chomp: bool

    def is_ended_by(self, line: str) -> bool:
        """Tell whether a line, without its end, is the last one."""
        return (line.lstrip("\t") if self.chomp else line) == self.name


def find_heredocs(line: str, arguments: str) -> tuple[Heredoc, ...]:
    """Return the heredocs that a line of RUN, COPY or ADD begins; `arguments` are what follows its flags.

    Raises:
        AmbiguousHeredoc: It could be read in several ways.
    """
    if "<<" not in line or _is_json(arguments):
        return ()
    words = _split(line)
    found = [match for match in map(_HEREDOC.fullmatch, words) if match is not None]
    return tuple([Heredoc(name, bool(match[1])) for match in found if (name := _read_name(match[2]))])


def _read_name(text: str) -> str:
    """Return the name without its quotes; an empty one is no heredoc."""
    match = _NAME.fullmatch(text)
    name = "".join(filter(None, match.groups())) if match is not None else ""
    if match is None or name.upper() in INSTRUCTIONS:
        raise AmbiguousHeredoc(f"a heredoc that ends with {text[:100]}, which could be something else")
    return name


def _is_json(arguments: str) -> bool:
    """Tell whether the arguments are a list in JSON, which has no heredocs.

    Raises:
        AmbiguousHeredoc: A list with something behind it, or of something else than texts.
    """
    text = arguments.lstrip(SPACES)
    if not text.startswith("["):
        return False
    try:
        found, end = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return False
    if text[end:].strip(SPACES) or not all(isinstance(each, str) for each in found):
        raise AmbiguousHeredoc("<< beside a list in JSON")
    return True


def _split(line: str) -> list[str]:
    """Split into words with their quotes and escapes; none where a quote is not closed, as BuildKit has it."""
    words: list[str] = []
    word, position = "", 0
    while position < len(line):
        char = line[position]
        end = position + 1
        if char in SPACES:
            if word:
                words.append(word)
            word, position = "", end
            continue
        if char == "\\":
            end += 1
        elif char in "'\"":
            end = _end_of_quote(line, position)
            if not end:
                return []
        elif line.startswith("${", position):
            end = _end_of_braces(line, position)
        word += line[position:end]
        position = end
    return [*words, word] if word else words


def _end_of_quote(line: str, start: int) -> int:
    """Return where a quoted part ends; 0 where it does not."""
    quote, position = line[start], start + 1
    while position < len(line) and line[position] != quote:
        if quote == '"' and line.startswith("${", position):
            position = _end_of_braces(line, position)
        elif quote == '"' and line[position] == "\\":
            position += 2
        else:
            position += 1
    return position + 1 if position < len(line) else 0


def _end_of_braces(line: str, start: int) -> int:
    match = _PLAIN_BRACES.match(line, start)
    if match is None:
        raise AmbiguousHeredoc("<< beside a substitution that is not plain")
    return match.end()
