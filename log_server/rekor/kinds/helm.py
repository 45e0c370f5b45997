"""Entry kind helm 0.0.1: the provenance file of a chart, clear-signed with OpenPGP (helm.sh/docs/topics/provenance)."""

import re
from typing import Final

import yaml

from cosignpy.core.encoding import JsonObject, encode_b64
from cosignpy.errors import LimitExceeded, MalformedError
from log_server.rekor.accepted import Accepted
from log_server.rekor.kinds.formats.pgp import parse_key_ring, verify_detached
from log_server.rekor.kinds.formats.pgp_armor import SIGNATURE, encode_armor, parse_clearsigned
from log_server.rekor.kinds.formats.proposal import encode_body, read_content, search_key_of

_WHAT: Final = "Helm provenance"
_MAX_SIZE: Final = 1024 * 1024
"""Real ones have the size of a Chart.yaml."""
_MAX_LIST: Final = 16 * 1024
"""The list names one file; a YAML parser in Python takes seconds for a megabyte."""
_FLOW: Final = re.compile(rb"[\[{]")
"""Flow style, which Helm does not write, and of which a kilobyte of brackets takes seconds as well."""
_SEPARATOR: Final = b"\n...\n"


def accept_v001(spec: JsonObject) -> Accepted:
    """Verify the provenance, and keep its signature and the digest of the chart that it names.

    Raises:
        MalformedError: Not a provenance file, or one that names no chart or several.
        LimitExceeded: Larger than any such file.
        SignatureMismatch: The key did not sign it.
    """
    ring = parse_key_ring(read_content(spec.child("publicKey")))
    content = read_content(spec.child("chart").child("provenance"))
    if len(content) > _MAX_SIZE:
        raise LimitExceeded(_WHAT, f"more than {_MAX_SIZE} bytes")
    provenance = parse_clearsigned(content, what=_WHAT)
    verify_detached(ring, provenance.signature, provenance.signed)
    algorithm, digest = _read_chart_digest(provenance.text)
    canonical = {
        "chart": {
            "hash": {"algorithm": algorithm, "value": digest},
            "provenance": {"signature": {"content": encode_b64(encode_armor(SIGNATURE, provenance.signature))}},
        },
        "publicKey": {"content": encode_b64(ring.canonical)},
    }
    keys = (search_key_of(ring.canonical), *ring.subjects, f"{algorithm}:{digest}".lower())
    return Accepted(encode_body("helm", canonical), keys)


def _read_chart_digest(text: bytes) -> tuple[str, str]:
    """Return algorithm and digest of the one file in the second YAML document."""
    documents = text.split(_SEPARATOR)
    if len(documents) == 1 or _FLOW.search(documents[1]):
        raise MalformedError(_WHAT, "no list of files in block style after the description of the chart")
    if len(documents[1]) > _MAX_LIST:
        raise LimitExceeded(_WHAT, f"a list of files of more than {_MAX_LIST} bytes")
    try:
        # BaseLoader makes strings, lists and maps only, never objects.
        found = yaml.load(documents[1], Loader=yaml.BaseLoader)  # noqa: S506
    except (yaml.YAMLError, RecursionError, UnicodeDecodeError) as error:
        raise MalformedError(_WHAT, "a list of files that is not YAML") from error
    files = found.get("files") if isinstance(found, dict) else None
    if not isinstance(files, dict) or len(files) != 1:
        # Of several the real server takes any one: which would be logged is left to chance.
        raise MalformedError(_WHAT, "expected exactly one file")
    (found,) = files.values()
    # Anything but a text may be lists in lists that share their members: small, and endless when written out.
    algorithm, colon, digest = found.partition(":") if isinstance(found, str) else ("", "", "")
    if not colon or ":" in digest:
        raise MalformedError(_WHAT, "expected a digest in the form algorithm:hex")
    return algorithm, digest
