"""What policies name in documents beside them: found by its name, put in, and refused where it is something else."""

from collections.abc import Mapping
from typing import Any, Final

import pytest

from cosignpy.core.encoding import encode_b64, encode_json, parse_json
from cosignpy.core.trust.trusted_root import TrustedRoot
from cosignpy.documents import DocumentError
from cosignpy.imagepolicy.cluster_objects import Secret
from cosignpy.imagepolicy.completeness import is_complete
from cosignpy.imagepolicy.model import Authority, ImagePolicyDocument, Key, Keyless, Source
from cosignpy.imagepolicy.parse import parse_policies, parse_resources
from cosignpy.imagepolicy.references import link_policies
from tests.support.image_policies import ALICE, BY_KEY, FILE, KEYLESS, PEM, document, encode
from tests.support.policy_resources import config_map, secret, trust_root
from tests.support.signed import KEY
from tests.support.virtual_sigstore import FULCIO_ISSUER, FULCIO_ROOT, certificate_pem

BY_SECRET: Final = {"key": {"secretRef": {"name": "keys"}}}
CA: Final = b"".join(certificate_pem(each.der) for each in (FULCIO_ISSUER, FULCIO_ROOT)).decode()
REGO: Final = "package sigstore\n\ndefault isCompliant = false\n"
PULL: Final = "kubernetes.io/dockerconfigjson"
AUTHS: Final = {"ghcr.io": {"auth": encode_b64(b"me:secret")}}


def linked(*documents: Mapping[str, Any]) -> ImagePolicyDocument:
    (found,) = link_policies(parse_resources(encode(*documents), FILE))
    return found


def authority(*documents: Mapping[str, Any]) -> Authority:
    return linked(*documents).authorities[0]


def refused(*documents: Mapping[str, Any]) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        linked(*documents)
    return caught.value


@pytest.mark.parametrize("namespace", ["", "cosign-system"])
def test_a_key_in_a_secret(namespace: str) -> None:
    found = authority(document(BY_SECRET), secret(namespace=namespace, anything=PEM)).signer
    assert isinstance(found, Key)
    assert found.data == KEY.public_key


def test_a_key_in_base64() -> None:
    held = {**secret(), "stringData": {}, "data": {"k": encode_b64(PEM.encode())}}
    found = authority(document(BY_SECRET), held).signer
    assert isinstance(found, Key)
    assert found.data == KEY.public_key


@pytest.mark.parametrize(
    "held",
    [
        secret(name="others", k=PEM),
        secret(k=PEM, second=PEM),
        secret(),
        secret(k="no key"),
        secret(k=CA),
        {**secret(), "data": {"k": "%"}},
        secret(namespace="default", k=PEM),
        {**secret(k=PEM), "immutable": "yes"},
        {**secret(k=PEM), "kept": "x"},
    ],
    ids=["absent", "two entries", "no entry", "no PEM", "no key", "no base64", "elsewhere", "no flag", "unknown"],
)
def test_a_secret_without_the_key(held: Mapping[str, Any]) -> None:
    refused(document(BY_SECRET), held)


def test_a_secret_in_another_namespace_than_the_controllers() -> None:
    elsewhere = {"key": {"secretRef": {"name": "keys", "namespace": "default"}}}
    assert refused(document(elsewhere), secret(k=PEM)).key == "spec.authorities[0].key.secretRef.namespace"


def test_what_is_not_there_is_named_with_its_place() -> None:
    error = refused(document(BY_KEY, BY_SECRET))
    assert (error.key, error.problem.endswith("there is no Secret keys")) == ("spec.authorities[1].key.secretRef", True)


@pytest.mark.parametrize("reference", ["keyless", "ctlog", "rfc3161timestamp"])
def test_a_trust_root_by_its_name(reference: str) -> None:
    named: dict[str, Any] = {**KEYLESS}
    named[reference] = {**named.get(reference, {}), "trustRootRef": "own"}
    found = authority(document(named), trust_root("other"), trust_root("own"))
    part = {"keyless": found.signer, "ctlog": found.ctlog, "rfc3161timestamp": found.rfc3161timestamp}[reference]
    assert part.trust_root.name == "own"  # type: ignore[union-attr]
    error = refused(document(named), trust_root("other"))
    assert error.key == f"spec.authorities[0].{reference}.trustRootRef"


def ca(**held: Any) -> dict[str, Any]:
    return {"keyless": {"identities": [dict(ALICE)], "ca-cert": held}}


@pytest.mark.parametrize(
    "documents",
    [[document(ca(data=CA))], [document(ca(secretRef={"name": "keys"})), secret(k=CA)]],
    ids=["in the document", "in a Secret"],
)
def test_authorities_of_ones_own_are_believed_in_place_of_others(documents: list[dict[str, Any]]) -> None:
    found = authority(*documents).signer
    assert isinstance(found, Keyless)
    assert found.trust_root is not None
    root = found.trust_root.content
    assert isinstance(root, TrustedRoot)
    assert (FULCIO_ISSUER.certificate, FULCIO_ROOT.certificate) in {each.chain for each in root.certificate_authorities}
    assert (root.logs, root.ct_logs, root.timestamp_authorities) == ((), (), ())


def test_authorities_of_ones_own_that_are_none() -> None:
    assert refused(document(ca(data=PEM))).key == "spec.authorities[0].keyless.ca-cert.data"
    assert refused(document(ca(secretRef={"name": "keys"})), secret(k=PEM)).key == ""


def test_texts_in_config_maps() -> None:
    reference = {"type": "rego", "configMapRef": {"name": "texts", "key": "policy.rego", "namespace": "anywhere"}}
    wanted = {"attestations": [{"name": "m", "predicateType": "custom", "policy": reference}], **BY_KEY}
    found = linked(document(wanted, policy=reference), config_map(**{"policy.rego": REGO}))
    attested = found.authorities[0].attestations[0].policy
    assert attested is not None
    assert found.policy is not None
    assert (attested.data, found.policy.data) == (REGO, REGO)
    assert found.policy.text_place is not None
    assert found.policy.text_place.key == "data.policy.rego"
    assert is_complete(found)
    for held in (config_map("others"), config_map(other=REGO)):
        assert refused(document(BY_KEY, policy=reference), held).key.startswith("spec.policy.configMapRef")


def source(*documents: Mapping[str, Any]) -> Source:
    signed = {"source": [{"oci": "ghcr.io/team/signatures", "signaturePullSecrets": [{"name": "pull"}]}], **BY_KEY}
    found = authority(document(signed), *documents).source
    assert found is not None
    return found


def test_credentials_of_a_source_are_taken_where_they_are_there() -> None:
    assert source().docker_config == ""
    held = secret("pull", "team", PULL, **{".dockerconfigjson": encode_json({"auths": AUTHS}).decode()})
    assert parse_json(source(held).docker_config.encode(), what="") == {"auths": AUTHS}
    older = secret("pull", "other", "kubernetes.io/dockercfg", **{".dockercfg": encode_json({"quay.io": {}}).decode()})
    assert parse_json(source(held, older).docker_config.encode(), what="") == {"auths": {**AUTHS, "quay.io": {}}}


@pytest.mark.parametrize("held", [secret("pull", k=PEM), secret("pull", "", PULL, **{".dockerconfigjson": "no JSON"})])
def test_credentials_of_a_source_that_are_none(held: Mapping[str, Any]) -> None:
    signed = {"source": [{"signaturePullSecrets": [{"name": "pull"}]}], **BY_KEY}
    assert refused(document(signed), held).key == "spec.authorities[0].source[0].signaturePullSecrets"


@pytest.mark.parametrize("twice", [secret(k=PEM), config_map(), trust_root(), document(BY_KEY)])
def test_two_documents_of_one_kind_have_two_names(twice: Mapping[str, Any]) -> None:
    error = refused(document(BY_KEY, name="first"), twice, twice)
    assert error.problem.endswith("as well")


def test_one_name_in_two_files() -> None:
    first = parse_resources(encode(document(BY_KEY)), "a.yaml")
    with pytest.raises(DocumentError) as caught:
        link_policies([*first, *parse_resources(encode(document(BY_KEY)), "b.yaml")])
    assert str(caught.value) == "b.yaml:1: a policy team stands in a.yaml as well"


def test_policies_among_other_documents() -> None:
    raw = encode(secret(k=PEM), document(BY_SECRET))
    (found,) = parse_policies(raw, FILE)
    assert not is_complete(found)
    assert parse_policies(encode(secret(k=PEM)), FILE) == ()


@pytest.mark.parametrize(
    ("content", "public"),
    [(PEM, True), (CA, True), (f"\n{PEM}", True), (f"{PEM}-----BEGIN PRIVATE KEY-----", False), ("password", False)],
)
def test_what_everybody_may_read_of_a_secret(content: str, public: bool) -> None:
    (found,) = parse_resources(encode(secret(k=content)), FILE)
    assert isinstance(found, Secret)
    assert found.is_public is public


@pytest.mark.parametrize("member", ["stringData", "data"])
def test_what_is_secret_stands_in_no_error(member: str) -> None:
    raw = encode({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "pull"}, member: {"password": 271828}})
    with pytest.raises(DocumentError) as caught:
        parse_resources(raw, FILE)
    assert (caught.value.key, caught.value.problem.rpartition(": ")[2]) == (f"{member}.password", "... is no text")
    assert "271828" not in f"{caught.value} {caught.value.hint}"
