"""Public keys that anyone could find the private key of, or sign for: what no authority may certify.

Sizes and curves are the algorithm registry's, `PublicKey` refuses all others when it parses. What remains is how
a key of the right size was made. Baseline Requirements 6.1.6 of the CA/Browser Forum name the same tests.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from math import gcd, isqrt, prod
from typing import TYPE_CHECKING, Final, cast

from cosignpy.core.keys.algorithms import Scheme
from cosignpy.core.keys.public import PublicKey
from cosignpy.errors import KeyUnusable
from cosignpy.values import value

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

EXPONENT: Final = 65537
"""The one public exponent: small ones are broken by careless padding, and large ones are a way to slow a verifier."""

LARGEST_SMALL_FACTOR: Final = 751
"""No sound generator leaves a factor as small; trial division up to here costs one greatest common divisor."""

FERMAT_ROUNDS: Final = 100
"""Steps of Fermat's factorisation. Generators that take neighbouring primes fall to the first few (CVE-2022-26320)."""

ROCA_LARGEST: Final = 167
"""The last of the 39 primes in the smallest generator constant of CVE-2017-15361; the larger contain all of them."""

_QUADRATIC_RESIDUES: Final = frozenset(number * number % 64 for number in range(64))
"""Twelve of 64: what a square can be modulo 64, so that a root is taken of one candidate in five only."""


def refuse_weak(key: PublicKey, *, what: str = "public key") -> None:
    """Refuse a key whose private half can be computed, or for which signatures can be made without it.

    Raises:
        KeyUnusable: It is such a key.
    """
    for check in _CHECKS.get(key.algorithm.scheme, ()):
        why = check(key)
        if why:
            raise KeyUnusable(what, why)


def _has_other_exponent(key: PublicKey) -> str:
    exponent = cast("RSAPublicKey", key.handle).public_numbers().e
    return f"its exponent is not {EXPONENT}" if exponent != EXPONENT else ""


def _has_small_factor(key: PublicKey) -> str:
    shares = gcd(_modulus(key), _small_primorial()) != 1
    return f"its modulus has a factor up to {LARGEST_SMALL_FACTOR}" if shares else ""


def _has_close_factors(key: PublicKey) -> str:
    """Look for p and q near each other: then n is a difference of two squares, a² - b², with a just above its root."""
    modulus = _modulus(key)
    middle = isqrt(modulus)
    if middle * middle < modulus:
        middle += 1
    square = middle * middle - modulus
    for _ in range(FERMAT_ROUNDS):
        if square % 64 in _QUADRATIC_RESIDUES and isqrt(square) ** 2 == square:
            return "its factors are close to each other"
        square += 2 * middle + 1
        middle += 1
    return ""


def _was_made_by_infineon(key: PublicKey) -> str:
    """Tell a modulus of the vulnerable RSALib (CVE-2017-15361; Nemec et al., CCS 2017, section 3).

    Its primes are k·M + (65537^a mod M), M being a product of the first primes. So n is a power of 65537 modulo M,
    which holds for other moduli once in 2^154. The exponent is looked for modulo each small prime, and all that
    are found have to belong together.
    """
    modulus = _modulus(key)
    exponent, order = 0, 1
    for row in _roca_rows():
        found = row.logarithms.get(modulus % row.prime)
        if found is None or (found - exponent) % gcd(order, row.order):
            return ""
        exponent, order = _combine(exponent, order, found, row.order)
    return "it is of the generator with CVE-2017-15361 (ROCA)"


def _is_of_small_order(key: PublicKey) -> str:
    """Refuse points outside the subgroup of prime order: with a key of order one, anything verifies (RFC 8032)."""
    from nacl.bindings import crypto_core_ed25519_is_valid_point

    sound = crypto_core_ed25519_is_valid_point(cast("Ed25519PublicKey", key.handle).public_bytes_raw())
    return "it is no point of the subgroup that Ed25519 keys are from" if not sound else ""


_CHECKS: Final[Mapping[Scheme, Sequence[Callable[[PublicKey], str]]]] = {
    Scheme.RSA_PKCS1V15: (_has_other_exponent, _has_small_factor, _was_made_by_infineon, _has_close_factors),
    Scheme.ED25519: (_is_of_small_order,),
}
"""Each says what is wrong, or nothing. A point is on its NIST curve if it could be parsed, and these have no other."""


def _modulus(key: PublicKey) -> int:
    return cast("RSAPublicKey", key.handle).public_numbers().n


@cache
def _small_primorial() -> int:
    return prod(_primes(LARGEST_SMALL_FACTOR))


def _primes(last: int) -> Sequence[int]:
    return [number for number in range(2, last + 1) if all(number % divisor for divisor in range(2, isqrt(number) + 1))]


@value
class _RocaRow:
    """A small prime, the order of 65537 modulo it, and the logarithm of each power of 65537."""

    prime: int
    order: int
    logarithms: Mapping[int, int]


@cache
def _roca_rows() -> Sequence[_RocaRow]:
    return [_build_roca_row(prime) for prime in _primes(ROCA_LARGEST)]


def _build_roca_row(prime: int) -> _RocaRow:
    logarithms: dict[int, int] = {}
    power = 1
    while power not in logarithms:
        logarithms[power] = len(logarithms)
        power = power * EXPONENT % prime
    return _RocaRow(prime, len(logarithms), logarithms)


def _combine(one: int, order: int, other: int, other_order: int) -> tuple[int, int]:
    """Return the number that is `one` modulo `order` and `other` modulo `other_order`, and modulo what it is."""
    shared = gcd(order, other_order)
    step = other_order // shared
    factor = (other - one) // shared * pow(order // shared, -1, step) % step
    return one + order * factor, order * step
