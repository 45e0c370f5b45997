"""The chain: who changes objects, one after the other; who may only refuse them, all at once."""

import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final
from uuid import uuid4

from cosignpy.values import field, record
from tests.support.kube_api.admission import hooks
from tests.support.kube_api.admission.asking import Asking, CallFails
from tests.support.kube_api.admission.hooks import Hook
from tests.support.kube_api.admission.matching import Matching
from tests.support.kube_api.admission.policies import Policies
from tests.support.kube_api.admission.reviews import (
    VERSION,
    BadAnswer,
    BadPatch,
    NoAnswer,
    Reviewed,
    describe_request,
    read_answer,
)
from tests.support.kube_api.calls import Asked
from tests.support.kube_api.failures import ApiFailure, internal
from tests.support.kube_api.kinds import Kind
from tests.support.kube_api.merging import PatchFails, patch_json
from tests.support.kube_api.store import Object
from tests.support.kube_api.subresources import scale_of

_TOGETHER: Final = 64
Converter = Callable[[Kind, list[Object]], list[Object]]


class CannotAsk(Exception):
    """A webhook said nothing that counts."""


@record
class Round:
    """What is to be asked a second time: webhooks that want that, after which others changed the object."""

    asked_before: list[str] = field(default_factory=list)
    again: set[str] = field(default_factory=set)

    def note_change(self) -> None:
        """Ask all again that were asked so far."""
        self.again |= set(self.asked_before)
        self.asked_before.clear()


class Chain:
    """Admission as the API server does it. `convert` makes another version of an object."""

    def __init__(self, matching: Matching, asking: Asking, convert: Converter) -> None:
        self._matching, self._asking, self._convert = matching, asking, convert
        self._policies = Policies(matching)
        self._pool = ThreadPoolExecutor(_TOGETHER, thread_name_prefix="admission")
        self._lock = threading.Lock()

    def close(self) -> None:
        """End its threads."""
        self._pool.shutdown()
        self._asking.close()

    def mutate(self, asked: Asked) -> Object:
        """Return the object as the webhooks make it; those that want it are asked again if others changed it later.

        Raises:
            ApiFailure: One refuses it, or cannot be asked.
        """
        assert asked.object is not None
        found = hooks.hooks_of(self._matching.store, hooks.MUTATING)
        state = Round()
        for number, hook in enumerate(found):
            self._mutate(hook, asked, state, f"round_0_index_{number}")
        second = set(state.again)
        for number, hook in enumerate(found if second else []):
            if hook.uid in second:
                self._mutate(hook, asked, state, f"round_1_index_{number}")
        return asked.object

    def _mutate(self, hook: Hook, asked: Asked, state: Round, place: str) -> None:
        kind = self._matching.find(hook, asked)
        if kind is None:
            return
        reviewed = self._consult(hook, asked, kind, f"mutating.webhook.admission.k8s.io/{place}")
        before = asked.object
        if reviewed is not None and reviewed.patch:
            asked.object = self._patch(asked, kind, reviewed.patch)
        changed = asked.object != before
        if reviewed is not None:
            noted = {"configuration": hook.configuration, "webhook": hook.name, "mutated": changed}
            asked.call.annotations[f"mutation.webhook.admission.k8s.io/{place}"] = json.dumps(
                noted, separators=(",", ":")
            )
        if changed:
            state.note_change()
        if hook.settings.get("reinvocationPolicy") == "IfNeeded":
            state.asked_before.append(hook.uid)

    def _patch(self, asked: Asked, kind: Kind, patch: bytes) -> Object:
        try:
            sent = self._version(asked, kind).object
            assert sent is not None
            return self._convert(asked.target.kind, [patch_json(sent, json.loads(patch))])[0]
        except PatchFails as error:
            raise internal(str(error)) from error

    def validate(self, asked: Asked) -> None:
        """Evaluate policies, then ask all webhooks that only refuse, at once.

        Raises:
            ApiFailure: One refuses, or cannot be asked; the first that said so.
        """
        self._policies.validate(asked)
        found = [
            (number, hook, kind)
            for number, hook in enumerate(hooks.hooks_of(self._matching.store, hooks.VALIDATING))
            if (kind := self._matching.find(hook, asked)) is not None
        ]
        failures: list[ApiFailure] = []

        def consult(number: int, hook: Hook, kind: Kind) -> None:
            try:
                self._consult(hook, asked, kind, f"validating.webhook.admission.k8s.io/round_0_index_{number}")
            except ApiFailure as failure:
                failures.append(failure)

        for future in [self._pool.submit(consult, *each) for each in found]:
            future.result()
        if failures:
            raise failures[0]

    def _consult(self, hook: Hook, asked: Asked, kind: Kind, place: str) -> Reviewed | None:
        """Return what a webhook answers that admits; None where it cannot be asked and need not be."""
        try:
            reviewed = self._ask(hook, asked, kind)
        except CannotAsk as error:
            if time.monotonic() >= asked.call.deadline:
                said = "Timeout: request did not complete within the allotted timeout"
                raise ApiFailure(504, "Timeout", said) from error
            if hook.fails:
                raise internal(f'failed calling webhook "{hook.name}": {error}') from error
            with self._lock:
                asked.call.annotations[f"failed-open.{place}"] = hook.name
            return None
        with self._lock:
            asked.call.warn(list(reviewed.warnings))
            for name, text in reviewed.annotations.items():
                asked.call.annotations[f"{hook.name}/{name}"] = text
        if not reviewed.allowed:
            raise _denial(hook.name, reviewed.status)
        return reviewed

    def _ask(self, hook: Hook, asked: Asked, kind: Kind) -> Reviewed:
        uid = str(uuid4())
        request = describe_request(self._version(asked, kind), kind, uid)
        review = {"kind": "AdmissionReview", "apiVersion": VERSION, "request": request}
        settings = hook.settings
        try:
            answer = self._asking.ask(settings["clientConfig"], review, settings["timeoutSeconds"], asked.call.deadline)
            return read_answer(answer, uid, mutates="reinvocationPolicy" in settings)
        except NoAnswer as error:
            raise CannotAsk(f"failed to call webhook: {error}") from error
        except BadAnswer as error:
            raise CannotAsk(f"received invalid webhook response: {error}") from error
        except (BadPatch, CallFails) as error:
            raise CannotAsk(str(error)) from error

    def _version(self, asked: Asked, kind: Kind) -> Asked:
        """Return what is asked with the objects in the version that a webhook wants, or as a path shows them."""
        objects = [asked.object, asked.former]
        if asked.target.subresource == "scale":
            objects = [scale_of(each) if each is not None else None for each in objects]
        elif kind.version != asked.target.kind.version:
            objects = [self._convert(kind, [each])[0] if each is not None else None for each in objects]
        target, call = asked.target, asked.call
        return Asked(asked.operation, target, asked.name, objects[0], objects[1], call, asked.options)


def _denial(name: str, status: dict[str, Any]) -> ApiFailure:
    """Return a refusal; whatever the webhook says, its code is one of errors."""
    said = f'admission webhook "{name}" denied the request'
    message, reason = status.get("message", ""), status.get("reason", "")
    shown = f"{said}: {message or reason}" if message or reason else f"{said} without explanation"
    return ApiFailure(max(status.get("code", 0), 400), reason, shown, status.get("details") or {})
