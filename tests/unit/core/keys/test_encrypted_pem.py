import json
from collections.abc import Callable
from typing import Any

import pytest

from cosignpy.core.encoding import PemBlock, parse_pem
from cosignpy.core.keys.encrypted_pem import LABEL, parse_encrypted_pem, seal_pkcs8
from cosignpy.core.keys.private import PrivateKey
from cosignpy.errors import KeyUnusable, MalformedError, WrongPassword
from tests.support.keys import FOLDER, KeyVector, key_vectors

DEMO = (FOLDER / "demo-password.key").read_bytes()
DEMO_SCALAR = 0x1234567890ABCDEF1234567890ABCDEF
SALT, NONCE = bytes(range(32)), bytes(range(24))
Document = dict[str, Any]


def test_the_vector_of_the_format_opens_and_is_reproduced_byte_for_byte() -> None:
    encrypted = parse_encrypted_pem(DEMO)
    pkcs8 = encrypted.open(encrypted.derive(b"demo-password"))
    handle = PrivateKey.parse_pkcs8(pkcs8).handle
    assert handle.private_numbers().private_value == DEMO_SCALAR  # type: ignore[union-attr]
    assert seal_pkcs8(pkcs8, b"demo-password", salt=SALT, nonce=NONCE).encode() == DEMO


@pytest.mark.parametrize("vector", key_vectors().values(), ids=lambda vector: vector.kind)
def test_what_cosign_wrote_is_written_again_byte_for_byte(vector: KeyVector) -> None:
    for raw in (vector.cosign2, vector.cosign3):
        assert parse_encrypted_pem(raw).encode() == raw


def test_the_label_of_old_releases_is_read_and_the_new_one_written() -> None:
    old = DEMO.replace(b"SIGSTORE", b"COSIGN")
    assert parse_encrypted_pem(old).encode() == DEMO


def test_an_empty_password_is_one() -> None:
    sealed = seal_pkcs8(b"key", b"", salt=SALT, nonce=NONCE)
    assert sealed.open(sealed.derive(b"")) == b"key"
    with pytest.raises(WrongPassword):
        sealed.open(sealed.derive(b" "))


def test_another_password_is_wrong_and_the_error_names_the_file() -> None:
    encrypted = parse_encrypted_pem(DEMO, what="a.key")
    with pytest.raises(WrongPassword) as caught:
        encrypted.open(encrypted.derive(b"demo-passwore"))
    assert caught.value.source == "a.key"


def test_nothing_secret_is_in_the_repr() -> None:
    assert repr(parse_encrypted_pem(DEMO)) == "EncryptedKey(cost=65536, what='private key')"


@pytest.mark.parametrize("cost", [32768, 131072])
def test_every_cost_that_cosign_has_used_is_read(cost: int) -> None:
    def set_cost(document: Document) -> None:
        document["kdf"]["params"]["N"] = cost

    encrypted = parse_encrypted_pem(changed(set_cost))
    assert encrypted.cost == cost
    assert len(encrypted.derive(b"x")) == 32


def changed(change: Callable[[Document], object]) -> bytes:
    document = json.loads(parse_pem(DEMO, what="k").body)
    change(document)
    return PemBlock(LABEL, json.dumps(document).encode()).encode()


CHANGES: dict[str, Callable[[Document], object]] = {
    "cost 65537": lambda d: d["kdf"]["params"].update(N=65537),
    "cost 1": lambda d: d["kdf"]["params"].update(N=1),
    "cost 2**30": lambda d: d["kdf"]["params"].update(N=2**30),
    "cost true": lambda d: d["kdf"]["params"].update(N=True),
    "cost as text": lambda d: d["kdf"]["params"].update(N="65536"),
    "cost as float": lambda d: d["kdf"]["params"].update(N=65536.0),
    "block size": lambda d: d["kdf"]["params"].update(r=16),
    "parallelism": lambda d: d["kdf"]["params"].update(p=2),
    "a fourth parameter": lambda d: d["kdf"]["params"].update(q=1),
    "another kdf": lambda d: d["kdf"].update(name="argon2id"),
    "another cipher": lambda d: d["cipher"].update(name="aes-gcm"),
    "no kdf": lambda d: d.pop("kdf"),
    "no cipher": lambda d: d.pop("cipher"),
    "no ciphertext": lambda d: d.pop("ciphertext"),
    "no salt": lambda d: d["kdf"].pop("salt"),
    "short salt": lambda d: d["kdf"].update(salt="AAAA"),
    "long nonce": lambda d: d["cipher"].update(nonce="A" * 36),
    "salt not base64": lambda d: d["kdf"].update(salt="!" * 44),
    "ciphertext not base64": lambda d: d.update(ciphertext="AAA"),
    "an unknown member": lambda d: d.update(comment="mine"),
    "an unknown member of kdf": lambda d: d["kdf"].update(comment="mine"),
    "an unknown member of cipher": lambda d: d["cipher"].update(comment="mine"),
}


def test_the_document_without_a_change_is_read() -> None:
    assert parse_encrypted_pem(changed(lambda _: None)) == parse_encrypted_pem(DEMO)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_document_changed_in_one_way_is_refused(change: Callable[[Document], object]) -> None:
    with pytest.raises(MalformedError) as caught:
        parse_encrypted_pem(changed(change), what="a.key")
    assert caught.value.what.startswith("a.key")


def test_a_ciphertext_too_short_for_its_tag_does_not_open() -> None:
    encrypted = parse_encrypted_pem(changed(lambda d: d.update(ciphertext="AAAA")))
    with pytest.raises(WrongPassword):
        encrypted.open(bytes(32))


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"not JSON", b'{"kdf":{},"kdf":{}}'])
def test_a_body_that_is_not_the_document_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedError):
        parse_encrypted_pem(PemBlock(LABEL, body).encode())


@pytest.mark.parametrize(
    ("label", "hint"),
    [
        ("PRIVATE KEY", "import-key-pair"),
        ("OPENSSH PRIVATE KEY", "import-key-pair"),
        ("PUBLIC KEY", "cosign.key"),
    ],
)
def test_another_kind_of_key_file_gets_a_hint(label: str, hint: str) -> None:
    with pytest.raises(KeyUnusable) as caught:
        parse_encrypted_pem(PemBlock(label, b"x").encode())
    assert hint in (caught.value.hint or "")


def test_another_kind_of_pem_file_is_refused() -> None:
    with pytest.raises(MalformedError):
        parse_encrypted_pem(PemBlock("CERTIFICATE", b"x").encode())


@pytest.mark.parametrize("length", range(0, len(DEMO) - 1, 40))
def test_a_truncated_file_is_refused(length: int) -> None:
    with pytest.raises(MalformedError):
        parse_encrypted_pem(DEMO[:length])
