"""From the text of a token to who presented it: the part of issuing that decides whom a certificate names."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from ca_server.identity.claims import Claims, TokenRefused
from ca_server.identity.discovery import IssuerEndpoint
from ca_server.identity.issuer import Issuer
from ca_server.identity.issuer_keys import Failure, IssuerKeys, IssuerUnreachable, Keys, Outcome
from ca_server.identity.principal import Principal
from ca_server.identity.token import SignatureRefused, UnverifiedToken, parse_token, verify_token
from cosignpy.values import field, value

if TYPE_CHECKING:
    from concurrent.futures import Future


class IssuerTable(Protocol):
    """The configured issuers."""

    def find(self, iss: str) -> Issuer:
        """Find the issuer of a token by its `iss`.

        Raises:
            TokenRefused: It is not configured.
        """
        ...


Describe = Callable[[Issuer, Claims], Principal]
"""Makes a principal of verified claims, or raises TokenRefused: `principal.build_principal`."""


@value
class Identified:
    """Who presented a token, and who says so."""

    issuer: Issuer
    principal: Principal


@value
class Identities:
    """Identifies the holders of tokens."""

    issuers: Callable[[], IssuerTable]
    """The table that is in force now; it changes while the server runs."""
    keys: IssuerKeys = field(repr=False)
    describe: Describe
    now: Callable[[], float]

    async def identify(self, text: str) -> Identified:
        """Verify a token, and say whom it names.

        Raises:
            TokenRefused: Nothing may be issued for it.
            IssuerUnreachable: Its issuer cannot be asked for its keys now; the same token may do later.
        """
        token = parse_token(text)
        issuer = self.issuers().find(token.issuer)
        claims = await self._verify(token, issuer)
        return Identified(issuer, self.describe(issuer, claims))

    async def _verify(self, token: UnverifiedToken, issuer: Issuer) -> Claims:
        """Verify with the keys that are known; if none of them does, with new ones (OIDC Core section 10.1.1)."""
        endpoint = IssuerEndpoint(issuer.url, issuer.ca_cert.encode())
        try:
            return verify_token(token, await self._keys(endpoint), issuer.audience, self.now())
        except SignatureRefused:
            renewed = self.keys.renewed(endpoint)
            if renewed is None:
                raise
        keys = await self._outcome(renewed, endpoint)
        return verify_token(token, keys, issuer.audience, self.now())

    async def _keys(self, endpoint: IssuerEndpoint) -> Keys:
        known = self.keys.known(endpoint)
        if known is not None:
            return known
        try:
            return await self._outcome(self.keys.fetched(endpoint), endpoint)
        except (IssuerUnreachable, TokenRefused):
            kept = self.keys.kept(endpoint)
            if kept is None:
                raise
            return kept

    async def _outcome(self, future: "Future[Outcome]", endpoint: IssuerEndpoint) -> Keys:
        outcome = await asyncio.wrap_future(future)
        if isinstance(outcome, Failure):
            raise self.keys.error_of(outcome, endpoint)
        return outcome
