import base64
import hashlib
import json
from typing import Any

import pytest
from cryptography.x509 import ObjectIdentifier, UnrecognizedExtension

from cosignpy.core.dsse import IN_TOTO_PAYLOAD, encode_pae
from cosignpy.core.encoding import encode_b64
from cosignpy.core.rekor.hashedrekord import HashedRekordV002, VerifierForm
from cosignpy.errors import LimitExceeded, MalformedError, SignatureMismatch
from log_server.rekor.kinds.envelopes import MAX_HASHED, MAX_SIGNATURES
from log_server.rekor.v2_request import MAX_BODY, DsseRequest, HashedRekordRequest, accept, parse_request
from tests.support.certificates import NAMED
from tests.support.keys import key_vectors
from tests.support.rekor_proposals import (
    MESSAGE,
    STATEMENT,
    STATEMENT_KEYS,
    Mutation,
    certificate_verifier,
    certified,
    changed,
    key_verifier,
    second_signer,
    signer,
    v2_dsse,
    v2_hashedrekord,
)

PROPOSED = v2_hashedrekord(signer(), key_verifier(signer()))
ENVELOPE = v2_dsse([signer()], [key_verifier(signer())])
KEY_HASH = hashlib.sha256(signer().public_key.encode_pem()).hexdigest()
NAMES = {"P-256": "SHA2_256", "P-384": "SHA2_384", "P-521": "SHA2_512", "RSA-2048": "SHA2_256"}
NAMES |= {"RSA-3072": "SHA2_256", "RSA-4096": "SHA2_256"}
NUMBERS = {"P-256": 5, "P-384": 12, "P-521": 13, "RSA-2048": 9, "RSA-3072": 10, "RSA-4096": 11}


def encode(content: dict[str, Any]) -> bytes:
    return json.dumps(content).encode()


def inner(content: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = next(iter(content.values()))
    return found


def given(content: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = inner(content)["signature"]["verifier"]
    return found


@pytest.mark.parametrize("kind", NAMES)
def test_a_signature_by_each_kind_of_key_is_accepted(kind: str) -> None:
    accepted = accept(encode(v2_hashedrekord(signer(kind), key_verifier(signer(kind)))))
    entry = HashedRekordV002.parse(accepted.body)
    digest = hashlib.new(signer(kind).algorithm.hash, MESSAGE)
    assert (entry.algorithm, entry.digest) == (NAMES[kind], digest.digest())
    assert (entry.form, entry.verifier) == (VerifierForm.PUBLIC_KEY, signer(kind).public_key.spki)
    pem_hash = hashlib.sha256(signer(kind).public_key.encode_pem()).hexdigest()
    assert accepted.search_keys == (f"{digest.name}:{digest.hexdigest()}", pem_hash)


def prehashed() -> dict[str, Any]:
    vector = key_vectors()["Ed25519"]
    made = next(made for made in vector.signatures if made.algorithm == "PKIX_ED25519_PH")
    verifier = {"publicKey": {"rawBytes": encode_b64(vector.public_key().spki)}, "keyDetails": "PKIX_ED25519_PH"}
    digest = encode_b64(hashlib.sha512(made.message).digest())
    return {
        "hashedRekordRequestV002": {
            "digest": digest,
            "signature": {"content": encode_b64(made.raw), "verifier": verifier},
        }
    }


def test_a_prehashed_ed25519_signature_is_accepted() -> None:
    entry = HashedRekordV002.parse(accept(encode(prehashed())).body)
    assert (entry.algorithm, entry.key_details) == ("SHA2_512", "PKIX_ED25519_PH")


def test_a_certificate_is_logged_as_it_is_and_found_by_its_names() -> None:
    by, leaf, chain = certified()
    accepted = accept(encode(v2_hashedrekord(by, certificate_verifier(by, leaf))))
    entry = HashedRekordV002.parse(accepted.body)
    assert (entry.form, entry.verifier) == (VerifierForm.CERTIFICATE, leaf)
    assert accepted.search_keys[1:] == (hashlib.sha256(chain[0]).hexdigest(), "someone@example.com")


def snake_case(content: dict[str, Any]) -> bytes:
    text = json.dumps(content)
    for camel, snake in (
        ("hashedRekordRequestV002", "hashed_rekord_request_v002"),
        ("dsseRequestV002", "dsse_request_v002"),
        ("publicKey", "public_key"),
        ("rawBytes", "raw_bytes"),
        ("keyDetails", "key_details"),
        ("payloadType", "payload_type"),
    ):
        text = text.replace(f'"{camel}"', f'"{snake}"')
    return text.encode()


def indented(content: dict[str, Any]) -> bytes:
    return json.dumps(content, indent=4).encode() + b"\n"


def escaped_slashes(content: dict[str, Any]) -> bytes:
    return json.dumps(content).replace("/", "\\/").encode()


def escaped_names(content: dict[str, Any]) -> bytes:
    return json.dumps(content).replace('"digest"', '"\\u0064igest"').encode()


def with_nulls(content: dict[str, Any]) -> bytes:
    return encode(changed(content, lambda request: given(request).update(x509Certificate=None)))


def other_kind_null(content: dict[str, Any]) -> bytes:
    return encode({**content, "dsseRequestV002": None})


@pytest.mark.parametrize(
    "spelling", [snake_case, indented, escaped_slashes, escaped_names, with_nulls, other_kind_null]
)
def test_every_spelling_of_protobuf_json_is_the_same_request(spelling: Any) -> None:
    assert parse_request(spelling(PROPOSED)) == parse_request(encode(PROPOSED))


@pytest.mark.parametrize("kind", NUMBERS)
def test_algorithms_may_be_given_by_their_number(kind: str) -> None:
    named = v2_hashedrekord(signer(kind), key_verifier(signer(kind)))
    numbered = changed(named, lambda request: given(request).update(keyDetails=NUMBERS[kind]))
    assert parse_request(encode(numbered)) == parse_request(encode(named))


def other_message(request: dict[str, Any]) -> None:
    inner(request)["digest"] = encode_b64(hashlib.sha256(MESSAGE + b".").digest())


def other_key(request: dict[str, Any]) -> None:
    given(request)["publicKey"]["rawBytes"] = encode_b64(second_signer().public_key.spki)


def large_certificate(request: dict[str, Any]) -> None:
    from cryptography.x509 import ObjectIdentifier, UnrecognizedExtension

    by, leaf, _ = certified(((UnrecognizedExtension(ObjectIdentifier("1.2.3"), bytes(50_000)), False),))
    request.update(v2_hashedrekord(by, certificate_verifier(by, leaf)))


@pytest.mark.parametrize(
    ("mutate", "error"),
    [
        (other_message, SignatureMismatch),
        (other_key, SignatureMismatch),
        (lambda request: inner(request)["signature"].update(content="AA=="), SignatureMismatch),
        (lambda request: inner(request)["signature"].update(content=""), SignatureMismatch),
        (lambda request: given(request).update(keyDetails="PKIX_ECDSA_P384_SHA_384"), SignatureMismatch),
        (lambda request: given(request).update(keyDetails="PKIX_RSA_PKCS1V15_2048_SHA256"), SignatureMismatch),
        (lambda request: inner(request).update(digest=encode_b64(bytes(31))), MalformedError),
        (lambda request: inner(request).update(digest=encode_b64(bytes(64))), MalformedError),
        (lambda request: inner(request).update(digest=""), MalformedError),
        (lambda request: inner(request).update(digest="@@"), MalformedError),
        (lambda request: inner(request).update(digest=7), MalformedError),
        (lambda request: inner(request).update(digest="A" * 42 + "B="), MalformedError),
        (lambda request: inner(request).pop("digest"), MalformedError),
        (lambda request: inner(request).pop("signature"), MalformedError),
        (lambda request: inner(request).update(zzz=1), MalformedError),
        (lambda request: request.update(zzz=1), MalformedError),
        (lambda request: given(request).update(zzz=1), MalformedError),
        (lambda request: given(request)["publicKey"].update(zzz=1), MalformedError),
        (lambda request: inner(request)["signature"].update(zzz=1), MalformedError),
        (lambda request: given(request).update(key_details=5), MalformedError),
        (lambda request: given(request).update(keyDetails="PKIX_ED25519"), MalformedError),
        (lambda request: given(request).update(keyDetails="FOO"), MalformedError),
        (lambda request: given(request).update(keyDetails="5"), MalformedError),
        (lambda request: given(request).update(keyDetails=99), MalformedError),
        (lambda request: given(request).update(keyDetails=2**70), MalformedError),
        (lambda request: given(request).update(keyDetails=True), MalformedError),
        (lambda request: given(request).update(keyDetails=None), MalformedError),
        (lambda request: given(request).pop("keyDetails"), MalformedError),
        (lambda request: given(request).pop("publicKey"), MalformedError),
        (lambda request: given(request).update(x509Certificate={"rawBytes": "AA=="}), MalformedError),
        (lambda request: given(request)["publicKey"].update(rawBytes="AA=="), MalformedError),
        (lambda request: given(request)["publicKey"].update(rawBytes=""), MalformedError),
        (lambda request: request.update(dsseRequestV002=inner(ENVELOPE)), MalformedError),
        (lambda request: request.update(hashedRekordRequestV002=None), MalformedError),
        (lambda request: request.update(hashedRekordRequestV002=[]), MalformedError),
        (large_certificate, LimitExceeded),
    ],
)
def test_a_request_that_is_wrong_in_one_way_is_refused(mutate: Mutation, error: type[Exception]) -> None:
    with pytest.raises(error) as caught:
        accept(encode(changed(PROPOSED, mutate)))
    assert type(caught.value) is error


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"{}", "invalid type, must be hashedrekord"),
        (b'{"zzz":1}', 'unknown field "zzz"'),
        (encode(PROPOSED).replace(b'"digest":', b'"zzz": 1, "digest":'), 'unknown field "zzz"'),
        (encode(PROPOSED).replace(b'"digest":', b'"digest": "AA==", "digest":'), "duplicate key 'digest'"),
        (encode(PROPOSED).replace(b'"digest":', b'"\\u0064igest": "AA==", "digest":'), "duplicate key 'digest'"),
        (
            encode(PROPOSED).replace(b'"keyDetails":', b'"key_details": 5, "keyDetails":'),
            'duplicate field "keyDetails"',
        ),
        (b"", "not valid JSON"),
        (b"[]", "expected a JSON object"),
        (encode(PROPOSED) + b"x", "not valid JSON"),
        (b"\xff", "not UTF-8"),
        (b'{"\xff":1}', "not UTF-8"),
    ],
)
def test_what_is_wrong_is_said_as_the_real_server_says_it(raw: bytes, why: str) -> None:
    with pytest.raises(MalformedError) as caught:
        parse_request(raw)
    assert caught.value.why == why


def test_base64_with_stray_bits_is_refused_wherever_it_stands() -> None:
    """The decoder by type forgives them, so what it reads is compared with what was sent."""
    verifier = {"publicKey": {"rawBytes": "YR=="}, "keyDetails": "PKIX_ECDSA_P256_SHA_256"}
    found = {"digest": "YR==", "signature": {"content": "YR==", "verifier": verifier}}
    with pytest.raises(MalformedError):
        parse_request(encode({"hashedRekordRequestV002": found}))


def test_a_verifier_of_neither_form_is_refused() -> None:
    neither = {"publicKey": None, "x509Certificate": None, "keyDetails": "PKIX_ECDSA_P256_SHA_256"}
    with pytest.raises(MalformedError):
        parse_request(encode(changed(PROPOSED, lambda request: inner(request)["signature"].update(verifier=neither))))


@pytest.mark.parametrize("opening", [b"[", b'{"hashedRekordRequestV002":', b'{"dsseRequestV002":{"verifiers":['])
def test_deep_json_is_refused(opening: bytes) -> None:
    with pytest.raises(MalformedError):
        parse_request(opening * 50_000)


@pytest.mark.parametrize("text", ["_" * 42 + "8=", "A" * 43, "AAAA\n" * 8 + "AAAAAAAAAAA="])
def test_other_forms_of_base64_are_refused(text: str) -> None:
    with pytest.raises(MalformedError):
        parse_request(encode(changed(PROPOSED, lambda request: inner(request).update(digest=text))))


# --- dsseRequestV002 ---------------------------------------------------------------------------------


def test_an_envelope_is_logged_as_a_signature_over_its_pae() -> None:
    accepted = accept(encode(ENVELOPE))
    entry = HashedRekordV002.parse(accepted.body)
    pae = hashlib.sha256(encode_pae(IN_TOTO_PAYLOAD, STATEMENT))
    assert (entry.algorithm, entry.digest) == ("SHA2_256", pae.digest())
    assert base64.b64encode(entry.signature).decode() == inner(ENVELOPE)["envelope"]["signatures"][0]["sig"]
    assert entry.verifier == signer().public_key.spki
    payload_hash = f"sha256:{hashlib.sha256(STATEMENT).hexdigest()}"
    assert accepted.search_keys == (f"sha256:{pae.hexdigest()}", payload_hash, KEY_HASH, *STATEMENT_KEYS)


def test_the_same_signature_is_accepted_over_the_digest_of_the_pae() -> None:
    """What newer clients send for the same envelope makes the same entry."""
    digest = encode_b64(hashlib.sha256(encode_pae(IN_TOTO_PAYLOAD, STATEMENT)).digest())
    content = inner(ENVELOPE)["envelope"]["signatures"][0]["sig"]
    signature = {"content": content, "verifier": key_verifier(signer())}
    successor = {"hashedRekordRequestV002": {"digest": digest, "signature": signature}}
    assert accept(encode(successor)).body == accept(encode(ENVELOPE)).body


def test_an_envelope_by_p384_is_logged_over_sha384() -> None:
    by = signer("P-384")
    entry = HashedRekordV002.parse(accept(encode(v2_dsse([by], [key_verifier(by)]))).body)
    assert (entry.algorithm, entry.key_details) == ("SHA2_384", "PKIX_ECDSA_P384_SHA_384")


def test_an_envelope_that_would_take_long_to_verify_is_over_the_limit() -> None:
    verifiers = [key_verifier(signer(kind)) for kind in NAMES]
    payload = bytes(MAX_HASHED // (MAX_SIGNATURES * len(verifiers)))
    with pytest.raises(LimitExceeded):
        accept(encode(v2_dsse([signer()] * MAX_SIGNATURES, verifiers, payload=payload)))


def test_the_first_of_several_signatures_is_logged() -> None:
    by, leaf, _ = certified()
    request = v2_dsse([by, signer()], [key_verifier(signer()), certificate_verifier(by, leaf)])
    accepted = accept(encode(request))
    assert HashedRekordV002.parse(accepted.body).verifier == leaf
    assert {"someone@example.com", KEY_HASH} <= set(accepted.search_keys)


def test_an_envelope_is_accepted_in_snake_case() -> None:
    assert parse_request(snake_case(ENVELOPE)) == parse_request(encode(ENVELOPE))


def test_the_kind_of_a_request_is_its_type() -> None:
    assert isinstance(parse_request(encode(ENVELOPE)), DsseRequest)
    assert isinstance(parse_request(encode(PROPOSED)), HashedRekordRequest)


def envelope(request: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = inner(request)["envelope"]
    return found


def eleven_signatures(request: dict[str, Any]) -> None:
    envelope(request)["signatures"] *= 11


def eleven_verifiers(request: dict[str, Any]) -> None:
    inner(request)["verifiers"] *= 11


@pytest.mark.parametrize(
    ("mutate", "error"),
    [
        (lambda request: envelope(request).update(payload="AA=="), SignatureMismatch),
        (lambda request: envelope(request).update(payloadType="x"), SignatureMismatch),
        (lambda request: envelope(request)["signatures"].append({"sig": "AA=="}), SignatureMismatch),
        (lambda request: envelope(request)["signatures"].insert(0, {"sig": "AA=="}), SignatureMismatch),
        (lambda request: inner(request).update(verifiers=[key_verifier(second_signer())]), SignatureMismatch),
        (lambda request: inner(request)["verifiers"].append(key_verifier(signer())), MalformedError),
        (lambda request: inner(request).update(verifiers=[]), MalformedError),
        (lambda request: inner(request).update(verifiers=[7]), MalformedError),
        (lambda request: inner(request).update(zzz=1), MalformedError),
        (lambda request: inner(request).pop("envelope"), MalformedError),
        (lambda request: envelope(request).update(signatures=[]), MalformedError),
        (lambda request: envelope(request).update(zzz=1), MalformedError),
        (lambda request: envelope(request).pop("payload"), MalformedError),
        (lambda request: envelope(request).pop("payloadType"), MalformedError),
        (lambda request: envelope(request)["signatures"][0].update(zzz=1), MalformedError),
        (lambda request: envelope(request)["signatures"][0].update(sig="AA="), MalformedError),
        (lambda request: inner(request)["verifiers"][0].update(keyDetails="PKIX_ED25519"), MalformedError),
        (eleven_signatures, LimitExceeded),
        (eleven_verifiers, LimitExceeded),
    ],
)
def test_an_envelope_that_is_wrong_in_one_way_is_refused(mutate: Mutation, error: type[Exception]) -> None:
    with pytest.raises(error) as caught:
        accept(encode(changed(ENVELOPE, mutate)))
    assert type(caught.value) is error


def entry_size(padding: int) -> int:
    """Return the length of an entry whose certificate has so much padding; of one that is refused, zero."""
    by, leaf, _ = certified((*NAMED, (UnrecognizedExtension(ObjectIdentifier("1.2.3"), bytes(padding)), False)))
    try:
        return len(accept(encode(v2_hashedrekord(by, certificate_verifier(by, leaf)))).body)
    except LimitExceeded:
        return 0


def test_the_largest_entry_that_fits_is_accepted_and_the_next_is_not() -> None:
    """Sizes come in steps of four, as base64 does; where one lies depends on how long two signatures are."""
    near = 40_000 + (MAX_BODY - entry_size(40_000)) * 3 // 4
    sizes = {entry_size(padding) for padding in range(near - 15, near + 16)}
    assert (max(sizes), min(sizes)) == (MAX_BODY, 0)
