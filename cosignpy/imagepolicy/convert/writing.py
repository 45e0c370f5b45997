"""Policies that were made, as YAML: block style, every text quoted that YAML could read as something else."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeAlias

from cosignpy.core.encoding import encode_json

Content: TypeAlias = "str | int | float | bool | Sequence[Content] | Mapping[str, Content]"

_PLAIN: Final = re.compile(r"[A-Za-z]([A-Za-z0-9_./@:*-]*[A-Za-z0-9/*])?")
_AMBIGUOUS: Final = re.compile(r"(?i:y|yes|n|no|on|off|true|false|null)")
_LINES: Final = re.compile(r"[!-~]([ -~]*[!-~])?\n([ -~]*[!-~]\n)*")
"""What is written in lines of its own, as keys in PEM are, and conditions."""


def write_documents(documents: Sequence[Mapping[str, Content]]) -> str:
    """Return documents as one text, with a line `---` between them."""
    return "---\n".join("".join(f"{line}\n" for line in _members(each)) for each in documents)


def _members(content: Mapping[str, Content]) -> Iterator[str]:
    for name, each in content.items():
        lines = list(_write(each))
        if isinstance(each, Mapping | list | tuple) and each:
            yield f"{_scalar(name)}:"
            yield from ["  " + line for line in lines]
        else:
            yield f"{_scalar(name)}: {lines[0]}"
            yield from ["  " + line for line in lines[1:]]


def _write(content: Content) -> Iterator[str]:
    if isinstance(content, Mapping):
        yield from _members(content) if content else ["{}"]
    elif isinstance(content, list | tuple):
        for item in content:
            first, *rest = _write(item)
            yield f"- {first}"
            yield from ["  " + line for line in rest]
        if not content:
            yield "[]"
    elif isinstance(content, str) and _LINES.fullmatch(content):
        yield "|"
        yield from content.splitlines()
    else:
        yield _scalar(content)


def _scalar(content: Content) -> str:
    if isinstance(content, str) and _PLAIN.fullmatch(content) and not _AMBIGUOUS.fullmatch(content):
        return content
    return encode_json(content).decode()
