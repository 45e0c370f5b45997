"""The policy over an image's signatures. Every waiver is a value of its own with a loud name and a reason."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Self

from cosignpy.core.intoto import COSIGN_SIGN_V1
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.policy.bundle import BundlePolicy, SignedByIdentity, SignedByKey
from cosignpy.core.policy.deny import DenyList
from cosignpy.core.policy.identity import IdentityRule
from cosignpy.core.policy.key_window import KeyWindow
from cosignpy.core.policy.predicate import AnyPredicateUnsafe, PredicateTypeIs
from cosignpy.core.policy.threshold import distinct_rules
from cosignpy.core.policy.transparency import RequireLog, SkipLogUnsafe
from cosignpy.errors import UsageError
from cosignpy.values import field, value


@value
class ImagePolicy:
    """Whose signatures count, how many different signers there must be, and what each must say.

    Signers have keys, or certificates that name them: never both in one policy. `transparency` and `keys` have no
    default: forgetting one is a type error, not an open door. `threshold` counts different keys, or rules about
    identities that different signers satisfy (`cosignpy.core.policy.threshold`). `window` is when each has to have
    signed, and `windows` when single keys count.
    """

    keys: tuple[PublicKey, ...]
    transparency: RequireLog | SkipLogUnsafe
    threshold: int = 1
    annotations: Mapping[str, str] = field(default_factory=dict)
    predicate: PredicateTypeIs | AnyPredicateUnsafe = field(default_factory=PredicateTypeIs)
    identities: SignedByIdentity | None = None
    windows: Mapping[PublicKey, KeyWindow] = field(default_factory=dict)
    deny: DenyList = field(default_factory=DenyList)
    window: KeyWindow | None = None

    def __post_init__(self) -> None:
        if self.identities is None:
            SignedByKey(self.keys, self.windows)  # refuses itself where it is about nobody
        elif self.keys or self.windows:
            raise UsageError("a key and an identity are given", "a signature is made by one of them")
        named, kind = (len(set(self.keys)), "keys") if self.identities is None else (len(self.rules), "identities")
        if not 1 <= self.threshold <= named:
            raise UsageError(
                f"a threshold of {self.threshold} cannot be met with {named} different {kind}",
                "--threshold counts different keys, each given with --key, or different --certificate-identity",
            )

    @classmethod
    def of_bundle(
        cls, policy: BundlePolicy, threshold: int = 1, annotations: Mapping[str, str] = MappingProxyType({})
    ) -> Self:
        """Ask of an image what is asked of a bundle, and of several signers where they are wanted.

        Raises:
            UsageError: A threshold that cannot be met.
        """
        signer = policy.signer
        keyed = signer if isinstance(signer, SignedByKey) else None
        return cls(
            keys=keyed.keys if keyed is not None else (),
            transparency=policy.transparency,
            threshold=threshold,
            annotations=annotations,
            predicate=policy.predicate,
            identities=None if isinstance(signer, SignedByKey) else signer,
            windows=keyed.windows if keyed is not None else {},
            deny=policy.deny,
            window=policy.window,
        )

    @property
    def rules(self) -> tuple[IdentityRule, ...]:
        """The different rules about identities; none where keys count."""
        return () if self.identities is None else distinct_rules(self.identities.rules)

    @property
    def bundle(self) -> BundlePolicy:
        """The same, about one bundle."""
        signer = SignedByKey(self.keys, self.windows) if self.identities is None else self.identities
        return BundlePolicy(signer, self.transparency, self.predicate, self.deny, self.window)

    @property
    def wants_attestation(self) -> bool:
        """Whether statements of one predicate type are wanted, and not signatures."""
        return isinstance(self.predicate, PredicateTypeIs) and self.predicate.wanted != COSIGN_SIGN_V1

    @property
    def asks_when(self) -> bool:
        """Whether somebody has to say when it was signed, for a certificate or not."""
        return bool(self.windows) or self.window is not None

    @property
    def asks_a_key_alone(self) -> bool:
        """Whether nothing has to be believed but the keys: no log, no authority."""
        return self.identities is None and not self.asks_when and isinstance(self.transparency, SkipLogUnsafe)
