"""Signatures that lie in another registry, which asks for the Secrets that a policy names."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, Final

import pytest

from cosignpy.core.encoding import encode_json
from cosignpy.errors import ClusterError
from cosignpy.imagepolicy.decision import Outcome
from cosignpy.localregistry.access import Action
from cosignpy.localregistry.auth.accounts import Account
from cosignpy.localregistry.auth.basic import BasicAuth
from cosignpy.localregistry.server import LocalRegistry, RegistryOptions
from cosignpy.operations.complete_bundle import SigningKey
from cosignpy.operations.sign_image import Claims, SignImage, sign_image
from cosignpy.registry import options as client
from cosignpy.registry.keyring import Keyring
from cosignpy.registry.repository import RemoteRepository
from cosignpy.registry.session import RegistrySession
from cosignpy.values import replace
from cosignpy.webhook.engine.engine import Engine, EnginePorts
from cosignpy.webhook.engine.settings import EngineSettings
from cosignpy.webhook.verdicts import Cause, ImageVerdict, PullCredentials
from tests.support.image_policies import BY_KEY, document
from tests.support.signed import KEY
from tests.support.signed_images import CREATED, LEGACY
from tests.support.webhook_engine import KnownPolicies, compiled, question, run_engine, settings
from tests.support.webhook_images import Images, serve_images

WRITER: Final = Account("writer", "writer password")
READER: Final = Account("reader", "reader password", frozenset({Action.PULL}))
SECRET: Final = "signatures"


class Site:
    """An image in an open registry, and its signatures in one that is not."""

    def __init__(self, images: Images, closed: LocalRegistry) -> None:
        self.images = images
        self.closed = closed.address
        self.secrets: dict[str, Any] = {"team": self.auths(READER)}
        self.asked: list[tuple[str, tuple[str, ...]]] = []
        options = client.RegistryOptions(keyring=Keyring.parse(encode_json(self.auths(WRITER)).decode()))
        with_session = RegistrySession(self.closed, options)
        request = SignImage(images.image.descriptor, Claims(images.name, {}), LEGACY, CREATED)
        sign_image(request, SigningKey(KEY), RemoteRepository(with_session, "signatures"))
        with_session.close()

    def auths(self, account: Account) -> Any:
        return [{"auths": {self.closed: {"username": account.name, "password": account.password}}}]

    async def lend(self, namespace: str, names: Sequence[str]) -> PullCredentials:
        self.asked.append((namespace, tuple(names)))
        found = self.secrets.get(namespace)
        if isinstance(found, Exception):
            raise found
        return PullCredentials(encode_json(found).decode(), f"of {namespace}") if found else PullCredentials()

    @property
    def settings(self) -> EngineSettings:
        chosen = settings(self.images.address)
        reach = replace(chosen.registries, plain_http=(self.images.address, self.closed))
        return replace(chosen, registries=reach)

    def policy(self, secrets: Sequence[str] = (SECRET,)) -> Mapping[str, Any]:
        source: dict[str, Any] = {"oci": f"{self.closed}/signatures"}
        if secrets:
            source["signaturePullSecrets"] = [{"name": each} for each in secrets]
        return document({**BY_KEY, "source": [source]})

    def decide(self, *namespaces: str, secrets: Sequence[str] = (SECRET,)) -> list[ImageVerdict]:
        async def ask(engine: Engine) -> list[ImageVerdict]:
            asked = [engine.decide(question(self.images.name, namespace=each)) for each in namespaces or ("team",)]
            return list(await asyncio.gather(*asked))

        ports = EnginePorts(lend=self.lend)
        return run_engine(ask, KnownPolicies(compiled(self.policy(secrets))), self.settings, ports=ports)


@pytest.fixture
def site() -> Iterator[Site]:
    with ExitStack() as stack:
        images = stack.enter_context(serve_images())
        closed = stack.enter_context(LocalRegistry(RegistryOptions(auth=BasicAuth((WRITER, READER)))))
        yield Site(images, closed)


def test_secrets_that_a_policy_names_fetch_its_signatures(site: Site) -> None:
    (found,) = site.decide()
    assert found.outcome is Outcome.PASSED, found
    assert site.asked == [("team", (SECRET,))]


def test_without_them_the_registry_refuses(site: Site) -> None:
    (found,) = site.decide(secrets=())
    assert (found.outcome, found.cause) == (Outcome.REFUSED, Cause.CREDENTIALS)


@pytest.mark.parametrize("secret", [None, [{"auths": {}}]])
def test_a_secret_that_is_not_there_or_empty_is_no_help(site: Site, secret: Any) -> None:
    site.secrets["team"] = secret
    (found,) = site.decide()
    assert (found.outcome, found.cause) == (Outcome.REFUSED, Cause.CREDENTIALS)


def test_the_secrets_of_one_namespace_are_for_no_other(site: Site) -> None:
    mine, other = site.decide("other", "team")
    assert (mine.outcome, other.outcome) == (Outcome.REFUSED, Outcome.PASSED)


def test_a_cluster_that_cannot_say_refuses(site: Site) -> None:
    site.secrets["team"] = ClusterError("get secrets team/signatures", "https://cluster.example", "forbidden", 403)
    (found,) = site.decide()
    assert found.outcome is Outcome.REFUSED
    assert "get secrets team/signatures" in found.problem
