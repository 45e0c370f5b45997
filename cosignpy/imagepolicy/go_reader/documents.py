"""ClusterImagePolicies of a text, read and checked as `pkg/policy` of the policy controller does."""

from collections.abc import Iterator, Mapping
from typing import Final

from cosignpy.core.encoding import JsonValue
from cosignpy.errors import MalformedError
from cosignpy.imagepolicy.cluster_objects import NAMESPACE
from cosignpy.imagepolicy.conduct import POLICY_CONTROLLER, Conduct
from cosignpy.imagepolicy.go_reader.conversion import Conversion, Version
from cosignpy.imagepolicy.go_reader.field_errors import (
    FieldErrors,
    Level,
    below,
    describe,
    invalid,
    missing,
    of_level,
)
from cosignpy.imagepolicy.go_reader.schema import CLUSTER_IMAGE_POLICY
from cosignpy.imagepolicy.go_reader.typed import Fields
from cosignpy.imagepolicy.go_reader.validation import validate_spec
from cosignpy.imagepolicy.go_reader.workload import read_unstructured, split_version
from cosignpy.imagepolicy.go_reader.yaml_values import read_yaml
from cosignpy.imagepolicy.model import ImagePolicyDocument
from cosignpy.values import value

_KIND: Final = "ClusterImagePolicy"
_BETWEEN: Final = "\n---\n"


@value
class CheckedPolicy:
    """A policy as it was read, and what is wrong with it, or to be warned of."""

    version: Version
    fields: Fields
    findings: FieldErrors

    @property
    def name(self) -> str:
        """What it is called."""
        return (self.fields.child("metadata") or Fields({})).text("name")

    @property
    def errors(self) -> FieldErrors:
        """Why it is refused; nothing where it is valid."""
        return of_level(self.findings, Level.ERROR)

    @property
    def warnings(self) -> FieldErrors:
        """What is to be warned of."""
        return of_level(self.findings, Level.WARNING)

    def convert(self, file: str, conduct: Conduct = POLICY_CONTROLLER) -> ImagePolicyDocument:
        """Return a policy that is valid, as the value that is decided by.

        Raises:
            MalformedError: A source of signatures is no repository.
        """
        return Conversion(file, self.version, conduct).policy(self.fields)


@value
class ReadPolicies:
    """The policies that are decided by, and what is to be warned of."""

    policies: tuple[ImagePolicyDocument, ...]
    warnings: tuple[str, ...]


def read_policies(raw: bytes, file: str, conduct: Conduct = POLICY_CONTROLLER) -> ReadPolicies:
    """Read all policies of a text; of two with one name the first counts.

    Raises:
        MalformedError: A document is not as it should be; `why` says what the policy controller says.
    """
    if not raw:
        raise MalformedError(file, "document is required to create policy")
    found: list[CheckedPolicy] = []
    for number, document in enumerate(list(_read_objects(raw, file))):
        version = _check_kind(number, document, file)
        if version is not None:
            found.append(check_policy(document, version, file))
            _refuse(found[-1].errors, file)
    warnings = found[-1].warnings if found else ()
    said = [f"policy 0: {describe(warnings)}"] if warnings else []
    policies: dict[str, ImagePolicyDocument] = {}
    for each in found:
        if each.name in policies:
            said.append(f'duplicate policy named "{each.name}", skipping')
            continue
        try:
            policies[each.name] = each.convert(file, conduct)
        except MalformedError as error:
            said.append(f"roundtripping policy Unmarshal() = failed to determine source: {error.why}")
    return ReadPolicies(tuple(policies.values()), tuple(said))


def check_policy(document: Mapping[str, JsonValue], version: Version, file: str) -> CheckedPolicy:
    """Read one object of the cluster, and look for what is wrong with it.

    Raises:
        MalformedError: A field is unknown, or of another type.
    """
    try:
        read = Fields.of(CLUSTER_IMAGE_POLICY.read(dict(document), CLUSTER_IMAGE_POLICY.zero(), ""))
    except MalformedError as error:
        raise MalformedError(file, f"unable to unmarshal: {error.why}") from error
    return CheckedPolicy(version, read, below(validate_spec(read.child("spec") or Fields({})), "spec"))


def _read_objects(raw: bytes, file: str) -> Iterator[Mapping[str, JsonValue]]:
    """Yield the objects of a text, which lines with nothing but `---` are between."""
    try:
        documents = raw.decode("utf-8").split(_BETWEEN)
    except UnicodeDecodeError as error:
        raise MalformedError(file, "yaml: invalid UTF-8") from error
    for number, text in enumerate(documents):
        if not text.strip():
            continue
        try:
            found = read_unstructured(read_yaml(text.strip().encode(), file), file)
        except MalformedError as error:
            raise MalformedError(file, f"decoding object[{number}]: {error.why}") from error
        _refuse(() if _text(found, "apiVersion") else below(missing("apiVersion"), f"[{number}]"), file)
        metadata = found.get("metadata")
        named = isinstance(metadata, dict) and _text(metadata, "name")
        _refuse(() if named else below(missing("metadata.name"), f"[{number}]"), file)
        yield found


def _check_kind(number: int, document: Mapping[str, JsonValue], file: str) -> Version | None:
    """Return the version of a policy, None for a Secret, which means nothing here.

    Raises:
        MalformedError: It is something else, or a Secret that is not where the policy controller is.
    """
    version, kind = _text(document, "apiVersion"), _text(document, "kind")
    if kind == _KIND and version in list(Version):
        return Version(version)
    if (version, kind) != ("v1", "Secret"):
        group, name = split_version(version) if version.count("/") < _TOO_MANY else ("", "")
        raise MalformedError(file, f"unknown type: {group}/{name}, Kind={kind}")
    metadata = document.get("metadata")
    namespace = _text(metadata, "namespace") if isinstance(metadata, dict) else ""
    if namespace != NAMESPACE:
        _refuse(below(invalid(namespace, "metadata.namespace"), f"[{number}]"), file)
    return None


_TOO_MANY: Final = 2


def _refuse(errors: FieldErrors, file: str) -> None:
    if errors:
        raise MalformedError(file, describe(errors))


def _text(document: Mapping[str, JsonValue], name: str) -> str:
    found = document.get(name)
    return found if isinstance(found, str) else ""
