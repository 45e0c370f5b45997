"""Templates: what Go's text/template makes of them (measured with Go 1.26), and everything else refused when read."""

import pytest

from ca_server.identity.claim_text import MAX_TEXT
from ca_server.identity.claims import TokenRefused
from ca_server.identity.template_syntax import MAX_TEMPLATE, parse_template
from ca_server.identity.template_words import MAX_NESTING
from ca_server.identity.templates import expand
from cosignpy.errors import LimitExceeded, MalformedError

TEXTS = {"a": "1", "e": "", "b": "a", "\u00e9": "E", "x/y.z": "S", "ref_type": "tag"}


@pytest.mark.parametrize(
    ("source", "made"),
    [
        ("a", "1"),
        ("x/y.z", "S"),
        ("{{.a}}", "1"),
        ("{{ .a }}{{.b}}", "1a"),
        ("x-{{.a}}  ", "x-1  "),
        ("{{.\u00e9}}", "E"),
        ('{{index . "x/y.z"}}', "S"),
        ('{{(index . "x/y.z")}}', "S"),
        ('[{{index . "zz"}}]', "[]"),
        ("{{ `r\\aw` }}", "r\\aw"),
        (r'{{ "q\"\\\n\t\r" }}', 'q"\\\n\t\r'),
        ('{{""}}', ""),
        ("{{((.a))}}", "1"),
        ('{{eq .a "1"}}', "true"),
        ('{{eq .a "2" "1"}}', "true"),
        ('{{eq .a "2"}}', "false"),
        ('{{ne .a "2"}}', "true"),
        ('{{ne .a "1"}}', "false"),
        ("{{and .a .e}}", ""),
        ("{{and .e .zz}}", ""),
        ("{{and .a .b}}", "a"),
        ("{{or .e .a}}", "1"),
        ("{{or .a .zz}}", "1"),
        ("{{or .e .e}}", ""),
        ("{{and .a}}{{or .a}}", "11"),
        ("{{not .e}}{{not .a}}", "truefalse"),
        ('{{and (eq .a "1") (not .e)}}', "true"),
        ('{{eq (and .a .e) ""}}', "true"),
        ("{{if .a}}x{{end}}", "x"),
        ("{{if .e}}x{{end}}", ""),
        ("{{if .e}}x{{else}}y{{end}}", "y"),
        ('{{if .e}}x{{else if eq .a "1"}}y{{else}}z{{end}}', "y"),
        ("{{if .e}}x{{else if .e}}y{{else}}z{{end}}", "z"),
        ("{{if .e}}x{{else if .e}}y{{end}}", ""),
        ("{{if .e}}{{.zz}}{{else}}z{{end}}", "z"),
        ("{{if .a}}{{if .e}}x{{else}}y{{end}}z{{end}}", "yz"),
        ('refs/{{if eq .ref_type "branch"}}heads/{{ else }}tags/{{end}}{{ .a }}', "refs/tags/1"),
        ("a {{- .a -}}  b", "a1b"),
        ("a \n{{- .a}} b", "a1 b"),
        ("{{- .a -}}\t\r\n", "1"),
        ("{{.a}}- {{.a}}", "1- 1"),
        ("{{.a -}} {{/* c */}} x", "1 x"),
        ("{{/* c */}}x", "x"),
        ("x {{- /* c */ -}}  y", "xy"),
        ("{{/* {{ }} */}}", ""),
        ('{{if eq .a "1"\n}}nl{{end}}', "nl"),
        ("}} {{.a}}", "}} 1"),
    ],
)
def test_what_a_template_makes(source: str, made: str) -> None:
    assert expand(parse_template(source), TEXTS.get) == made


@pytest.mark.parametrize("source", ["zz", "{{.zz}}", '{{eq .zz "1"}}', "{{and .a .zz}}", '{{if eq .a "1" .zz}}{{end}}'])
def test_a_missing_claim_is_an_error_that_names_it(source: str) -> None:
    with pytest.raises(TokenRefused) as caught:
        expand(parse_template(source), TEXTS.get)
    assert "claim zz" in caught.value.why


@pytest.mark.parametrize(
    ("source", "line", "column"),
    [
        ("{{", 1, 3),
        ("{{ .a", 1, 6),
        ("{{ .a }", 1, 7),
        ("{{}}", 1, 3),
        ("{{ . }}", 1, 4),
        ("{{-.a}}", 1, 3),
        ("{{.a.b}}", 1, 5),
        ('{{.a "x"}}', 1, 6),
        ("{{.a | html}}", 1, 6),
        ("a\n b {{ $x }}", 2, 7),
        ("{{eq .a 1}}", 1, 9),
        ("{{eq .a}}", 1, 8),
        ('{{ne .a "1" "2"}}', 1, 16),
        ("{{not}}", 1, 6),
        ("{{or}}", 1, 5),
        ('{{eq (eq .a "1") "x"}}', 1, 21),
        ("{{eq (and .a (not .e)) .a}}", 1, 26),
        ('{{eq .a(index . "x")}}', 1, 8),
        ("{{eq .a or}}", 1, 9),
        ("{{(.a}}", 1, 6),
        ("{{.a)}}", 1, 5),
        ("{{index .}}", 1, 10),
        ("{{index . .b}}", 1, 11),
        ('{{index . "a" "b"}}', 1, 15),
        ('{{index "a"}}', 1, 9),
        (r'{{"\u00e9"}}', 1, 3),
        ('{{"a\nb"}}', 1, 3),
        ('{{printf "x"}}', 1, 3),
        ("{{ upper .a }}", 1, 4),
        ("x {{range .a}}{{end}}", 1, 3),
        ("{{with .a}}{{end}}", 1, 1),
        ("x{{end}}", 1, 2),
        ("{{else}}", 1, 1),
        ("{{if .a}}", 1, 1),
        ("{{if .a}}{{else}}", 1, 1),
        ("{{if .a}}{{else}}{{else}}{{end}}", 1, 1),
        ("{{if .a}}{{else}}{{else if .a}}{{end}}", 1, 1),
        ("{{if}}{{end}}", 1, 5),
        ("{{if .a .b}}{{end}}", 1, 9),
        ("{{if .a}}{{end .a}}", 1, 16),
        ("{{if .a}}{{else .a}}{{end}}", 1, 17),
        ("{{/* c }}", 1, 3),
        ("{{/* c */ }}", 1, 3),
        ("{{- /* c */", 1, 5),
    ],
)
def test_what_is_not_supported_is_refused_with_its_place(source: str, line: int, column: int) -> None:
    with pytest.raises(MalformedError) as caught:
        parse_template(source)
    assert caught.value.what == "template"
    assert caught.value.why.startswith(f"line {line}, column {column}: ")


def test_sizes_have_limits() -> None:
    parse_template("a" * MAX_TEMPLATE)
    with pytest.raises(LimitExceeded):
        parse_template("a" * (MAX_TEMPLATE + 1))
    long = parse_template("{{.l}}{{.l}}")
    assert expand(long, {"l": "a" * (MAX_TEXT // 2)}.get) == "a" * MAX_TEXT
    with pytest.raises(TokenRefused):
        expand(long, {"l": "a" * (MAX_TEXT // 2 + 1)}.get)


@pytest.mark.parametrize(
    ("before", "inside", "after"), [("{{if .a}}", "", "{{end}}"), ("(", ".a", ")")], ids=["if", "parentheses"]
)
def test_nesting_has_a_limit(before: str, inside: str, after: str) -> None:
    def nested(levels: int) -> str:
        whole = before * levels + inside + after * levels
        return whole if "{{" in before else f"{{{{{whole}}}}}"

    expand(parse_template(nested(MAX_NESTING)), TEXTS.get)
    with pytest.raises(MalformedError):
        parse_template(nested(MAX_NESTING + 1))
