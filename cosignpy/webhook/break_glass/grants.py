"""The exceptions of a cluster that count now. What they say is what was signed; objects only carry it."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from cosignpy.core.trust.validity import encode_time
from cosignpy.errors import ClusterError, CosignError, MalformedError
from cosignpy.imagepolicy.decision import Outcome
from cosignpy.imagepolicy.model import ImagePolicyDocument
from cosignpy.values import replace, value
from cosignpy.webhook import kinds
from cosignpy.webhook.break_glass.grant import SignedGrant, VerifiedGrant
from cosignpy.webhook.live_settings import CONFIG_MAP
from cosignpy.webhook.policies.conditions import Condition, Truth, merge_status
from cosignpy.webhook.ports import ClusterApi, Leadership, Object, ObjectCache, Policies
from cosignpy.webhook.verdicts import Excuse, ImageVerdict

if TYPE_CHECKING:
    from cosignpy.operations.ports import TrustSource

_LOG: Final = logging.getLogger(__name__)

MAX_GRANTS: Final = 1000
"""Exceptions that count; who needs more needs another policy."""
MAX_OF_NAMESPACE: Final = 50
"""Of these, and of those that do not count and are looked at again, in one namespace: a copy of one counts as well."""
AGAIN_SECONDS: Final = 60.0
"""After how long an exception that does not count is looked at again."""
_TURNED_OFF: Final = Condition(
    "Ready",
    Truth.FALSE,
    "TurnedOff",
    f"no exception counts here: break-glass is not true in the ConfigMap {CONFIG_MAP}",
)
MAX_BUNDLE: Final = 256 << 10
"""Characters of a bundle: one of the largest takes a tenth of that."""


@value
class GrantPorts:
    """Where exceptions are, who says which policies are in force, and whom to believe.

    Attributes:
        objects: The exceptions.
        policies: Of these, those in `namespace` say who may sign.
        trust: Whom those policies believe that name nobody.
        is_on: Whether exceptions count at all.
        cluster: What this cluster is called; exceptions for another do not count.
    """

    objects: ObjectCache
    api: ClusterApi
    leadership: Leadership
    policies: Policies
    namespace: str
    trust: Callable[[], "TrustSource"]
    is_on: Callable[[], bool]
    cluster: str = ""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)


class Grants:
    """Knows which exceptions count, and lets images run by them."""

    def __init__(self, ports: GrantPorts) -> None:
        self._ports = ports
        self._granted: dict[tuple[str, str], VerifiedGrant] = {}
        self._marked: dict[tuple[str, str], None] = {}
        self._refused: dict[tuple[str, str], str] = {}
        self._wake = asyncio.Event()
        ports.objects.on_change(lambda namespace, name: self._mark((namespace, name)))
        ports.policies.on_change(self.recheck)
        ports.leadership.on_change(lambda leads: self.recheck() if leads else None)

    def recheck(self) -> None:
        """Look at all exceptions again: policies, trust or settings changed."""
        for each in self._ports.objects.list():
            self._mark(_key(each))

    def _mark(self, key: tuple[str, str]) -> None:
        if self._ports.objects.get(*key) is None:
            self._granted.pop(key, None)  # at once: who takes an exception back wants that to count
            self._refused.pop(key, None)
        self._marked[key] = None
        self._wake.set()

    async def run(self) -> None:
        """Verify what changes, until cancelled."""
        self.recheck()
        while True:
            try:
                async with asyncio.timeout(AGAIN_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                self._mark_again()
            self._wake.clear()
            while self._marked:
                key = next(iter(self._marked))
                del self._marked[key]
                await self._look(key)

    def _mark_again(self) -> None:
        """Look again at what is over, and at what does not count: whom to believe may be known by now."""
        self._forget_what_is_over()
        refused = Counter[str]()
        for each in self._ports.objects.list():
            namespace, name = _key(each)
            if (namespace, name) not in self._granted and refused[namespace] < MAX_OF_NAMESPACE:
                refused[namespace] += 1
                self._mark((namespace, name))

    async def _look(self, key: tuple[str, str]) -> None:
        found = self._ports.objects.get(*key)
        if found is None or not self._ports.is_on():
            self._granted.pop(key, None)
            if found is not None:
                await self._tell(found, _TURNED_OFF)
            return
        try:
            verified = await self._verify(found)
        except Exception as error:  # noqa: BLE001 # tenants write these: whatever it is, it ends nothing but this one
            self._granted.pop(key, None)
            said = str(error) if isinstance(error, CosignError) else f"it cannot be read ({type(error).__name__})"
            if self._refused.get(key) != said:
                self._refused[key] = said
                _LOG.warning("the exception %s/%s does not count: %s", *key, said)
            await self._tell(found, Condition("Ready", Truth.FALSE, "Refused", said))
            return
        if self._ports.objects.get(*key) is not found:
            return  # it changed meanwhile, and is marked
        grant = verified.grant
        if grant.not_after <= self._ports.now():
            self._granted.pop(key, None)
            await self._tell(
                found, Condition("Ready", Truth.FALSE, "Expired", f"over since {encode_time(grant.not_after)}")
            )
            return
        most = self._find_limit(key)
        if most is not None:
            await self._tell(found, Condition("Ready", Truth.FALSE, "TooMany", f"there are {most} already"))
            return
        self._granted[key] = verified
        self._refused.pop(key, None)
        end, signers = encode_time(grant.not_after), ", ".join(verified.signers)
        _LOG.warning("the exception %s/%s counts until %s, signed by %s: %s", *key, end, signers, grant.reason)
        await self._tell(found, Condition("Ready", Truth.TRUE, "Signed", f"until {end}, signed by {signers}"))

    def _find_limit(self, key: tuple[str, str]) -> int | None:
        """Return how many there may be, where there are so many; those that are over are forgotten first."""
        self._forget_what_is_over()
        if key in self._granted:
            return None
        if sum(namespace == key[0] for namespace, _name in self._granted) >= MAX_OF_NAMESPACE:
            return MAX_OF_NAMESPACE
        return MAX_GRANTS if len(self._granted) >= MAX_GRANTS else None

    def _forget_what_is_over(self) -> None:
        now = self._ports.now()
        for each in [each for each, verified in self._granted.items() if verified.grant.not_after <= now]:
            del self._granted[each]

    async def _verify(self, found: Object) -> VerifiedGrant:
        from cosignpy.webhook.break_glass.verify import verify_grant  # all that verifies; most clusters need it never

        namespace, _name = _key(found)
        signed = _read(found)
        verified = await asyncio.to_thread(
            verify_grant, signed, self._about_files(), self._ports.trust(), self._ports.now()
        )
        grant = verified.grant
        if grant.namespace != namespace:
            raise MalformedError("exception", f"it is for the namespace {grant.namespace}, and lies in {namespace}")
        if grant.cluster != self._ports.cluster:
            meant = grant.cluster or "clusters without a name"
            raise MalformedError("exception", f"it is for {meant}, and this is {self._ports.cluster or 'without one'}")
        return verified

    def _about_files(self) -> tuple[ImagePolicyDocument, ...]:
        """Return the policies that say who may sign: those of our own namespace.

        Raises:
            MalformedError: One of them cannot be used; whatever it would have demanded is missing.
        """
        own = [each for each in self._ports.policies.current().policies if each.namespace == self._ports.namespace]
        broken = [each for each in own if each.problem]
        if broken:
            raise MalformedError(broken[0].document.name, broken[0].problem)
        return tuple([each.document for each in own if each.document.files])

    async def _tell(self, found: Object, condition: Condition) -> None:
        if not self._ports.leadership.is_leader:
            return
        namespace, name = _key(found)
        generation = found["metadata"].get("generation", 0)
        status = merge_status(found.get("status"), (condition,), generation, self._ports.now())
        if status == found.get("status"):
            return
        try:
            await self._ports.api.update(kinds.BREAK_GLASS, namespace, {**found, "status": status}, "status")
        except ClusterError as error:
            _LOG.warning("the status of the exception %s/%s was not written: %s", namespace, name, error)

    def excuse(self, namespace: str, verdict: ImageVerdict) -> ImageVerdict:
        """Return a verdict that lets an image run with a warning, where it is refused and an exception is about it."""
        if verdict.is_admitted or not self._granted or not self._ports.is_on():
            return verdict
        now = self._ports.now()
        for (place, name), verified in sorted(self._granted.items()):
            if place == namespace and verified.grant.is_about(verdict.image, now):
                grant = verified.grant
                excuse = Excuse(name, verified.signers, grant.reason, grant.not_after)
                return replace(verdict, outcome=Outcome.WARNED, excuse=excuse)
        return verdict


def _read(found: Object) -> SignedGrant:
    spec: Mapping[str, Any] = found["spec"] if isinstance(found.get("spec"), dict) else {}
    document, bundle = spec.get("grant"), spec.get("bundle")
    if not isinstance(document, str) or not isinstance(bundle, str):
        raise MalformedError("exception", "spec.grant and spec.bundle are texts: the document, and its bundle")
    if len(bundle) > MAX_BUNDLE:
        raise MalformedError(
            "exception", f"spec.bundle has {len(bundle)} characters, at most {MAX_BUNDLE} are accepted"
        )
    return SignedGrant(document.encode(), bundle.encode())


def _key(found: Object) -> tuple[str, str]:
    metadata = found["metadata"]
    return str(metadata.get("namespace", "")), str(metadata.get("name", ""))
