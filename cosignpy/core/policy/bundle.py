"""The policy over a bundle: whose signature it has to be, who must have seen it, and what it must say."""

from cosignpy.core.keys.public import PublicKey
from cosignpy.core.policy.identity import CertificateIdentity, IdentityRule
from cosignpy.core.policy.predicate import AnyPredicateUnsafe, PredicateTypeIs
from cosignpy.core.policy.transparency import (
    AssumeTimeUnsafe,
    RequireLog,
    RequireSct,
    RequireSignedTime,
    RequireTime,
    SkipLogUnsafe,
    SkipSctUnsafe,
)
from cosignpy.errors import UsageError
from cosignpy.values import field, value


@value
class SignedByKey:
    """One of these keys must have signed."""

    keys: tuple[PublicKey, ...]

    def __post_init__(self) -> None:
        """Refuse an empty list.

        Raises:
            UsageError: There is no key.
        """
        if not self.keys:
            raise UsageError("no key to verify with", "name one with --key")


@value
class SignedByIdentity:
    """A certificate of a trusted authority must name somebody whom one of the rules accepts.

    `time` says who must vouch for when it signed, and `sct` who must have promised to show the certificate.
    """

    rules: tuple[IdentityRule, ...]
    time: RequireTime | RequireSignedTime | AssumeTimeUnsafe = field(default_factory=RequireTime)
    sct: RequireSct | SkipSctUnsafe = field(default_factory=RequireSct)

    def __post_init__(self) -> None:
        """Refuse an empty list.

        Raises:
            UsageError: There is no rule.
        """
        if not self.rules:
            raise UsageError("no identity to verify with", "name one with --certificate-identity")

    def accepts(self, found: CertificateIdentity) -> bool:
        """Tell whether one of the rules accepts this identity."""
        return any(rule.accepts(found) for rule in self.rules)


@value
class DenyList:
    """What never counts, whoever vouches for it: SHA-256 of keys (of their DER) and of certificates, and identities."""

    keys: frozenset[bytes] = frozenset()
    certificates: frozenset[bytes] = frozenset()
    identities: tuple[IdentityRule, ...] = ()


@value
class BundlePolicy:
    """What must be true of a bundle. Signer and transparency have no default: forgetting one is a type error."""

    signer: SignedByKey | SignedByIdentity
    transparency: RequireLog | SkipLogUnsafe
    predicate: PredicateTypeIs | AnyPredicateUnsafe = field(default_factory=PredicateTypeIs)
    deny: DenyList = field(default_factory=DenyList)
