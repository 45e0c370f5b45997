"""Signed notes, parsed as strictly as C2SP signed-note has them."""

import pytest

from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.note.key_id import parse_vkey
from cosignpy.core.note.signed_note import (
    MAX_NOTE_SIZE,
    MAX_SIGNATURES,
    Note,
    NoteSignature,
    encode_note,
    parse_note,
    sign_note,
    signatures_by,
    verify_note,
)
from cosignpy.core.note.verifier import build_verifier, log_verifier
from cosignpy.errors import LimitExceeded, MalformedError, SignatureMismatch
from cosignpy.values import replace
from tests.support import notes

KEY = notes.private_key("Ed25519")
OTHER = notes.private_key("P-256")
VERIFIER = log_verifier("alice", KEY.public_key)

SIGNATURE = NoteSignature("alice", b"\x01\x02\x03\x04", b"signature")
LINE = "— alice AQIDBHNpZ25hdHVyZQ==\n".encode()
TEXT = b"first line\nsecond line\n"


def test_a_note_is_its_text_an_empty_line_and_its_signatures() -> None:
    assert parse_note(TEXT + b"\n" + LINE) == Note(TEXT.decode(), (SIGNATURE,))
    assert encode_note(Note(TEXT.decode(), (SIGNATURE, SIGNATURE))) == TEXT + b"\n" + LINE + LINE


def test_the_last_empty_line_ends_the_text() -> None:
    raw = b"verse\n\nverse, in \xc3\xa9\n\n" + LINE
    note = parse_note(raw)
    assert note.text == "verse\n\nverse, in é\n"
    assert encode_note(note) == raw


def test_a_text_may_end_in_empty_lines() -> None:
    raw = b"verse\n\n\n" + LINE
    assert parse_note(raw).text == "verse\n\n"
    assert encode_note(parse_note(raw)) == raw


@pytest.mark.parametrize(
    ("raw", "what"),
    [
        (b"", "note"),
        (LINE, "note"),
        (TEXT + LINE, "note"),
        (TEXT + b"\n", "note"),
        (TEXT + b"\n\n" + LINE.strip(), "note"),
        (TEXT + b"\n" + LINE[:-1], "note"),
        (TEXT + b"\n" + LINE + b"more\n", "note"),
        (TEXT + b"\n" + b"-" + LINE[3:], "note"),
        (TEXT + b"\n" + b"x" + LINE, "note"),
        (TEXT + b"\n" + "—alice AQIDBHNpZ25hdHVyZQ==\n".encode(), "note"),
        (TEXT + b"\n" + "— alice\n".encode(), "note"),
        (TEXT + b"\n" + "—  AQIDBHNpZ25hdHVyZQ==\n".encode(), "key name"),
        (TEXT + b"\n" + LINE.replace(b"alice", b"ali+ce"), "key name"),
        (TEXT + b"\n" + LINE.replace(b"alice", "ali\u00a0ce".encode()), "key name"),
        (TEXT + b"\n" + LINE.replace(b" AQ", b"  AQ"), "note signature"),
        (TEXT + b"\n" + LINE.replace(b"==", b"="), "note signature"),
        (TEXT + b"\n" + LINE.replace(b"ZQ==", b"ZR=="), "note signature"),
        (TEXT + b"\n" + "— alice AQIDBA==\n".encode(), "note signature"),
        (TEXT + b"\n" + "— alice AQID\n".encode(), "note signature"),
        (b"tab\there\n\n" + LINE, "note"),
        (b"return\r\n\n" + LINE, "note"),
        (b"zero\x00\n\n" + LINE, "note"),
        (b"unit\x1f\n\n" + LINE, "note"),
        (b"latin \xe9\n\n" + LINE, "note"),
    ],
)
def test_a_note_with_one_thing_wrong_is_refused(raw: bytes, what: str) -> None:
    with pytest.raises(MalformedError) as caught:
        parse_note(raw)
    assert caught.value.what == what


def test_a_text_of_one_empty_line_is_a_text() -> None:
    assert parse_note(b"\n\n" + LINE).text == "\n"


def test_a_note_may_be_as_large_as_the_limit_and_no_larger() -> None:
    rest = b"\n\n" + LINE
    largest = b"x" * (MAX_NOTE_SIZE - len(rest)) + rest
    assert len(parse_note(largest).text) == MAX_NOTE_SIZE - len(rest) + 1
    with pytest.raises(LimitExceeded) as caught:
        parse_note(b"x" + largest)
    assert caught.value.what == "note"


def test_a_note_may_have_as_many_signatures_as_the_limit_and_no_more() -> None:
    assert len(parse_note(TEXT + b"\n" + LINE * MAX_SIGNATURES).signatures) == MAX_SIGNATURES
    with pytest.raises(LimitExceeded) as caught:
        parse_note(TEXT + b"\n" + LINE * (MAX_SIGNATURES + 1))
    assert caught.value.what == "note"


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u2003b", "a\x0bb", "a\x7f\x01"])
def test_what_cannot_be_the_name_of_a_key_signs_nothing(name: str) -> None:
    with pytest.raises(MalformedError) as caught:
        sign_note("text\n", name, b"hint", KEY)
    assert caught.value.what == "key name"


@pytest.mark.parametrize(("hint", "signature"), [(b"abc", b"s"), (b"abcde", b"s"), (b"abcd", b"")])
def test_a_signature_has_a_hint_and_something_behind_it(hint: bytes, signature: bytes) -> None:
    with pytest.raises(MalformedError) as caught:
        NoteSignature("alice", hint, signature)
    assert caught.value.what == "note signature"


@pytest.mark.parametrize("text", ["", "no newline", "control\x02\n"])
def test_what_cannot_be_the_text_of_a_note_is_refused(text: str) -> None:
    with pytest.raises(MalformedError) as caught:
        Note(text, (SIGNATURE,))
    assert caught.value.what == "note"


def test_a_text_that_nobody_signed_is_no_note() -> None:
    with pytest.raises(MalformedError) as caught:
        Note("text\n", ())
    assert caught.value.what == "note"


# --- who signed it


def signed(text: str = "text\n", name: str = "alice", key: PrivateKey = KEY) -> Note:
    return notes.signed_text(text, key, name)


def test_a_note_is_verified_by_the_key_that_signed_it() -> None:
    verify_note(signed(), VERIFIER)


def test_signatures_of_other_keys_are_not_looked_at() -> None:
    strangers = (replace(SIGNATURE, hint=VERIFIER.hint, name="bob"), SIGNATURE)
    verify_note(replace(signed(), signatures=(*strangers, *signed().signatures)), VERIFIER)


def test_a_note_that_the_key_did_not_sign_is_refused() -> None:
    with pytest.raises(SignatureMismatch):
        verify_note(signed(key=OTHER), VERIFIER)


def test_a_name_alone_is_not_a_key() -> None:
    entry = replace(signed().signatures[0], hint=b"\x00\x00\x00\x00")
    with pytest.raises(SignatureMismatch):
        verify_note(replace(signed(), signatures=(entry,)), VERIFIER)


def test_a_hint_alone_is_not_a_key() -> None:
    entry = replace(signed().signatures[0], name="bob")
    with pytest.raises(SignatureMismatch):
        verify_note(replace(signed(), signatures=(entry,)), VERIFIER)


def test_another_text_is_not_signed() -> None:
    with pytest.raises(SignatureMismatch):
        verify_note(replace(signed(), text="Text\n"), VERIFIER)


def test_one_false_signature_by_a_known_key_spoils_the_note() -> None:
    """C2SP signed-note: a verifier should not accept a note that a known key seems to have signed wrongly."""
    good = signed()
    bad = replace(good.signatures[0], signature=bytes(64))
    for signatures in ((*good.signatures, bad), (bad, *good.signatures)):
        with pytest.raises(SignatureMismatch):
            verify_note(replace(good, signatures=signatures), VERIFIER)


def test_all_signatures_by_a_key_are_found() -> None:
    good = signed()
    note = replace(good, signatures=(SIGNATURE, *good.signatures, *good.signatures))
    assert signatures_by(note, VERIFIER) == good.signatures * 2


def test_the_note_in_the_documentation_of_go() -> None:
    """Signed by the program that the format comes from (golang.org/x/mod/sumdb/note)."""
    verifier = build_verifier(parse_vkey("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"))
    text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    line = (
        "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    )
    note = parse_note(f"{text}\n{line}".encode())
    assert note.text == text
    verify_note(note, verifier)


def test_the_same_line_again_is_not_verified_again() -> None:
    class Counting:
        name, hint, seen = VERIFIER.name, VERIFIER.hint, 0

        def verify(self, text: bytes, signature: bytes) -> None:
            self.seen += 1
            VERIFIER.verify(text, signature)

    good, counting = signed(), Counting()
    verify_note(replace(good, signatures=good.signatures * 100), counting)
    assert counting.seen == 1
