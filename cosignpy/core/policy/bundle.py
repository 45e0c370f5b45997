"""The policy over a bundle: whose signature it has to be, who must have seen it, and what it must say."""

from collections.abc import Mapping
from typing import Final

from cosignpy.core.keys.public import PublicKey
from cosignpy.core.policy.deny import DenyList
from cosignpy.core.policy.identity import CertificateIdentity, IdentityRule
from cosignpy.core.policy.key_window import KeyWindow
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

MAX_RULES: Final = 100
"""Identities in one policy; more have a pattern in common."""


@value
class SignedByKey:
    """One of these keys must have signed, those with a window in that time, as authorities or logs vouch for it."""

    keys: tuple[PublicKey, ...]
    windows: Mapping[PublicKey, KeyWindow] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse an empty list.

        Raises:
            UsageError: There is no key, or a window for a key that is not one of them.
        """
        if not self.keys:
            raise UsageError("no key to verify with", "name one with --key")
        if not self.windows.keys() <= set(self.keys):
            raise UsageError("a time is given for a key that is not one to verify with")


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
            UsageError: There is no rule, or there are too many.
        """
        if not self.rules:
            raise UsageError("no identity to verify with", "name one with --certificate-identity")
        if len(self.rules) > MAX_RULES:
            raise UsageError(f"{len(self.rules)} identities, at most {MAX_RULES} are accepted", "write patterns")

    def accepts(self, found: CertificateIdentity) -> bool:
        """Tell whether one of the rules accepts this identity."""
        return any(rule.accepts(found) for rule in self.rules)


@value
class BundlePolicy:
    """What must be true of a bundle. Signer and transparency have no default: forgetting one is a type error.

    `window` is when it has to have been signed, whoever signed it.
    """

    signer: SignedByKey | SignedByIdentity
    transparency: RequireLog | SkipLogUnsafe
    predicate: PredicateTypeIs | AnyPredicateUnsafe = field(default_factory=PredicateTypeIs)
    deny: DenyList = field(default_factory=DenyList)
    window: KeyWindow | None = None
