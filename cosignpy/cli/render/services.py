"""A signing config for people and for programs, with what would be asked at a moment."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from cosignpy.cli.invocation import printable
from cosignpy.cli.render.trust import state_of
from cosignpy.core.encoding import JsonValue
from cosignpy.core.trust.selection import (
    CERTIFICATE_AUTHORITY,
    IDENTITY_PROVIDER,
    LOG,
    TIMESTAMP_AUTHORITY,
    NoSuitableService,
    ServiceKind,
    suitable_services,
)
from cosignpy.core.trust.signing_config import SIGNING_CONFIG, Selection, Selector, Service, SigningConfig
from cosignpy.core.trust.validity import encode_time, encode_validity

_ONE: Final = Selection(Selector.EXACT, 1)
"""Of authorities and identity providers one is asked, always."""

_TITLES: Final = {
    "certificateAuthorities": "Certificate authorities",
    "identityProviders": "Identity providers",
    "logs": "Transparency logs",
    "timestampAuthorities": "Timestamp authorities",
}


def signing_config_to_json(config: SigningConfig, moment: datetime) -> dict[str, JsonValue]:
    """Return what a signing config says, and of each service whether it may be chosen at a moment."""
    return {
        "mediaType": SIGNING_CONFIG,
        "at": encode_time(moment),
        "certificateAuthorities": _kind(config.certificate_authorities, _ONE, CERTIFICATE_AUTHORITY, moment),
        "identityProviders": _kind(config.identity_providers, _ONE, IDENTITY_PROVIDER, moment),
        "logs": _kind(config.logs, config.log_selection, LOG, moment),
        "timestampAuthorities": _kind(
            config.timestamp_authorities, config.timestamp_selection, TIMESTAMP_AUTHORITY, moment
        ),
    }


def signing_config_lines(config: SigningConfig, moment: datetime) -> Iterator[str]:
    """Write the same for a person."""
    found = signing_config_to_json(config, moment)
    for name, title in _TITLES.items():
        kind = found[name]
        count = f" {kind['count']}" if kind["count"] else ""
        yield f"{title}: {len(kind['services'])}, asked: {kind['selector']}{count}"
        for service in kind["services"]:
            chosen = "may be asked" if service["suitable"] else "not asked"
            yield f"  {printable(service['url'])}"
            yield f"    {service['state']}, version {service['majorApiVersion']}, {chosen}"
            if service["operator"]:
                yield f"    {printable(service['operator'])}"


def _kind(
    services: Sequence[Service], selection: Selection, kind: ServiceKind, moment: datetime
) -> dict[str, JsonValue]:
    try:
        suitable = suitable_services(services, kind, moment)
    except NoSuitableService:
        suitable = ()
    return {
        "selector": selection.selector.value,
        "count": selection.count,
        "services": [
            {
                "url": service.url,
                "operator": service.operator,
                "majorApiVersion": service.major_api_version,
                "validFor": encode_validity(service.validity),
                "state": state_of(service.validity, moment),
                "suitable": service in suitable,
            }
            for service in services
        ],
    }
