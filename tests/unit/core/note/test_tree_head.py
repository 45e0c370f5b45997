"""Checkpoints of certificate transparency logs, signed as RFC 6962 tree heads."""

from base64 import b64decode
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.note.checkpoint import Checkpoint, verify_checkpoint
from cosignpy.core.note.signed_note import Note, encode_note, parse_note, verify_note
from cosignpy.core.note.tree_head import (
    encode_tree_head,
    sign_tree_head,
    split_tree_head_signature,
    tree_head_verifier,
)
from cosignpy.errors import ClaimMismatch, KeyUnusable, MalformedError, SignatureMismatch
from cosignpy.values import replace
from tests.support import notes

KEY = notes.private_key("P-256")
TIME = 1711000000123
CHECKPOINT = notes.checkpoint()
VERIFIER = tree_head_verifier(notes.ORIGIN, KEY.public_key)
UNUSABLE = ["Ed25519", "P-384"]


def signed(checkpoint: Checkpoint = CHECKPOINT, key: PrivateKey = KEY) -> Note:
    return Note(checkpoint.encode(), (sign_tree_head(checkpoint, TIME, key),))


def changed(signature: bytes) -> Note:
    note = signed()
    return replace(note, signatures=(replace(note.signatures[0], signature=signature),))


@pytest.mark.parametrize("kind", ["P-256", "RSA-2048"])
def test_a_checkpoint_is_signed_as_a_tree_head(kind: str) -> None:
    key = notes.private_key(kind)
    raw = encode_note(signed(key=key))
    assert verify_checkpoint(raw, tree_head_verifier(notes.ORIGIN, key.public_key)) == CHECKPOINT


def test_what_the_signature_is_made_of() -> None:
    """Taken apart here by hand, as RFC 6962 section 3.5 and C2SP static-ct-api say."""
    raw = signed().signatures[0].signature
    assert raw[:8] == TIME.to_bytes(8, "big")
    assert raw[8:10] == b"\x04\x03"
    assert raw[10:12] == len(raw[12:]).to_bytes(2, "big")
    message = b"\x00\x01" + raw[:8] + (5).to_bytes(8, "big") + bytes(range(32))
    assert encode_tree_head(CHECKPOINT, TIME) == message
    handle = KEY.public_key.handle
    assert isinstance(handle, ec.EllipticCurvePublicKey)
    handle.verify(raw[12:], message, ec.ECDSA(SHA256()))
    assert split_tree_head_signature(raw) == (TIME, raw[8:])


def test_a_checkpoint_of_a_public_log() -> None:
    """What the log rome.ct.filippo.io/2024h1 published in March 2024; its software is sunlight."""
    raw = (
        "rome.ct.filippo.io/2024h1\n115474666\n2q1K6aiIJR+F7TyhiWOghoWOjY0/3dVBLsBbAvB4xCw=\n\n"
        "— rome.ct.filippo.io/2024h1 ePSrrgAAAY5+gVlSBAMARzBFAiEAv8bOMzo3Ed/GbU9fzzJvaStX6i8xTsmEF+NqvpGhIO0CIEn1X+"
        "zzVEerdix64GEn97XCXObA2G5JQ8UDDqCKdG5m\n"
    ).encode()
    key = PublicKey.parse_der(
        b64decode(
            "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEAXM8Ld9qn64g1zVFDh5FtgxS3zj5sqQDwYMs3wrBV3MCBiFhK/iRLxdKF4YsAcJaEglMlu4L"
            "ewvzxs0xO2uwEw=="
        )
    )
    assert verify_checkpoint(raw, tree_head_verifier("rome.ct.filippo.io/2024h1", key)).size == 115474666
    assert split_tree_head_signature(parse_note(raw).signatures[0].signature)[0] == 1711519390034


@pytest.mark.parametrize(
    "checkpoint", [notes.checkpoint(6), replace(CHECKPOINT, root=bytes(32))], ids=["another size", "another root"]
)
def test_another_tree_head_is_not_signed(checkpoint: Checkpoint) -> None:
    with pytest.raises(SignatureMismatch):
        verify_note(replace(signed(), text=checkpoint.encode()), VERIFIER)


def test_the_origin_is_compared_as_the_signature_does_not_cover_it() -> None:
    text = notes.checkpoint(origin="other.example").encode()
    with pytest.raises(ClaimMismatch) as caught:
        verify_note(replace(signed(), text=text), VERIFIER)
    assert (caught.value.claim, caught.value.wanted, caught.value.found) == ("origin", notes.ORIGIN, "other.example")


def test_extension_lines_are_refused_as_the_signature_does_not_cover_them() -> None:
    extended = replace(CHECKPOINT, extensions=("x",))
    with pytest.raises(MalformedError) as caught:
        verify_note(replace(signed(), text=extended.encode()), VERIFIER)
    assert caught.value.what == "tree head"
    with pytest.raises(MalformedError):
        sign_tree_head(extended, TIME, KEY)


RAW = signed().signatures[0].signature


@pytest.mark.parametrize(
    "mutate",
    [
        lambda raw: raw[:8] + b"\x05" + raw[9:],
        lambda raw: raw[:9] + b"\x02" + raw[10:],
        lambda raw: raw + b"\x00",
        lambda raw: raw[:-1],
        lambda raw: raw[:11] + bytes([raw[11] ^ 1]) + raw[12:],
        lambda raw: raw[:7],
        lambda raw: raw[:8],
        lambda raw: raw[:10] + b"\x00\x00" + bytes(0x10000),
    ],
    ids=["SHA-384", "DSA", "trailing", "truncated", "length", "no time", "no signature", "length beyond 16 bits"],
)
def test_a_signature_of_another_form_is_refused(mutate: Callable[[bytes], bytes]) -> None:
    with pytest.raises(MalformedError) as caught:
        verify_note(changed(mutate(RAW)), VERIFIER)
    assert caught.value.what == "tree head signature"


def test_a_signature_that_says_it_is_of_another_kind_of_key_is_refused() -> None:
    with pytest.raises(SignatureMismatch):
        verify_note(changed(RAW[:9] + b"\x01" + RAW[10:]), VERIFIER)


def test_another_time_is_not_signed() -> None:
    with pytest.raises(SignatureMismatch):
        verify_note(changed((TIME + 1).to_bytes(8, "big") + RAW[8:]), VERIFIER)


@pytest.mark.parametrize("moment", [-1, 2**63])
def test_what_is_not_a_time_is_refused(moment: int) -> None:
    with pytest.raises(MalformedError) as caught:
        sign_tree_head(CHECKPOINT, moment, KEY)
    assert caught.value.what == "tree head"


@pytest.mark.parametrize("moment", [0, 2**63 - 1])
def test_every_time_of_63_bits_is_encoded(moment: int) -> None:
    assert encode_tree_head(CHECKPOINT, moment)[2:10] == moment.to_bytes(8, "big")


def test_a_time_beyond_63_bits_is_refused() -> None:
    with pytest.raises(MalformedError) as caught:
        verify_note(changed(b"\x80" + RAW[1:]), VERIFIER)
    assert caught.value.what == "tree head"


@pytest.mark.parametrize("kind", UNUSABLE)
def test_keys_that_rfc_6962_does_not_know_sign_no_tree_heads(kind: str) -> None:
    key = notes.private_key(kind)
    with pytest.raises(KeyUnusable):
        tree_head_verifier(notes.ORIGIN, key.public_key)
    with pytest.raises(KeyUnusable):
        sign_tree_head(CHECKPOINT, TIME, key)


def test_the_origin_has_to_be_the_name_of_a_key() -> None:
    with pytest.raises(MalformedError) as caught:
        sign_tree_head(notes.checkpoint(origin="two words"), TIME, KEY)
    assert caught.value.what == "key name"
