"""`/validating`: which objects of ours are refused, in the policy controller's words, and which are warned of.

A ClusterImagePolicy is refused for what the policy controller refuses it for. `match` may name more kinds: all that
images are looked for in. What it takes although it never can work is taken, with a warning. A TrustRoot is refused for
all its mistakes, of which the policy controller finds the last, and where it could not be used. An ImagePolicy is read
strictly.
"""

from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from typing import Any, Final

from cosignpy.errors import MalformedError
from cosignpy.imagepolicy.cluster_objects import NAMESPACE
from cosignpy.imagepolicy.conduct import POLICY_CONTROLLER
from cosignpy.imagepolicy.go_reader.documents import CheckedPolicy
from cosignpy.imagepolicy.go_reader.field_errors import FieldErrors, below, describe, invalid, missing
from cosignpy.imagepolicy.go_reader.selectors import MISTAKE
from cosignpy.imagepolicy.go_reader.typed import Fields
from cosignpy.imagepolicy.matches import RESOURCES
from cosignpy.imagepolicy.model import ImagePolicyDocument
from cosignpy.imagepolicy.trust_roots import TufRepository
from cosignpy.values import field, value
from cosignpy.webhook import kinds
from cosignpy.webhook.answer import Answer, Denial, NothingToDecide, Skip
from cosignpy.webhook.live_settings import LiveSettings
from cosignpy.webhook.policies.localizing import localize
from cosignpy.webhook.policies.settling import read_policy
from cosignpy.webhook.policies.watched import rules_of
from cosignpy.webhook.request import AdmissionRequest
from cosignpy.webhook.resources.reading import is_about_spec, read_cluster_policy
from cosignpy.webhook.resources.root_rules import check_trust_root

MORE_RESOURCES: Final = ("replicationcontrollers", "podtemplates")
"""What a policy may match although the policy controller does not know of it."""

_NEVER: Final = "it refuses all images that it is about"


def _refuse_nothing(_: TufRepository) -> None:
    """Take every repository."""


@value
class ResourceRules:
    """What validation depends on: settings, the webhook's namespace, and who opens the TUF repository of a TrustRoot.

    `open_repository` raises a CosignError where a repository cannot be believed. It reads files, so that validation is
    for a thread.
    """

    settings: LiveSettings = field(default_factory=LiveSettings)
    open_repository: Callable[[TufRepository], object] = _refuse_nothing
    namespace: str = NAMESPACE


def validate_resource(request: AdmissionRequest, rules: ResourceRules) -> Answer:
    """Answer whether an object may be as it is."""
    document = request.object
    if document is None or not is_about_spec(request):
        return Answer(NothingToDecide(Skip.NO_IMAGES))
    kind = request.kind.kind
    if kind == kinds.CLUSTER_IMAGE_POLICY.kind:
        return _validate_cluster_policy(localize(document, rules.namespace), rules.settings)
    if kind == kinds.TRUST_ROOT.kind:
        return _say(describe(check_trust_root(document, rules.open_repository)))
    if kind == kinds.IMAGE_POLICY.kind:
        faults = read_policy(document, rules_of(rules.settings, rules.namespace)).faults
        return _say("; ".join([each.message for each in faults]))
    return _refuse(f"decoding request failed: unhandled kind: {request.kind.group}/{request.kind.version}, Kind={kind}")


def _validate_cluster_policy(document: Mapping[str, Any], settings: LiveSettings) -> Answer:
    try:
        checked = read_cluster_policy(document)
    except MalformedError as error:
        return _refuse(f"decoding request failed: cannot decode incoming new object: {error.why}")
    spec = checked.fields.child("spec") or Fields({})
    errors = checked.errors + _check_resources(spec, settings)
    if not settings.fail_on_empty_authorities:
        errors = tuple([each for each in errors if each != _NO_AUTHORITIES])
    if errors:
        return _say(describe(errors))
    warned = describe(checked.warnings)
    return _say("", (*(warned.split("\n") if warned else ()), *_warn(checked)))


def _check_resources(spec: Fields, settings: LiveSettings) -> FieldErrors:
    configured = [f"{each.kind.lower()}s" for each in settings.pod_specs]
    known = {"", *RESOURCES, *MORE_RESOURCES, *configured}
    errors: FieldErrors = ()
    for number, match in enumerate(spec.children("match")):
        name = match.text("resource")
        if name not in known:
            errors += below(invalid(name, "resource", "unsupported resource name"), "spec", "match", f"[{number}]")
    return errors


def _warn(checked: CheckedPolicy) -> Iterator[str]:
    """Yield what is wrong that the policy controller finds too late, or never."""
    try:
        policy = checked.convert(checked.name, POLICY_CONTROLLER)
    except MalformedError as error:
        yield f"spec.authorities: a source is no repository ({error.why}), so that {_NEVER}"
        return
    yield from _warn_of(policy)


def _warn_of(policy: ImagePolicyDocument) -> Iterator[str]:
    for match in policy.match:
        if match.mistake:
            yield f"{match.place.key}: {MISTAKE}: workloads of the kind are refused"
        elif not match.version:
            yield f"{match.place.key}.version: nothing has an empty version; write v1, or * for all"
    names = [each.name for each in policy.authorities]
    for name in dict.fromkeys([each for each in names if names.count(each) > 1]):
        yield f"spec.authorities: {name} stands twice; a policy is shown the last of them"
    if not policy.authorities:
        yield f"spec.authorities: nobody may vouch for an image, so that {_NEVER}"


def _say(why: str, warnings: tuple[str, ...] = ()) -> Answer:
    if why:
        return _refuse(f"validation failed: {why}")
    return Answer(NothingToDecide(Skip.NO_IMAGES), warnings)


def _refuse(message: str) -> Answer:
    return Answer(Denial(HTTPStatus.BAD_REQUEST, "BadRequest", message))


(_NO_AUTHORITIES,) = below(missing("authorities"), "spec")
