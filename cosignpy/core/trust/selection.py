"""Which services of a signing config a signer asks (protobuf-specs, comments on `SigningConfig` and `ServiceSelector`).

Of those that may be asked at the moment, only the highest version that is spoken counts, and of each operator the
service that began last: so an operator can open the next shard of a log before the last one closes.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

from cosignpy.core.trust.signing_config import Selection, Selector, Service
from cosignpy.errors import UsageError
from cosignpy.values import record, value

Draw = Callable[[Sequence[Service], int], Sequence[Service]]
"""Takes a number of services out of enough of them; `random.sample` is one."""

_ALWAYS: Final = datetime.min.replace(tzinfo=UTC)
"""When a service began of which nothing says when."""


@value
class ServiceKind:
    """A kind of service: what people call it, and the versions of its interface that are spoken."""

    name: str
    versions: tuple[int, ...]


CERTIFICATE_AUTHORITY: Final = ServiceKind("certificate authority", (1,))
"""Fulcio's version is 1, whose paths say v2 all the same."""
IDENTITY_PROVIDER: Final = ServiceKind("identity provider", (1,))
LOG: Final = ServiceKind("transparency log", (1, 2))
PROMISING_LOG: Final = ServiceKind("transparency log", (1,))
"""A log that promises its entries, as signatures from before bundles need it: version 2 makes no promises."""
TIMESTAMP_AUTHORITY: Final = ServiceKind("timestamp authority", (1,))


@record
class NoSuitableService(UsageError):
    """A signing config without the services that are needed: none, too few, or no rule how many to ask."""


def take_newest(services: Sequence[Service], count: int) -> Sequence[Service]:
    """Draw those that began last."""
    return services[:count]


def select_service(services: Sequence[Service], kind: ServiceKind, moment: datetime) -> Service:
    """Return the service to ask where one is enough.

    Raises:
        NoSuitableService: None of these versions may be asked at that moment.
    """
    return suitable_services(services, kind, moment)[0]


def select_services(
    services: Sequence[Service],
    selection: Selection,
    kind: ServiceKind,
    moment: datetime,
    draw: Draw = take_newest,
) -> Sequence[Service]:
    """Return the services to ask, all of them.

    Raises:
        NoSuitableService: None of these versions may be asked at that moment, fewer than have to be, or nothing says
            how many.
    """
    found = suitable_services(services, kind, moment)
    if selection.selector is Selector.UNDEFINED:
        raise NoSuitableService(f"the signing config does not say which {kind.name} to ask")
    if selection.selector is Selector.ALL:
        return found
    count = selection.count if selection.selector is Selector.EXACT else 1
    if not 1 <= count <= len(found):
        raise NoSuitableService(
            f"the signing config wants {count} of kind {kind.name} to be asked, of different operators: "
            f"there are {len(found)}"
        )
    return draw(found, count)


def suitable_services(services: Sequence[Service], kind: ServiceKind, moment: datetime) -> Sequence[Service]:
    """Return what is to be selected from, the newest first: one of each operator, all of one version.

    Raises:
        NoSuitableService: There is none.
    """
    current = [each for each in services if each.major_api_version in kind.versions and _may_be_asked(each, moment)]
    if not current:
        versions = " or ".join(str(version) for version in kind.versions)
        raise NoSuitableService(
            f"the signing config has no {kind.name} of version {versions} for {moment.isoformat(timespec='seconds')}"
        )
    version = max(each.major_api_version for each in current)
    current.sort(key=lambda each: each.validity.start or _ALWAYS, reverse=True)
    first_of: dict[str, Service] = {}
    for each in current:
        if each.major_api_version == version:
            first_of.setdefault(each.operator, each)
    return tuple(first_of.values())


def _may_be_asked(service: Service, moment: datetime) -> bool:
    """Tell whether nothing speaks against it: to ask the wrong service proves nothing, so no start is no objection."""
    return not service.validity.begins_after(moment) and not service.validity.ended_before(moment)
