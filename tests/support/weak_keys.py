"""RSA keys that were made badly, each in one way: moduli as the flawed generators leave them."""

from hashlib import sha256
from math import gcd, prod
from typing import Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from cosignpy.core.keys.public import PublicKey

SIZE: Final = 2048
EXPONENT: Final = 65537


def primes(last: int) -> list[int]:
    """Return the primes up to a number."""
    return [number for number in range(2, last + 1) if all(number % divisor for divisor in range(2, number))]


_SMALL: Final = prod(primes(751))


def number(name: str, bits: int = SIZE // 2) -> int:
    """Return a number of that many bits that has no small factors; it stands for a prime."""
    octets = b"".join(sha256(f"{name} {part}".encode()).digest() for part in range(-(-bits // 256)))
    found = int.from_bytes(octets) >> (8 * len(octets) - bits) | 3 << (bits - 2) | 1
    while gcd(found, _SMALL) != 1:
        found += 2
    return found


def rsa(modulus: int, exponent: int = EXPONENT) -> PublicKey:
    """Return the key with a modulus."""
    return PublicKey.from_handle(RSAPublicNumbers(exponent, modulus).public_key())


def spki(modulus: int, exponent: int = EXPONENT) -> bytes:
    """Return the SubjectPublicKeyInfo of a modulus of any size."""
    return (
        RSAPublicNumbers(exponent, modulus).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    )


SOUND: Final = number("p") * number("q")


def with_factor(prime: int) -> int:
    """Return a modulus that a prime divides."""
    cofactor = (3 << SIZE - 2) // prime | 1
    while gcd(cofactor, _SMALL) != 1:
        cofactor += 2
    return prime * cofactor


def with_close_factors(distance: int) -> int:
    """Return the product of a number and one that lies so far above it, or a little more."""
    low = number("low")
    high = low + distance
    while gcd(high, _SMALL) != 1:
        high += 2
    return low * high


def by_infineon(first: int = 12_345, second: int = 67_890, *, largest: int = 701) -> int:
    """Return a modulus as RSALib made them for 2048 bits (Nemec et al., 2017, section 3): p = k·M + (65537^a mod M)."""
    base = prod(primes(largest))
    return infineon_prime(base, first) * infineon_prime(base, second)


def infineon_prime(base: int, exponent: int) -> int:
    """Return the first such number above 1.5·2^1023 that has no small factor; it stands for a prime."""
    factor, power = (3 << SIZE // 2 - 2) // base + 1, pow(EXPONENT, exponent, base)
    while gcd(factor * base + power, _SMALL) != 1:
        factor += 1
    return factor * base + power


def with_mixed_logarithms() -> int:
    """Return a modulus that is a power of 65537 modulo each prime to 167, but another each time."""
    found, base = 1, 2
    for place, prime in enumerate(primes(167)[1:]):
        wanted = pow(EXPONENT, place, prime)
        found += base * ((wanted - found) * pow(base, -1, prime) % prime)
        base *= prime
    found += base * ((3 << SIZE - 2) // base + 1)
    while gcd(found, _SMALL) != 1:
        found += base
    return found
