"""SSH keys and signatures: what is read, and what is not."""

import base64
import struct
from hashlib import sha512
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, SHA384, SHA512
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.utils import CryptographyDeprecationWarning

from cosignpy.core.encoding import PemBlock, parse_pem
from cosignpy.errors import LimitExceeded, MalformedError, SignatureMismatch
from log_server.rekor.kinds.formats.ssh import canonical_ssh_key, verify_ssh
from tests.support.rekor_kinds import load, member

VECTOR = load("rekord-ssh-ed25519").proposed
KEY = member(VECTOR, "signature.publicKey.content")
SIGNATURE = member(VECTOR, "signature.content")
CONTENT = member(VECTOR, "data.content")


def string(content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + content


def number(value: int) -> bytes:
    return string(value.to_bytes(value.bit_length() // 8 + 1, "big"))


def to_sign(content: bytes) -> bytes:
    return b"SSHSIG" + string(b"file") + string(b"") + string(b"sha512") + string(sha512(content).digest())


def openssh(key: Any) -> bytes:
    return key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)


def armored(key: bytes, inner: bytes, *, label: str = "SSH SIGNATURE", tail: bytes = b"", **fields: Any) -> bytes:
    blob = base64.b64decode(key.split()[1])
    head = b"SSHSIG" + struct.pack(">I", fields.get("version", 1)) + string(blob)
    names = string(fields.get("namespace", b"file")) + string(b"") + string(fields.get("digest", b"sha512"))
    return PemBlock(label, head + names + string(inner) + tail).encode()


def inner_of(signature: bytes) -> bytes:
    body = parse_pem(signature, what="test").body
    return body[-(4 + 11 + 4 + 64) :]


def test_a_signature_made_by_hand_is_what_ssh_keygen_makes() -> None:
    assert parse_pem(armored(KEY, inner_of(SIGNATURE)), what="test") == parse_pem(SIGNATURE, what="test")


@pytest.mark.parametrize("kind", ["ed25519", "rsa-3072", "ecdsa-256", "ecdsa-521"])
def test_other_content_is_refused(kind: str) -> None:
    vector = load(f"rekord-ssh-{kind}").proposed
    key, signature = member(vector, "signature.publicKey.content"), member(vector, "signature.content")
    assert verify_ssh(key, signature, CONTENT)
    with pytest.raises(SignatureMismatch):
        verify_ssh(key, signature, CONTENT + b".")


def test_too_large_a_key_or_signature_is_refused() -> None:
    with pytest.raises(LimitExceeded):
        verify_ssh(KEY.ljust(64 * 1024 + 1, b"\n"), SIGNATURE, CONTENT)
    with pytest.raises(LimitExceeded):
        verify_ssh(KEY, SIGNATURE.ljust(64 * 1024 + 1, b"\n"), CONTENT)


def test_a_comment_is_no_part_of_the_key() -> None:
    assert canonical_ssh_key(b"# mine\n\n" + KEY) == b" ".join(KEY.split()[:2]) + b"\n"


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"namespace": b"git"},
        {"digest": b"sha256"},
        {"label": "SIGNATURE"},
        {"tail": b"\0"},
    ],
)
def test_other_headers_are_refused(change: dict) -> None:
    with pytest.raises(MalformedError) as refused:
        verify_ssh(KEY, armored(KEY, inner_of(SIGNATURE), **change), CONTENT)
    assert refused.value.what == "SSH signature"


def test_a_signature_that_names_another_key_is_refused() -> None:
    """The canonical form would tell of a key that signed nothing."""
    other = openssh(ed25519.Ed25519PrivateKey.generate().public_key())
    with pytest.raises(SignatureMismatch):
        verify_ssh(KEY, armored(other, inner_of(SIGNATURE)), CONTENT)


@pytest.mark.parametrize("body", [b"SSHSIG", b"NOTSIG" + parse_pem(SIGNATURE, what="test").body[6:]])
def test_a_broken_body_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedError):
        verify_ssh(KEY, PemBlock("SSH SIGNATURE", body).encode(), CONTENT)


def test_bytes_after_the_signature_are_refused() -> None:
    with pytest.raises(MalformedError):
        verify_ssh(KEY, armored(KEY, inner_of(SIGNATURE) + b"\0"), CONTENT)


SECURITY_KEY = b"sk-ssh-ed25519@openssh.com " + base64.b64encode(
    string(b"sk-ssh-ed25519@openssh.com") + string(base64.b64decode(KEY.split()[1])[-32:]) + string(b"ssh:")
)
COMPRESSED = b"ecdsa-sha2-nistp256 " + base64.b64encode(
    string(b"ecdsa-sha2-nistp256") + string(b"nistp256") + string(b"\x02" + bytes(32))
)


@pytest.mark.parametrize(
    "key",
    [
        b"",
        b"ssh-ed25519",
        b"ssh-ed25519 AAAA",
        b"ssh-unknown AAAA",
        COMPRESSED,
        SECURITY_KEY,
        b"ssh-ed25519 " + KEY.split()[1] + b"AAAA",
        openssh(ec.generate_private_key(ec.SECP256R1()).public_key()).replace(b"ecdsa", b"ssh"),
    ],
)
def test_what_is_not_a_key_is_refused(key: bytes) -> None:
    with pytest.raises(MalformedError) as refused:
        verify_ssh(key, SIGNATURE, CONTENT)
    assert refused.value.what == "SSH public key"


def test_a_dsa_key_is_refused() -> None:
    key = dsa.generate_private_key(1024).public_key()
    with pytest.warns(CryptographyDeprecationWarning), pytest.raises(MalformedError) as refused:
        verify_ssh(openssh(key), SIGNATURE, CONTENT)
    assert refused.value.what == "SSH public key"


def rsa_inner(name: bytes, digest: Any) -> tuple[bytes, bytes]:
    key = rsa.generate_private_key(65537, 2048)
    made = key.sign(to_sign(CONTENT), padding.PKCS1v15(), digest)
    return openssh(key.public_key()), string(name) + string(made)


@pytest.mark.parametrize(("name", "digest"), [(b"rsa-sha2-256", SHA256()), (b"rsa-sha2-512", SHA512())])
def test_both_rsa_signatures_of_rfc_8332_are_accepted(name: bytes, digest: Any) -> None:
    key, inner = rsa_inner(name, digest)
    assert verify_ssh(key, armored(key, inner), CONTENT).key == key + b"\n"


@pytest.mark.parametrize(("name", "digest"), [(b"ssh-rsa", SHA1()), (b"rsa-sha2-256", SHA512())])
def test_rsa_with_sha1_or_another_hash_than_stated_is_refused(name: bytes, digest: Any) -> None:
    key, inner = rsa_inner(name, digest)
    with pytest.raises(SignatureMismatch):
        verify_ssh(key, armored(key, inner), CONTENT)


def ecdsa_parts() -> tuple[bytes, int, int]:
    key = ec.generate_private_key(ec.SECP384R1())
    return openssh(key.public_key()), *decode_dss_signature(key.sign(to_sign(CONTENT), ec.ECDSA(SHA384())))


def test_ecdsa_on_p384_is_accepted() -> None:
    key, r, s = ecdsa_parts()
    inner = string(b"ecdsa-sha2-nistp384") + string(number(r) + number(s))
    assert verify_ssh(key, armored(key, inner), CONTENT).signature == armored(key, inner)


@pytest.mark.parametrize("name", [b"ecdsa-sha2-nistp256", b"ssh-ed25519"])
def test_ecdsa_by_another_name_is_refused(name: bytes) -> None:
    key, r, s = ecdsa_parts()
    with pytest.raises(SignatureMismatch):
        verify_ssh(key, armored(key, string(name) + string(number(r) + number(s))), CONTENT)


def test_a_third_number_is_refused() -> None:
    key, r, s = ecdsa_parts()
    with pytest.raises(MalformedError):
        verify_ssh(
            key, armored(key, string(b"ecdsa-sha2-nistp384") + string(number(r) + number(s) + number(1))), CONTENT
        )


def test_a_negative_number_is_refused() -> None:
    key, _, s = ecdsa_parts()
    with pytest.raises(SignatureMismatch):
        verify_ssh(key, armored(key, string(b"ecdsa-sha2-nistp384") + string(string(b"\x80") + number(s))), CONTENT)


def test_ed25519_by_another_name_is_refused() -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    inner = string(b"ssh-rsa") + string(key.sign(to_sign(CONTENT)))
    with pytest.raises(SignatureMismatch):
        verify_ssh(openssh(key.public_key()), armored(openssh(key.public_key()), inner), CONTENT)
