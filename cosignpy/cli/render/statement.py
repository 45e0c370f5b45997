"""What a signed statement is about besides what was verified, for a person."""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import Final

from cosignpy.core.intoto import Subject

MOST_SUBJECTS: Final = 5
"""Other subjects shown to a person; JSON has them all."""


def other_subjects(subjects: Sequence[Subject], own: AbstractSet[str]) -> Iterator[str]:
    """Write the subjects that are not the one that was verified, whose digests are given."""
    others = [subject for subject in subjects if not own & {str(digest) for digest in subject.digests}]
    for subject in others[:MOST_SUBJECTS]:
        digest = str(subject.digests[0]) if subject.digests else "without a digest that is known"
        yield digest if subject.name in {"", digest} else f"{subject.name} {digest}"
    if len(others) > MOST_SUBJECTS:
        yield f"and {len(others) - MOST_SUBJECTS} more"
