"""Keeps secrets out of whatever people see: URLs, headers and texts in logs and errors."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

REDACTED: Final = "REDACTED"

_PLAIN_QUERY_NAMES: Final = frozenset(
    {"artifacttype", "digest", "expires_in", "from", "last", "mount", "n", "next_page", "scope", "service"}
)
"""Query members that say what is asked for; of every other one the value may be a signature or token."""

_SECRET_HEADERS: Final = frozenset({"authorization", "cookie", "proxy-authorization", "set-cookie"})
# Not compiled here: `re` does that at the first use, which most runs never come to.
_USERINFO: Final = r"(?<=://)[^/?#\s]*@"
_URL: Final = r"https?://[^\s\"'<>]+"
_CREDENTIALS: Final = r"(?i)\b(basic|bearer)\s+[A-Za-z0-9+/=._~-]{4,}"
_JSON_WEB_TOKEN: Final = r"\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,2}"  # noqa: S105 - a pattern
"""An identity token (RFC 7519), or the first part of one."""
_SENSITIVE_MEMBER: Final = (
    r"(?i)(\"?(?:access_token|client_secret|code_verifier|device_code|id_token|identitytoken|password|refresh_token|"
    r"registrytoken|secret|token)\"?\s*[:=]\s*\"?)"
    r"[^\s\"&,}]+"
)
_UNPRINTABLE: Final = r"[^\x20-\x7e]+"


def redact_url(url: str) -> str:
    """Return a URL without user and password, and without the values of query members that may be secret."""
    bare = url.partition("#")[0]
    if "@" in bare:
        bare = re.sub(_USERINFO, "", bare)
    path, mark, query = bare.partition("?")
    return f"{path}{mark}{'&'.join(_redact_query(query))}" if mark else path


def _redact_query(query: str) -> Iterator[str]:
    for member in query.split("&"):
        name, equals, _ = member.partition("=")
        yield member if not equals or name.lower() in _PLAIN_QUERY_NAMES else f"{name}={REDACTED}"


def redact_headers(fields: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return headers for a log: credentials hidden, locations as redacted URLs."""
    shown = {}
    for name, value in fields:
        if name.lower() in _SECRET_HEADERS:
            shown[name] = REDACTED
        else:
            shown[name] = redact_url(value) if name.lower() == "location" else value
    return shown


def redact_text(text: str, *, longest: int = 300) -> str:
    """Return what a server wrote, fit for one line: no control characters, no credentials, no more than a line."""
    line = re.sub(_UNPRINTABLE, " ", text).strip()
    line = re.sub(_URL, lambda match: redact_url(match[0]), line)
    line = re.sub(_CREDENTIALS, rf"\1 {REDACTED}", line)
    line = re.sub(_JSON_WEB_TOKEN, REDACTED, line)
    line = re.sub(_SENSITIVE_MEMBER, rf"\1{REDACTED}", line)
    return line if len(line) <= longest else f"{line[: longest - 3]}..."
