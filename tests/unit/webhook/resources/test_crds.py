"""The definitions of our kinds, by the schema and the rules as an API server applies them."""

from collections.abc import Mapping
from typing import Any

import pytest

from cosignpy.errors import CosignError
from cosignpy.imagepolicy.conduct import POLICY_CONTROLLER
from cosignpy.imagepolicy.dialect import OWN_FIELDS, OWN_VERSION
from cosignpy.imagepolicy.go_reader.conversion import Version
from cosignpy.imagepolicy.go_reader.schema import CLUSTER_IMAGE_POLICY
from cosignpy.webhook.policies.compiled import read_document
from cosignpy.webhook.policies.conditions import IN_FORCE, TRUST_ROOTS_FOUND
from tests.support import crd_examples, vectors
from tests.support.crd_examples import NOT_BY_SCHEMA
from tests.support.kube_api.rules import compile_rules
from tests.support.kube_api.schemas import compile_schema, faults, fill, prune, unknown_fields
from tests.support.recorded_policies import definitions, recorded_policies, recorded_trust_roots

KINDS = definitions()


def schema_of(document: Mapping[str, Any]) -> Mapping[str, Any]:
    spec = KINDS[document["kind"]]["spec"]
    version = document["apiVersion"].removeprefix(f"{spec['group']}/")
    (found,) = [each["schema"]["openAPIV3Schema"] for each in spec["versions"] if each["name"] == version]
    return found  # type: ignore[no-any-return] # YAML


def mistakes(document: Mapping[str, Any], *, strict: bool = False) -> list[str]:
    """Return what an API server says of an object."""
    schema = schema_of(document)
    unknown = list(unknown_fields(document, schema, "")) if strict else []
    unknown = [each for each in unknown if not each.startswith("metadata")]
    kept = fill(prune({**document, "metadata": {}}, schema), schema)
    found = [*faults(compile_schema(schema), kept), *compile_rules(schema).check(kept)]
    return [*unknown, *map(str, found)]


@vectors.NEEDED
def test_what_the_policy_controller_takes_is_taken_and_the_rest_refused() -> None:
    found = [(each, mistakes(each.document, strict=not each.is_valid)) for each in recorded_policies()]
    refused = {each.case: said for each, said in found if each.is_valid and said}
    assert refused.keys() == NOT_BY_SCHEMA.refused, refused
    assert {each.case for each, said in found if not each.is_valid and not said} == NOT_BY_SCHEMA.taken
    assert len(found) > 120


@vectors.NEEDED
def test_recorded_trust_roots_are_taken() -> None:
    assert {case: mistakes(each) for case, each in recorded_trust_roots() if mistakes(each)} == {}


@pytest.mark.parametrize("examples", [crd_examples.CLUSTER, crd_examples.OWN, crd_examples.ROOTS])
def test_examples_are_taken(examples: crd_examples.Objects) -> None:
    assert {name: mistakes(each, strict=True) for name, each in examples.items() if mistakes(each, strict=True)} == {}


@pytest.mark.parametrize("examples", [crd_examples.BROKEN_CLUSTER, crd_examples.BROKEN_OWN, crd_examples.BROKEN_ROOTS])
def test_mistakes_are_refused_without_a_webhook(examples: crd_examples.Objects) -> None:
    assert {name for name, each in examples.items() if not mistakes(each)} == set()


@pytest.mark.parametrize("name", [*crd_examples.CLUSTER, *crd_examples.OWN])
def test_the_readers_take_what_the_definitions_take(name: str) -> None:
    read_document({**crd_examples.CLUSTER, **crd_examples.OWN}[name], POLICY_CONTROLLER)


@pytest.mark.parametrize("name", crd_examples.BROKEN_CLUSTER)
def test_the_reader_refuses_what_the_definitions_refuse(name: str) -> None:
    with pytest.raises(CosignError):
        read_document(crd_examples.BROKEN_CLUSTER[name], POLICY_CONTROLLER)


def test_both_versions_of_a_policy_are_the_same_and_the_policy_controllers_is_stored() -> None:
    spec = KINDS["ClusterImagePolicy"]["spec"]
    first, second = spec["versions"]
    assert (first["name"], first["storage"], second["name"], second["storage"]) == ("v1alpha1", True, "v1beta1", False)
    assert first["schema"] == second["schema"]
    assert {f"{spec['group']}/{each['name']}" for each in spec["versions"]} == set(Version)
    assert (spec["names"]["shortNames"], spec["conversion"]) == (["cip"], {"strategy": "None"})


def test_a_cluster_knows_all_fields_of_the_policy_controller() -> None:
    def compare(kind: Any, schema: Mapping[str, Any], path: str) -> None:
        inner = getattr(kind, "to", getattr(kind, "of", kind))
        inner = getattr(inner, "of", inner)
        below = schema.get("items", schema)
        if hasattr(inner, "fields"):
            assert set(inner.fields) == set(below["properties"]), path
            for name, each in inner.fields.items():
                compare(each, below["properties"][name], f"{path}.{name}")

    schema = schema_of(crd_examples.CLUSTER["no authorities"])
    compare(CLUSTER_IMAGE_POLICY.fields["spec"], schema["properties"]["spec"], "spec")


def test_a_cluster_knows_all_fields_of_our_own() -> None:
    (version,) = KINDS["ImagePolicy"]["spec"]["versions"]
    assert f"cosignpy.dev/{version['name']}" == OWN_VERSION
    spec = version["schema"]["openAPIV3Schema"]["properties"]["spec"]
    for path, names in OWN_FIELDS.items():
        found = spec
        for step in path.removeprefix("spec").lstrip(".").split("."):
            found = found["properties"][step.removesuffix("[]")] if step else found
            found = found.get("items", found)
        assert set(names) - {"files"} <= set(found["properties"]), path


def test_every_list_and_every_text_has_an_end() -> None:
    def look(schema: Mapping[str, Any], path: str) -> list[str]:
        found = []
        if schema.get("type") == "array" and "maxItems" not in schema:
            found.append(path)
        if schema.get("type") == "string" and not {"maxLength"} & schema.keys():
            found.append(path)
        for name, each in schema.get("properties", {}).items():
            found += look(each, f"{path}.{name}")
        return found + (look(schema["items"], f"{path}[]") if "items" in schema else [])

    for kind, definition in KINDS.items():
        for version in definition["spec"]["versions"]:
            parts = version["schema"]["openAPIV3Schema"]["properties"]
            assert look(parts["spec"], f"{kind}.spec") + look(parts["status"], f"{kind}.status") == []


@pytest.mark.parametrize("kind", ["ClusterImagePolicy", "ImagePolicy"])
def test_a_table_of_policies_shows_why_images_are_refused(kind: str) -> None:
    for version in KINDS[kind]["spec"]["versions"]:
        columns = {each["jsonPath"] for each in version["additionalPrinterColumns"]}
        for condition in (IN_FORCE, TRUST_ROOTS_FOUND):
            assert f'.status.conditions[?(@.type=="{condition}")].reason' in columns
        assert '.status.conditions[?(@.type=="Ready")].message' in columns
