"""What `verify-blob --check-files` found: the evidence about the list, and what became of its files."""

from collections.abc import Iterator, Sequence
from typing import Final

from cosignpy.cli.invocation import CURRENT, Output, printable
from cosignpy.cli.render.bundle import bundle_evidence, render_bundle
from cosignpy.cli.render.errors import one_line
from cosignpy.core.encoding import JsonValue, encode_json
from cosignpy.core.verify.findings import VerifiedBundle
from cosignpy.operations.check_files import CheckedFiles

MOST_NAMES: Final = 5
"""Names in one line for a person; JSON has them all."""


def render_listed(name: str, found: VerifiedBundle, files: CheckedFiles, output: Output) -> None:
    """Print what was proved of a list and of its files."""
    if output is Output.TREE:
        from cosignpy.cli.render.explanation import render_explanation  # of no use to the other forms

        render_explanation(bundle_evidence(name, found) | {"files": _to_json(files)})
        return
    if files.unlisted:
        CURRENT.warn(one_line(f"not in the list, so nobody signed them: {_name(files.unlisted)}"))
    if output is Output.JSON:
        CURRENT.say("Verified OK")
        CURRENT.print(encode_json(bundle_evidence(name, found) | {"files": _to_json(files)}).decode())
        return
    render_bundle(name, found, output)
    for line in _file_lines(files):
        CURRENT.print(one_line(line))


def _file_lines(files: CheckedFiles) -> Iterator[str]:
    yield f"files          {len(files.checked)} are what the list says"
    if files.missing:
        yield f"missing        {_name(files.missing)}"


def _name(names: Sequence[str]) -> str:
    shown = ", ".join(names[:MOST_NAMES])
    return shown if len(names) <= MOST_NAMES else f"{shown}, and {len(names) - MOST_NAMES} more"


def _to_json(files: CheckedFiles) -> JsonValue:
    checked: list[JsonValue] = [
        {"name": file.name, "digests": {name: digest.hex() for name, digest in sorted(file.digests.items())}}
        for file in files.checked
    ]
    return {
        "checked": checked,
        "missing": list(files.missing),
        "unlisted": _names_to_json(files.unlisted),
    }


def _names_to_json(names: Sequence[str] | None) -> JsonValue:
    """Names of files need not be Unicode, and JSON has to be."""
    return None if names is None else [printable(name) for name in names]
