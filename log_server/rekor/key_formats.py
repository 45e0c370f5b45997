"""How a search for a public key finds what entries were indexed under: by the hash of its canonical form."""

from collections.abc import Callable, Mapping
from typing import Final

from cosignpy.errors import MalformedError
from log_server.rekor.kinds.verifiers import parse_x509_verifier

_FINGERPRINTS: Final[Mapping[str, Callable[[bytes], str]]] = {
    "x509": lambda raw: parse_x509_verifier(raw).fingerprint,
}


def fingerprint_of(form: str, raw: bytes) -> str:
    """Return the search key of a public key in one of Rekor's formats.

    Raises:
        MalformedError: An unknown format, or not a key in it.
        KeyUnusable: A kind of key that no entry can have.
    """
    find = _FINGERPRINTS.get(form)
    if find is None:
        raise MalformedError("public key", f"unknown format {form!r}, known are {', '.join(_FINGERPRINTS)}")
    return find(raw)
