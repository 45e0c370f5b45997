"""What signing needs, from flags: the key or the identity, the services, and whom verifiers will believe."""

import os
import sys
from typing import TYPE_CHECKING, Final

from cosignpy.cli import wiring_keys
from cosignpy.cli.invocation import CURRENT
from cosignpy.cli.oidc_flags import OidcFlags
from cosignpy.cli.service_flags import ServiceFlags
from cosignpy.cli.trust_source import Once, select_trust
from cosignpy.errors import UsageError
from cosignpy.values import value

if TYPE_CHECKING:
    from collections.abc import Callable

    from cosignpy.core.keys.signatures import DigestSigner
    from cosignpy.core.trust.signing_config import SigningConfig
    from cosignpy.operations.complete_bundle import SigningKey, SigningServices
    from cosignpy.operations.ports import TrustSource

NOTICE: Final = (
    "The signature, and the name in its certificate (your e-mail address, or that of the job), will be in a public log "
    "for good: nobody can remove them."
)


@value
class Signing:
    """Ready to sign: `key` asks for an identity and a certificate when it is called first, where there is no key."""

    key: "Callable[[], SigningKey]"
    services: "SigningServices"
    trust: "TrustSource"


def open_signing(key: str, flags: ServiceFlags, oidc: OidcFlags, *, yes: bool) -> Signing:
    """Get ready to sign with a key, or without one.

    A key is being unlocked while everything else is imported and read.

    Raises:
        UsageError: The flags contradict each other, the services do not suffice, or a person said no.
        CosignError: The key, the signing config or the mirror that has it cannot be read.
    """
    flags.check()
    loading = wiring_keys.start_loading_signer(key) if key else None
    from cosignpy.cli import wiring_services
    from cosignpy.net.http import HttpClient, HttpOptions
    from cosignpy.net.proxy import Proxies
    from cosignpy.operations.complete_bundle import check_services

    config, trust = read_config(flags), Once(select_trust(flags.trusted_root))
    client = HttpClient(HttpOptions(proxies=Proxies.from_environment(os.environ)))
    CURRENT.resources.callback(client.close)
    services = wiring_services.open_services(config, client, trust)
    check_services(services, keyless=loading is None)
    if loading is not None:
        return Signing(_wrap(loading), services, trust)
    _confirm(oidc, yes=yes)
    return Signing(wiring_services.open_keyless(config, client, oidc), services, trust)


def read_config(flags: ServiceFlags) -> "SigningConfig":
    """Return the signing config of the flags, else the mirror's.

    Raises:
        CosignError: The signing config or the mirror that has it cannot be read.
    """
    named = flags.named()
    if named is not None:
        return named
    from cosignpy.cli.wiring_trust import read_target
    from cosignpy.core.trust.signing_config import parse_signing_config
    from cosignpy.services.tuf.cache import SIGNING_CONFIG

    return parse_signing_config(read_target(SIGNING_CONFIG))


def _wrap(loading: "Callable[[], DigestSigner]") -> "Callable[[], SigningKey]":
    from cosignpy.operations.complete_bundle import SigningKey

    return lambda: SigningKey(loading())


def _confirm(oidc: OidcFlags, *, yes: bool) -> None:
    """Ask a person who is about to sign in whether they know what will be public.

    Raises:
        UsageError: They said no.
    """
    from cosignpy.cli.prompts import Terminal

    if yes or oidc.identity_token or not sys.stdin.isatty():
        return

    CURRENT.say(NOTICE)
    Terminal.of_process().confirm("Go on and sign?", UsageError("not signed, as you wish"))
