"""The examples in docs/formats are what the code makes: a page cannot say what the bytes do not."""

import json
import re
from pathlib import Path
from typing import Final

import pytest

from tests.support.format_examples import EXAMPLES

PAGES: Final = Path(__file__).resolve().parents[2] / "docs" / "formats"

BLOCK: Final = re.compile(r"^```(?P<form>\w+) example=(?P<name>[\w-]+)\n(?P<shown>.*?)^```$", re.DOTALL | re.MULTILINE)
NOTE: Final = re.compile(r"[ \t]*←.*")
"""What a page says about a line stands behind an arrow."""
LEFT_OUT: Final = re.compile(r"\((\d+) octets\)")


def blocks() -> dict[str, tuple[str, str]]:
    text = "\n".join(page.read_text() for page in sorted(PAGES.glob("*.md")))
    return {match["name"]: (match["form"], NOTE.sub("", match["shown"])) for match in BLOCK.finditer(text)}


def pattern(shown: str) -> re.Pattern[bytes]:
    """Read hex, with the number of octets where some are left out."""
    pieces = re.split(LEFT_OUT, shown)
    literal = [re.escape(bytes.fromhex(piece)) for piece in pieces[::2]]
    skipped = [b".{%d}" % int(number) for number in pieces[1::2]]
    return re.compile(b"".join(part for pair in zip(literal, [*skipped, b""], strict=True) for part in pair), re.DOTALL)


def test_every_example_is_shown_and_every_one_shown_is_known() -> None:
    assert sorted(blocks()) == sorted(EXAMPLES)


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_what_the_code_makes(name: str) -> None:
    form, shown = blocks()[name]
    made = EXAMPLES[name]()
    if form == "hex":
        assert pattern(shown).fullmatch(made), made.hex(" ")
    elif form == "json":
        assert json.dumps(json.loads(shown)) == json.dumps(json.loads(made))  # the order of members counts
    else:
        assert shown.strip("\n") == made.decode().strip("\n")
