"""The policy over an image's signatures. Every waiver is a value of its own with a loud name and a reason."""

from collections.abc import Mapping

from cosignpy.core.keys.public import PublicKey
from cosignpy.core.policy.bundle import BundlePolicy, SignedByIdentity, SignedByKey
from cosignpy.core.policy.predicate import AnyPredicateUnsafe, PredicateTypeIs
from cosignpy.core.policy.transparency import RequireLog, SkipLogUnsafe
from cosignpy.errors import UsageError
from cosignpy.values import field, value


@value
class ImagePolicy:
    """Whose signatures count, how many different signers there must be, and what each must say.

    Signers have keys, or certificates that name them: never both in one policy. `transparency` and `keys` have no
    default: forgetting one is a type error, not an open door.
    """

    keys: tuple[PublicKey, ...]
    transparency: RequireLog | SkipLogUnsafe
    threshold: int = 1
    annotations: Mapping[str, str] = field(default_factory=dict)
    predicate: PredicateTypeIs | AnyPredicateUnsafe = field(default_factory=PredicateTypeIs)
    identities: SignedByIdentity | None = None

    def __post_init__(self) -> None:
        if self.identities is not None:
            if self.keys:
                raise UsageError("a key and an identity are given", "a signature is made by one of them")
            if self.threshold != 1:
                raise UsageError(
                    f"a threshold of {self.threshold} with an identity: thresholds count keys",
                    "one account has many identities, a workflow one for each branch; give keys, or leave it out",
                )
            return
        if not self.keys:
            raise UsageError("no key to verify with", "name one with --key")
        if not 1 <= self.threshold <= len(set(self.keys)):
            raise UsageError(
                f"a threshold of {self.threshold} cannot be met with {len(set(self.keys))} different keys",
                "--threshold counts different keys, each given with --key",
            )

    @property
    def bundle(self) -> BundlePolicy:
        """The same, about one bundle."""
        signer = SignedByKey(self.keys) if self.identities is None else self.identities
        return BundlePolicy(signer, self.transparency, self.predicate)

    @property
    def asks_a_key_alone(self) -> bool:
        """Whether nothing has to be believed but the keys: no log, no authority."""
        return self.identities is None and isinstance(self.transparency, SkipLogUnsafe)
