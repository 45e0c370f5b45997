"""Make a key pair and keep it."""

from collections.abc import Callable
from typing import Protocol

from cosignpy.core.keys.algorithms import Algorithm
from cosignpy.core.keys.encrypted_pem import NONCE_SIZE, SALT_SIZE, seal_pkcs8
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.keys.public import PublicKey
from cosignpy.values import value

SavePair = Callable[[bytes, bytes], None]
"""Writes the two PEM files, private and public."""


class PairStore(Protocol):
    """A place for a key pair."""

    def claim(self) -> SavePair:
        """Make sure that the pair may be written there, before a person types a password, and return what does it.

        Raises:
            CosignError: It may not.
        """
        ...


@value
class PairPorts:
    """What keeping a key pair needs from outside: a place, a new password, random bytes."""

    store: PairStore
    new_password: Callable[[], bytes]
    random_bytes: Callable[[int], bytes]


def generate_key_pair(algorithm: Algorithm, ports: PairPorts) -> PublicKey:
    """Generate a key pair, lock its private half with a password and write both.

    Raises:
        CosignError: As the ports do; nothing is written then.
    """
    return keep_key_pair(lambda: PrivateKey.generate(algorithm), ports)


def keep_key_pair(obtain: Callable[[], PrivateKey], ports: PairPorts) -> PublicKey:
    """Obtain a private key once there is a place for it, lock it and write both halves.

    Raises:
        CosignError: As the ports and `obtain` do; nothing is written then.
    """
    save = ports.store.claim()
    key = obtain()
    password = ports.new_password()
    salt, nonce = ports.random_bytes(SALT_SIZE), ports.random_bytes(NONCE_SIZE)
    sealed = seal_pkcs8(key.encode_pkcs8(), password, salt=salt, nonce=nonce)
    save(sealed.encode(), key.public_key.encode_pem())
    return key.public_key
