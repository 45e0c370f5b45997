"""Asking for certificates: what is sent, what is believed, and that no token ever shows."""

import json
import traceback
from datetime import timedelta
from typing import Any, Final

import pytest
from cryptography.x509 import ExtendedKeyUsage, RFC822Name, SubjectAlternativeName
from cryptography.x509.oid import ExtendedKeyUsageOID

from cosignpy.core.ct.entry import EntryType, SignedEntry
from cosignpy.core.encoding import decode_b64
from cosignpy.core.fulcio import MAX_ANSWER
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.keys.signatures import verify_signature
from cosignpy.core.x509.certificate_request import CertificateRequest
from cosignpy.errors import AccessDenied, CertificateError, CosignError, MalformedError, RemoteError
from cosignpy.services.fulcio import FulcioClient, RequestForm
from tests.support.answers import ManualTime, ScriptedSender
from tests.support.certificates import LIFETIME, MIDDLE, Authority, Extensions, key
from tests.support.issuance import promise
from tests.support.rekor_proposals import certificate_pem, second_signer
from tests.support.sigstore_services import Script, in_turn, manual_clock, reply

SUBJECT: Final = "alice@example.com"
TOKEN: Final = "eyJhbGciOiJFUzI1NiJ9.eyJlbWFpbCI6ImFsaWNlQGV4YW1wbGUuY29tIn0.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg"
GOOD: Final[Extensions] = (
    (SubjectAlternativeName([RFC822Name(SUBJECT)]), True),
    (ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), False),
)
ROOT: Final = Authority.root("ca root")
ISSUING: Final = ROOT.authority("ca intermediate")
OWN: Final = PrivateKey.from_handle(key("leaf"))
LEAF: Final = ISSUING.leaf_with([promise(SignedEntry(EntryType.X509, b"", b"certificate"))], GOOD)


def issued(*chain: bytes) -> dict[str, Any]:
    pems = [certificate_pem(der).decode() for der in chain or (LEAF, ISSUING.der, ROOT.der)]
    return {"signedCertificateEmbeddedSct": {"chain": {"certificates": pems}}}


def client(sender: ScriptedSender, form: RequestForm = RequestForm.KEY, late: timedelta = timedelta()) -> FulcioClient:
    clock = manual_clock(ManualTime((MIDDLE + late).timestamp()))
    return FulcioClient("https://ca.example/", sender, clock, form)


def refused(script: Script) -> CosignError:
    with pytest.raises(CosignError) as caught:
        client(in_turn(script)).request_certificate(OWN, TOKEN, SUBJECT)
    return caught.value


@pytest.mark.parametrize("status", [200, 201])
def test_a_certificate_for_our_key_is_returned_with_its_chain(status: int) -> None:
    found = client(in_turn(reply(status, issued()))).request_certificate(OWN, TOKEN, SUBJECT)
    assert (found.leaf, found.issuers, found.detached_sct) == (LEAF, (ISSUING.der, ROOT.der), None)


def test_the_key_is_sent_with_a_proof_of_possession_and_the_token_in_the_body() -> None:
    sender = in_turn(reply(200, issued()))
    client(sender).request_certificate(OWN, TOKEN, SUBJECT)
    (request,) = sender.requests
    assert (request.method, str(request.url)) == ("POST", "https://ca.example/api/v2/signingCert")
    assert (request.is_idempotent, "Authorization" in request.headers) == (False, False)
    assert isinstance(request.body, bytes)
    sent = json.loads(request.body)
    assert sent["credentials"] == {"oidcIdentityToken": TOKEN}
    public_key = {"algorithm": "ECDSA", "content": OWN.public_key.encode_pem().decode()}
    assert sent["publicKeyRequest"]["publicKey"] == public_key
    proof = decode_b64(sent["publicKeyRequest"]["proofOfPossession"], what="proof")
    verify_signature(OWN.public_key, proof, SUBJECT.encode())


def test_a_signing_request_is_sent_where_it_is_wanted() -> None:
    sender = in_turn(reply(200, issued()))
    client(sender, RequestForm.CSR).request_certificate(OWN, TOKEN, SUBJECT)
    assert isinstance(sender.requests[0].body, bytes)
    sent = json.loads(sender.requests[0].body)
    csr = CertificateRequest.parse_pem(decode_b64(sent["certificateSigningRequest"], what="request"))
    assert csr.verify() == OWN.public_key


def test_a_certificate_for_another_key_is_refused() -> None:
    with pytest.raises(CertificateError) as caught:
        client(in_turn(reply(200, issued()))).request_certificate(second_signer(), TOKEN, SUBJECT)
    assert "another key" in str(caught.value)


@pytest.mark.parametrize("late", [-LIFETIME, LIFETIME])
def test_a_certificate_that_is_not_valid_now_is_refused(late: timedelta) -> None:
    with pytest.raises(CertificateError) as caught:
        client(in_turn(reply(200, issued())), late=late).request_certificate(OWN, TOKEN, SUBJECT)
    assert "clock" in str(caught.value)


def test_a_certificate_without_its_issuer_is_refused() -> None:
    assert isinstance(refused(reply(200, issued(LEAF))), CertificateError)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nonsense",
        b"<html>welcome</html>",
        json.dumps(issued(b"nonsense")).encode(),
        json.dumps(issued(LEAF, b"nonsense")).encode(),
        b" " * (MAX_ANSWER + 1),
    ],
    ids=["nothing", "nonsense", "HTML", "no certificate", "no issuer", "too much"],
)
def test_an_answer_that_is_none_names_the_service_and_its_address(body: bytes) -> None:
    found = refused(reply(200, body))
    assert isinstance(found, RemoteError)
    assert (found.service, found.status) == ("the certificate authority", 200)
    assert found.url == "https://ca.example/api/v2/signingCert"


@pytest.mark.parametrize(("status", "kind"), [(400, RemoteError), (401, AccessDenied), (403, AccessDenied)])
def test_a_refusal_is_one_clear_line(status: int, kind: type[RemoteError]) -> None:
    words = "There was an error processing the identity token"
    found = refused(reply(status, {"code": 3, "message": words, "details": []}))
    assert (type(found), found.status) == (kind, status)  # type: ignore[attr-defined]
    assert str(found).endswith(f": {words}")


@pytest.mark.parametrize(
    "script",
    [
        reply(400, {"message": f"cannot believe {TOKEN}"}),
        reply(400, {"message": TOKEN.split(".")[2]}),
        reply(200, f'{{"{TOKEN}":1,"{TOKEN}":2}}'.encode()),
        reply(307, Location=f"https://other.example/{TOKEN}"),
    ],
    ids=["refusal", "signature", "duplicate key", "redirect"],
)
def test_a_token_that_comes_back_shows_nowhere(script: Script) -> None:
    found = refused(script)
    told = "".join(traceback.format_exception(found)) + repr(vars(found))
    assert [part for part in TOKEN.split(".") if part in told] == []


@pytest.mark.parametrize("url", ["", "ca.example", "ftp://ca.example"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(MalformedError):
        FulcioClient(url, in_turn())
