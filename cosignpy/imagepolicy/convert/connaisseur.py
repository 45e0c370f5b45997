"""Connaisseur's values: validators, and patterns of images that say which of them counts."""

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Final

from cosignpy.documents import Members, Node, Place, Word
from cosignpy.imagepolicy.convert.connaisseur_patterns import is_within, meets, normalize
from cosignpy.imagepolicy.convert.connaisseur_validators import (
    MAX_VALIDATORS,
    Static,
    Validator,
    convert_with,
    read_validator,
)
from cosignpy.imagepolicy.convert.drafts import Draft, Signers
from cosignpy.imagepolicy.convert.findings import Findings, constant, read
from cosignpy.imagepolicy.convert.patterns import convert_pattern
from cosignpy.imagepolicy.fields import Fields
from cosignpy.imagepolicy.model import Mode
from cosignpy.values import value

_APPLICATION: Final = ("validators", "policy", "features", "logLevel")
_OLD: Final = ("validators", "policy", "detectionMode", "detection_mode")
_ALL: Final = "*"


@value
class _Rule:
    """A rule: what it is about, and all that it demands; what is denied or allowed has an authority that says so."""

    place: Place
    pattern: str
    demands: tuple[Signers, ...]
    static: Static | None


def is_connaisseur(node: Node) -> bool:
    """Tell whether a document has Connaisseur's values."""
    return isinstance(node, Members) and ("application" in node.members or "validators" in node.members)


def convert_values(node: Node, findings: Findings) -> Iterator[Draft]:
    """Yield the policies for Connaisseur's values; what says how it is installed has no meaning here.

    Raises:
        DocumentError: It cannot be said.
    """
    fields = _find(node)
    mode = _read_mode(fields, findings)
    listed = fields.items("validators", lambda each: read_validator(each, findings), MAX_VALIDATORS)
    validators = {each.name: each for each in listed}
    if len(validators) < len(listed):
        raise fields.error("validators", "two have one name")
    rules = list[_Rule]()
    for each in fields.items("policy", lambda each: each, MAX_VALIDATORS):
        with findings.collected():
            rules.append(_read_rule(each, validators, findings))
    if not rules and not findings.is_refused:
        raise fields.error("policy", "has no rules")
    for one, other in combinations(rules, 2):
        with findings.collected():
            _compare(one, other)
    for rule in rules:
        yield from _draft(rule, mode, findings)


def _find(node: Node) -> Fields:
    """Return where validators and rules stand: below `application`, or in older versions at the top."""
    top = node.members if isinstance(node, Members) else {}
    if "application" in top:
        return read(constant(top["application"]), _APPLICATION)
    kept = Members({name: content for name, content in top.items() if name in _OLD}, node.place)
    return read(constant(kept), _OLD)


def _read_mode(fields: Fields, findings: Findings) -> Mode:
    features = fields.members.get("features")
    found = [fields.members.get(name) for name in ("detectionMode", "detection_mode")]
    if isinstance(features, Members):
        found.append(features.members.get("detectionMode"))
        for name, why in (
            ("namespacedValidation", "is `namespaces` of the chart here: name namespaces there"),
            ("resourceValidationMode", "the webhook looks at all objects with pods, which is stricter"),
        ):
            if name in features.members:
                findings.warn(features.members[name].place, why)
    on = [each for each in found if isinstance(each, Word) and each.text == "true"]
    if not on:
        return Mode.ENFORCE
    findings.warn(on[0].place, "policies only warn; for images that no policy is about set `no-match-policy` to warn")
    return Mode.WARN


def _read_rule(node: Node, validators: Mapping[str, Validator], findings: Findings) -> _Rule:
    fields = read(node, ("pattern", "validator", "with"))
    pattern = normalize(fields.required("pattern"))
    name = fields.text("validator") or "default"
    validator = validators.get(name)
    if validator is None:
        raise fields.error("validator", f"{name} is no validator", f"there are: {', '.join(validators) or 'none'}")
    return _Rule(node.place, pattern, tuple(convert_with(fields, validator, findings)), validator.static)


def _compare(one: _Rule, other: _Rule) -> None:
    """Refuse two rules about the same images whose demands together are not those of the more specific one.

    Raises:
        DocumentError: They are such rules.
    """
    if one.demands == other.demands or not meets(one.pattern, other.pattern):
        return
    narrow, wide = (one, other) if is_within(one.pattern, other.pattern) else (other, one)
    if is_within(narrow.pattern, wide.pattern):
        denied_anyway = wide.static is Static.DENY and wide.pattern == _ALL
        if denied_anyway or wide.static is Static.ALLOW or narrow.static is Static.DENY:
            return
    where = f"line {wide.place.line} ({wide.pattern})"
    hint = "here all policies about an image count: write patterns that do not overlap, and deny `*:*`"
    raise narrow.place.error(
        f"{narrow.pattern} is about images that {where} is about too, and demands something else", hint
    )


def _draft(rule: _Rule, mode: Mode, findings: Findings) -> Iterator[Draft]:
    if rule.static is Static.DENY and rule.pattern == _ALL:
        findings.warn(
            rule.place, "images that no policy is about are denied by `no-match-policy`, which is its default"
        )
        return
    name = rule.pattern.replace(_ALL, "") or "all"
    with findings.collected():
        globs = convert_pattern(rule.pattern, rule.place)
        for signers in [each for some in rule.demands for each in some.spread()]:
            yield Draft(rule.place, name, globs, signers, mode)
