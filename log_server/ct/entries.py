"""How the engine writes certificates: the entry form of static-ct-api, and what RFC 6962 makes of it.

The content of an entry is all of its TileLeaf that is known before it has a place: four octets with the
length of the first part, the entry type and the certified bytes, and the part behind the place.
"""

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Final

from cosignpy.core.ct.entry import SignedEntry, encode_leaf
from cosignpy.core.ct.tile_leaf import TileLeaf, encode_chain_part, split_data_tile, timestamped_size
from cosignpy.core.merkle import tiles
from cosignpy.core.tls_vectors import OPAQUE_24, encode_vector
from cosignpy.errors import MalformedError

data_path: Final = tiles.DATA
"""Data tiles stand where other logs have entry bundles."""

_LENGTH: Final = 4
_EXTENSIONS_HEAD: Final = b"\x00\x08\x00\x00\x05"
"""Eight octets of extensions: type leaf_index and five octets of content (static-ct-api, "SCT extension")."""


def encode_content(entry: SignedEntry, precertificate: bytes, chain: Sequence[bytes]) -> bytes:
    """Encode what is logged but for its place; `chain` are fingerprints, a certificate has no `precertificate`.

    Raises:
        LimitExceeded: A certificate or the chain is too long.
    """
    head = entry.encode()
    return b"".join((len(head).to_bytes(_LENGTH, "big"), head, encode_chain_part(precertificate, chain)))


def seal(content: bytes, index: int, timestamp_ms: int) -> bytes:
    """Put time and index into the content, which makes it a TileLeaf."""
    split = _LENGTH + int.from_bytes(content[:_LENGTH], "big")
    head, tail = content[_LENGTH:split], content[split:]
    return b"".join((timestamp_ms.to_bytes(8, "big"), head, _EXTENSIONS_HEAD, index.to_bytes(5, "big"), tail))


def merkle_leaf(entry: bytes) -> bytes:
    """Return the MerkleTreeLeaf of a TileLeaf: what the tree hashes, and what the SCT signs.

    Raises:
        MalformedError: It is not a TileLeaf.
    """
    return encode_leaf(entry[: timestamped_size(entry)])


def split(bundle: bytes, width: int) -> tuple[bytes, ...]:
    """Split a data tile into its TileLeafs.

    Raises:
        MalformedError: The bundle does not hold exactly `width` of them.
    """
    return split_data_tile(bundle, width)


def issuer_object(fingerprint: bytes) -> str:
    """Return under which name an issuer's certificate is kept and served (static-ct-api, "Issuers")."""
    return f"issuer/{fingerprint.hex()}"


def needed(entry: bytes) -> tuple[str, ...]:
    """Name the certificates of issuers that a TileLeaf refers to.

    Raises:
        MalformedError: It is not a TileLeaf.
    """
    return tuple([issuer_object(fingerprint) for fingerprint in TileLeaf.parse(entry).chain])


def build_extra_data(entry: bytes, find: Callable[[str], bytes | None]) -> bytes:
    """Build `extra_data` of get-entries from a TileLeaf and the objects of its issuers (RFC 6962 section 4.6).

    Raises:
        MalformedError: It is not a TileLeaf, or an issuer is missing or is another certificate than its name says.
    """
    leaf = TileLeaf.parse(entry)
    chain = b"".join([_encode_certificate(_find_issuer(fingerprint, find)) for fingerprint in leaf.chain])
    submitted = _encode_certificate(leaf.precertificate) if leaf.precertificate else b""
    return submitted + encode_vector(chain, OPAQUE_24, what="certificate chain")


def _encode_certificate(der: bytes) -> bytes:
    return encode_vector(der, OPAQUE_24, what="certificate")


def _find_issuer(fingerprint: bytes, find: Callable[[str], bytes | None]) -> bytes:
    name = issuer_object(fingerprint)
    found = find(name)
    if found is None or sha256(found).digest() != fingerprint:
        raise MalformedError(name, "this certificate of the log is missing or damaged")
    return found
