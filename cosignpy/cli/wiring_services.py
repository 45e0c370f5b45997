"""The services that sign along, from a signing config: whom to ask for certificates, log entries and timestamps."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

from cosignpy.cli import wiring_identity
from cosignpy.cli.invocation import CURRENT
from cosignpy.cli.oidc_flags import OidcFlags
from cosignpy.core.trust.selection import (
    CERTIFICATE_AUTHORITY,
    IDENTITY_PROVIDER,
    LOG,
    PROMISING_LOG,
    TIMESTAMP_AUTHORITY,
    NoSuitableService,
    select_service,
    select_services,
)
from cosignpy.core.trust.signing_config import Service, SigningConfig
from cosignpy.errors import UsageError
from cosignpy.net.clock import Clock
from cosignpy.net.http import HttpClient
from cosignpy.net.url import Url
from cosignpy.operations.complete_bundle import SigningKey, SigningServices
from cosignpy.operations.keyless import KeylessSigner
from cosignpy.operations.ports import TrustSource
from cosignpy.operations.signing_ports import TransparencyLog
from cosignpy.services.fulcio import FulcioClient
from cosignpy.services.oidc.obtain import ISSUER
from cosignpy.services.oidc.token import IdentityToken
from cosignpy.services.rekor_v1 import RekorV1Client
from cosignpy.services.rekor_v2 import RekorV2Client, V2Options
from cosignpy.services.timestamp_authority import TimestampClient
from cosignpy.values import replace, value

_V2: Final = 2


def open_services(config: SigningConfig, client: HttpClient, trust: TrustSource) -> SigningServices:
    """Return the logs and timestamp authorities that a signing config wants asked now.

    Raises:
        UsageError: It has too few, or does not say how many to ask.
        CosignError: The trusted root, which names the keys of logs, cannot be read.
    """
    now = datetime.now(UTC)
    logs: Sequence[Service] = ()
    authorities: Sequence[Service] = ()
    if config.logs:
        logs = select_services(config.logs, config.log_selection, LOG, now)
    if config.timestamp_authorities:
        authorities = select_services(
            config.timestamp_authorities, config.timestamp_selection, TIMESTAMP_AUTHORITY, now
        )
    return SigningServices(
        tuple([_open_log(log, client, trust) for log in logs]),
        tuple([TimestampClient(authority.url, client) for authority in authorities]),
        _open_promising(config, client, now),
    )


def _open_promising(config: SigningConfig, client: HttpClient, now: datetime) -> TransparencyLog | None:
    """Return a log of Rekor v1, also where the signing config has a newer one, which is the one it wants asked."""
    try:
        return RekorV1Client(select_service(config.logs, PROMISING_LOG, now).url, client)
    except NoSuitableService:
        return None


def _open_log(log: Service, client: HttpClient, trust: TrustSource) -> TransparencyLog:
    if log.major_api_version != _V2:
        return RekorV1Client(log.url, client)
    known = (each.log_id for each in trust.trusted_root().logs if each.base_url.rstrip("/") == log.url.rstrip("/"))
    return RekorV2Client(log.url, client, options=V2Options(log_id=next(known, None)))


def open_keyless(config: SigningConfig, client: HttpClient, oidc: OidcFlags) -> Callable[[], SigningKey]:
    """Return what certifies a key for whoever runs this, when it is called first.

    Raises:
        UsageError: There is no certificate authority to ask.
    """
    now = datetime.now(UTC)
    if not config.certificate_authorities:
        raise UsageError(
            "no certificate authority is named, and without a key one is needed",
            "give --fulcio-url, a --signing-config that has one, or a --key",
        )
    address = select_service(config.certificate_authorities, CERTIFICATE_AUTHORITY, now).url
    authority = FulcioClient(address, client)
    origin = Url.parse(address).origin
    if origin.scheme == "http" and not origin.is_loopback:
        CURRENT.warn(f"{address} is asked without TLS: whoever is on the way can read your identity token, and use it")
    if oidc.oidc_issuer == ISSUER and config.identity_providers:
        oidc = replace(oidc, oidc_issuer=select_service(config.identity_providers, IDENTITY_PROVIDER, now).url)
    signer = KeylessSigner(_Identities(oidc), authority, lambda: datetime.fromtimestamp(Clock().wall(), UTC))
    return signer.certified


@value
class _Identities:
    """Tokens of whoever runs this."""

    flags: OidcFlags

    def obtain(self) -> IdentityToken:
        """Return one that is good now."""
        return wiring_identity.identity_token(self.flags)
