"""A process that shows a witness's data directory one of two pasts of a log, as fast as it can.

`python -m tests.support.witness_racer <data> <log key> <fork|truth>` waits for a line on its input, then offers the
tree of each size from 1 on, building on whatever size the witness names, and prints what was cosigned: size and root.
"""

import sys
from pathlib import Path

from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.note.checkpoint import parse_checkpoint
from cosignpy.core.note.signed_note import parse_note
from log_server.witness.judge import SizeConflict, SubmissionRefused
from log_server.witness.known_logs import KnownLogsFile
from log_server.witness.witness import Witness, open_witness
from tests.support.witnesses import NOW, GrowingLog


def offer(witness: Witness, log: GrowingLog, old: int, new: int) -> int:
    """Offer one tree; return the size that the witness knows afterwards, as far as we can tell."""
    submission = log.submission(old, new)
    try:
        witness.add_checkpoint(submission.encode())
    except SizeConflict as conflict:
        return conflict.size
    except SubmissionRefused:
        return old
    checkpoint = parse_checkpoint(parse_note(submission.checkpoint).text)
    _say(f"{checkpoint.size} {checkpoint.root.hex()}")
    return new


def main() -> None:
    """Race."""
    data, key, past = sys.argv[1:]
    log = GrowingLog(PrivateKey.parse_pkcs8(bytes.fromhex(key)))
    shown = log.forked(0) if past == "fork" else log
    witness = open_witness(Path(data), "w.example", KnownLogsFile(Path(data) / "logs.txt"), lambda: float(NOW))
    _say("ready")
    sys.stdin.readline()
    known = 0
    for new in range(1, len(log.leaves) + 1):
        for _ in range(3):
            if known <= new:
                known = offer(witness, shown, known, new)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
