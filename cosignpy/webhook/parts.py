"""The parts of the webhook, put together for one cluster: who decides, who is told, and what is kept up to date."""

import logging
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cosignpy.errors import UsageError
from cosignpy.net.address_rule import AddressRule
from cosignpy.net.http import HttpClient, HttpOptions
from cosignpy.net.proxy import Proxies
from cosignpy.net.tls import TlsOptions
from cosignpy.values import value
from cosignpy.webhook import kinds, metrics
from cosignpy.webhook.app import Draining
from cosignpy.webhook.audit.auditor import Auditor, AuditParts
from cosignpy.webhook.audit.running import keep_pod
from cosignpy.webhook.audit_log import log_decision
from cosignpy.webhook.break_glass.grants import GrantPorts, Grants
from cosignpy.webhook.cluster.api import KubernetesApi
from cosignpy.webhook.cluster.leadership import Candidate, LeaseElection
from cosignpy.webhook.credentials.pull_secrets import ClusterPullSecrets
from cosignpy.webhook.engine.engine import Engine, EnginePorts
from cosignpy.webhook.engine.settings import EngineSettings
from cosignpy.webhook.events import EventWriter
from cosignpy.webhook.handle import Handler, Ports
from cosignpy.webhook.live_config import LiveConfig
from cosignpy.webhook.live_settings import LiveSettings
from cosignpy.webhook.namespaces import read_enforcement
from cosignpy.webhook.owners import ClusterOwners
from cosignpy.webhook.policies.status_writer import StatusPorts, StatusWriter
from cosignpy.webhook.policies.store import PolicyStore
from cosignpy.webhook.policies.supplies import WebSupplies
from cosignpy.webhook.policies.watched import PolicyCaches, watch_policies
from cosignpy.webhook.readiness import Background, Readiness
from cosignpy.webhook.recording import Decision
from cosignpy.webhook.resources.validating import ResourceRules
from cosignpy.webhook.settled import SettledImages

if TYPE_CHECKING:
    from cosignpy.operations.ports import TrustSource

OWN_POLICIES: Final = "imagepolicies.cosignpy.dev"
REPORTS: Final = "policyreports.wgpolicyk8s.io"
EXCEPTIONS: Final = "breakglasses.cosignpy.dev"
"""Definitions that a cluster may have or not; looked for when the webhook starts."""
_REPORTS_HINT: Final = "install the definitions of wgpolicyk8s.io, or leave --audit out"
LEASE: Final = "cosignpy-webhook"

_LOG: Final = logging.getLogger(__name__)


@value
class SiteOptions:
    """Where the webhook is: its namespace, the name of its pod, and of its configuration of validating webhooks.

    `folder` is where TUF metadata of trust roots is kept, and `trust_patience` how many seconds readiness waits for
    whom to believe where no policy says so. `cluster` is what signed exceptions call this one.
    """

    namespace: str
    identity: str
    validating: str
    folder: Path
    engine: EngineSettings
    trust_patience: float = 10.0
    cluster: str = ""


class Parts:
    """All of them, in one event loop: built, started, and closed."""

    def __init__(self, api: KubernetesApi, options: SiteOptions, caches: PolicyCaches, draining: Draining) -> None:
        self.api = api
        self.options = options
        self.caches = caches
        self.leadership = LeaseElection(api, Candidate(options.namespace, LEASE, options.identity))
        self.config = LiveConfig(caches.config_maps, options.namespace)
        self._http = HttpClient(_http_options(options.engine))
        self._supplies = WebSupplies(self._http, options.folder, _LOG.warning)
        self.store = PolicyStore(caches, self._supplies, self.config.current())
        self.secrets = ClusterPullSecrets.of(api)
        ports = EnginePorts(lend=self.secrets.find_named)
        self.engine = Engine(self.store, self.config.current, options.engine, ports)
        self.namespaces = api.watch(kinds.NAMESPACE)
        self.events = EventWriter(api, options.identity)
        self.background = Background()
        self.grants: Grants | None = None
        self._count = metrics.CountDecisions()
        self.config.on_change(self._take_settings)
        self.handler = Handler(self._ports())
        self.readiness = self._readiness(draining)

    def _ports(self) -> Ports:
        return Ports(
            self.engine,
            self.secrets,
            self.store,
            SettledImages(self.store, self.config.current),
            ClusterOwners(self.api.get, self.config.current),
            self.config.current,
            lambda namespace: read_enforcement(self.namespaces, namespace),
            lambda namespace, verdict: verdict if self.grants is None else self.grants.excuse(namespace, verdict),
        )

    def _readiness(self, draining: Draining) -> Readiness:
        caches = {
            "namespaces": self.namespaces,
            "service accounts": self.secrets.accounts,
            "the webhook's ConfigMap": self.caches.config_maps,
        }
        patient_until = time.monotonic() + self.options.trust_patience
        conditions = {
            "policies": lambda: self.store.is_ready,
            "workers": lambda: self.engine.is_ready,
            "whom to believe": lambda: self._has_trust() or time.monotonic() > patient_until,
        }
        return Readiness(draining, caches, conditions, metrics.READY.set)

    def _has_trust(self) -> bool:
        return self.options.engine.trust.disabled or self.engine.trust.version != ""

    def _take_settings(self, settings: LiveSettings) -> None:
        self.store.apply_settings(settings)
        metrics.count_settings(settings)

    async def start(self) -> None:
        """Start all that runs by itself.

        Raises:
            CosignError: Something cannot be started as it is asked for.
        """
        await self.engine.start()
        self.leadership.start()
        self.background.start("watches", self.api.watch_over())
        self.background.start("leadership", self.leadership.watch_over())
        self.background.start("policies", self.store.run())
        self.background.start("readiness", self.readiness.run())
        self.background.start("events", self.events.run())
        ports = StatusPorts(self.caches, self.api, self.leadership)
        self.background.start("statuses", StatusWriter(self.store, ports).run())

    async def start_audit(self) -> None:
        """Begin to audit what runs.

        Raises:
            UsageError: The cluster knows no reports.
            ClusterError: The API server does not answer.
        """
        if not await _knows(self.api, REPORTS):
            raise UsageError(f"the cluster has no definition {REPORTS}, in which audits are reported", _REPORTS_HINT)
        parts = AuditParts(
            cluster=self.api,
            pods=self.api.watch(kinds.POD, keep=keep_pod),
            namespaces=self.namespaces,
            configurations=self.api.watch(kinds.VALIDATING_WEBHOOKS),
            configuration=self.options.validating,
            reports=self.api.watch(kinds.POLICY_REPORT),
            decider=self.engine,
            secrets=self.secrets,
            leadership=self.leadership,
            observe=metrics.CountAudit(),
        )
        auditor = Auditor(parts)
        self.store.on_change(auditor.recheck)
        self.config.on_change(lambda _settings: auditor.recheck())
        self.background.start("audit", auditor.run())

    async def start_exceptions(self) -> None:
        """Begin to heed signed exceptions, where the cluster knows any.

        Raises:
            ClusterError: The API server does not answer.
        """
        if not await _knows(self.api, EXCEPTIONS):
            return
        self.grants = Grants(
            GrantPorts(
                objects=self.api.watch(kinds.BREAK_GLASS),
                api=self.api,
                leadership=self.leadership,
                policies=self.store,
                namespace=self.options.namespace,
                trust=self._believed,
                is_on=lambda: self.config.current().break_glass,
                cluster=self.options.cluster,
            )
        )
        self.config.on_change(lambda _settings: None if self.grants is None else self.grants.recheck())
        self.background.start("exceptions", self.grants.run())

    def _believed(self) -> "TrustSource":
        from cosignpy.webhook.engine.answering import Believed  # brings what verifies, and most clusters need it never

        trust = self.engine.trust.current()
        return Believed(trust.root, trust.problem)

    def resource_rules(self) -> ResourceRules:
        """Return by what resources of ours are validated now."""
        return ResourceRules(self.config.current(), self._supplies.read_repository, self.options.namespace)

    def record(self, made: Decision) -> None:
        """Tell all who want to know of a decision."""
        log_decision(made)
        self._count(made)
        self.events(made)

    def measure(self) -> None:
        """Set the numbers that nobody sets when they change."""
        metrics.count_engine(self.engine.numbers())
        metrics.IN_FORCE.set(len(self.store.current().policies))
        metrics.FAULTY.set(sum(bool(each.faults) for each in self.store.policies.values()))
        metrics.TRUST_RENEWED.set(self.engine.trust.renewed_at)
        metrics.LEADER.set(self.leadership.is_leader)

    async def close(self) -> None:
        """End all that was started; a successor leads at once."""
        await self.background.close()
        await self.leadership.close()
        await self.engine.stop()
        self._http.close()


async def build_parts(api: KubernetesApi, options: SiteOptions, draining: Draining) -> Parts:
    """Build the parts, and begin to follow the cluster.

    Raises:
        CosignError: The API server does not answer, or something is not as it should be.
    """
    own = await _knows(api, OWN_POLICIES)
    return Parts(api, options, watch_policies(api, options.namespace, own=own), draining)


async def _knows(api: KubernetesApi, definition: str) -> bool:
    return await api.get(kinds.CUSTOM_RESOURCE_DEFINITION, "", definition) is not None


def _http_options(engine: EngineSettings) -> HttpOptions:
    """Return how texts that policies name are fetched: tenants write some of these, and know the names of machines."""
    return HttpOptions(
        tls=TlsOptions(ca_file=engine.registries.cacert or None),
        proxies=Proxies.from_environment(os.environ),
        rule=AddressRule(),
    )
