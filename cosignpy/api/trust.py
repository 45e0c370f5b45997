"""Whom to believe and whom to ask, where no file says it: the mirror that cosign's variables and folder name."""

import logging
import os
from contextlib import closing
from typing import Final

from cosignpy.core.trust.signing_config import SigningConfig, parse_signing_config
from cosignpy.core.trust.trusted_root import TrustedRoot, parse_trusted_root
from cosignpy.net.clock import Clock
from cosignpy.net.http import HttpClient, HttpOptions
from cosignpy.net.proxy import Proxies
from cosignpy.services.tuf.cache import SIGNING_CONFIG, TRUSTED_ROOT, TrustCache, TrustPorts
from cosignpy.services.tuf.environment import cache_folder, select_mirror
from cosignpy.values import value

_LOG: Final = logging.getLogger("cosignpy.trust")


@value
class GivenTrust:
    """A trusted root that is at hand."""

    root: TrustedRoot

    def trusted_root(self) -> TrustedRoot:
        """Return it."""
        return self.root


def fetch_trusted_root() -> TrustedRoot:
    """Return whom to believe, as the mirror says that is configured: Sigstore's public instance where none is.

    It is kept in cosign's folder (TUF_ROOT, else `~/.sigstore/root`) and asked for again a day before it expires.
    TUF_MIRROR and TUF_ROOT_JSON name another mirror and the root that its metadata begins with.

    Raises:
        Unreachable: The mirror cannot be asked, and what is kept has expired or is not there.
        UntrustedRepository: What the mirror has cannot be believed.
        CosignError: The folder or the root cannot be read.
    """
    return parse_trusted_root(_target(TRUSTED_ROOT))


def fetch_signing_config() -> SigningConfig:
    """Return whom to ask for certificates, log entries and timestamps, from the same mirror.

    Raises:
        NoSuchTarget: The mirror says nothing about that.
        CosignError: As for `fetch_trusted_root`.
    """
    return parse_signing_config(_target(SIGNING_CONFIG))


def _target(name: str) -> bytes:
    folder = cache_folder(os.environ)
    with closing(open_client()) as client:
        ports = TrustPorts(client, Clock(), _LOG.info)
        return TrustCache(folder, select_mirror(folder, os.environ), ports).target(name)


def open_client() -> HttpClient:
    """Open a client that uses the proxies of the environment.

    Raises:
        UsageError: A proxy variable that is none.
    """
    return HttpClient(HttpOptions(proxies=Proxies.from_environment(os.environ)))
