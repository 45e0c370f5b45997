"""`/defaulting`: what is filled in where somebody leaves it out, as the policy controller does.

Of a ClusterImagePolicy the mode, the names of authorities, and the URL of Fulcio; of a TrustRoot the folder of targets.
An ImagePolicy has its defaults in its definition.
"""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, Final

from cosignpy.errors import MalformedError
from cosignpy.imagepolicy.authorities import FULCIO
from cosignpy.imagepolicy.trust_roots import TARGETS
from cosignpy.webhook import kinds
from cosignpy.webhook.answer import Answer, Denial, LeftToValidation, PatchOperation
from cosignpy.webhook.request import AdmissionRequest
from cosignpy.webhook.resources.reading import is_about_spec, read_cluster_policy

_MODE: Final = "enforce"


def default_resource(request: AdmissionRequest) -> Answer:
    """Answer what is to be filled in; an object whose fields are of other types is refused."""
    document = request.object
    if document is None or not is_about_spec(request) or not isinstance(document.get("spec"), dict):
        return Answer(LeftToValidation())
    if request.kind.kind == kinds.CLUSTER_IMAGE_POLICY.kind:
        try:
            read_cluster_policy(document)
        except MalformedError as error:
            why = f"mutation failed: cannot decode incoming new object: {error.why}"
            return Answer(Denial(HTTPStatus.BAD_REQUEST, "BadRequest", why))
        return Answer(LeftToValidation(), patch=tuple(_policy_defaults(document["spec"])))
    if request.kind.kind == kinds.TRUST_ROOT.kind:
        return Answer(LeftToValidation(), patch=tuple(_root_defaults(document["spec"])))
    return Answer(LeftToValidation())


def _policy_defaults(spec: Mapping[str, Any]) -> Iterator[PatchOperation]:
    """Yield what is missing; the types were looked at."""
    for number, authority in enumerate(spec.get("authorities") or []):
        path = f"/spec/authorities/{number}"
        if not authority.get("name"):
            yield PatchOperation("add", f"{path}/name", f"authority-{number}")
        keyless = authority.get("keyless")
        alone = keyless is not None and authority.get("key") is None and authority.get("static") is None
        if alone and keyless.get("ca-cert") is None and keyless.get("url") is None:
            yield PatchOperation("add", f"{path}/keyless/url", FULCIO)
    if not spec.get("mode"):
        yield PatchOperation("add", "/spec/mode", _MODE)


def _root_defaults(spec: Mapping[str, Any]) -> Iterator[PatchOperation]:
    for name in ("remote", "repository"):
        found = spec.get(name)
        if isinstance(found, dict) and not found.get("targets"):
            yield PatchOperation("add", f"/spec/{name}/targets", TARGETS)
