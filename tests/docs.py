"""Checks of what people read, run by `make lint` as `python -m tests.docs`.

Relative links resolve; no tracked file names a machine's path or a package index, or holds a leftover mark; the
changelog keeps its shape; decision records are numbered without gaps; every command of the programs is documented;
tests that a document names exist; the API reference is what the code says.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ca_server.__main__ import app as ca_server
from cosignpy.cli.command_table import COMMANDS, Group
from cosignpy.stack.devidp.__main__ import app as devidp
from log_server.__main__ import app as log_server
from tests.api_reference import stale_pages

SERVERS: Final = {"ca_server": ca_server, "cosignpy.stack.devidp": devidp, "log_server": log_server}

ROOT: Final = Path(__file__).resolve().parents[1]

_LINK: Final = re.compile(r"!?\[[^\]\n]*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
_CODE: Final = re.compile(r"^```.*?^```|`[^`\n]*`", re.DOTALL | re.MULTILINE)
_HEADING: Final = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)
_ELSEWHERE: Final = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)

# Written so that this file does not find itself.
_LEFTOVERS: Final = {
    "a machine's path": re.compile(r"(?<![\w.~-])/(?:wo[r]k|roo[t]|hom[e]/(?!me/)|User[s])/[\w.-]+"),
    "a package index": re.compile(r"index-ur[l]\s*[=: ]\s*\"?http|pyp[i]\.org/simple|files\.pythonhoste[d]\.org"),
    "a leftover mark": re.compile(r"\b(?:TOD[O]|FIXM[E]|XX[X])\b"),
}
_RELEASE: Final = re.compile(r"## \[(?:Unreleased|\d+\.\d+\.\d+\] - \d{4}-\d{2}-\d{2})\]?")
_KINDS: Final = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
_TEST: Final = re.compile(r"(tests/[\w/]+\.py)::(\w+)")
_RECORD: Final = re.compile(r"(\d{4})-[a-z0-9]+(?:-[a-z0-9]+)*\.md")


def _tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--", *patterns], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def _anchors(document: Path) -> set[str]:
    """Return the anchors a forge gives to the headings."""
    headings = _HEADING.findall(document.read_text())
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _broken_links() -> Iterator[str]:
    for document in _tracked("*.md"):
        for target in _LINK.findall(_CODE.sub("", document.read_text())):
            if _ELSEWHERE.match(target):
                continue
            name, _, anchor = target.partition("#")
            found = (document.parent / name).resolve() if name else document
            if not found.exists():
                yield f"{document.relative_to(ROOT)}: link to {target}, which does not exist"
            elif anchor and found.suffix == ".md" and anchor not in _anchors(found):
                yield f"{document.relative_to(ROOT)}: link to {target}, which has no such heading"


def _leftovers() -> Iterator[str]:
    for file in _tracked():
        try:
            lines = file.read_text().splitlines()
        except UnicodeDecodeError:
            continue  # a binary file names nothing
        for number, line in enumerate(lines, 1):
            for what, pattern in _LEFTOVERS.items():
                if pattern.search(line):
                    yield f"{file.relative_to(ROOT)}:{number}: {what}"


def _changelog() -> Iterator[str]:
    lines = (ROOT / "CHANGELOG.md").read_text().splitlines()
    releases = [line for line in lines if line.startswith("## ")]
    if not releases or releases[0] != "## [Unreleased]":
        yield "CHANGELOG.md: the first release is not [Unreleased]"
    yield from (f"CHANGELOG.md: not a release: {line}" for line in releases if not _RELEASE.fullmatch(line))
    kinds = [line.removeprefix("### ") for line in lines if line.startswith("### ")]
    yield from (f"CHANGELOG.md: not a kind of change: {kind}" for kind in kinds if kind not in _KINDS)


def _decision_records() -> Iterator[str]:
    names = sorted(file.name for file in _tracked("docs/adr/*.md"))
    numbers = [int(match[1]) for name in names if (match := _RECORD.fullmatch(name))]
    if len(numbers) != len(names):
        yield f"docs/adr: names are NNNN-title.md: {', '.join(names)}"
    if numbers != list(range(1, len(numbers) + 1)):
        yield f"docs/adr: numbers are not 1 to {len(numbers)}: {numbers}"


def _command_names() -> Iterator[str]:
    for name, command in COMMANDS.items():
        if isinstance(command, Group):
            yield from (f"{name} {inner}" for inner in command.commands)
        else:
            yield name


def _commands() -> Iterator[str]:
    text = "\n".join(file.read_text() for file in _tracked("README.md", "docs/*.md"))
    servers = (
        f"python -m {name} {command.name}" for name, app in SERVERS.items() for command in app.registered_commands
    )
    for shown in (*(f"cosignpy {name}" for name in _command_names()), *servers):
        if not re.search(rf"\b{re.escape(shown)}\b", text):
            yield f"docs: no document shows the command: {shown}"


def _named_tests() -> Iterator[str]:
    for file in _tracked("*.md"):
        for path, name in _TEST.findall(file.read_text()):
            code = ROOT / path
            if not code.is_file() or not re.search(rf"def {name}\b", code.read_text()):
                yield f"{file.relative_to(ROOT)}: no such test: {path}::{name}"


def main() -> int:
    """Print what is wrong, one line each."""
    checks = (_broken_links, _leftovers, _changelog, _decision_records, _commands, _named_tests, stale_pages)
    problems = [problem for check in checks for problem in check()]
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
