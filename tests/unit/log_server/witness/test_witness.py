"""What a witness cosigns, what it refuses and how, and that it forgets nothing (C2SP tlog-witness)."""

import errno
import logging
import os
from collections.abc import Callable
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path

import pytest

from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.merkle.hashing import HASH_SIZE
from cosignpy.core.note.cosignature import verify_cosignature
from cosignpy.core.note.key_id import encode_vkey, parse_vkey
from cosignpy.core.note.signed_note import Note, NoteSignature, encode_note, parse_note
from cosignpy.errors import FileError, KeyUnusable, MalformedError
from cosignpy.values import replace
from log_server.witness.judge import Forked, SizeConflict, SubmissionRefused
from log_server.witness.known_logs import KnownLogsFile
from log_server.witness.state import WitnessState, log_hash
from log_server.witness.submission import Submission
from log_server.witness.witness import FOLDER, Witness, begin_witness, open_witness
from tests.support.notes import private_key, signed_text
from tests.support.witnesses import LOG, NOW, GrowingLog, log_vkey, make_witness, new_key, verifier_of

NAME = "witness.example"
SIZES = (0, 1, 7, 8, 20)


@pytest.fixture
def log() -> GrowingLog:
    return GrowingLog(new_key())


@pytest.fixture
def witness(tmp_path: Path, log: GrowingLog) -> Witness:
    return make_witness(tmp_path, NAME, [log_vkey(log.key)])


def send(witness: Witness, submission: Submission) -> bytes:
    return witness.add_checkpoint(submission.encode())


def remembered(witness: Witness) -> bytes | None:
    return witness.state.read(log_hash(LOG))


def refused(witness: Witness, submission: Submission) -> HTTPStatus:
    before = remembered(witness)
    with pytest.raises(SubmissionRefused) as caught:
        send(witness, submission)
    assert remembered(witness) == before
    return caught.value.status


@pytest.mark.parametrize("new", SIZES)
@pytest.mark.parametrize("old", SIZES)
def test_growth_is_cosigned_and_everything_else_is_not(witness: Witness, log: GrowingLog, old: int, new: int) -> None:
    send(witness, log.submission(0, old))
    if new < old:
        assert refused(witness, replace(log.submission(0, new), old=old)) is HTTPStatus.BAD_REQUEST
        return
    lines = send(witness, log.submission(old, new))
    note = log.note(new)
    cosigned = parse_note(f"{note.text}\n".encode() + lines)
    assert verify_cosignature(cosigned, verifier_of(witness.vkey)) == NOW
    assert remembered(witness) == encode_note(Note(note.text, (*note.signatures, *cosigned.signatures)))


def test_a_submission_that_builds_on_another_size_is_told_the_size(witness: Witness, log: GrowingLog) -> None:
    for known, others in ((0, (3,)), (5, (0, 4, 6))):
        send(witness, log.submission(0, known))
        for old in others:
            with pytest.raises(SizeConflict) as caught:
                send(witness, log.submission(old, 9))
            assert caught.value.size == known


def test_a_rollback_is_refused_whatever_the_submission_says(witness: Witness, log: GrowingLog) -> None:
    send(witness, log.submission(0, 9))
    before = remembered(witness)
    for old in (0, 5):
        with pytest.raises(SizeConflict):
            send(witness, log.submission(old, 5))
    assert refused(witness, replace(log.submission(0, 5), old=9)) is HTTPStatus.BAD_REQUEST
    assert remembered(witness) == before


def test_a_fork_of_the_same_size_is_refused_and_reported(
    witness: Witness, log: GrowingLog, caplog: pytest.LogCaptureFixture
) -> None:
    send(witness, log.submission(0, 9))
    other = log.forked(4).submission(9, 9)
    with caplog.at_level(logging.ERROR), pytest.raises(Forked) as caught:
        send(witness, other)
    assert caught.value.status is HTTPStatus.CONFLICT
    assert other.checkpoint.decode() in caplog.text


def test_a_fork_that_grew_is_refused(witness: Witness, log: GrowingLog) -> None:
    send(witness, log.submission(0, 9))
    assert refused(witness, log.forked(4).submission(9, 13)) is HTTPStatus.UNPROCESSABLE_ENTITY
    send(witness, log.forked(9).submission(9, 13))  # from there on the past is as new to the witness as to the log


def test_an_empty_tree_has_one_root_only(witness: Witness, log: GrowingLog) -> None:
    text = log.note(0).text.replace("\n0\n47DEQ", "\n0\nAAAAA")
    submission = Submission(0, (), encode_note(signed_text(text, log.key, LOG)))
    assert refused(witness, submission) is HTTPStatus.CONFLICT


@pytest.mark.parametrize(
    "mutate",
    [
        pytest.param(lambda hashes: hashes[1:], id="drop first"),
        pytest.param(lambda hashes: hashes[:-1], id="drop last"),
        pytest.param(lambda hashes: (*hashes, bytes(HASH_SIZE)), id="append"),
        pytest.param(lambda hashes: (hashes[1], hashes[0], *hashes[2:]), id="swap"),
        pytest.param(lambda hashes: (bytes(HASH_SIZE), *hashes[1:]), id="other hash"),
        pytest.param(lambda _: (), id="none"),
    ],
)
def test_a_proof_with_one_mutation_is_refused(
    witness: Witness, log: GrowingLog, mutate: Callable[[tuple[bytes, ...]], tuple[bytes, ...]]
) -> None:
    send(witness, log.submission(0, 5))
    good = log.submission(5, 13)
    assert refused(witness, replace(good, hashes=mutate(good.hashes))) is HTTPStatus.UNPROCESSABLE_ENTITY
    send(witness, good)


@pytest.mark.parametrize("known", [0, 5])
def test_a_proof_where_none_is_needed_is_refused(witness: Witness, log: GrowingLog, known: int) -> None:
    send(witness, log.submission(0, known))
    superfluous = replace(log.submission(known, known), hashes=(bytes(HASH_SIZE),))
    assert refused(witness, superfluous) is HTTPStatus.UNPROCESSABLE_ENTITY


def test_an_unknown_log_is_not_found(witness: Witness, log: GrowingLog) -> None:
    stranger = GrowingLog(log.key, "log.example/other")
    assert refused(witness, stranger.submission(0, 5)) is HTTPStatus.NOT_FOUND


def test_a_checkpoint_by_another_key_is_forbidden(witness: Witness) -> None:
    assert refused(witness, GrowingLog(new_key()).submission(0, 5)) is HTTPStatus.FORBIDDEN


def test_a_false_signature_under_the_right_name_is_forbidden(witness: Witness, log: GrowingLog) -> None:
    note = log.note(5)
    for wrong in (bytes(64), b"short"):
        false = replace(note, signatures=(replace(note.signatures[0], signature=wrong),))
        assert refused(witness, Submission(0, (), encode_note(false))) is HTTPStatus.FORBIDDEN


@pytest.mark.parametrize("change", [{"name": "log.example/other"}, {"hint": b"1234"}])
def test_a_signature_that_claims_another_key_is_not_tried(
    witness: Witness, log: GrowingLog, change: dict[str, object]
) -> None:
    note = log.note(5)
    other = replace(note, signatures=(replace(note.signatures[0], **change),))
    assert refused(witness, Submission(0, (), encode_note(other))) is HTTPStatus.FORBIDDEN


def test_signatures_of_unknown_keys_and_false_ones_are_ignored_beside_a_good_one(
    witness: Witness, log: GrowingLog
) -> None:
    note = log.note(5)
    (good,) = note.signatures
    others = (NoteSignature("stranger", b"1234", b"x"), replace(good, signature=bytes(64)))
    send(witness, Submission(0, (), encode_note(Note(note.text, (*others, good)))))
    kept = parse_note(remembered(witness) or b"").signatures
    assert kept[:-1] == (good,)


def test_any_key_of_a_log_will_do(tmp_path: Path, log: GrowingLog) -> None:
    old = GrowingLog(new_key())
    witness = make_witness(tmp_path, NAME, ["# two keys", "", log_vkey(old.key), log_vkey(log.key)])
    send(witness, old.submission(0, 5))
    send(witness, log.submission(5, 9))


def test_a_log_whose_origin_is_not_the_name_of_its_key_is_known_by_its_origin(tmp_path: Path) -> None:
    key, origin = private_key("P-256"), "rekor.example - 1234"
    witness = make_witness(tmp_path, NAME, [f"{log_vkey(key, 'rekor.example')} {origin}"])
    text = f"{origin}\n5\n{'A' * 43}=\n"
    send(witness, Submission(0, (), encode_note(signed_text(text, key, "rekor.example"))))
    assert witness.state.read(sha256(origin.encode()).hexdigest()) is not None


@pytest.mark.parametrize("text", ["{log}\n05\n{root}\n", "{log}\n5\n"])
def test_what_the_log_signed_but_is_no_checkpoint_is_malformed(witness: Witness, log: GrowingLog, text: str) -> None:
    signed = signed_text(text.format(log=LOG, root="A" * 43 + "="), log.key, LOG)
    with pytest.raises(MalformedError):
        send(witness, Submission(0, (), encode_note(signed)))


def test_a_checkpoint_that_is_no_note_is_malformed(witness: Witness) -> None:
    with pytest.raises(MalformedError):
        send(witness, Submission(0, (), b"log.example\n"))


def test_what_was_cosigned_survives_a_restart(tmp_path: Path, witness: Witness, log: GrowingLog) -> None:
    send(witness, log.submission(0, 9))
    again = open_witness(tmp_path, NAME, KnownLogsFile(tmp_path / "logs.txt"), lambda: float(NOW + 1))
    assert again.vkey == witness.vkey
    with pytest.raises(SizeConflict) as caught:
        send(again, log.submission(0, 5))
    assert caught.value.size == 9
    send(again, log.submission(9, 13))


def test_nothing_is_cosigned_that_cannot_be_remembered(tmp_path: Path, witness: Witness, log: GrowingLog) -> None:
    send(witness, log.submission(0, 5))
    state = tmp_path / FOLDER / "logs" / log_hash(LOG) / "checkpoint"
    state.unlink()
    state.mkdir()
    with pytest.raises(FileError):
        send(witness, log.submission(5, 9))


@pytest.mark.parametrize(
    ("known", "failing"),
    [
        pytest.param(5, 0, id="the file"),
        pytest.param(5, 1, id="its folder"),
        pytest.param(0, 0, id="the first file"),
        pytest.param(0, 1, id="the folder of the first file"),
        pytest.param(0, 2, id="the folder that the first folder is in"),
    ],
)
def test_nothing_is_cosigned_before_it_is_on_the_disk(
    witness: Witness, log: GrowingLog, monkeypatch: pytest.MonkeyPatch, known: int, failing: int
) -> None:
    if known:
        send(witness, log.submission(0, known))
    synced: list[int] = []

    def fail_once(handle: int) -> None:
        synced.append(handle)
        if len(synced) == failing + 1:
            raise OSError(errno.EIO, "the device does not answer")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail_once)
        with pytest.raises(FileError):
            send(witness, log.submission(known, 9))
    if failing == 0:
        send(witness, log.submission(known, 9))  # the old content is still there
        return
    with pytest.raises(SizeConflict) as caught:  # it may be there or not, and only the same log can go on from it
        send(witness, log.submission(known, 9))
    assert caught.value.size == 9


@pytest.mark.parametrize("damage", [b"", b"log.example/other\n5\n" + b"A" * 43 + b"=\n\n\xe2\x80\x94 a YWFhYWFh\n"])
def test_a_witness_that_does_not_know_what_it_signed_signs_nothing(
    tmp_path: Path, witness: Witness, log: GrowingLog, damage: bytes
) -> None:
    send(witness, log.submission(0, 5))
    path = tmp_path / FOLDER / "logs" / log_hash(LOG) / "checkpoint"
    path.write_bytes(damage)
    for old in (0, 5):
        with pytest.raises(FileError) as caught:
            send(witness, log.submission(old, 9))
        assert caught.value.path == str(path)


def test_a_state_folder_that_is_gone_is_an_error_and_not_a_new_beginning(tmp_path: Path, log: GrowingLog) -> None:
    with pytest.raises(FileError), WitnessState(tmp_path / "absent").locked(log.origin):
        pass


def test_the_key_is_made_once_and_a_lost_one_is_not_replaced(tmp_path: Path, log: GrowingLog) -> None:
    witness = make_witness(tmp_path, NAME, [log_vkey(log.key)])
    assert begin_witness(tmp_path).public_key == parse_vkey(witness.vkey).key
    key = tmp_path / FOLDER / "key.pem"
    key.unlink()
    assert begin_witness(tmp_path).public_key != parse_vkey(witness.vkey).key  # it had not cosigned yet
    send(make_witness(tmp_path, NAME, [log_vkey(log.key)]), log.submission(0, 5))
    key.unlink()
    with pytest.raises(FileError) as caught:
        begin_witness(tmp_path)
    assert caught.value.path == str(key)


def test_a_witness_that_begins_is_told_and_one_that_goes_on_is_not(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        begin_witness(tmp_path)
    (line,) = caplog.messages
    assert str(tmp_path) in line


def test_a_witness_that_forgot_what_it_cosigned_does_not_begin_again(tmp_path: Path, log: GrowingLog) -> None:
    witness = make_witness(tmp_path, NAME, [log_vkey(log.key)])
    logs = tmp_path / FOLDER / "logs"
    logs.rmdir()
    with pytest.raises(FileError) as caught:
        begin_witness(tmp_path)
    assert (caught.value.path, logs.exists()) == (str(logs), False)
    logs.mkdir()
    assert begin_witness(tmp_path).public_key == parse_vkey(witness.vkey).key


def test_the_verifier_key_of_a_witness_is_of_type_4(witness: Witness) -> None:
    found = parse_vkey(witness.vkey)
    assert (found.name, found.type, encode_vkey(found)) == (NAME, 4, witness.vkey)


def test_a_witness_needs_a_name_and_an_ed25519_key(tmp_path: Path, witness: Witness, log: GrowingLog) -> None:
    def build(name: str, key: PrivateKey) -> Witness:
        return Witness(name, key, WitnessState(tmp_path), witness.known, lambda: 0.0)

    with pytest.raises(MalformedError):
        build("two words", log.key)
    with pytest.raises(KeyUnusable):
        build(NAME, private_key("P-256"))
