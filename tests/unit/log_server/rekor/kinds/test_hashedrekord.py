import hashlib
from typing import Any

import pytest

from cosignpy.core.encoding import encode_b64
from cosignpy.core.rekor.hashedrekord import HashedRekordV001
from cosignpy.errors import CertificateError, LimitExceeded, MalformedError, SignatureMismatch
from log_server.rekor.kinds.hashedrekord import accept_v001
from tests.support.keys import key_vectors
from tests.support.rekor_proposals import (
    MESSAGE,
    Mutation,
    certified,
    changed,
    hashedrekord,
    second_signer,
    signer,
    spec_of,
)

PEM = signer().public_key.encode_pem()
PROPOSED = hashedrekord(signer(), PEM)
KINDS = {
    "P-256": "sha256",
    "P-384": "sha384",
    "P-521": "sha512",
    "RSA-2048": "sha256",
    "RSA-3072": "sha256",
    "RSA-4096": "sha256",
}


@pytest.mark.parametrize(("kind", "algorithm"), KINDS.items())
def test_a_signature_by_each_kind_of_key_is_accepted(kind: str, algorithm: str) -> None:
    pem = signer(kind).public_key.encode_pem()
    proposed = hashedrekord(signer(kind), pem, algorithm=algorithm)
    accepted = accept_v001(spec_of(proposed))
    entry = HashedRekordV001.parse(accepted.body)
    digest = hashlib.new(algorithm, MESSAGE).hexdigest()
    assert (entry.verifier, entry.hash.algorithm, entry.hash.hex) == (pem, algorithm, digest)
    assert encode_b64(entry.signature) == proposed["signature"]["content"]
    assert accepted.search_keys == (hashlib.sha256(pem).hexdigest(), f"{algorithm}:{digest}")
    assert accepted.attestation is None


def prehashed() -> dict[str, Any]:
    """Build what cosign signs with an Ed25519 key: the message is prehashed with SHA-512."""
    vector = key_vectors()["Ed25519"]
    made = next(made for made in vector.signatures if made.algorithm == "PKIX_ED25519_PH")
    return {
        "data": {"hash": {"algorithm": "sha512", "value": hashlib.sha512(made.message).hexdigest()}},
        "signature": {"content": encode_b64(made.raw), "publicKey": {"content": encode_b64(vector.public)}},
    }


def test_a_prehashed_ed25519_signature_is_accepted() -> None:
    assert HashedRekordV001.parse(accept_v001(spec_of(prehashed())).body).hash.algorithm == "sha512"


def test_a_certificate_is_logged_in_its_canonical_form_and_found_by_its_names() -> None:
    by, _, chain = certified()
    accepted = accept_v001(spec_of(hashedrekord(by, b"leaf:\n" + chain[0].replace(b"\n", b"\r\n"))))
    assert HashedRekordV001.parse(accepted.body).verifier == chain[0]
    assert "someone@example.com" in accepted.search_keys


def test_a_chain_is_logged_whole() -> None:
    by, _, chain = certified()
    assert HashedRekordV001.parse(accept_v001(spec_of(hashedrekord(by, b"".join(chain)))).body).verifier == b"".join(
        chain
    )


def test_members_of_other_formats_are_overlooked() -> None:
    proposed = changed(PROPOSED, lambda spec: spec["data"].update(url="https://example.com", content=""))
    assert accept_v001(spec_of(proposed)) == accept_v001(spec_of(PROPOSED))


def test_upper_case_hex_is_logged_as_sent_and_found_in_lower_case() -> None:
    digest = PROPOSED["data"]["hash"]["value"]
    proposed = changed(PROPOSED, lambda spec: spec["data"]["hash"].update(value=digest.upper()))
    accepted = accept_v001(spec_of(proposed))
    assert HashedRekordV001.parse(accepted.body).hash.hex == digest.upper()
    assert f"sha256:{digest}" in accepted.search_keys


def other_digest(spec: dict[str, Any]) -> None:
    spec["data"]["hash"]["value"] = hashlib.sha256(MESSAGE + b".").hexdigest()


def other_key(spec: dict[str, Any]) -> None:
    spec["signature"]["publicKey"]["content"] = encode_b64(second_signer().public_key.encode_pem())


def no_signature(spec: dict[str, Any]) -> None:
    spec["signature"]["content"] = ""


def chain_with_a_link_left_out(spec: dict[str, Any]) -> None:
    by, _, chain = certified()
    spec.update(hashedrekord(by, chain[0] + chain[2]))


@pytest.mark.parametrize(
    ("mutate", "error"),
    [
        (other_digest, SignatureMismatch),
        (other_key, SignatureMismatch),
        (no_signature, SignatureMismatch),
        (chain_with_a_link_left_out, CertificateError),
        (lambda spec: spec["data"]["hash"].update(algorithm="sha1", value="ab" * 20), MalformedError),
        (lambda spec: spec["data"]["hash"].update(algorithm="sha512", value="ab" * 64), MalformedError),
        (lambda spec: spec["data"]["hash"].update(value="ab" * 31), MalformedError),
        (lambda spec: spec["data"]["hash"].update(value="zz" * 32), MalformedError),
        (lambda spec: spec["data"].pop("hash"), MalformedError),
        (lambda spec: spec.pop("data"), MalformedError),
        (lambda spec: spec.pop("signature"), MalformedError),
        (lambda spec: spec["signature"].pop("content"), MalformedError),
        (lambda spec: spec["signature"].update(content="AA="), MalformedError),
        (lambda spec: spec["signature"].pop("publicKey"), MalformedError),
        (lambda spec: spec["signature"]["publicKey"].update(content=encode_b64(b"x")), MalformedError),
        (lambda spec: spec["signature"]["publicKey"].update(content=7), MalformedError),
        (lambda spec: spec["signature"]["publicKey"].update(content=encode_b64(PEM + b" " * 70_000)), LimitExceeded),
    ],
)
def test_a_proposal_that_is_wrong_in_one_way_is_refused(mutate: Mutation, error: type[Exception]) -> None:
    with pytest.raises(error) as caught:
        accept_v001(spec_of(changed(PROPOSED, mutate)))
    assert type(caught.value) is error
