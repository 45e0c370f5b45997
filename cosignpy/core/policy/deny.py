"""What never counts, whoever vouches for it: keys, certificates and identities that somebody should not have.

A signature on the list is one that does not count, with its reason, as any other that is refused: it takes nothing from
the signatures beside it. Whoever could add a denied signature to an image could otherwise have the image refused.
"""

from collections.abc import Iterable
from hashlib import sha256
from typing import Any, Self, TypeAlias

from cosignpy.core.keys.public import PublicKey
from cosignpy.core.policy.identity import CertificateIdentity, IdentityRule, TextRule
from cosignpy.errors import Denied
from cosignpy.values import value


@value
class DeniedKey:
    """A key by the SHA-256 of its SubjectPublicKeyInfo, as evidence names it; `origin` says where that is written."""

    digest: bytes
    origin: str = ""

    def __str__(self) -> str:
        return _describe(f"key sha256:{self.digest.hex()}", self.origin)


@value
class DeniedCertificate:
    """A certificate by the SHA-256 of its DER: the one that signed, or one of the authority that issued it."""

    digest: bytes
    origin: str = ""

    def __str__(self) -> str:
        return _describe(f"certificate sha256:{self.digest.hex()}", self.origin)


@value
class DeniedIdentity:
    """A signer: by a rule about one of the names, whoever vouched for it, or by a rule about all of it."""

    rule: TextRule | IdentityRule
    origin: str = ""

    def accepts(self, found: CertificateIdentity) -> bool:
        """Tell whether a certificate's identity is on the list by this."""
        if isinstance(self.rule, IdentityRule):
            return self.rule.accepts(found)
        return any(map(self.rule.accepts, found.names))

    def __str__(self) -> str:
        return _describe(f"identity {self.rule}", self.origin)


Denial: TypeAlias = DeniedKey | DeniedCertificate | DeniedIdentity
"""One entry."""


@value
class DenyList:
    """Keys, certificates and identities that never count."""

    keys: tuple[DeniedKey, ...] = ()
    certificates: tuple[DeniedCertificate, ...] = ()
    identities: tuple[DeniedIdentity, ...] = ()

    @classmethod
    def of(cls, entries: Iterable[Denial]) -> Self:
        """Build a list of entries of all kinds."""
        kinds: dict[type, list[Any]] = {DeniedKey: [], DeniedCertificate: [], DeniedIdentity: []}
        for entry in entries:
            kinds[type(entry)].append(entry)
        return cls(*map(tuple, kinds.values()))

    def refuse_key(self, key: PublicKey) -> None:
        """Refuse a key that is on the list.

        Raises:
            Denied: It is; the error says by which entry.
        """
        digest = sha256(key.spki).digest()
        for entry in self.keys:
            if entry.digest == digest:
                raise Denied(f"the key {key.fingerprint}", str(entry))

    def refuse_certificates(self, path: Iterable[bytes]) -> None:
        """Refuse certificates (DER) of a path, one of which is on the list.

        Raises:
            Denied: One is; the error says by which entry.
        """
        digests = {sha256(der).digest() for der in path}
        for entry in self.certificates:
            if entry.digest in digests:
                raise Denied(f"the certificate sha256:{entry.digest.hex()}", str(entry))

    def refuse_identity(self, found: CertificateIdentity) -> None:
        """Refuse an identity that is on the list.

        Raises:
            Denied: It is; the error says by which entry.
        """
        for entry in self.identities:
            if entry.accepts(found):
                raise Denied(f"the identity {found}", str(entry))


def _describe(entry: str, origin: str) -> str:
    return f"{entry} ({origin})" if origin else entry
