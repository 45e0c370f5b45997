"""The kinds of entry that Rekor v1 accepts, by kind and version."""

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Final, TypeAlias

from cosignpy.core.encoding import JsonObject
from cosignpy.errors import UsageError
from log_server.rekor.accepted import Accepted
from log_server.rekor.json_limits import parse_limited
from log_server.rekor.kinds import alpine, cose, dsse, hashedrekord, helm, intoto, jar, rekord, rfc3161, rpm, tuf

Accept: TypeAlias = Callable[[JsonObject], Accepted]
"""Verifies the `spec` of a proposed entry, and writes the entry's canonical form."""

Kinds: TypeAlias = Mapping[tuple[str, str], Accept]

KINDS: Final[Kinds] = MappingProxyType(
    {
        ("alpine", "0.0.1"): alpine.accept_v001,
        ("cose", "0.0.1"): cose.accept_v001,
        ("dsse", "0.0.1"): dsse.accept_v001,
        ("hashedrekord", "0.0.1"): hashedrekord.accept_v001,
        ("helm", "0.0.1"): helm.accept_v001,
        ("intoto", "0.0.1"): intoto.accept_v001,
        ("intoto", "0.0.2"): intoto.accept_v002,
        ("jar", "0.0.1"): jar.accept_v001,
        ("rekord", "0.0.1"): rekord.accept_v001,
        ("rfc3161", "0.0.1"): rfc3161.accept_v001,
        ("rpm", "0.0.1"): rpm.accept_v001,
        ("tuf", "0.0.1"): tuf.accept_v001,
    }
)
"""Every kind, by its name and `apiVersion`."""


def build_kinds(max_attestation: int) -> Kinds:
    """Return every kind, with another size up to which what is signed is kept beside the log."""
    keeping: dict[tuple[str, str], Accept] = {
        ("cose", "0.0.1"): partial(cose.accept_v001, max_attestation=max_attestation),
        ("intoto", "0.0.1"): partial(intoto.accept_v001, max_attestation=max_attestation),
        ("intoto", "0.0.2"): partial(intoto.accept_v002, max_attestation=max_attestation),
    }
    return MappingProxyType({**KINDS, **keeping})


def accept(raw: bytes, kinds: Kinds = KINDS) -> Accepted:
    """Verify the body of a request, which proposes one entry.

    Raises:
        UsageError: A kind or a version that the log does not take.
        CosignError: The entry is malformed, or its signature does not verify.
    """
    return hashedrekord.accept_common(raw) or accept_proposed(parse_limited(raw, what="entry"), kinds)


def accept_proposed(proposed: JsonObject, kinds: Kinds = KINDS) -> Accepted:
    """Verify a proposed entry (rekor, openapi.yaml, `ProposedEntry`).

    Raises:
        UsageError: A kind or a version that the log does not take.
        CosignError: The entry is malformed, or its signature does not verify.
    """
    name = (proposed.text("kind"), proposed.text("apiVersion"))
    accept = kinds.get(name)
    if accept is None:
        known = ", ".join(sorted({f"{kind} {version}" for kind, version in kinds}))
        raise UsageError(f"this log does not take entries of kind {name[0]!r}, version {name[1]!r}, only {known}")
    return accept(proposed.child("spec"))
