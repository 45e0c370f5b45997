"""Which servers may be spoken to, where somebody else chooses their names: a tenant of a cluster, or a registry.

What counts is the address that a connection is made to, and not what its name meant to whoever looked before
(CWE-918; "DNS rebinding"). Addresses that stand for others (IPv4 within IPv6) are judged as what they stand for.
"""

import ipaddress
import re
from collections.abc import Iterator
from enum import Enum
from typing import Final

from cosignpy.net.failures import RefusedAddress
from cosignpy.net.url import Origin
from cosignpy.values import value

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network

METADATA: Final[tuple[_Network, ...]] = tuple(
    ipaddress.ip_network(text)
    for text in (
        "169.254.0.0/16",  # RFC 3927; AWS, Azure, Google, Oracle, OpenStack, and credentials of containers on AWS
        "fe80::/10",  # RFC 4291 section 2.5.6
        "fd00:ec2::/32",  # AWS
        "fd20:ce::/32",  # Google
        "fd00:c1::/32",  # Oracle
        "100.100.100.200/32",  # Alibaba
        "168.63.129.16/32",  # Azure, for agents of virtual machines
        "192.0.0.0/24",  # RFC 6890; formerly Oracle
    )
)
"""Of link-local addresses, and of services that hand out a machine's credentials: no registry is at one."""

_COMPATIBLE: Final = ipaddress.IPv6Network("::/96")
"""IPv4 as in the first years of IPv6 (RFC 4291 section 2.5.5.1)."""
_IPV4_WITHIN: Final = (
    _COMPATIBLE,
    ipaddress.IPv6Network("::ffff:0:0/96"),  # RFC 4291 section 2.5.5.2
    ipaddress.IPv6Network("64:ff9b::/96"),  # RFC 6052
)
_LOW: Final = 0xFFFFFFFF
_NUMBER: Final = re.compile(r"(?:0[xX][0-9a-fA-F]*|[0-9]+)(?:\.(?:0[xX][0-9a-fA-F]*|[0-9]+)){0,3}")
"""An IPv4 address in the spellings of `inet_aton`: names of hosts do not look like that."""


class LocalAddresses(Enum):
    """Whether this machine itself may be spoken to."""

    REFUSED = "refused"
    ALLOWED = "allowed"


class PrivateAddresses(Enum):
    """Whether networks may be that are not on the internet: those of clusters and companies are."""

    REFUSED = "refused"
    ALLOWED = "allowed"


@value
class AddressRule:
    """What an `HttpClient` asks before it speaks to a server. Proxies are exempt: who runs the program names them.

    Attributes:
        local: Whether loopback addresses may be spoken to.
        private: Whether private ones (RFC 1918, RFC 4193, RFC 6598) may.
        plain_http: Servers (`host` or `host:port`) that plain HTTP may be spoken to; to others it is not.
    """

    local: LocalAddresses = LocalAddresses.REFUSED
    private: PrivateAddresses = PrivateAddresses.ALLOWED
    plain_http: frozenset[str] = frozenset()

    def allows_http(self, origin: Origin) -> bool:
        """Tell whether plain HTTP may be spoken to a server; its scheme and default port do not matter."""
        names = {f"{_bracketed(origin.host)}:{origin.port}", origin.authority.lower()}
        return any(each.lower() in names for each in self.plain_http)

    def check_origin(self, origin: Origin) -> None:
        """Refuse what is wrong whatever the name means.

        Raises:
            RefusedAddress: Plain HTTP that nobody allowed, or a host that is an address and may not be spoken to.
        """
        if origin.scheme == "http" and not self.allows_http(origin):
            raise RefusedAddress(f"plain HTTP is not allowed to {origin.authority}")
        try:
            ipaddress.ip_address(origin.host)
        except ValueError:
            if not _NUMBER.fullmatch(origin.host):
                return
            raise RefusedAddress(f"{origin.host} is an address in a spelling that is not used") from None
        self.check_address(origin.host)

    def check_address(self, text: str) -> None:
        """Refuse an address that a connection would be made to, as `getaddrinfo` writes it.

        Raises:
            RefusedAddress: It may not be spoken to.
        """
        for address in _meanings(ipaddress.ip_address(text.partition("%")[0])):
            why = self._objection(address)
            if why:
                raise RefusedAddress(f"its address {text} is {why}, and not spoken to")

    def _objection(self, address: _Address) -> str:
        if any(address in network for network in METADATA):
            return "link-local or a cloud's own"
        if address.is_loopback or address.is_unspecified:
            return "this machine's own" if self.local is LocalAddresses.REFUSED else ""
        if address.is_multicast or address.is_reserved:
            return "of no server"
        if self.private is PrivateAddresses.REFUSED and not address.is_global:
            return "private"
        return ""


def _meanings(address: _Address) -> Iterator[_Address]:
    """Yield what an address leads to: that of IPv4 which is written within it, or itself."""
    if isinstance(address, ipaddress.IPv4Address) or (address in _COMPATIBLE and int(address) <= 1):
        yield address  # the latter are "::" and "::1"
    elif any(address in network for network in _IPV4_WITHIN):
        yield ipaddress.IPv4Address(int(address) & _LOW)
    else:
        yield address
        if address.sixtofour is not None:
            yield address.sixtofour


def _bracketed(host: str) -> str:
    return f"[{host}]".lower() if ":" in host else host.lower()
