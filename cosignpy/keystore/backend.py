"""What a place for keys has to offer, and what it is given."""

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

from cosignpy.values import field, value

if TYPE_CHECKING:
    from cosignpy.core.keys.public import PublicKey
    from cosignpy.core.keys.signatures import DigestSigner

Password = Callable[[], bytes]
"""Asks for the password of a private key; called only when there is one to open."""


@value
class KeyReference:
    """A parsed `--key`: the scheme in lower case, empty for a path, and what the scheme's module makes of the rest."""

    scheme: str
    location: str
    text: str


@value
class KeyPorts:
    """What backends need from the outside, so that tests and other front ends can give their own."""

    environment: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)
    fetch: Callable[[str], bytes] | None = None
    """Returns what is at a URL; None is our own HTTP client."""


class KeyBackend(Protocol):
    """The functions a backend module has."""

    def load_public_key(self, reference: KeyReference, ports: KeyPorts, /) -> "PublicKey":
        """Return the public key that is there."""
        ...

    def load_signer(self, reference: KeyReference, password: Password, ports: KeyPorts, /) -> "DigestSigner":
        """Return what signs with the private key that is there."""
        ...
