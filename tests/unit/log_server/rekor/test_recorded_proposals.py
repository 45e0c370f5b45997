"""What clients once proposed to the public logs, rebuilt from bundles: it must be logged as it was logged there."""

import hashlib
import json
from typing import Any

import pytest

from cosignpy.core.encoding import decode_b64, encode_b64
from cosignpy.errors import MalformedError
from log_server.rekor.kinds import dsse, hashedrekord, intoto
from log_server.rekor.kinds.algorithms import BY_KEY_AND_HASH
from log_server.rekor.kinds.verifiers import parse_x509_verifier
from log_server.rekor.v2_request import accept as accept_v2
from tests.support import vectors
from tests.support.rekor_proposals import spec_of

pytestmark = vectors.NEEDED

FOLDERS = [
    file.parent
    for pattern in ("sigstore-conformance/*/bundle.sigstore.json", "extra-bundles/*/bundle.sigstore.json")
    for file in vectors.files(pattern)
    if not file.parent.name.endswith("_fail")
]


def recorded(kind: str, version: str) -> list[Any]:
    """Return the cases of one kind: the bundle, and the body that is in its log entry."""
    found = []
    for folder in FOLDERS:
        bundle = json.loads((folder / "bundle.sigstore.json").read_bytes())
        for entry in bundle["verificationMaterial"].get("tlogEntries", []):
            if (entry["kindVersion"]["kind"], entry["kindVersion"]["version"]) == (kind, version):
                body = decode_b64(entry["canonicalizedBody"], what="body")
                found.append(pytest.param(bundle, body, id=folder.name))
    assert found or not vectors.available()
    return found


def spec_in(body: bytes) -> dict[str, Any]:
    spec: dict[str, Any] = json.loads(body)["spec"]
    return spec


def signed_today(case: Any) -> bool:
    """Tell whether the servers of today take such a pair of key and hash.

    Python's client once signed SHA-256 digests with P-384 keys, which Rekor refuses by now.
    """
    spec = spec_in(case.values[1])
    pem = decode_b64(spec["signature"]["publicKey"]["content"], what="key")
    return (parse_x509_verifier(pem).key.algorithm.key, spec["data"]["hash"]["algorithm"]) in BY_KEY_AND_HASH


V001 = recorded("hashedrekord", "0.0.1")


@pytest.mark.parametrize(("bundle", "body"), [case for case in V001 if signed_today(case)])
def test_a_hashedrekord_0_0_1_is_logged_as_it_was(bundle: dict[str, Any], body: bytes) -> None:
    """Its canonical form can be proposed as it is."""
    assert bundle
    assert hashedrekord.accept_v001(spec_of(spec_in(body))).body == body


@pytest.mark.parametrize(("bundle", "body"), [case for case in V001 if not signed_today(case)])
def test_a_hashedrekord_of_a_pair_of_old_is_refused(bundle: dict[str, Any], body: bytes) -> None:
    assert bundle
    with pytest.raises(MalformedError):
        hashedrekord.accept_v001(spec_of(spec_in(body)))


@pytest.mark.parametrize(("bundle", "body"), recorded("hashedrekord", "0.0.2"))
def test_a_hashedrekord_0_0_2_is_logged_as_it_was(bundle: dict[str, Any], body: bytes) -> None:
    entry = spec_in(body)["hashedRekordV002"]
    request = {"digest": entry["data"]["digest"], "signature": entry["signature"]}
    assert bundle
    assert accept_v2(json.dumps({"hashedRekordRequestV002": request}).encode()).body == body


def spellings(envelope: dict[str, Any]) -> list[str]:
    """Write an envelope as the clients that made these bundles do: of its members, some order or leave out some."""
    payload, kind = envelope["payload"], envelope["payloadType"]
    signatures = [{"sig": item["sig"]} for item in envelope["signatures"]]
    named = [{"keyid": item.get("keyid", ""), **item} for item in envelope["signatures"]]
    return [
        json.dumps(content, separators=separators)
        for separators in ((",", ":"), (", ", ": "))
        for made in (signatures, named, [{"sig": item["sig"], "keyid": item["keyid"]} for item in named])
        for content in (
            {"payload": payload, "payloadType": kind, "signatures": made},
            {"payloadType": kind, "payload": payload, "signatures": made},
        )
    ]


@pytest.mark.parametrize(("bundle", "body"), recorded("dsse", "0.0.1"))
def test_a_dsse_0_0_1_is_logged_as_it_was(bundle: dict[str, Any], body: bytes) -> None:
    spec = spec_in(body)
    text = next(
        text
        for text in spellings(bundle["dsseEnvelope"])
        if hashlib.sha256(text.encode()).hexdigest() == spec["envelopeHash"]["value"]
    )
    verifiers = [item["verifier"] for item in spec["signatures"]]
    proposed = {"proposedContent": {"envelope": text, "verifiers": verifiers}}
    assert dsse.accept_v001(spec_of(proposed)).body == body


@pytest.mark.parametrize(("bundle", "body"), recorded("intoto", "0.0.2"))
def test_an_intoto_0_0_2_is_logged_as_it_was(bundle: dict[str, Any], body: bytes) -> None:
    spec = spec_in(body)
    logged = spec["content"]["envelope"].pop("payload", None)
    proposed = json.loads(json.dumps(spec))
    proposed["content"]["envelope"]["payload"] = encode_b64(bundle["dsseEnvelope"]["payload"].encode())
    accepted = intoto.accept_v002(spec_of(proposed))
    assert json.loads(accepted.body)["spec"] == spec
    assert logged is not None or accepted.body == body
