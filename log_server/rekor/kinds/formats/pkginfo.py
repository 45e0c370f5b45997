"""The file .PKGINFO of Alpine packages, read as the real server reads it: as an INI file (gopkg.in/ini.v1).

That it does so decides what is logged: `pkgdesc = fast; small` is logged as `fast`, since a semicolon begins a
comment. What such files never hold, quoted keys and values over several lines, is refused.
"""

from collections.abc import Mapping
from typing import Final

from cosignpy.errors import MalformedError

_WHAT: Final = ".PKGINFO"
_COMMENTS: Final = ("#", ";")
_DELIMITERS: Final = ("=", ":")
_QUOTES: Final = ("'", '"')
_MULTILINE: Final = ("`", '"""')


def parse_pkginfo(raw: bytes) -> Mapping[str, str]:
    """Parse the keys and values; of a key that comes again the last value counts.

    Raises:
        MalformedError: Not UTF-8, a line that is not `key = value`, or what only other INI files hold.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedError(_WHAT, "not UTF-8") from error
    lines = (line.strip() for line in text.split("\n"))
    return dict(_parse_line(line) for line in lines if line and not line.startswith(_COMMENTS))


def _parse_line(line: str) -> tuple[str, str]:
    positions = [line.find(delimiter) for delimiter in _DELIMITERS if delimiter in line]
    split = min(positions, default=0)
    key = line[:split].strip()
    if not key or key == "-" or line.startswith(("[", '"', "`")):
        raise MalformedError(_WHAT, f"{line[:40]!r} is not in the form key = value")
    return key, _parse_value(line[split + 1 :].strip())


def _parse_value(text: str) -> str:
    if text.startswith(_MULTILINE) or text.endswith("\\"):
        raise MalformedError(_WHAT, "a value over several lines")
    start = min((text.find(mark) for mark in _COMMENTS if mark in text), default=len(text))
    found = text[:start].strip()
    for quote in _QUOTES:
        if len(found) > 1 and found[0] == found[-1] == quote and quote not in found[1:-1]:
            return found[1:-1]
    return found
