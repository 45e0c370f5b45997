"""Predicates against the schema of their type: what is complete passes, and each of its neighbours is refused."""

import json
from copy import deepcopy
from typing import Any

import pytest

from cosignpy.core.digest import Digest
from cosignpy.core.encoding import encode_json
from cosignpy.core.predicates.documents import SHAPES
from cosignpy.core.predicates.statement import NamedArtifact, Predicate, build_statement
from cosignpy.core.predicates.types import PREDICATE_TYPES, TYPES
from cosignpy.core.predicates.validation import MOST_CHARACTERS, validate, validate_statement
from cosignpy.errors import InvalidPredicate, MalformedError
from cosignpy.schemas import load_cyclonedx
from tests.support.predicates import EXAMPLES, TAG_VALUE, example


def check(name: str, content: Any) -> None:
    validate(name, Predicate.parse(encode_json(content)), load_cyclonedx)


def refuse(name: str, content: Any) -> InvalidPredicate:
    with pytest.raises(InvalidPredicate) as refused:
        check(name, content)
    return refused.value


def changed(name: str, path: tuple[str | int, ...], value: Any = ...) -> dict[str, Any]:
    """Return an example with one value changed, or without one."""
    found = deepcopy(EXAMPLES[name])
    *above, last = path
    place: Any = found
    for step in above:
        place = place[step]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return found


@pytest.mark.parametrize("name", PREDICATE_TYPES)
def test_a_complete_predicate_passes(name: str) -> None:
    check(name, EXAMPLES[name])


@pytest.mark.parametrize(("name", "uri"), [(kind.name, uri) for kind in TYPES for uri in (kind.uri, *kind.aliases)])
def test_a_type_is_checked_under_each_of_its_uris(name: str, uri: str) -> None:
    check(uri, EXAMPLES[name])
    if name != "custom":
        refuse(uri, {})


def test_types_without_a_schema_take_any_object() -> None:
    for name in ("custom", "https://example.com/review/v1"):
        check(name, {"n": 10**400, "x": 1e300})


def every_required(shape: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Return the paths of all fields that have to be there in what has to be there."""
    below = [
        found
        for name in shape.get("required", ())
        for found in every_required(shape["properties"].get(name, {}), (*path, name))
    ]
    return [*((*path, name) for name in shape.get("required", ())), *below]


@pytest.mark.parametrize(
    ("name", "path"), [(name, path) for name, shape in SHAPES.items() for path in every_required(shape)]
)
def test_a_required_field_is_missed(name: str, path: tuple[str | int, ...]) -> None:
    refused = refuse(name, changed(name, path))
    assert (refused.why, refused.field) == ("missing", ".".join(map(str, path)))


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        ("slsaprovenance", ("builder", "id"), "builder"),
        ("slsaprovenance", ("metadata", "buildStartedOn"), "yesterday"),
        ("slsaprovenance", ("materials", 0, "digest", "sha1"), 1),
        ("slsaprovenance1", ("buildDefinition", "buildType"), ""),
        ("slsaprovenance1", ("buildDefinition", "externalParameters"), []),
        ("slsaprovenance1", ("buildDefinition", "resolvedDependencies", 0, "digest"), "00"),
        ("slsaprovenance1", ("runDetails", "metadata", "startedOn"), "2026-13-01T00:00:00Z"),
        ("slsaprovenance1", ("runDetails", "builder", "version"), "4.3"),
        ("spdxjson", ("spdxVersion",), "SPDX-3.0"),
        ("spdxjson", ("SPDXID",), "SPDXRef-other"),
        ("spdxjson", ("packages", 0, "SPDXID"), "zlib"),
        ("spdxjson", ("files", 0, "checksums"), []),
        ("spdxjson", ("creationInfo", "creators"), []),
        ("cyclonedx", ("bomFormat",), "cyclonedx"),
        ("cyclonedx", ("components", 0, "type"), "lib"),
        ("cyclonedx", ("components", 0, "licenses", 0, "license", "id"), "Zlib-2"),
        ("cyclonedx", ("specVersion",), "1.1"),
        ("cyclonedx", ("specVersion",), None),
        ("link", ("_type",), "layout"),
        ("link", ("materials", "main.c"), "c0"),
        ("vuln", ("metadata", "scanStartedOn"), ""),
        ("openvex", ("statements",), []),
        ("openvex", ("statements", 0, "status"), "safe"),
        ("openvex", ("statements", 0, "justification"), "we looked"),
        ("openvex", ("@context",), "https://example.com"),
        ("spdx3", ("@graph",), []),
        ("link03", ("materials", 0, "name"), None),
        ("vsa", ("verificationResult",), "OK"),
        ("vsa", ("dependencyLevels", "SLSA_BUILD_LEVEL_1"), -1),
        ("test-result", ("result",), "passed"),
        ("scai", ("attributes",), []),
        ("release", ("purl",), "pkg:pypi/app"),
        ("runtime-trace", ("monitorLog",), {}),
        ("vulns", ("scanner", "result", 0, "severity"), {}),
        ("svr", ("properties", 0), ""),
        ("reference", ("references", 0, "mediaType"), 1),
        ("promotion-record", ("digest",), "sha256:xyz"),
    ],
)
def test_a_field_of_another_kind_is_named(name: str, path: tuple[str | int, ...], value: Any) -> None:
    refused = refuse(name, changed(name, path, value))
    named = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)[1:]
    assert refused.field == named


def test_openvex_demands_what_a_status_needs() -> None:
    assert refuse("openvex", changed("openvex", ("statements", 0, "justification"))).field == (
        "statements[0].justification"
    )
    check("openvex", changed("openvex", ("statements", 0, "justification"), None) | {"x": 1})
    assert refuse("openvex", changed("openvex", ("statements", 0, "status"), "affected")).field == (
        "statements[0].action_statement"
    )


def test_unknown_fields_pass_where_producers_may_extend() -> None:
    check("slsaprovenance1", EXAMPLES["slsaprovenance1"] | {"https://example.com/own": 1})


def test_unknown_fields_of_cyclonedx_are_refused() -> None:
    assert "'bogus'" in refuse("cyclonedx", EXAMPLES["cyclonedx"] | {"bogus": 1}).why


@pytest.mark.parametrize("version", ["1.2", "1.3", "1.4", "1.5", "1.6", "1.7"])
def test_each_version_of_cyclonedx_has_a_schema_of_its_own(version: str) -> None:
    bom = {"bomFormat": "CycloneDX", "specVersion": version, "version": 1, "components": []}
    check("cyclonedx", bom)
    assert "'bogus'" in refuse("cyclonedx", bom | {"bogus": 1}).why


def test_a_document_without_a_version_is_not_cyclonedx() -> None:
    refused = refuse("cyclonedx", {"bomFormat": "CycloneDX"})
    assert (refused.field, refused.why) == ("the document", "specVersion is missing")


@pytest.mark.parametrize("spaces", [b"", b"\n\n"])
def test_the_line_is_that_of_the_file(spaces: bytes) -> None:
    raw = spaces + json.dumps(changed("slsaprovenance1", ("runDetails", "builder", "id"), "x"), indent=1).encode()
    with pytest.raises(InvalidPredicate) as refused:
        validate("slsaprovenance1", Predicate.parse(raw), load_cyclonedx)
    assert b'"id": "x"' in raw.split(b"\n")[refused.value.line - 1]


def test_a_predicate_of_another_type_is_told() -> None:
    assert "--type slsaprovenance takes" in str(refuse("slsaprovenance1", EXAMPLES["slsaprovenance02"]).hint)
    assert "--type cyclonedx takes" in str(refuse("spdxjson", EXAMPLES["cyclonedx"]).hint)
    assert "--type spdx takes" in str(refuse("cyclonedx", EXAMPLES["spdx"]).hint)
    assert refuse("vsa", {}).hint == "--no-validate signs it all the same"


def test_a_reason_does_not_repeat_megabytes() -> None:
    assert len(refuse("cyclonedx", EXAMPLES["cyclonedx"] | {"version": "x" * 10_000}).why) < MOST_CHARACTERS + 10


def test_text_is_left_to_who_read_it() -> None:
    validate("spdx", Predicate.of_text(TAG_VALUE), load_cyclonedx)
    with pytest.raises(InvalidPredicate):
        validate("spdxjson", Predicate.of_text(TAG_VALUE), load_cyclonedx)


def statement(name: str, predicate: bytes) -> bytes:
    return build_statement([NamedArtifact("app", Digest.of(b"app"))], PREDICATE_TYPES[name], predicate)


def test_a_whole_statement_is_checked_by_its_own_type() -> None:
    assert validate_statement(statement("vsa", example("vsa")), load_cyclonedx) == PREDICATE_TYPES["vsa"]
    wrong = statement("vsa", b"{}").replace(b'"predicate"', b'\n"predicate"')
    with pytest.raises(InvalidPredicate) as refused:
        validate_statement(wrong, load_cyclonedx)
    assert (refused.value.line, refused.value.field) == (2, "verifier")
    with pytest.raises(MalformedError):
        validate_statement(b"{}", load_cyclonedx)


def test_a_version_in_a_statement_is_found_on_its_line() -> None:
    wrong = statement("cyclonedx", b'{\n"specVersion": "9"}')
    with pytest.raises(InvalidPredicate) as refused:
        validate_statement(wrong, load_cyclonedx)
    assert (refused.value.line, refused.value.field) == (2, "specVersion")


def test_nothing_is_fetched() -> None:
    """A schema that names another one which is not at hand is our mistake, and no request."""

    def incomplete(_version: str) -> dict[str, Any]:
        return {"x:/main": {"$ref": "http://127.0.0.1:1/none"}}

    with pytest.raises(ValueError, match="not present in a registry"):
        validate("cyclonedx", Predicate.parse(example("cyclonedx")), incomplete)
