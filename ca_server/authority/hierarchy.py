"""Keys and certificates of an authority, made together: for a ceremony, or for a server that keeps none."""

import secrets
from datetime import datetime, timedelta
from typing import Final

from ca_server.authority.profile import (
    Issuer,
    Period,
    Role,
    Subject,
    name_root,
    name_under,
    root_template,
    template_under,
)
from ca_server.authority.protocol import CertifiedKey, Chain, period_of
from cosignpy.core.keys.algorithms import ECDSA_P256, Algorithm, Scheme
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.x509.issuing import MAX_SERIAL, sign_certificate
from cosignpy.errors import UsageError
from cosignpy.values import field, value

YEAR: Final = timedelta(days=365)
ROOT_LIFETIME: Final = 10 * YEAR
LIFETIME: Final = 3 * YEAR
"""How long what the root issues is valid: it is on a server, and has to be exchanged now and then to know how."""


@value
class Plan:
    """What to make: names, kind of key, and for how long.

    Attributes:
        organization: Stands in every certificate.
        name: What the names of all certificates begin with.
        algorithm: Of all keys but the timestamp authority's, which is always on a curve.
        root_lifetime: Of the root.
        lifetime: Of the intermediate and of the timestamp authority.
    """

    organization: str
    name: str
    algorithm: Algorithm = ECDSA_P256
    root_lifetime: timedelta = ROOT_LIFETIME
    lifetime: timedelta = LIFETIME


@value
class MadeKey:
    """A key that was made here, so that it can be stored, and the chain of its certificate."""

    key: PrivateKey = field(repr=False)
    chain: Chain = field(repr=False)

    @property
    def certified(self) -> CertifiedKey:
        """The same for those who sign with it."""
        return CertifiedKey(self.key, self.chain)


@value
class Hierarchy:
    """An authority: its root, and what the root issued."""

    root: MadeKey
    issuing: MadeKey
    timestamping: MadeKey


def make_hierarchy(plan: Plan, begin: datetime) -> Hierarchy:
    """Make new keys, and certificates that are valid from `begin` on.

    Raises:
        UsageError: A name or a lifetime that cannot be.
    """
    key = PrivateKey.generate(plan.algorithm)
    period = Period(begin, begin + plan.root_lifetime)
    subject = Subject(name_root(plan.organization, plan.name), key.public_key.spki)
    root = MadeKey(key, (sign_certificate(root_template(subject, period, draw_serial()), key),))
    below = Period(begin, begin + plan.lifetime)
    made = [_make_under(root, role, algorithm_of(role, plan.algorithm), below) for role in Role]
    return Hierarchy(root, *made)


def _make_under(root: MadeKey, role: Role, algorithm: Algorithm, period: Period) -> MadeKey:
    key = PrivateKey.generate(algorithm)
    return MadeKey(key, certify(root.certified, role, key.public_key.spki, period))


def certify(root: CertifiedKey, role: Role, spki: bytes, period: Period) -> Chain:
    """Certify a key that is to stand under a root, and return its chain.

    Raises:
        UsageError: It would be valid when the root is not, or its name is not possible.
        CosignError: The root cannot sign.
    """
    (certificate,) = root.chain
    room = period_of(root.chain)
    if not room.begin <= period.begin <= period.end <= room.end:
        raise UsageError(f"{period} does not fit into the time of the root", f"that is {room}")
    subject = Subject(name_under(certificate, role, spki), spki)
    template = template_under(Issuer.of(certificate), role, subject, period, draw_serial())
    return (sign_certificate(template, root.signer), certificate)


def algorithm_of(role: Role, algorithm: Algorithm) -> Algorithm:
    """Return what kind of key a role gets: timestamps are signed on curves, as JavaScript's client knows no others."""
    return algorithm if role is Role.ISSUING or algorithm.scheme is Scheme.ECDSA else ECDSA_P256


def draw_serial() -> int:
    """Draw a serial number that nobody can foresee."""
    return 1 + secrets.randbelow(MAX_SERIAL)
