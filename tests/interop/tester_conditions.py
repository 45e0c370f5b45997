"""Conditions in Rego and CUE about a Deployment that a static authority passed: what both testers are asked."""

from typing import Final

RESOURCE: Final = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "namespace": "prod", "labels": {"team": "a", "n": "1"}, "annotations": {"x/y": "z"}},
    "spec": {
        "replicas": 3,
        "template": {
            "spec": {
                "hostNetwork": False,
                "containers": [
                    {"name": "c", "image": "ghcr.io/a/b", "resources": {"limits": {"cpu": "1"}}},
                    {"name": "d", "image": "x", "securityContext": {"privileged": True}},
                ],
            }
        },
    },
}

REGO_BODIES: Final = (
    "true",
    "false",
    "input.authorityMatches.a.static",
    "input.authorityMatches.b.static",
    "input.spec.replicas > 2; input.spec.replicas < 4",
    'input.metadata.labels.team == "a"',
    "count(input.spec.template.spec.containers) == 2",
    "c := input.spec.template.spec.containers[_]; c.securityContext.privileged",
    'input.typemeta.kind == "Deployment"',
    'some i; input.spec.template.spec.containers[i].name == "d"',
    'names := {c.name | c := input.spec.template.spec.containers[_]}; names == {"c","d"}',
    'x := object.get(input.metadata.labels, "q", "d"); x == "d"',
    "walk(input, [p, v]); v == 3",
    "regex.match(`^w.b$`, input.metadata.name)",
    'semver.compare("1.2.0","1.10.0") == -1',
    'glob.match("a.*", ["."], "a.b")',
    'json.unmarshal("{\\"a\\":1}").a == 1',
    'units.parse_bytes("1Gi") == 1073741824',
    "1/0 == 1",
    "undefined_function(1)",
    "data.foo",
    "not input.absent",
    "not false",
    "input.absent == input.absent",
    "[1,2] < [1,3]",
    '"1" == 1',
    "-5 % 3 == -2",
    "0.1 + 0.2 == 0.3",
    'input.a == 1 with input as {"a": 1}',
    'sprintf("%05d|%-3s|%x|%.2f|%t", [7,"a",255,1.5,true]) == "00007|a  |ff|1.50|true"',
    "x := [y | y := [1,2,3][_]; y > 1]; x == [2,3]",
    "{1,2} - {2} == {1}; {1} | {2} == {1,2}; {1,2} & {2,3} == {2}",
    'every c in input.spec.template.spec.containers { c.name != "z" }',
)
REGO_MODULES: Final = (
    *(f"package sigstore\nisCompliant {{ {body} }}" for body in REGO_BODIES),
    "package sigstore\ndefault isCompliant = true",
    "package sigstore\ndefault isCompliant = false",
    "package sigstore\nisCompliant = 1",
    'package sigstore\nisCompliant = "yes"',
    "package sigstore\nisCompliant { true }\nisCompliant { false }",
    "package sigstore\nisCompliant = true { false } else = false { true }",
    "package sigstore\nimport rego.v1\nisCompliant if { true }",
    "package sigstore\nisCompliant {",
    "package other\nisCompliant { true }",
    "package sigstore\nallow { true }",
    *(
        f"package sigstore\nisCompliant[r] {{ r := {result} }}"
        for result in (
            '{"result": true, "error": "", "warning": ""}',
            '{"result": false, "error": "no", "warning": "w"}',
            '{"result": true, "error": "", "warning": "w"}',
            '{"result": "true"}',
            '{"result": input.spec.replicas == 4, "error": sprintf("got %d", [input.spec.replicas])}',
        )
    ),
)

CUE_TEXTS: Final = (
    "true",
    "spec: replicas: 3",
    "spec: replicas: 4",
    "spec: replicas: >2 & <5",
    "spec: replicas: string",
    'metadata: labels: team: =~"^[a-c]$"',
    "metadata: labels: [string]: string",
    'metadata: labels: [string]: "a"',
    "nothing: string",
    'nothing: string\nnothing: "x"',
    "spec: template: spec: containers: [...{name: string}]",
    'spec: template: spec: containers: [{name: "c"}]',
    'spec: template: spec: containers: [{name: "c"}, ...]',
    "spec: template: spec: containers: [...{securityContext?: privileged?: false}]",
    'import "strings"\nmetadata: name: strings.MinRunes(3)',
    'import "strings"\nmetadata: name: strings.MinRunes(4)',
    'import "list"\nspec: template: spec: containers: list.MaxItems(1)',
    "x: 1\nx: 2",
    "x: z",
    "{",
    "#D: {replicas: int}\nspec: #D",
    "#D: {replicas: int, ...}\nspec: #D",
    "authorityMatches: a: static: true",
    "authorityMatches: a: static: false",
    "authorityMatches: b: static: true",
    "count: len(spec.template.spec.containers) & 3\nspec: _",
    "a: 1 | 2",
    'typemeta: kind: "Pod"',
    "metadata: labels: absent!: string",
    "metadata: labels: absent?: string",
    "spec: null",
    "spec: {...}",
    "_|_",
    "x: 1/0",
)
