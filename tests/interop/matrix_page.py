"""docs/interop.md: the measured matrix as a page.

`python -m tests.interop.matrix_page` measures and rewrites the page.
"""

import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from tests.interop import peers
from tests.interop.client_pages import PARTS
from tests.interop.expectations import peer_limit
from tests.interop.matrix import KEYS, REGISTRIES, Cell, Outcome, measure
from tests.interop.programs import SIGN_FLAGS, VERIFY_FLAGS, Format, Tool, Workshop

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "interop.md"
REWRITE: Final = "python -m tests.interop.matrix_page"

_INTRODUCTION: Final = """\
# Who verifies what whom signed

Generated from real runs by `{rewrite}`. `make interop` measures all of it again, and fails when
this page says anything else.

Every signature was made with `--key` and without a transparency log, and verified on the same registry. A "yes" holds
on all registries of the list, and with it went two runs that had to be refused, and were: with another key of the same
kind, and for an image nobody signed.
"""
_TITLES: Final = {
    Format.BUNDLE: "Bundles (OCI referrer, the default of cosign v3 and cosignpy)",
    Format.LEGACY: "Legacy signatures (`.sig` tag, the default of cosign v2)",
}

_BEYOND: Final = """\
## Beyond the matrix

Annotations, indexes signed recursively, several signers, `COSIGN_REPOSITORY`, and the commands around signatures
(`tree`, `download`, `clean`, `triangulate`, `copy`, `save`, `load`, `attach`) are exchanged in
`tests/interop/test_exchange.py` and `tests/interop/test_side_commands.py`. What peers do otherwise, each with its test:
"""
_LIMITS: Final = (
    (
        Tool.V2,
        "neither signs annotations (`-a`) in bundles nor checks those demanded",
        "test_annotations_are_signed_and_demanded",
    ),
    (Tool.V2, "does not heed `COSIGN_REPOSITORY` for bundles", "test_cosign_v2_leaves_bundles_beside_the_image"),
    (
        Tool.V2,
        "takes the bundle as soon as there is one, and then demands a trusted root",
        "test_one_run_writes_both_formats",
    ),
    (Tool.V2, "`tree`, `download signature` and `clean` do not know bundles", "test_side_commands.py"),
    (Tool.V3, "takes an attestation for a signature; cosignpy only with `--any-predicate`", "test_fixtures.py"),
    (Tool.V3, "`copy` leaves bundles behind", "test_what_cosign_copies_is_understood_here"),
    (
        Tool.V3,
        "`load` pushes a bundle's manifest before its blob, which distribution refuses",
        "test_cosign_loads_what_was_saved",
    ),
)


def render(measured: Mapping[Cell, Outcome]) -> str:
    """Return the page."""
    notes = list(dict.fromkeys(filter(None, map(peer_limit, measured))))
    page = "\n".join(
        [
            _INTRODUCTION.format(rewrite=REWRITE),
            *_versions(),
            *(line for form in Format for line in _table(form, measured, notes)),
            *_notes(notes),
            *_commands(),
            *_beyond(),
            *(line for part in PARTS for line in part.render()),
        ]
    )
    return page.rstrip() + "\n"


def _versions() -> Iterator[str]:
    yield "| Peer | Version |\n|---|---|"
    yield from (f"| {tool} | {peers.PEERS[tool].version} |" for tool in (Tool.V3, Tool.V2))
    yield "\n| Registry | What it is |\n|---|---|"
    yield from (f"| {name} | {what} |" for name, what in REGISTRIES.items())


def _table(form: Format, measured: Mapping[Cell, Outcome], notes: list[str]) -> Iterator[str]:
    """Yield one row for each signer and kinds of key that fare alike."""
    yield f"\n## {_TITLES[form]}\n"
    yield "| Signed by | Key | " + " | ".join(f"{verifier} verifies" for verifier in Tool) + " |"
    yield "|---|---|" + "---|" * len(Tool)
    for signer in Tool:
        alike: dict[str, list[str]] = {}
        for key in KEYS:
            squares = [_square(measured, _everywhere(signer, form, key, verifier), notes) for verifier in Tool]
            alike.setdefault(" | ".join(squares), []).append(key)
        yield from (f"| {signer} | {', '.join(keys)} | {squares} |" for squares, keys in alike.items())


def _everywhere(signer: Tool, form: Format, key: str, verifier: Tool) -> list[Cell]:
    return [Cell(registry, signer, form, key, verifier) for registry in REGISTRIES]


def _square(measured: Mapping[Cell, Outcome], cells: list[Cell], notes: list[str]) -> str:
    """Return yes, or no with a note and with the registries if only some are concerned."""
    refusing = [cell for cell in cells if measured[cell].signed.exit_code]
    if not refusing:
        return "yes"
    where = "" if len(refusing) == len(cells) else f" on {', '.join(cell.registry for cell in refusing)}"
    limit = peer_limit(refusing[0])
    return f"no{where}" + (f" [{notes.index(limit) + 1}]" if limit else "")


def _notes(notes: list[str]) -> Iterator[str]:
    yield ""
    yield from (f"[{number}] {note}\n" for number, note in enumerate(notes, start=1))


def _commands() -> Iterator[str]:
    yield "## Commands\n"
    yield "| Program | Format | `sign --key K.key` ... | `verify --key K.pub` ... |\n|---|---|---|---|"
    for tool in Tool:
        for form in Format:
            signing, verifying = SIGN_FLAGS[tool, form], VERIFY_FLAGS[tool, form]
            yield f"| {tool} | {form} | `{' '.join(signing)}` | `{' '.join(verifying)}` |"
    yield ""


def _beyond() -> Iterator[str]:
    yield _BEYOND
    yield "| Peer | What it does | Test |\n|---|---|---|"
    yield from (f"| {peer} | {what} | `{test}` |" for peer, what, test in _LIMITS)


def main() -> int:
    """Measure and write the page."""
    with tempfile.TemporaryDirectory() as folder:
        PAGE.write_text(render(measure(Workshop(Path(folder)).prepare())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
