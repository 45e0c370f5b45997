"""By what people find a certificate in the log: the names in it, and its SHA-256."""

from hashlib import sha256
from typing import Final

from cosignpy.core.x509.subject_alt_name import subject_names
from cosignpy.errors import CosignError
from log_server.ct.accept_chain import SUBMITTED, AcceptedChain
from log_server.rekor.draft import search_key

MAX_NAMES: Final = 32
"""Names by which one certificate is found: Fulcio writes one, a web server has a few."""


def build_search_keys(accepted: AcceptedChain) -> tuple[bytes, ...]:
    """Return the index keys of a certificate; texts are written as people type them into a search."""
    texts = dict.fromkeys((sha256(accepted.submitted).hexdigest(), *_read_names(accepted)))
    return tuple([search_key(text) for text in texts])


def _read_names(accepted: AcceptedChain) -> list[str]:
    try:
        names = subject_names(accepted.certificate, what=SUBMITTED)
    except CosignError:  # a log records what authorities sign; what cannot be read is found by its hash
        return []
    return [name.text for name in names[:MAX_NAMES]]
