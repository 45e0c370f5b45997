"""The entries of `spec.deny`, of which each denies one thing: what lines of deny lists can say, and digests."""

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Final

from cosignpy.core.digest import Digest
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.policy.deny import Denial, DeniedCertificate, DeniedIdentity, DeniedKey, DenyList
from cosignpy.core.policy.deny_file import parse_sha256
from cosignpy.core.policy.identity import Containing, Exactly, IdentityRule
from cosignpy.documents import Node, Place
from cosignpy.errors import MalformedError
from cosignpy.imagepolicy.denial import ALGORITHM, Denials, DeniedDigest
from cosignpy.imagepolicy.fields import Fields

MAX_DENIED: Final = 1000
"""Entries of a policy; each is compared with each signature."""


def read_deny(fields: Fields) -> Denials:
    """Return all that a policy denies.

    Raises:
        DocumentError: An entry that is none.
    """
    found = fields.items("deny", _parse_entry, MAX_DENIED)
    digests = tuple([entry for entry in found if isinstance(entry, DeniedDigest)])
    return Denials(DenyList.of([entry for entry in found if not isinstance(entry, DeniedDigest)]), digests)


def _parse_entry(node: Node) -> Denial | DeniedDigest:
    fields = Fields.read(node, tuple(_ENTRIES))
    return _ENTRIES[fields.only_one(*_ENTRIES)](fields)


def _read_digest(fields: Fields) -> DeniedDigest:
    return DeniedDigest(fields.place_of("digest"), fields.parsed("digest", _parse_digest))


def _parse_digest(text: str) -> Digest:
    digest = Digest.parse(text)
    if digest.algorithm != ALGORITHM:
        raise MalformedError("digest", f"expected {ALGORITHM}, found {digest.algorithm}")
    return digest


def _read_key(fields: Fields) -> DeniedKey:
    place = fields.place_of("key")
    key = Fields.read(fields.members["key"], ("data", "fingerprint"))
    if key.only_one("data", "fingerprint") == "fingerprint":
        return DeniedKey(key.parsed("fingerprint", parse_sha256), _origin(place))
    return DeniedKey(key.parsed("data", _hash_key), _origin(place))


def _hash_key(pem: str) -> bytes:
    return sha256(PublicKey.parse_pem(pem.encode(), what="key").spki).digest()


def _read_certificate(fields: Fields) -> DeniedCertificate:
    return DeniedCertificate(fields.parsed("certificate", parse_sha256), _origin(fields.place_of("certificate")))


def _read_identity(fields: Fields) -> DeniedIdentity:
    """Read who is denied: where no issuer is named, whoever vouches for them."""
    place = fields.place_of("identity")
    identity = Fields.read(fields.members["identity"], _IDENTITY)
    subject = _read_rule(identity, "subject")
    if "issuer" not in identity and "issuerRegExp" not in identity:
        return DeniedIdentity(subject, _origin(place))
    return DeniedIdentity(IdentityRule((subject,), (_read_rule(identity, "issuer"),)), _origin(place))


def _read_rule(fields: Fields, name: str) -> Exactly | Containing:
    pattern = f"{name}RegExp"
    if fields.only_one(name, pattern) == pattern:
        return fields.parsed(pattern, Containing.parse)
    return fields.parsed(name, Exactly)


def _origin(place: Place) -> str:
    return f"{place.file}:{place.line}"


_IDENTITY: Final = ("issuer", "issuerRegExp", "subject", "subjectRegExp")
_ENTRIES: Final[Mapping[str, Callable[[Fields], Denial | DeniedDigest]]] = {
    "digest": _read_digest,
    "key": _read_key,
    "certificate": _read_certificate,
    "identity": _read_identity,
}
