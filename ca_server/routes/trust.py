"""What clients have to believe, and whom this authority believes (fulcio, `fulcio.proto`): all of it public."""

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Final

import orjson
from starlette.types import Receive, Scope

from ca_server.authority.protocol import Authority, Chain, encode_chain
from ca_server.identity.issuer import Issuer
from cosignpy.serving.routing import JSON, NO_STORE, Answer

PEM_CHAIN: Final = (b"content-type", b"application/pem-certificate-chain")


class Trust:
    """The endpoints that tell of authorities and issuers."""

    def __init__(self, authorities: Sequence[Authority], issuers: Callable[[], Sequence[Issuer]]) -> None:
        self._authorities = authorities
        self._issuers = issuers

    async def bundle(self, _scope: Scope, _receive: Receive) -> Answer:
        """GET all chains, the issuing certificate first: of every authority, and those that are being replaced."""
        chains = [{"certificates": trimmed_pems(chain)} for chain in self._chains()]
        return Answer(HTTPStatus.OK, orjson.dumps({"chains": chains}), (JSON, NO_STORE))

    async def legacy_root(self, _scope: Scope, _receive: Receive) -> Answer:
        """GET the chain that certificates are issued under now, as version 1 did."""
        chain = self._authorities[0].current().chain
        return Answer(HTTPStatus.OK, join_pems(chain), (PEM_CHAIN, NO_STORE))

    async def configuration(self, _scope: Scope, _receive: Receive) -> Answer:
        """GET the issuers whose tokens are believed, and for which audience."""
        shown = [describe(issuer) for issuer in self._issuers()]
        return Answer(HTTPStatus.OK, orjson.dumps({"issuers": shown}), (JSON, NO_STORE))

    def _chains(self) -> Sequence[Chain]:
        """Return each chain once: authorities may share some."""
        return tuple(dict.fromkeys(chain for one in self._authorities for chain in one.trusted_chains()))


def describe(issuer: Issuer) -> dict[str, str | bool]:
    """Return what clients are told of an issuer; members without a value are left out, as Go leaves them."""
    told: dict[str, str | bool] = {
        "wildcardIssuerUrl" if issuer.is_wildcard else "issuerUrl": issuer.configured or issuer.url,
        "audience": issuer.audience,
        "challengeClaim": issuer.challenge_claim,
        "spiffeTrustDomain": issuer.spiffe_trust_domain,
        "issuerType": issuer.type.value,
        "subjectDomain": issuer.subject_domain,
        "skipEmailVerification": issuer.skip_email_verification,
    }
    return {name: content for name, content in told.items() if content}


def trimmed_pems(chain: Chain) -> list[str]:
    """Return certificates in PEM without the line end behind, as answers in JSON have them."""
    return [pem.rstrip("\n") for pem in encode_chain(chain)]


def join_pems(chain: Chain) -> bytes:
    """Return certificates in PEM, one after the other, as files have them."""
    return "".join(encode_chain(chain)).encode()
