"""An image in the embedded registry, which the webhook's engine decides over."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.verify.evidence import SignatureFormat
from cosignpy.localregistry.faults import Faults
from cosignpy.localregistry.server import LocalRegistry, RegistryOptions
from cosignpy.operations.complete_bundle import SigningKey
from cosignpy.operations.sign_image import Claims, SignImage, sign_image
from cosignpy.registry import options as client
from cosignpy.registry.repository import RemoteRepository
from cosignpy.registry.session import RegistrySession
from tests.support.memory_repository import push_image
from tests.support.signed import KEY
from tests.support.signed_images import CREATED


class Images:
    """A registry with an image, which a test signs."""

    def __init__(self, registry: LocalRegistry, options: client.RegistryOptions | None = None) -> None:
        self.registry = registry
        self.address = registry.address
        self.session = RegistrySession(registry.address, options or client.RegistryOptions())
        self.repository = RemoteRepository(self.session, "team/app")
        self.image = push_image(self.repository, tag="v1")

    @property
    def name(self) -> str:
        """The image by its digest."""
        return f"{self.address}/team/app@{self.image.digest}"

    def sign(self, *formats: SignatureFormat, key: PrivateKey = KEY) -> None:
        """Sign it as the command does."""
        request = SignImage(self.image.descriptor, Claims(self.name, {}), formats, CREATED)
        sign_image(request, SigningKey(key), self.repository)

    def requests(self) -> int:
        """Return how many requests there were."""
        return len(self.registry.requests)


@contextmanager
def serve_images(directory: Path | None = None) -> Iterator[Images]:
    """Serve an image."""
    with LocalRegistry(RegistryOptions(directory)) as registry:
        made = Images(registry)
        try:
            yield made
        finally:
            made.session.close()


@contextmanager
def serve_badly(directory: Path, faults: Faults, image: Images) -> Iterator[str]:
    """Serve what lies in a folder, with faults; the name of the image there."""
    with LocalRegistry(RegistryOptions(directory, faults=faults)) as registry:
        yield image.name.replace(image.address, registry.address)
