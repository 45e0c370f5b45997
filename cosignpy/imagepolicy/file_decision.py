"""The decision over a file: as over an image, by the policies that are about files of its name."""

from collections.abc import Iterable
from typing import Final

from cosignpy.imagepolicy.decision import Conclude, ImageDecision, NoMatch, Verify, combine, decide_policy
from cosignpy.imagepolicy.denial import ReadDigest
from cosignpy.imagepolicy.model import ImagePolicyDocument
from cosignpy.values import value

ABOUT_FILES: Final = "a policy is about files whose name, without the folders, a glob in spec.files describes"
"""Which files a policy is about."""


@value
class NamedFile:
    """A file: what it is called on the command line, its name without the folders, and who finds out its digest."""

    path: str
    name: str
    digest: ReadDigest


def decide_file(
    file: NamedFile, policies: Iterable[ImagePolicyDocument], verify: Verify, conclude: Conclude
) -> ImageDecision:
    """Decide over a file by all policies that are about its name; where none is, it is refused.

    Raises:
        DocumentError: A policy demands what cannot be shown.
        DeadlineExceeded: There was no time to ask all authorities.
    """
    about = [policy for policy in policies if policy.covers_file(file.name)]
    verdicts = tuple([decide_policy(policy, verify, file.digest, conclude) for policy in about])
    return ImageDecision(file.path, combine(verdicts, NoMatch.DENY), verdicts, ABOUT_FILES)
