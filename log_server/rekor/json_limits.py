"""How many values JSON from outside may have.

They are counted before anything is parsed, because a value costs a byte or two to send and sixty to remember: thirty
megabytes of `[],[],[]` would take a gigabyte and five seconds.
"""

from typing import Final

from cosignpy.core.encoding import JsonObject
from cosignpy.errors import LimitExceeded

MAX_VALUES: Final = 100_000
"""Values of one request, whose bulk is base64: metadata of TUF has some thousand."""

MAX_ENVELOPE_VALUES: Final = 10_000
"""Values of one envelope; what it is about is base64."""

MAX_STATEMENT_VALUES: Final = 1 << 20
"""Values of one statement: bills of materials have some hundred thousand, and a million take half a second."""


def refuse_many_values(raw: bytes, *, most: int, what: str) -> None:
    """Refuse a JSON text of too many values.

    What begins values and stands between them is counted, in texts as well; so a limit should leave room for texts.

    Raises:
        LimitExceeded: More than `most`.
    """
    if len(raw) <= most:
        return
    count = raw.count(b",") + raw.count(b"[") + raw.count(b"{")
    if count > most:
        raise LimitExceeded(what, f"{count} values, at most {most} are read")


def parse_limited(raw: bytes, *, what: str, most: int = MAX_VALUES) -> JsonObject:
    """Parse bytes that must hold one JSON object.

    Raises:
        MalformedError: Not strict JSON, or not an object.
        LimitExceeded: Too many values, or nested too deeply.
    """
    refuse_many_values(raw, most=most, what=what)
    return JsonObject.parse(raw, what=what)
