"""Logs in memory for the pages that people read: the real sequencer, with entries that say something."""

from collections.abc import Sequence
from functools import cache
from typing import Final

from cryptography.x509 import (
    ExtensionType,
    ObjectIdentifier,
    RFC822Name,
    SubjectAlternativeName,
    UniformResourceIdentifier,
    UnrecognizedExtension,
)

from cosignpy.core.ct.entry import EntryType, SignedEntry
from cosignpy.core.encoding import JsonValue, PemBlock, encode_b64, encode_canonical_json
from cosignpy.core.keys.algorithms import ECDSA_P256, ED25519, Algorithm
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.keys.signatures import Signer
from cosignpy.core.note.key_id import spki_key_id
from cosignpy.core.x509.der import UTF8_STRING, encode_element
from cosignpy.core.x509.fulcio_names import ARC
from cosignpy.values import value
from log_server.ct.entries import encode_content
from log_server.log import Appended, Frozen, Identity, LogKind
from log_server.protocols import PROTOCOLS
from log_server.rekor.accepted import Accepted
from log_server.rekor.draft import build_draft, search_key
from log_server.rekor.identity import build_v1_identity, build_v2_identity
from log_server.storage.memory import MemoryIndex, MemoryJournal, MemoryObjects
from log_server.tlog.batch import Tip
from log_server.tlog.publish import CheckpointPublisher
from log_server.tlog.reader import LogReader
from log_server.tlog.sequencer import Sequencer, Storage
from log_server.tlog.values import Draft, index_key
from tests.support.certificates import Authority

START_MS: Final = 1_790_000_000_000
EMAIL: Final = "Someone@Example.com"
WORKFLOW: Final = "https://github.com/example/app/.github/workflows/release.yml@refs/heads/main"
ISSUER: Final = "https://token.actions.githubusercontent.com"
V1_TREE: Final = 1193050959916656506

_HOST: Final = "log.example.com"


@cache
def log_key(algorithm: Algorithm) -> PrivateKey:
    """Return the key of all logs that sign in this way."""
    return PrivateKey.generate(algorithm)


@value
class PageShard:
    """One tree, for reading; it implements `Shard`."""

    identity: Identity
    reader: LogReader


class PageLog:
    """A log in memory; it implements `Log` for readers, and takes drafts without an event loop."""

    def __init__(self, identities: Sequence[Identity], signer: Signer) -> None:
        protocol = PROTOCOLS[identities[0].kind]
        self.signer = signer
        self.frozen = False
        self.shards: list[PageShard] = []
        self._sequencers: list[Sequencer] = []
        for identity in identities:
            storage = Storage(MemoryObjects(), MemoryJournal(), MemoryIndex())
            sign = protocol.sign(identity, signer)
            publisher = CheckpointPublisher(storage.objects, identity.origin, sign, None)
            self._sequencers.append(Sequencer(storage, protocol.form, publisher, Tip()))
            self.shards.append(PageShard(identity, LogReader(storage.objects, storage.index, protocol.form)))

    @property
    def active(self) -> PageShard:
        return self.shards[-1]

    async def append(self, draft: Draft) -> Appended:
        raise Frozen(f"{self.active.identity.origin}, which pages only read, as they do {draft}")

    def add(self, *drafts: Draft, shard: int = -1, at_ms: int = START_MS) -> "PageLog":
        """Sequence drafts as one batch."""
        self._sequencers[shard].sequence(drafts, at_ms)
        return self


def rekor_v1(firsts: Sequence[int] = (0,), algorithm: Algorithm = ECDSA_P256) -> PageLog:
    """Return an empty Rekor v1 log with shards whose first virtual indices are these."""
    key = log_key(algorithm)
    return PageLog(
        [build_v1_identity(_HOST, V1_TREE + place, key.public_key, first) for place, first in enumerate(firsts)], key
    )


def rekor_v2(algorithm: Algorithm = ED25519) -> PageLog:
    """Return an empty Rekor v2 log."""
    key = log_key(algorithm)
    return PageLog([build_v2_identity(_HOST, key.public_key)], key)


def ct_log(shards: int = 1) -> PageLog:
    """Return an empty certificate transparency log."""
    key = log_key(ECDSA_P256)
    log_id = spki_key_id(key.public_key)
    origins = [f"{_HOST}/ctlog{place or ''}" for place in range(shards)]
    return PageLog([Identity(LogKind.CT, origin, log_id, key.public_key) for origin in origins], key)


def draft(body: bytes, *search_keys: str) -> Draft:
    """Return a Rekor entry with this body."""
    return build_draft(Accepted(body, search_keys))


def hashedrekord(number: int, verifier: bytes, *search_keys: str) -> Draft:
    """Return a hashedrekord 0.0.1 about a digest made of a number, with a verifier in PEM."""
    digest = f"{number:064x}"
    spec = {
        "data": {"hash": {"algorithm": "sha256", "value": digest}},
        "signature": {
            "content": encode_b64(b"signature %d" % number),
            "publicKey": {"content": encode_b64(verifier)},
        },
    }
    return draft(body_of("hashedrekord", "0.0.1", spec), f"sha256:{digest}", *search_keys)


def hashedrekord_v2(number: int, verifier: JsonValue, *search_keys: str) -> Draft:
    """Return a hashedrekord 0.0.2."""
    digest = number.to_bytes(32, "big")
    signature = {"content": encode_b64(b"signature %d" % number), "verifier": verifier}
    spec = {"data": {"algorithm": "SHA2_256", "digest": encode_b64(digest)}, "signature": signature}
    return draft(body_of("hashedrekord", "0.0.2", {"hashedRekordV002": spec}), f"sha256:{digest.hex()}", *search_keys)


def body_of(kind: str, version: str, spec: JsonValue) -> bytes:
    """Return a canonical body."""
    return encode_canonical_json({"apiVersion": version, "kind": kind, "spec": spec})


def fulcio_leaf(san: str = EMAIL, **statements: str) -> bytes:
    """Return a certificate as Fulcio issues it; `statements` are extensions by number, as `_8`."""
    extensions: list[tuple[ExtensionType, bool]] = [(SubjectAlternativeName([_name(san)]), True)]
    for number, text in ({"_1": ISSUER, "_8": ISSUER} | statements).items():
        raw = text.encode() if number == "_1" else encode_element(UTF8_STRING, text.encode())
        extensions.append((UnrecognizedExtension(ObjectIdentifier(f"{ARC}.{number[1:]}"), raw), False))
    return Authority.root("Example CA").leaf(tuple(extensions))


def pem(der: bytes) -> bytes:
    """Return a certificate in PEM."""
    return PemBlock("CERTIFICATE", der).encode()


def certificate_entry(der: bytes, chain: Sequence[bytes] = (), *, precertificate: bytes = b"") -> Draft:
    """Return an entry of a certificate transparency log."""
    kind = EntryType.PRECERTIFICATE if precertificate else EntryType.X509
    entry = SignedEntry(kind, bytes(32) if precertificate else b"", der)
    keys = (search_key(EMAIL),)
    return Draft(encode_content(entry, precertificate, chain), index_key("certificate", entry.identity), keys)


def _name(san: str) -> RFC822Name | UniformResourceIdentifier:
    return RFC822Name(san) if "@" in san and ":" not in san else UniformResourceIdentifier(san)
