"""Whether the signing config names services to ask now, and only such as the trusted root believes."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

from cosignpy.core.trust.selection import (
    CERTIFICATE_AUTHORITY,
    IDENTITY_PROVIDER,
    LOG,
    TIMESTAMP_AUTHORITY,
    ServiceKind,
    select_services,
)
from cosignpy.core.trust.signing_config import Selection, Selector, Service, SigningConfig, parse_signing_config
from cosignpy.core.trust.trusted_root import CertificateAuthority, TransparencyLog, TrustedRoot
from cosignpy.errors import MalformedError, NoSuchTarget, UsageError
from cosignpy.operations.doctor.facts import Facts, ServiceAddress, ServiceRole
from cosignpy.operations.doctor.findings import Check, Finding, ok, problem, warning
from cosignpy.operations.doctor.trust import read_root
from cosignpy.values import value

NAMED: Final = ok("signing-config-read")
SELECTED: Final = ok("signing-config-selects")
MISSING: Final = warning(
    "signing-config-missing", "to sign, name services: --signing-config FILE, or --fulcio-url and --rekor-url"
)
UNREADABLE: Final = problem(
    "signing-config-unreadable",
    "see what is said here of trust metadata and services, or name a file: --signing-config FILE",
)
NOTHING: Final = problem(
    "signing-config-selects-none", "get a newer signing config: cosignpy initialize, or from whoever gave you the file"
)
STRANGER: Final = problem(
    "service-not-trusted",
    "have the key or certificate of the service added to the trusted root: what it signs is refused when you sign",
)
ENDED: Final = problem(
    "service-trust-ended", "get a newer trusted root: the keys it has of this service are not those of today"
)

_ONE: Final = Selection(Selector.EXACT, 1)
_V1: Final = 1
_ROLES: Final = MappingProxyType(
    {
        CERTIFICATE_AUTHORITY: ServiceRole.AUTHORITY,
        IDENTITY_PROVIDER: ServiceRole.ISSUER,
        TIMESTAMP_AUTHORITY: ServiceRole.STAMPER,
    }
)


@value
class _Part:
    """One kind of service in a signing config, and who of the trusted root vouches for it."""

    kind: ServiceKind
    services: Sequence[Service]
    selection: Selection

    def select(self, moment: datetime) -> Sequence[Service]:
        return select_services(self.services, self.selection, self.kind, moment) if self.services else ()


def _parts(config: SigningConfig) -> tuple[_Part, ...]:
    return (
        _Part(CERTIFICATE_AUTHORITY, config.certificate_authorities, _ONE),
        _Part(IDENTITY_PROVIDER, config.identity_providers, _ONE),
        _Part(LOG, config.logs, config.log_selection),
        _Part(TIMESTAMP_AUTHORITY, config.timestamp_authorities, config.timestamp_selection),
    )


def select_addresses(content: bytes, moment: datetime) -> tuple[ServiceAddress, ...]:
    """Return which services a signing config has asked at a moment; a kind of which there is none is left out."""
    try:
        parts = _parts(parse_signing_config(content))
    except MalformedError:
        return ()  # told by `check_signing_config`
    return tuple(_address(part, service) for part in parts for service in _try_select(part, moment))


def check_signing_config(facts: Facts) -> Iterator[Finding]:
    """Look at the signing config, and compare it with the trusted root."""
    document = facts.signing_config
    if document is None or isinstance(document.error, NoSuchTarget):
        why = "a trusted root is named, and no services besides" if document is None else str(document.error)
        yield MISSING(why)
        return
    if document.error is not None:
        yield UNREADABLE(document.tell(document.error))
        return
    try:
        config = parse_signing_config(document.content)
    except MalformedError as error:
        yield UNREADABLE(document.tell(error))
        return
    yield NAMED(f"{document.source} can be read")
    root = read_root(facts.trusted_root)
    for part in _parts(config):
        yield from _judge_part(part, root, facts.now)


def _judge_part(part: _Part, root: TrustedRoot | None, now: datetime) -> Iterator[Finding]:
    try:
        selected = part.select(now)
    except UsageError as error:
        yield NOTHING(str(error))
        return
    for service in selected:
        known = None if root is None else _known(part.kind, service, root)
        address = _address(part, service)
        if known is not None and not known:
            yield STRANGER(f"{address} is not in the trusted root")
        elif known is not None and not any(_is_usable(each, now) for each in known):
            yield ENDED(f"{address} is in the trusted root, and not as of now")
        else:
            yield SELECTED(f"{address} is asked")


def _try_select(part: _Part, moment: datetime) -> Sequence[Service]:
    try:
        return part.select(moment)
    except UsageError:
        return ()  # told by `check_signing_config`


def _known(
    kind: ServiceKind, service: Service, root: TrustedRoot
) -> Sequence[TransparencyLog | CertificateAuthority] | None:
    """Return what the trusted root has of a service, by its host; None for kinds that nobody vouches for."""
    host = _host(service.url)
    if kind is CERTIFICATE_AUTHORITY:
        return [each for each in root.certificate_authorities if _host(each.uri) == host]
    if kind is TIMESTAMP_AUTHORITY:
        return [each for each in root.timestamp_authorities if _host(each.uri) == host]
    return [each for each in root.logs if _host(each.base_url) == host] if kind is LOG else None


def _is_usable(item: TransparencyLog | CertificateAuthority, now: datetime) -> bool:
    return item.validity.covers(now) and (isinstance(item, CertificateAuthority) or item.key is not None)


def _host(url: str) -> str:
    """Return the host and port of an address, as far as it is one."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2].lower()
    except ValueError:  # brackets that do not match
        return ""


def _address(part: _Part, service: Service) -> ServiceAddress:
    if part.kind is LOG:
        role = ServiceRole.LOG_V1 if service.major_api_version == _V1 else ServiceRole.LOG_V2
    else:
        role = _ROLES[part.kind]
    return ServiceAddress.of(role, service.url)


SIGNING_CONFIG: Final = Check(
    "signing-config",
    "Signing config",
    (NAMED, SELECTED, MISSING, UNREADABLE, NOTHING, STRANGER, ENDED),
    check_signing_config,
)
