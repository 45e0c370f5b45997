"""What policies name elsewhere, recorded when it is had, and answered from the record when a decision is made again."""

from cosignpy.core.digest import Digest
from cosignpy.core.keys.public import PublicKey
from cosignpy.errors import UsageError
from cosignpy.imagepolicy.evidence import Answer, Asked, Question
from cosignpy.imagepolicy.trust_roots import TufRepository
from cosignpy.operations.complete_policies import PolicySupplies
from cosignpy.operations.policy_evidence import Recorder, Replay
from cosignpy.values import field, value


@value
class NoSupplies:
    """Nothing but what policies have themselves."""

    def fetch_text(self, url: str) -> bytes:
        """Refuse to fetch.

        Raises:
            UsageError: Always.
        """
        raise UsageError(f"the text at {url} is not fetched here", "write it to `data`")

    def load_key(self, reference: str) -> PublicKey:
        """Refuse to load.

        Raises:
            UsageError: Always.
        """
        raise UsageError(f"{reference} is not asked here", "write the public key to `data`")

    def read_repository(self, repository: TufRepository) -> bytes:
        """Refuse to read.

        Raises:
            UsageError: Always.
        """
        raise UsageError(f"the {_name(repository)} is not read here", "name whom to believe with --trusted-root")


@value
class RecordingSupplies:
    """Supplies of which all that is had is kept."""

    supplies: PolicySupplies
    recorder: Recorder = field(repr=False)

    def fetch_text(self, url: str) -> bytes:
        """Return a text.

        Raises:
            CosignError: As the supplies do.
        """
        return self.recorder.watch(Asked(url, Question.TEXT), lambda: self.supplies.fetch_text(url), _describe)

    def load_key(self, reference: str) -> PublicKey:
        """Return a key.

        Raises:
            CosignError: As the supplies do.
        """
        asked = Asked(reference, Question.KEY)
        return self.recorder.watch(
            asked, lambda: self.supplies.load_key(reference), lambda found: _describe(found.encode_pem())
        )

    def read_repository(self, repository: TufRepository) -> bytes:
        """Return the trusted root of a repository.

        Raises:
            CosignError: As the supplies do.
        """
        return self.recorder.watch(
            _asked_root(repository), lambda: self.supplies.read_repository(repository), _describe
        )


@value
class ReplayedSupplies:
    """Supplies as they were."""

    replay: Replay

    def fetch_text(self, url: str) -> bytes:
        """Return a text.

        Raises:
            CosignError: The error that was seen, or none of both was.
        """
        return self._content(Asked(url, Question.TEXT))

    def load_key(self, reference: str) -> PublicKey:
        """Return a key.

        Raises:
            CosignError: The error that was seen, or none of both was.
        """
        return PublicKey.parse_pem(self._content(Asked(reference, Question.KEY)), what=reference)

    def read_repository(self, repository: TufRepository) -> bytes:
        """Return the trusted root of a repository.

        Raises:
            CosignError: The error that was seen, or none of both was.
        """
        return self._content(_asked_root(repository))

    def _content(self, asked: Asked) -> bytes:
        return self.replay.content(self.replay.answer(asked))


def _describe(raw: bytes) -> tuple[Answer, bytes]:
    return Answer(Digest.of(raw)), raw


def _asked_root(repository: TufRepository) -> Asked:
    """Return the question for a trusted root: who begins with another root asks for something else."""
    return Asked(_name(repository), Question.TRUSTED_ROOT, f"{repository.target} from {Digest.of(repository.root)}")


def _name(repository: TufRepository) -> str:
    return repository.mirror or f"TUF repository {Digest.of(repository.archive)}"
