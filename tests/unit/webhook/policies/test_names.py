"""What policies name, and credentials that are lent to their sources."""

from typing import Final

import pytest

from cosignpy.documents import DocumentError
from cosignpy.imagepolicy.conduct import OURS, POLICY_CONTROLLER
from cosignpy.imagepolicy.model import Remote
from cosignpy.webhook.policies.compiled import read_document
from cosignpy.webhook.policies.faults import Stage
from cosignpy.webhook.policies.gathering import gather
from cosignpy.webhook.policies.names import Names, lend_pull_secrets, names_of, pull_secrets_of
from cosignpy.webhook.policies.nodes import read_object
from tests.support.image_policies import ALICE, BY_KEY, PASS, document
from tests.unit.webhook.policies.test_compiled import KMS, NAMING, REMOTE

CA: Final = {"keyless": {"identities": [ALICE], "ca-cert": {"secretRef": {"name": "ca"}}}}
SOURCE: Final = {"oci": "registry.example/sigs", "signaturePullSecrets": [{"name": "a"}, {"name": "b"}]}


def test_all_that_a_policy_names_is_found_once() -> None:
    twice = document(*NAMING["spec"]["authorities"], *NAMING["spec"]["authorities"])
    assert names_of(read_document(twice, POLICY_CONTROLLER)) == Names(
        ("team-key",), (("t", "k"),), ("mine",), (Remote(REMOTE["url"], REMOTE["sha256sum"]),), (KMS,)
    )


def test_the_secret_of_an_own_authority_is_named_where_it_counts() -> None:
    assert names_of(read_document(document(CA), OURS)).secrets == ("ca",)
    assert names_of(read_document(document(CA), POLICY_CONTROLLER)).secrets == ()


def test_credentials_are_lent_to_the_sources_that_ask_for_them() -> None:
    asked = list[tuple[str, ...]]()
    policy = read_document(
        document({**BY_KEY, "source": [SOURCE]}, {**BY_KEY, "source": [{"oci": "x.example/sigs"}]}, PASS), OURS
    )

    def find(names: tuple[str, ...]) -> str:
        asked.append(names)
        return "{}"

    lent = lend_pull_secrets(policy, find)
    assert pull_secrets_of(policy) == (("a", "b"),)
    assert asked == [("a", "b")]
    assert [each.source and each.source.docker_config for each in lent.authorities] == ["{}", "", None]


class Nothing:
    """A cluster with a Secret that is none."""

    def secret(self, name: str) -> dict[str, object]:
        return {"metadata": {"name": name}, "data": {"key": "a"}}

    def config_map(self, name: str) -> None:
        del name

    def trust_root(self, name: str) -> None:
        del name


def test_a_secret_that_is_not_base64_is_a_fault() -> None:
    (fault,) = gather(Names(secrets=("s",)), Nothing()).faults  # type: ignore[arg-type] # nothing is fetched
    assert (fault.stage, fault.message) == (Stage.KEYS, 'secret "s" contains an invalid public key: not base64')


def test_an_object_that_is_nested_deeper_than_any_is_refused() -> None:
    deep: object = "x"
    for _ in range(20):
        deep = {"a": [deep]}
    with pytest.raises(DocumentError, match="nested deeper"):
        read_object({"spec": deep}, "object")
