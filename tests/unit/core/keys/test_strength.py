"""Keys that no authority may certify, each bad in one way."""

from math import prod
from typing import Final

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from cosignpy.core.keys.public import PublicKey
from cosignpy.core.keys.strength import FERMAT_ROUNDS, LARGEST_SMALL_FACTOR, refuse_weak
from cosignpy.errors import KeyUnusable
from tests.support import weak_keys
from tests.support.keys import KeyVector, key_vectors

FAR: Final = 1 << 600
"""A distance of the factors that takes Fermat far more than its rounds."""
REACHED: Final = 1 << 512 + (FERMAT_ROUNDS.bit_length() + 1) // 2
"""One that is found within them: (p - q)² / 8√n is the number of steps."""

SMALL_ORDER: Final = (
    bytes(32),
    b"\x01" + bytes(31),
    bytes.fromhex("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
    bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
)
"""Points of order 4, 1, 2, 8 and 8 (RFC 7748 section 6.1 and others); each verifies forgeries."""


def refused(key: PublicKey) -> str:
    with pytest.raises(KeyUnusable) as caught:
        refuse_weak(key, what="test")
    assert caught.value.source == "test"
    return caught.value.why


@pytest.mark.parametrize("vector", key_vectors().values(), ids=key_vectors())
def test_sound_keys_of_every_kind_pass(vector: KeyVector) -> None:
    refuse_weak(vector.public_key())


@pytest.mark.parametrize("modulus", [weak_keys.SOUND, weak_keys.with_factor(757), weak_keys.with_close_factors(FAR)])
def test_neighbours_of_weak_moduli_pass(modulus: int) -> None:
    refuse_weak(weak_keys.rsa(modulus))


@pytest.mark.parametrize("exponent", [3, 17, 65539, (1 << 65) + 1])
def test_another_exponent_is_refused(exponent: int) -> None:
    assert "exponent" in refused(weak_keys.rsa(weak_keys.SOUND, exponent))


@pytest.mark.parametrize("factor", [3, 5, 167, LARGEST_SMALL_FACTOR])
def test_a_small_factor_is_refused(factor: int) -> None:
    assert "has a factor" in refused(weak_keys.rsa(weak_keys.with_factor(factor)))


@pytest.mark.parametrize("distance", [2, 1 << 300, REACHED])
def test_factors_that_are_close_are_refused(distance: int) -> None:
    assert "close to each other" in refused(weak_keys.rsa(weak_keys.with_close_factors(distance)))


def test_a_square_is_refused() -> None:
    root = weak_keys.number("p")
    assert "close to each other" in refused(weak_keys.rsa(root * root))


@pytest.mark.parametrize("largest", [167, 353, 701])
def test_moduli_of_rsalib_are_refused_whatever_its_constant(largest: int) -> None:
    """By key size the generator used the product of the first 39, 71 or 126 primes."""
    assert "ROCA" in refused(weak_keys.rsa(weak_keys.by_infineon(largest=largest)))


def test_one_prime_of_rsalib_alone_is_not_seen() -> None:
    """Nor can it be: the product with another is no power of 65537. RSALib made both primes of a key."""
    flawed = weak_keys.infineon_prime(prod(weak_keys.primes(701)), 12_345)
    refuse_weak(weak_keys.rsa(flawed * weak_keys.number("q")))


def test_logarithms_that_do_not_belong_together_are_none() -> None:
    """Each of these is a power of 65537 modulo every small prime, and not one power modulo their product.

    That alone is how published detectors look, and one in 2^27 sound moduli looks the same.
    """
    modulus = weak_keys.with_mixed_logarithms()
    for prime in weak_keys.primes(167)[1:]:
        assert modulus % prime in {pow(weak_keys.EXPONENT, exponent, prime) for exponent in range(prime)}
    refuse_weak(weak_keys.rsa(modulus))


@pytest.mark.parametrize("point", SMALL_ORDER)
def test_an_ed25519_key_of_small_order_is_refused(point: bytes) -> None:
    assert "subgroup" in refused(PublicKey.from_handle(Ed25519PublicKey.from_public_bytes(point)))
