"""Questions about the images of an object: each different one once, all at once, and none longer than there is time."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Final, Generic, TypeVar

from cosignpy.errors import CosignError, DeadlineExceeded
from cosignpy.imagepolicy.pod_images import PodImage
from cosignpy.imagepolicy.workloads import Workload
from cosignpy.serving.asgi import Deadline
from cosignpy.values import value
from cosignpy.webhook.images import PodOf
from cosignpy.webhook.live_settings import LiveSettings, PinDigests
from cosignpy.webhook.ports import PullSecrets
from cosignpy.webhook.request import AdmissionRequest
from cosignpy.webhook.verdicts import ImageQuestion, PullCredentials

T = TypeVar("T")

NOBODY: Final = PullCredentials()


@value
class Asking:
    """What all questions of a request have in common; `deadline` is by `clock`, which is that of `time.monotonic`."""

    request: AdmissionRequest
    workload: Workload
    settings: LiveSettings
    deadline: float
    clock: Callable[[], float]

    @property
    def pins(self) -> bool:
        """Whether tags of such an object become digests."""
        kind, pins = self.request.kind, self.settings.pin_digests
        return pins is PinDigests.ALWAYS or (pins is PinDigests.PODS and (kind.group, kind.kind) == ("", "Pod"))

    def question(self, image: str, credentials: PullCredentials = NOBODY) -> ImageQuestion:
        """Build the question about an image."""
        return ImageQuestion(image, self.request.namespace, self.workload, credentials, self.deadline)

    async def within(self, answer: Awaitable[T]) -> T:
        """Wait for an answer, as long as there is time.

        Raises:
            DeadlineExceeded: There was none left.
        """
        with Deadline(max(0.0, self.deadline - self.clock()), self._late):
            return await answer

    def _late(self) -> DeadlineExceeded:
        return DeadlineExceeded(self.request.timeout, hint=None)


@value
class Inquiry(Generic[T]):
    """How images are asked about: `settle` without asking anybody, where that can be, else `ask`.

    `failed` is the answer where what an image is fetched with cannot be had.
    """

    settle: Callable[[str], T | None]
    ask: Callable[[ImageQuestion], Awaitable[T]]
    failed: Callable[[str, CosignError], T]


async def ask_about(
    asking: Asking, secrets: PullSecrets, pods: Iterable[PodOf], inquiry: Inquiry[T]
) -> list[tuple[PodImage, T]]:
    """Return what is answered about each image, in their order."""
    found: list[tuple[PodImage, T]] = []
    for pod in pods:
        answers = await _ask_pod(asking, secrets, pod, inquiry)
        found += [(each, answers[each.image or ""]) for each in pod.images]
    return found


async def _ask_pod(asking: Asking, secrets: PullSecrets, pod: PodOf, inquiry: Inquiry[T]) -> Mapping[str, T]:
    images = dict.fromkeys(each.image or "" for each in pod.images)
    answers: dict[str, T] = {}
    for image in images:
        settled = inquiry.settle(image)
        if settled is not None:
            answers[image] = settled
    waiting = [each for each in images if each not in answers]
    if not waiting:
        return answers
    try:
        credentials = await asking.within(secrets.find(asking.request.namespace, pod.spec))
    except CosignError as error:
        return answers | {each: inquiry.failed(each, error) for each in waiting}
    questions = [inquiry.ask(asking.question(each, credentials)) for each in waiting]
    told = [await questions[0]] if len(questions) == 1 else await asyncio.gather(*questions)
    return answers | dict(zip(waiting, told, strict=True))
