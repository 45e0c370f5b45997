"""SPIFFE ids: the names of workloads (SPIFFE-ID sections 2.1 to 2.3)."""

import re
from typing import Final

from cosignpy.errors import LimitExceeded, MalformedError
from cosignpy.values import value

MAX_ID: Final = 2048
MAX_TRUST_DOMAIN: Final = 255
"""Bytes, SPIFFE-ID section 2.3."""

_SCHEME: Final = "spiffe://"
_TRUST_DOMAIN: Final = re.compile(r"[a-z0-9._-]+")
_SEGMENT: Final = re.compile(r"[A-Za-z0-9._-]+")
_DOTS: Final = frozenset({".", ".."})


@value
class SpiffeId:
    """A SPIFFE id: its trust domain, and the segments of its path, which may be none."""

    trust_domain: str
    segments: tuple[str, ...]


def parse_spiffe_id(text: str) -> SpiffeId:
    """Parse a SPIFFE id; there is only one spelling of each.

    Raises:
        MalformedError: Another scheme, or characters, segments or a slash at the end that cannot be.
        LimitExceeded: Longer than `MAX_ID`.
    """
    if len(text) > MAX_ID:
        raise LimitExceeded("SPIFFE id", f"{len(text)} characters, at most {MAX_ID} are accepted")
    if not text.startswith(_SCHEME):
        raise MalformedError("SPIFFE id", "it does not begin with spiffe://")
    domain, *segments = text.removeprefix(_SCHEME).split("/")
    if any(segment in _DOTS or not _SEGMENT.fullmatch(segment) for segment in segments):
        raise MalformedError("SPIFFE id", "a segment of its path is empty, only dots, or has strange characters")
    return SpiffeId(_check_trust_domain(domain), tuple(segments))


def parse_trust_domain(text: str) -> str:
    """Parse a trust domain, given as its name or by a SPIFFE id in it.

    Raises:
        MalformedError: It is neither.
    """
    return parse_spiffe_id(text).trust_domain if ":/" in text else _check_trust_domain(text)


def _check_trust_domain(name: str) -> str:
    if not _TRUST_DOMAIN.fullmatch(name) or len(name) > MAX_TRUST_DOMAIN:
        raise MalformedError("trust domain", "small letters, digits, dots, `-` and `_`, at most 255 of them")
    return name
