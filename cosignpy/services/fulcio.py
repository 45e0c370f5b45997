"""Asking a certificate authority for a certificate of an identity (sigstore/fulcio, fulcio.proto, version 2).

The identity token travels in the body: a header would end up in the logs of proxies. Nothing is asked for twice unless
the authority says that it did nothing: each certificate is an entry in a public log.
"""

from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from cosignpy.core.fulcio import MAX_ANSWER, IssuedCertificate, encode_csr_request, encode_key_request
from cosignpy.core.keys.signatures import Signer
from cosignpy.core.x509.der import encode_sequence
from cosignpy.core.x509.issuing import sign_request
from cosignpy.net.clock import Clock
from cosignpy.net.http import Request, Sender
from cosignpy.services.conversation import Conversation, Expected, endpoint

PATH: Final = "/api/v2/signingCert"
SECONDS: Final = 30.0
"""As cosign waits. The authority itself waits for a log."""

_SERVICE: Final = "the certificate authority"
_JSON: Final = MappingProxyType({"Content-Type": "application/json", "Accept": "application/json"})
_EXPECTED: Final = Expected((200, 201), MAX_ANSWER, "certificate chain")
"""200 says the specification, and 201 answered version 1, which some servers took over."""
_NOBODY: Final = encode_sequence()
"""The empty name: whom the certificate is for is what the token says."""


class RequestForm(StrEnum):
    """How the key is shown to be ours."""

    KEY = "public key and proof of possession"
    """A signature over the subject of the token."""
    CSR = "certificate signing request"
    """A signature over the request: for authorities that take nothing else."""


class FulcioClient:
    """A certificate authority at an address, as signing configs give it; safe to share among threads."""

    def __init__(
        self, url: str, sender: Sender, clock: Clock | None = None, form: RequestForm = RequestForm.KEY
    ) -> None:
        """Take the address that paths are added to.

        Raises:
            UsageError: The address has a query.
            MalformedError: It is no URL.
        """
        self._url = endpoint(url, PATH)
        self._sender = sender
        self._clock = clock or Clock()
        self._form = form

    def request_certificate(self, signer: Signer, token: str, subject: str) -> IssuedCertificate:
        """Return a certificate for a key and the identity of a token, shown to be for that key and valid now.

        Args:
            signer: The key pair; it signs once.
            token: An identity token, which no error ever shows.
            subject: The claim of the token that proves possession: its `email` if it has one, else its `sub`.

        Raises:
            AccessDenied: The authority does not believe the token (401, 403).
            RemoteError: It refuses otherwise (a bad token is 400 with most), or its answer cannot be used.
            CertificateError: The certificate is for another key, not valid now, or its chain does not hold.
            KeyUnusable: A kind of key that authorities do not certify.
        """
        conversation = Conversation(_SERVICE, self._sender, self._clock, SECONDS, hide=(token,))
        body = self._encode(signer, token, subject)
        answer = conversation.ask(Request("POST", self._url, _JSON, body), _EXPECTED)
        with conversation.understanding(answer):
            issued = IssuedCertificate.parse(answer.body)
            issued.verify(signer.public_key, datetime.fromtimestamp(self._clock.wall(), UTC))
        return issued

    def _encode(self, signer: Signer, token: str, subject: str) -> bytes:
        if self._form is RequestForm.CSR:
            return encode_csr_request(token, sign_request(_NOBODY, signer))
        return encode_key_request(token, signer.public_key, signer.sign(subject.encode("utf-8")))
