"""What the webhook counts; names begin with `cosignpy_admission_`.

Labels have few values: what people write freely (images, objects, reasons) is in the log, not here. Policies have their
names; registries too, until there are many.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

from prometheus_client import Counter, Gauge, Histogram

from cosignpy.errors import MalformedError
from cosignpy.webhook import kinds
from cosignpy.webhook.answer import Denial, LeftToValidation, NothingToDecide
from cosignpy.webhook.live_settings import LiveSettings
from cosignpy.webhook.messages import name_policy
from cosignpy.webhook.recording import Decision, Webhook
from cosignpy.webhook.references import read_name
from cosignpy.webhook.request import AdmissionRequest
from cosignpy.webhook.verdicts import ImageVerdict

MAX_REGISTRIES: Final = 50
"""Registries with numbers of their own: whoever may create pods names them, and each is kept until the end."""
MAX_KINDS: Final = 50
"""Kinds of objects besides those of Kubernetes and ours that have numbers of their own: settings name them, and whoever
reaches the webhook without the API server names others."""
MAX_POLICIES: Final = 5000
"""Policies that have numbers of their own: namespaces write some, and may write new ones again and again."""
OTHER: Final = "other"
_KINDS: Final = (
    "",
    *[each.kind for each in (*kinds.WORKLOADS, kinds.CLUSTER_IMAGE_POLICY, kinds.IMAGE_POLICY, kinds.TRUST_ROOT)],
)
_SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

REVIEWS: Final = Counter(
    "cosignpy_admission_reviews",
    "Reviews that were answered, and how",
    ("webhook", "operation", "kind", "dry_run", "outcome"),
)
LATENCY: Final = Histogram(
    "cosignpy_admission_review_seconds", "From a review to its answer", ("webhook", "outcome"), buckets=_SECONDS
)
IMAGES: Final = Counter(
    "cosignpy_admission_images",
    "Images that were decided over; `cause` says why they were refused, `kept` how old the verdict was",
    ("outcome", "cause", "kept"),
)
POLICIES: Final = Counter("cosignpy_admission_policy_results", "What policies said", ("policy", "outcome"))
REGISTRIES: Final = Counter(
    "cosignpy_admission_registry_images", "Images that were decided over, by their registries", ("registry", "outcome")
)
BREAK_GLASS: Final = Counter("cosignpy_admission_break_glass", "Images that run by a signed exception", ("namespace",))
PINNED: Final = Counter("cosignpy_admission_pinned_images", "Tags that were replaced by digests")
SETTINGS_PROBLEMS: Final = Gauge("cosignpy_admission_settings_problems", "Settings of the ConfigMap that are wrong")
READY: Final = Gauge("cosignpy_admission_ready", "1 where everything is there that decisions need")
IN_FORCE: Final = Gauge("cosignpy_admission_policies", "Policies that are in force")
FAULTY: Final = Gauge(
    "cosignpy_admission_policies_with_faults", "Policies whose newest version is not in force, or not all of it"
)
TRUST_RENEWED: Final = Gauge(
    "cosignpy_admission_trust_renewed_seconds",
    "When the default trusted root was known to be valid last, in Unix time; 0 where there is none",
)
CERTIFICATE_END: Final = Gauge(
    "cosignpy_admission_certificate_not_after_seconds", "When the certificate ends that is served with, in Unix time"
)
LEADER: Final = Gauge("cosignpy_admission_leader", "1 in the replica that writes statuses, reports and certificates")
ENGINE: Final = Gauge(
    "cosignpy_admission_engine",
    "Verdicts that are kept, questions under way, workers that run, and how many of them died",
    ("what",),
)
AUDITED: Final = Gauge(
    "cosignpy_admission_running_images", "What runs, by the last audit of it", ("namespace", "result")
)


@lru_cache(maxsize=4096)
def _review_series(*labels: str) -> Counter:
    return REVIEWS.labels(*labels)


@lru_cache(maxsize=64)
def _latency_series(webhook: str, outcome: str) -> Histogram:
    return LATENCY.labels(webhook, outcome)


@lru_cache(maxsize=256)
def _image_series(outcome: str, cause: str, kept: str) -> Counter:
    return IMAGES.labels(outcome, cause, kept)


@lru_cache(maxsize=8192)
def _policy_series(policy: str, outcome: str) -> Counter:
    return POLICIES.labels(policy, outcome)


@lru_cache(maxsize=1024)
def _registry_series(registry: str, outcome: str) -> Counter:
    return REGISTRIES.labels(registry, outcome)


class Names:
    """Which names have numbers of their own: those that are known, and the first that come."""

    def __init__(self, most: int, known: Iterable[str] = ()) -> None:
        self._named = set(known)
        self._most = len(self._named) + most

    def name(self, text: str) -> str:
        """Return what a name is counted as."""
        if text not in self._named:
            if len(self._named) >= self._most:
                return OTHER
            self._named.add(text)
        return text


class Registries(Names):
    """Which registries have numbers of their own: the first that come."""

    def __init__(self, most: int = MAX_REGISTRIES) -> None:
        super().__init__(most)

    def name(self, text: str) -> str:
        """Return what the registry of an image is counted as."""
        try:
            registry = read_name(text, "").repository.partition("/")[0]
        except MalformedError:
            return OTHER
        return super().name(registry)


class CountDecisions:
    """Counts decisions; a `Record`."""

    def __init__(self, most_kinds: int = MAX_KINDS, most_policies: int = MAX_POLICIES) -> None:
        self._registries = Registries()
        self._kinds = Names(most_kinds, _KINDS)
        self._policies = Names(most_policies)

    def __call__(self, made: Decision) -> None:
        """Count one."""
        outcome = name_outcome(made)
        operation, kind, dry_run = _describe_request(made.request)
        _review_series(made.webhook, operation, self._kinds.name(kind), dry_run, outcome).inc()
        _latency_series(made.webhook, outcome).observe(made.seconds)
        if made.webhook is Webhook.MUTATING and made.answer.patch:
            PINNED.inc(len(made.answer.patch) / 2)
        for finding in made.findings:
            self._count_image(finding.verdict, "" if made.request is None else made.request.namespace)

    def _count_image(self, verdict: ImageVerdict, namespace: str) -> None:
        outcome = verdict.outcome
        _image_series(outcome, "" if verdict.cause is None else verdict.cause, verdict.kept).inc()
        if verdict.excuse is not None:
            BREAK_GLASS.labels(namespace).inc()
        _registry_series(self._registries.name(verdict.image), outcome).inc()
        for policy in verdict.policies:
            _policy_series(self._policies.name(name_policy(policy)), policy.outcome).inc()


def _describe_request(request: AdmissionRequest | None) -> tuple[str, str, str]:
    if request is None:
        return "", "", "false"
    return request.operation, request.kind.kind, "true" if request.dry_run else "false"


def name_outcome(made: Decision) -> str:
    """Name what became of a request in a word."""
    answer = made.answer
    if isinstance(answer.outcome, Denial):
        return "denied"
    if isinstance(answer.outcome, NothingToDecide):
        return "skipped"
    if isinstance(answer.outcome, LeftToValidation):
        return "patched" if answer.patch else "unchanged"
    if not all(each.verdict.is_admitted for each in made.findings):
        return "tolerated"
    return "excused" if any(each.verdict.excuse is not None for each in made.findings) else "admitted"


def count_engine(numbers: Mapping[str, int]) -> None:
    """Take over what the engine counts."""
    for name, number in numbers.items():
        ENGINE.labels(name).set(number)


class CountAudit:
    """Takes over what the audit of running workloads found in a namespace; nothing of one that is not audited."""

    def __init__(self) -> None:
        self._seen: dict[str, set[str]] = {}

    def __call__(self, namespace: str, results: Mapping[str, int]) -> None:
        """Set the numbers of a namespace."""
        for gone in self._seen.pop(namespace, set()) - set(results):
            AUDITED.remove(namespace, gone)
        if results:
            self._seen[namespace] = set(results)
        for result, number in results.items():
            AUDITED.labels(namespace, result).set(number)


def count_settings(settings: LiveSettings) -> None:
    """Say how many settings are wrong."""
    SETTINGS_PROBLEMS.set(len(settings.problems))
