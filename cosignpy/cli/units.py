"""Durations and sizes as Go programs take them."""

import re
from typing import Final

from cosignpy.errors import UsageError

_SECONDS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_BYTES: Final = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}


def parse_duration(text: str) -> float:
    """Parse Go's durations (`3m0s`, `90s`, `500ms`) into seconds; `0` means no limit.

    Raises:
        UsageError: Not a duration.
    """
    parts = re.findall(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)", text)
    if "".join(number + unit for number, unit in parts) != text or not parts:
        if text.strip() == "0":
            return 0.0
        raise UsageError(f"{text!r} is not a duration", "write it as 30s, 3m or 1h30m")
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)


def parse_size(text: str) -> int:
    """Parse a size (`64MiB`, `1GB`, `4096`) into bytes.

    Raises:
        UsageError: Not a size.
    """
    match = re.fullmatch(r"([0-9]{1,15}) ?([A-Za-z]{0,3})", text)
    if match is None or match[2].lower() not in _BYTES:
        raise UsageError(f"{text!r} is not a size", "write it as 64MiB, 1GB or 4096")
    return int(match[1]) * _BYTES[match[2].lower()]
