"""Warning headers: how much of what is told reaches who asks."""

import unicodedata
from collections.abc import Iterable
from typing import Final

_TOGETHER: Final = 4096
_EACH: Final = 256


def encode_warnings(texts: Iterable[str]) -> list[str]:
    """Return the contents of `Warning` headers; texts with control characters are lost, long ones are cut.

    Up to 4,096 characters together everything is told; beyond, each text only in its beginning, and no more texts.
    """
    told = [text for text in dict.fromkeys(texts) if text and not _has_control(text)]
    if sum(len(text) for text in told) > _TOGETHER:
        told, all_told, written = [], told, 0
        for text in all_told:
            if written >= _TOGETHER:
                break
            told.append(text[:_EACH])
            written += len(told[-1])
    return [f"299 - {_quote(text)}" for text in told]


def _has_control(text: str) -> bool:
    return any(unicodedata.category(sign) == "Cc" for sign in text)


def _quote(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
