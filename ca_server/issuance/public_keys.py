"""The key that is to be certified, as clients send it: whether it can be read, and whether it may be certified."""

from collections.abc import Iterable
from typing import Final, Self

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.dsa import DSAPublicKey
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from ca_server.issuance.errors import AlgorithmNotAllowed, KeyInsecure, KeyUnparsable
from cosignpy.core.keys.algorithms import select_algorithm
from cosignpy.core.keys.pem_file import parse_key_file
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.keys.strength import refuse_weak
from cosignpy.errors import KeyUnusable, MalformedError
from cosignpy.values import value

_PEM: Final = b"-----BEGIN "
_SPKI: Final = "PUBLIC KEY"
_PKCS1: Final = "RSA PUBLIC KEY"


@value
class AllowedKeys:
    """The kinds of key that an operator has certified, as the registry calls them."""

    kinds: frozenset[str]

    @classmethod
    def select(cls, names: Iterable[str]) -> Self:
        """Select the kinds that algorithms of the registry need.

        Raises:
            UsageError: An unknown algorithm; the hint lists the known.
        """
        return cls(frozenset(select_algorithm(name).key for name in names))

    def accept(self, key: PublicKey) -> PublicKey:
        """Return the key if it may be certified.

        Raises:
            KeyInsecure: Its private half can be computed, or is not needed to sign.
            AlgorithmNotAllowed: It is of another kind.
        """
        try:
            refuse_weak(key)
        except KeyUnusable as error:
            raise KeyInsecure(str(error)) from error
        if key.algorithm.key not in self.kinds:
            raise AlgorithmNotAllowed(f"a {key.algorithm.key} key, allowed are {', '.join(sorted(self.kinds))}")
        return key


def parse_public_key(raw: bytes) -> PublicKey:
    """Parse a key in PEM (SPKI, or PKCS#1 for RSA), or in DER (SPKI); whether it is weak is another question.

    Raises:
        KeyUnparsable: Neither, not canonical, with something behind it, or a point that is not on its curve.
        KeyInsecure: It can be read, and no key of its kind or size is certified.
    """
    try:
        return _parse(raw)
    except KeyUnusable as error:  # RSA of another size than the registry has
        raise KeyInsecure(str(error)) from error
    except MalformedError as error:
        raise KeyUnparsable(str(error)) from error


def _parse(raw: bytes) -> PublicKey:
    if _PEM not in raw:
        return _parse_spki(raw)
    block = parse_key_file(raw, what="public key")
    if block.label == _PKCS1:
        return PublicKey.parse_pem(raw)
    if block.label != _SPKI:
        raise MalformedError("public key", f"a PEM block {block.label!r} is none")
    return _parse_spki(block.body)


def _parse_spki(der: bytes) -> PublicKey:
    try:
        return PublicKey.parse_der(der)
    except MalformedError:
        _refuse_kind(der)
        raise


def _refuse_kind(der: bytes) -> None:
    """Call keys of kinds that the real server reads and then refuses what it calls them.

    Raises:
        KeyInsecure: It is one.
    """
    try:
        found = load_der_public_key(der)
    except (ValueError, UnsupportedAlgorithm):
        return
    curve = found.curve.name if isinstance(found, EllipticCurvePublicKey) else ""
    if curve == _P224 or isinstance(found, DSAPublicKey | X25519PublicKey):
        raise KeyInsecure(f"a key of a kind that is never certified: {curve or type(found).__name__}")


_P224: Final = "secp224r1"
