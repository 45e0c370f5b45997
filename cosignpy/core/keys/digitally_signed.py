"""Signatures of certificate transparency logs (RFC 6962 sections 2.1.4 and 3.2; RFC 5246 section 4.7)."""

from collections.abc import Mapping
from typing import Final, Self

from cosignpy.core.keys.algorithms import Scheme
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.keys.signatures import Signer, verify_signature
from cosignpy.core.tls_vectors import OPAQUE_16, VectorReader, encode_vector
from cosignpy.errors import KeyUnusable, MalformedError, SignatureMismatch
from cosignpy.values import field, value

_SHA256: Final = 4
"""HashAlgorithm.sha256 of RFC 5246, the only one that RFC 6962 section 2.1.4 has."""
_SIGNATURES: Final[Mapping[Scheme, int]] = {Scheme.RSA_PKCS1V15: 1, Scheme.ECDSA: 3}
"""SignatureAlgorithm of RFC 5246, by how a key signs."""


@value
class DigitallySigned:
    """A signature and what it was made with; the hash is always SHA-256."""

    scheme: Scheme
    signature: bytes = field(repr=False)

    @classmethod
    def read(cls, reader: VectorReader) -> Self:
        """Read the structure from where a reader stands.

        Raises:
            MalformedError: Cut off, or made with something RFC 6962 does not have.
        """
        hashed, signed = reader.take(2)
        scheme = next((scheme for scheme, number in _SIGNATURES.items() if number == signed), None)
        if hashed != _SHA256 or scheme is None:
            raise MalformedError(reader.what, f"hash {hashed} and signature {signed} are not SHA-256 with ECDSA or RSA")
        return cls(scheme, reader.vector(OPAQUE_16))

    @classmethod
    def parse(cls, raw: bytes, *, what: str = "log signature") -> Self:
        """Parse the structure alone, as `tree_head_signature` of get-sth has it.

        Raises:
            MalformedError: Another form, or bytes behind it.
        """
        reader = VectorReader(raw, what)
        found = cls.read(reader)
        reader.finish()
        return found

    def encode(self) -> bytes:
        """Encode the structure."""
        head = bytes((_SHA256, _SIGNATURES[self.scheme]))
        return head + encode_vector(self.signature, OPAQUE_16, what="log signature")

    def verify(self, key: PublicKey, message: bytes) -> None:
        """Show that the log's key made the signature.

        Raises:
            SignatureMismatch: It did not, or with something other than the structure says.
        """
        used = verify_signature(key, self.signature, message)
        if (used.scheme, used.hash) != (self.scheme, "sha256"):
            raise SignatureMismatch(f"made with {used.name}, and it says SHA-256 with {self.scheme}")


def refuse_unusable_log_key(key: PublicKey) -> None:
    """Refuse keys with which a certificate transparency log cannot sign (RFC 6962 section 2.1.4).

    Raises:
        KeyUnusable: Neither ECDSA on P-256 nor RSA.
    """
    if key.algorithm.hash != "sha256":  # which leaves the two schemes that RFC 6962 has
        raise KeyUnusable(
            "key of the certificate transparency log",
            f"it is {key.algorithm.key}, and RFC 6962 has ECDSA on P-256 and RSA only",
        )


def sign_for_log(signer: Signer, message: bytes) -> DigitallySigned:
    """Sign with the log's key.

    Raises:
        KeyUnusable: A kind of key that RFC 6962 does not have.
    """
    refuse_unusable_log_key(signer.public_key)
    return DigitallySigned(signer.public_key.algorithm.scheme, signer.sign(message))
