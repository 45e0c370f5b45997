"""What the machine gives at the moment: a shared one gives half of itself in some hours, and a rate alone hides it."""

from time import perf_counter
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256

_SECONDS: Final = 0.3


def verifications_a_second() -> float:
    """Measure how many P-256 signatures OpenSSL verifies in a second, on one core."""
    key = generate_private_key(SECP256R1())
    signature, public = key.sign(b"message", ECDSA(SHA256())), key.public_key()
    number, began = 0, perf_counter()
    while (passed := perf_counter() - began) < _SECONDS:
        public.verify(signature, b"message", ECDSA(SHA256()))
        number += 1
    return number / passed
