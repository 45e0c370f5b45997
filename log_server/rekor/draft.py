"""From a verified entry to the draft that the log takes."""

from cosignpy.core.merkle.hashing import hash_leaf
from log_server.rekor.accepted import Accepted
from log_server.tlog.values import Draft, index_key, leaf_key

SEARCH = "search"
"""The name space of Rekor's search keys in the index."""


def build_draft(accepted: Accepted) -> Draft:
    """Make two equal entries one: their identity is the leaf hash, as it is for the real servers."""
    attestation = accepted.attestation
    objects = ((attestation_path(attestation.name), attestation.content),) if attestation else ()
    keys = tuple(search_key(text) for text in accepted.search_keys)
    return Draft(accepted.body, leaf_key(hash_leaf(accepted.body)), keys, objects)


def search_key(text: str) -> bytes:
    """Return the index key of a text people search for; upper and lower case are one."""
    return index_key(SEARCH, text.lower().encode())


def attestation_path(name: str) -> str:
    """Return where the attestation `sha256:<hex>` lies."""
    return f"attestations/{name.replace(':', '-')}"
