"""The body of add-checkpoint (C2SP tlog-witness)."""

import pytest

from cosignpy.errors import LimitExceeded, MalformedError
from log_server.witness.submission import MAX_PROOF_HASHES, Submission, parse_size, parse_submission
from tests.support.witnesses import GrowingLog, new_key

HASH = "A" * 43 + "="


def body(*lines: str, checkpoint: str = "log.example\n") -> bytes:
    return "".join(f"{line}\n" for line in (*lines, "")).encode() + checkpoint.encode()


def test_a_submission_is_read_as_it_was_written() -> None:
    submission = GrowingLog(new_key()).submission(5, 13)
    assert len(submission.hashes) > 2
    assert parse_submission(submission.encode()) == submission


def test_a_submission_without_proof_has_no_proof_lines() -> None:
    assert parse_submission(body("old 0")) == Submission(0, (), b"log.example\n")
    assert Submission(0, (), b"log.example\n").encode() == body("old 0")


def test_as_many_hashes_as_a_proof_can_have_are_accepted_and_no_more() -> None:
    assert len(parse_submission(body("old 7", *[HASH] * MAX_PROOF_HASHES)).hashes) == 63
    with pytest.raises(LimitExceeded):
        parse_submission(body("old 7", *[HASH] * (MAX_PROOF_HASHES + 1)))


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"old 0\nlog.example\n", id="no empty line"),
        pytest.param(body("new 0"), id="another word"),
        pytest.param(body("old"), id="no size"),
        pytest.param(body("old  0"), id="two blanks"),
        pytest.param(body("old 00"), id="zeros in front"),
        pytest.param(body("old -1"), id="negative"),
        pytest.param(body("old +1"), id="sign"),
        pytest.param(body("old \N{ARABIC-INDIC DIGIT FIVE}"), id="digits of another script"),
        pytest.param(body("old 9223372036854775808"), id="larger than any tree"),
        pytest.param(body("old 7", HASH[:-1]), id="no padding"),
        pytest.param(body("old 7", "AAAA"), id="short hash"),
        pytest.param(body("old 7", f" {HASH}"), id="blank before a hash"),
        pytest.param(body("old 7\r", HASH), id="carriage return"),
    ],
)
def test_what_is_spelled_otherwise_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedError):
        parse_submission(raw)


def test_the_largest_tree_has_a_size() -> None:
    assert parse_size("9223372036854775807") == 2**63 - 1
