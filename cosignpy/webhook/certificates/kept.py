"""The Secret that all replicas share: the server's certificate and key, and the authorities, the next one as well.

The first three keys are the policy controller's, which keeps no key of its authority: what it left behind is served
with until an authority of ours has taken over.
"""

import binascii
from base64 import b64decode
from collections.abc import Mapping
from datetime import datetime
from typing import Final, Self

from cosignpy.core.encoding import encode_b64
from cosignpy.core.keys.foreign_pem import parse_foreign_pem
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.x509.certificate import Certificate
from cosignpy.core.x509.chain import parse_chain_pem
from cosignpy.core.x509.path import verify_path
from cosignpy.core.x509.subject_alt_name import subject_names
from cosignpy.errors import CosignError, KeyUnusable, MalformedError
from cosignpy.values import value
from cosignpy.webhook.certificates.issuing import (
    SERVER_AUTHENTICATION,
    Identity,
    create_authority,
    encode_certificate,
    issue_server,
)
from cosignpy.webhook.ports import Object

SERVER_KEY: Final = "server-key.pem"
SERVER_CERTIFICATE: Final = "server-cert.pem"
AUTHORITY: Final = "ca-cert.pem"
AUTHORITY_KEY: Final = "ca-key.pem"
NEXT_AUTHORITY: Final = "next-ca-cert.pem"
NEXT_AUTHORITY_KEY: Final = "next-ca-key.pem"
FORMER_AUTHORITY: Final = "former-ca-cert.pem"
"""Keys of the Secret's `data`."""
KEYS: Final = (
    *(SERVER_KEY, SERVER_CERTIFICATE, AUTHORITY, AUTHORITY_KEY),
    *(NEXT_AUTHORITY, NEXT_AUTHORITY_KEY, FORMER_AUTHORITY),
)
"""All of them; others in it are somebody else's, and stay."""

_MAX_OCTETS: Final = 16 * 1024
"""Of one of them: one certificate or key has less than 2 kB."""


@value
class Kept:
    """What the Secret has.

    Attributes:
        server: What is served with.
        authority: Who issued it; its key is None where that is not ours.
        following: Who will issue from now on, as soon as all bundles have it.
        former: Who issued before, for replicas that still serve with that.
    """

    server: Identity
    authority: Certificate
    authority_key: PrivateKey | None = None
    following: Identity | None = None
    former: Certificate | None = None

    @classmethod
    def begin(cls, names: tuple[str, ...], now: datetime) -> Self:
        """Make everything anew."""
        authority = create_authority(now)
        return cls(issue_server(authority, names, now), authority.certificate, authority.key)

    @classmethod
    def parse(cls, secret: Object) -> Self | None:
        """Read the Secret; None where it has nothing yet.

        Raises:
            CosignError: It has something else than it should; no secret is told.
        """
        data = secret.get("data") or {}
        if not any(data.get(name) for name in (SERVER_KEY, SERVER_CERTIFICATE, AUTHORITY)):
            return None
        following = _optional(data, NEXT_AUTHORITY)
        return cls(
            _identity(_certificate(data, SERVER_CERTIFICATE), _key(data, SERVER_KEY), SERVER_KEY),
            authority := _certificate(data, AUTHORITY),
            _identity(authority, _key(data, AUTHORITY_KEY), AUTHORITY_KEY).key if data.get(AUTHORITY_KEY) else None,
            _identity(following, _key(data, NEXT_AUTHORITY_KEY), NEXT_AUTHORITY_KEY) if following else None,
            _optional(data, FORMER_AUTHORITY),
        )

    def encode(self) -> dict[str, str]:
        """Return the `data` of the Secret."""
        found = {
            SERVER_KEY: self.server.key_pem,
            SERVER_CERTIFICATE: self.server.certificate_pem,
            AUTHORITY: encode_certificate(self.authority),
        }
        if self.authority_key:
            found[AUTHORITY_KEY] = Identity(self.authority, self.authority_key).key_pem
        if self.following:
            found |= {NEXT_AUTHORITY: self.following.certificate_pem, NEXT_AUTHORITY_KEY: self.following.key_pem}
        if self.former:
            found[FORMER_AUTHORITY] = encode_certificate(self.former)
        return {name: encode_b64(content) for name, content in found.items()}

    @property
    def bundle(self) -> bytes:
        """All authorities that are to be believed, in PEM, the oldest first: it changes where one comes or goes."""
        following = self.following.certificate if self.following else None
        found = {each.der: each for each in (self.authority, following, self.former) if each}
        return b"".join([encode_certificate(found[der]) for der in sorted(found, key=lambda der: _age(found[der]))])

    def fault(self, names: tuple[str, ...], now: datetime) -> str:
        """Say why an API server would not believe the server's certificate; empty if it does."""
        try:
            verify_path(self.server.certificate, (self.authority,), SERVER_AUTHENTICATION, now)
            named = {name.text for name in subject_names(self.server.certificate)}
        except CosignError as error:
            return str(error)
        missing = [name for name in names if name not in named]
        return f"the server's certificate is not for {', '.join(missing)}" if missing else ""


def _age(certificate: Certificate) -> tuple[datetime, bytes]:
    return certificate.not_before, certificate.der


def _octets(data: Mapping[str, str], name: str) -> bytes:
    try:
        found = b64decode(data.get(name, ""), validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedError(name, "not base64") from error
    if len(found) > _MAX_OCTETS:
        raise MalformedError(name, f"more than {_MAX_OCTETS} octets")
    return found


def _certificate(data: Mapping[str, str], name: str) -> Certificate:
    (der,) = parse_chain_pem(_octets(data, name), most=1, what=name)
    return Certificate.parse(der, what=name)


def _optional(data: Mapping[str, str], name: str) -> Certificate | None:
    return _certificate(data, name) if data.get(name) else None


def _key(data: Mapping[str, str], name: str) -> PrivateKey:
    return parse_foreign_pem(_octets(data, name), _no_password, what=name)


def _no_password() -> bytes:
    raise KeyUnusable("of the webhook", "it is encrypted", "it is kept as it is, readable for the webhook alone")


def _identity(certificate: Certificate, key: PrivateKey, name: str) -> Identity:
    if certificate.tbs.spki != key.public_key.spki:
        raise MalformedError(name, "the key of another certificate")
    return Identity(certificate, key)
