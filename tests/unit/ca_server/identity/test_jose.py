"""base64url, and signatures that others made: the examples of RFC 7515 and RFC 8037."""

from typing import Any, Final

import pytest

from ca_server.identity.jose import ALGORITHMS, decode_b64url
from ca_server.identity.jwks import parse_jwks
from cosignpy.errors import MalformedError
from tests.support.tokens import TokenKey, b64url, encode_json


@pytest.mark.parametrize("raw", [b"", b"a", b"ab", b"abc", b"\xfb\xff\xfe", bytes(range(256))])
def test_base64url_is_read_back(raw: bytes) -> None:
    assert decode_b64url(b64url(raw), what="part") == raw


@pytest.mark.parametrize(
    "text",
    [
        "YQ==",
        "YQ=",
        "YR",
        "Y",
        "+A",
        "/w",
        "-A-",
        "Y Q",
        "YQ\n",
        " YQ",
        "\N{FULLWIDTH DIGIT ONE}Q",
        "\ud800",
        "YQ\0",
        "=",
    ],
)
def test_another_spelling_is_refused(text: str) -> None:
    with pytest.raises(MalformedError) as caught:
        decode_b64url(text, what="part")
    assert caught.value.what == "part"


JOE: Final = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
RFC_EXAMPLES: Final = {
    "RFC 7515 A.2": (
        "RS256",
        {
            "kty": "RSA",
            "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT"
            "-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UT"
            "o7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkML"
            "s91kzk2PAcDTW9gb54h4FRWyuXpoQ",
            "e": "AQAB",
        },
        f"eyJhbGciOiJSUzI1NiJ9.{JOE}",
        (
            "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr"
            "7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--x"
            "i12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_Ioy"
            "pGlUPQGe77Rw"
        ),
    ),
    "RFC 7515 A.3": (
        "ES256",
        {
            "kty": "EC",
            "crv": "P-256",
            "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        },
        f"eyJhbGciOiJFUzI1NiJ9.{JOE}",
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
    ),
    "RFC 8037 A.4": (
        "EdDSA",
        {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
        "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
    ),
}


@pytest.mark.parametrize("name", RFC_EXAMPLES)
def test_the_examples_of_the_standards_verify(name: str) -> None:
    algorithm, jwk, message, signature = RFC_EXAMPLES[name]
    (key,) = parse_jwks(encode_json({"keys": [jwk]})).keys
    raw = decode_b64url(signature, what="signature")
    assert key.may_verify(ALGORITHMS[algorithm])
    assert ALGORITHMS[algorithm].is_signed(message.encode(), raw, key)
    assert not ALGORITHMS[algorithm].is_signed(f"{message}x".encode(), raw, key)


def test_a_key_is_for_algorithms_of_its_kind_or_for_one() -> None:
    def usable(jwk: dict[str, Any]) -> set[str]:
        (key,) = parse_jwks(encode_json({"keys": [jwk]})).keys
        return {name for name, algorithm in ALGORITHMS.items() if key.may_verify(algorithm)}

    rsa = TokenKey.make("RS256")
    assert usable(rsa.jwk(alg=None)) == {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}
    assert usable(rsa.jwk(alg="PS384")) == {"PS384"}
    assert usable(TokenKey.make("ES384").jwk(alg=None)) == {"ES384"}
    assert usable(TokenKey.make("EdDSA").jwk(alg=None)) == {"EdDSA"}
