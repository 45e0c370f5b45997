"""Names that stand for nothing are refused, as OPA refuses them; the others are not."""

import pytest

from cosignpy.imagepolicy.conditions.rego_module import read_module
from cosignpy.places import DocumentError, Place

PLACE = Place("policy.rego", 1)

BOUND = [
    "allow { x := 1; not x == 2 }",
    "allow { x = 1; not x == 2 }",
    "allow { 1 = x; not x == 2 }",
    'allow { [x, {"a": y}] := input.a; x == y }',
    "allow { [x, y] = input.a\n x == y }",
    "allow { input.a = [x, y]; x == y }",
    "allow { some x in input.a; not x == 2 }",
    "allow { some i, x in input.a; not x == i }",
    "allow { some i\n input.a[i] == 2\n not input.b[i] }",
    "allow { input.a[i] == input.b[j]; not i == j }",
    "allow { data.signature.xs[k][i]; k != i }\nxs { true }",
    "allow { every x in input.a { x > 1 } }",
    "allow { count([x | x := input.a[_]; not x == 2]) == 0 }",
    "allow { not count({x | x := input.a[_]}) == 2 }",
    "allow { walk(input, [path, content]); content == 1; path[0] == 2 }",
    "allow { not bad }\nbad { false }",
    "allow { not p.bad }\nimport input.predicate as p",
    "allow { not predicate.bad }\nimport input.predicate",
    "f(x) = y { y := x }\nallow { f(1) }",
    "f([x, {y}]) { not x == y }\nallow { f(1) }",
    "deny[why] { why := 1 }\nallow { count(deny) == 0 }",
    "codes[k] = v { v := input.a[k] }\nallow { codes.a }",
    "import rego.v1\ndeny contains why if { why := 1 }\nallow if count(deny) == 0",
    'import rego.v1\nallow if contains(input.a, "b")',
    "allow { not regex.match(`a`, input.a) }",
    "allow { input.a == set() }",
    "allow { input.x.y.z == 1 } else = x { x := true }",
    "allow\n{\n  x := input.a\n  x\n}",
    "allow := [x | x := input.a[_]] == [1]",
    "allow := {x | some x in input.a} == {1}",
    "allow := [x | input.a[x]] == [1]",
]

UNBOUND = {
    "allow { not bad }": ("bad", 2),
    "allow { not bad[_] }": ("bad", 2),
    "allow {\n not x > 1 }": ("x", 3),
    "allow { not startswith(y, `a`) }": ("y", 2),
    "allow { not input.a[i] == 2 }": ("i", 2),
    "allow { not x = 1 }": ("x", 2),
    "allow { not [x] = input.a }": ("x", 2),
    "allow { x == 1 }": ("x", 2),
    "allow { x := y }": ("y", 2),
    "allow { count(deny) == 0 }": ("deny", 2),
    "bad[u] { u := input.a; u == z }\nallow { count(bad) == 0 }": ("z", 2),
    "deny[why] { true }\nallow { count(deny) == 0 }": ("why", 2),
    "allow = x { true }": ("x", 2),
    "allow = [x] { true }": ("x", 2),
    "allow = input.a[x] { true }": ("x", 2),
    "allow { startswith(x, `a`) = true }": ("x", 2),
    "f(x) { not y }\nallow { f(1) }": ("y", 2),
    "allow { x := 1\n not y\n x == 1 }": ("y", 3),
    "allow { not a; b }": ("a", 2),
    "allow { contains }": ("contains", 2),
}


@pytest.mark.parametrize("text", BOUND)
def test_names_with_values_are_taken(text: str) -> None:
    imports = [line for line in text.split("\n") if line.startswith("import")]
    rules = [line for line in text.split("\n") if not line.startswith("import")]
    assert read_module("\n".join(["package signature", *imports, *rules]), PLACE).package == "signature"


@pytest.mark.parametrize(("text", "told"), UNBOUND.items())
def test_names_without_values_are_refused(text: str, told: tuple[str, int]) -> None:
    with pytest.raises(DocumentError) as caught:
        read_module(f"package signature\n{text}\n", PLACE)
    assert str(caught.value) == f"policy.rego:{told[1]}: {told[0]} stands for nothing"
