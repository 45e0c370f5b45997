"""Whether what the trust mirror said is still good: its metadata by role, and the cache that it is kept in."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from cosignpy.operations.doctor.facts import CacheFacts, Facts
from cosignpy.operations.doctor.findings import Check, Finding, ok, problem, tell_time, warning

ROLES: Final = ("root", "timestamp", "snapshot", "targets")
SOON: Final = MappingProxyType(
    {
        "root": timedelta(days=21),
        "targets": timedelta(days=21),
        "snapshot": timedelta(days=1),
        "timestamp": timedelta(hours=12),
    }
)
"""Those that people sign by hand are renewed weeks ahead, the others by machines within days."""

UNUSED: Final = ok("trust-cache-unused")
VALID: Final = ok("metadata-valid")
SOON_OVER: Final = warning(
    "metadata-expires-soon",
    "run cosignpy initialize; if that changes nothing, whoever runs the mirror has to sign a newer version",
)
EXPIRED: Final = problem(
    "metadata-expired",
    "run cosignpy initialize where there is a network; if that changes nothing, the mirror withholds a newer version, "
    "or nobody signed one",
)
NEVER: Final = problem(
    "trust-never-fetched",
    "run cosignpy initialize (--mirror and --root for another than Sigstore's own), or name files: --trusted-root, and "
    "--signing-config to sign",
)
UNREADABLE: Final = problem(
    "trust-cache-unreadable", "give the files back to yourself, or remove them: they are fetched anew"
)
WRITABLE: Final = warning(
    "trust-cache-writable",
    "chmod go-w what is named: what others could have written is not believed, and verified anew",
)
LOCKED: Final = warning(
    "trust-cache-locked", "wait for the other process; if there is none, look who has the file open: fuser FILE"
)
MIRROR: Final = problem("trust-mirror-unusable", "look at TUF_MIRROR, TUF_ROOT and TUF_ROOT_JSON")


def check_metadata(facts: Facts) -> Iterator[Finding]:
    """Look at the cache of trust."""
    cache = facts.cache
    if cache is None:
        yield UNUSED("files are named for all that would be fetched")
        return
    if cache.error is not None:
        yield MIRROR(str(cache.error))
        return
    for path, why in cache.unreadable.items():
        yield UNREADABLE(f"{path}: {why}")
    for path in cache.writable_by_others:
        yield WRITABLE(f"{path} can be written by others")
    if cache.is_locked:
        yield LOCKED(f"another process updates {cache.folder}, or forgot that it did")
    if cache.unreadable or cache.expires.keys() - {"root"}:
        yield from _judge_roles(cache, facts.now)
    else:
        # A root alone is what trust begins with, and may be one that came with the program.
        yield NEVER(f"nothing of {cache.mirror} is in {cache.folder}")


def _judge_roles(cache: CacheFacts, now: datetime) -> Iterator[Finding]:
    for role in ROLES:
        if role not in cache.expires:
            continue
        until = cache.expires[role]
        if until <= now:
            yield EXPIRED(f"{role} of {cache.mirror} expired on {tell_time(until)}")
        elif until - now < SOON[role]:
            yield SOON_OVER(f"{role} of {cache.mirror} expires soon, on {tell_time(until)}")
        else:
            yield VALID(f"{role} of {cache.mirror} is valid until {tell_time(until)}")


METADATA: Final = Check(
    "metadata",
    "Trust metadata",
    (UNUSED, VALID, SOON_OVER, EXPIRED, NEVER, UNREADABLE, WRITABLE, LOCKED, MIRROR),
    check_metadata,
)
