"""Custom kinds: what a CustomResourceDefinition adds."""

from collections.abc import Mapping
from typing import Any, Final

from jsonschema_rs import Validator

from cosignpy.values import value
from tests.support.cel.tokens import SyntaxProblem
from tests.support.kube_api.failures import Fault, invalid_value, required
from tests.support.kube_api.kinds import Kind, Kinds
from tests.support.kube_api.metadata import timestamp
from tests.support.kube_api.rules import Rules, compile_rules
from tests.support.kube_api.schemas import compile_schema, drop_nulls, duplicates, faults, fill, prune, unknown_fields
from tests.support.kube_api.store import Change, Object, Storage, Store
from tests.support.kube_api.strategies import count_generation, keep_rest, without_status

DEFINITIONS: Final = ("apiextensions.k8s.io", "customresourcedefinitions")
_OWN: Final = ("apiVersion", "kind", "metadata")
_BLOCKING: Final = frozenset({
    "FieldValueRequired", "FieldValueNotSupported", "FieldValueTypeInvalid", "FieldValueTooLong", "FieldValueTooMany",
})  # fmt: skip
"""Faults after which nobody asks for more."""
_UNCHECKED: Final = Fault(
    "<nil>",
    "Invalid value: null: some validation rules were not checked because the object was invalid; "
    "correct the existing errors to complete validation",
)


def names_of(definition: Object) -> Storage:
    """Return where objects of a kind are stored."""
    return definition["spec"]["group"], definition["spec"]["names"]["plural"]


def kinds_of(definition: Object) -> list[Kind]:
    """Return a kind in all versions that are served, the one that is stored first."""
    spec = definition["spec"]
    found = []
    for version in sorted(spec["versions"], key=lambda each: not each["storage"]):
        parts = frozenset((version.get("subresources") or {}).keys())
        schema = (version.get("schema") or {}).get("openAPIV3Schema") or {}
        names = spec["names"]
        kind = Kind(
            spec["group"],
            version["name"],
            names["kind"],
            names["plural"],
            spec["scope"] == "Namespaced",
            parts,
            schema,
            is_custom=True,
        )
        if version["served"]:
            found.append(kind)
    return found


@value
class CustomStrategy:
    """How objects of a custom kind are written."""

    schema: Mapping[str, Any]
    validator: Validator
    rules: Rules

    def unknown(self, _kind: Kind, made: Object) -> list[str]:
        """Return the fields that the kind does not have."""
        return list(unknown_fields({name: each for name, each in made.items() if name not in _OWN}, self.schema))

    def default(self, _kind: Kind, made: Object) -> Object:
        """Take out what the schema does not know, and fill in its defaults."""
        own = {name: made[name] for name in _OWN if name in made}
        rest: Object = fill(
            prune({name: each for name, each in made.items() if name not in _OWN}, self.schema), self.schema
        )
        return own | {name: each for name, each in rest.items() if name not in _OWN}

    def begin(self, kind: Kind, made: Object) -> Object:
        """Start without a status, in the first generation."""
        made = without_status(kind, made)
        return made | {"metadata": made["metadata"] | {"generation": 1}}

    def change(self, kind: Kind, made: Object, former: Object, subresource: str) -> Object:
        """Keep the status, or all but the status."""
        made = keep_rest(kind, made, former, subresource)
        if subresource == "status":
            return made
        return count_generation(made, former, None if "status" in kind.subresources else made.keys() - {"metadata"})

    def check(self, _kind: Kind, made: Object, former: Object | None, _subresource: str) -> list[Fault]:
        """Return what is wrong by the schema; rules count only where it is right."""
        found = [*faults(self.validator, made), *duplicates(made, self.schema)]
        if self.rules.is_empty:
            return found
        if any(fault.reason in _BLOCKING for fault in found):
            return [*found, _UNCHECKED]
        return found + list(self.rules.check(made, former))

    def read(self, _kind: Kind, made: Object) -> Object:
        """Take out nulls that are no contents."""
        cleaned: Object = drop_nulls(made, self.schema)
        return cleaned


def compile_strategy(schema: Mapping[str, Any]) -> CustomStrategy:
    """Compile the schema of a version.

    Raises:
        SyntaxProblem: A rule is none.
    """
    return CustomStrategy(schema, compile_schema(schema), compile_rules(schema))


class CustomKinds:
    """Follows definitions as they come and go."""

    def __init__(self, store: Store, kinds: Kinds) -> None:
        self._store, self._kinds = store, kinds
        self._strategies: dict[tuple[str, str, str], CustomStrategy] = {}
        self.definitions: dict[Storage, Object] = {}
        store.on_change(self._note)

    def strategy(self, kind: Kind) -> CustomStrategy:
        """Return how objects of a kind are written."""
        return self._strategies[kind.group, kind.plural, kind.version]

    def _note(self, storage: Storage, change: Change) -> None:
        if storage != DEFINITIONS:
            return
        names = names_of(change.last)
        if change.current is None:
            self._kinds.replace(names, [])
            self.definitions.pop(names, None)
            for key, each in self._store.all(names)[0]:
                self._store.swap(names, key, each, None)
            return
        self.definitions[names] = change.current
        kinds = kinds_of(change.current)
        if change.former is None or change.former["spec"] != change.current["spec"]:
            for kind in kinds:
                self._strategies[(*names, kind.version)] = compile_strategy(kind.schema or {})
        self._kinds.replace(names, kinds)


def fill_definition(made: Object) -> Object:
    """Fill in what definitions have by default."""
    spec = made["spec"]
    names = spec["names"]
    filled = {"singular": names["kind"].lower(), "listKind": f"{names['kind']}List"} | names
    return made | {"spec": {"conversion": {"strategy": "None"}} | spec | {"names": filled}}


def start_definition(made: Object) -> Object:
    """Make a new definition one whose kind is served at once."""
    now = timestamp()
    conditions = [
        {"type": kind, "status": "True", "lastTransitionTime": now, "reason": reason, "message": said}
        for kind, reason, said in (
            ("NamesAccepted", "NoConflicts", "no conflicts found"),
            ("Established", "InitialNamesAccepted", "the initial names have been accepted"),
        )
    ]
    stored = [version["name"] for version in made["spec"]["versions"] if version["storage"]]
    status = {"conditions": conditions, "acceptedNames": made["spec"]["names"], "storedVersions": stored}
    return made | {"metadata": made["metadata"] | {"generation": 1}, "status": status}


def check_definition(made: Object, _former: Object | None, _subresource: str) -> list[Fault]:
    """Return what is wrong with a definition."""
    found = []
    spec = made["spec"]
    wanted = f"{spec['names']['plural']}.{spec['group']}"
    if made["metadata"]["name"] != wanted:
        said = 'must be spec.names.plural+"."+spec.group'
        found.append(invalid_value("metadata.name", made["metadata"]["name"], said))
    if [version["storage"] for version in spec["versions"]].count(True) != 1:
        said = "must have exactly one version marked as storage version"
        found.append(invalid_value("spec.versions", "...", said))
    for number, version in enumerate(spec["versions"]):
        path = f"spec.versions[{number}].schema.openAPIV3Schema"
        schema = (version.get("schema") or {}).get("openAPIV3Schema")
        if schema is None:
            found.append(required(path, "schemas are required"))
            continue
        try:
            compile_strategy(schema)
        except SyntaxProblem as error:
            found.append(invalid_value(f"{path}.x-kubernetes-validations", "...", f"compilation failed: {error}"))
    return found
