"""How a search for a public key finds what entries were indexed under: by the hash of its canonical form."""

from collections.abc import Callable, Mapping
from typing import Final

from cosignpy.errors import MalformedError
from log_server.rekor.kinds.formats.minisign import canonical_minisign_key
from log_server.rekor.kinds.formats.pgp import parse_key_ring
from log_server.rekor.kinds.formats.proposal import search_key_of
from log_server.rekor.kinds.formats.ssh import canonical_ssh_key
from log_server.rekor.kinds.tuf import canonical_tuf_root
from log_server.rekor.kinds.verifiers import parse_x509_verifier

_CANONICAL: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "minisign": canonical_minisign_key,
    "pgp": lambda raw: parse_key_ring(raw).canonical,
    "ssh": canonical_ssh_key,
    "tuf": canonical_tuf_root,
    "x509": lambda raw: parse_x509_verifier(raw).canonical,
}


def fingerprint_of(form: str, raw: bytes) -> str:
    """Return the search key of a public key in one of Rekor's formats.

    Raises:
        MalformedError: An unknown format, or not a key in it.
        KeyUnusable: A kind of key that no entry can have.
    """
    canonicalize = _CANONICAL.get(form)
    if canonicalize is None:
        raise MalformedError("public key", f"unknown format {form!r}, known are {', '.join(_CANONICAL)}")
    return search_key_of(canonicalize(raw))
