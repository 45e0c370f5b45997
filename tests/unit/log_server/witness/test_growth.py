"""Proofs of a tree that is not published yet, from the tiles that are stored before its checkpoint."""

import pytest

from cosignpy.core.merkle.hashing import hash_leaf
from cosignpy.core.note.checkpoint import Checkpoint
from cosignpy.core.note.signed_note import Note, encode_note
from cosignpy.errors import MalformedError
from log_server.storage.memory import MemoryIndex, MemoryJournal, MemoryObjects
from log_server.storage.protocol import ObjectStore, StorageError
from log_server.tlog.batch import Tip
from log_server.tlog.entry_form import PlainForm
from log_server.tlog.sequencer import Sequencer, Storage
from log_server.tlog.values import Draft, leaf_key
from log_server.witness.growth import Growth
from log_server.witness.submission import Submission
from tests.support.naive_tree import consistency, root
from tests.support.notes import signed_text
from tests.support.witnesses import LOG, new_key

KEY = new_key()
SIZES = (1, 2, 3, 255, 256, 257, 600, 601)
CONTENTS = [b"entry %d" % number for number in range(max(SIZES))]
LEAVES = [hash_leaf(content) for content in CONTENTS]


def signed(size: int, tree_root: bytes) -> Note:
    return signed_text(Checkpoint(LOG, size, tree_root).encode(), KEY, LOG)


class Unpublished:
    """Keeps what witnesses are shown before a checkpoint is visible; it implements `Publisher`."""

    def __init__(self, objects: ObjectStore) -> None:
        self.objects = objects
        self.submissions: dict[tuple[int, int], Submission] = {}

    def publish(self, size: int, root: bytes, timestamp_ms: int) -> bytes:  # noqa: ARG002 # the port's parameters
        growth = Growth(signed(size, root), self.objects)
        for old in (0, *SIZES):
            if old <= size:
                self.submissions[old, size] = growth.since(old)
        return b""


def test_every_tree_is_shown_to_extend_every_one_before_it() -> None:
    storage = Storage(MemoryObjects(), MemoryJournal(), MemoryIndex())
    publisher = Unpublished(storage.objects)
    sequencer = Sequencer(storage, PlainForm(), publisher, Tip())
    for old, new in zip((0, *SIZES), SIZES, strict=False):
        contents = CONTENTS[old:new]
        drafts = [Draft(content, leaf_key(leaf)) for content, leaf in zip(contents, LEAVES[old:new], strict=True)]
        sequencer.sequence(drafts, new)
    shown = publisher.submissions
    assert len(shown) == sum(range(2, len(SIZES) + 2))
    for (old, new), submission in shown.items():
        proof = tuple(consistency(old, LEAVES[:new])) if old else ()
        assert submission == Submission(old, proof, encode_note(signed(new, root(LEAVES[:new]))))


def test_a_tile_that_is_not_there_is_named() -> None:
    growth = Growth(signed(300, bytes(32)), MemoryObjects())
    assert growth.since(0).hashes == ()
    with pytest.raises(StorageError) as caught:
        growth.since(256)
    assert caught.value.what == "tile/0/001.p/44"


def test_what_is_no_checkpoint_does_not_grow() -> None:
    with pytest.raises(MalformedError):
        Growth(signed_text("no checkpoint\n", KEY, LOG), MemoryObjects())
