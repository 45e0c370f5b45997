"""Verdicts that outlive the process: a file that is written whole, and believed only if we wrote it.

Whoever could write it would decide what runs. The file is therefore authenticated with a key that is not beside it
(derived from a secret of the webhook), and besides has to be a plain file of our user that nobody else can write.
Older content of the same file cannot be told from newer: it is bounded by the times that each verdict has.
"""

import hmac
import os
import stat
import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Final

import msgspec

from cosignpy.errors import FileError, UsageError
from cosignpy.files import PRIVATE, explain, write_file
from cosignpy.imagepolicy.decision import Outcome
from cosignpy.version import VERSION
from cosignpy.webhook.engine.cache import KeptVerdict, VerdictKey
from cosignpy.webhook.verdicts import ImageVerdict, Kept, PolicyAnswer

MAX_FILE: Final = 32 << 20
"""Octets; ten thousand verdicts have some five million."""
MIN_KEY: Final = 16
"""Octets of a secret."""

_AT_ONCE: Final = 100
"""Verdicts; they take a millisecond."""
_PAUSE: Final = 0.001
_PURPOSE: Final = b"cosignpy verdicts 1 "
_MAC: Final = 32


class _Answer(msgspec.Struct, array_like=True):
    name: str
    namespace: str
    authority: str
    evidence: tuple[str, ...]


class _Verdict(msgspec.Struct, array_like=True):
    key: str
    image: str
    digest: str
    made: float
    until: float
    grace_until: float
    policies: tuple[_Answer, ...]


_DECODER: Final = msgspec.msgpack.Decoder(list[_Verdict])


class CacheFile:
    """A file with verdicts that let images pass."""

    def __init__(self, path: Path, secret: bytes) -> None:
        if len(secret) < MIN_KEY:
            raise UsageError("verdicts are kept in a file only with a secret that it is authenticated by")
        self.path = path
        self._key = hmac.digest(secret, _PURPOSE + VERSION.encode(), "sha256")

    def load(self) -> Mapping[str, KeptVerdict]:
        """Read it; nothing where there is none.

        Raises:
            FileError: It cannot be read, is not ours alone, or was not written by us.
        """
        raw = self._read()
        if not raw:
            return {}
        found = hmac.digest(self._key, raw[_MAC:], "sha256")
        if not hmac.compare_digest(found, raw[:_MAC]):
            raise FileError(str(self.path), "it was not written by this webhook with the secret that it has now")
        try:
            chunks = msgspec.msgpack.decode(raw[_MAC:], type=list[bytes])
            return {each.key: _restore(each) for chunk in chunks for each in _DECODER.decode(chunk)}
        except msgspec.MsgspecError as error:
            raise FileError(str(self.path), "it is of another form") from error

    def save(self, verdicts: Iterable[tuple[VerdictKey | str, KeptVerdict]], most: int) -> None:
        """Write it anew, so many at the most.

        Raises:
            FileError: It cannot be written.
        """
        content = msgspec.msgpack.encode(list(_encode(islice(iter(verdicts), most))))
        if len(content) + _MAC <= MAX_FILE:
            write_file(self.path, hmac.digest(self._key, content, "sha256") + content, PRIVATE)

    def _read(self) -> bytes:
        try:
            with explain(self.path):
                descriptor = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
                with open(descriptor, "rb") as file:  # noqa: PTH123 # of a descriptor
                    self._refuse_others(os.fstat(descriptor))
                    return file.read(MAX_FILE)
        except FileError as error:
            if isinstance(error.__cause__, FileNotFoundError):
                return b""
            raise

    def _refuse_others(self, found: os.stat_result) -> None:
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
            raise FileError(str(self.path), "it is not a file that only this user can read and write")


def _encode(verdicts: Iterator[tuple[VerdictKey | str, KeptVerdict]]) -> Iterator[bytes]:
    """Yield verdicts, some at a time, and let other threads compute in between: one of them answers admissions."""
    while chunk := [_keep(key, each) for key, each in islice(verdicts, _AT_ONCE)]:
        yield msgspec.msgpack.encode(chunk)
        time.sleep(_PAUSE)


def _keep(key: VerdictKey | str, kept: KeptVerdict) -> _Verdict:
    known = key if isinstance(key, str) else key.digest()
    verdict = kept.verdict
    answers = tuple([_Answer(each.name, each.namespace, each.authority, each.evidence) for each in verdict.policies])
    return _Verdict(known, verdict.image, verdict.digest, kept.made, kept.until, kept.grace_until, answers)


def _restore(kept: _Verdict) -> KeptVerdict:
    answers = [
        PolicyAnswer(each.name, each.namespace, Outcome.PASSED, each.authority, (), each.evidence)
        for each in kept.policies
    ]
    decided = datetime.fromtimestamp(kept.made, UTC)
    verdict = ImageVerdict(
        kept.image, kept.digest, Outcome.PASSED, tuple(answers), decided_at=decided, kept=Kept.REMEMBERED
    )
    return KeptVerdict(verdict, kept.made, kept.until, kept.grace_until)
