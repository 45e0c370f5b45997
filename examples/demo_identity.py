"""The part of the demo without keys: an identity, a certificate for twenty minutes, a log that saw it, a timestamp.

The client here is a stranger to the servers. It has the authority's root and the log's public key, and believes what
verifies with them. Its own key lives as long as this function.
"""

import base64
import json
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from typing import Final

from cryptography.x509 import Certificate
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from demo_terminal import Demo

from cosignpy.core.ct.precertificate import parse_embedded_scts, verify_embedded_sct
from cosignpy.core.encoding import encode_b64, parse_pem
from cosignpy.core.keys.algorithms import ECDSA_P256
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.timestamp.imprint import MessageImprint
from cosignpy.core.timestamp.request import TimestampRequest
from cosignpy.core.timestamp.response import TimestampResponse
from cosignpy.core.timestamp.verify import TimestampChain, verify_timestamp
from cosignpy.core.x509.chain import parse_certificate, parse_chain_pem
from cosignpy.core.x509.fulcio_extensions import fulcio_extensions
from cosignpy.core.x509.path import verify_path
from cosignpy.core.x509.subject_alt_name import subject_names
from cosignpy.net.http import HttpClient, HttpOptions, Request
from cosignpy.net.url import Url

CERTIFICATE: Final = "/api/v2/signingCert"
TIMESTAMP: Final = "/api/v1/timestamp"
WHO: Final = "ada@example.com"
MAX_ANSWER: Final = 1 << 20
MAX_CHAIN: Final = 10
ISSUER_NUMBER: Final = 8
"""Fulcio's extension that says which issuer vouched for the name."""


@dataclass(slots=True)
class Services:
    """The authority, and what a client has of it and of the log beforehand, as others have it from a trusted root."""

    demo: Demo
    url: str
    root: bytes
    log_key: PublicKey
    http: HttpClient

    def post(self, path: str, body: bytes, media_type: str = "application/json") -> tuple[int, bytes]:
        """Send a request and return status and content of its answer."""
        self.demo.type(f"POST {self.url}{path}", ">")
        with self.http.send(Request("POST", Url.parse(self.url + path), {"Content-Type": media_type}, body)) as answer:
            return answer.status, answer.read(MAX_ANSWER, "answer")

    def get(self, path: str) -> bytes:
        """Return what is there."""
        with self.http.send(Request("GET", Url.parse(self.url + path))) as answer:
            return answer.read(MAX_ANSWER, "answer")


def tell_identity_story(demo: Demo) -> None:
    """Sign without a key that anyone keeps."""
    demo.tell("Without keys: an identity provider for demos, a log of certificates, and a certificate authority.")
    demo.run("python -m ca_server init --dir ca --organization Example")
    with ExitStack() as stack:
        start = partial(start_server, demo, stack)
        issuer = start("python -m cosignpy.stack.devidp serve --dir idp --port 0")
        (demo.folder / "ct.yaml").write_text("ct:\n  roots: ca/authority/root/certificate.pem\n")
        log = start("python -m log_server serve --dir ct --config ct.yaml --port 0 --workers 0")
        write_settings(demo, issuer, log)
        url = start("python -m ca_server serve --dir ca --config ca.yaml --port 0 --workers 0")
        shown = json.loads(demo.quietly("python -m log_server show --dir ct --output json"))
        (key,) = [one["publicKey"] for one in shown if one["log"] == "ct"]
        root = (demo.folder / "ca/authority/root/certificate.pem").read_bytes()
        http = HttpClient(HttpOptions())
        stack.callback(http.close)
        services = Services(demo, url, root, PublicKey.parse_pem(key.encode()), http)
        sign_as_somebody(services, issuer)


def sign_as_somebody(services: Services, issuer: str) -> None:
    """Get a certificate with a token, sign with its key, have the signature stamped; then be somebody else."""
    demo = services.demo
    demo.tell(f"Be {WHO}: the token that a browser, or a CI job, would get.")
    line = f"python -m cosignpy.stack.devidp token --dir idp --email {WHO}"
    demo.type(line)
    token = demo.quietly(line)
    demo.show(f"{token[:40]}…")

    demo.tell("A key for this signature only, certified for as long as that takes.")
    key = PrivateKey.generate(ECDSA_P256)
    began = time.monotonic()
    status, answer = services.post(CERTIFICATE, encode_request(token, key, WHO))
    if status != 200:
        demo.fail(f"there is no certificate: {answer!r}")
    demo.show(
        f"200 OK after {(time.monotonic() - began) * 1000:.0f} ms. Verified with the root and the log's public key:"
    )
    show_certificate(services, answer, issuer)

    demo.tell("Sign, and have the time of the signature vouched for; then forget the key.")
    signature = key.sign((demo.folder / "release.txt").read_bytes())
    show_timestamp(services, signature)

    demo.tell("Mallory gets a token of her own, and writes Ada's name into it: refused.")
    own = demo.quietly("python -m cosignpy.stack.devidp token --dir idp --email mallory@example.com")
    status, answer = services.post(CERTIFICATE, encode_request(write_name(own, WHO), key, WHO))
    if status != 400:
        demo.fail(f"Mallory was answered with {status}")
    demo.show(f"400 Bad Request: {json.loads(answer)['message']}", "yellow")


def start_server(demo: Demo, stack: ExitStack, line: str) -> str:
    """Start a server that runs until the stack is left, and return its URL."""
    demo.type(line)
    server = stack.enter_context(demo.serving(line))
    demo.show(server.said)
    return f"http://{server.address}"


def write_settings(demo: Demo, issuer: str, log: str) -> None:
    """Say whose tokens are believed (Fulcio's own file), and which log certificates go to."""
    believed = {"IssuerURL": issuer, "ClientID": "sigstore", "Type": "email"}
    (demo.folder / "issuers.json").write_text(json.dumps({"OIDCIssuers": {issuer: believed}}))
    (demo.folder / "ca.yaml").write_text(
        f"identity:\n  issuers: issuers.json\ntransparency:\n  logs:\n    - url: {log}\n"
    )


def encode_request(token: str, key: PrivateKey, name: str) -> bytes:
    """Write the request (fulcio, `CreateSigningCertificateRequest`); the proof is a signature over the name."""
    public = {"algorithm": "ECDSA", "content": key.public_key.encode_pem().decode()}
    asked = {"publicKey": public, "proofOfPossession": encode_b64(key.sign(name.encode()))}
    return json.dumps({"credentials": {"oidcIdentityToken": token}, "publicKeyRequest": asked}).encode()


def write_name(token: str, email: str) -> str:
    """Change whom a token names, which its signature does not survive."""
    head, claims, signature = token.split(".")
    said = json.loads(base64.urlsafe_b64decode(f"{claims}=="))
    changed = json.dumps({**said, "email": email}).encode()
    return f"{head}.{base64.urlsafe_b64encode(changed).rstrip(b'=').decode()}.{signature}"


def show_certificate(services: Services, answer: bytes, issuer: str) -> None:
    """Verify a certificate as clients do, and show what it proves; any error ends the demo."""
    pems = json.loads(answer)["signedCertificateEmbeddedSct"]["chain"]["certificates"]
    ders = [parse_pem(pem.encode(), what="certificate").body for pem in pems]
    leaf, *issuers = [parse_certificate(der) for der in ders]
    if ders[-1] != parse_pem(services.root, what="root").body:
        services.demo.fail("the certificate is under another root")
    verify_path(leaf, issuers, ExtendedKeyUsageOID.CODE_SIGNING, datetime.now(UTC))
    (name,) = subject_names(leaf)
    said = {extension.number: extension.text for extension in fulcio_extensions(leaf)}
    if name.text != WHO or said[ISSUER_NUMBER] != issuer:
        services.demo.fail("the certificate names somebody else")
    (sct,) = parse_embedded_scts(ders[0])
    verify_embedded_sct(sct, ders[0], ders[1], services.log_key)
    minutes = (leaf.not_valid_after_utc - leaf.not_valid_before_utc).total_seconds() / 60
    services.demo.show(
        f"certificate  says that this key is {name.text}'s, on the word of {issuer}\n"
        f"chain        leads to the root of {common_name(issuers[-1])}; valid for {minutes:.0f} minutes\n"
        f"promise      of the log, in the certificate, that everybody can see it"
    )


def show_timestamp(services: Services, signature: bytes) -> None:
    """Get a timestamp, verify it, and show what it proves; any error ends the demo."""
    imprint = MessageImprint("sha256", sha256(signature).digest())
    nonce = int.from_bytes(sha256(str(time.time_ns()).encode()).digest()[:8], "big")
    request = TimestampRequest(imprint, nonce=nonce, certificates=True)
    status, answer = services.post(TIMESTAMP, request.encode(), "application/timestamp-query")
    token = TimestampResponse.parse(answer).token if status == 200 else None
    if token is None:
        services.demo.fail(f"there is no timestamp: {answer!r}")
    chain = TimestampChain.parse(parse_chain_pem(services.get(f"{TIMESTAMP}/certchain"), most=MAX_CHAIN))
    proven = verify_timestamp(token, signature, chain, nonce=nonce)
    services.demo.show(f"timestamp    {proven.info.moment:%Y-%m-%d %H:%M:%S} UTC, by {common_name(proven.certificate)}")


def common_name(certificate: Certificate) -> str:
    """Return what a certificate's subject is called."""
    return str(certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)
