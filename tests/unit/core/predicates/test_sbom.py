"""SBOM files, told by what is in them."""

import json
from typing import Any

import pytest

from cosignpy.core.predicates.sbom import SbomFormat, parse_predicate, read_sbom, tell_format
from cosignpy.core.predicates.statement import MAX_PREDICATE
from cosignpy.errors import InvalidPredicate, LimitExceeded, MalformedError, UsageError
from tests.support.predicates import TAG_VALUE, example

XML = b'<?xml version="1.0"?>\n<bom xmlns="http://cyclonedx.org/schema/bom/1.6" version="1"/>'
SYFT = {"artifacts": [], "artifactRelationships": [], "source": {}, "descriptor": {"name": "syft"}, "schema": {}}
TRIVY = {"SchemaVersion": 2, "ArtifactName": "alpine:3", "ArtifactType": "container_image", "Results": []}


@pytest.mark.parametrize(
    ("content", "found", "name"),
    [
        (example("cyclonedx"), SbomFormat.CYCLONEDX_JSON, "cyclonedx"),
        (example("spdxjson"), SbomFormat.SPDX_JSON, "spdxjson"),
        (example("spdx3"), SbomFormat.SPDX_3, "spdx3"),
        (TAG_VALUE.encode(), SbomFormat.SPDX_TAG_VALUE, "spdx"),
        (TAG_VALUE.replace("\n", "\r\n").encode(), SbomFormat.SPDX_TAG_VALUE, "spdx"),
    ],
)
def test_a_file_says_what_it_is(content: bytes, found: SbomFormat, name: str) -> None:
    sbom = read_sbom(content)
    assert (sbom.format, sbom.type_name) == (found, name)
    told = content.decode() if name == "spdx" else json.loads(content)
    assert sbom.predicate.content == told
    assert json.loads(sbom.predicate.octets) == told


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (XML, SbomFormat.CYCLONEDX_XML),
        (json.dumps(SYFT).encode(), SbomFormat.SYFT_JSON),
        (json.dumps(TRIVY).encode(), SbomFormat.TRIVY_JSON),
        (b"SPDXVersion: SPDX-2.3\n", SbomFormat.SPDX_TAG_VALUE),
    ],
)
def test_what_cannot_be_attested_is_told_as_well(content: bytes, found: SbomFormat) -> None:
    assert tell_format(content) is found


def test_a_json_file_is_signed_as_it_is() -> None:
    content = b' {"bomFormat" : "CycloneDX", "n": 1.10}\n'
    assert read_sbom(content).predicate.octets == content


@pytest.mark.parametrize(
    ("name", "claimed"),
    [
        ("cyclonedx", "cyclonedx"),
        ("cyclonedx", "https://cyclonedx.org/bom"),
        ("spdxjson", "spdxjson"),
        ("spdxjson", "spdx"),
    ],
)
def test_what_is_claimed_and_true_is_taken(name: str, claimed: str) -> None:
    assert read_sbom(example(name), claimed).type_name == name


@pytest.mark.parametrize(
    ("content", "claimed", "told"),
    [
        (example("cyclonedx"), "spdxjson", "CycloneDX as JSON, and not spdxjson"),
        (example("spdxjson"), "cyclonedx", "SPDX 2 as JSON, and not cyclonedx"),
        (example("spdx3"), "spdxjson", "SPDX 3 as JSON-LD, and not spdxjson"),
        (TAG_VALUE.encode(), "cyclonedx", "SPDX 2 as tag-value text, and not cyclonedx"),
        (example("spdxjson"), "nonsense", "'nonsense' is not a predicate type"),
        (XML, "", "CycloneDX as XML, which is no predicate type"),
        (XML, "cyclonedx", "CycloneDX as XML, which is no predicate type"),
        (json.dumps(SYFT).encode(), "", "syft's own JSON, which is no predicate type"),
        (json.dumps(TRIVY).encode(), "", "trivy's own JSON, which is no predicate type"),
    ],
)
def test_what_is_not_what_it_is_said_to_be_is_refused(content: bytes, claimed: str, told: str) -> None:
    with pytest.raises(UsageError) as refused:
        read_sbom(content, claimed)
    assert told in str(refused.value)
    assert refused.value.hint


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"{}", "neither SPDX nor CycloneDX"),
        (b"[]", "neither SPDX nor CycloneDX"),
        (b'{"bomFormat": "cyclonedx"}', "neither SPDX nor CycloneDX"),
        (b"<bom/>", "XML that is not CycloneDX's"),
        (TAG_VALUE.encode().replace(b"none", b"\xff"), "not UTF-8"),
        (b'{"bomFormat": "CycloneDX", "bomFormat": "CycloneDX"}', "duplicate key"),
    ],
)
def test_what_is_no_sbom_is_refused(content: bytes, told: str) -> None:
    with pytest.raises(MalformedError, match=told):
        read_sbom(content)


@pytest.mark.parametrize("tag", ["DataLicense", "SPDXID", "DocumentName", "DocumentNamespace", "Creator", "Created"])
def test_tag_value_text_has_what_is_mandatory(tag: str) -> None:
    lines: list[Any] = [line for line in TAG_VALUE.splitlines(keepends=True) if not line.startswith(f"{tag}:")]
    with pytest.raises(MalformedError, match=f"the tag {tag} is missing"):
        read_sbom("".join(lines).encode())


def test_errors_of_syntax_name_their_line() -> None:
    with pytest.raises(InvalidPredicate) as refused:
        read_sbom(b'{\n"bomFormat": CycloneDX}')
    assert refused.value.line == 2


def test_an_sbom_has_a_limit() -> None:
    with pytest.raises(LimitExceeded):
        read_sbom(b" " * (MAX_PREDICATE + 1))


def test_tag_value_text_is_a_predicate_of_type_spdx_only() -> None:
    assert parse_predicate("spdx", TAG_VALUE.encode()).content == TAG_VALUE
    for name in ("spdxjson", "https://spdx.dev/Document"):
        with pytest.raises(MalformedError, match="not JSON"):
            parse_predicate(name, TAG_VALUE.encode())
    assert parse_predicate("spdx", example("spdx")).content["SPDXID"] == "SPDXRef-DOCUMENT"
    with pytest.raises(UsageError):
        parse_predicate("nonsense", b"{}")
    with pytest.raises(LimitExceeded):
        parse_predicate("spdx", b"\n" * (MAX_PREDICATE + 1))
