"""ClusterImagePolicy documents: what is read, and that everything else is refused by file, line and path."""

from copy import deepcopy
from typing import Any, Final

import pytest

from cosignpy.core.policy.identity import Containing, Exactly
from cosignpy.documents import MAX_DOCUMENTS, MAX_FILE, DocumentError
from cosignpy.imagepolicy.authorities import MAX_AUTHORITIES
from cosignpy.imagepolicy.fields import MAX_TEXT
from cosignpy.imagepolicy.matches import Match, Operator, Requirement, Selector
from cosignpy.imagepolicy.model import (
    Action,
    Authority,
    ConfigMapRef,
    Key,
    Keyless,
    Language,
    Mode,
    PolicyText,
    Remote,
    SecretRef,
    SignatureFormat,
    Static,
)
from cosignpy.imagepolicy.parse import parse_policies
from cosignpy.imagepolicy.spec import MAX_IMAGES
from tests.support.image_policies import ALICE, BY_KEY, FILE, KEYLESS, PASS, PEM, document, encode, parsed, text
from tests.support.signed import KEY
from tests.support.virtual_sigstore import FULCIO_ISSUER, FULCIO_ROOT, certificate_pem

ARN: Final = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
CUE: Final = {"type": "cue", "data": "a: 1"}


def refused(raw: bytes) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        parse_policies(raw, FILE)
    assert caught.value.file == FILE
    return caught.value


def changed(path: str, content: Any, start: Any = None) -> dict[str, Any]:
    """Return a policy with one member set to something else."""
    made = deepcopy(start or document(BY_KEY, KEYLESS, PASS))
    *parents, last = [int(name) if name.isdigit() else name for name in path.split("/")]
    found: Any = made
    for name in parents:
        found = found[name] if isinstance(name, int) else found.setdefault(name, {})
    found[last] = content
    return made


def authority(content: dict[str, Any]) -> Authority:
    return parsed(content).authorities[0]


@pytest.mark.parametrize("version", ["v1alpha1", "v1beta1"])
def test_both_versions_are_read(version: str) -> None:
    (found,) = parse_policies(encode(changed("apiVersion", f"policy.sigstore.dev/{version}")), FILE)
    assert (found.name, found.mode, found.match, found.policy) == ("team", Mode.ENFORCE, (), None)
    assert [each.name for each in found.authorities] == ["authority-0", "authority-1", "authority-2"]
    assert [each.place.key for each in found.authorities] == [f"spec.authorities[{number}]" for number in range(3)]
    assert [type(each.signer) for each in found.authorities] == [Key, Keyless, Static]


def test_what_kubernetes_adds_to_a_document_says_nothing() -> None:
    made = changed("metadata/uid", "1")
    made["metadata"] |= {"labels": {"a": "b"}, "managedFields": [{"manager": "kubectl"}], "generation": 2}
    made["status"] = {"conditions": [{"type": "Ready"}]}
    assert parse_policies(encode(made), FILE) == (parsed(BY_KEY, KEYLESS, PASS),)


def test_a_key() -> None:
    found = authority({"name": "release", "key": {"data": PEM, "hashAlgorithm": " SHA512 "}})
    assert found.name == "release"
    assert isinstance(found.signer, Key)
    assert (found.signer.data, found.signer.hash_algorithm) == (KEY.public_key, "sha512")


@pytest.mark.parametrize(
    "kms",
    [f"awskms:///{ARN}", f"awskms://host:4566/{ARN}", "gcpkms://projects/p", "azurekms://v/k", "hashivault://k"],
)
def test_a_key_in_a_kms(kms: str) -> None:
    found = authority({"key": {"kms": kms}}).signer
    assert isinstance(found, Key)
    assert (found.kms, found.data, found.hash_algorithm) == (kms, None, "sha256")


def test_a_key_in_a_secret() -> None:
    found = authority({"key": {"secretRef": {"name": "cosign", "namespace": "cosign-system"}}}).signer
    assert isinstance(found, Key)
    assert found.secret_ref == SecretRef("cosign", "cosign-system")


def test_identities() -> None:
    patterns = {"issuerRegExp": "^https://a$", "subjectRegExp": "^b$"}
    found = authority({"keyless": {"identities": [ALICE, patterns], "insecureIgnoreSCT": True, "trustRootRef": "own"}})
    assert isinstance(found.signer, Keyless)
    exact, pattern = found.signer.identities
    assert exact.rule.names == (Exactly("alice@example.com"),)
    assert exact.rule.issuers == (Exactly("https://accounts.example.com"),)
    assert pattern.rule.names == (Containing.parse("^b$"),)
    assert pattern.issuer_place.key == "spec.authorities[0].keyless.identities[1].issuerRegExp"
    assert (found.signer.url, found.signer.insecure_ignore_sct) == ("https://fulcio.sigstore.dev", True)
    assert found.signer.trust_root_ref == "own"


def test_a_certificate_authority_of_ones_own_is_no_fulcio() -> None:
    pem = b"".join(certificate_pem(each.der) for each in (FULCIO_ISSUER, FULCIO_ROOT)).decode()
    found = authority({"keyless": {"identities": [ALICE], "ca-cert": {"data": pem}}}).signer
    assert isinstance(found, Keyless)
    assert found.ca_cert is not None
    assert (found.url, len(found.ca_cert.authorities)) == ("", 2)


def test_another_fulcio() -> None:
    found = authority({"keyless": {"identities": [ALICE], "url": "http://fulcio.example:8080/x"}}).signer
    assert isinstance(found, Keyless)
    assert found.url == "http://fulcio.example:8080/x"


def test_a_static_answer() -> None:
    found = authority({"static": {"action": "fail", "message": "no"}}).signer
    assert isinstance(found, Static)
    assert (found.action, found.message) == (Action.FAIL, "no")


def test_everything_beside_a_signer() -> None:
    found = authority(
        {
            **BY_KEY,
            "source": [
                {"oci": "ghcr.io/team/signatures", "signaturePullSecrets": [{"name": "pull"}], "tagPrefix": "p-"}
            ],
            "ctlog": {"url": "https://rekor.example", "trustRootRef": "own"},
            "rfc3161timestamp": {"trustRootRef": "own"},
            "attestations": [{"name": "sbom", "predicateType": "https://spdx.dev/Document", "policy": CUE}],
            "signatureFormat": "bundle",
        }
    )
    assert found.source is not None
    assert found.ctlog is not None
    assert found.rfc3161timestamp is not None
    assert (found.source.oci, found.source.tag_prefix) == ("ghcr.io/team/signatures", "p-")
    assert found.source.signature_pull_secrets == ("pull",)
    assert (found.ctlog.url, found.ctlog.trust_root_ref) == ("https://rekor.example", "own")
    assert found.rfc3161timestamp.trust_root_ref == "own"
    (attestation,) = found.attestations
    assert (attestation.name, attestation.predicate_type) == ("sbom", "https://spdx.dev/Document")
    assert attestation.policy is not None
    assert attestation.policy.data == "a: 1"
    assert found.signature_format is SignatureFormat.BUNDLE


def test_what_is_left_out_is_absent() -> None:
    found = authority({**BY_KEY, "source": [{"oci": "ghcr.io"}], "ctlog": {}, "name": None})
    assert (found.name, found.attestations, found.rfc3161timestamp) == ("authority-0", (), None)
    assert found.source is not None
    assert (found.source.tag_prefix, found.source.signature_pull_secrets) == (None, ())
    assert found.ctlog is not None
    assert found.ctlog.url == ""
    assert found.signature_format is SignatureFormat.LEGACY


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        ({"type": "rego", "data": "package sigstore"}, {"type": Language.REGO, "data": "package sigstore"}),
        ({"configMapRef": {"name": "m", "key": "k"}}, {"config_map_ref": ConfigMapRef("m", "k")}),
        (
            {"remote": {"url": "https://a.example/p", "sha256sum": "0" * 64}},
            {"remote": Remote("https://a.example/p", "0" * 64)},
        ),
        ({"data": "a: 1", "fetchConfigFile": True}, {"data": "a: 1", "fetch_config_file": True}),
        ({"data": "a: 1", "includeTypeMeta": True}, {"data": "a: 1", "include_type_meta": True}),
        ({"data": "a: 1", "includeSpec": True}, {"data": "a: 1", "include_spec": True}),
        ({"data": "a: 1", "includeObjectMeta": True}, {"data": "a: 1", "include_object_meta": True}),
    ],
)
def test_conditions(content: dict[str, Any], wanted: dict[str, Any]) -> None:
    found = parsed(PASS, policy={"type": "cue"} | content).policy
    assert found is not None
    assert found == PolicyText(**{"place": found.place, "type": Language.CUE} | wanted)


def test_matches() -> None:
    expressions = [{"key": "a", "operator": "In", "values": ["b", "c"]}, {"key": "d", "operator": "Exists"}]
    selector = {"matchLabels": {"app": "web"}, "matchExpressions": expressions}
    found = parsed(
        PASS,
        match=[{"group": "apps", "version": "v1", "resource": "deployments", "selector": selector}, {}],
        mode="warn",
    )
    wanted = Selector({"app": "web"}, (Requirement("a", Operator.IN, ("b", "c")), Requirement("d", Operator.EXISTS)))
    place = found.place
    assert found.match == (Match(place, "apps", "v1", "deployments", wanted), Match(place))
    assert found.mode is Mode.WARN


def test_globs() -> None:
    found = parsed(PASS, images=[{"glob": "ghcr.io/team/**"}, {"glob": "docker.io/x@*"}])
    assert [str(each.glob) for each in found.images] == ["ghcr.io/team/**", "docker.io/x@*"]
    assert found.covers("ghcr.io/team/a/b:1")
    assert not found.covers("ghcr.io/other/a:1")


@pytest.mark.parametrize("source", [{}, {"oci": ""}, {"tagPrefix": "p-"}])
def test_signatures_may_lie_beside_the_image_under_other_tags(source: dict[str, Any]) -> None:
    found = authority({**BY_KEY, "source": [source]}).source
    assert found is not None
    assert (found.oci, found.tag_prefix) == ("", source.get("tagPrefix"))


def test_no_authority_is_read() -> None:
    assert parsed().authorities == ()


def test_several_policies_in_one_file() -> None:
    raw = encode(document(PASS), document(PASS, name="other")) + b"---\n---\n"
    assert [each.name for each in parse_policies(raw, FILE)] == ["team", "other"]
    assert refused(encode(document(PASS), document(PASS))).line == 12


@pytest.mark.parametrize("raw", [b"", b"---\n", b"# nothing\n", b"null\n"])
def test_a_file_without_a_policy_is_refused(raw: bytes) -> None:
    assert refused(raw).line == 1


KEYED: Final = "spec/authorities/0"
KEYLESSLY: Final = "spec/authorities/1/keyless"
STATIC: Final = "spec/authorities/2"
WRONG: Final = [
    ("apiVersion", "policy.sigstore.dev/v1", "apiVersion"),
    ("apiVersion", None, "apiVersion"),
    ("kind", "Pod", "kind"),
    ("kinds", "x", "kinds"),
    ("metadata", None, "metadata"),
    ("metadata", "team", "metadata"),
    ("metadata/name", "", "metadata.name"),
    ("metadata/name", "Team", "metadata.name"),
    ("metadata/name", "-a", "metadata.name"),
    ("metadata/name", "a" * 254, "metadata.name"),
    ("metadata/name", 7, "metadata.name"),
    ("metadata/namespace", "x", "metadata.namespace"),
    ("spec", None, "spec"),
    ("spec/mode", "audit", "spec.mode"),
    ("spec/images", [], "spec.images"),
    ("spec/images", None, "spec.images"),
    ("spec/images", "**", "spec.images"),
    ("spec/images", [{"glob": "a"}] * (MAX_IMAGES + 1), "spec.images"),
    ("spec/images", ["**"], "spec.images[0]"),
    ("spec/images", [{"glob": "a?"}], "spec.images[0].glob"),
    ("spec/images", [{"glob": ""}], "spec.images[0].glob"),
    ("spec/images", [{}], "spec.images[0].glob"),
    ("spec/images", [{"glob": "**", "regex": ".*"}], "spec.images[0].regex"),
    ("spec/authorities", [PASS] * (MAX_AUTHORITIES + 1), "spec.authorities"),
    ("spec/authorities", {"key": {}}, "spec.authorities"),
    (f"{KEYED}/key", None, "spec.authorities[0]"),
    (f"{KEYED}/keyless", KEYLESS["keyless"], "spec.authorities[0].keyless"),
    (f"{KEYED}/static", PASS["static"], "spec.authorities[0].static"),
    (f"{KEYED}/sources", [], "spec.authorities[0].sources"),
    (f"{KEYED}/key/data", "", "spec.authorities[0].key.data"),
    (f"{KEYED}/key/data", "no key", "spec.authorities[0].key.data"),
    (f"{KEYED}/key/data", PEM.replace("PUBLIC", "PRIVATE"), "spec.authorities[0].key.data"),
    (f"{KEYED}/key/data", None, "spec.authorities[0].key"),
    (f"{KEYED}/key/kms", "gcpkms://x", "spec.authorities[0].key.kms"),
    (f"{KEYED}/key", {"kms": "file://x"}, "spec.authorities[0].key.kms"),
    (f"{KEYED}/key", {"kms": "awskms:///alias/x"}, "spec.authorities[0].key.kms"),
    (f"{KEYED}/key", {"kms": f"awskms://host/{ARN}"}, "spec.authorities[0].key.kms"),
    (f"{KEYED}/key", {"secretRef": {"namespace": "x"}}, "spec.authorities[0].key.secretRef.name"),
    (f"{KEYED}/key/hashAlgorithm", "md5", "spec.authorities[0].key.hashAlgorithm"),
    (f"{KEYED}/source", [{"oci": "a.example/b"}] * 2, "spec.authorities[0].source"),
    (f"{KEYED}/source", [{"oci": "a.example/b:tag"}], "spec.authorities[0].source[0].oci"),
    (f"{KEYED}/source", [{"oci": "a b"}], "spec.authorities[0].source[0].oci"),
    (f"{KEYED}/source", [{"oci": "a.example", "signaturePullSecrets": [{}]}], "source[0].signaturePullSecrets[0].name"),
    (f"{KEYED}/ctlog", {"url": "rekor"}, "spec.authorities[0].ctlog.url"),
    (f"{KEYED}/rfc3161timestamp", {"url": "x"}, "spec.authorities[0].rfc3161timestamp.url"),
    (f"{KEYED}/attestations", [{"predicateType": "x"}], "spec.authorities[0].attestations[0].name"),
    (f"{KEYED}/attestations", [{"name": "x"}], "spec.authorities[0].attestations[0].predicateType"),
    (
        f"{KEYED}/attestations",
        [{"name": "x", "predicateType": "link", "policy": CUE | {"fetchConfigFile": True}}],
        "spec.authorities[0].attestations[0].policy.fetchConfigFile",
    ),
    (f"{KEYED}/signatureFormat", "new", "spec.authorities[0].signatureFormat"),
    (f"{KEYLESSLY}/identities", [], "spec.authorities[1].keyless.identities"),
    (f"{KEYLESSLY}/identities", [{"issuer": "a"}], "spec.authorities[1].keyless.identities[0]"),
    (f"{KEYLESSLY}/identities", [{"subject": "a"}], "spec.authorities[1].keyless.identities[0]"),
    (f"{KEYLESSLY}/identities/0/issuer", "", "spec.authorities[1].keyless.identities[0].issuer"),
    (f"{KEYLESSLY}/identities/0/issuerRegExp", "a", "spec.authorities[1].keyless.identities[0].issuerRegExp"),
    (
        f"{KEYLESSLY}/identities",
        [{"issuer": "a", "subjectRegExp": "("}],
        "spec.authorities[1].keyless.identities[0].subjectRegExp",
    ),
    (f"{KEYLESSLY}/url", "fulcio", "spec.authorities[1].keyless.url"),
    (f"{KEYLESSLY}/insecureIgnoreSCT", "true", "spec.authorities[1].keyless.insecureIgnoreSCT"),
    (f"{KEYLESSLY}/insecureIgnoreSCT", "maybe", "spec.authorities[1].keyless.insecureIgnoreSCT"),
    (f"{KEYLESSLY}/insecureIgnoreSCT", [True], "spec.authorities[1].keyless.insecureIgnoreSCT"),
    (f"{STATIC}/static", {}, "spec.authorities[2].static.action"),
    (f"{STATIC}/static/action", "allow", "spec.authorities[2].static.action"),
    (f"{STATIC}/ctlog", {}, "spec.authorities[2].ctlog"),
    (f"{STATIC}/source", [], "spec.authorities[2].source"),
    (f"{STATIC}/attestations", [], "spec.authorities[2].attestations"),
    (f"{STATIC}/rfc3161timestamp", {}, "spec.authorities[2].rfc3161timestamp"),
    (f"{STATIC}/static/message", "x" * (MAX_TEXT + 1), "spec.authorities[2].static.message"),
    (f"{STATIC}/static/message", ["x"], "spec.authorities[2].static.message"),
    ("spec/match", [{"resource": "replicationcontrollers"}], "spec.match[0].resource"),
    ("spec/match", [{"selector": {}}], "spec.match[0].selector"),
    ("spec/match", [{"resource": "pods", "selector": {"matchLabels": ["a"]}}], "spec.match[0].selector.matchLabels"),
    (
        "spec/match",
        [{"resource": "pods", "selector": {"matchLabels": {"a": True}}}],
        "spec.match[0].selector.matchLabels.a",
    ),
    (
        "spec/match",
        [{"resource": "pods", "selector": {"matchExpressions": [{"key": "a", "operator": "In"}]}}],
        "spec.match[0].selector.matchExpressions[0].values",
    ),
    (
        "spec/match",
        [{"resource": "pods", "selector": {"matchExpressions": [{"key": "a", "operator": "Exists", "values": ["b"]}]}}],
        "spec.match[0].selector.matchExpressions[0].values",
    ),
    (
        "spec/match",
        [{"resource": "pods", "selector": {"matchExpressions": [{"operator": "Exists"}]}}],
        "spec.match[0].selector.matchExpressions[0].key",
    ),
    ("spec/policy", {"type": "cel", "data": "x"}, "spec.policy.type"),
    ("spec/policy", {"type": "cue"}, "spec.policy"),
    ("spec/policy", {"type": "cue", "data": ""}, "spec.policy.data"),
    ("spec/policy", CUE | {"configMapRef": {"name": "a", "key": "b"}}, "spec.policy.configMapRef"),
    ("spec/policy", {"type": "cue", "configMapRef": {"name": "a"}}, "spec.policy.configMapRef.key"),
    (
        "spec/policy",
        {"type": "cue", "remote": {"url": "http://a.example", "sha256sum": "0" * 64}},
        "spec.policy.remote.url",
    ),
    (
        "spec/policy",
        {"type": "cue", "remote": {"url": "https://a.example", "sha256sum": "A" * 64}},
        "spec.policy.remote.sha256sum",
    ),
]


@pytest.mark.parametrize(
    ("path", "content", "place"), WRONG, ids=[f"{number}-{place}" for number, (_, _, place) in enumerate(WRONG)]
)
def test_a_policy_with_one_thing_wrong_is_refused_by_its_path(path: str, content: Any, place: str) -> None:
    parse_policies(encode(document(BY_KEY, KEYLESS, PASS)), FILE)
    error = refused(encode(changed(path, content)))
    assert error.key.endswith(place)
    assert str(error).startswith(f"{FILE}:{error.line}: {error.key}: ")


def test_url_and_certificate_of_an_authority_exclude_each_other() -> None:
    both = {"keyless": {"identities": [ALICE], "url": "https://a.example", "ca-cert": {"data": PEM}}}
    assert refused(encode(document(both))).key == "spec.authorities[0].keyless.ca-cert"


def test_a_misspelled_field_is_refused_with_what_was_meant_and_its_line() -> None:
    error = refused(
        text("""
            apiVersion: policy.sigstore.dev/v1beta1
            kind: ClusterImagePolicy
            metadata:
              name: team
            spec:
              images:
                - glob: "**"
              authorities:
                - statik:
                    action: pass
        """)
    )
    assert (error.line, error.key) == (9, "spec.authorities[0].statik")
    assert error.hint == "did you mean static?"


@pytest.mark.parametrize("word", ["yes", "off", "True", "1", "1.5", "-3e4", "0x1f", ".inf", "1_000", "0o17"])
def test_a_word_that_yaml_takes_for_something_else_is_no_text(word: str) -> None:
    raw = encode(document(PASS)).replace(b"action: pass", b"action: fail\n      message: " + word.encode())
    assert refused(raw).key == "spec.authorities[0].static.message"
    quoted = raw.replace(b"message: " + word.encode(), b"message: '" + word.encode() + b"'")
    assert parse_policies(quoted, FILE)[0].name == "team"


def test_null_in_a_list_is_no_text() -> None:
    match = [{"resource": "pods", "selector": {"matchExpressions": [{"key": "a", "operator": "In", "values": [None]}]}}]
    assert refused(encode(document(PASS, match=match))).key.endswith(".values[0]")


@pytest.mark.parametrize(
    ("old", "new", "line", "why"),
    [
        (b"kind: C", b"kind: &a C", 2, "anchors and aliases are not allowed"),
        (b"name: team", b"name: *a", 4, "anchors and aliases are not allowed"),
        (b"name: team", b"name: !!str team", 4, "tags are not allowed"),
        (b"  name: team", b"  name: team\n  name: other", 5, "given twice"),
        (b"  name: team", b"\tname: team", 4, "cannot start any token"),
        (b"name: team", b"name: \xff", 4, "not UTF-8"),
        (b"name: team", b"name: " + b"[" * 20 + b"]" * 20, 4, "nested deeper"),
    ],
)
def test_yaml_that_is_more_than_data_is_refused_with_its_line(old: bytes, new: bytes, line: int, why: str) -> None:
    raw = encode(document(PASS))
    assert old in raw
    error = refused(raw.replace(old, new, 1))
    assert why in str(error)
    assert error.line == line


def test_a_tab_is_told_what_to_do_about_it() -> None:
    assert refused(b"kind: x\n\tname: y\n").hint == "indent with blanks, not with tabs"


def test_a_glob_without_quotation_marks_is_told_that_it_needs_them() -> None:
    for glob in (b"**", b"*.example/**", b"*"):
        assert refused(b"a: b\nglob: " + glob + b"\n").hint == "write what begins with * or & in quotation marks"


def test_a_yaml_bomb_is_refused_before_it_grows() -> None:
    lines = [b"a: &a [x]"] + [b"%c: &%c [*%c, *%c]" % (n + 1, n + 1, n, n) for n in range(97, 120)]
    assert refused(b"\n".join(lines)).line == 1


def test_files_and_numbers_of_documents_have_limits() -> None:
    assert refused(b"#" * (MAX_FILE + 1)).line == 1
    assert "documents" in str(refused(b"---\na: b\n" * (MAX_DOCUMENTS + 1)))
