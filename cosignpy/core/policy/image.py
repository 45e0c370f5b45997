"""The policy over an image's signatures. Every waiver is a value of its own with a loud name and a reason."""

from collections.abc import Mapping

from cosignpy.core.intoto import COSIGN_SIGN_V1
from cosignpy.core.keys.public import PublicKey
from cosignpy.errors import UsageError
from cosignpy.values import field, value


@value
class RequireLog:
    """A transparency log entry must prove that the signature is public."""


@value
class SkipLogUnsafe:
    """No log entry is asked for: nobody can tell when, or how often, the key signed."""

    reason: str


@value
class PredicateTypeIs:
    """The statement must be of this predicate type."""

    wanted: str = COSIGN_SIGN_V1


@value
class AnyPredicateUnsafe:
    """Any statement by the signer counts as a signature, an attestation that says "vulnerable" too."""

    reason: str


@value
class ImagePolicy:
    """Whose signatures count, how many different signers there must be, and what each must say.

    `transparency` and `keys` have no default: forgetting one is a type error, not an open door.
    """

    keys: tuple[PublicKey, ...]
    transparency: RequireLog | SkipLogUnsafe
    threshold: int = 1
    annotations: Mapping[str, str] = field(default_factory=dict)
    predicate: PredicateTypeIs | AnyPredicateUnsafe = field(default_factory=PredicateTypeIs)

    def __post_init__(self) -> None:
        if not self.keys:
            raise UsageError("no key to verify with", "name one with --key")
        if not 1 <= self.threshold <= len(set(self.keys)):
            raise UsageError(
                f"a threshold of {self.threshold} cannot be met with {len(set(self.keys))} different keys",
                "--threshold counts different keys, each given with --key",
            )
