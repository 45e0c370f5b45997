"""Predicates, SBOMs and statements as they are checked before they are signed."""

import pytest

from cosignpy.core.digest import Digest
from cosignpy.core.predicates import PREDICATE_TYPES, NamedArtifact, build_statement
from cosignpy.errors import InvalidPredicate, UsageError
from cosignpy.operations.validate_predicate import validate_predicate, validate_sbom, validate_whole_statement
from tests.support.predicates import TAG_VALUE, example

APP = NamedArtifact("app.tar", Digest.of(b"app"))


@pytest.mark.parametrize("name", PREDICATE_TYPES)
def test_what_is_valid_is_returned_for_the_statement(name: str) -> None:
    predicate = validate_predicate(name, example(name))
    made = build_statement([APP], PREDICATE_TYPES[name], predicate)
    assert example(name) in made
    assert validate_whole_statement(made) == PREDICATE_TYPES[name]


@pytest.mark.parametrize("name", sorted(set(PREDICATE_TYPES) - {"custom"}))
def test_a_predicate_of_another_type_than_claimed_is_refused(name: str) -> None:
    other = "vsa" if name != "vsa" else "slsaprovenance1"
    with pytest.raises(InvalidPredicate):
        validate_predicate(name, example(other))
    with pytest.raises(InvalidPredicate):
        validate_whole_statement(build_statement([APP], PREDICATE_TYPES[name], example(other)))


def test_a_type_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError):
        validate_predicate("nonsense", b"{}")


def test_sboms_are_checked_by_what_they_say_they_are() -> None:
    assert validate_sbom(example("cyclonedx")).type_name == "cyclonedx"
    assert validate_sbom(TAG_VALUE.encode(), "spdx").type_name == "spdx"
    with pytest.raises(InvalidPredicate) as refused:
        validate_sbom(b'{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"name": "x"}]}')
    assert refused.value.field == "components[0].type"
    with pytest.raises(UsageError):
        validate_sbom(example("cyclonedx"), "spdxjson")
