"""TrustRoots, as the tester of policy-controller 0.13.1 reads them (`cmd/tester`, `pkg/apis/config`)."""

import json
from typing import Any, Final

import pytest

from cosignpy.core.encoding import encode_b64
from cosignpy.core.trust.trusted_root import TrustedRoot
from cosignpy.documents import Place
from cosignpy.errors import CosignError, MalformedError
from cosignpy.imagepolicy.go_reader.trust_root import believe, read_trust_root
from cosignpy.imagepolicy.model import Authority, CtLog, ImagePolicyDocument, Key, Keyless, Rfc3161Timestamp
from cosignpy.imagepolicy.trust_roots import TrustRoot, TufRepository
from tests.support.policy_resources import authority, log
from tests.support.virtual_sigstore import ROOT

CA: Final = authority(ROOT.certificate_authorities[0])
TSA: Final = authority(ROOT.timestamp_authorities[0])
LOG: Final = log(ROOT.logs[0])
CHAIN: Final = CA["certChain"]
PLACE: Final = Place("policy.yaml", 1)


def encode(name: Any = "byo", **spec: Any) -> bytes:
    return json.dumps({"kind": "TrustRoot", "metadata": {"name": name}, "spec": spec}).encode()


def keys(**fields: Any) -> bytes:
    return encode(sigstoreKeys=fields)


def read(raw: bytes) -> TrustRoot:
    return read_trust_root(raw, "trustroot.yaml")


def content(raw: bytes) -> TrustedRoot:
    found = read(raw).content
    assert isinstance(found, TrustedRoot)
    return found


def test_keys() -> None:
    raw = keys(certificateAuthorities=[CA], timestampAuthorities=[TSA], tLogs=[LOG], ctLogs=[LOG, LOG])
    found = content(raw)
    assert {each.uri for each in found.certificate_authorities} == {CA["uri"]}
    assert {each.uri for each in found.timestamp_authorities} == {TSA["uri"]}
    assert [len(found.logs), len(found.ct_logs)] == [1, 2]
    assert found.logs[0].key == ROOT.logs[0].key
    assert read(raw).name == "byo"


def test_little_is_checked() -> None:
    assert content(keys()) == TrustedRoot()
    assert content(keys(certificateAuthorities=[{"certChain": CHAIN, "colour": 1}])).certificate_authorities
    assert len(content(keys(tLogs=[LOG | {"hashAlgorithm": "md5"}])).logs) == 1
    assert content(keys(CERTIFICATEAUTHORITIES=[CA])).certificate_authorities


@pytest.mark.parametrize(("written", "name"), [(1, "1"), (True, "true"), (1.5, "1.5"), (None, "")])
def test_numbers_are_texts_where_texts_are_wanted(written: Any, name: str) -> None:
    subject = {"subject": {"Organization": 1}}
    assert read(encode(written, sigstoreKeys={"certificateAuthorities": [CA | subject]})).name == name


def test_labels_are_texts_too() -> None:
    raw = json.dumps({"metadata": {"name": "x", "labels": {"a": 1}}, "spec": {"sigstoreKeys": {}}}).encode()
    assert read(raw).name == "x"


def test_nobody_is_believed_where_a_certificate_is_none() -> None:
    bad = encode_b64(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    assert content(keys(certificateAuthorities=[CA, CA | {"certChain": bad}])) == TrustedRoot()


def test_repositories() -> None:
    root = encode_b64(b"{}")
    remote = read(encode(remote={"root": root, "mirror": "https://tuf.example", "trustedRootTarget": "x"})).content
    assert remote == TufRepository(b"{}", mirror="https://tuf.example")
    packed = read(encode(repository={"root": root, "mirrorFS": encode_b64(b"tar"), "targets": "/t/"})).content
    assert packed == TufRepository(b"{}", archive=b"tar", targets="t")


@pytest.mark.parametrize(
    "raw",
    [
        encode(),
        b"",
        b"[]",
        b"a: [",
        encode(sigstoreKeys=[]),
        keys(certificateAuthorities=[CA | {"certChain": "*"}]),
        keys(certificateAuthorities=[CA | {"certChain": encode_b64(b"x")}]),
        keys(certificateAuthorities=[CA | {"uri": "http://["}]),
        keys(tLogs=[LOG | {"publicKey": encode_b64(b"x")}]),
        keys(ctLogs=[LOG | {"publicKey": CHAIN}]),
    ],
)
def test_what_is_no_trust_root(raw: bytes) -> None:
    with pytest.raises(CosignError):
        read(raw)


def test_authorities_believe_what_they_name() -> None:
    root = TrustRoot(PLACE, "byo", TrustedRoot())
    keyless = Keyless(PLACE, (), trust_root_ref="byo")
    first = Authority(PLACE, "a", keyless, ctlog=CtLog(PLACE, "", "byo"), rfc3161timestamp=Rfc3161Timestamp(PLACE, "x"))
    second = Authority(PLACE, "b", Key(PLACE))
    found = believe(ImagePolicyDocument(PLACE, "p", (), (first, second)), root)
    made = found.authorities[0]
    signer, ctlog, stamp = made.signer, made.ctlog, made.rfc3161timestamp
    assert isinstance(signer, Keyless)
    assert ctlog is not None
    assert stamp is not None
    assert (signer.trust_root, ctlog.trust_root, stamp.trust_root) == (root, root, None)
    assert found.authorities[1] == second


def test_the_reason_is_the_testers() -> None:
    with pytest.raises(MalformedError, match="provided trust root configuration is not supported"):
        read(encode())
