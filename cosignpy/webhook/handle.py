"""What becomes of an admission request: its images are looked for, asked about, and decided over, in time.

Nothing here computes for long, or speaks to anybody but through the ports. The API server waits for a while that it
tells; shortly before that is over we answer ourselves, so that people read what was waited for.
"""

import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Final, Protocol

from cosignpy.errors import CosignError, MalformedError
from cosignpy.imagepolicy.decision import Outcome
from cosignpy.imagepolicy.pod_images import PodImage
from cosignpy.values import replace, value
from cosignpy.webhook.answer import Answer, Finding, LeftToValidation, Skip
from cosignpy.webhook.asking import Asking, Inquiry, ask_about
from cosignpy.webhook.decide import Pin, decide, patch, refuse, skip
from cosignpy.webhook.engine.causes import cause_of
from cosignpy.webhook.engine.names import ImageName
from cosignpy.webhook.images import MAX_IMAGES, Regard, ToDecide, UnknownKind, list_images
from cosignpy.webhook.live_settings import CONFIG_MAP, Enforcement, LiveSettings
from cosignpy.webhook.ports import Decider, Policies, PolicySnapshot, PullSecrets
from cosignpy.webhook.references import pin, read_name
from cosignpy.webhook.request import AdmissionRequest
from cosignpy.webhook.verdicts import Cause, ImageQuestion, ImageVerdict

_SHARE: Final = 0.1
_MOST: Final = 0.5
"""Of the time that the API server waits, what our answer may take on its way; the seconds at most."""


class Settled(Protocol):
    """Who decides over images without asking anybody, where that is possible."""

    def settle(self, question: ImageQuestion) -> ImageVerdict | None:
        """Return the verdict over an image where nothing that a registry has could change it."""
        ...


class Owners(Protocol):
    """Who knows which owners of pods had their look."""

    async def vouch(self, request: AdmissionRequest, wanted: ToDecide) -> bool:
        """Tell whether a controller that is believed makes a pod for an owner that has the very same images."""
        ...


@value
class Ports:
    """Whom requests are decided by. `enforcement` is the label of a namespace, empty where it has none.

    `excuse` lets images of a namespace run by a signed exception.
    """

    decider: Decider
    secrets: PullSecrets
    policies: Policies
    settled: Settled
    owners: Owners
    settings: Callable[[], LiveSettings]
    enforcement: Callable[[str], str]
    excuse: Callable[[str, ImageVerdict], ImageVerdict] = lambda _namespace, verdict: verdict


@value
class Handled:
    """An answer, and what it was made of."""

    answer: Answer
    findings: tuple[Finding, ...] = ()


SETTLED_SECONDS: Final = 1.0
"""How long a registry may take to tell a digest that no policy asks for."""
NOT_PINNED: Final = (
    "the tag was not replaced by a digest, since the mutating webhook did not answer, or another one changed the image "
    "after it; try again, or name the digest"
)


class Handler:
    """Answers the requests of both webhooks."""

    def __init__(self, ports: Ports, clock: Callable[[], float] = time.monotonic) -> None:
        self._ports = ports
        self._clock = clock
        self._regarded: tuple[PolicySnapshot, Regard] = (PolicySnapshot(), Regard())

    async def mutate(self, request: AdmissionRequest) -> Handled:
        """Put digests in the place of tags, and leave what cannot be had as it is.

        An object is refused here that `validate` would refuse for an image without a digest: other webhooks and
        policies that want one come between, and know nothing of why there is none.
        """
        asking = self._begin(request)
        wanted = self._list(asking) if asking.pins else ToDecide()
        if wanted is None or not 0 < len(wanted.images) <= MAX_IMAGES:
            return Handled(Answer(LeftToValidation()))
        found = await ask_about(asking, self._ports.secrets, wanted.pods, self._resolving(asking))
        if self._enforcement(asking) is Enforcement.DENY and any(not pinned for each, pinned in found if _wants(each)):
            decided = await self._validate(asking)
            told = tuple([each for each in decided.findings if each.verdict.problem != NOT_PINNED])
            answer = decide(told, Enforcement.DENY) if told else decided.answer
            if not answer.allowed and (told or not decided.findings):
                return Handled(answer, told)
        pins = (Pin(each.path, each.image or "", pinned) for each, pinned in found if pinned)
        return Handled(patch(pins))

    def _resolving(self, asking: Asking) -> Inquiry[str]:
        """Ask for full names with digests; empty where there is none.

        An image that may run whatever its digest is gets one too, where its registry says it soon: what runs is the
        same everywhere then. Else it stays as it is. For one that is refused, the registry that its pod names is not
        asked.
        """
        soon = min(asking.deadline, self._clock() + SETTLED_SECONDS)

        def settle(image: str) -> str | None:
            name = _read(asking, image)
            if isinstance(name, ImageVerdict) or name.digest:
                return ""
            settled = self._ports.settled.settle(asking.question(image))
            return "" if settled is not None and not self._excused(asking, settled).is_admitted else None

        async def ask(question: ImageQuestion) -> str:
            hurried = asking
            if self._ports.settled.settle(question) is not None:
                hurried = replace(asking, deadline=soon)
            try:
                digest = await hurried.within(self._ports.decider.resolve(replace(question, deadline=hurried.deadline)))
            except CosignError:
                return ""  # the validating webhook asks again, and tells why
            return pin(read_name(question.image, asking.settings.verdicts), digest)

        return Inquiry(settle, ask, lambda _image, _error: "")

    async def validate(self, request: AdmissionRequest) -> Handled:
        """Decide whether an object may run."""
        return await self._validate(self._begin(request))

    async def _validate(self, asking: Asking) -> Handled:
        request, wanted = asking.request, self._list(asking)
        if wanted is None:
            return Handled(refuse(HTTPStatus.BAD_REQUEST, _explain_kind(request)))
        if wanted.skip is not None:
            return Handled(skip(wanted.skip))
        if len(wanted.images) > MAX_IMAGES:
            why = f"it has {len(wanted.images)} images; at most {MAX_IMAGES} of an object are decided over"
            return Handled(refuse(HTTPStatus.BAD_REQUEST, why))
        if await self._is_vouched_for(asking, wanted):
            return Handled(skip(Skip.OWNER))
        found = await ask_about(asking, self._ports.secrets, wanted.pods, self._deciding(asking))
        findings = tuple([Finding(each.path, each.image or "", self._excused(asking, said)) for each, said in found])
        return Handled(decide(findings, self._enforcement(asking)), findings)

    def _deciding(self, asking: Asking) -> Inquiry[ImageVerdict]:
        def settle(image: str) -> ImageVerdict | None:
            name = _read(asking, image)
            return name if isinstance(name, ImageVerdict) else self._ports.settled.settle(asking.question(image))

        async def ask(question: ImageQuestion) -> ImageVerdict:
            try:
                verdict = await asking.within(self._decide(asking, question))
            except CosignError as error:
                verdict = _refused(question.image, error)
            missing = question.credentials.warnings
            return _explain(verdict, missing) if missing and verdict.cause in _FOR_WANT_OF_CREDENTIALS else verdict

        return Inquiry(settle, ask, _refused)

    async def _decide(self, asking: Asking, question: ImageQuestion) -> ImageVerdict:
        """Decide over an image: what is decided over has to be what runs.

        Raises:
            CosignError: The digest of a tag cannot be had.
        """
        name = read_name(question.image, asking.settings.verdicts)
        if name.digest:
            return await self._ports.decider.decide(question)
        digest = await self._ports.decider.resolve(question)
        if asking.pins:
            return ImageVerdict(question.image, "", Outcome.REFUSED, cause=Cause.IMAGE_NAME, problem=NOT_PINNED)
        verdict = await self._ports.decider.decide(replace(question, image=pin(name, digest)))
        return replace(verdict, image=question.image)

    def _excused(self, asking: Asking, verdict: ImageVerdict) -> ImageVerdict:
        return self._ports.excuse(asking.request.namespace, verdict)

    def _begin(self, request: AdmissionRequest) -> Asking:
        waits = request.timeout - min(_MOST, request.timeout * _SHARE)
        return Asking(request, request.workload, self._ports.settings(), self._clock() + waits, self._clock)

    def _list(self, asking: Asking) -> ToDecide | None:
        """Return the images that need a look; None where nobody knows where there are any."""
        try:
            return list_images(asking.request, asking.settings.pod_specs, self._regard())
        except UnknownKind:
            return None

    def _regard(self) -> Regard:
        snapshot = self._ports.policies.current()
        if snapshot is not self._regarded[0]:
            self._regarded = (snapshot, Regard.of(snapshot.policies))
        return self._regarded[1]

    async def _is_vouched_for(self, asking: Asking, wanted: ToDecide) -> bool:
        if not asking.settings.exempt_controllers or self._regard().kinds:
            return False  # where policies tell a pod from its owner, the owner's look says nothing of the pod
        try:
            return await asking.within(self._ports.owners.vouch(asking.request, wanted))
        except CosignError:
            return False  # it is looked at as any other

    def _enforcement(self, asking: Asking) -> Enforcement:
        """Return what refusals mean in the namespace; what its label says that is none of the choices is `deny`."""
        named = self._ports.enforcement(asking.request.namespace)
        if not named:
            return asking.settings.enforcement
        return _ENFORCEMENTS.get(named, Enforcement.DENY)


_FOR_WANT_OF_CREDENTIALS: Final = frozenset({Cause.CREDENTIALS, Cause.NOT_FOUND})
"""Why an image cannot be fetched by somebody whom its registry does not know: some say that there is none."""
_ENFORCEMENTS: Final = {each.value: each for each in Enforcement}


def _wants(each: PodImage) -> bool:
    """Tell whether an image has no digest."""
    return "@" not in (each.image or "")


def _read(asking: Asking, image: str) -> ImageName | ImageVerdict:
    """Read the name of an image; what is none is refused, whoever would be asked about it."""
    try:
        return read_name(image, asking.settings.verdicts)
    except MalformedError as error:
        return ImageVerdict(image, "", Outcome.REFUSED, cause=Cause.IMAGE_NAME, problem=error.why)


def _refused(image: str, error: CosignError) -> ImageVerdict:
    return ImageVerdict(image, "", Outcome.REFUSED, cause=cause_of(error), problem=str(error))


def _explain(verdict: ImageVerdict, missing: tuple[str, ...]) -> ImageVerdict:
    """Return a verdict that says what was named to fetch the image with, and is not there."""
    policies = [
        each if each.outcome is Outcome.PASSED else replace(each, reasons=(*each.reasons, *missing))
        for each in verdict.policies
    ]
    problem = "; ".join(filter(None, (verdict.problem, *missing)))
    return replace(verdict, policies=tuple(policies), problem=problem)


def _explain_kind(request: AdmissionRequest) -> str:
    kind = f"{request.kind.kind} ({request.kind.group or 'core'}/{request.kind.version})"
    return (
        f"nobody knows where a {kind} has images: name its pods in pod-specs of the ConfigMap {CONFIG_MAP}, "
        "or leave it out of the rules of the webhook"
    )
