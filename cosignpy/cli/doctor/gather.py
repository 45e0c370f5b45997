"""All facts, gathered from flags, environment, files and services."""

import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Final

from cosignpy.cli.configuration import MIRROR, MIRROR_ROOT, REPOSITORY, current_context, environment, settings
from cosignpy.cli.doctor.machine import find_key_files, inspect_credentials, inspect_identity
from cosignpy.cli.doctor.probe import HttpProber, probe_options
from cosignpy.cli.doctor.registry import inspect_registry
from cosignpy.cli.doctor.trust import TrustFacts, inspect_trust
from cosignpy.cli.doctor.variables import ONLY_COSIGN, known_variables
from cosignpy.cli.flags import RegistryFlags
from cosignpy.cli.invocation import CURRENT
from cosignpy.cli.oidc_flags import OidcFlags
from cosignpy.cli.service_flags import ServiceFlags
from cosignpy.cli.wiring import registry_options
from cosignpy.errors import CosignError, UsageError
from cosignpy.net.http import HttpClient, HttpOptions
from cosignpy.operations.doctor.facts import (
    Facts,
    IdentityFacts,
    RegistryFacts,
    ServiceAddress,
    ServiceRole,
    Setting,
    VariableFacts,
    show_address,
)
from cosignpy.operations.doctor.services import ask_services
from cosignpy.operations.doctor.signing_config import select_addresses
from cosignpy.services.oidc.obtain import CLIENT, ISSUER
from cosignpy.services.oidc.redirect import DEFAULT_REDIRECT
from cosignpy.values import value

_DEFAULTS: Final = MappingProxyType(
    {"oidc_issuer": ISSUER, "oidc_client_id": CLIENT, "oidc_redirect_url": DEFAULT_REDIRECT}
)
"""What counts where nobody says anything."""
_ADDRESSES: Final = ("_url", "_issuer", "_mirror")
"""How the names of settings end that are addresses."""
_WITHOUT_FLAGS: Final = (MIRROR, MIRROR_ROOT, REPOSITORY)
"""What people know by the names of variables."""


@value
class Examination:
    """What is to be looked at; `place` is an image or a registry, empty for none."""

    services: ServiceFlags
    oidc: OidcFlags
    registry: RegistryFlags
    place: str
    offline: bool


def gather_facts(wanted: Examination) -> Facts:
    """Look at everything.

    Raises:
        UsageError: The flags contradict each other, or the place is none to look at.
        CosignError: The configuration cannot be read.
    """
    now, variables = datetime.now(UTC), environment()
    options, proxy_error = _http_options(variables)
    client = HttpClient(options)
    CURRENT.resources.callback(client.close)
    registry = _ask_registry(wanted, proxy_error)  # first, since it may be no name of one
    trust = inspect_trust(wanted.services, variables, None if wanted.offline else client)
    identity = inspect_identity(wanted.oidc, variables, client)
    services = () if wanted.offline else tuple(_services(trust, _issuer(wanted.oidc, identity), now))
    files, helpers = inspect_credentials(variables)
    return Facts(
        now,
        settings=tuple(_settings(options, trust)),
        offline=wanted.offline,
        services=ask_services(HttpProber(client, options.proxies), services),
        cache=trust.cache,
        trusted_root=trust.trusted_root,
        signing_config=trust.signing_config,
        credential_files=files,
        helpers=helpers,
        identity=identity,
        has_password="COSIGN_PASSWORD" in variables,
        variables=VariableFacts(tuple(sorted(os.environ)), known_variables(), ONLY_COSIGN, proxy_error),
        key_files=tuple(find_key_files(Path.cwd())),
        registry=registry,
    )


def _http_options(variables: Mapping[str, str]) -> tuple[HttpOptions, CosignError | None]:
    """Return how to ask; where a proxy variable is none, how to ask without a proxy, and what is wrong with it."""
    try:
        return probe_options(variables), None
    except UsageError as error:
        return probe_options({}), error


def _issuer(oidc: OidcFlags, identity: IdentityFacts) -> str | None:
    """Return which issuer a person would sign in at, empty for the signing config's; None where nobody has to."""
    if identity.provider:
        return None
    return oidc.oidc_issuer if oidc.oidc_issuer != ISSUER else ""


def _services(trust: TrustFacts, issuer: str | None, now: datetime) -> Iterator[ServiceAddress]:
    """Yield whom signers and verifiers ask; an issuer only for certificates."""
    config = trust.signing_config
    found = select_addresses(config.content, now) if config is not None and config.error is None else ()
    issuers = [each for each in found if each.role is ServiceRole.ISSUER]
    yield from (each for each in found if each.role is not ServiceRole.ISSUER)
    if issuer is not None and any(each.role is ServiceRole.AUTHORITY for each in found):
        named = [ServiceAddress.of(ServiceRole.ISSUER, issuer)] if issuer else issuers
        yield from named or [ServiceAddress.of(ServiceRole.ISSUER, ISSUER)]
    if trust.mirror:
        yield ServiceAddress.of(ServiceRole.MIRROR, trust.mirror)


def _ask_registry(wanted: Examination, proxy_error: CosignError | None) -> RegistryFacts | None:
    if not wanted.place or wanted.offline:
        return None
    if proxy_error is not None:
        return RegistryFacts(wanted.place, proxy_error)
    return inspect_registry(wanted.place, registry_options(wanted.registry))


def _settings(options: HttpOptions, trust: TrustFacts) -> Iterator[Setting]:
    """Yield what is configured, and where that is from; nothing of it may be a secret."""
    context = current_context()
    if context is not None:
        yield Setting("context", context.name, str(context.file))
    defaults = {**_DEFAULTS, "tuf_mirror": trust.cache.mirror if trust.cache is not None else ""}
    for found in settings().values():
        name = found.setting.name
        shown = found.setting.variable if found.setting in _WITHOUT_FLAGS else name.replace("_", "-")
        yield Setting(shown, _show(name, found.content) or defaults.get(name, ""), found.described)
    for scheme, proxy in (("http", options.proxies.http), ("https", options.proxies.https)):
        found_by = "default" if proxy is None else "environment"
        yield Setting(f"proxy for {scheme}", "" if proxy is None else str(proxy.origin), found_by)


def _show(name: str, content: object) -> str:
    if isinstance(content, bool):
        return "yes" if content else ""
    texts = content if isinstance(content, tuple | list) else (content,)
    said = [text for text in map(str, texts) if text]
    return ", ".join(map(show_address, said) if name.endswith(_ADDRESSES) else said)
