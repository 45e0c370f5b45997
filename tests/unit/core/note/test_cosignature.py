"""Cosignatures of witnesses."""

from collections.abc import Callable

import pytest

from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.note.cosignature import cosignature_verifier, sign_cosignature, verify_cosignature
from cosignpy.core.note.signed_note import Note, NoteSignature, encode_note, parse_note, verify_note
from cosignpy.errors import KeyUnusable, MalformedError, SignatureMismatch
from cosignpy.values import replace
from tests.support import notes

KEY = notes.private_key("Ed25519")
LOG = notes.private_key("P-256")
NAME = "witness.example/w1"
TEXT = notes.checkpoint().encode()
TIME = 1679315147
VERIFIER = cosignature_verifier(NAME, KEY.public_key)


def cosigned(moment: int = TIME, key: PrivateKey = KEY) -> Note:
    return Note(TEXT, (*notes.signed_text(TEXT, LOG).signatures, sign_cosignature(TEXT, NAME, moment, key)))


def changed(note: Note, signature: bytes) -> Note:
    return replace(note, signatures=(replace(note.signatures[-1], signature=signature),))


def test_a_cosignature_tells_when_it_was_made() -> None:
    assert verify_cosignature(parse_note(encode_note(cosigned())), VERIFIER) == TIME


def test_what_a_cosignature_is_made_of() -> None:
    """Put together here by hand, as C2SP tlog-cosignature says."""
    entry = sign_cosignature(TEXT, NAME, TIME, KEY)
    message = b"cosignature/v1\ntime 1679315147\n" + TEXT.encode()
    assert entry == NoteSignature(NAME, VERIFIER.hint, TIME.to_bytes(8, "big") + KEY.sign(message))


def test_a_cosignature_verifies_as_any_signature_of_a_note_does() -> None:
    verify_note(cosigned(), VERIFIER)


def test_of_several_cosignatures_the_latest_counts() -> None:
    both = replace(cosigned(), signatures=(cosigned(TIME + 60).signatures[-1], cosigned().signatures[-1]))
    assert verify_cosignature(both, VERIFIER) == TIME + 60


def test_of_several_cosignatures_each_has_to_be_genuine() -> None:
    false = changed(cosigned(), bytes(72)).signatures
    for signatures in ((*false, *cosigned().signatures), (*cosigned().signatures, *false)):
        with pytest.raises(SignatureMismatch):
            verify_cosignature(replace(cosigned(), signatures=signatures), VERIFIER)


def test_a_checkpoint_without_the_witness_is_refused() -> None:
    with pytest.raises(SignatureMismatch):
        verify_cosignature(notes.signed_text(TEXT, LOG), VERIFIER)


@pytest.mark.parametrize(
    "mutate",
    [
        lambda raw: (TIME + 1).to_bytes(8, "big") + raw[8:],
        lambda raw: raw[:-1] + bytes([raw[-1] ^ 1]),
        lambda raw: raw[:8] + KEY.sign(TEXT.encode()),
    ],
    ids=["another time", "a flipped bit", "a signature over the text alone"],
)
def test_a_cosignature_with_one_mutation_is_refused(mutate: Callable[[bytes], bytes]) -> None:
    note = cosigned()
    with pytest.raises(SignatureMismatch):
        verify_cosignature(changed(note, mutate(note.signatures[-1].signature)), VERIFIER)


def test_a_cosignature_over_another_checkpoint_is_refused() -> None:
    with pytest.raises(SignatureMismatch):
        verify_cosignature(replace(cosigned(), text=notes.checkpoint(6).encode()), VERIFIER)


@pytest.mark.parametrize("length", [1, 71, 73])
def test_what_is_not_as_long_as_a_cosignature_is_refused(length: int) -> None:
    with pytest.raises(MalformedError) as caught:
        verify_cosignature(changed(cosigned(), bytes(length)), VERIFIER)
    assert caught.value.what == "cosignature"


@pytest.mark.parametrize("moment", [-1, 2**63])
def test_what_is_not_a_time_is_not_signed(moment: int) -> None:
    with pytest.raises(MalformedError) as caught:
        sign_cosignature(TEXT, NAME, moment, KEY)
    assert caught.value.what == "cosignature"


@pytest.mark.parametrize("moment", [0, 2**63 - 1])
def test_every_time_of_63_bits_can_be_signed(moment: int) -> None:
    assert verify_cosignature(cosigned(moment), VERIFIER) == moment


def test_a_time_beyond_63_bits_is_refused_even_signed() -> None:
    message = b"cosignature/v1\ntime 9223372036854775808\n" + TEXT.encode()
    with pytest.raises(MalformedError) as caught:
        verify_cosignature(changed(cosigned(), (2**63).to_bytes(8, "big") + KEY.sign(message)), VERIFIER)
    assert caught.value.what == "cosignature"


def test_only_checkpoints_are_cosigned() -> None:
    with pytest.raises(MalformedError) as caught:
        sign_cosignature("a poem\n", NAME, TIME, KEY)
    assert caught.value.what == "checkpoint"


def test_a_cosigned_text_that_is_no_checkpoint_is_refused() -> None:
    message = b"cosignature/v1\ntime 1679315147\na poem\n"
    note = replace(changed(cosigned(), TIME.to_bytes(8, "big") + KEY.sign(message)), text="a poem\n")
    with pytest.raises(MalformedError) as caught:
        verify_cosignature(note, VERIFIER)
    assert caught.value.what == "checkpoint"


def test_only_ed25519_keys_cosign() -> None:
    with pytest.raises(KeyUnusable):
        sign_cosignature(TEXT, NAME, TIME, LOG)
    with pytest.raises(KeyUnusable):
        cosignature_verifier(NAME, LOG.public_key)
