"""Recording what a decision is made from, and answering from the record when it is made again.

Whatever asks a registry, or for whom to believe, is given a recording of it, and later a replay, which asks nobody. A
replay that is asked what was never recorded says so: it is not the same as that there is nothing.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

from cosignpy.core.digest import Digest
from cosignpy.core.oci.manifest import Descriptor, Manifest
from cosignpy.core.oci.reference import Tag
from cosignpy.errors import CosignError, DeadlineExceeded, RemoteError
from cosignpy.imagepolicy.evidence import MAX_CONTENT, Answer, Asked, Question, check_size
from cosignpy.operations.ports import ManifestSource, TrustSource
from cosignpy.values import field, record, value

if TYPE_CHECKING:
    from cosignpy.core.trust.trusted_root import TrustedRoot

T = TypeVar("T")


@record
class Recorder:
    """All answers of a run so far, from all threads; the same question has the answer that was given first.

    Of content that is too much nothing more is held, and the run goes on: `check` says so before anything is written.
    """

    answers: dict[Asked, Answer] = field(default_factory=dict)
    contents: dict[Digest, bytes] = field(default_factory=dict, repr=False)
    _size: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def watch(self, asked: Asked, ask: Callable[[], T], describe: Callable[[T], tuple[Answer, bytes]]) -> T:
        """Ask, and keep what comes back; that there was no time is no answer.

        Raises:
            CosignError: As `ask`, whose error is kept.
        """
        try:
            found = ask()
        except DeadlineExceeded:
            raise
        except CosignError as error:
            self.keep(asked, Answer(error=error))
            raise
        self.keep(asked, *describe(found))
        return found

    def keep(self, asked: Asked, answer: Answer, content: bytes = b"") -> None:
        """Keep an answer, and the content that it names."""
        with self._lock:
            self.answers.setdefault(asked, answer)
            if answer.content is not None and answer.content not in self.contents:
                self._size += len(content)
                self.contents[answer.content] = content if self._size <= MAX_CONTENT else b""

    def check(self) -> None:
        """Refuse what evidence has no room for.

        Raises:
            LimitExceeded: That much was seen.
        """
        check_size(self._size)


@value
class RecordingSource:
    """A repository of which all that is read is kept; `place` is its name."""

    place: str
    source: ManifestSource
    recorder: Recorder = field(repr=False)

    def fetch_manifest(self, name: Digest | Tag) -> Manifest:
        """Return the manifest, as the repository does; what a tag named can be had by its digest later.

        Raises:
            CosignError: As the repository does.
        """
        found = self.recorder.watch(
            Asked(self.place, Question.MANIFEST, str(name)),
            lambda: self.source.fetch_manifest(name),
            lambda found: (Answer(found.digest, found.media_type), found.raw),
        )
        if not isinstance(name, Digest):
            self.recorder.keep(
                Asked(self.place, Question.MANIFEST, str(found.digest)), Answer(found.digest, found.media_type)
            )
        return found

    def fetch_blob(self, descriptor: Descriptor) -> bytes:
        """Return the blob, as the repository does.

        Raises:
            CosignError: As the repository does.
        """
        return self.recorder.watch(
            _asked_blob(self.place, descriptor),
            lambda: self.source.fetch_blob(descriptor),
            lambda found: (Answer(descriptor.digest), found),
        )

    def fetch_referrers(self, subject: Digest) -> Sequence[Descriptor]:
        """Return what refers to the subject, as the repository does.

        Raises:
            CosignError: As the repository does.
        """
        return self.recorder.watch(
            Asked(self.place, Question.REFERRERS, str(subject)),
            lambda: self.source.fetch_referrers(subject),
            lambda found: (Answer(descriptors=tuple(found)), b""),
        )


@value
class RecordingTrust:
    """A trusted root that is kept once it is asked for; `place` tells it from others of the run."""

    source: TrustSource
    recorder: Recorder = field(repr=False)
    place: str = ""

    def trusted_root(self) -> "TrustedRoot":
        """Return it, as the source does.

        Raises:
            CosignError: As the source does.
        """
        return self.recorder.watch(Asked(self.place, Question.TRUSTED_ROOT), self.source.trusted_root, _describe_root)


def _describe_root(root: "TrustedRoot") -> tuple[Answer, bytes]:
    from cosignpy.core.trust.trusted_root import encode_trusted_root

    encoded = encode_trusted_root(root)
    return Answer(Digest.of(encoded)), encoded


@record
class Replay:
    """What was recorded, to answer from; `missing` is what was asked for and is not there."""

    answers: Mapping[Asked, Answer]
    contents: Mapping[Digest, bytes] = field(repr=False)
    missing: list[Asked] = field(default_factory=list)

    def answer(self, asked: Asked) -> Answer:
        """Return the answer as it was given.

        Raises:
            CosignError: The one that was given.
            RemoteError: Nobody asked that when this was recorded.
        """
        found = self.answers.get(asked)
        if found is None:
            self.missing.append(asked)
            raise RemoteError("the evidence", asked.place, None, f"nobody asked for {asked} when it was recorded")
        if found.error is not None:
            raise found.error
        return found

    def content(self, answer: Answer) -> bytes:
        """Return the content that an answer names."""
        return self.contents[answer.content] if answer.content is not None else b""


@value
class ReplayedSource:
    """A repository as it was seen; `place` is its name."""

    place: str
    replay: Replay

    def fetch_manifest(self, name: Digest | Tag) -> Manifest:
        """Return the manifest that was seen.

        Raises:
            CosignError: The error that was seen, or none of both was.
        """
        found = self.replay.answer(Asked(self.place, Question.MANIFEST, str(name)))
        raw = self.replay.content(found)
        digest = name if isinstance(name, Digest) else found.content or Digest.of(raw)
        return Manifest.parse(digest.verify(raw, what=f"manifest {name}"), found.media_type, algorithm=digest.algorithm)

    def fetch_blob(self, descriptor: Descriptor) -> bytes:
        """Return the blob that was seen.

        Raises:
            CosignError: The error that was seen, or none of both was.
        """
        raw = self.replay.content(self.replay.answer(_asked_blob(self.place, descriptor)))
        return descriptor.digest.verify(raw, what=f"blob {descriptor.digest}")

    def fetch_referrers(self, subject: Digest) -> Sequence[Descriptor]:
        """Return the referrers that were seen.

        Raises:
            CosignError: The error that was seen, or none of both was.
        """
        return self.replay.answer(Asked(self.place, Question.REFERRERS, str(subject))).descriptors or ()


@value
class ReplayedTrust:
    """The trusted root that was believed."""

    replay: Replay
    place: str = ""

    def trusted_root(self) -> "TrustedRoot":
        """Return it.

        Raises:
            CosignError: The error that was seen, or none of both was.
        """
        from cosignpy.core.trust.trusted_root import parse_trusted_root

        found = self.replay.answer(Asked(self.place, Question.TRUSTED_ROOT))
        return parse_trusted_root(self.replay.content(found))


def _asked_blob(place: str, descriptor: Descriptor) -> Asked:
    """Return the question for a blob: who says another size of the same digest asks for something else."""
    return Asked(place, Question.BLOB, f"{descriptor.digest} of {descriptor.size} bytes")
