"""What a registry asks for when it answers 401: the WWW-Authenticate header (RFC 9110 section 11.6.1)."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from cosignpy.errors import LimitExceeded, MalformedError
from cosignpy.values import value

MAX_CHALLENGE: Final = 8192
"""Characters of one header; a realm and a scope take about 200."""

_WHAT: Final = "WWW-Authenticate header"
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_TOKEN68: Final = re.compile(r"[A-Za-z0-9._~+/-]+=*(?=[ \t]*(?:,|$))")
_PARAMETER: Final = re.compile(
    r"(?P<name>[!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*=[ \t]*"
    r"(?:\"(?P<quoted>(?:[^\"\\\x00-\x08\x0a-\x1f\x7f]|\\[\x20-\x7e\t])*)\"|(?P<bare>[!#$%&'*+.^_`|~0-9A-Za-z-]+))"
)
_SEPARATOR: Final = re.compile(r"[ \t]*,[ \t,]*")
_BLANKS: Final = re.compile(r"[ \t]+")
_ESCAPE: Final = re.compile(r"\\(.)")


@value
class Challenge:
    """One way to authenticate that a server offers; names are lower case."""

    scheme: str
    parameters: Mapping[str, str]

    def get(self, name: str) -> str:
        """Return a parameter, empty when absent."""
        return self.parameters.get(name, "")


def parse_challenges(values: Sequence[str]) -> tuple[Challenge, ...]:
    """Parse the values of all WWW-Authenticate headers of an answer; one value may hold several challenges.

    Raises:
        MalformedError: Not the grammar, or a parameter given twice.
        LimitExceeded: Longer than `MAX_CHALLENGE`.
    """
    return tuple(challenge for value in values for challenge in _Parser(value).challenges())


class _Parser:
    """A cursor over one header value."""

    def __init__(self, text: str) -> None:
        if len(text) > MAX_CHALLENGE:
            raise LimitExceeded(_WHAT, f"longer than {MAX_CHALLENGE} characters")
        self._text = text.strip(" \t,")
        self._at = 0

    def challenges(self) -> Sequence[Challenge]:
        found = []
        while self._at < len(self._text):
            found.append(self._challenge())
        return found

    def _challenge(self) -> Challenge:
        scheme = self._take(_TOKEN)
        if scheme is None:
            raise MalformedError(_WHAT, "expected the name of a scheme")
        parameters: dict[str, str] = {}
        if self._take(_BLANKS) is not None and not self._at_separator():
            self._content(parameters)
        self._separator()
        return Challenge(scheme[0].lower(), parameters)

    def _content(self, parameters: dict[str, str]) -> None:
        if _PARAMETER.match(self._text, self._at) is None:
            if self._take(_TOKEN68) is None:
                raise MalformedError(_WHAT, "expected parameters")
            return
        while (match := self._take(_PARAMETER)) is not None:
            name = match["name"].lower()
            if name in parameters:
                raise MalformedError(_WHAT, f"{name} is given twice")
            quoted = match["quoted"]
            parameters[name] = match["bare"] if quoted is None else _ESCAPE.sub(r"\1", quoted)
            if not self._next_parameter():
                return

    def _next_parameter(self) -> bool:
        """Step over a comma, if what follows is another parameter and not another scheme."""
        separator = _SEPARATOR.match(self._text, self._at)
        if separator is None or _PARAMETER.match(self._text, separator.end()) is None:
            return False
        self._at = separator.end()
        return True

    def _separator(self) -> None:
        if self._at < len(self._text) and self._take(_SEPARATOR) is None:
            raise MalformedError(_WHAT, "expected a comma between challenges")

    def _at_separator(self) -> bool:
        return self._at == len(self._text) or self._text[self._at] == ","

    def _take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        match = pattern.match(self._text, self._at)
        if match is not None:
            self._at = match.end()
        return match
