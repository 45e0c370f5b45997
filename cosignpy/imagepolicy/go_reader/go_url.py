"""URLs as Go's `net/url` parses them: hardly a character is refused outside of hosts."""

import re
from typing import Final
from urllib.parse import unquote

from cosignpy.errors import MalformedError

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_USER: Final = re.compile(r"[A-Za-z0-9\-._:~!$&'()*+,;=%@]*")
_HOST: Final = re.compile(r"(?:[A-Za-z0-9\-_.~!$&'()*+,;=:\[\]<>\"]|[^\x00-\x7f]|%25|%[89A-Fa-f][0-9A-Fa-f])*")
_PORT: Final = re.compile(r"(:[0-9]*)?")


def parse_url(text: str, *, of_request: bool = False) -> tuple[str, str]:
    """Return the scheme and the host of a URL, either of which may be empty.

    What a request has (`ParseRequestURI`) is absolute or a path, and has no fragment.

    Raises:
        MalformedError: It is none.
    """
    url, fragment = (text, "") if of_request else (text.partition("#")[0], text.partition("#")[2])
    _refuse(_CONTROL.search(url), text, "invalid control character in URL")
    _refuse(of_request and not url, text, "empty url")
    _refuse(_ESCAPE.search(fragment), text, "invalid URL escape")
    scheme, rest = _split_scheme(url)
    rest = rest.partition("?")[0]
    if not rest.startswith("/"):
        if scheme or url == "*":
            return scheme.lower(), ""
        _refuse(of_request, text, "invalid URI for request")
        _refuse(":" in rest.partition("/")[0], text, "first path segment in URL cannot contain colon")
    host = ""
    if rest.startswith("//") and (scheme or not (of_request or rest.startswith("///"))):
        authority, slash, path = rest[2:].partition("/")
        rest, host = slash + path, _parse_authority(authority)
    _refuse(_ESCAPE.search(rest), text, "invalid URL escape")
    return scheme.lower(), host


def parse_host(text: str) -> str:
    """Return a host with its port, if it has one.

    Raises:
        MalformedError: It is none.
    """
    closed = text.rfind("]")
    _refuse("[" in text[1:] or (text.startswith("[") and closed < 0), text, "missing ']' in host")
    port = text[closed + 1 :] if text.startswith("[") else text[text.rfind(":") :] if ":" in text else ""
    _refuse(not _PORT.fullmatch(port), text, f"invalid port {port!r} after host")
    _refuse(not _HOST.fullmatch(text), text, "invalid character in host name")
    return unquote(text, errors="surrogateescape")


def _split_scheme(url: str) -> tuple[str, str]:
    found = _SCHEME.match(url)
    if found is None:
        _refuse(url.startswith(":"), url, "missing protocol scheme")
        return "", url
    return (found[0], url[found.end() + 1 :]) if url[found.end() : found.end() + 1] == ":" else ("", url)


def _parse_authority(authority: str) -> str:
    user, at, host = authority.rpartition("@")
    _refuse(at and (not _USER.fullmatch(user) or _ESCAPE.search(user)), authority, "invalid userinfo")
    return parse_host(host)


def _refuse(wrong: object, text: str, why: str) -> None:
    if wrong:
        raise MalformedError("url", f"parse {text!r}: {why}")
