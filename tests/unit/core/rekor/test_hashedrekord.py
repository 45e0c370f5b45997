import json
from collections.abc import Callable
from typing import Any

import pytest

from cosignpy.core.encoding import encode_canonical_json
from cosignpy.core.rekor.body import EntryHash
from cosignpy.core.rekor.hashedrekord import HashedRekordV001, HashedRekordV002, VerifierForm
from cosignpy.errors import MalformedError
from cosignpy.values import replace

V001 = HashedRekordV001(EntryHash("sha256", "ab" * 32), b"signature", b"pem")
V002 = HashedRekordV002("SHA2_256", b"d" * 32, b"signature", "PKIX_ECDSA_P256_SHA_256", VerifierForm.PUBLIC_KEY, b"der")

Mutation = Callable[[dict[str, Any]], object]
BODIES = [
    pytest.param(V001, id="0.0.1"),
    pytest.param(V002, id="0.0.2 key"),
    pytest.param(replace(V002, form=VerifierForm.CERTIFICATE), id="0.0.2 certificate"),
]


@pytest.mark.parametrize("entry", BODIES)
def test_a_body_is_parsed_to_what_was_encoded(entry: HashedRekordV001 | HashedRekordV002) -> None:
    assert type(entry).parse(entry.encode()) == entry


@pytest.mark.parametrize("entry", BODIES)
def test_a_body_is_canonical(entry: HashedRekordV001 | HashedRekordV002) -> None:
    assert encode_canonical_json(json.loads(entry.encode())) == entry.encode()


@pytest.mark.parametrize("entry", BODIES)
def test_the_same_in_another_spelling_is_refused(entry: HashedRekordV001 | HashedRekordV002) -> None:
    with pytest.raises(MalformedError) as caught:
        type(entry).parse(json.dumps(json.loads(entry.encode())).encode())
    assert caught.value.why == "not canonical JSON"


def test_upper_case_hex_is_kept_as_it_was_sent() -> None:
    entry = replace(V001, hash=EntryHash("sha256", "AB" * 32))
    assert HashedRekordV001.parse(entry.encode()) == entry
    assert str(entry.hash) == f"sha256:{'ab' * 32}"


def spec(content: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = content["spec"]
    return found


def inner(content: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = content["spec"]["hashedRekordV002"]
    return found


BROKEN_V001: list[Mutation] = [
    lambda body: body.update(kind="rekord"),
    lambda body: body.update(apiVersion="0.0.2"),
    lambda body: body.update(more=1),
    lambda body: body.pop("spec"),
    lambda body: spec(body).update(more=1),
    lambda body: spec(body).pop("data"),
    lambda body: spec(body).pop("signature"),
    lambda body: spec(body)["data"].update(more=1),
    lambda body: spec(body)["data"]["hash"].update(more=1),
    lambda body: spec(body)["data"]["hash"].update(algorithm="sha1"),
    lambda body: spec(body)["data"]["hash"].update(algorithm="sha512"),
    lambda body: spec(body)["data"]["hash"].update(value="zz" * 32),
    lambda body: spec(body)["data"]["hash"].update(value="ab" * 31),
    lambda body: spec(body)["signature"].update(more=1),
    lambda body: spec(body)["signature"].update(content="?"),
    lambda body: spec(body)["signature"]["publicKey"].update(more=1),
    lambda body: spec(body)["signature"]["publicKey"].update(content=7),
]
BROKEN_V002: list[Mutation] = [
    lambda body: body.update(apiVersion="0.0.1"),
    lambda body: spec(body).update(more=1),
    lambda body: inner(body).update(more=1),
    lambda body: inner(body)["data"].update(more=1),
    lambda body: inner(body)["data"].update(algorithm="SHA1"),
    lambda body: inner(body)["data"].update(algorithm="SHA2_512"),
    lambda body: inner(body)["data"].update(digest="AA=="),
    lambda body: inner(body)["signature"].update(more=1),
    lambda body: inner(body)["signature"]["verifier"].update(more=1),
    lambda body: inner(body)["signature"]["verifier"].update(keyDetails='"'),
    lambda body: inner(body)["signature"]["verifier"].update(x509Certificate={"rawBytes": "AA=="}),
    lambda body: inner(body)["signature"]["verifier"].pop("publicKey"),
    lambda body: inner(body)["signature"]["verifier"]["publicKey"].update(more=1),
]


@pytest.mark.parametrize(
    ("entry", "mutate"), [(V001, mutate) for mutate in BROKEN_V001] + [(V002, mutate) for mutate in BROKEN_V002]
)
def test_a_body_that_is_wrong_in_one_way_is_refused(
    entry: HashedRekordV001 | HashedRekordV002, mutate: Mutation
) -> None:
    body = json.loads(entry.encode())
    mutate(body)
    with pytest.raises(MalformedError):
        type(entry).parse(encode_canonical_json(body))
