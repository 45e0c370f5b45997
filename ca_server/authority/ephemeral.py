"""An authority that lives as long as its server: for demos and tests, where nothing has to be kept."""

from datetime import datetime
from typing import Final, Generic, TypeVar

from ca_server.authority.hierarchy import Plan, make_hierarchy
from ca_server.authority.protocol import CertifiedKey, Chain, IssuingCertificate
from cosignpy.values import value

_PLAN: Final = Plan("cosignpy", "ephemeral")

Held = TypeVar("Held")


@value
class EphemeralAuthority(Generic[Held]):
    """A key in memory and its chain, which never change.

    Workers get what the process that made them has, so that all of them are the same authority.
    """

    held: Held
    chain: Chain

    def current(self) -> Held:
        """Return what signs."""
        return self.held

    def trusted_chains(self) -> tuple[Chain, ...]:
        """Return the one chain there is."""
        return (self.chain,)


def make_ephemeral(now: datetime) -> tuple[EphemeralAuthority[IssuingCertificate], EphemeralAuthority[CertifiedKey]]:
    """Make an authority, and a timestamp authority under the same root, whose certificates begin now."""
    made = make_hierarchy(_PLAN, now.replace(microsecond=0))
    return hold_issuing(made.issuing.certified), hold_timestamping(made.timestamping.certified)


def hold_issuing(key: CertifiedKey) -> EphemeralAuthority[IssuingCertificate]:
    """Be the authority of a key that is known to belong to its chain."""
    return EphemeralAuthority(IssuingCertificate.of(key.signer, key.chain), key.chain)


def hold_timestamping(key: CertifiedKey) -> EphemeralAuthority[CertifiedKey]:
    """Be the timestamp authority of a key that is known to belong to its chain."""
    return EphemeralAuthority(key, key.chain)
