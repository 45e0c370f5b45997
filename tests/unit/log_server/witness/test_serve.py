"""The answers of a witness on the web, each status of C2SP tlog-witness once."""

from collections.abc import Callable
from pathlib import Path

import pytest

from cosignpy.core.note.cosignature import verify_cosignature
from cosignpy.core.note.signed_note import parse_note
from cosignpy.serving.routing import Router
from cosignpy.values import replace
from log_server.witness.serve import build_router
from log_server.witness.state import log_hash
from log_server.witness.submission import MAX_SUBMISSION, Submission
from log_server.witness.witness import FOLDER, Witness
from tests.support.asgi_calls import Answer, ask, scope_of
from tests.support.witnesses import LOG, NOW, GrowingLog, log_vkey, make_witness, new_key, verifier_of

KEY = new_key()
SHOWN = GrowingLog(KEY)


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    return make_witness(tmp_path, "w.example", [log_vkey(KEY)])


@pytest.fixture
def face(witness: Witness) -> Router:
    return build_router(witness)


def post(face: Router, raw: bytes) -> Answer:
    return ask(face, scope_of("/witness/add-checkpoint", method="POST"), raw)


def get(face: Router, name: str) -> Answer:
    return ask(face, scope_of(f"/witness/{name}/checkpoint"))


def test_a_cosignature_is_answered_and_the_checkpoint_can_be_read_with_it(face: Router, witness: Witness) -> None:
    assert get(face, log_hash(LOG)).status == 404
    answer = post(face, SHOWN.submission(0, 5).encode())
    assert (answer.status, answer.headers[b"content-type"]) == (200, b"text/plain; charset=utf-8")
    text = SHOWN.note(5).text
    assert verify_cosignature(parse_note(f"{text}\n".encode() + answer.body), verifier_of(witness.vkey)) == NOW
    read = get(face, log_hash(LOG))
    assert (read.status, parse_note(read.body).text) == (200, text)
    assert read.body.endswith(answer.body)
    assert read.headers[b"cache-control"] == b"no-cache"


def test_another_size_is_answered_with_the_size_that_is_known(face: Router) -> None:
    post(face, SHOWN.submission(0, 5).encode())
    answer = post(face, SHOWN.submission(4, 9).encode())
    assert (answer.status, answer.headers[b"content-type"], answer.body) == (409, b"text/x.tlog.size", b"5\n")


@pytest.mark.parametrize(
    ("status", "submission"),
    [
        pytest.param(400, lambda: replace(SHOWN.submission(0, 4), old=5), id="it shrinks"),
        pytest.param(400, lambda: Submission(5, (), b"not a note\n"), id="no note"),
        pytest.param(403, lambda: GrowingLog(new_key()).submission(5, 9), id="key of another"),
        pytest.param(404, lambda: GrowingLog(KEY, "log.example/other").submission(5, 9), id="unknown log"),
        pytest.param(409, lambda: SHOWN.forked(2).submission(5, 5), id="fork"),
        pytest.param(422, lambda: SHOWN.forked(2).submission(5, 9), id="fork that grew"),
    ],
)
def test_a_refusal_has_the_status_of_its_reason(
    face: Router, status: int, submission: Callable[[], Submission]
) -> None:
    post(face, SHOWN.submission(0, 5).encode())
    answer = post(face, submission().encode())
    assert (answer.status, answer.headers[b"content-type"]) == (status, b"application/problem+json")
    assert post(face, SHOWN.submission(5, 9).encode()).status == 200


def test_a_body_over_the_limit_is_refused(face: Router) -> None:
    assert post(face, b"x" * (MAX_SUBMISSION + 1)).status == 413


def test_a_witness_that_cannot_remember_asks_to_come_again(face: Router, tmp_path: Path) -> None:
    (tmp_path / FOLDER / "logs").rmdir()
    answer = post(face, SHOWN.submission(0, 5).encode())
    assert (answer.status, answer.headers[b"retry-after"]) == (503, b"10")
    assert str(tmp_path).encode() not in answer.body


@pytest.mark.parametrize("name", [log_hash("another"), log_hash(LOG).upper(), "..", "lock"])
def test_what_is_not_the_hash_of_a_log_is_not_found(face: Router, name: str) -> None:
    post(face, SHOWN.submission(0, 5).encode())
    assert get(face, name).status == 404
