"""The webhook's engine in tests: policies as the cluster has them, questions, and a run from start to stop."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeVar

import uvloop

from cosignpy.core.bundle.protojson import encode_bundle
from cosignpy.core.digest import Digest
from cosignpy.core.intoto import build_signature_statement
from cosignpy.core.trust.trusted_root import encode_trusted_root
from cosignpy.imagepolicy.conduct import OURS, Conduct
from cosignpy.imagepolicy.workloads import Workload
from cosignpy.values import replace
from cosignpy.webhook.engine.engine import Engine, EnginePorts
from cosignpy.webhook.engine.settings import EngineSettings, RegistryReach, TrustSettings
from cosignpy.webhook.live_settings import LiveSettings
from cosignpy.webhook.policies.compiled import PolicySource, decode_policy, encode_policy, version_of
from cosignpy.webhook.ports import CompiledPolicy, PolicySnapshot
from cosignpy.webhook.verdicts import ImageQuestion, PullCredentials
from tests.support.virtual_sigstore import EMAIL, ISSUER, REKOR_V2, ROOT, Signing

T = TypeVar("T")

BY_EMAIL: Final[Mapping[str, Any]] = {"keyless": {"identities": [{"issuer": ISSUER, "subject": EMAIL}]}}
POD: Final = Workload("", "v1", "pods", {"app": "web"}, {"kind": "Pod", "apiVersion": "v1", "spec": {"containers": []}})
TRUSTED_ROOT: Final = encode_trusted_root(ROOT)


def compiled(
    document: Mapping[str, Any], conduct: Conduct = OURS, namespace: str = "", problem: str = ""
) -> CompiledPolicy:
    """Return a policy as it is in force."""
    encoded = encode_policy(PolicySource(document, conduct))
    version = version_of(encoded)
    return CompiledPolicy(decode_policy(encoded), encoded, version, namespace=namespace, problem=problem)


class KnownPolicies:
    """Policies that a test changes; implements `ports.Policies`."""

    def __init__(self, *policies: CompiledPolicy) -> None:
        self._told: list[Callable[[], None]] = []
        self.set(*policies)

    def set(self, *policies: CompiledPolicy) -> None:
        """Let these be in force from now on."""
        self._snapshot = PolicySnapshot(policies, " ".join(each.version for each in policies))
        for tell in self._told:
            tell()

    def current(self) -> PolicySnapshot:
        """Return them."""
        return self._snapshot

    def on_change(self, tell: Callable[[], None]) -> None:
        """Tell of each change."""
        self._told.append(tell)


def question(
    image: str,
    namespace: str = "team",
    seconds: float = 20.0,
    workload: Workload = POD,
    credentials: PullCredentials | None = None,
) -> ImageQuestion:
    """Return a question about an image."""
    return ImageQuestion(image, namespace, workload, credentials or PullCredentials(), time.monotonic() + seconds)


def settings(registry: str = "", **changes: Any) -> EngineSettings:
    """Return settings for a registry on this machine, one worker, and no default trust of a mirror's."""
    reach = RegistryReach(plain_http=(registry,) if registry else (), allow_local=True)
    return replace(EngineSettings(1, registries=reach, trust=TrustSettings(disabled=True)), **changes)


def run_engine(
    scenario: Callable[[Engine], Awaitable[T]],
    policies: KnownPolicies,
    chosen: EngineSettings,
    live: Callable[[], LiveSettings] | None = None,
    ports: EnginePorts | None = None,
) -> T:
    """Run a scenario with an engine that is started before, and stopped after it."""

    async def run() -> T:
        engine = Engine(policies, live or _live, chosen, ports)
        await engine.start()
        try:
            return await scenario(engine)
        finally:
            await engine.stop()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # as the server does
        return runner.run(run())


def _live() -> LiveSettings:
    return LiveSettings(verdicts="cosignpy")


def keyless_bundle(image: Digest) -> bytes:
    """Return a bundle over an image by somebody with a certificate, in a log of version 2, with a timestamp."""
    statement = build_signature_statement(image, {})
    return encode_bundle(Signing(log=REKOR_V2, stamped=True, statement=statement).bundle())
