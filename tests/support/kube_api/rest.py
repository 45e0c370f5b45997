"""What can be done with objects: read, created, changed, deleted."""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from tests.support.kube_api import managing, metadata
from tests.support.kube_api.calls import Admission, Asked, Call
from tests.support.kube_api.failures import already_exists, bad_request, conflict, invalid, invalid_value, not_found
from tests.support.kube_api.kinds import NAMESPACES, Kind, Kinds
from tests.support.kube_api.namespaces import check_namespace
from tests.support.kube_api.paths import Target
from tests.support.kube_api.store import Moved, Object, Store
from tests.support.kube_api.strategies import Strategy

Changer: TypeAlias = Callable[[Object], Object]
"""Makes of an object the one that is wanted; both in the version of the path."""

_PROPAGATION: Final = {"Orphan": ["orphan"], "Foreground": ["foregroundDeletion"]}
"""What holds an object until its dependents are let go, or gone."""
_MANAGED: Final = ("managedFields",)
_ATTEMPTS: Final = 20
_UNCONDITIONAL: Final = frozenset({"leases", "poddisruptionbudgets", "mutatingwebhookconfigurations"})


class Rest:
    """Carries out what is asked; `strategy` tells how a kind is written, `convert` makes other versions of objects."""

    def __init__(
        self,
        store: Store,
        kinds: Kinds,
        admission: Admission,
        strategy: Callable[[Kind], Strategy],
        convert: Callable[[Kind, list[Object]], list[Object]],
    ) -> None:
        self.store = store
        self.kinds = kinds
        self.admission = admission
        self._strategy = strategy
        self._convert = convert

    def get(self, target: Target) -> Object:
        """Return an object.

        Raises:
            ApiFailure: There is none.
        """
        found = self.store.read(target.kind.storage, target.key)
        if found is None:
            raise not_found(target.kind, target.name)
        return self.convert(target.kind, [found])[0]

    def convert(self, kind: Kind, found: list[Object]) -> list[Object]:
        """Return objects in a version."""
        return self._convert(kind, found)

    def create(self, target: Target, body: Any, call: Call) -> Object:
        """Create an object.

        Raises:
            ApiFailure: It cannot be.
        """
        kind, strategy = target.kind, self._strategy(target.kind)
        body = metadata.check_type(body, target, kind)
        _check_fields(strategy.unknown(kind, body), call)
        made = metadata.begin(strategy.default(kind, strategy.read(kind, body)))
        if call.is_apply:
            made["metadata"] |= {name: body["metadata"][name] for name in _MANAGED if name in body["metadata"]}
        check_namespace(self.store, target, made)
        made = strategy.begin(kind, metadata.born(made))
        return self._create(target, made, call)

    def _create(self, target: Target, made: Object, call: Call) -> Object:
        kind, strategy = target.kind, self._strategy(target.kind)
        name = made["metadata"].get("name", "")
        if not call.is_apply:
            made = managing.note_update(None, made, kind, (call.manager, ""), metadata.timestamp())
        asked = Asked("CREATE", target, name, made, None, call, _options("CreateOptions", call))
        changed = self.admission.mutate(asked)
        if changed is not made:
            made = strategy.default(kind, changed)
        metadata.refuse(kind, made, metadata.check_metadata(made, kind) + strategy.check(kind, made, None, ""))
        asked.object = made
        self.admission.validate(asked)
        key = (target.namespace, made["metadata"]["name"])
        if self.store.read(kind.storage, key) is not None:
            raise already_exists(kind, key[1])
        if call.dry_run:
            return made
        try:
            return self.convert(kind, [self.store.swap(kind.storage, key, None, self._stored(kind, made))])[0]
        except Moved as error:
            raise already_exists(kind, key[1]) from error

    def _stored(self, kind: Kind, made: Object) -> Object:
        """Return an object in the version that is kept: the first that the kind has."""
        return self._convert(self.kinds.versions_of(kind.storage)[0], [made])[0]

    def replace(self, target: Target, body: Any, call: Call) -> Object:
        """Replace an object."""
        made = metadata.check_type(body, target, target.kind)
        if not made["metadata"].get("resourceVersion") and _is_conditional(target.kind):
            fault = invalid_value("metadata.resourceVersion", 0, "must be specified for an update")
            raise invalid(target.kind, target.name, [fault])
        return self.change(target, lambda _: made, call, "UpdateOptions")

    def change(self, target: Target, changer: Changer, call: Call, options: str = "UpdateOptions") -> Object:
        """Change an object; where somebody else does so meanwhile, once more.

        Raises:
            ApiFailure: It is refused, or it is not the one that was to be changed.
        """
        for _ in range(_ATTEMPTS):
            former = self.store.read(target.kind.storage, target.key)
            if former is None:
                raise not_found(target.kind, target.name)
            try:
                return self._change(target, former, changer, call, options)
            except Moved:
                continue
        raise conflict(target.kind, target.name)

    def _change(self, target: Target, former: Object, changer: Changer, call: Call, options: str) -> Object:
        kind, strategy = target.kind, self._strategy(target.kind)
        before = self.convert(kind, [former])[0]
        wanted = strategy.read(kind, changer(before))
        _check_fields(strategy.unknown(kind, wanted), call)
        made = self._prepare(target, wanted, before, call)
        asked = Asked("UPDATE", target, target.name, made, before, call, _options(options, call))
        changed = self.admission.mutate(asked)
        if changed is not made:
            made = self._settle(target, changed, before)
        _check_preconditions(target, wanted, before)
        faults = metadata.check_metadata(made, kind) + strategy.check(kind, made, before, target.subresource)
        metadata.refuse(kind, made, faults)
        asked.object = made
        self.admission.validate(asked)
        if call.dry_run or _is_same(made, before):
            return made if call.dry_run else before
        ends = "deletionTimestamp" in made["metadata"] and not _finalizers(made)
        written = self.store.swap(kind.storage, target.key, former, None if ends else self._stored(kind, made))
        return self.convert(kind, [written])[0]

    def _settle(self, target: Target, wanted: Object, before: Object) -> Object:
        kind, strategy = target.kind, self._strategy(target.kind)
        made = strategy.default(kind, metadata.keep_system_fields(wanted, before))
        return strategy.change(kind, made, before, target.subresource)

    def _prepare(self, target: Target, wanted: Object, before: Object, call: Call) -> Object:
        kind, made = target.kind, self._settle(target, wanted, before)
        if call.is_apply and wanted["metadata"].get("managedFields") is made["metadata"].get("managedFields"):
            return made
        return managing.note_update(before, made, kind, (call.manager, target.subresource), metadata.timestamp())

    def delete(self, target: Target, body: Any, call: Call) -> Object:
        """Delete an object, or note that it is to be deleted when its finalizers are gone; return how it was.

        Raises:
            ApiFailure: There is none, it is refused, or it is another one.
        """
        for _ in range(_ATTEMPTS):
            former = self.store.read(target.kind.storage, target.key)
            if former is None:
                raise not_found(target.kind, target.name)
            try:
                return self._delete(target, former, body if isinstance(body, dict) else {}, call)
            except Moved:
                continue
        raise conflict(target.kind, target.name)

    def _delete(self, target: Target, former: Object, options: Mapping[str, Any], call: Call) -> Object:
        kind = target.kind
        before = self.convert(kind, [former])[0]
        _check_delete(target, options.get("preconditions") or {}, before)
        asked = Asked("DELETE", target, target.name, None, before, call, _delete_options(before, options, call))
        self.admission.validate(asked)
        if call.dry_run:
            return before
        held = _finalizers(former) + _PROPAGATION.get(_propagation(options, call), [])
        stays = held or (kind.storage == NAMESPACES.storage and former["spec"].get("finalizers"))
        if not stays:
            self.store.swap(kind.storage, target.key, former, None)
            return before
        if "deletionTimestamp" in former["metadata"]:
            return before
        noted = {"deletionTimestamp": metadata.timestamp(), "deletionGracePeriodSeconds": 0}
        marked = former | {"metadata": former["metadata"] | noted | ({"finalizers": held} if held else {})}
        if kind.storage == NAMESPACES.storage:
            marked["status"] = {"phase": "Terminating"}
        return self.convert(kind, [self.store.swap(kind.storage, target.key, former, marked)])[0]


def _delete_options(before: Object, options: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """Return the options as a review has them: a Pod that runs nowhere needs no time to end."""
    runs_nowhere = before["kind"] == "Pod" and not before["spec"].get("nodeName")
    return _options("DeleteOptions", call) | dict(options) | ({"gracePeriodSeconds": 0} if runs_nowhere else {})


def _propagation(options: Mapping[str, Any], call: Call) -> str:
    return options.get("propagationPolicy") or call.query.get("propagationPolicy") or "Background"


def _check_fields(unknown: list[str], call: Call) -> None:
    """Refuse, or warn of, fields that are pruned; a change that is tried again warns once."""
    found = [f'unknown field "{path}"' for path in unknown]
    wanted = call.query.get("fieldValidation", "Warn")
    if found and wanted == "Strict":
        raise bad_request(f"strict decoding error: {', '.join(found)}")
    if wanted == "Warn":
        call.warn(found)


def _is_conditional(kind: Kind) -> bool:
    return kind.is_custom or kind.plural in _UNCONDITIONAL


def _options(kind: str, call: Call) -> dict[str, Any]:
    made: dict[str, Any] = {"kind": kind, "apiVersion": "meta.k8s.io/v1"}
    if "fieldManager" in call.query:
        made["fieldManager"] = call.query["fieldManager"]
    if "fieldValidation" in call.query:
        made["fieldValidation"] = call.query["fieldValidation"]
    return made | ({"dryRun": ["All"]} if call.dry_run else {}) | ({"force": True} if "force" in call.query else {})


def _finalizers(found: Object) -> list[str]:
    return found["metadata"].get("finalizers") or []


def _is_same(made: Object, before: Object) -> bool:
    plain = [
        each | {"metadata": {k: v for k, v in each["metadata"].items() if k != "managedFields"}}
        for each in (made, before)
    ]
    managers = [managing.managers_of(each) for each in (made, before)]
    return plain[0] == plain[1] and managers[0] == managers[1]


def _check_preconditions(target: Target, wanted: Object, before: Object) -> None:
    given, now = wanted["metadata"], before["metadata"]
    if given.get("uid") not in {None, "", now["uid"]}:
        raise conflict(
            target.kind,
            target.name,
            f"Precondition failed: UID in precondition: {given['uid']}, UID in object meta: {now['uid']}",
        )
    if given.get("resourceVersion") not in {None, "", now["resourceVersion"]}:
        raise conflict(target.kind, target.name)


def _check_delete(target: Target, wanted: Mapping[str, Any], before: Object) -> None:
    for name, shown in (("uid", "UID"), ("resourceVersion", "ResourceVersion")):
        if name in wanted and wanted[name] != before["metadata"][name]:
            said = f"{shown} in precondition: {wanted[name]}, {shown} in object meta: {before['metadata'][name]}"
            raise conflict(
                target.kind,
                target.name,
                f"the {shown} in the precondition ({wanted[name]}) does not match the "
                f"{shown} in record ({before['metadata'][name]}). The object might have been deleted and then "
                "recreated"
                if name == "uid"
                else said,
            )
