"""Structural schemas of custom kinds: pruning, defaults, and what is wrong with an object."""

import copy
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias

from jsonschema_rs import Draft202012Validator, ValidationError, Validator

from tests.support.kube_api.failures import Fault, required, unsupported

Schema: TypeAlias = Mapping[str, Any]

_KEPT: Final = (
    "type", "enum", "pattern", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "uniqueItems",
    "minProperties", "maxProperties", "required", "format", "multipleOf",
)  # fmt: skip
_BOUND: Final = {"minimum": "exclusiveMinimum", "maximum": "exclusiveMaximum"}
_PRESERVE: Final = "x-kubernetes-preserve-unknown-fields"
_EMBEDDED: Final = {"apiVersion", "kind", "metadata"}


def translate(schema: Schema) -> dict[str, Any]:
    """Return the JSON schema of what an OpenAPI schema of Kubernetes accepts."""
    made: dict[str, Any] = {name: schema[name] for name in _KEPT if name in schema}
    for bound, exclusive in _BOUND.items():
        if schema.get(exclusive) is True and bound in made:
            made[exclusive] = made.pop(bound)
    if schema.get("x-kubernetes-int-or-string"):
        made["type"] = ["integer", "string"]
    if schema.get("nullable") and "type" in made:
        made["type"] = [made["type"], "null"]
    return made | _translate_below(schema)


def _translate_below(schema: Schema) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if "properties" in schema:
        made["properties"] = {key: translate(each) for key, each in schema["properties"].items()}
    for name in ("items", "not", "additionalProperties"):
        if isinstance(schema.get(name), dict):
            made[name] = translate(schema[name])
    for name in ("allOf", "anyOf", "oneOf"):
        if name in schema:
            made[name] = [translate(each) for each in schema[name]]
    return made


def compile_schema(schema: Schema) -> Validator:
    """Return what finds out what is wrong with an object."""
    return Draft202012Validator(translate(schema))


def unknown_fields(content: Any, schema: Schema, path: str = "") -> Iterator[str]:
    """Yield the fields that are pruned."""
    if isinstance(content, dict):
        properties, more = schema.get("properties", {}), schema.get("additionalProperties")
        for name, each in content.items():
            place = f"{path}.{name}" if path else name
            if name in properties:
                yield from unknown_fields(each, properties[name], place)
            elif isinstance(more, dict):
                yield from unknown_fields(each, more, place)
            elif not schema.get(_PRESERVE) and not more and not _is_embedded(schema, name):
                yield place
    elif isinstance(content, list) and isinstance(schema.get("items"), dict):
        for number, each in enumerate(content):
            yield from unknown_fields(each, schema["items"], f"{path}[{number}]")


def _is_embedded(schema: Schema, name: str) -> bool:
    return bool(schema.get("x-kubernetes-embedded-resource")) and name in _EMBEDDED


def prune(content: Any, schema: Schema) -> Any:
    """Return content without what the schema does not know."""
    if isinstance(content, list):
        items = schema.get("items")
        return [prune(each, items) for each in content] if isinstance(items, dict) else content
    if not isinstance(content, dict):
        return content
    properties, more = schema.get("properties", {}), schema.get("additionalProperties")
    kept = {}
    for name, each in content.items():
        if name in properties:
            kept[name] = prune(each, properties[name])
        elif isinstance(more, dict):
            kept[name] = prune(each, more)
        elif schema.get(_PRESERVE) or more or _is_embedded(schema, name):
            kept[name] = each
    return kept


def drop_nulls(content: Any, schema: Schema) -> Any:
    """Return content without nulls where they are no contents: as if the fields had been left out."""
    if isinstance(content, list):
        items = schema.get("items")
        return [drop_nulls(each, items) for each in content] if isinstance(items, dict) else content
    if not isinstance(content, dict):
        return content
    properties, more = schema.get("properties", {}), schema.get("additionalProperties")
    kept = {}
    for name, each in content.items():
        below = properties.get(name) or (more if isinstance(more, dict) else {})
        if each is not None or name not in properties or below.get("nullable"):
            kept[name] = drop_nulls(each, below)
    return kept


def fill(content: Any, schema: Schema) -> Any:
    """Return content with the defaults of the schema."""
    if isinstance(content, list):
        items = schema.get("items")
        return [fill(each, items) for each in content] if isinstance(items, dict) else content
    if not isinstance(content, dict):
        return content
    filled = dict(content)
    properties, more = schema.get("properties", {}), schema.get("additionalProperties")
    for name, below in properties.items():
        if "default" in below and (name not in filled or (filled[name] is None and not below.get("nullable"))):
            filled[name] = copy.deepcopy(below["default"])
        if name in filled:
            filled[name] = fill(filled[name], below)
    if isinstance(more, dict):
        filled |= {name: fill(each, more) for name, each in filled.items() if name not in properties}
    return filled


def duplicates(content: Any, schema: Schema, path: tuple[str | int, ...] = ()) -> Iterator[Fault]:
    """Yield items that are in a list twice that is a map, or a set."""
    if isinstance(content, dict):
        for name, each in content.items():
            below = schema.get("properties", {}).get(name) or schema.get("additionalProperties")
            if isinstance(below, dict):
                yield from duplicates(each, below, (*path, name))
    elif isinstance(content, list) and isinstance(schema.get("items"), dict):
        keys, seen = schema.get("x-kubernetes-list-map-keys"), []
        for number, each in enumerate(content):
            mark = {key: each.get(key) for key in keys} if keys and isinstance(each, dict) else each
            if mark in seen and schema.get("x-kubernetes-list-type") in {"map", "set"}:
                shown = json.dumps(mark, separators=(",", ":"))
                yield Fault(show([*path, number]), f"Duplicate value: {shown}", "FieldValueDuplicate")
            seen.append(mark)
            yield from duplicates(each, schema["items"], (*path, number))


def faults(validator: Validator, content: Any) -> Iterator[Fault]:
    """Yield what is wrong, as an API server says it."""
    for error in validator.iter_errors(content):
        yield _fault(error)


def show(path: list[str | int]) -> str:
    """Write the path of a field."""
    shown = ""
    for step in path:
        shown += f"[{step}]" if isinstance(step, int) else f".{step}" if shown else step
    return shown


def _fault(error: ValidationError) -> Fault:
    path, kind, content = show(list(error.instance_path)), error.kind.name, error.instance
    told = error.kind.as_dict()
    if kind == "required":
        return required(f"{path}.{told['property']}" if path else str(told["property"]))
    if kind == "enum":
        return unsupported(path or "<nil>", content, list(told["options"]))
    if kind == "type":
        wanted = told["types"] if isinstance(told["types"], str) else told["types"][0]
        found = _type(content)
        said = f'Invalid value: "{found}": {path} in body must be of type {wanted}: "{found}"'
        return Fault(path, said, "FieldValueTypeInvalid")
    if kind == "maxLength":
        return Fault(path, f"Too long: may not be more than {told['limit']} bytes", "FieldValueTooLong")
    if kind in {"maxItems", "maxProperties"}:
        size = len(content) if isinstance(content, dict | list) else 0
        said = f"Too many: {size}: must have at most {told['limit']} items"
        return Fault(path, said, "FieldValueTooMany")
    return Fault(path, _say(kind, path, content, told))


_TEXTS: Final[Mapping[str, str]] = {
    "pattern": "{place} in body should match '{pattern}'",
    "minItems": "{place} in body should have at least {limit} items",
    "minLength": "{place} in body should be at least {limit} chars long",
    "minProperties": "{place} in body should have at least {limit} properties",
    "minimum": "{place} in body should be greater than or equal to {limit}",
    "maximum": "{place} in body should be less than or equal to {limit}",
    "exclusiveMinimum": "{place} in body should be greater than {limit}",
    "exclusiveMaximum": "{place} in body should be less than {limit}",
    "oneOf": '"{path}" must validate one and only one schema (oneOf)',
    "anyOf": '"{path}" must validate at least one schema (anyOf)',
    "not": '"{path}" must not validate the schema (not)',
    "format": "{place} in body must be of type {format}",
}


def _say(kind: str, path: str, content: Any, told: Mapping[str, Any]) -> str:
    template = next((text for name, text in _TEXTS.items() if kind.startswith(name)), kind)
    parts = {name: told.get(name) for name in ("pattern", "limit", "format")}
    said = template.format(place=path or "body", path=path or "<nil>", **parts)
    sized = kind in {"minItems", "minProperties"} and isinstance(content, dict | list)
    shown = len(content) if sized else show_content(content)
    return f"Invalid value: {shown}: {said}"


def show_content(content: Any) -> Any:
    """Write a content as messages have it."""
    if isinstance(content, dict | list):
        return '"object"' if isinstance(content, dict) else '"array"'
    return f'"{content}"' if isinstance(content, str) else content


def _type(content: Any) -> str:
    names = {dict: "object", list: "array", str: "string", bool: "boolean", int: "integer", float: "number"}
    return names.get(type(content), "null")
