"""Key files and raw signatures, to and from the real cosign v2 and v3."""

import base64
import json
from pathlib import Path

import pytest

from cosignpy.core.keys.algorithms import SIGNING
from cosignpy.core.keys.encrypted_pem import seal_pkcs8
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.keys.signatures import verify_signature
from tests.interop.programs import PASSWORD, Tool, Workshop
from tests.support.keys import key_vectors

SECRET = PASSWORD.encode()
MESSAGE = b"signed in another language\n"
KINDS = ("P-256", "P-384", "P-521", "Ed25519", "RSA-2048", "RSA-4096")
both = pytest.mark.parametrize("peer", [Tool.V2, Tool.V3])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "blob").write_bytes(MESSAGE)
    return tmp_path


def written_here(kind: str, folder: Path) -> PrivateKey:
    """Write a key pair in the current folder, as `generate-key-pair` does, with fixed salt and nonce."""
    key = key_vectors()[kind].private_key()
    sealed = seal_pkcs8(key.encode_pkcs8(), SECRET, salt=bytes(range(32)), nonce=bytes(range(24)))
    (folder / "ours.key").write_bytes(sealed.encode())
    (folder / "ours.pub").write_bytes(key.public_key.encode_pem())
    return key


@both
def test_a_key_that_cosign_generates_opens_here(peer: Tool, folder: Path) -> None:
    Workshop(folder).run(peer, "generate-key-pair").expect_success()
    key = PrivateKey.parse((folder / "cosign.key").read_bytes(), SECRET)
    assert PublicKey.parse_pem((folder / "cosign.pub").read_bytes()) == key.public_key
    assert key.public_key.encode_pem() == (folder / "cosign.pub").read_bytes()


@both
@pytest.mark.parametrize("kind", KINDS)
def test_a_key_that_is_written_here_opens_in_cosign(peer: Tool, kind: str, folder: Path) -> None:
    key = written_here(kind, folder)
    printed = Workshop(folder).run(peer, "public-key", "--key", "ours.key").expect_success().stdout
    assert printed == key.public_key.encode_pem().decode()


@both
@pytest.mark.parametrize("kind", KINDS)
def test_a_key_that_cosign_imports_opens_here(peer: Tool, kind: str, folder: Path) -> None:
    vector = key_vectors()[kind]
    (folder / "plain.pem").write_bytes(vector.plain)
    Workshop(folder).run(peer, "import-key-pair", "--key", "plain.pem", "--yes").expect_success()
    assert PrivateKey.parse((folder / "import-cosign.key").read_bytes(), SECRET) == vector.private_key()


@pytest.mark.parametrize("kind", KINDS)
def test_what_cosign_signs_with_a_key_of_ours_verifies_here(kind: str, folder: Path) -> None:
    key = written_here(kind, folder)
    shop, to = Workshop(folder), ("--signing-config", "empty.json", "--bundle", "b.json")
    shop.run(Tool.V3, "signing-config", "create", "--out", "empty.json").expect_success()
    shop.run(Tool.V3, "sign-blob", "--key", "ours.key", *to, "blob").expect_success()
    bundle = json.loads((folder / "b.json").read_bytes())
    signature = base64.b64decode(bundle["messageSignature"]["signature"])
    assert verify_signature(key.public_key, signature, MESSAGE) == SIGNING[kind]
    assert bundle["verificationMaterial"]["publicKey"]["hint"] == key.public_key.hint


@pytest.mark.parametrize(
    ("peer", "kind"),
    [
        *((peer, kind) for peer in (Tool.V2, Tool.V3) for kind in ("P-256", "RSA-2048", "RSA-4096")),
        (Tool.V3, "Ed25519"),
    ],
)
def test_what_is_signed_here_verifies_in_cosign(peer: Tool, kind: str, folder: Path) -> None:
    key = written_here(kind, folder)
    (folder / "blob.sig").write_bytes(base64.b64encode(key.sign(MESSAGE)))
    verify = ("verify-blob", "--key", "ours.pub", "--insecure-ignore-tlog", "--signature", "blob.sig", "blob")
    Workshop(folder).run(peer, *verify).expect_success()
    (folder / "blob").write_bytes(MESSAGE + b".")
    assert Workshop(folder).run(peer, *verify).exit_code != 0
