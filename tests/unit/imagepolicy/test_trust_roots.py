"""TrustRoots: what is read of them, and that everything else is refused by its path."""

from copy import deepcopy
from typing import Any, Final

import pytest

from cosignpy.core.encoding import encode_b64
from cosignpy.core.trust.trusted_root import SHA2_256, TrustedRoot
from cosignpy.documents import DocumentError
from cosignpy.imagepolicy.parse import parse_resources
from cosignpy.imagepolicy.trust_roots import MAX_ENTRIES, TrustRoot, TufRepository
from tests.support.image_policies import FILE, PEM, encode
from tests.support.policy_resources import sigstore_keys, trust_root
from tests.support.virtual_sigstore import ROOT

ROOT_JSON: Final = b'{"signed": {}, "signatures": []}'
REMOTE: Final = {"root": encode_b64(ROOT_JSON), "mirror": "https://tuf.example"}
REPOSITORY: Final = {"root": encode_b64(ROOT_JSON), "mirrorFS": encode_b64(b"tar.gz")}


def parsed(document: dict[str, Any]) -> TrustRoot:
    (found,) = parse_resources(encode(document), FILE)
    assert isinstance(found, TrustRoot)
    return found


def refused(document: dict[str, Any]) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        parse_resources(encode(document), FILE)
    assert caught.value.file == FILE
    return caught.value


def test_the_keys_of_a_sigstore() -> None:
    found = parsed(trust_root())
    assert found.name == "own"
    root = found.content
    assert isinstance(root, TrustedRoot)
    assert [each.key for each in root.logs] == [each.key for each in ROOT.logs]
    assert [each.key for each in root.ct_logs] == [each.key for each in ROOT.ct_logs]
    assert {each.chain for each in root.certificate_authorities} >= {ROOT.certificate_authorities[0].chain}
    assert root.timestamp_authorities[0].chain == ROOT.timestamp_authorities[0].chain
    assert {(each.organization, each.common_name) for each in root.certificate_authorities} == {("test", "test")}
    assert all(each.validity.start is not None for each in (*root.logs, *root.certificate_authorities))


@pytest.mark.parametrize("name", ["sha256", "sha-256", "sha-384", "sha512"])
def test_the_hash_of_a_log_that_is_not_known_shows_nothing(name: str) -> None:
    document = trust_root()
    document["spec"]["sigstoreKeys"]["tLogs"][0]["hashAlgorithm"] = name
    root = parsed(document).content
    assert isinstance(root, TrustedRoot)
    known = name.endswith("256")
    assert ((root.logs[0].key is not None), root.logs[0].hash_algorithm == SHA2_256) == (known, known)


def test_a_repository_on_a_mirror() -> None:
    assert parsed(trust_root(remote=REMOTE)).content == TufRepository(ROOT_JSON, mirror="https://tuf.example")
    named = trust_root(remote={**REMOTE, "targets": "/other/", "trustedRootTarget": "root.json"})
    assert parsed(named).content == TufRepository(
        ROOT_JSON, mirror="https://tuf.example", targets="other", target="root.json"
    )


def test_a_repository_in_the_document() -> None:
    assert parsed(trust_root(repository=REPOSITORY)).content == TufRepository(ROOT_JSON, archive=b"tar.gz")


def test_base64_over_several_lines() -> None:
    lines = "\n".join(REMOTE["root"][start : start + 10] for start in range(0, len(REMOTE["root"]), 10))
    assert parsed(trust_root(remote={**REMOTE, "root": lines})).content == parsed(trust_root(remote=REMOTE)).content


def changed(path: str, content: Any) -> dict[str, Any]:
    """Return the keys with one member changed, or taken away (None)."""
    spec = {"sigstoreKeys": sigstore_keys()}
    place: Any = spec
    *above, last = path.split(".")
    for name in above:
        place = place[int(name)] if name.isdigit() else place[name]
    if content is None:
        del place[last]
    else:
        place[last] = content
    return trust_root(**deepcopy(spec))


@pytest.mark.parametrize(
    ("path", "content", "key"),
    [
        ("sigstoreKeys.zlogs", [], "spec.sigstoreKeys.zlogs"),
        ("sigstoreKeys.tLogs.0.baseURL", None, "spec.sigstoreKeys.tLogs[0].baseURL"),
        ("sigstoreKeys.tLogs.0.baseURL", "rekor", "spec.sigstoreKeys.tLogs[0].baseURL"),
        ("sigstoreKeys.tLogs.0.hashAlgorithm", "md5", "spec.sigstoreKeys.tLogs[0].hashAlgorithm"),
        ("sigstoreKeys.tLogs.0.hashAlgorithm", None, "spec.sigstoreKeys.tLogs[0].hashAlgorithm"),
        ("sigstoreKeys.tLogs.0.publicKey", "not base64", "spec.sigstoreKeys.tLogs[0].publicKey"),
        ("sigstoreKeys.tLogs.0.publicKey", encode_b64(b"no key"), "spec.sigstoreKeys.tLogs[0].publicKey"),
        ("sigstoreKeys.tLogs.0.logID", "x", "spec.sigstoreKeys.tLogs[0].logID"),
        (
            "sigstoreKeys.certificateAuthorities.0.subject",
            None,
            "spec.sigstoreKeys.certificateAuthorities[0].subject",
        ),
        (
            "sigstoreKeys.certificateAuthorities.0.subject.commonName",
            None,
            "spec.sigstoreKeys.certificateAuthorities[0].subject.commonName",
        ),
        ("sigstoreKeys.certificateAuthorities.0.uri", None, "spec.sigstoreKeys.certificateAuthorities[0].uri"),
        (
            "sigstoreKeys.certificateAuthorities.0.certChain",
            encode_b64(PEM.encode()),
            "spec.sigstoreKeys.certificateAuthorities[0].certChain",
        ),
        (
            "sigstoreKeys.timestampAuthorities.0.certChain",
            None,
            "spec.sigstoreKeys.timestampAuthorities[0].certChain",
        ),
        ("remote", REMOTE, "spec.remote"),
    ],
)
def test_keys_with_one_thing_wrong(path: str, content: Any, key: str) -> None:
    error = refused(changed(path, content))
    assert (error.key, error.line > 0) == (key, True)


@pytest.mark.parametrize(
    ("spec", "key"),
    [
        ({"sigstoreKeys": {"tLogs": []}}, "spec.sigstoreKeys"),
        ({"remote": {**REMOTE, "root": encode_b64(b"{}")}}, "spec.remote.root"),
        ({"remote": {**REMOTE, "root": encode_b64(b"[]")}}, "spec.remote.root"),
        ({"remote": {**REMOTE, "mirror": "ftp://tuf.example"}}, "spec.remote.mirror"),
        ({"remote": {"root": REMOTE["root"]}}, "spec.remote.mirror"),
        ({"remote": {"mirror": REMOTE["mirror"]}}, "spec.remote.root"),
        ({"repository": {**REPOSITORY, "mirrorFS": "%"}}, "spec.repository.mirrorFS"),
        ({"repository": {**REPOSITORY, "mirror": "https://tuf.example"}}, "spec.repository.mirror"),
        ({"other": {}}, "spec.other"),
    ],
)
def test_a_spec_with_one_thing_wrong(spec: dict[str, Any], key: str) -> None:
    assert refused(trust_root(**spec)).key == key


def test_a_trust_root_of_another_version() -> None:
    assert refused({**trust_root(), "apiVersion": "policy.sigstore.dev/v1beta1"}).key == "apiVersion"


def test_more_logs_than_anybody_has() -> None:
    keys = sigstore_keys()
    keys["tLogs"] = keys["tLogs"][:1] * (MAX_ENTRIES + 1)
    assert refused(trust_root(sigstoreKeys=keys)).key == "spec.sigstoreKeys.tLogs"
