"""The example in docs/formats/witnesses.md is genuine: what is shown as signed, is."""

import re
from pathlib import Path
from typing import Final

from cosignpy.core.note.checkpoint import Checkpoint, parse_checkpoint, verify_checkpoint
from cosignpy.core.note.key_id import parse_vkey
from cosignpy.core.note.signed_note import parse_note
from cosignpy.core.note.verifier import build_verifier
from log_server.witness.ask import select_cosignature
from log_server.witness.judge import verify_growth
from log_server.witness.submission import parse_submission
from tests.support.naive_tree import leaf_hashes, root
from tests.support.witnesses import LOG, verifier_of

PAGE: Final = Path(__file__).resolve().parents[4] / "docs" / "formats" / "witnesses.md"


def blocks() -> list[str]:
    return re.findall(r"^```\n(.*?)^```\n", PAGE.read_text(), re.DOTALL | re.MULTILINE)


def test_the_documented_submission_is_cosigned_as_documented() -> None:
    request, cosignature, log, policy = blocks()
    lines = [re.sub(r"(^|\s)\s{2,}.*", "", line) for line in request.splitlines()[2:]]
    submission = parse_submission(("\n".join(lines) + "\n").encode())
    checkpoint = verify_checkpoint(submission.checkpoint, build_verifier(parse_vkey(log.strip())))
    verify_growth(Checkpoint(LOG, 5, root(leaf_hashes(5))), submission, checkpoint)
    text = parse_note(submission.checkpoint).text
    assert parse_checkpoint(text) == checkpoint
    vkey = policy.splitlines()[0].split(" ")[2]
    found = select_cosignature(text, cosignature.encode(), verifier_of(vkey))
    assert int.from_bytes(found.signature[:8], "big") == 1_750_000_000
