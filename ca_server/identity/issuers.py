"""The table of issuers: whose tokens are believed."""

from collections.abc import Iterator, Sequence
from typing import overload

from ca_server.identity.claims import TokenRefused
from ca_server.identity.issuer import Issuer
from ca_server.identity.uris import MAX_URI
from ca_server.identity.wildcards import Wildcards
from cosignpy.values import replace


class Issuers(Sequence[Issuer]):
    """The configured issuers, in the order of the file."""

    def __init__(self, issuers: Sequence[Issuer]) -> None:
        self._issuers = tuple(issuers)
        self._exact = {issuer.url: issuer for issuer in reversed(issuers) if not issuer.is_wildcard}
        self._wildcards = [(Wildcards.parse_url(issuer.url), issuer) for issuer in issuers if issuer.is_wildcard]

    def find(self, iss: str) -> Issuer:
        """Find the issuer of a token: the one of exactly this URL, else the first whose wildcards stand for it.

        Neither a slash at the end nor the case of letters is forgiven: two spellings may be two issuers.

        Raises:
            TokenRefused: There is none.
        """
        found = self._exact.get(iss)
        if found is not None:
            return found
        if len(iss) <= MAX_URI:
            for wildcards, issuer in self._wildcards:
                if wildcards.matches(iss):
                    return replace(issuer, url=iss)
        raise TokenRefused("its issuer is not configured")

    @overload
    def __getitem__(self, place: int) -> Issuer: ...

    @overload
    def __getitem__(self, place: slice) -> tuple[Issuer, ...]: ...

    def __getitem__(self, place: int | slice) -> Issuer | tuple[Issuer, ...]:
        return self._issuers[place]

    def __iter__(self) -> Iterator[Issuer]:
        return iter(self._issuers)

    def __len__(self) -> int:
        return len(self._issuers)
