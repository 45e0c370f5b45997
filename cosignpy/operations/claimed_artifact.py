"""The artifact that a bundle itself claims to be of, where nobody has it at hand."""

from collections.abc import Mapping
from typing import Self

from cosignpy.core.bundle.model import Bundle, MessageSignature
from cosignpy.core.verify.artifact import HASH_NAMES
from cosignpy.errors import UsageError
from cosignpy.values import value


@value
class ClaimedArtifact:
    """Digests that stand in a bundle: what is verified with them is that this was signed, and not what it is."""

    digests: Mapping[str, bytes]

    @classmethod
    def of(cls, bundle: Bundle) -> Self:
        """Take the digest beside a signature, or those of the first subject of a statement.

        Raises:
            UsageError: The bundle does not say of what it is.
            MalformedError: The payload of an envelope is not a statement.
        """
        if isinstance(bundle.content, MessageSignature):
            name = HASH_NAMES.get(bundle.content.algorithm)
            digests = {name: bundle.content.digest} if name is not None else {}
        else:
            subjects = bundle.content.statement.subjects
            named = next((subject.digests for subject in subjects if subject.digests), ())
            digests = {digest.algorithm: bytes.fromhex(digest.hex) for digest in named}
        if not digests:
            raise UsageError("the bundle does not say of what it is a signature", "name the artifact behind the bundle")
        return cls(digests)

    def read_digests(self, _algorithms: frozenset[str]) -> Mapping[str, bytes]:
        """Return what is claimed, whatever is wanted."""
        return self.digests

    def read_content(self) -> None:
        """Return nothing."""

    def __str__(self) -> str:
        return " ".join([f"{name}:{digest.hex()}" for name, digest in sorted(self.digests.items())])
