"""Notes, checkpoints and verifier keys: one spelling of each, and nothing signed survives a change."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cosignpy.core.note.checkpoint import Checkpoint, parse_checkpoint, verify_checkpoint
from cosignpy.core.note.cosignature import cosignature_verifier, sign_cosignature, verify_cosignature
from cosignpy.core.note.key_id import encode_vkey, parse_vkey
from cosignpy.core.note.signed_note import Note, NoteSignature, encode_note, parse_note
from cosignpy.core.note.verifier import log_verifier
from cosignpy.errors import ClaimMismatch, MalformedError, SignatureMismatch
from tests.support import notes

KEY = notes.private_key("Ed25519")
LINES = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=20)
NAMES = st.text(st.characters(exclude_categories=["Cc", "Cs", "Z"], exclude_characters="+"), min_size=1, max_size=20)
SIGNATURES = st.builds(NoteSignature, NAMES, st.binary(min_size=4, max_size=4), st.binary(min_size=1, max_size=80))
TEXTS = st.lists(LINES | st.just(""), min_size=1, max_size=5).map(lambda lines: "\n".join([*lines, ""]))
NOTES = st.builds(Note, TEXTS, st.lists(SIGNATURES, min_size=1, max_size=4).map(tuple))
CHECKPOINTS = st.builds(
    Checkpoint,
    LINES,
    st.integers(0, 2**63 - 1),
    st.binary(min_size=32, max_size=32),
    st.lists(LINES, max_size=3).map(tuple),
)
SIGNED = notes.signed_checkpoint(KEY)
VERIFIER = log_verifier(notes.ORIGIN, KEY.public_key)


@given(NOTES)
def test_notes(note: Note) -> None:
    assert parse_note(encode_note(note)) == note


@given(st.text(alphabet="a\n— =QAB", max_size=60).map(str.encode) | st.binary(max_size=60))
def test_whatever_is_a_note_is_encoded_so(raw: bytes) -> None:
    try:
        note = parse_note(raw)
    except MalformedError:
        return
    assert encode_note(note) == raw


@given(CHECKPOINTS)
def test_checkpoints(checkpoint: Checkpoint) -> None:
    assert parse_checkpoint(checkpoint.encode()) == checkpoint


@given(st.tuples(st.text(max_size=5), st.text("0123456789_+- \N{ARABIC-INDIC DIGIT FIVE}", max_size=4)))
def test_whatever_is_a_checkpoint_is_encoded_so(lines: tuple[str, str]) -> None:
    text = f"{lines[0]}\n{lines[1]}\n{'A' * 43}=\n"
    try:
        checkpoint = parse_checkpoint(text)
    except MalformedError:
        return
    assert checkpoint.encode() == text


@given(st.integers(0, len(SIGNED) - 1), st.integers(0, 7))
def test_every_bit_of_a_signed_checkpoint_counts(byte: int, bit: int) -> None:
    raw = bytearray(SIGNED)
    raw[byte] ^= 1 << bit
    with pytest.raises((MalformedError, SignatureMismatch, ClaimMismatch)):
        verify_checkpoint(bytes(raw), VERIFIER)


@given(CHECKPOINTS, st.integers(0, 2**63 - 1))
def test_cosignatures(checkpoint: Checkpoint, moment: int) -> None:
    text = checkpoint.encode()
    verifier = cosignature_verifier("witness.example", KEY.public_key)
    note = Note(text, (sign_cosignature(text, verifier.name, moment, KEY),))
    assert verify_cosignature(parse_note(encode_note(note)), verifier) == moment


@given(st.text(max_size=20) | st.from_regex(r"[a-z ]{0,3}\+[0-9a-f]{8}\+[A-Za-z0-9+/]{4}", fullmatch=True))
def test_nothing_but_a_refusal_leaves_the_parser_of_verifier_keys(text: str) -> None:
    try:
        vkey = parse_vkey(text)
    except MalformedError:
        return
    assume(encode_vkey(vkey) != text)
    pytest.fail("two spellings of one verifier key")
