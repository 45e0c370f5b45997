"""Signing configs: the services a signer asks (protobuf-specs, `SigningConfig`), version 0.2 of the format."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final

from cosignpy.core.encoding import JsonObject, JsonValue, encode_json
from cosignpy.core.trust.validity import Validity, encode_validity, parse_validity
from cosignpy.errors import LimitExceeded
from cosignpy.values import replace, value

SIGNING_CONFIG: Final = "application/vnd.dev.sigstore.signingconfig.v0.2+json"
"""The one media type there is a client for; what 0.1 said cannot be told apart by version."""

MAX_SIGNING_CONFIG: Final = 1 << 20
"""Octets. The public instance needs a thousand."""
MAX_SERVICES: Final = 256
"""Of each kind."""
MAX_VERSION: Final = 2**32 - 1
"""Versions and counts are uint32."""


class Selector(StrEnum):
    """Of those services that could be asked, how many are."""

    UNDEFINED = "SERVICE_SELECTOR_UNDEFINED"
    ALL = "ALL"
    ANY = "ANY"
    EXACT = "EXACT"


@value
class Selection:
    """A selector, and for `EXACT` the number."""

    selector: Selector = Selector.UNDEFINED
    count: int = 0


@value
class Service:
    """One place that can be asked.

    Attributes:
        url: Where it is; of a timestamp authority the whole URL that requests go to.
        major_api_version: Which interface it has.
        validity: When it may be asked.
        operator: Who runs it: of one operator's services one is asked.
    """

    url: str
    major_api_version: int
    validity: Validity
    operator: str = ""


@value
class SigningConfig:
    """The services of one Sigstore instance, or of several."""

    certificate_authorities: tuple[Service, ...] = ()
    identity_providers: tuple[Service, ...] = ()
    logs: tuple[Service, ...] = ()
    log_selection: Selection = Selection()
    timestamp_authorities: tuple[Service, ...] = ()
    timestamp_selection: Selection = Selection()

    def dated(self, start: datetime) -> "SigningConfig":
        """Return the same with a beginning for each service that has none."""
        return replace(
            self,
            certificate_authorities=_dated(self.certificate_authorities, start),
            identity_providers=_dated(self.identity_providers, start),
            logs=_dated(self.logs, start),
            timestamp_authorities=_dated(self.timestamp_authorities, start),
        )


def _dated(services: tuple[Service, ...], start: datetime) -> tuple[Service, ...]:
    return tuple(
        [replace(each, validity=Validity(each.validity.start or start, each.validity.end)) for each in services]
    )


def parse_signing_config(raw: bytes) -> SigningConfig:
    """Parse a signing config.

    Raises:
        MalformedError: Not strict JSON, not a signing config of version 0.2, or a service without a URL.
        LimitExceeded: Larger than any, or more services.
    """
    if len(raw) > MAX_SIGNING_CONFIG:
        raise LimitExceeded("signing config", f"{len(raw)} octets, at most {MAX_SIGNING_CONFIG} are accepted")
    return read_signing_config(JsonObject.parse(raw, what="signing config"))


def read_signing_config(found: JsonObject) -> SigningConfig:
    """Read a signing config that is part of another document.

    Raises:
        MalformedError: As `parse_signing_config`.
    """
    media_type = found.text("mediaType")
    if media_type != SIGNING_CONFIG:
        raise found.malformed("mediaType", f"{media_type!r} is not the type of a signing config we know")
    found.refuse_unknown("mediaType", "caUrls", "oidcUrls", "rekorTlogUrls", "rekorTlogConfig", "tsaUrls", "tsaConfig")
    return SigningConfig(
        certificate_authorities=_read_services(found, "caUrls"),
        identity_providers=_read_services(found, "oidcUrls"),
        logs=_read_services(found, "rekorTlogUrls"),
        log_selection=_read_selection(found.optional_child("rekorTlogConfig")),
        timestamp_authorities=_read_services(found, "tsaUrls"),
        timestamp_selection=_read_selection(found.optional_child("tsaConfig")),
    )


def encode_signing_config(config: SigningConfig) -> bytes:
    """Encode a signing config, members in the order cosign writes them."""
    return encode_json(signing_config_members(config))


def signing_config_members(config: SigningConfig) -> dict[str, JsonValue]:
    """Return a signing config as a JSON object, to be encoded or to become part of another document."""
    return {
        "mediaType": SIGNING_CONFIG,
        "caUrls": _service_members(config.certificate_authorities),
        "oidcUrls": _service_members(config.identity_providers),
        "rekorTlogUrls": _service_members(config.logs),
        "rekorTlogConfig": _selection_members(config.log_selection),
        "tsaUrls": _service_members(config.timestamp_authorities),
        "tsaConfig": _selection_members(config.timestamp_selection),
    }


def _read_services(found: JsonObject, name: str) -> tuple[Service, ...]:
    return tuple([_read_service(item) for item in found.children(name, most=MAX_SERVICES)])


def _read_service(found: JsonObject) -> Service:
    found.refuse_unknown("url", "majorApiVersion", "validFor", "operator")
    return Service(
        url=found.text("url"),
        major_api_version=_read_number(found, "majorApiVersion"),
        validity=parse_validity(found.optional_child("validFor")),
        operator=found.optional_text("operator"),
    )


def _read_selection(found: JsonObject | None) -> Selection:
    if found is None:
        return Selection()
    found.refuse_unknown("selector", "count")
    name = found.optional_text("selector", Selector.UNDEFINED)
    if name not in set(Selector):
        raise found.malformed("selector", f"{name!r} is not a selector we know")
    return Selection(Selector(name), _read_number(found, "count"))


def _read_number(found: JsonObject, name: str) -> int:
    """Return a number that is left out where it is zero."""
    number = found.integer(name) if name in found else 0
    if number > MAX_VERSION:
        raise found.malformed(name, "expected an integer of 32 bits")
    return number


def _service_members(services: Sequence[Service]) -> list[JsonValue]:
    return [
        {
            "url": service.url,
            "majorApiVersion": service.major_api_version,
            "validFor": encode_validity(service.validity),
            "operator": service.operator,
        }
        for service in services
    ]


def _selection_members(selection: Selection) -> dict[str, JsonValue]:
    members: dict[str, JsonValue] = {}
    if selection.selector is not Selector.UNDEFINED:
        members["selector"] = selection.selector.value
    return members | ({"count": selection.count} if selection.count else {})
