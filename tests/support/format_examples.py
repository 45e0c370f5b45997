"""The examples of docs/formats: small logs by the real code, with keys and times that are always the same.

ECDSA signatures are deterministic (RFC 6979), so that every byte of an example can be made again.
"""

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from cosignpy.core.ct.entry import EntryType
from cosignpy.core.ct.submission import encode_sct_answer
from cosignpy.core.keys.signatures import Signer
from cosignpy.core.merkle.hashing import hash_leaf
from cosignpy.core.note.checkpoint import parse_checkpoint
from cosignpy.core.note.cosignature import sign_cosignature
from cosignpy.core.note.key_id import SignatureType, VerifierKey, encode_vkey
from cosignpy.core.note.signed_note import Note, encode_note, parse_note
from cosignpy.core.note.tree_head import encode_tree_head
from cosignpy.core.rekor.entry_timestamp import EntryTimestamp
from cosignpy.core.x509.certificate import Certificate
from log_server.ct.accept_chain import ChainRule, Expired, accept_chain
from log_server.ct.entries import merkle_leaf
from log_server.ct.issuer_paths import IssuerPaths
from log_server.ct.roots import AcceptedRoots
from log_server.ct.routes import CtOptions, build_ct
from log_server.ct.sign_sct import sign_sct
from log_server.ct.submissions import WatchedRoots
from log_server.log import Identity, LogKind
from log_server.protocols import PROTOCOLS
from log_server.rekor import v1_answers, v2_answers
from log_server.rekor.accepted import Accepted
from log_server.rekor.draft import build_draft
from log_server.rekor.identity import build_genesis
from log_server.rekor.placed import Placed, read_placed
from log_server.rekor.v1_routes import build_v1
from log_server.shard_files import ShardFiles
from log_server.storage import index_catalogue
from log_server.storage.index_young import encode_records
from log_server.storage.protocol import IndexRow
from log_server.storage.segment import Segment
from log_server.tlog.values import Draft, leaf_key
from tests.support import (
    authority_examples,
    certificate_examples,
    context_examples,
    entry_examples,
    issuer_examples,
    predicates,
    rekor_kinds,
    timestamp_examples,
    token_examples,
    trust_document_examples,
    trust_examples,
)
from tests.support.fixed_keys import ALICE, ecdsa_key, ecdsa_signer, ed25519_signer
from tests.support.memory_log import MemoryLog, MemoryShard, build_shard
from tests.support.policy_evidence import EVIDENCE as POLICY_EVIDENCE
from tests.support.rekor_calls import get

HOST: Final = "log.example"
START_MS: Final = 1_750_000_000_000
TREE_ID: Final = 0x1193_7E57_0000_0001


LOG_V1: Final = ecdsa_signer("the log of version 1")
LOG_V2: Final = ed25519_signer("the log of version 2")
LOG_CT: Final = ecdsa_signer("the certificate transparency log")
WITNESS: Final = ed25519_signer("the witness")
SIGNERS: Final[dict[LogKind, Signer]] = {LogKind.REKOR_V1: LOG_V1, LogKind.REKOR_V2: LOG_V2, LogKind.CT: LOG_CT}


def identity_of(kind: LogKind) -> Identity:
    """Return who a log of the examples is."""
    shard = ShardFiles(Path(), kind, HOST, TREE_ID, SIGNERS[kind].public_key)
    return PROTOCOLS[kind].identify(shard)


def _new_shard(kind: LogKind) -> MemoryShard:
    identity, protocol = identity_of(kind), PROTOCOLS[kind]
    return build_shard(identity, SIGNERS[kind], protocol.sign(identity, SIGNERS[kind]), protocol.form)


@lru_cache(maxsize=1)
def plain_log() -> MemoryShard:
    """Return a log of version 2 whose two entries, of one batch, are as short as text can be."""
    shard = _new_shard(LogKind.REKOR_V2)
    drafts = [Draft(content, leaf_key(hash_leaf(content))) for content in (b"first", b"second")]
    shard.sequencer.sequence(drafts, START_MS)
    return shard


@lru_cache(maxsize=2)
def rekor_log(kind: LogKind) -> MemoryShard:
    """Return a Rekor log with the entry it begins with, and one with Alice's signature."""
    shard = _new_shard(kind)
    body = entry_examples.EXAMPLES["body-v1" if kind is LogKind.REKOR_V1 else "body-v2"]()
    shard.sequencer.sequence([build_draft(build_genesis(kind, SIGNERS[kind]))], START_MS)
    shard.sequencer.sequence([build_draft(Accepted(body))], START_MS + 1_000)
    return shard


def journal_example() -> bytes:
    """Return the only record of `plain_log`, as it stands in a journal file whose salt is 0, 1, 2 and so on."""
    (record,) = plain_log().storage.journal.records()
    return Segment(Path("0"), 0, bytes(range(16))).encode_frame(record) + record.content


def _certificate(subject: str, key: ec.EllipticCurvePrivateKey, issuer: str, *extensions: x509.ExtensionType) -> bytes:
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(len(subject))
        .not_valid_before(datetime(2025, 6, 15, 15, 0, tzinfo=UTC))
        .not_valid_after(datetime(2025, 6, 15, 15, 10, tzinfo=UTC))
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=True)
    made = builder.sign(ecdsa_key(issuer), SHA256(), ecdsa_deterministic=True)
    return made.public_bytes(Encoding.DER)


@lru_cache(maxsize=1)
def ct_log() -> MemoryShard:
    """Return a certificate transparency log with one precertificate."""
    shard = _new_shard(LogKind.CT)
    draft = ct_draft()
    shard.sequencer.sequence([draft], START_MS)
    return shard


@lru_cache(maxsize=1)
def ct_draft() -> Draft:
    """Return the precertificate of Alice, accepted, on its way into the log."""
    root = _certificate("root", ecdsa_key("root"), "root", x509.BasicConstraints(ca=True, path_length=None))
    precertificate = _certificate("alice", ALICE.handle, "root", x509.PrecertPoison())
    roots = AcceptedRoots.build([Certificate.parse(root)])
    rule = ChainRule(Expired.ACCEPTED)
    moment = datetime.fromtimestamp(START_MS / 1000, UTC)
    return accept_chain((precertificate, root), EntryType.PRECERTIFICATE, IssuerPaths(roots), rule, moment).draft()


def placed(kind: LogKind) -> Placed:
    """Return Alice's entry with its proof."""
    return read_placed(rekor_log(kind), 1)


def _answer(kind: LogKind, target: str) -> bytes:
    """Return what a face of a log answers."""
    if kind is LogKind.CT:
        return get(build_ct(MemoryLog([ct_log()]), CtOptions(WatchedRoots(None))), target).body
    return get(build_v1(MemoryLog([rekor_log(kind)])), target).body


def _stored(shard: MemoryShard, name: str) -> bytes:
    content = shard.storage.objects.get(name)
    if content is None:
        raise KeyError(name)
    return content


def _checkpoint(shard: MemoryShard) -> Note:
    return parse_note(_stored(shard, "checkpoint"))


def _signature(shard: MemoryShard) -> bytes:
    """Return what the base64 of the log's signature line holds."""
    found = _checkpoint(shard).signatures[0]
    return found.hint + found.signature


def _cosigned() -> Note:
    note = _checkpoint(rekor_log(LogKind.REKOR_V2))
    cosignature = sign_cosignature(note.text, "witness.example/w1", START_MS // 1000 + 2, WITNESS)
    return Note(note.text, (*note.signatures, cosignature))


def _set() -> bytes:
    entry, identity = placed(LogKind.REKOR_V1), identity_of(LogKind.REKOR_V1)
    return EntryTimestamp(entry.body, entry.timestamp_ms // 1000, identity.log_id, entry.log_index).encode()


def _answer_v1() -> bytes:
    entry = placed(LogKind.REKOR_V1)
    return v1_answers.encode_entry(
        v1_answers.build_entry(v1_answers.entry_id(entry.shard, entry.leaf_hash), entry, LOG_V1)
    )


def _shard_description() -> bytes:
    with TemporaryDirectory() as folder:
        ShardFiles(Path(folder), LogKind.REKOR_V2, HOST, TREE_ID, LOG_V2.public_key, 0, 2).save()
        return (Path(folder) / "shard.json").read_bytes()


def _index_tables() -> bytes:
    """Return the statements of the tables as SQLite keeps them, without the words it leaves out."""
    with TemporaryDirectory() as folder:
        index_catalogue.open_catalogue(Path(folder)).close()
        with closing(sqlite3.connect(Path(folder) / "index.db")) as database:
            found = database.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid").fetchall()
    return "\n".join(statement for (statement,) in found).encode()


def _verifier_keys() -> bytes:
    keys = (
        VerifierKey(HOST, SignatureType.ED25519, LOG_V2.public_key),
        VerifierKey("witness.example/w1", SignatureType.COSIGNATURE, WITNESS.public_key),
        VerifierKey(f"{HOST}/ctlog", SignatureType.TREE_HEAD, LOG_CT.public_key),
    )
    return "\n".join(map(encode_vkey, keys)).encode()


EXAMPLES: Final[Mapping[str, Callable[[], bytes]]] = {
    **authority_examples.EXAMPLES,
    **certificate_examples.EXAMPLES,
    **context_examples.EXAMPLES,
    **entry_examples.EXAMPLES,
    **issuer_examples.EXAMPLES,
    **timestamp_examples.EXAMPLES,
    **token_examples.EXAMPLES,
    **trust_document_examples.EXAMPLES,
    **trust_examples.EXAMPLES,
    "annotations": lambda: _stored(plain_log(), "annotations/000.p/2"),
    "answer-v1": _answer_v1,
    "answer-v2": lambda: v2_answers.encode_entry(placed(LogKind.REKOR_V2)),
    "checkpoint-cosigned": lambda: encode_note(_cosigned()),
    "checkpoint-ct": lambda: _stored(ct_log(), "checkpoint"),
    "checkpoint-ct-signature": lambda: _signature(ct_log()),
    "checkpoint-v1": lambda: _stored(rekor_log(LogKind.REKOR_V1), "checkpoint"),
    "checkpoint-v2": lambda: _stored(rekor_log(LogKind.REKOR_V2), "checkpoint"),
    "checkpoint-v2-signature": lambda: _signature(rekor_log(LogKind.REKOR_V2)),
    "cosignature": lambda: _cosigned().signatures[1].hint + _cosigned().signatures[1].signature,
    "ct-leaf": lambda: merkle_leaf(_stored(ct_log(), "tile/data/000.p/1")),
    "data-tile": lambda: _stored(ct_log(), "tile/data/000.p/1"),
    "entry-bundle": lambda: _stored(plain_log(), "tile/entries/000.p/2"),
    "get-sth": lambda: _answer(LogKind.CT, "/ct/v1/get-sth"),
    "index-record": lambda: encode_records([IndexRow(1, (leaf_key(hash_leaf(b"second")),))]),
    "index-tables": _index_tables,
    "journal-record": journal_example,
    "log-info-v1": lambda: _answer(LogKind.REKOR_V1, "/api/v1/log"),
    "log-proof-v1": lambda: _answer(LogKind.REKOR_V1, "/api/v1/log/proof?firstSize=1&lastSize=2"),
    "plain-checkpoint": lambda: _stored(plain_log(), "checkpoint"),
    "policy-evidence": POLICY_EVIDENCE.encode,
    "provenance-github": predicates.provenance_example,
    "rekord-minisign": lambda: rekor_kinds.accept(rekor_kinds.load("rekord-minisign").proposed).body,
    "sct": lambda: sign_sct(ct_draft().content, 0, START_MS, LOG_CT).encode(),
    "sct-answer": lambda: encode_sct_answer(sign_sct(ct_draft().content, 0, START_MS, LOG_CT)),
    "set": _set,
    "shard": _shard_description,
    "tile": lambda: _stored(plain_log(), "tile/0/000.p/2"),
    "tree-head": lambda: encode_tree_head(parse_checkpoint(_checkpoint(ct_log()).text), START_MS),
    "verifier-keys": _verifier_keys,
}
"""Each example by the name that its block carries."""
