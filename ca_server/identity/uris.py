"""URIs as Fulcio writes them into certificates: what Go's net/url makes of a text.

Verifiers compare names octet by octet with what they expect, so that a branch `füller` or a workflow `my build.yml`
has to be spelled here as the real server spells it. What Go lets through and RFC 3986 or RFC 5280 do not is refused.
"""

import re
from typing import Final, Self
from urllib.parse import quote, unquote_to_bytes

from cosignpy.errors import LimitExceeded, MalformedError
from cosignpy.values import value

MAX_URI: Final = 2048
"""Characters of a URI in a certificate; SPIFFE allows its names as many bytes."""

_PARTS: Final = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):(?://(?P<authority>[^/?#]*))?(?P<path>[^?#]*)(?P<rest>(?:\?[^#]*)?(?:#.*)?)",
    re.DOTALL,
)
_AUTHORITY: Final = re.compile(r"(?P<host>[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
"""No user information, which only serves to look like another host, and no escapes."""
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_DOTS: Final = re.compile(rb"(?:\A|/)\.\.?(?:/|\Z)")
_BAD_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_AS_IT_IS: Final = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@/%\[\]-]*")
"""Paths that Go writes as they came. Brackets are not for paths (RFC 3986 section 3.3), but clients expect them."""
_ESCAPED_NOT: Final = "$&+,/:;=@"
"""What Go does not escape, besides letters, digits, `-_.~`, once a path has something that needs it."""
_BEHIND_PATH: Final = re.compile(r"(?:\?[A-Za-z0-9._~!$&'()*+,;=:@/?%-]*)?(?:#[A-Za-z0-9._~!$&'()*+,;=:@/?%-]*)?")
_OPAQUE: Final = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@/%-]+")


@value
class Uri:
    """An absolute URI, as it stands in a certificate."""

    scheme: str
    host: str
    """Without a port, in the case it was given; empty in URIs that have no authority, such as URNs."""
    before_path: str
    path: str
    behind_path: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a URI, and spell it as Go does.

        Raises:
            MalformedError: Not absolute, with user information, a strange host, dots for segments of the path, or
                characters that cannot stand in a URI and are not escaped either.
            LimitExceeded: Longer than `MAX_URI`.
        """
        _refuse_size(text)
        match = _PARTS.fullmatch(text)
        if match is None:
            raise MalformedError("URI", "it does not begin with a scheme")
        scheme, authority, path, rest = match["scheme"].lower(), match["authority"], match["path"], match["rest"]
        if not _BEHIND_PATH.fullmatch(rest) or _BAD_ESCAPE.search(rest):
            raise MalformedError("URI", "characters that a query or a fragment cannot have")
        if authority is None:
            return cls(scheme, "", f"{scheme}:", _check_opaque(path), rest)
        found = _AUTHORITY.fullmatch(authority)
        if found is None:
            raise MalformedError("URI", "its host is not one, or not alone")
        made = cls(scheme, found["host"].strip("[]"), f"{scheme}://{authority}", escape_path(path), rest)
        _refuse_size(made.text)
        return made

    @property
    def text(self) -> str:
        """The URI."""
        return self.before_path + self.path + self.behind_path

    def join(self, *parts: str) -> str:
        """Append to the path what parts say, as Go's `URL.JoinPath` does: with single slashes, and escaped.

        Raises:
            MalformedError: A part that is not valid in a path, or this URI has more than a path.
            LimitExceeded: Longer than `MAX_URI`.
        """
        if self.behind_path or not self.host:
            raise MalformedError("URI", "nothing can be appended to it")
        whole = "/".join([self.path, *parts])
        segments = "/".join([segment for segment in whole.split("/") if segment])
        tail = "/" if segments and whole.endswith("/") else ""
        made = f"{self.before_path}/{escape_path(segments)}{tail}"
        _refuse_size(made)
        return made


def escape_path(path: str) -> str:
    """Spell a path as Go does: as it came where that is valid, otherwise all of it escaped anew.

    Raises:
        MalformedError: Control characters, `%` that escapes nothing, segments of dots, or an escaped slash that
            would become a real one.
    """
    if _CONTROL.search(path):
        raise MalformedError("URI", "control characters")
    if _BAD_ESCAPE.search(path):
        raise MalformedError("URI", "a percent sign that escapes nothing")
    raw = unquote_to_bytes(path) if "%" in path else path.encode()
    if _DOTS.search(raw):
        raise MalformedError("URI", "a segment of its path is only dots")
    if _AS_IT_IS.fullmatch(path):
        return path
    if "%2f" in path.lower():
        raise MalformedError("URI", "an escaped slash in a path that has to be escaped anew")
    return quote(raw, safe=_ESCAPED_NOT)


def _check_opaque(path: str) -> str:
    if not _OPAQUE.fullmatch(path) or _BAD_ESCAPE.search(path):
        raise MalformedError("URI", "characters that a URI cannot have")
    return path


def _refuse_size(text: str) -> None:
    if len(text) > MAX_URI:
        raise LimitExceeded("URI", f"{len(text)} characters, at most {MAX_URI} are accepted")
