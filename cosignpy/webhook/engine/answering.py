"""What a worker answers: verdicts, digests of tags, trusted roots. Whatever goes wrong is an answer as well."""

import logging
import os
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cosignpy.core.digest import Digest
from cosignpy.core.encoding import JsonObject, encode_json
from cosignpy.core.oci.reference import parse_tag
from cosignpy.errors import CosignError, TransparencyRequired, UsageError
from cosignpy.imagepolicy.decision import ImageDecision, Outcome
from cosignpy.imagepolicy.evidence_errors import KEPT, encode_error
from cosignpy.imagepolicy.model import ImagePolicyDocument, Source
from cosignpy.imagepolicy.workloads import Workload
from cosignpy.operations.ports import ManifestSource
from cosignpy.operations.verify_by_policies import DecidedImage, VerifyByPolicies, verify_by_policies
from cosignpy.values import field, record, value
from cosignpy.webhook.engine.causes import cause_of, cause_of_decision, is_away, is_decision_away, names_away
from cosignpy.webhook.engine.lasting import lasts
from cosignpy.webhook.engine.limits import Deadline
from cosignpy.webhook.engine.messages import Decide, Decided, Found, NewPolicy, OldPolicies, Renew, Resolve, Runs
from cosignpy.webhook.engine.places import Asker, Registries
from cosignpy.webhook.engine.said import BROKEN, TOO_LARGE, describe, explain, explain_error
from cosignpy.webhook.policies.names import lend_pull_secrets
from cosignpy.webhook.verdicts import Cause

if TYPE_CHECKING:
    from cosignpy.core.trust.trusted_root import TrustedRoot

READS_AT_ONCE: Final = 4
"""Of the signatures of one image."""

_LOG: Final = logging.getLogger(__name__)


@record
class Policy:
    """A policy that was told; read when it is asked for first."""

    encoded: bytes = field(repr=False)
    document: ImagePolicyDocument | None = field(default=None, repr=False)


class Policies:
    """Policies by their versions; safe to share among threads."""

    def __init__(self, decode: Callable[[bytes], ImagePolicyDocument]) -> None:
        self._decode = decode
        self._lock = threading.Lock()
        self._told: dict[str, Policy] = {}

    def add(self, policy: NewPolicy) -> None:
        """Take a policy that questions will name."""
        self._told[policy.version] = Policy(policy.encoded)

    def forget(self, old: OldPolicies) -> None:
        """Forget what no question will name; those that did have it still."""
        for version in old.versions:
            self._told.pop(version, None)

    def find(self, versions: Sequence[str]) -> Sequence[Policy | None]:
        """Return what was told, None for what was not."""
        return [self._told.get(version) for version in versions]

    def read(self, policy: Policy | None) -> ImagePolicyDocument:
        """Return what a policy says.

        Raises:
            UsageError: It was not told.
            CosignError: It cannot be read.
        """
        if policy is None:
            raise UsageError("a policy is not known to the process that verifies; try again")
        with self._lock:
            if policy.document is None:
                policy.document = self._decode(policy.encoded)
            return policy.document


@record
class Believed:
    """A trusted root, parsed by who asks first; else why there is none."""

    raw: bytes = field(default=b"", repr=False)
    problem: str = "nobody said yet whom to believe"
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _root: "TrustedRoot | None" = field(default=None, repr=False)

    def trusted_root(self) -> "TrustedRoot":
        """Return it.

        Raises:
            TransparencyRequired: There is none.
            MalformedError: It is no trusted root.
        """
        from cosignpy.core.trust.trusted_root import parse_trusted_root

        if not self.raw:
            raise TransparencyRequired(self.problem)
        with self._lock:
            if self._root is None:
                self._root = parse_trusted_root(self.raw)
            return self._root


@value
class Asked:
    """A question with what it is answered by: what was told until then."""

    question: Decide
    deadline: Deadline
    policies: Sequence[Policy | None]
    believed: Believed


@value
class Answering:
    """Policies, registries, and the time."""

    policies: Policies
    registries: Registries
    now: Callable[[], datetime] = lambda: datetime.now(UTC).replace(microsecond=0)

    def decide(self, asked: Asked) -> Decided:
        """Decide over an image."""
        question = asked.question
        try:
            return self._decide(asked)
        except CosignError as error:
            cause, away = cause_of(error), is_away(error)
            return _refuse(question.number, cause, explain_error(error), away=away)
        except MemoryError:
            _LOG.error("deciding over %s takes too much memory", question.name)
            return _refuse(question.number, Cause.CONFIGURATION, TOO_LARGE)
        except Exception:  # noqa: BLE001 # a bug of ours must not end in an admission, nor end the worker
            _LOG.exception("deciding over %s failed", question.name)
            return _refuse(question.number, Cause.CONFIGURATION, BROKEN)

    def _decide(self, asked: Asked) -> Decided:
        question = asked.question
        lent = {each.names: each.docker_config for each in question.lent}
        policies = tuple([lend_pull_secrets(self.policies.read(each), lent.__getitem__) for each in asked.policies])
        asker = Asker(question.docker_config, question.identity, question.allowed, asked.deadline)
        image = self.registries.open(question.repository, asker)

        def open_source(source: Source | None) -> ManifestSource:
            if source is None or not source.oci:
                return image
            return self.registries.open(source.oci, asker.with_secrets(source))

        def verify(request: VerifyByPolicies) -> DecidedImage:
            return verify_by_policies(request, image, open_source, asked.believed)

        now = self.now()
        request = VerifyByPolicies(
            question.name,
            Digest.parse(question.digest),
            policies,
            now,
            workers=READS_AT_ONCE,
            workload=_workload(question.runs),
            full_name=question.full_name,
        )
        decision = verify(request).decision
        answer = _describe(question, decision, policies, now)
        if decision.outcome is not Outcome.PASSED:
            return answer
        lifetime, grace = lasts(request, decision, verify, (question.lifetime, question.grace))
        return _replaced(answer, lifetime, grace)

    def resolve(self, question: Resolve, deadline: Deadline) -> Found:
        """Find out which digest a tag names."""

        def look() -> bytes:
            asker = Asker(question.docker_config, question.identity, question.allowed, deadline)
            manifest = self.registries.open(question.repository, asker).fetch_manifest(parse_tag(question.tag))
            return str(Digest.of(manifest.raw)).encode()

        return _find(question.number, look)


def renew(question: Renew, environment: Mapping[str, str] = os.environ) -> Found:
    """Bring a trusted root up to date; what is cached will do as long as it is valid."""
    from cosignpy.net.clock import Clock
    from cosignpy.net.http import HttpClient, HttpOptions
    from cosignpy.net.proxy import Proxies
    from cosignpy.services.tuf.cache import TrustCache, TrustPorts
    from cosignpy.services.tuf.mirror import PUBLIC_GOOD, Mirror

    def update() -> bytes:
        mirror = Mirror.parse(question.mirror or PUBLIC_GOOD, question.root if question.has_root else None)
        client = HttpClient(HttpOptions(proxies=Proxies.from_environment(environment)))
        with tempfile.TemporaryDirectory(prefix="cosignpy-") as aside:
            folder = Path(question.folder or aside)
            try:
                return TrustCache(folder, mirror, TrustPorts(client, Clock(), _LOG.warning)).target()
            finally:
                client.close()

    return _find(question.number, update)


def _find(number: int, look: Callable[[], bytes]) -> Found:
    try:
        return Found(number, look())
    except CosignError as error:
        known = error if KEPT.get(type(error).__name__) is type(error) else UsageError(str(error), error.hint)
        return Found(number, error=encode_json(encode_error(known)), cause=cause_of(error).value)
    except Exception:  # noqa: BLE001 # the same
        _LOG.exception("a question failed")
        return Found(number, error=encode_json(encode_error(UsageError(BROKEN))), cause=Cause.CONFIGURATION.value)


def _describe(
    question: Decide, decision: ImageDecision, policies: Sequence[ImagePolicyDocument], now: datetime
) -> Decided:
    cause = cause_of_decision(decision)
    passed = decision.outcome is Outcome.PASSED
    return Decided(
        question.number,
        decision.outcome.value,
        describe(decision, question.name, policies),
        "" if cause is None else cause.value,
        explain(decision),
        is_away=not passed and is_decision_away(decision),
        is_kept=not passed and not names_away(decision) and cause is not Cause.TIMEOUT,
        moment=now.timestamp(),
    )


def _replaced(answer: Decided, lifetime: float, grace: float) -> Decided:
    import msgspec

    return msgspec.structs.replace(answer, is_kept=lifetime > 0, lifetime=lifetime, grace=grace)


def _refuse(number: int, cause: Cause, problem: str, *, away: bool = False) -> Decided:
    return Decided(number, Outcome.REFUSED.value, (), cause.value, problem, is_away=away)


def _workload(runs: Runs) -> Workload:
    document = JsonObject.parse(runs.document, what="workload").members if runs.document else {}
    return Workload(runs.group, runs.version, runs.resource, runs.labels, document)
