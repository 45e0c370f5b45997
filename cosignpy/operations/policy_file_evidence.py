"""What a decision over a file is made from: its digests, its bundles, and its content where a key signed it whole."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from cosignpy.core.digest import Digest
from cosignpy.core.encoding import JsonObject, encode_json
from cosignpy.imagepolicy.evidence import Answer, Asked, Question
from cosignpy.operations.policy_evidence import Recorder, Replay
from cosignpy.values import field, value

if TYPE_CHECKING:
    from cosignpy.operations.verify_bundle import ArtifactSource
    from cosignpy.operations.verify_file_by_policies import FileBundle

_CONTENT: Final = "content"
"""What is asked for where no digest will do."""


@value
class RecordingFile:
    """A file of which all that is read is kept."""

    path: str
    source: "ArtifactSource"
    recorder: Recorder = field(repr=False)

    def read_digests(self, algorithms: frozenset[str]) -> Mapping[str, bytes]:
        """Return its digests, as the file does.

        Raises:
            CosignError: As the file does.
        """
        asked = Asked(self.path, Question.FILE, _name(algorithms))
        return self.recorder.watch(asked, lambda: self.source.read_digests(algorithms), _describe_digests)

    def read_content(self) -> bytes | None:
        """Return all of it, as the file does.

        Raises:
            CosignError: As the file does.
        """
        asked = Asked(self.path, Question.FILE, _CONTENT)
        return self.recorder.watch(asked, self.source.read_content, lambda found: _describe(found or b""))


@value
class ReplayedFile:
    """A file as it was seen."""

    path: str
    replay: Replay

    def read_digests(self, algorithms: frozenset[str]) -> Mapping[str, bytes]:
        """Return the digests that were seen.

        Raises:
            CosignError: The error that was seen, or none of both was.
        """
        found = JsonObject.parse(self._content(_name(algorithms)), what=f"digests of {self.path}")
        found.refuse_unknown(*algorithms)
        return {name: bytes.fromhex(Digest(name, found.text(name)).hex) for name in sorted(algorithms)}

    def read_content(self) -> bytes:
        """Return the content that was seen.

        Raises:
            CosignError: The error that was seen, or none of both was.
        """
        return self._content(_CONTENT)

    def _content(self, name: str) -> bytes:
        return self.replay.content(self.replay.answer(Asked(self.path, Question.FILE, name)))


def record_bundles(path: str, bundles: "Sequence[FileBundle]", recorder: Recorder) -> None:
    """Keep the bundles of a file, in their order."""
    for bundle in bundles:
        recorder.keep(Asked(path, Question.BUNDLE, bundle.location), *_describe(bundle.content))


def recorded_bundles(path: str, recorder: Recorder) -> tuple[str, ...]:
    """Return where the bundles of a file were, in their order."""
    return tuple([each.name for each in recorder.answers if each.place == path and each.question is Question.BUNDLE])


def replay_bundles(path: str, locations: Sequence[str], replay: Replay) -> "tuple[FileBundle, ...]":
    """Return the bundles of a file as they were.

    Raises:
        RemoteError: One was not recorded.
    """
    from cosignpy.operations.verify_file_by_policies import FileBundle

    asked = [Asked(path, Question.BUNDLE, location) for location in locations]
    return tuple([FileBundle(each.name, replay.content(replay.answer(each))) for each in asked])


def _name(algorithms: frozenset[str]) -> str:
    return " ".join(sorted(algorithms))


def _describe(raw: bytes) -> tuple[Answer, bytes]:
    return Answer(Digest.of(raw)), raw


def _describe_digests(found: Mapping[str, bytes]) -> tuple[Answer, bytes]:
    return _describe(encode_json({name: found[name].hex() for name in sorted(found)}))
