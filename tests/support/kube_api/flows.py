"""What tests of the webhook's flows have in common: a registry with a signed image, and load on an API server."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Self

from cosignpy.core.verify.evidence import SignatureFormat
from cosignpy.localregistry.auth.accounts import Account
from cosignpy.localregistry.auth.basic import BasicAuth
from cosignpy.localregistry.server import LocalRegistry, RegistryOptions
from cosignpy.operations.complete_bundle import SigningKey
from cosignpy.operations.sign_image import Claims, SignImage, sign_image
from cosignpy.registry import options as client
from cosignpy.registry.repository import RemoteRepository
from cosignpy.registry.session import RegistrySession
from tests.support.kube_api.client import Answered, KubeClient
from tests.support.kube_api.contract.checks import pod, unique
from tests.support.memory_repository import push_image
from tests.support.signed import KEY, OTHER_KEY
from tests.support.signed_images import CREATED

PUBLIC: Final = KEY.public_key.encode_pem().decode()
OTHER: Final = OTHER_KEY.public_key.encode_pem().decode()


class Registry:
    """A registry with an image that is signed, and one that is not."""

    def __init__(self, registry: LocalRegistry, options: client.RegistryOptions) -> None:
        self.address, self.requests = registry.address, registry.requests
        self.session = RegistrySession(registry.address, options)
        self.glob = f"{self.address}/team/**"
        self.signed, self.unsigned = f"{self.address}/team/signed:v1", f"{self.address}/team/unsigned:v1"
        image = push_image(RemoteRepository(self.session, "team/signed"), b"signed", tag="v1")
        other = push_image(RemoteRepository(self.session, "team/unsigned"), b"unsigned", tag="v1")
        self.unsigned_pinned = f"{self.unsigned}@{other.digest}"
        self.digest = str(image.digest)
        self.pinned = f"{self.signed}@{self.digest}"
        request = SignImage(image.descriptor, Claims(self.signed, {}), (SignatureFormat.LEGACY,), CREATED)
        sign_image(request, SigningKey(KEY), RemoteRepository(self.session, "team/signed"))


@contextmanager
def serve_team(account: Account | None = None) -> Iterator[Registry]:
    """Serve the registry, to everyone or to who has an account."""
    auth = BasicAuth((account,)) if account else None
    known = client.RegistryOptions(account.name, account.password) if account else client.RegistryOptions()
    with LocalRegistry(RegistryOptions(auth=auth)) as server:
        made = Registry(server, known)
        try:
            yield made
        finally:
            made.session.close()


def denied(found: Answered) -> str:
    """Return what the webhook says.

    Raises:
        AssertionError: It is not the one that refuses.
    """
    said = 'admission webhook "policy.sigstore.dev" denied the request: '
    assert found.message.startswith(said), found
    return found.message.removeprefix(said)


class Load:
    """Creates Pods from some threads, in dry runs, for as long as the `with` block lasts."""

    def __init__(self, api: KubeClient, place: str, image: str, threads: int = 3) -> None:
        self._api, self._place, self._image = api, place, image
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(threads)]
        self.answers: list[tuple[float, Answered]] = []

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(30)

    def _run(self) -> None:
        while not self._over.is_set():
            found = self._api.try_create(pod(self._place, unique("p"), self._image), dryRun="All")
            self.answers.append((time.monotonic(), found))

    def failures(self, since: float = 0.0) -> list[str]:
        """Return what was not admitted, and is answered after a moment."""
        return [found.message for moment, found in self.answers if found.code != 201 and moment > since]

    def count(self, since: float = 0.0) -> int:
        """Return how many answers there were after a moment."""
        return sum(moment > since for moment, _ in self.answers)
