"""Whether the trusted root believes anybody now: keys and certificates by their times, and what the lint says."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from cosignpy.core.trust.lint import lint_trusted_root
from cosignpy.core.trust.problems import Severity
from cosignpy.core.trust.trusted_root import CertificateAuthority, TransparencyLog, TrustedRoot, parse_trusted_root
from cosignpy.errors import MalformedError
from cosignpy.operations.doctor.facts import Document, Facts
from cosignpy.operations.doctor.findings import Check, Finding, ok, problem, tell_time, warning

SOON: Final = timedelta(days=30)

_NEWER: Final = "get a newer trusted root: cosignpy initialize, or from whoever gave you the file"

NAMED: Final = ok("trusted-root-read")
IN_USE: Final = ok("trusted-root-in-use")
NOT_LOOKED_AT: Final = ok("trusted-root-not-read")
UNREADABLE: Final = problem(
    "trusted-root-unreadable",
    "see what is said here of trust metadata and services, or name a file that you trust: --trusted-root FILE",
)
NOBODY: Final = problem("trusted-root-none-in-use", f"{_NEWER}; what is signed from now on cannot be verified")
NOT_YET: Final = problem(
    "trusted-root-not-yet", "look at the clock of this machine, and at the start in the trusted root"
)
UNKNOWN_KEY: Final = warning(
    "trusted-root-unknown-key",
    "update the program that does not know this kind of key, or get a trusted root without it",
)
SOON_OVER: Final = warning("trusted-root-ends-soon", f"{_NEWER}, before that")
FAULTY: Final = problem("trusted-root-faulty", "cosignpy trusted-root lint says more; ask whoever made it for another")
DOUBTFUL: Final = warning(
    "trusted-root-doubtful", "cosignpy trusted-root lint says more; other clients may refuse the document"
)

_LISTS: Final = (
    ("logs", "transparency logs"),
    ("certificate_authorities", "certificate authorities"),
    ("ct_logs", "certificate transparency logs"),
    ("timestamp_authorities", "timestamp authorities"),
)
_KEY: Final = (".publicKey", ".publicKey.keyDetails")


def read_root(document: Document | None) -> TrustedRoot | None:
    """Return the trusted root, None where there is none to be had."""
    if document is None or document.error is not None:
        return None
    try:
        return parse_trusted_root(document.content)
    except MalformedError:
        return None  # told by `check_trust`


def check_trust(facts: Facts) -> Iterator[Finding]:
    """Look at the trusted root."""
    document = facts.trusted_root
    if document is None:
        yield NOT_LOOKED_AT("no trusted root is configured")
        return
    if document.error is not None:
        yield UNREADABLE(document.tell(document.error))
        return
    try:
        root = parse_trusted_root(document.content)
    except MalformedError as error:
        yield UNREADABLE(document.tell(error))
        return
    yield NAMED(f"{document.source} can be read")
    for name, title in _LISTS:
        yield from _judge_list(title, getattr(root, name), facts.now)
    yield from _lint(document.content, facts.now)


def _judge_list(
    title: str, items: Sequence[TransparencyLog | CertificateAuthority], now: datetime
) -> Iterator[Finding]:
    """Look at one kind: that some have ended is how it goes; that all have is a problem."""
    if not items:
        return
    current = [item for item in items if _covers(item, now)]
    if not current:
        coming = any(item.validity.begins_after(now) for item in items)
        text = f"{title}: none of {len(items)} is in use now"
        yield NOT_YET(f"{text}, and some are later") if coming else NOBODY(text)
        return
    ends = [_end(item) for item in current]
    last = None if None in ends else max(end for end in ends if end is not None)
    if last is not None and last - now < SOON and not any(item.validity.begins_after(now) for item in items):
        yield SOON_OVER(f"{title}: the last of them that is in use ends on {tell_time(last)}")
    else:
        until = f", until {tell_time(last)}" if last is not None else ""
        yield IN_USE(f"{title}: {len(current)} of {len(items)} in use{until}")


def _covers(item: TransparencyLog | CertificateAuthority, now: datetime) -> bool:
    if isinstance(item, CertificateAuthority) and not all(
        each.not_before <= now <= each.not_after for each in item.chain
    ):
        return False
    return item.validity.covers(now)


def _end(item: TransparencyLog | CertificateAuthority) -> datetime | None:
    """Return when it ends: with its validity, or the first certificate of its chain that expires."""
    if isinstance(item, TransparencyLog):
        return item.validity.end
    last = min(certificate.not_after for certificate in item.chain)
    return min(last, item.validity.end) if item.validity.end is not None else last


def _lint(content: bytes, now: datetime) -> Iterator[Finding]:
    for found in lint_trusted_root(content, now):
        if "." not in found.place and "[" not in found.place and found.severity is Severity.WARNING:
            continue  # a whole list that is not in use, or not there: told above
        if found.place.endswith(_KEY):
            yield UNKNOWN_KEY(f"{found.place}: {found.why}")
        else:
            yield (FAULTY if found.severity is Severity.ERROR else DOUBTFUL)(f"{found.place}: {found.why}")


TRUST: Final = Check(
    "trusted-root",
    "Trusted root",
    (NAMED, IN_USE, NOT_LOOKED_AT, UNREADABLE, NOBODY, NOT_YET, UNKNOWN_KEY, SOON_OVER, FAULTY, DOUBTFUL),
    check_trust,
)
