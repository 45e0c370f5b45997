"""Lists of referrers at their limits: the last that is accepted, the first that is not."""

from dataclasses import replace

import pytest

from cosignpy.core.digest import Digest
from cosignpy.core.oci.manifest import MAX_MANIFEST, OCI_MANIFEST, Descriptor
from cosignpy.core.oci.referrers import MAX_REFERRERS, join_referrers, merge_referrer
from cosignpy.errors import LimitExceeded

ENTRY = Descriptor(OCI_MANIFEST, Digest.of(b"entry"), 5)
SUBJECT = Digest.of(b"subject")


def test_pages_together_hold_at_most_so_many() -> None:
    pages = [[replace(ENTRY, digest=Digest("sha256", f"{number:064x}"))] for number in range(MAX_REFERRERS + 1)]
    assert len(join_referrers(pages[:-1])) == MAX_REFERRERS
    with pytest.raises(LimitExceeded):
        join_referrers(pages)


def test_a_list_is_at_most_as_large_as_registries_take() -> None:
    def listing(padding: int) -> bytes:
        return merge_referrer(None, replace(ENTRY, annotations={"a": "x" * padding}), SUBJECT).raw

    room = MAX_MANIFEST - len(listing(1)) + 1
    assert len(listing(room)) == MAX_MANIFEST
    with pytest.raises(LimitExceeded):
        listing(room + 1)
