"""Conditions in Rego as the policy controller has them: `isCompliant` of `package sigstore`, in version 0."""

from collections.abc import Mapping, Sequence

from cosignpy.core.encoding import JsonValue, encode_json


def module(conditions: Sequence[str]) -> str:
    """Return the text whose answer is yes where all conditions hold."""
    body = "".join(f"  {each}\n" for each in conditions)
    return f"package sigstore\ndefault isCompliant = false\nisCompliant {{\n{body}}}\n"


def counts(required: int) -> tuple[str, ...]:
    """Return the condition that so many authorities passed: one is what any policy demands."""
    return (f"count(input.authorityMatches) >= {required}",) if required > 1 else ()


def field_of(path: str) -> str:
    """Return a field of the predicate, by names with dots between them."""
    return "input.predicate" + "".join(f"[{quote(name)}]" for name in path.split("."))


def equals(field: str, content: JsonValue) -> str:
    """Compare a field."""
    return f"{field} == {quote(content)}"


def is_one_of(field: str, choices: Sequence[JsonValue]) -> str:
    """Compare a field with several."""
    return f"{quote(list(choices))}[_] == {field}"


def matches(field: str, pattern: str) -> str:
    """Compare a text with a pattern."""
    return f"regex.match({quote(pattern)}, {field})"


def bounds(field: str, operator: str, number: JsonValue) -> tuple[str, str]:
    """Compare a number: texts are larger than all of them, and so looked at first."""
    return f"is_number({field})", f"{field} {operator} {quote(number)}"


def certificate_says(authority: str, demanded: Mapping[str, str]) -> tuple[str, ...]:
    """Return the conditions that one signature of an authority has a certificate that says all this."""
    if not demanded:
        return ()
    signature = f"signature := input.authorityMatches[{quote(authority)}].signatures[_]"
    return (signature, *[f"signature.{name} == {quote(content)}" for name, content in demanded.items()])


def quote(content: JsonValue) -> str:
    """Write a value, which Rego writes as JSON does."""
    return encode_json(content).decode()
