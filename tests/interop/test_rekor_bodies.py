"""Entry bodies, search keys and attestations against the packages of the real Rekor servers."""

import hashlib
import json
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import pytest

from cosignpy.core.encoding import JsonObject, decode_b64, encode_b64
from cosignpy.errors import CosignError
from log_server.rekor.accepted import Accepted
from log_server.rekor.kinds import dsse, hashedrekord, intoto
from log_server.rekor.v2_request import accept as accept_v2
from tests.interop import peers
from tests.support.keys import key_vectors
from tests.support.rekor_proposals import (
    certificate_verifier,
    certified,
    changed,
    envelope_text,
    intoto_v001,
    intoto_v002,
    key_verifier,
    second_signer,
    signer,
    spec_of,
    v2_hashedrekord,
)
from tests.support.rekor_proposals import dsse as dsse_spec
from tests.support.rekor_proposals import hashedrekord as hashedrekord_spec

SECONDS: Final = 60
ACCEPTS: Final[dict[tuple[str, str], Callable[[JsonObject], Accepted]]] = {
    ("hashedrekord", "0.0.1"): hashedrekord.accept_v001,
    ("dsse", "0.0.1"): dsse.accept_v001,
    ("intoto", "0.0.1"): intoto.accept_v001,
    ("intoto", "0.0.2"): intoto.accept_v002,
}
HASHES: Final = {"P-256": "sha256", "P-384": "sha384", "P-521": "sha512"}
RSA: Final = ("RSA-2048", "RSA-3072", "RSA-4096")


@dataclass(frozen=True, slots=True)
class Case:
    """A proposal, and whether it is to be accepted."""

    name: str
    proposal: dict[str, Any]
    good: bool = True


def _pem(kind: str = "P-256") -> bytes:
    return signer(kind).public_key.encode_pem()


def _v1(name: str, kind: str, version: str, spec: dict[str, Any], *, good: bool = True) -> Case:
    return Case(f"{kind} {version}: {name}", {"apiVersion": version, "kind": kind, "spec": spec}, good)


def _hashedrekords() -> list[Case]:
    by, _, chain = certified()
    first = hashedrekord_spec(signer(), _pem())
    kinds = HASHES | dict.fromkeys(RSA, "sha256")
    specs = {kind: hashedrekord_spec(signer(kind), _pem(kind), algorithm=name) for kind, name in kinds.items()}
    specs |= {
        "certificate": hashedrekord_spec(by, chain[0]),
        "chain": hashedrekord_spec(by, b"".join(chain)),
        "upper case": changed(first, lambda spec: _upper(spec["data"]["hash"])),
        "other line breaks": hashedrekord_spec(signer(), b"a key\n" + _pem().replace(b"\n", b"\r\n").rstrip()),
    }
    wrong = {
        "gap in the chain": hashedrekord_spec(by, chain[0] + chain[2]),
        "another key": hashedrekord_spec(signer(), second_signer().public_key.encode_pem()),
        "another digest": changed(first, lambda spec: spec["data"]["hash"].update(value="00" * 32)),
        "short digest": changed(first, lambda spec: spec["data"]["hash"].update(value="00" * 31)),
        "SHA-1": changed(first, lambda spec: spec["data"]["hash"].update(algorithm="sha1", value="00" * 20)),
        "no digest": changed(first, lambda spec: spec.pop("data")),
        "broken key": changed(first, lambda spec: spec["signature"]["publicKey"].update(content="AAAA")),
    }
    good = [_v1(name, "hashedrekord", "0.0.1", spec) for name, spec in specs.items()]
    return good + [_v1(name, "hashedrekord", "0.0.1", spec, good=False) for name, spec in wrong.items()]


def _upper(found: dict[str, str]) -> None:
    found["value"] = found["value"].upper()


def _dsses() -> list[Case]:
    by, _, chain = certified()
    pem, other = _pem(), second_signer().public_key.encode_pem()
    both = envelope_text(signer(), second_signer())
    specs = {kind: dsse_spec(envelope_text(signer(kind)), [_pem(kind)]) for kind in ("P-256", "Ed25519", *RSA)}
    specs |= {
        "two signatures": dsse_spec(both, [other, pem]),
        "certificate given twice": dsse_spec(
            envelope_text(by, second_signer()), [chain[0], chain[0] + chain[1], other]
        ),
        "one verifier too many": dsse_spec(envelope_text(signer()), [pem, b"x"]),
        "another payload type": dsse_spec(envelope_text(signer(), payload_type="text/<plain>"), [pem]),
        "key id": dsse_spec(envelope_text(signer(), keyid="key"), [pem]),
    }
    wrong = {
        "one verifier too few": dsse_spec(both, [pem]),
        "useless verifier": dsse_spec(envelope_text(signer()), [other, pem]),
        "one key for two signatures": dsse_spec(envelope_text(signer(), signer()), [pem]),
        "no signature": dsse_spec(envelope_text(), [pem]),
        "cut": dsse_spec(both[:-1], [pem, other]),
    }
    good = [_v1(name, "dsse", "0.0.1", spec) for name, spec in specs.items()]
    return good + [_v1(name, "dsse", "0.0.1", spec, good=False) for name, spec in wrong.items()]


def _intotos() -> list[Case]:
    by, _, chain = certified()
    pem, other = _pem(), second_signer().public_key.encode_pem()
    named = changed(intoto_v002([(signer(), pem)]), lambda spec: _signature(spec).update(keyid="é <key>"))
    unhashed = changed(intoto_v002([(signer(), pem)]), lambda spec: spec["content"].pop("hash"))
    return [
        _v1("key", "intoto", "0.0.1", intoto_v001(envelope_text(signer()), pem)),
        _v1("certificate", "intoto", "0.0.1", intoto_v001(envelope_text(by), chain[0])),
        _v1("one of two", "intoto", "0.0.1", intoto_v001(envelope_text(signer(), second_signer()), other)),
        _v1("another key", "intoto", "0.0.1", intoto_v001(envelope_text(signer()), other), good=False),
        _v1("key", "intoto", "0.0.2", intoto_v002([(signer(), pem)])),
        _v1("key id", "intoto", "0.0.2", named),
        _v1("as sent", "intoto", "0.0.2", intoto_v002([(signer(), b"a\n" + pem), (by, chain[0])])),
        _v1("odd type", "intoto", "0.0.2", intoto_v002([(signer(), pem)], payload_type="a/é\u2028<")),
        _v1("another key", "intoto", "0.0.2", intoto_v002([(signer(), other)]), good=False),
        _v1("no hash", "intoto", "0.0.2", unhashed, good=False),
    ]


def _signature(spec: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = spec["content"]["envelope"]["signatures"][0]
    return found


def _prehashed() -> dict[str, Any]:
    vector = key_vectors()["Ed25519"]
    made = next(made for made in vector.signatures if made.algorithm == "PKIX_ED25519_PH")
    verifier = {"publicKey": {"rawBytes": encode_b64(vector.public_key().spki)}, "keyDetails": made.algorithm}
    signature = {"content": encode_b64(made.raw), "verifier": verifier}
    digest = encode_b64(hashlib.sha512(made.message).digest())
    return {"hashedRekordRequestV002": {"digest": digest, "signature": signature}}


def _v2() -> list[Case]:
    by, leaf, _ = certified()
    requests = {kind: v2_hashedrekord(signer(kind), key_verifier(signer(kind))) for kind in (*HASHES, *RSA)}
    requests |= {"certificate": v2_hashedrekord(by, certificate_verifier(by, leaf)), "Ed25519ph": _prehashed()}
    other = v2_hashedrekord(signer(), key_verifier(second_signer()))
    return [Case(f"v2: {name}", request) for name, request in requests.items()] + [Case("v2: other key", other, False)]


CASES: Final = [*_hashedrekords(), *_dsses(), *_intotos(), *_v2()]


@cache
def _answers() -> Sequence[dict[str, Any]]:
    lines = "".join(json.dumps(case.proposal) + "\n" for case in CASES)
    command = [peers.path("rekor-types")]
    done = subprocess.run(command, input=lines, capture_output=True, text=True, check=True, timeout=SECONDS)
    return [json.loads(line) for line in done.stdout.splitlines()]


def _accept(proposal: dict[str, Any]) -> Accepted:
    if "kind" not in proposal:
        return accept_v2(json.dumps(proposal).encode())
    return ACCEPTS[proposal["kind"], proposal["apiVersion"]](spec_of(proposal["spec"]))


def _numbered(*, good: bool) -> list[Any]:
    return [pytest.param(number, id=case.name) for number, case in enumerate(CASES) if case.good is good]


@pytest.mark.parametrize("number", _numbered(good=True))
def test_what_is_logged_is_what_the_real_server_logs(number: int) -> None:
    theirs, ours = _answers()[number], _accept(CASES[number].proposal)
    assert theirs.get("error") is None
    assert ours.body == decode_b64(theirs["body"], what="body")


@pytest.mark.parametrize("number", _numbered(good=True))
def test_what_the_real_server_finds_an_entry_by_finds_it_here(number: int) -> None:
    theirs, ours = _answers()[number], _accept(CASES[number].proposal)
    assert {key.lower() for key in theirs.get("searchKeys", [])} <= set(ours.search_keys)


@pytest.mark.parametrize("number", _numbered(good=True))
def test_the_attestation_that_is_kept_is_the_one_the_real_server_keeps(number: int) -> None:
    theirs, kept = _answers()[number], _accept(CASES[number].proposal).attestation
    found = (theirs.get("attestationKey"), decode_b64(theirs.get("attestation", ""), what="attestation"))
    assert found == ((kept.name, kept.content) if kept else (None, b""))


@pytest.mark.parametrize("number", _numbered(good=False))
def test_what_the_real_server_refuses_is_refused_here(number: int) -> None:
    assert _answers()[number]["error"]
    with pytest.raises(CosignError):
        _accept(CASES[number].proposal)
