"""Requests for certificates and for timestamps, each different from all others."""

import base64
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import cycle
from threading import Thread
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from jwt import encode
from jwt.algorithms import ECAlgorithm

from cosignpy.core.keys.algorithms import ECDSA_P256
from cosignpy.core.keys.private import PrivateKey

AUDIENCE: Final = "sigstore"
_TOKENS: Final = 64
"""Identities that ask; a token may be used as often as one likes while it is valid."""
_KEY_ID: Final = "bench"
_CERTIFICATE: Final = (
    b'{"credentials":{"oidcIdentityToken":"%b"},"publicKeyRequest":{"publicKey":{"algorithm":"ECDSA","content":"%b"},'
    b'"proofOfPossession":"%b"}}\n'
)
_TIMESTAMP: Final = bytes.fromhex("3043020101 3031 300d 0609 608648016503040201 0500 0420".replace(" ", ""))
"""A TimeStampReq of SHA-256 up to the digest (RFC 3161 section 2.4.1); a nonce and certReq follow."""
TIMESTAMP_SIZE: Final = len(_TIMESTAMP) + 32 + 2 + 8 + 3


class Issuer:
    """An issuer of identity tokens; its server is asked for its keys, and nothing else."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.key = ec.generate_private_key(ec.SECP256R1())

    def documents(self) -> dict[str, bytes]:
        """Return what it serves, by path."""
        jwk = ECAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        keys = {"keys": [{**jwk, "kid": _KEY_ID, "alg": "ES256", "use": "sig"}]}
        discovery = {
            "issuer": self.url,
            "jwks_uri": f"{self.url}/keys",
            "id_token_signing_alg_values_supported": ["ES256"],
        }
        return {"/.well-known/openid-configuration": json.dumps(discovery).encode(), "/keys": json.dumps(keys).encode()}

    def configuration(self) -> str:
        """Return the configuration file of Fulcio that believes it."""
        member = {"IssuerURL": self.url, "ClientID": AUDIENCE, "Type": "email"}
        return json.dumps({"OIDCIssuers": {self.url: member}})

    def bodies(self) -> Iterator[bytes]:
        """Make requests for certificates: the keys and their proofs differ, tokens are used again."""
        names = [f"signer-{number}@example.com" for number in range(_TOKENS)]
        tokens = [(name, self.token(name).encode()) for name in names]
        for name, token in cycle(tokens):
            key = PrivateKey.generate(ECDSA_P256)
            pem = key.public_key.encode_pem().replace(b"\n", b"\\n")
            yield _CERTIFICATE % (token, pem, base64.b64encode(key.sign(name.encode())))

    def token(self, email: str) -> str:
        """Make a token that lasts for the whole benchmark."""
        now = int(time.time())
        claims = {"iss": self.url, "aud": AUDIENCE, "sub": email, "email": email, "email_verified": True}
        return encode({**claims, "iat": now, "exp": now + 36_000}, self.key, "ES256", {"kid": _KEY_ID})


@contextmanager
def serve_issuer() -> Iterator[Issuer]:
    """Serve an issuer on a port of its own."""
    documents: dict[str, bytes] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = documents.get(self.path)
            self.send_response(404 if found is None else 200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(found or b"")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issuer = Issuer(f"http://127.0.0.1:{server.server_address[1]}")
    documents.update(issuer.documents())
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        thread.join()


def timestamp_bodies() -> Iterator[bytes]:
    """Make requests for timestamps with a nonce and for certificates, all of `TIMESTAMP_SIZE` octets."""
    while True:
        nonce = bytes((0x40,)) + os.urandom(7)
        digest = sha256(os.urandom(32)).digest()
        yield b"%b%b\x02\x08%b\x01\x01\xff" % (_TIMESTAMP, digest, nonce)
