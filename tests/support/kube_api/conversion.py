"""Objects of custom kinds in another version: by name only, or as the kind's webhook makes it."""

from typing import Any
from uuid import uuid4

from cosignpy.values import value
from tests.support.kube_api.admission.asking import Asking, CallFails
from tests.support.kube_api.custom import CustomKinds
from tests.support.kube_api.failures import ApiFailure, internal
from tests.support.kube_api.kinds import Kind
from tests.support.kube_api.store import Object

_SECONDS = 30


@value
class Conversion:
    """Makes other versions of objects."""

    custom: CustomKinds
    asking: Asking

    def convert(self, kind: Kind, found: list[Object]) -> list[Object]:
        """Return objects in a version.

        Raises:
            ApiFailure: The webhook of the kind does not do it.
        """
        others = [each for each in found if each["apiVersion"] != kind.api_version]
        if not others:
            return found
        definition = self.custom.definitions.get(kind.storage)
        conversion: Object = definition["spec"]["conversion"] if definition else {"strategy": "None"}
        if conversion["strategy"] == "None":
            made = [each | {"apiVersion": kind.api_version} for each in others]
        else:
            made = self._ask(kind, others, conversion["webhook"]["clientConfig"])
        waiting = iter(made)
        return [each if each["apiVersion"] == kind.api_version else next(waiting) for each in found]

    def _ask(self, kind: Kind, found: list[Object], config: dict[str, Any]) -> list[Object]:
        uid = str(uuid4())
        request = {"uid": uid, "desiredAPIVersion": kind.api_version, "objects": found}
        review = {"kind": "ConversionReview", "apiVersion": "apiextensions.k8s.io/v1", "request": request}
        try:
            answer = self.asking.ask(config, review, _SECONDS, float("inf"))
        except CallFails as error:
            raise _failure(found, kind, str(error).removeprefix("failed to call webhook: ")) from error
        response = answer.get("response") or {} if isinstance(answer, dict) else {}
        if response.get("uid") != uid:
            raise _failure(found, kind, f'expected response.uid="{uid}", got "{response.get("uid", "")}"')
        result = response.get("result") or {}
        if result.get("status") != "Success":
            raise _failure(found, kind, result.get("message", ""))
        return _check(found, response.get("convertedObjects") or [], kind)


def _check(found: list[Object], made: list[Object], kind: Kind) -> list[Object]:
    """Return what was made of objects; who and where they are cannot change."""
    if len(made) != len(found):
        raise _failure(found, kind, f"expected {len(found)} converted objects, got {len(made)}")
    for before, after in zip(found, made, strict=True):
        if after.get("apiVersion") != kind.api_version:
            raise _failure(found, kind, f"invalid groupVersion (received {after.get('apiVersion')})")
        for name in ("name", "namespace", "uid"):
            was, now = before["metadata"].get(name), after["metadata"].get(name)
            if was != now:
                said = f"returned invalid object: must have the same {name}: {was} != {now}"
                raise internal(f"conversion webhook for {before['apiVersion']}, Kind={kind.kind} {said}")
    return [after | {"metadata": before["metadata"] | _texts(after)} for before, after in zip(found, made, strict=True)]


def _texts(made: Object) -> dict[str, Any]:
    return {name: made["metadata"][name] for name in ("labels", "annotations") if name in made["metadata"]}


def _failure(found: list[Object], kind: Kind, why: str) -> ApiFailure:
    return internal(f"conversion webhook for {found[0]['apiVersion']}, Kind={kind.kind} failed: {why}")
