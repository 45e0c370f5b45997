"""Is a predicate what its type says? By compiled schemas, before anybody signs it.

CycloneDX's schemas are read from a package by who calls; the others are `documents.SHAPES`. Formats such as URLs are
checked by our own shapes only: what tools write into CycloneDX's `iri-reference` fields is often none, and its schemas
hold without.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from cosignpy.core.encoding import JsonValue
from cosignpy.core.predicates.documents import SHAPES
from cosignpy.core.predicates.position import Path, find_line, name_field
from cosignpy.core.predicates.shapes import Shape
from cosignpy.core.predicates.statement import Predicate, parse_statement
from cosignpy.core.predicates.types import describe_predicate_type
from cosignpy.errors import InvalidPredicate

if TYPE_CHECKING:
    from jsonschema_rs import ValidationError, Validator

Schemas = Callable[[str], Mapping[str, Shape]]
"""Returns the schemas that one version of CycloneDX is made of, by the URI that they have for each other; none of an
unknown version. The first is the one that documents are checked by."""

CYCLONEDX: Final = "cyclonedx"
CYCLONEDX_VERSIONS: Final = ("1.2", "1.3", "1.4", "1.5", "1.6", "1.7")
"""Versions with a JSON schema; 1.0 and 1.1 are XML only."""

MOST_CHARACTERS: Final = 200
"""Characters of a reason; it repeats the value, which may be megabytes."""


def validate(predicate_type: str, predicate: Predicate, schemas: Schemas) -> None:
    """Check a predicate against the schema of its type; a type without one takes any object.

    Raises:
        InvalidPredicate: It is not what its type says, with line and field.
    """
    _validate(predicate_type, predicate.octets, predicate.content, schemas)


def validate_statement(raw: bytes, schemas: Schemas) -> str:
    """Check the predicate of a whole statement, and return its type.

    Raises:
        MalformedError: Not a statement.
        InvalidPredicate: Its predicate is not what its type says, with the line of the statement.
    """
    statement = parse_statement(raw)
    _validate(statement.predicate_type, raw, statement.predicate, schemas, ("predicate",))
    return statement.predicate_type


def _validate(predicate_type: str, raw: bytes, content: JsonValue, schemas: Schemas, within: Path = ()) -> None:
    kind = describe_predicate_type(predicate_type)
    if kind is None or (kind.name == "spdx" and isinstance(content, str)):
        return
    validator = _cyclonedx(content, raw, schemas, within) if kind.name == CYCLONEDX else _own(kind.name)
    error = _first_error(validator, content)
    if error is not None:
        path = [*within, *error.instance_path]
        raise InvalidPredicate(
            f"predicate ({kind.name})",
            _reason(error),
            find_line(raw, path),
            name_field([*error.instance_path, *_missing(error)]) or "the document",
            _hint(kind.name, content),
        )


@lru_cache
def _own(name: str) -> "Validator":
    from jsonschema_rs import Draft202012Validator, RegexOptions

    return Draft202012Validator(dict(SHAPES[name]), validate_formats=True, offline=True, pattern_options=RegexOptions())


def _cyclonedx(content: JsonValue, raw: bytes, schemas: Schemas, within: Path) -> "Validator":
    """Compile the schema of the version that the document names."""
    version = content.get("specVersion") if isinstance(content, dict) else None
    if version in CYCLONEDX_VERSIONS:
        return _compile(str(version), schemas)
    named = "specVersion" if isinstance(content, dict) and "specVersion" in content else ""
    raise InvalidPredicate(
        f"predicate ({CYCLONEDX})",
        f"{version!r:.50} is none of the versions {', '.join(CYCLONEDX_VERSIONS)}"
        if named
        else "specVersion is missing",
        find_line(raw, [*within, *([named] if named else [])]),
        named or "the document",
        _hint(CYCLONEDX, content),
    )


@lru_cache
def _compile(version: str, schemas: Schemas) -> "Validator":
    """Compile a schema whose parts name each other; nothing is fetched."""
    from jsonschema_rs import RegexOptions, Registry, validator_for

    parts = {uri: dict(part) for uri, part in schemas(version).items()}
    main = next(iter(parts.values()))
    return validator_for(
        main,
        registry=Registry(list(parts.items())),
        validate_formats=False,
        offline=True,
        pattern_options=RegexOptions(),
    )


def _first_error(validator: "Validator", content: JsonValue) -> "ValidationError | None":
    from jsonschema_rs import ValidationError

    try:
        validator.validate(content)
    except ValidationError as error:
        return _deepest(error)
    return None


def _deepest(error: "ValidationError") -> "ValidationError":
    """Of several alternatives that all failed, take the one that got furthest: it is what was meant."""
    branches = [branch for branch in getattr(error.kind, "context", []) if branch]
    if not branches:
        return error
    return max((_deepest(branch[0]) for branch in branches), key=lambda found: len(found.instance_path))


def _missing(error: "ValidationError") -> list[str]:
    return [str(error.kind.value)] if error.kind.name == "required" else []


def _reason(error: "ValidationError") -> str:
    if error.kind.name == "required":
        return "missing"
    text = error.message
    return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]} ..."


def _hint(name: str, content: JsonValue) -> str:
    """Say what the content is, if it is another type's, and how to sign it all the same."""
    others = (other for other in SHAPES if other not in {"custom", name} and SHAPES[other] is not SHAPES.get(name))
    found = [other for other in others if _own(other).is_valid(content)]
    if name != CYCLONEDX and isinstance(content, dict) and content.get("bomFormat") == "CycloneDX":
        found.append(CYCLONEDX)
    meant = f"it is what --type {found[0]} takes; " if found else ""
    return f"{meant}--no-validate signs it all the same"
