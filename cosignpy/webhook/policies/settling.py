"""Which version of a policy is in force: the newest without faults, a former one, or one that refuses everything.

A policy never becomes weaker by a mistake. What the newest object has counts once all of it was read, with all that it
names. Until then the last good version of the object counts. Where there never was one, or where a Secret or ConfigMap
was deleted that it needs, the images that it is about are refused: those that its globs describe, all where one of them
cannot be read. Only who deletes a policy takes its protection away.
"""

from collections.abc import Mapping
from typing import Any, Final

from cosignpy.errors import CosignError, MalformedError
from cosignpy.imagepolicy.cluster_objects import NAMESPACE
from cosignpy.imagepolicy.conduct import OURS, Conduct
from cosignpy.imagepolicy.dialect import Dialect
from cosignpy.imagepolicy.globs import Glob
from cosignpy.imagepolicy.go_reader.conversion import Version
from cosignpy.imagepolicy.go_reader.field_errors import describe, missing
from cosignpy.imagepolicy.model import ImagePolicyDocument
from cosignpy.imagepolicy.requirements import refuse_unsupported
from cosignpy.values import field, value
from cosignpy.webhook.live_settings import Unreadable
from cosignpy.webhook.policies.compiled import (
    PolicySource,
    complete_source,
    encode_policy,
    read_document,
    read_source,
    version_of,
)
from cosignpy.webhook.policies.faults import Fault, Stage, fault_of
from cosignpy.webhook.policies.gathering import Gathered
from cosignpy.webhook.policies.localizing import localize
from cosignpy.webhook.policies.names import Names, names_of
from cosignpy.webhook.ports import CompiledPolicy, Object

ELSEWHERE: Final = "an ImagePolicy has its keys and its texts itself: write them to `data`"
"""What the owner of a namespace names is not fetched with the rights of the webhook."""

_EVERYTHING: Final = "**"
_MODES: Final = {Unreadable.DENY: "enforce", Unreadable.WARN: "warn"}


@value
class ReadingRules:
    """How objects are read: as the cluster's settings have it. `namespace` is that of the webhook."""

    conduct: Conduct = field(default_factory=Conduct)
    fail_on_empty_authorities: bool = True
    unreadable: Unreadable = Unreadable.DENY
    namespace: str = NAMESPACE


@value
class Reading:
    """An object that is a policy, and what was read of it; None where it has faults."""

    document: Object = field(repr=False)
    rules: ReadingRules
    policy: ImagePolicyDocument | None = field(default=None, repr=False)
    names: Names = field(default_factory=Names)
    faults: tuple[Fault, ...] = ()

    @property
    def source(self) -> Object:
        """What is read of it, and sent to others."""
        return localize(self.document, self.rules.namespace)

    @property
    def uid(self) -> str:
        """Of the object."""
        return str(_metadata(self.document).get("uid", ""))

    @property
    def conduct(self) -> Conduct:
        """How it is decided by."""
        return OURS if self.document.get("kind") == Dialect.OWN else self.rules.conduct


@value
class SettledPolicy:
    """A policy of the cluster as it is in force.

    Attributes:
        reading: The newest object.
        compiled: What is in force.
        base: What was read last that was without faults, of the same object; None where nothing ever was.
        good: What came of it.
        faults: Why the newest object is not in force, or not all of it.
        absent_roots: Trust roots that it names and that are not there: the authorities fail that name them.
    """

    reading: Reading
    compiled: CompiledPolicy
    base: Reading | None = None
    good: CompiledPolicy | None = None
    faults: tuple[Fault, ...] = ()
    absent_roots: tuple[str, ...] = ()


@value
class Unsettled:
    """A policy whose object changed, or something that it names: what was read, and what it and its base name."""

    reading: Reading
    gathered: Gathered
    base: Reading | None = None
    gathered_base: Gathered = field(default_factory=Gathered)
    good: CompiledPolicy | None = None


def read_policy(document: Object, rules: ReadingRules) -> Reading:
    """Read an object; what it names is not looked up."""
    own = document.get("kind") == Dialect.OWN
    try:
        policy = _read_valid(localize(document, rules.namespace), OURS if own else rules.conduct)
        if not own and rules.fail_on_empty_authorities:
            _refuse_empty(policy)
    except Exception as error:  # noqa: BLE001 - see `fault_of`
        return Reading(document, rules, faults=(fault_of(Stage.READING, error),))
    names = names_of(policy)
    if own and any((names.secrets, names.config_maps, names.texts, names.keys)):
        return Reading(document, rules, faults=(Fault(Stage.READING, ELSEWHERE),))
    return Reading(document, rules, policy, names)


def _read_valid(document: Object, conduct: Conduct) -> ImagePolicyDocument:
    policy = read_document(document, conduct)
    if conduct.absent_refused:
        refuse_unsupported(policy)
    return policy


def _refuse_empty(policy: ImagePolicyDocument) -> None:
    if not policy.authorities:
        raise MalformedError(policy.name, describe(missing("spec.authorities")))


def settle(asked: Unsettled) -> SettledPolicy:
    """Return what is in force from now on."""
    reading, gathered = asked.reading, asked.gathered
    faults = reading.faults or gathered.faults
    if not faults:
        made = _compile(reading, gathered)
        if isinstance(made, CompiledPolicy):
            return SettledPolicy(reading, made, reading, made, absent_roots=gathered.absent_roots)
        faults = (made,)
    compiled = _former(asked) or _refusing(reading, faults)
    return SettledPolicy(reading, compiled, asked.base, asked.good, faults, gathered.absent_roots)


def _former(asked: Unsettled) -> CompiledPolicy | None:
    """Return the last good version, with what its trust roots and keys are by now; None where it cannot count."""
    if asked.base is None or any(each.is_gone for each in asked.gathered_base.faults):
        return None
    if asked.gathered_base.faults:
        return asked.good
    made = _compile(asked.base, asked.gathered_base)
    return made if isinstance(made, CompiledPolicy) else asked.good


def _compile(reading: Reading, gathered: Gathered) -> CompiledPolicy | Fault:
    """Return a policy that was read without faults with what it names, or why that is not what it should be."""
    assert reading.policy is not None  # noqa: S101 - it has no faults
    source = PolicySource(reading.source, reading.conduct, gathered.needs)
    try:
        return _compiled(reading, complete_source(reading.policy, source), encode_policy(source))
    except Exception as error:  # noqa: BLE001 - see `fault_of`
        return fault_of(Stage.KEYS, error)


def _compiled(reading: Reading, document: ImagePolicyDocument, encoded: bytes, problem: str = "") -> CompiledPolicy:
    metadata = _metadata(reading.document)
    return CompiledPolicy(
        document,
        encoded,
        version_of(encoded),
        uid=metadata.get("uid", ""),
        generation=metadata.get("generation", 0),
        namespace=metadata.get("namespace", "") if reading.document.get("kind") == Dialect.OWN else "",
        problem=problem,
    )


def _refusing(reading: Reading, faults: tuple[Fault, ...]) -> CompiledPolicy:
    """Return a policy that refuses what the object is about, and says why."""
    problem = " ".join("; ".join([each.message for each in faults]).split())
    spec = reading.document.get("spec")
    source = PolicySource(_stand_in(reading, spec if isinstance(spec, dict) else {}, problem), reading.conduct)
    return _compiled(reading, read_source(source), encode_policy(source), problem)


def _stand_in(reading: Reading, spec: Mapping[str, Any], problem: str) -> dict[str, Any]:
    warns = spec.get("mode") == "warn"
    made: dict[str, Any] = {
        "images": [{"glob": each} for each in _globs(spec.get("images"))],
        "mode": "warn" if warns else _MODES[reading.rules.unreadable],
        "authorities": [{"name": "authority-0", "static": {"action": "fail", "message": problem}}],
    }
    document = {
        "apiVersion": Version.ALPHA.value,
        "kind": Dialect.CLUSTER.value,
        "metadata": {"name": _metadata(reading.document).get("name", "")},
        "spec": made,
    }
    match = spec.get("match")
    if not match:
        return document
    narrowed = document | {"spec": made | {"match": match}}
    try:
        read_document(narrowed, reading.conduct)
    except CosignError:
        return document  # about workloads that nobody can tell, so about all
    return narrowed


def _globs(images: object) -> list[str]:
    """Return what a policy is about; everything where that cannot be read."""
    found = (
        [each.get("glob") if isinstance(each, dict) else None for each in images] if isinstance(images, list) else []
    )
    return [str(each) for each in found] if found and all(map(_is_glob, found)) else [_EVERYTHING]


def _is_glob(text: object) -> bool:
    try:
        return isinstance(text, str) and bool(Glob.parse(text).pieces)
    except CosignError:
        return False


def _metadata(document: Object) -> Mapping[str, Any]:
    found = document.get("metadata")
    return found if isinstance(found, dict) else {}
