"""Requests for certificates, in the two versions that clients speak (fulcio, `fulcio.proto`, `fulcio_legacy.proto`)."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Final

import orjson
from starlette.types import Receive, Scope

from ca_server.config import Embedding
from ca_server.issuance.issue import CertificateIssuer, IssuedCertificate
from ca_server.metrics import NEW_CERTIFICATES
from ca_server.routes.requests import Submission, parse_legacy_submission, parse_submission
from ca_server.routes.trust import PEM_CHAIN
from cosignpy.core.ct.submission import encode_sct_answer
from cosignpy.core.encoding import encode_b64
from cosignpy.errors import CosignError
from cosignpy.serving.asgi import BodiesTooMany, BodyEncoded, BodyLimits, BodyTooLarge, BodyTooSlow, read_body
from cosignpy.serving.problem import problem_of
from cosignpy.serving.routing import JSON, NO_STORE, Answer

_UNREADABLE: Final = (BodyEncoded, BodyTooLarge, BodyTooSlow, BodiesTooMany)
"""What `read_body` raises besides; a client that goes away is not refused."""


class SigningCert:
    """The endpoints that issue."""

    def __init__(self, issuer: CertificateIssuer, limits: BodyLimits) -> None:
        self._issuer = issuer
        self._limits = limits

    async def create(self, scope: Scope, receive: Receive) -> Answer:
        """POST in version 2: JSON, and 200.

        What a client says it would like to have, as in `Accept`, changes nothing: one of them asks for PEM and reads
        JSON.

        Raises:
            CosignError: Nothing is issued.
        """
        issued = await self._issue(scope, receive, parse_submission)
        return Answer(HTTPStatus.OK, orjson.dumps(_describe(issued)), (JSON, NO_STORE))

    async def create_legacy(self, scope: Scope, receive: Receive) -> Answer:
        """POST in version 1: PEM, and 201; an SCT that is not in the certificate comes in a header.

        Raises:
            CosignError: Nothing is issued.
        """
        issued = await self._issue(scope, receive, parse_legacy_submission)
        headers = [PEM_CHAIN, NO_STORE]
        if issued.embedding is Embedding.DETACHED and issued.sct is not None:
            headers.append((b"sct", encode_b64(encode_sct_answer(issued.sct)).encode()))
        return Answer(HTTPStatus.CREATED, "".join(issued.pems).encode(), tuple(headers))

    async def _issue(
        self, scope: Scope, receive: Receive, parse: Callable[[bytes, Scope], Submission]
    ) -> IssuedCertificate:
        try:
            submission = parse(await read_body(scope, receive, self._limits), scope)
        except (CosignError, *_UNREADABLE) as error:
            self._issuer.refuse(error, problem_of(error).status)
            raise
        issued = await self._issuer.issue(submission.request, submission.token)
        NEW_CERTIFICATES.inc()
        return issued


def _describe(issued: IssuedCertificate) -> dict[str, object]:
    """Describe an answer of version 2; certificates without the line end behind them."""
    described: dict[str, object] = {"chain": {"certificates": [pem.rstrip("\n") for pem in issued.pems]}}
    if issued.embedding is Embedding.EMBEDDED:
        return {"signedCertificateEmbeddedSct": described}
    if issued.sct is not None:
        described["signedCertificateTimestamp"] = encode_b64(encode_sct_answer(issued.sct))
    return {"signedCertificateDetachedSct": described}
