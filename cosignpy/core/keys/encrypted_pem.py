"""cosign's private key file: PKCS#8 in NaCl's secretbox under a scrypt key, as JSON inside PEM.

The format is that of go-securesystemslib's `encrypted` package, described in docs/formats/keys.md.
Opening has three steps, so that a caller can import what it needs while scrypt (140 ms, and it
releases the interpreter lock) runs in another thread: `parse_encrypted_pem`, `EncryptedKey.derive`,
`EncryptedKey.open`. For the same reason nothing but the standard library is imported at the top.
"""

import hashlib
from typing import Final

from cosignpy.core.encoding import JsonObject, PemBlock, encode_b64, encode_json
from cosignpy.core.keys.pem_file import parse_key_file
from cosignpy.errors import KeyUnusable, MalformedError, WrongPassword
from cosignpy.values import field, value

LABEL: Final = "ENCRYPTED SIGSTORE PRIVATE KEY"
LABELS_READ: Final = (LABEL, "ENCRYPTED COSIGN PRIVATE KEY")
"""cosign before 2.0 wrote the second one."""

SALT_SIZE: Final = 32
NONCE_SIZE: Final = 24
_COST: Final = 65536
_COSTS_READ: Final = (32768, 65536, 131072)
"""What go-securesystemslib has ever written. Anything else could be made to exhaust memory or be guessed fast."""
_BLOCK_SIZE: Final = 8
_PARALLELISM: Final = 1
_DERIVED_SIZE: Final = 32
_MAX_MEMORY: Final = 2 * 128 * _BLOCK_SIZE * _COSTS_READ[-1]
"""scrypt needs 128 * r * N bytes (RFC 7914 section 2); OpenSSL refuses more than 32 MiB unless told."""


@value
class EncryptedKey:
    """A parsed key file, still locked. `what` names it in errors."""

    salt: bytes = field(repr=False)
    nonce: bytes = field(repr=False)
    ciphertext: bytes = field(repr=False)
    cost: int = _COST
    what: str = "private key"

    def derive(self, password: bytes) -> bytes:
        """Derive the key that `open` needs from the password (RFC 7914); the slow step."""
        return hashlib.scrypt(
            password,
            salt=self.salt,
            n=self.cost,
            r=_BLOCK_SIZE,
            p=_PARALLELISM,
            maxmem=_MAX_MEMORY,
            dklen=_DERIVED_SIZE,
        )

    def open(self, derived: bytes) -> bytes:
        """Return the PKCS#8 DER inside.

        Raises:
            WrongPassword: The key was derived from another password, or the file was altered:
                secretbox authenticates, and cannot tell the two apart.
        """
        from nacl.exceptions import CryptoError
        from nacl.secret import SecretBox

        try:
            return SecretBox(derived).decrypt(self.ciphertext, self.nonce)
        except CryptoError as error:
            raise WrongPassword(
                self.what, "wrong password", hint="set COSIGN_PASSWORD, or unset it to be asked"
            ) from error

    def encode(self) -> bytes:
        """Encode as the PEM file, byte for byte what cosign writes."""
        document = {
            "kdf": {
                "name": "scrypt",
                "params": {"N": self.cost, "r": _BLOCK_SIZE, "p": _PARALLELISM},
                "salt": encode_b64(self.salt),
            },
            "cipher": {"name": "nacl/secretbox", "nonce": encode_b64(self.nonce)},
            "ciphertext": encode_b64(self.ciphertext),
        }
        return PemBlock(LABEL, encode_json(document)).encode()


def seal_pkcs8(pkcs8: bytes, password: bytes, *, salt: bytes, nonce: bytes) -> EncryptedKey:
    """Lock a PKCS#8 key with a password. The salt and the nonce must be random and never used before."""
    from nacl.secret import SecretBox

    unsealed = EncryptedKey(salt, nonce, b"")
    sealed = SecretBox(unsealed.derive(password)).encrypt(pkcs8, nonce).ciphertext
    return EncryptedKey(salt, nonce, sealed)


def parse_encrypted_pem(raw: bytes, *, what: str = "private key") -> EncryptedKey:
    """Parse cosign's key file; both labels are read, text around the block is tolerated.

    Raises:
        KeyUnusable: A PEM file of something else: a plain key, a public key, a certificate.
        MalformedError: Not such a file, truncated, or with parameters nobody writes.
        LimitExceeded: Larger than any key file is.
    """
    block = parse_key_file(raw, what=what)
    if block.label not in LABELS_READ:
        raise _unusable_label(block.label, what)
    document = JsonObject.parse(block.body, what=what)
    document.refuse_unknown("kdf", "cipher", "ciphertext")
    kdf, cipher = document.child("kdf"), document.child("cipher")
    kdf.refuse_unknown("name", "params", "salt")
    cipher.refuse_unknown("name", "nonce")
    _expect_name(kdf, "scrypt")
    _expect_name(cipher, "nacl/secretbox")
    return EncryptedKey(
        salt=_sized(kdf, "salt", SALT_SIZE),
        nonce=_sized(cipher, "nonce", NONCE_SIZE),
        ciphertext=document.b64("ciphertext"),
        cost=_parse_cost(kdf.child("params")),
        what=what,
    )


def _parse_cost(params: JsonObject) -> int:
    params.refuse_unknown("N", "r", "p")
    cost = params.integer("N")
    if cost not in _COSTS_READ:
        raise params.malformed("N", f"{cost} is not a scrypt cost that cosign uses")
    for name, wanted in (("r", _BLOCK_SIZE), ("p", _PARALLELISM)):
        if params.integer(name) != wanted:
            raise params.malformed(name, f"expected {wanted}")
    return cost


def _expect_name(member: JsonObject, wanted: str) -> None:
    if member.text("name") != wanted:
        raise member.malformed("name", f"expected {wanted!r}")


def _sized(member: JsonObject, name: str, size: int) -> bytes:
    value = member.b64(name)
    if len(value) != size:
        raise member.malformed(name, f"expected {size} bytes, found {len(value)}")
    return value


def _unusable_label(label: str, what: str) -> KeyUnusable | MalformedError:
    if label.endswith("PRIVATE KEY"):
        return KeyUnusable(
            what,
            f"{label!r} is not cosign's encrypted format",
            hint="encrypt it first: `cosignpy import-key-pair --key FILE` writes import-cosign.key",
        )
    if label.endswith("PUBLIC KEY"):
        return KeyUnusable(
            what,
            "it is a public key, and a private key is needed",
            hint="give the file that `cosignpy generate-key-pair` wrote beside it, usually cosign.key",
        )
    return MalformedError(what, f"a PEM block {label!r} is not a private key")
