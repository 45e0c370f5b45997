"""What is wrong with a trusted root that can be read: what other clients refuse it for, and what never verifies.

Who refuses what was found by giving cosign and sigstore-python such documents (docs/formats/trusted-root.md).
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from cosignpy.core.encoding import JsonObject
from cosignpy.core.keys.algorithms import (
    ECDSA_P256,
    ECDSA_P384,
    ECDSA_P521,
    ED25519,
    RSA_2048,
    RSA_3072,
    RSA_4096,
    Scheme,
)
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.note.key_id import log_key_id, spki_key_id
from cosignpy.core.trust.lint_authorities import lint_authority
from cosignpy.core.trust.problems import Problem, error, warning
from cosignpy.core.trust.trusted_root import (
    BARE_RSA,
    MAX_AUTHORITIES,
    MAX_LOGS,
    SHA2_256,
    TRUSTED_ROOT,
    CertificateAuthority,
    TransparencyLog,
    TrustedRoot,
    parse_trusted_root,
)
from cosignpy.core.trust.validity import Validity
from cosignpy.errors import KeyUnusable

_LISTS: Final = ("tlogs", "certificateAuthorities", "ctlogs")
"""Lists that sigstore-python wants to be there, even empty."""
_SUBJECT: Final = ("organization", "commonName")
"""And parts of names."""
_KINDS: Final = frozenset(
    {BARE_RSA} | {kind.name for kind in (ECDSA_P256, ECDSA_P384, ECDSA_P521, ED25519, RSA_2048, RSA_3072, RSA_4096)}
)
"""Kinds of key that cosign reads; for any other in a log it refuses the whole document."""


def lint_trusted_root(raw: bytes, moment: datetime) -> tuple[Problem, ...]:
    """Return what is wrong with a trusted root, at a moment.

    Raises:
        MalformedError: It cannot be read at all.
    """
    root = parse_trusted_root(raw)
    return (
        *_lint_document(JsonObject.parse(raw, what="trusted root"), root),
        *_lint_logs("tlogs", root.logs),
        *_lint_logs("ctlogs", root.ct_logs),
        *_lint_authorities("certificateAuthorities", root.certificate_authorities, moment),
        *_lint_authorities("timestampAuthorities", root.timestamp_authorities, moment),
        *_lint_use(root, moment),
    )


def _lint_document(found: JsonObject, root: TrustedRoot) -> Iterator[Problem]:
    """Look at what is not there, which a trusted root once read does not show any more."""
    if root.media_type != TRUSTED_ROOT:
        yield error("mediaType", f"cosign reads no other than {TRUSTED_ROOT!r}")
    missing = [name for name in _LISTS if name not in found]
    for name in ("tlogs", "ctlogs"):
        logs = enumerate(found.children(name, most=MAX_LOGS))
        missing += [f"{name}[{index}].baseUrl" for index, log in logs if "baseUrl" not in log]
    for name in ("certificateAuthorities", "timestampAuthorities"):
        for index, authority in enumerate(found.children(name, most=MAX_AUTHORITIES)):
            subject = authority.optional_child("subject") or ()
            missing += [f"{name}[{index}].subject.{part}" for part in _SUBJECT if part not in subject]
    for place in missing:
        yield warning(place, "not there: sigstore-python refuses the document, though an empty one is enough")


def _lint_logs(name: str, logs: Sequence[TransparencyLog]) -> Iterator[Problem]:
    uses = Counter(log.log_id for log in logs)
    for index, log in enumerate(logs):
        place = f"{name}[{index}]"
        if log.key is None:
            yield error(f"{place}.publicKey", "a key or hash function that is not known: nothing of it can be verified")
        if log.key_details not in _KINDS or log.hash_algorithm != SHA2_256:
            why = f"cosign refuses the document for a log of {log.key_details} and {log.hash_algorithm}"
            yield error(f"{place}.publicKey.keyDetails", why)
        yield from _lint_validity(f"{place}.publicKey.validFor", log.validity)
        if uses[log.log_id] > 1:
            yield warning(f"{place}.logId", "another log has the same id: cosign keeps only the last of them")
        if log.key is not None:
            yield from _lint_log_id(f"{place}.logId", log, log.key)


def _lint_log_id(place: str, log: TransparencyLog, key: PublicKey) -> Iterator[Problem]:
    if log.log_id == spki_key_id(key):
        if place.startswith("tlogs") and key.algorithm.scheme is not Scheme.ECDSA:
            yield warning(place, "the hash of the key alone: a log of Rekor v2 has its origin in its id")
    elif key.algorithm.scheme is Scheme.ECDSA:
        yield error(place, "not the id of this key: nothing that this log signs is looked for under it")
    elif log.log_id not in _ids_by_origin(log.base_url, key):
        yield warning(place, f"not the id of this key, neither alone nor with the origin of {log.base_url!r}")


def _ids_by_origin(url: str, key: PublicKey) -> frozenset[bytes]:
    """Return the ids a log of Rekor v2 may have: checkpoints are signed by its host's name, with or without a path."""
    try:
        parts = urlsplit(url)
        hosts = {parts.netloc, parts.hostname or ""}
        return frozenset(log_key_id(host + path, key) for host in hosts for path in ("", parts.path))
    except (ValueError, KeyUnusable):  # no URL, or a kind of key that signs no checkpoints
        return frozenset()


def _lint_authorities(name: str, authorities: Sequence[CertificateAuthority], moment: datetime) -> Iterator[Problem]:
    for index, authority in enumerate(authorities):
        place = f"{name}[{index}]"
        yield from _lint_validity(f"{place}.validFor", authority.validity)
        yield from lint_authority(place, authority, moment)


def _lint_validity(place: str, validity: Validity) -> Iterator[Problem]:
    if validity.start is None:
        yield error(f"{place}.start", "not there: it never began, and cosign refuses the document if it is a log's")
    elif validity.end is not None and validity.end < validity.start:
        yield error(place, "it ends before it starts")


def _lint_use(root: TrustedRoot, moment: datetime) -> Iterator[Problem]:
    """Look for kinds of which none is in use any more: what is signed from now on cannot be verified."""
    kinds: dict[str, Sequence[TransparencyLog | CertificateAuthority]] = {
        "tlogs": root.logs,
        "ctlogs": root.ct_logs,
        "certificateAuthorities": root.certificate_authorities,
        "timestampAuthorities": root.timestamp_authorities,
    }
    for name, items in kinds.items():
        if items and not any(item.validity.covers(moment) for item in items):
            yield warning(name, f"none of them is in use at {moment.isoformat(timespec='seconds')}")
