"""What policies name elsewhere, as tests have it."""

from cosignpy.core.keys.public import PublicKey
from cosignpy.errors import RemoteError, UsageError
from cosignpy.imagepolicy.trust_roots import TufRepository
from cosignpy.webhook.policies.fetching import RepositoryContent


class FakeSupplies:
    """The web, as tests have it: answers may be changed, and an error is raised."""

    def __init__(self) -> None:
        self.texts: dict[str, bytes | Exception] = {}
        self.keys: dict[str, PublicKey] = {}
        self.repository: RepositoryContent | Exception = UsageError("no mirror")
        self.asked = list[str]()

    def fetch_text(self, url: str) -> bytes:
        """Return a text; without one the server is away."""
        self.asked.append(url)
        found = self.texts.get(url, RemoteError("policies.example", url, 503, "away"))
        if isinstance(found, Exception):
            raise found
        return found

    def load_key(self, reference: str) -> PublicKey:
        """Return a key; of others nobody knows the scheme."""
        self.asked.append(reference)
        if reference not in self.keys:
            raise UsageError("unknown key reference scheme gcpkms://")
        return self.keys[reference]

    def read_repository(self, repository: TufRepository) -> RepositoryContent:
        """Return what all repositories have."""
        self.asked.append(repository.mirror)
        if isinstance(self.repository, Exception):
            raise self.repository
        return self.repository
