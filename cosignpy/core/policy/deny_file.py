"""Deny lists as files, for teams to share: a line for each entry, `KIND TEXT`; blank lines and `#` lines say nothing.

    # the mailbox was broken into on 2026-03-01
    identity mallory@example.com
    identity-regexp ^https://github.com/abandoned/
    key sha256:d3949091b17809e3c090eb70c3592b2ce2020fb8b5081c99220565a7eb1990f4
    certificate sha256:c04be4648dbb74200e06e05fc7a293c979cd29e2cd07e1afd0664863530dc547

A line that is not understood makes the whole list one that is not: what it was to deny would count otherwise.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from cosignpy.core.digest import Digest
from cosignpy.core.policy.deny import Denial, DeniedCertificate, DeniedIdentity, DeniedKey
from cosignpy.core.policy.identity import Containing, Exactly
from cosignpy.errors import LimitExceeded, MalformedError, UsageError

MAX_ENTRIES: Final = 10_000
"""Each is compared with each signature; more than these should be a pattern, or an authority that is not trusted."""

_SHA256: Final = "sha256"
_SHOWN: Final = 80
"""Characters of a line that is none; the file may be anything."""
_REMARK: Final = " #"
"""Behind an entry it would be a part of the name, which then nobody has: nothing would be denied."""


def parse_deny_list(raw: bytes, *, what: str) -> tuple[Denial, ...]:
    """Parse a list; each entry remembers its line.

    Raises:
        MalformedError: A line that is no entry, or not UTF-8.
        LimitExceeded: Too many lines.
    """
    try:
        lines = raw.decode("utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise MalformedError(what, "not UTF-8") from error
    numbered = [(number, line.strip()) for number, line in enumerate(lines, 1)]
    entries = [(number, line) for number, line in numbered if line and not line.startswith("#")]
    if len(entries) > MAX_ENTRIES:
        raise LimitExceeded(what, f"{len(entries)} entries, at most {MAX_ENTRIES} are accepted")
    return tuple([_parse_line(line, f"{what} line {number}") for number, line in entries])


def _parse_line(line: str, place: str) -> Denial:
    kind, _, text = line.partition(" ")
    parse = KINDS.get(kind)
    if parse is None:
        raise MalformedError(place, f"expected {', '.join(KINDS)} and what is denied, found {line[:_SHOWN]!r}")
    if _REMARK in text:
        raise MalformedError(place, "a remark stands on a line of its own; in a pattern, write \\x23 for #")
    try:
        return parse(text.strip(), place)
    except UsageError as error:
        raise MalformedError(place, error.problem) from error
    except MalformedError as error:
        raise MalformedError(place, error.why) from error


def parse_sha256(text: str) -> bytes:
    """Parse `sha256:` and 64 hexadecimal digits.

    Raises:
        MalformedError: It is something else.
    """
    digest = Digest.parse(text)
    if digest.algorithm != _SHA256:
        raise MalformedError("digest", f"expected sha256, found {digest.algorithm}")
    return bytes.fromhex(digest.hex)


def _parse_identity(text: str, origin: str) -> Denial:
    return DeniedIdentity(Exactly(text), origin)


def _parse_pattern(text: str, origin: str) -> Denial:
    return DeniedIdentity(Containing.parse(text), origin)


def _parse_key(text: str, origin: str) -> Denial:
    return DeniedKey(parse_sha256(text), origin)


def _parse_certificate(text: str, origin: str) -> Denial:
    return DeniedCertificate(parse_sha256(text), origin)


KINDS: Final[Mapping[str, Callable[[str, str], Denial]]] = MappingProxyType(
    {
        "identity": _parse_identity,
        "identity-regexp": _parse_pattern,
        "key": _parse_key,
        "certificate": _parse_certificate,
    }
)
"""What a line may begin with. Patterns are found anywhere in a name: what is denied too much is noticed."""
