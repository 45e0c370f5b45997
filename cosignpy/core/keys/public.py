"""Public keys as the SubjectPublicKeyInfo they are exchanged in (RFC 5280 section 4.1.2.7)."""

import hashlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, Self, TypeAlias

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    SECP384R1,
    SECP521R1,
    EllipticCurvePublicKey,
)

from cosignpy.core.encoding import PemBlock, encode_b64
from cosignpy.core.keys.algorithms import SIGNING, Algorithm
from cosignpy.core.keys.pem_file import parse_key_file
from cosignpy.errors import KeyUnusable, MalformedError
from cosignpy.values import field, value

if TYPE_CHECKING:
    # Most keys are on a curve; the modules of the other kinds are imported for the keys that need them.
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    PublicHandle: TypeAlias = EllipticCurvePublicKey | Ed25519PublicKey | MLDSA65PublicKey | RSAPublicKey

_LABELS_READ: Final = ("PUBLIC KEY", "RSA PUBLIC KEY")
_UNCOMPRESSED: Final = b"\x04"  # SEC 1 section 2.3.3; the compressed form would be a second name of one key
_RSA_OID: Final = bytes.fromhex("06092a864886f70d010101")  # RFC 8017 appendix C, rsaEncryption


def _load_ed25519(raw: bytes) -> "PublicHandle":
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    return Ed25519PublicKey.from_public_bytes(raw)


def _load_ml_dsa(raw: bytes) -> "PublicHandle":
    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PublicKey

    return MLDSA65PublicKey.from_public_bytes(raw)


_FIXED_SIZE: Final[Mapping[str, Callable[[bytes], "PublicHandle"]]] = {
    "P-256": lambda raw: EllipticCurvePublicKey.from_encoded_point(SECP256R1(), _UNCOMPRESSED + raw),
    "P-384": lambda raw: EllipticCurvePublicKey.from_encoded_point(SECP384R1(), _UNCOMPRESSED + raw),
    "P-521": lambda raw: EllipticCurvePublicKey.from_encoded_point(SECP521R1(), _UNCOMPRESSED + raw),
    "Ed25519": _load_ed25519,
    "ML-DSA-65": _load_ml_dsa,
}


@value
class PublicKey:
    """A key that signatures are checked against: its exact DER, and what it signs with."""

    spki: bytes
    algorithm: Algorithm
    handle: "PublicHandle" = field(repr=False, compare=False)

    @classmethod
    def parse_pem(cls, raw: bytes, *, what: str = "public key") -> Self:
        """Parse a PEM file that holds exactly one public key; text around it is tolerated.

        Raises:
            MalformedError: No block or several, not a public key, or broken inside.
            LimitExceeded: Larger than any key file is.
            KeyUnusable: A private key or a certificate, or a key too weak or of an unknown kind.
        """
        block = parse_key_file(raw, what=what)
        if block.label not in _LABELS_READ:
            raise _unusable_label(block.label, what)
        if block.label == "RSA PUBLIC KEY":
            return cls.parse_der(_wrap_pkcs1(block.body, what), what=what)
        return cls.parse_der(block.body, what=what)

    @classmethod
    def parse_der(cls, spki: bytes, *, what: str = "public key") -> Self:
        """Parse a SubjectPublicKeyInfo in DER, refusing any encoding but the canonical one.

        Raises:
            MalformedError: Not DER of a known form, or the point is not on its curve.
            KeyUnusable: RSA of a size that is not accepted.
        """
        for key, load in _FIXED_SIZE.items():
            algorithm = SIGNING[key]
            if spki.startswith(algorithm.spki_prefix):
                try:
                    return cls(spki, algorithm, load(spki[len(algorithm.spki_prefix) :]))
                except ValueError as error:
                    raise MalformedError(what, f"not a {key} public key") from error
        if _RSA_OID not in spki[:24]:
            raise MalformedError(what, "not a public key of a known kind")
        return cls._parse_rsa(spki, what)

    @classmethod
    def from_handle(cls, handle: "PublicHandle", *, what: str = "public key") -> Self:
        """Build from a key object of `cryptography`.

        Raises:
            KeyUnusable: RSA of a size that is not accepted.
            MalformedError: A key of an unknown kind.
        """
        spki = _encode_spki(handle)
        for key in _FIXED_SIZE:
            if spki.startswith(SIGNING[key].spki_prefix):
                return cls(spki, SIGNING[key], handle)
        return cls.parse_der(spki, what=what)

    @classmethod
    def _parse_rsa(cls, spki: bytes, what: str) -> Self:
        handle = _load_rsa(spki, what)
        if _encode_spki(handle) != spki:
            raise MalformedError(what, "not canonical DER")
        algorithm = SIGNING.get(f"RSA-{handle.key_size}")
        if algorithm is None:
            # The sizes of the algorithm registry; cosign refuses others when it imports a key.
            raise KeyUnusable(what, f"RSA of {handle.key_size} bits; 2048, 3072 and 4096 are accepted")
        return cls(spki, algorithm, handle)

    def encode_pem(self) -> bytes:
        """Encode as a `PUBLIC KEY` file, byte for byte what cosign writes."""
        return PemBlock("PUBLIC KEY", self.spki).encode()

    @property
    def hint(self) -> str:
        """The name of this key inside bundles: base64 of the SHA-256 of its DER.

        It says which key to look for and proves nothing.
        """
        return encode_b64(hashlib.sha256(self.spki).digest())

    @property
    def fingerprint(self) -> str:
        """The name of this key for people: `sha256:` and the hex of the same digest."""
        return f"sha256:{hashlib.sha256(self.spki).hexdigest()}"


def _encode_spki(handle: "PublicHandle") -> bytes:
    # `serialization` costs 15 ms to import (it brings OpenSSH's formats along); only RSA needs it to verify.
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return handle.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _load_rsa(der: bytes, what: str) -> "RSAPublicKey":
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        handle = load_der_public_key(der)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise MalformedError(what, "not an RSA public key") from error
    if not isinstance(handle, RSAPublicKey):
        raise MalformedError(what, "not an RSA public key")
    return handle


def _wrap_pkcs1(der: bytes, what: str) -> bytes:
    """Return the SubjectPublicKeyInfo around a bare RSAPublicKey (RFC 8017 appendix A.1.1)."""
    return _encode_spki(_load_rsa(der, what))


def _unusable_label(label: str, what: str) -> KeyUnusable | MalformedError:
    if label.endswith("PRIVATE KEY"):
        return KeyUnusable(
            what,
            "it is a private key, and a public key is needed",
            hint="write its public half to a file with `cosignpy public-key --key FILE --outfile FILE.pub`",
        )
    if label.endswith("CERTIFICATE"):
        return KeyUnusable(
            what,
            "it is a certificate, and a public key is needed",
            hint="extract the key with `openssl x509 -in FILE -noout -pubkey`",
        )
    return MalformedError(what, f"a PEM block {label!r} is not a public key")
