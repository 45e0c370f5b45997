"""Predicate types by name, by URI, and by the URIs that they had before."""

import pytest

from cosignpy.core.intoto import COSIGN_SIGN_V1
from cosignpy.core.predicates.documents import SHAPES
from cosignpy.core.predicates.types import (
    CUSTOM,
    PREDICATE_TYPES,
    TYPES,
    accepted_predicate_types,
    describe_predicate_type,
    select_predicate_type,
    suggest_type,
)
from cosignpy.errors import UsageError

URI = "https://example.com/review/v1"
COSIGN = {
    "slsaprovenance": "https://slsa.dev/provenance/v0.2",
    "slsaprovenance02": "https://slsa.dev/provenance/v0.2",
    "slsaprovenance1": "https://slsa.dev/provenance/v1",
    "link": "https://in-toto.io/Link/v1",
    "spdx": "https://spdx.dev/Document",
    "spdxjson": "https://spdx.dev/Document",
    "cyclonedx": "https://cyclonedx.org/bom",
    "vuln": "https://cosign.sigstore.dev/attestation/vuln/v1",
    "openvex": "https://openvex.dev/ns",
    "custom": "https://cosign.sigstore.dev/attestation/v1",
}
"""What cosign v3.1.3 wrote for each of the types that its help names."""


def test_cosign_s_names_are_what_cosign_writes() -> None:
    assert {name: PREDICATE_TYPES[name] for name in COSIGN} == COSIGN


@pytest.mark.parametrize("name", PREDICATE_TYPES)
def test_names_stand_for_uris(name: str) -> None:
    assert select_predicate_type(name) == PREDICATE_TYPES[name]


def test_uris_stand_for_themselves() -> None:
    assert select_predicate_type(URI) == URI
    assert accepted_predicate_types(URI) == (URI,)
    assert accepted_predicate_types("https://spdx.dev/Document") == ("https://spdx.dev/Document",)


@pytest.mark.parametrize("name", ["nonsense", "", "https://example.com/a b", "https://example.com/\x00"])
def test_what_is_neither_is_refused(name: str) -> None:
    for take in (select_predicate_type, accepted_predicate_types):
        with pytest.raises(UsageError, match="is not a predicate type"):
            take(name)


def test_a_name_is_found_under_older_uris_as_well() -> None:
    assert accepted_predicate_types("custom") == (COSIGN["custom"], "cosign.sigstore.dev/attestation/v1")
    assert "https://spdx.dev/Document/v2.3" in accepted_predicate_types("spdxjson")
    assert "https://cyclonedx.org/bom/v1.4" in accepted_predicate_types("cyclonedx")


def test_no_uri_is_that_of_two_types() -> None:
    """Two names of cosign's share all their URIs; a URI of one type is never an older one of another."""
    uris = {kind.uri: {kind.uri, *kind.aliases} for kind in TYPES}
    assert sum(map(len, uris.values())) == len(set().union(*uris.values()))
    assert all({kind.uri, *kind.aliases} == uris[kind.uri] for kind in TYPES)


def test_types_are_known_by_name_and_by_any_uri() -> None:
    for kind in TYPES:
        assert describe_predicate_type(kind.name) is kind
        for uri in (kind.uri, *kind.aliases):
            found = describe_predicate_type(uri)
            assert found is not None
            assert found.uri == kind.uri
    assert describe_predicate_type(URI) is None


def test_every_type_is_checked_by_something() -> None:
    assert {kind.name for kind in TYPES} - {"cyclonedx"} == set(SHAPES)


ATTESTED = "what is there are attestations: cosignpy verify-attestation"


@pytest.mark.parametrize(
    ("found", "wanted", "hint"),
    [
        (["https://slsa.dev/provenance/v1"], CUSTOM, "ask for what is there: --type slsaprovenance1"),
        (
            ["https://slsa.dev/provenance/v1.0", "x:y"],
            CUSTOM,
            "ask for what is there: --type slsaprovenance1 or --type x:y",
        ),
        ([COSIGN_SIGN_V1, "x:y"], CUSTOM, "ask for what is there: --type x:y"),
        (["absent"], CUSTOM, "what is there are signatures: cosignpy verify, or verify-blob for files"),
        (["x:y"], COSIGN_SIGN_V1, f"{ATTESTED} --type x:y, or verify-blob-attestation for files"),
    ],
)
def test_a_type_that_is_there_is_told_by_how_to_ask_for_it(found: list[str], wanted: str, hint: str) -> None:
    assert suggest_type(found, wanted) == hint
