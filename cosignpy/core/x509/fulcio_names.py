"""The names of what Fulcio says about a signer: extensions 1.3.6.1.4.1.57264.1 (Fulcio `oid-info.md`).

By themselves, so that a policy can name them without the code that reads certificates.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

ARC: Final = "1.3.6.1.4.1.57264.1"

BARE: Final = {
    1: "issuer (deprecated)",
    2: "GitHub workflow trigger (deprecated)",
    3: "GitHub workflow SHA (deprecated)",
    4: "GitHub workflow name (deprecated)",
    5: "GitHub workflow repository (deprecated)",
    6: "GitHub workflow ref (deprecated)",
}
"""Extensions that hold the octets of the text and nothing around them."""
WRAPPED: Final = {
    8: "issuer",
    9: "build signer URI",
    10: "build signer digest",
    11: "runner environment",
    12: "source repository URI",
    13: "source repository digest",
    14: "source repository ref",
    15: "source repository identifier",
    16: "source repository owner URI",
    17: "source repository owner identifier",
    18: "build config URI",
    19: "build config digest",
    20: "build trigger",
    21: "run invocation URI",
    22: "source repository visibility at signing",
    23: "deployment environment",
    24: "token subject",
}
"""Extensions that hold a UTF8String. Number 7 names the user name in a subject alternative name, and is none."""

NAMES: Final[Mapping[int, str]] = MappingProxyType({**BARE, **WRAPPED})
"""All of them, for people."""

_DEPRECATED: Final = " (deprecated)"


def _flag_name(name: str) -> str:
    return name.removesuffix(_DEPRECATED).lower().replace(" ", "-")


NUMBERS: Final[Mapping[str, int]] = MappingProxyType(
    {"issuer-deprecated": 1} | {_flag_name(name): number for number, name in NAMES.items() if number != 1}
)
"""All of them, as flags and policies name them: `source-repository-uri`. The issuer is the one of today, number 8."""
