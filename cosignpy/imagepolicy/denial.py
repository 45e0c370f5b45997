"""What a policy denies, whoever vouches for it: signatures, each of which does not count, and digests."""

from collections.abc import Callable
from typing import Final, TypeAlias

from cosignpy.core.digest import Digest
from cosignpy.core.policy.deny import DenyList
from cosignpy.documents import Place
from cosignpy.errors import CosignError, DeadlineExceeded, Denied, PolicyRefused
from cosignpy.values import field, value

ALGORITHM: Final = "sha256"
"""By which digests are denied; what is known by another cannot be compared."""

ReadDigest: TypeAlias = Callable[[], Digest]
"""Finds out which digest an image has that is decided over, or raises why nobody can."""


@value
class DeniedDigest:
    """An image or a file that nothing lets in."""

    place: Place = field(compare=False, repr=False)
    digest: Digest

    def __str__(self) -> str:
        return f"digest {self.digest} ({self.place.file}:{self.place.line})"


@value
class Denials:
    """All that a policy denies: a signature that is denied takes nothing from others, a digest is refused."""

    signatures: DenyList = field(default_factory=DenyList)
    digests: tuple[DeniedDigest, ...] = ()


@value
class Refusal:
    """Why a policy refuses an image whatever its authorities say, and the path of the clause that does."""

    error: CosignError
    clause: str


def find_refusal(deny: Denials, read_digest: ReadDigest | None) -> Refusal | None:
    """Return why an image is refused for its digest, which is asked for where one is denied; None where it is not.

    That the digest is not known is a reason: nobody can say that it is not denied.

    Raises:
        DeadlineExceeded: There was no time to find out.
    """
    if not deny.digests:
        return None
    if read_digest is None:
        return Refusal(PolicyRefused("", "digests are denied, and nobody says which one this has"), _CLAUSE)
    try:
        digest = read_digest()
    except DeadlineExceeded:
        raise
    except CosignError as error:
        return Refusal(error, _CLAUSE)
    if digest.algorithm != ALGORITHM:
        why = f"{digest} cannot be compared with what is denied by its {ALGORITHM} digest"
        return Refusal(PolicyRefused("", why), _CLAUSE)
    denied = next((entry for entry in deny.digests if entry.digest == digest), None)
    return None if denied is None else Refusal(Denied(str(digest), str(denied)), denied.place.key)


_CLAUSE: Final = "spec.deny"
