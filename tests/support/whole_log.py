"""Verifying all of a log from nothing but what readers see, with the naive tree as the judge."""

from collections.abc import Sequence

from cosignpy.core.keys import algorithms
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.merkle.hashing import hash_leaf
from cosignpy.core.merkle.proofs import InclusionProof, verify_consistency, verify_inclusion
from cosignpy.core.merkle.tiles import TILE_WIDTH
from cosignpy.core.note.checkpoint import verify_checkpoint
from cosignpy.core.note.key_id import log_key_id
from cosignpy.core.note.signed_note import HINT_SIZE, sign_note
from cosignpy.core.note.verifier import log_verifier
from cosignpy.values import field, record
from log_server.storage.memory import MemoryIndex, MemoryJournal, MemoryObjects
from log_server.tlog.entry_form import PlainForm
from log_server.tlog.fsck import check_bundle, check_levels, check_surplus, count_keys
from log_server.tlog.publish import CheckpointPublisher
from log_server.tlog.reader import LogReader, Tree
from log_server.tlog.recover import recover
from log_server.tlog.sequencer import Sequencer, Storage
from log_server.tlog.values import Draft, Published, index_key, leaf_key
from tests.support.naive_tree import root

ORIGIN = "log.test"
KEY = PrivateKey.generate(algorithms.ED25519)
FORM = PlainForm()


def draft_of(text: str) -> Draft:
    """Make a draft whose search key is its first letter."""
    content = text.encode()
    return Draft(content, leaf_key(hash_leaf(content)), (index_key("letter", content[:1]),))


def drafts(first: int, count: int) -> list[Draft]:
    """Make drafts that differ from those of any other numbers."""
    return [draft_of(f"{number % 7} entry {number}") for number in range(first, first + count)]


def memory_storage() -> Storage:
    """Make storage in dictionaries."""
    return Storage(MemoryObjects(), MemoryJournal(), MemoryIndex())


def open_sequencer(storage: Storage, now_ms: int = 0) -> Sequencer:
    """Recover a log and publish it, as the server does when it starts."""
    hint = log_key_id(ORIGIN, KEY.public_key)[:HINT_SIZE]
    publisher = CheckpointPublisher(
        storage.objects, ORIGIN, lambda checkpoint, _: sign_note(checkpoint.encode(), ORIGIN, hint, KEY), None
    )
    sequencer = Sequencer(storage, FORM, publisher, recover(storage, FORM))
    sequencer.republish(now_ms)
    return sequencer


def open_reader(storage: Storage) -> LogReader:
    """Make a reader with nothing in its cache."""
    return LogReader(storage.objects, storage.index, FORM)


@record
class Witnessed:
    """Everything that clients were told so far."""

    places: dict[bytes, int] = field(default_factory=dict)
    trees: list[tuple[int, bytes]] = field(default_factory=list)

    def note(self, submitted: Sequence[Draft], published: Published) -> None:
        """Remember an answer, after looking whether it is right by itself."""
        for draft, place in zip(submitted, published.places, strict=True):
            assert self.places.setdefault(draft.content, place.index) == place.index
            if not place.duplicate:
                hashes = tuple(place.proof[at : at + 32] for at in range(0, len(place.proof), 32))
                proof = InclusionProof(place.index, published.size, hashes)
                verify_inclusion(proof, hash_leaf(draft.content), published.root)
        self.trees.append((published.size, published.root))


def check_whole_log(storage: Storage, witnessed: Witnessed) -> Tree:
    """Verify all of it: checkpoint, entries, tiles, index, and that nothing anyone was told has changed."""
    reader = open_reader(storage)
    tree = reader.tree()
    verify_checkpoint(tree.checkpoint, log_verifier(ORIGIN, KEY.public_key))
    numbers = range(-(-tree.size // TILE_WIDTH))
    sealed = [entry for number in numbers for entry in reader.entries(number)[: reader.width(number)]]
    entries = [FORM.merkle_leaf(entry) for entry in sealed]
    leaves = [hash_leaf(entry) for entry in entries]
    assert root(leaves) == tree.root
    assert len(set(entries)) == len(entries), "an entry was logged twice"
    assert [finding for number in numbers for finding in check_bundle(reader, number)] == []
    assert list(check_levels(reader)) == []
    assert storage.index.size == tree.size
    assert list(check_surplus(reader, sum(count_keys(reader, number) for number in numbers))) == []
    for content, index in witnessed.places.items():
        assert entries[index] == content, "an acknowledged entry is gone or somewhere else"
    for size, known in sorted(set(witnessed.trees)):
        assert root(leaves[:size]) == known, "the log forked"
        if 0 < size < tree.size:
            verify_consistency(reader.consistency(size, tree.size), known, tree.root)
    return tree
