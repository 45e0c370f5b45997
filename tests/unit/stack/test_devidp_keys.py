"""The issuer's keys: in memory, in a directory, rotated, and damaged."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from cosignpy.core.encoding import JsonObject
from cosignpy.errors import CosignError, FileError, MalformedError
from cosignpy.stack.devidp.key_ring import (
    ISSUER_FILE,
    KEYS_FILE,
    RETIRED_SECONDS,
    KeyRing,
    load_issuer,
    make_ring,
    open_or_make_ring,
    open_ring,
    save_issuer,
)
from cosignpy.stack.devidp.signing_keys import MAX_KEYS, SigningKey, SigningKeys, TokenAlgorithm, thumbprint

NOW = 1_700_000_000.0
ES256 = TokenAlgorithm.ES256


class Hands:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def hands() -> Hands:
    return Hands()


def published(ring: KeyRing) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(ring.encode_jwks())["keys"]
    return found


@pytest.mark.parametrize("algorithm", TokenAlgorithm)
def test_nothing_private_is_published(hands: Hands, algorithm: TokenAlgorithm) -> None:
    (jwk,) = published(make_ring(algorithm, hands))
    assert set(jwk) in ({"kty", "n", "e", "alg", "use", "kid"}, {"kty", "crv", "x", "y", "alg", "use", "kid"})


def test_the_id_of_a_key_is_the_one_of_the_standards_example() -> None:
    """RFC 7638 section 3.1."""
    modulus = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknj"
        "hMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQ"
        "vRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJz"
        "KnqDKgw"
    )
    assert thumbprint({"kty": "RSA", "n": modulus, "e": "AQAB"}) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


@pytest.mark.parametrize("algorithm", TokenAlgorithm)
def test_keys_are_written_and_read(algorithm: TokenAlgorithm) -> None:
    keys = SigningKeys((SigningKey.generate(algorithm),)).rotate(SigningKey.generate(algorithm), NOW, 60)
    again = SigningKeys.parse(keys.encode(), what="keys")
    assert again == keys
    assert again.encode() == keys.encode()


def test_a_key_that_was_rotated_is_published_for_an_hour(hands: Hands) -> None:
    ring = make_ring(ES256, hands)
    first = ring.keys.current.key_id
    second = ring.rotate().key_id
    assert [jwk["kid"] for jwk in published(ring)] == [second, first]
    hands.now += RETIRED_SECONDS
    assert [jwk["kid"] for jwk in published(ring)] == [second]
    third = ring.rotate(TokenAlgorithm.RS256)
    assert third.algorithm is TokenAlgorithm.RS256
    assert [key.key_id for key in ring.keys.keys] == [third.key_id, second]


def test_only_so_many_keys_are_kept(hands: Hands) -> None:
    ring = make_ring(ES256, hands)
    for _ in range(MAX_KEYS + 1):
        ring.rotate()
    assert len(published(ring)) == MAX_KEYS


def test_a_directory_keeps_its_keys_to_itself(hands: Hands, tmp_path: Path) -> None:
    made = open_or_make_ring(tmp_path / "idp", ES256, hands)
    again = open_or_make_ring(tmp_path / "idp", TokenAlgorithm.RS256, hands)
    assert again.keys == made.keys
    assert stat.S_IMODE((tmp_path / "idp").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "idp" / KEYS_FILE).stat().st_mode) == 0o600


def test_keys_that_others_can_read_are_refused(hands: Hands, tmp_path: Path) -> None:
    open_or_make_ring(tmp_path, ES256, hands)
    (tmp_path / KEYS_FILE).chmod(0o640)
    with pytest.raises(FileError) as caught:
        open_ring(tmp_path, hands)
    assert "0640" in caught.value.why
    assert caught.value.hint == f"chmod 600 {tmp_path / KEYS_FILE}"


def test_a_directory_without_keys_is_an_error(hands: Hands, tmp_path: Path) -> None:
    with pytest.raises(FileError):
        open_ring(tmp_path, hands)


def test_who_rotates_in_the_directory_rotates_what_is_running(hands: Hands, tmp_path: Path) -> None:
    running = open_or_make_ring(tmp_path, ES256, hands)
    key = open_ring(tmp_path, hands).rotate()
    running.reload_if_changed()
    assert running.keys.current == key
    running.reload_if_changed()
    assert len(published(running)) == 2


def test_keys_that_cannot_be_used_leave_the_old_ones_in_force(hands: Hands, tmp_path: Path) -> None:
    running = open_or_make_ring(tmp_path, ES256, hands)
    before = running.keys
    (tmp_path / KEYS_FILE).write_bytes(b"{}")
    with pytest.raises(CosignError):
        running.reload_if_changed()
    assert running.keys == before


def test_keys_in_memory_have_nothing_to_reload(hands: Hands) -> None:
    ring = make_ring(ES256, hands)
    before = ring.keys
    ring.reload_if_changed()
    assert ring.keys == before


PRIVATE = SigningKey.generate(ES256).encode()
RSA = SigningKey.generate(TokenAlgorithm.RS256).encode()


@pytest.mark.parametrize(
    "keys",
    [
        pytest.param([], id="none"),
        pytest.param([{**PRIVATE, "alg": "HS256"}], id="algorithm"),
        pytest.param([{**PRIVATE, "alg": "RS256"}], id="another-algorithm"),
        pytest.param([{**RSA, "alg": "ES256"}], id="another-kind"),
        pytest.param([{name: given for name, given in PRIVATE.items() if name != "d"}], id="public"),
        pytest.param([{name: given for name, given in RSA.items() if name not in {"d", "p", "q"}}], id="broken-rsa"),
        pytest.param([{**PRIVATE, "x": "AAAA"}], id="not-a-point"),
        pytest.param([{**PRIVATE, "exp": "soon"}], id="expiry"),
        pytest.param([PRIVATE] * (MAX_KEYS + 1), id="too-many"),
    ],
)
def test_a_file_that_holds_something_else_is_refused(keys: list[dict[str, Any]]) -> None:
    with pytest.raises(MalformedError):
        SigningKeys.parse(json.dumps({"keys": keys}).encode(), what="keys")


def test_a_curve_that_es256_does_not_have_is_refused() -> None:
    jwk = ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP384R1()), as_dict=True)
    with pytest.raises(MalformedError):
        SigningKey.parse(JsonObject({**jwk, "alg": "ES256"}, "key"))


def test_the_issuers_url_is_noted(tmp_path: Path) -> None:
    with pytest.raises(FileError):
        load_issuer(tmp_path)
    save_issuer(tmp_path, "http://127.0.0.1:5556")
    assert load_issuer(tmp_path) == "http://127.0.0.1:5556"
    (tmp_path / ISSUER_FILE).write_bytes(b"[]")
    with pytest.raises(MalformedError):
        load_issuer(tmp_path)
