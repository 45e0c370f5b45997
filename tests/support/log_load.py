"""Clients that submit entries without a pause and remember every answer, and the proof that all of it still holds."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from hashlib import sha256
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from itertools import count, pairwise
from pathlib import Path
from typing import Any, Final

from cosignpy.core.encoding import decode_b64
from cosignpy.core.keys.algorithms import ECDSA_P256
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.merkle.hashing import hash_leaf
from cosignpy.core.merkle.proofs import InclusionProof, verify_consistency, verify_inclusion
from cosignpy.core.merkle.tiles import TILE_WIDTH
from cosignpy.core.note.checkpoint import parse_checkpoint
from cosignpy.core.note.signed_note import parse_note
from cosignpy.values import field, record, value
from log_server.log import LogKind
from log_server.protocols import PROTOCOLS, verify_published
from log_server.shard_files import load_shards
from tests.support.rekor_calls import V1_ENTRIES, V2_ENTRIES, propose_v1, propose_v2

SETTINGS: Final = "log_level: warning\nrekor_v1: {duplicates: original}\nrekor_v2: {duplicates: original}\n"
"""A client that lost its answer asks again, and is told where its entry is."""

PATIENCE_SECONDS: Final = 30.0
_PAUSE_SECONDS: Final = 0.02


@value
class Receipt:
    """What an answer says: the entry, its place, and the tree that shows it there."""

    body: bytes = field(repr=False)
    proof: InclusionProof = field(repr=False)
    root: bytes

    @classmethod
    def parse_v1(cls, content: bytes) -> "Receipt":
        (entry,) = json.loads(content).values()
        shown = entry["verification"]["inclusionProof"]
        hashes = tuple(bytes.fromhex(node) for node in shown["hashes"])
        return cls._build(entry["body"], shown["logIndex"], hashes, shown["checkpoint"])

    @classmethod
    def parse_v2(cls, content: bytes) -> "Receipt":
        entry = json.loads(content)
        shown = entry["inclusionProof"]
        hashes = tuple(decode_b64(node, what="hash") for node in shown["hashes"])
        return cls._build(entry["canonicalizedBody"], int(shown["logIndex"]), hashes, shown["checkpoint"]["envelope"])

    @classmethod
    def _build(cls, body: str, index: int, hashes: tuple[bytes, ...], checkpoint: str) -> "Receipt":
        tree = parse_checkpoint(parse_note(checkpoint.encode()).text)
        return cls(decode_b64(body, what="body"), InclusionProof(index, tree.size, hashes), tree.root)


@record
class NotLogged(Exception):
    """An entry was not taken."""

    status: int
    content: bytes


@value
class Face:
    """How entries get into one log, and what its answers look like."""

    kind: LogKind
    path: str
    propose: Callable[[PrivateKey, bytes], dict[str, Any]]
    parse: Callable[[bytes], Receipt]


FACES: Final = (
    Face(LogKind.REKOR_V1, V1_ENTRIES, propose_v1, Receipt.parse_v1),
    Face(LogKind.REKOR_V2, V2_ENTRIES, propose_v2, Receipt.parse_v2),
)


@record
class Ledger:
    """Everything the clients of one log were told. A contradiction is an assertion that fails."""

    leaves: dict[int, bytes] = field(default_factory=dict)
    indices: dict[bytes, int] = field(default_factory=dict)
    roots: dict[int, bytes] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def note(self, receipt: Receipt) -> None:
        """Remember an answer, after looking whether it is right by itself and agrees with those before."""
        leaf, proof = hash_leaf(receipt.body), receipt.proof
        verify_inclusion(proof, leaf, receipt.root)
        with self.lock:
            assert self.leaves.setdefault(proof.index, leaf) == leaf, f"index {proof.index} was given twice"
            assert self.indices.setdefault(leaf, proof.index) == proof.index, "an entry has two places"
            assert self.roots.setdefault(proof.size, receipt.root) == receipt.root, f"a fork at size {proof.size}"

    def check(self, data: Path, kind: LogKind) -> int:
        """Prove from the files that all of it is in the log, and that every tree grew out of the one before.

        Returns the size of the log.
        """
        (shard,) = load_shards(data, kind)
        protocol = PROTOCOLS[kind]
        reader = shard.open_reader(protocol.form)
        tree = reader.tree()
        verify_published(kind, protocol.identify(shard), tree)
        numbers = range(-(-tree.size // TILE_WIDTH))
        sealed = [entry for number in numbers for entry in reader.entries(number)[: reader.width(number)]]
        leaves = [hash_leaf(protocol.form.merkle_leaf(entry)) for entry in sealed]
        assert len(set(leaves)) == tree.size, "an entry is in the log twice"
        assert {index: leaves[index] for index in self.leaves} == self.leaves, "an acknowledged entry is gone"
        seen = {**self.roots, tree.size: tree.root}
        assert {size: root for size, root in roots(leaves) if size in seen} == seen, "the log forked"
        for first, second in pairwise(sorted(seen)):
            verify_consistency(reader.consistency(first, second), seen[first], seen[second])
        return tree.size


def roots(leaves: Sequence[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield the root of every tree that grows from leaf hashes (RFC 6962 section 2.1), one leaf after the other."""
    peaks: list[tuple[int, bytes]] = []
    for size, leaf in enumerate(leaves, 1):
        width, node = 1, leaf
        while peaks and peaks[-1][0] == width:
            node = sha256(b"\x01" + peaks.pop()[1] + node).digest()
            width *= 2
        peaks.append((width, node))
        top = peaks[-1][1]
        for _, left in reversed(peaks[:-1]):
            top = sha256(b"\x01" + left + top).digest()
        yield size, top


class Client:
    """One connection; whoever gets no answer submits the same entry until there is one."""

    def __init__(self, face: Face, port: int, patience: float = PATIENCE_SECONDS) -> None:
        self.face = face
        self._patience = patience
        self._connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
        self._signer = PrivateKey.generate(ECDSA_P256)

    def submit(self, message: bytes) -> Receipt:
        """Sign a message and have it logged, however often the server dies before it answers.

        Raises:
            NotLogged: It did not, in all that time, or refused it.
        """
        body = json.dumps(self.face.propose(self._signer, message)).encode()
        until = time.monotonic() + self._patience
        while True:
            try:
                status, content = self._post(body)
            except (OSError, HTTPException) as error:  # the server is dead
                status, content = HTTPStatus.SERVICE_UNAVAILABLE, repr(error).encode()
            if status == HTTPStatus.CREATED:
                return self.face.parse(content)
            if status != HTTPStatus.SERVICE_UNAVAILABLE or time.monotonic() > until:
                raise NotLogged(status, content)
            time.sleep(_PAUSE_SECONDS)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _post(self, body: bytes) -> tuple[int, bytes]:
        try:
            self._connection.request("POST", self.face.path, body, {"Content-Type": "application/json"})
            with self._connection.getresponse() as answer:
                return answer.status, answer.read()
        except BaseException:
            self._connection.close()
            raise


class Load:
    """Threads of clients that submit entries and write down the answers."""

    def __init__(self, port: int, ledgers: Mapping[LogKind, Ledger], clients: int) -> None:
        self.failures: list[BaseException] = []
        self._port = port
        self._ledgers = ledgers
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(face,), daemon=True) for face in FACES for _ in range(clients)
        ]

    def start(self) -> None:
        """Begin to submit."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End when every entry that was submitted has its answer.

        Raises:
            BaseException: What went wrong with a client, or what it found to be wrong.
        """
        self._stop.set()
        for thread in self._threads:
            thread.join()
        if self.failures:
            raise self.failures[0]

    def _run(self, face: Face) -> None:
        ledger = self._ledgers[face.kind]
        try:
            with closing(Client(face, self._port)) as client:
                for number in count():
                    if self._stop.is_set():
                        return
                    ledger.note(client.submit(b"entry %d" % number))
        except BaseException as error:  # noqa: BLE001 # for the thread that waits
            self.failures.append(error)


@contextmanager
def under_load(port: int, ledgers: Mapping[LogKind, Ledger], clients: int = 2) -> Iterator[Load]:
    """Have so many clients of each log submit while the block runs."""
    load = Load(port, ledgers, clients)
    load.start()
    yield load  # after a failure the threads are left to end by themselves, as nobody may be there to answer them
    load.stop()
