"""Functions of OPA that the interpreter lacks, or that do something else in it: by their names, in Rego.

Only what is right for every argument is here; what is neither here nor in the interpreter is refused.
"""

from collections.abc import Collection
from typing import Final

from cosignpy.imagepolicy.conditions.rego_tokens import Kind, tokenize
from cosignpy.places import Place

_CORRECTED: Final = ("concat", "max", "min", "sort", "urlquery.encode")
_DEPRECATED: Final = ("all", "any", "cast_set", "re_match", "set_diff", "trace")
"""OPA has them in version 0 only."""

FUNCTIONS: Final = """package cosignpy_functions

kinds(x) := {type_name(y) | y := x[_]}

is_plain(x) if {
	count(kinds(x)) < 2
	count(kinds(x) & {"array", "object", "set"}) == 0
}

opa_concat(by, x) := concat(by, x) if {
	is_array(x)
} else := concat(by, sort(x)) if is_set(x)

opa_max(x) := max(x) if is_plain(x) else := to_number("values of several types")

opa_min(x) := min(x) if is_plain(x) else := to_number("values of several types")

opa_sort(x) := sort([y | y := x[_]]) if is_plain(x) else := to_number("values of several types")

opa_urlquery_encode(x) := replace(urlquery.encode(x), "%20", "+")

opa_all(x) := count([y | y := x[_]; y != true]) == 0 if is_list(x)

opa_any(x) := count([y | y := x[_]; y == true]) > 0 if is_list(x)

is_list(x) if is_array(x)

is_list(x) if is_set(x)

opa_cast_set(x) := {y | y := x[_]} if is_list(x)

opa_re_match(pattern, x) := regex.match(pattern, x)

opa_set_diff(a, b) := a - b if {
	is_set(a)
	is_set(b)
}

opa_trace(x) if is_string(x)
"""


def find_replaced(calls: Collection[str], *, is_1: bool) -> frozenset[str]:
    """Return the functions that are called and stand here."""
    return frozenset(calls) & frozenset(_CORRECTED if is_1 else (*_CORRECTED, *_DEPRECATED))


def replace_functions(text: str, place: Place, names: Collection[str]) -> str:
    """Have a module call these; nothing moves to another line."""
    tokens = list(tokenize(text, place))
    written, number = list[str](), 0
    while number < len(tokens):
        end = number + 1
        if tokens[number].kind is Kind.NAME and (number == 0 or tokens[number - 1].text != "."):
            while end + 1 < len(tokens) and tokens[end].text == "." and tokens[end + 1].kind is Kind.NAME:
                end += 2
        name = "".join([token.text for token in tokens[number:end]])
        is_called = end < len(tokens) and tokens[end].text == "("
        replaced = is_called and name in names
        written.append(f"data.cosignpy_functions.opa_{name.replace('.', '_')}" if replaced else name)
        number = end
    return "".join(written)
