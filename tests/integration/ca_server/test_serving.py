"""The authority as it runs: processes, a CT log, an issuer, clients."""

import base64
import json
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from cosignpy.core.ct.precertificate import parse_embedded_scts, verify_embedded_sct
from cosignpy.core.keys.algorithms import ECDSA_P256
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.x509.certificate import Certificate
from cosignpy.core.x509.fulcio_extensions import fulcio_extensions
from tests.support.ca_site import V1, V2, Reply, Site, key_request, serve_site
from tests.support.tokens import EMAIL, TokenKey


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serve_site(tmp_path_factory.mktemp("site")) as running:
        yield running


def is_refused(reply: Reply, message: str = "There was an error processing the identity token") -> None:
    assert (reply.status, reply.json) == (400, {"code": 3, "message": message, "details": []})
    assert reply.headers["content-type"] == "application/json"


def verify_leaf(site: Site, chain: list[x509.Certificate]) -> None:
    """Show what every client checks: the chain, the purpose, the name, and the log's promise."""
    leaf, issuer, root = chain
    leaf.verify_directly_issued_by(issuer)
    issuer.verify_directly_issued_by(root)
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert (names.critical, names.value.get_values_for_type(x509.RFC822Name)) == (True, [EMAIL])
    usage = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    assert (usage.critical, list(usage.value)) == (False, [ExtendedKeyUsageOID.CODE_SIGNING])
    assert {one.number: one.text for one in fulcio_extensions(Certificate.parse(leaf.public_bytes(Encoding.DER)))} == {
        1: site.issuer.url,
        8: site.issuer.url,
        24: "alice",
    }
    (sct,) = parse_embedded_scts(leaf.public_bytes(Encoding.DER))
    verify_embedded_sct(sct, leaf.public_bytes(Encoding.DER), issuer.public_bytes(Encoding.DER), site.log_key)


def build_csr(key: ec.EllipticCurvePrivateKey, subject: str = "anyone@example.org") -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.EMAIL_ADDRESS, subject)])
    alternative = x509.SubjectAlternativeName([x509.RFC822Name("mallory@example.org")])
    built = x509.CertificateSigningRequestBuilder().subject_name(name).add_extension(alternative, critical=True)
    return base64.b64encode(built.sign(key, SHA256()).public_bytes(Encoding.PEM))


# --- what is issued -----------------------------------------------------------------------------


def test_a_certificate_for_a_key_with_a_proof(site: Site) -> None:
    reply = site.post(V2, key_request(site.issuer.token()))
    assert (reply.status, list(reply.json)) == (200, ["signedCertificateEmbeddedSct"])
    verify_leaf(site, reply.certificates)


def test_a_certificate_is_valid_for_twenty_minutes(site: Site) -> None:
    leaf = site.post(V2, key_request(site.issuer.token())).certificates[0]
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc == timedelta(minutes=20)
    assert abs(datetime.now(UTC) - leaf.not_valid_before_utc) < timedelta(minutes=1)


def test_a_certificate_for_a_signing_request_whose_names_count_for_nothing(site: Site) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    body = {"certificateSigningRequest": build_csr(key).decode()}
    reply = site.post(
        V2, body, Authorization=f"Bearer {site.issuer.token()}", Accept="application/pem-certificate-chain"
    )
    verify_leaf(site, reply.certificates)
    assert reply.certificates[0].public_key() == key.public_key()


def test_names_in_snake_case(site: Site) -> None:
    request = key_request(site.issuer.token())
    asked = request["publicKeyRequest"]
    body = {
        "credentials": {"oidc_identity_token": request["credentials"]["oidcIdentityToken"]},
        "public_key_request": {
            "public_key": asked["publicKey"],
            "proof_of_possession": asked["proofOfPossession"],
        },
    }
    assert site.post(V2, body).status == 200


def test_the_token_in_the_body_beats_the_one_in_the_header(site: Site) -> None:
    assert site.post(V2, key_request(site.issuer.token()), Authorization="Bearer a.b.c").status == 200
    is_refused(site.post(V2, key_request("a.b.c"), Authorization=f"Bearer {site.issuer.token()}"))


def test_version_1_answers_in_pem(site: Site) -> None:
    key = PrivateKey.generate(ECDSA_P256)
    body = {
        "publicKey": {"content": base64.b64encode(key.public_key.encode_pem()).decode(), "algorithm": "ecdsa"},
        "signedEmailAddress": base64.b64encode(key.sign(EMAIL.encode())).decode(),
    }
    reply = site.post(V1, body, Authorization=f"Bearer {site.issuer.token()}")
    assert (reply.status, reply.headers["content-type"]) == (201, "application/pem-certificate-chain")
    verify_leaf(site, x509.load_pem_x509_certificates(reply.body))


def test_what_is_issued_is_on_record_and_the_token_is_not(site: Site) -> None:
    token = site.issuer.token()
    leaf = site.post(V2, key_request(token), X_Request_Id="on-record").certificates[0]
    (line,) = [line for line in site.audit() if line.get("request_id") == "on-record"]
    assert line["message"] == "certificate issued"
    assert (line["issuer"], line["subject"], line["san"]) == (site.issuer.url, "alice", f"email:{EMAIL}")
    assert int(line["serial"], 16) == leaf.serial_number
    assert base64.b64decode(line["sct_log_id"]) == site.log.shards("ct")[0].log_id
    assert token.rpartition(".")[2] not in site.ca.messages.read_text()


# --- what clients have to trust -----------------------------------------------------------------


def test_the_trust_bundle_has_the_chain_of_what_is_issued(site: Site) -> None:
    above = site.post(V2, key_request(site.issuer.token())).certificates[1:]
    (chain,) = site.get("/api/v2/trustBundle").json["chains"]
    assert [x509.load_pem_x509_certificate(pem.encode()) for pem in chain["certificates"]] == above
    assert x509.load_pem_x509_certificates(site.get("/api/v1/rootCert").body) == above


def test_the_configuration_tells_issuers(site: Site) -> None:
    assert site.get("/api/v2/configuration").json == {
        "issuers": [
            {
                "issuerUrl": site.issuer.url,
                "audience": "sigstore",
                "challengeClaim": "email",
                "issuerType": "email",
            }
        ]
    }


def test_metrics_have_the_names_of_the_real_servers(site: Site) -> None:
    site.post(V2, key_request(site.issuer.token()))
    site.get("/ping")
    text = site.get("/metrics").body.decode()
    for name in ("fulcio_new_certs", "fulcio_api_latency_bucket", "http_requests_total", "fulcio_build_info"):
        assert f"\n{name}" in text, name
    assert "\nca_certificate_valid_days_remaining{" in text


# --- what is refused ----------------------------------------------------------------------------


def no_token(request: dict[str, Any], _: Site) -> None:
    del request["credentials"]


def expired(request: dict[str, Any], site: Site) -> None:
    request["credentials"]["oidcIdentityToken"] = site.issuer.token(exp=int(site.issuer.now) - 10)


def unknown_issuer(request: dict[str, Any], site: Site) -> None:
    request["credentials"]["oidcIdentityToken"] = site.issuer.token(iss=f"{site.issuer.url}/")


def other_audience(request: dict[str, Any], site: Site) -> None:
    request["credentials"]["oidcIdentityToken"] = site.issuer.token(aud="other")


def other_key(request: dict[str, Any], site: Site) -> None:
    foreign = TokenKey.make(key_id="foreign")
    claims = json.dumps(site.issuer.claims()).encode()
    request["credentials"]["oidcIdentityToken"] = foreign.seal(claims, kid=site.issuer.keys[0].key_id)


def unverified_email(request: dict[str, Any], site: Site) -> None:
    request["credentials"]["oidcIdentityToken"] = site.issuer.token(email_verified=False)


@pytest.mark.parametrize("change", [no_token, expired, unknown_issuer, other_audience, other_key, unverified_email])
def test_a_token_that_is_not_believed(site: Site, change: Any) -> None:
    request = key_request(site.issuer.token())
    change(request, site)
    before = site.log.shards("ct")[0].size
    is_refused(site.post(V2, request, X_Request_Id=change.__name__))
    (line,) = [line for line in site.audit() if line.get("request_id") == change.__name__]
    assert (line["message"], line["status"]) == ("certificate refused", 400)
    assert site.log.shards("ct")[0].size == before


def no_proof(asked: dict[str, Any]) -> str:
    del asked["proofOfPossession"]
    return "The signature supplied in the request could not be verified"


def proof_of_another_name(asked: dict[str, Any]) -> str:
    asked.update(key_request("", "bob@example.com")["publicKeyRequest"])
    return "The signature supplied in the request could not be verified"


def no_key(asked: dict[str, Any]) -> str:
    del asked["publicKey"]
    return "The public key supplied in the request could not be parsed"


def weak_key(asked: dict[str, Any]) -> str:
    weak = ec.generate_private_key(ec.SECP224R1()).public_key()
    asked["publicKey"]["content"] = weak.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return "The public key supplied in the request is insecure"


@pytest.mark.parametrize("change", [no_proof, proof_of_another_name, no_key, weak_key])
def test_a_key_that_is_not_certified(site: Site, change: Any) -> None:
    request = key_request(site.issuer.token())
    message = change(request["publicKeyRequest"])
    is_refused(site.post(V2, request), message)


@pytest.mark.parametrize(
    "raw",
    [b"", b"[]", b"{", b'{"a":1,"a":2}', b'{"publicKeyRequest":5}', b'{"publicKeyRequest":{"proofOfPossession":"%%"}}'],
)
def test_json_that_is_none(site: Site, raw: bytes) -> None:
    reply = site.post(V2, raw)
    assert (reply.status, reply.json["code"]) == (400, 3)


def test_a_name_in_both_spellings_is_refused(site: Site) -> None:
    request = key_request(site.issuer.token())
    request["public_key_request"] = request["publicKeyRequest"]
    assert site.post(V2, request).status == 400


def test_a_key_and_a_signing_request_at_once_are_refused(site: Site) -> None:
    request = key_request(site.issuer.token())
    request["certificateSigningRequest"] = build_csr(ec.generate_private_key(ec.SECP256R1())).decode()
    assert site.post(V2, request).status == 400


def test_a_body_over_the_limit(site: Site) -> None:
    """The answer comes while the client still sends; one of the standard library reads it only when it has sent all."""
    plain = site.post(V2, b" " * (5 << 20))
    assert (plain.status, plain.json["code"]) == (413, 8)
    head = b"POST %b HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
    with socket.create_connection(("127.0.0.1", site.ca.port), timeout=30) as connection:
        connection.sendall(head % (V2.encode(), (4 << 20) + 1) + b" " * ((4 << 20) + 1))
        answer = connection.recv(65_536)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'"code":8' in answer
