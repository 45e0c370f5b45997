"""Policies of a text, as policy-controller 0.13.1 reads, defaults and checks them (`pkg/policy`, `pkg/apis/policy`)."""

from typing import Any, Final

import pytest
import yaml

from cosignpy.core.policy.identity import Containing, Exactly
from cosignpy.errors import MalformedError
from cosignpy.imagepolicy.conduct import OURS, POLICY_CONTROLLER
from cosignpy.imagepolicy.go_reader.documents import ReadPolicies, read_policies
from cosignpy.imagepolicy.model import Authority, Key, Keyless, Mode, SecretRef, SignatureFormat, Static
from tests.support.signed import KEY

PEM: Final = KEY.public_key.encode_pem().decode()
BY_KEY: Final[dict[str, Any]] = {"key": {"data": PEM}}
PASS: Final[dict[str, Any]] = {"static": {"action": "pass"}}
ALICE: Final = {"issuer": "https://issuer.example", "subject": "alice"}


def document(*authorities: dict[str, Any], version: str = "v1beta1", name: str = "p", **spec: Any) -> dict[str, Any]:
    content = {"images": [{"glob": "**"}], "authorities": list(authorities or (PASS,)), **spec}
    return {
        "apiVersion": f"policy.sigstore.dev/{version}",
        "kind": "ClusterImagePolicy",
        "metadata": {"name": name},
        "spec": content,
    }


def encode(*documents: dict[str, Any]) -> bytes:
    return "\n---\n".join(yaml.safe_dump(each).strip() for each in documents).encode()


def read(*documents: dict[str, Any]) -> ReadPolicies:
    return read_policies(encode(*documents), "policy.yaml")


def authority(content: dict[str, Any], version: str = "v1beta1") -> Authority:
    (found,) = read(document(content, version=version)).policies
    return found.authorities[0]


def keyless(**fields: Any) -> dict[str, Any]:
    return {"keyless": {"identities": [ALICE], **fields}}


def attested(**fields: Any) -> dict[str, Any]:
    return BY_KEY | {"attestations": [{"name": "m", "predicateType": "https://a.example/v1", **fields}]}


def why(*documents: dict[str, Any]) -> str:
    with pytest.raises(MalformedError) as raised:
        read(*documents)
    return raised.value.why


@pytest.mark.parametrize("version", ["v1alpha1", "v1beta1"])
def test_what_is_left_out_has_its_default(version: str) -> None:
    (found,) = read(document(PASS, keyless(), {"name": "third"} | BY_KEY, version=version)).policies
    assert (found.name, found.mode, found.match, found.policy) == ("p", Mode.ENFORCE, (), None)
    assert [each.name for each in found.authorities] == ["authority-0", "authority-1", "third"]
    first, second, third = [each.signer for each in found.authorities]
    assert isinstance(first, Static)
    assert isinstance(second, Keyless)
    assert second.url == "https://fulcio.sigstore.dev"
    assert isinstance(third, Key)
    assert (third.data, third.hash_algorithm) == (KEY.public_key, "sha256")
    assert {each.signature_format for each in found.authorities} == {SignatureFormat.LEGACY}


def test_all_of_a_policy_carries_how_it_is_decided_by() -> None:
    raw = encode(document(BY_KEY | attested(), policy={"type": "rego", "data": "x"}))
    for conduct in (POLICY_CONTROLLER, OURS):
        (found,) = read_policies(raw, "policy.yaml", conduct).policies
        assert found.conduct == found.authorities[0].conduct == conduct
        assert found.policy is not None
        assert found.policy.rego_1 is conduct.rego_1


def test_fields_in_another_case() -> None:
    written = document()
    written["spec"]["Authorities"] = written["spec"].pop("authorities")
    written["SPEC"] = written.pop("spec")
    (found,) = read(written).policies
    assert len(found.authorities) == 1


def test_identities_and_sources() -> None:
    found = authority(
        keyless(identities=[ALICE, {"issuerRegExp": "i.*", "subjectRegExp": "s$"}], insecureIgnoreSCT=True)
        | {"source": [{"oci": "docker.io/sigs/app", "tagPrefix": "", "signaturePullSecrets": [{"name": "s"}]}]}
    )
    assert isinstance(found.signer, Keyless)
    assert found.signer.insecure_ignore_sct
    one, two = found.signer.identities
    assert (one.issuer, one.subject) == (Exactly("https://issuer.example"), Exactly("alice"))
    assert isinstance(two.issuer, Containing)
    assert two.subject.accepts("cats")
    assert found.source is not None
    assert (found.source.oci, found.source.tag_prefix) == ("index.docker.io/sigs/app", "")
    assert found.source.signature_pull_secrets == ("s",)


def test_keys_that_are_elsewhere() -> None:
    secret = authority({"key": {"secretRef": {"name": "s", "namespace": "cosign-system"}}}).signer
    assert isinstance(secret, Key)
    assert (secret.data, secret.secret_ref) == (None, SecretRef("s", "cosign-system"))
    kms = authority({"key": {"kms": "gcpkms://projects/x"}}).signer
    assert isinstance(kms, Key)
    assert (kms.data, kms.kms) == (None, "gcpkms://projects/x")


def test_a_certificate_of_ones_own_is_no_fulcio() -> None:
    found = authority(keyless(**{"ca-cert": {"data": PEM}})).signer
    assert isinstance(found, Keyless)
    assert found.url == ""
    assert found.ca_cert is not None
    empty = authority(keyless(url="")).signer
    assert isinstance(empty, Keyless)
    assert empty.url


@pytest.mark.parametrize(
    ("written", "algorithm"), [("SHA256", "sha256"), ("  sha384 ", "sha384"), ("", "sha256"), ("sha224", "sha224")]
)
def test_hash_algorithms(written: str, algorithm: str) -> None:
    found = authority({"key": {"data": PEM, "hashAlgorithm": written}}).signer
    assert isinstance(found, Key)
    assert found.hash_algorithm == algorithm


@pytest.mark.parametrize(
    ("text", "read_as"), [(f"before\n{PEM}after", True), (PEM + PEM, True), (PEM.replace("\n", "\r\n"), True)]
)
def test_the_first_block_of_a_key_counts(text: str, read_as: bool) -> None:
    found = authority({"key": {"data": text}}).signer
    assert isinstance(found, Key)
    assert (found.data == KEY.public_key) is read_as


@pytest.mark.parametrize(
    ("written", "found"),
    [("bundle", SignatureFormat.BUNDLE), ("BUNDLE", SignatureFormat.LEGACY), ("zebra", SignatureFormat.LEGACY)],
)
def test_signature_formats(written: str, found: SignatureFormat) -> None:
    assert authority(BY_KEY | {"signatureFormat": written}).signature_format is found


@pytest.mark.parametrize(
    ("version", "ctlog", "kept"),
    [
        ("v1beta1", {"trustRootRef": "r"}, False),  # left out when it becomes a v1alpha1
        ("v1beta1", {}, False),
        ("v1beta1", {"url": "https://log.example", "trustRootRef": "r"}, True),
        ("v1alpha1", {"trustRootRef": "r"}, True),
        ("v1alpha1", {}, True),
    ],
)
def test_logs_of_v1beta1_need_a_url(version: str, ctlog: dict[str, str], kept: bool) -> None:
    assert (authority(keyless() | {"ctlog": ctlog}, version).ctlog is not None) is kept


@pytest.mark.parametrize("version", ["v1alpha1", "v1beta1"])
def test_timestamps_need_a_trust_root(version: str) -> None:
    assert authority(BY_KEY | {"rfc3161timestamp": {}}, version).rfc3161timestamp is None
    assert authority(BY_KEY | {"rfc3161timestamp": {"trustRootRef": "r"}}, version).rfc3161timestamp is not None


@pytest.mark.parametrize(
    ("kind", "uri"),
    [
        ("custom", "https://cosign.sigstore.dev/attestation/v1"),
        ("spdx", "https://spdx.dev/Document"),
        ("spdxjson", "https://spdx.dev/Document"),
        ("slsaprovenance", "https://slsa.dev/provenance/v0.2"),
        ("https://a.example/v1", "https://a.example/v1"),
        ("openvex", "https://openvex.dev/ns"),
        ("vsa", "vsa"),  # a name of ours
        ("anything", "anything"),
    ],
)
def test_predicate_types(kind: str, uri: str) -> None:
    (found,) = authority(attested(predicateType=kind)).attestations
    assert (found.predicate_type, found.types) == (kind, (uri,))


def test_short_names_of_types_are_warned_of_in_the_last_policy_that_has_them() -> None:
    warning = (
        "policy 0: invalid value: custom: spec.authorities[0].attestations.predicateType\n"
        "deprecated value, please use RFC 3986 conformant values"
    )
    short = document(attested(predicateType="custom"))
    assert read(short).warnings == (warning,)
    assert read(short, document(name="q")).warnings == ()
    assert read(document(name="q"), short).warnings == (warning,)
    assert "relative" in read(document(attested(predicateType="relative"))).warnings[0]
    assert "invalid value: :a" in read(document(attested(predicateType=":a"))).warnings[0]
    assert read(document(attested(predicateType="/a"))).warnings == ()


def test_texts_that_are_elsewhere() -> None:
    (found,) = read(document(policy={"type": "cue", "configMapRef": {"name": "texts", "key": "k"}})).policies
    assert found.policy is not None
    assert (found.policy.data, found.policy.config_map_ref is not None) == ("", True)
    remote = {"url": "https://a.example/p", "sha256sum": "x"}
    (found,) = read(document(policy={"type": "cue", "remote": remote, "includeSpec": True})).policies
    assert found.policy is not None
    assert (found.policy.remote is not None, found.policy.include_spec) == (True, True)


def test_of_two_policies_with_one_name_the_first_counts() -> None:
    found = read(document(), document(BY_KEY), document(name="q"))
    assert [each.name for each in found.policies] == ["p", "q"]
    assert isinstance(found.policies[0].authorities[0].signer, Static)
    assert found.warnings == ('duplicate policy named "p", skipping',)


def test_a_registry_as_a_source_drops_the_policy() -> None:
    found = read(document(BY_KEY | {"source": [{"oci": "localhost:5000"}]}), document(name="q"))
    assert [each.name for each in found.policies] == ["q"]
    assert found.warnings[0].startswith("roundtripping policy Unmarshal() = failed to determine source: repository")


def test_secrets_beside_policies_mean_nothing() -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "cosign-system"}}
    assert len(read(secret, document()).policies) == 1
    secret["metadata"] = {"name": "s"}
    assert why(document(), secret) == "invalid value: : [1].metadata.namespace"


def test_documents_are_what_lines_are_between() -> None:
    raw = encode(document()) + b"\n---\n\n---\n" + encode(document(name="q"))
    assert len(read_policies(raw, "policy.yaml").policies) == 2
    assert len(read_policies(raw.replace(b"\n", b"\r\n"), "policy.yaml").policies) == 1
    assert len(read_policies(b"---\n" + encode(document()), "policy.yaml").policies) == 1
    assert read_policies(b"\n \n", "policy.yaml").policies == ()


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "document is required to create policy"),
        (b"# nothing", "missing field(s): [0].apiVersion"),
        (b"---", "missing field(s): [0].apiVersion"),
        (b"kind: a", "missing field(s): [0].apiVersion"),
        (b"apiVersion: v1", "decoding object[0]: Object 'Kind' is missing"),
        (b"{apiVersion: v1, kind: a}", "missing field(s): [0].metadata.name"),
        (b"{apiVersion: v1, kind: a, metadata: {name: y}}", "missing field(s): [0].metadata.name"),
        (b"{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}", "unknown type: /v1, Kind=ConfigMap"),
        (b"{apiVersion: a/b/c, kind: K, metadata: {name: a}}", "unknown type: /, Kind=K"),
        (b"\xff", "yaml: invalid UTF-8"),
        (b"- a", "decoding object[0]: json: cannot unmarshal into Go value of type map[string]interface {}"),
        (b"\n---\na: [", "decoding object[1]: yaml: line 1"),
    ],
)
def test_what_are_no_documents(raw: bytes, said: str) -> None:
    with pytest.raises(MalformedError) as raised:
        read_policies(raw, "policy.yaml")
    assert raised.value.why.startswith(said)


ARN: Final = "arn:aws:kms:us-east-2:111122223333"
UUID: Final = "1234abcd-12ab-34cd-56ef-1234567890ab"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"name": "x"}, "expected exactly one, got neither: spec.authorities[0].key, spec.authorities[0].keyless,"),
        (PASS | BY_KEY, "expected exactly one, got both: spec.authorities[0].key, spec.authorities[0].keyless,"),
        ({"static": {}}, "missing field(s): spec.authorities[0].static.action"),
        ({"static": {"action": "x"}}, "invalid value: x: spec.authorities[0].static.action\nunsupported action"),
        (PASS | {"ctlog": {}}, "expected exactly one, got both: spec.authorities[0].ctlog, spec.authorities[0].static"),
        (PASS | {"rfc3161timestamp": {}}, "expected exactly one, got both: spec.authorities[0].rfc3161timestamp,"),
        (PASS | {"source": [{}]}, "expected exactly one, got both: spec.authorities[0].source,"),
        ({"key": {}}, "expected exactly one, got neither: spec.authorities[0].key.data, spec.authorities[0].key.kms,"),
        ({"key": {"data": PEM, "kms": "gcpkms://x"}}, "expected exactly one, got both: spec.authorities[0].key.data,"),
        ({"key": {"data": "x"}}, "invalid value: x: spec.authorities[0].key.data"),
        ({"key": {"data": PEM.replace("PUBLIC", "PRIVATE")}}, "invalid value: -----BEGIN PRIVATE KEY"),
        ({"key": {"data": PEM, "hashAlgorithm": "md5"}}, "invalid value: md5: spec.authorities[0].key.hashAlgorithm"),
        ({"key": {"secretRef": {"namespace": "x"}}}, "invalid value: x: spec.authorities[0].key.secretref.namespace\n"),
        ({"key": {"kms": "x://y"}}, "invalid value: x://y: spec.authorities[0].key.kms\nmalformed KMS format, should"),
        ({"key": {"kms": "awskms://x"}}, "invalid value: awskms://x: spec.authorities[0].key.kms\nmalformed AWS KMS"),
        ({"key": {"kms": "awskms:///x"}}, "invalid value: awskms:///x: spec.authorities[0].key.kms\nkms key should be"),
        ({"key": {"kms": f"awskms://arn:x/{UUID}"}}, f"invalid value: awskms://arn:x/{UUID}: spec.authorities[0].key"),
        ({"key": {"kms": f"awskms://a/{UUID}"}}, f"invalid value: awskms://a/{UUID}: spec.authorities[0].key.kms\nm"),
        (
            {"key": {"kms": "awskms:///alias/x"}},
            "invalid value: awskms:///alias/x: spec.authorities[0].key.kms\nfailed",
        ),
        ({"key": {"kms": f"awskms:///{UUID}"}}, f"invalid value: awskms:///{UUID}: spec.authorities[0].key.kms\nf"),
        (keyless(identities=[]), "missing field(s): spec.authorities[0].keyless.identities"),
        (keyless(url="https://f.example", **{"ca-cert": {"data": PEM}}), "expected exactly one, got both: spec.auth"),
        (
            keyless(identities=[ALICE | {"issuerRegExp": "x"}]),
            "expected exactly one, got both: spec.authorities[0].key",
        ),
        (keyless(identities=[{"issuer": "x"}]), "missing field(s): spec.authorities[0].keyless.identities[0].subject,"),
        (keyless(identities=[{"issuer": "x", "subjectRegExp": "("}]), "invalid value: (: spec.authorities[0].keyless."),
        (BY_KEY | {"source": [{}, {}]}, "invalid value: source: spec.authorities[0].source\nonly single source"),
        (
            BY_KEY | {"source": [{"oci": "a.b/C"}]},
            "invalid value: a.b/C: spec.authorities[0].source[0].oci\nrepository",
        ),
        (
            BY_KEY | {"source": [{"oci": "a b"}]},
            "invalid value: a b: spec.authorities[0].source[0].oci\nregistries must",
        ),
        (BY_KEY | {"source": [{"signaturePullSecrets": [{}]}]}, "missing field(s): spec.authorities[0].source[0].sign"),
        (attested(name=""), "missing field(s): spec.authorities[0].attestations.name"),
        (attested(predicateType=""), "missing field(s): spec.authorities[0].attestations.predicateType"),
        (attested(policy={"type": "cue", "data": "a", "includeSpec": False}), "must not set the field(s): spec.author"),
        (attested(policy={"type": "cue"}), "missing field(s): spec.authorities[0].attestations.policy.configMapRef,"),
        ({"key": None}, "expected exactly one, got neither: spec.authorities[0].key,"),
        (BY_KEY | {"colour": 1}, 'unable to unmarshal: json: unknown field "colour"'),
        ({"name": True} | BY_KEY, "unable to unmarshal: json: cannot unmarshal bool into Go struct field spec.authori"),
    ],
)
def test_authorities_that_are_refused(content: dict[str, Any], said: str) -> None:
    assert why(document(content)).startswith(said)


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({"images": []}, "missing field(s): spec.images"),
        ({"images": [{}]}, "missing field(s): spec.images[0].glob"),
        ({"images": [{"glob": "a+"}]}, 'invalid value: a+: spec.images[0].glob\nglob is invalid: invalid glob "a+"'),
        ({"images": [{"glob": "a["}]}, "invalid value: a[: spec.images[0].glob\nglob is invalid: syntax error in"),
        ({"images": [{"glob": "a\\"}]}, "invalid value: a\\: spec.images[0].glob\nglob is invalid: syntax error in"),
        ({"authorities": []}, "missing field(s): spec.authorities"),
        ({"authorities": None}, "missing field(s): spec.authorities"),
        ({"mode": "Warn"}, "invalid value: Warn: spec.mode\nunsupported mode"),
        ({"match": [{"selector": {}}]}, "invalid value: : spec.match[0].selector\nselector requires a resource type"),
        ({"policy": {"type": "cel", "data": "x"}}, "invalid value: cel: spec.type\nonly [cue,rego] are supported"),
        ({"policy": {"type": "cue"}}, "missing field(s): spec.configMapRef, spec.data, spec.remote"),
        ({"policy": {"type": "cue", "data": "x", "configMapRef": {}}}, "expected exactly one, got both: spec.config"),
        ({"policy": {"type": "cue", "remote": {"url": "http://a"}}}, "invalid value: http://a: spec.remote.url\nurl"),
        ({"policy": {"type": "cue", "configMapRef": {}}}, "missing field(s): spec.configMapRef.key, spec.configMapRef"),
        ({"colour": "blue"}, 'unable to unmarshal: json: unknown field "colour"'),
        ({"images": {"glob": "**"}}, "unable to unmarshal: json: cannot unmarshal object into Go struct field spec.im"),
    ],
)
def test_specs_that_are_refused(spec: dict[str, Any], said: str) -> None:
    assert why(document(**spec)).startswith(said)


@pytest.mark.parametrize("name", [f"key/{UUID}", "alias/x", "alias/x/y"])
def test_keys_of_aws_are_known_by_their_full_names(name: str) -> None:
    found = authority({"key": {"kms": f"awskms://localhost:4566/{ARN}:{name}"}}).signer
    assert isinstance(found, Key)
    assert found.kms.endswith(name)


def test_the_first_document_that_is_wrong_is_told() -> None:
    assert why(document(), document(mode="x"), document(mode="y")).startswith("invalid value: x")
    assert why(document(mode="x"), {"apiVersion": "v1"}).startswith("decoding object[1]")
