"""Minisign and signify: what is read, and what is not."""

import base64

import pytest

from cosignpy.errors import LimitExceeded, MalformedError, SignatureMismatch
from log_server.rekor.kinds.formats.minisign import canonical_minisign_key, verify_minisign
from tests.support.rekor_kinds import load, member

VECTOR = load("rekord-minisign").proposed
KEY = member(VECTOR, "signature.publicKey.content")
SIGNATURE = member(VECTOR, "signature.content")
CONTENT = member(VECTOR, "data.content")
KEY_BYTES = base64.b64decode(KEY.splitlines()[1])
SIGNATURE_BYTES = base64.b64decode(SIGNATURE.splitlines()[1])


def lines(*rows: bytes) -> bytes:
    return b"\n".join(rows) + b"\n"


@pytest.mark.parametrize("name", ["rekord-minisign", "rekord-minisign-legacy", "rekord-signify"])
def test_other_content_is_refused(name: str) -> None:
    signature = member(load(name).proposed, "signature.content")
    assert verify_minisign(KEY, signature, CONTENT)
    with pytest.raises(SignatureMismatch):
        verify_minisign(KEY, signature, CONTENT + b".")


def test_too_long_a_text_is_refused() -> None:
    assert verify_minisign(KEY.ljust(16 * 1024, b"\n"), SIGNATURE, CONTENT)
    with pytest.raises(LimitExceeded):
        verify_minisign(KEY.ljust(16 * 1024 + 1, b"\n"), SIGNATURE, CONTENT)


def test_windows_line_ends_are_read() -> None:
    assert verify_minisign(KEY, SIGNATURE.replace(b"\n", b"\r\n"), CONTENT) == verify_minisign(KEY, SIGNATURE, CONTENT)


def test_a_key_is_found_by_its_base64() -> None:
    assert canonical_minisign_key(KEY) == base64.b64encode(KEY_BYTES)


@pytest.mark.parametrize(
    "key",
    [
        lines(b"comment", base64.b64encode(KEY_BYTES[:-1])),
        lines(b"comment", base64.b64encode(b"Xx" + KEY_BYTES[2:])),
        lines(b"comment", base64.b64encode(KEY_BYTES), base64.b64encode(KEY_BYTES)),
        lines(b"comment", b"?"),
        b"\xff",
        b"",
    ],
)
def test_what_is_not_a_key_is_refused(key: bytes) -> None:
    with pytest.raises(MalformedError) as refused:
        verify_minisign(key, SIGNATURE, CONTENT)
    assert refused.value.what == "minisign public key"


@pytest.mark.parametrize(
    "signature",
    [
        lines(b"untrusted comment", base64.b64encode(SIGNATURE_BYTES[:-1])),
        lines(b"untrusted comment", base64.b64encode(b"EE" + SIGNATURE_BYTES[2:])),
        lines(base64.b64encode(SIGNATURE_BYTES)),
        lines(*SIGNATURE.splitlines()[:3]),
        lines(*SIGNATURE.splitlines()[:3], b"AAAA"),
        lines(*SIGNATURE.splitlines(), b"more"),
        b"\xff",
    ],
)
def test_what_is_not_a_signature_is_refused(signature: bytes) -> None:
    with pytest.raises(MalformedError) as refused:
        verify_minisign(KEY, signature, CONTENT)
    assert refused.value.what == "minisign signature"
