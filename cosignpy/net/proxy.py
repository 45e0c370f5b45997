"""Proxies as the environment names them: `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`.

There is no standard; the rules here are those most tools share. A lower-case name wins over an upper-case
one. `NO_PROXY` entries are `*`, a domain with all below it (with or without a leading dot), an address, a
network in CIDR form, each but the last with an optional port.
"""

import ipaddress
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote

from cosignpy.core.encoding import encode_b64
from cosignpy.errors import MalformedError, UsageError
from cosignpy.net.url import Origin, Url
from cosignpy.values import field, value

_MAX_RULES: Final = 1000


@value
class ProxyServer:
    """One proxy, reached by plain HTTP; `authorization` is what it wants to see, if anything."""

    origin: Origin
    authorization: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, text: str, variable: str) -> "ProxyServer":
        """Parse `[http://][user:password@]host[:port]`.

        Raises:
            UsageError: Another scheme, or not a URL; the value may hold a password and is not repeated.
        """
        scheme, mark, rest = text.partition("://")
        scheme, rest = (scheme.lower(), rest) if mark else ("http", text)
        if scheme != "http":
            raise UsageError(
                f"{variable}: only http:// proxies are supported", hint="HTTPS goes through them by CONNECT"
            )
        userinfo, at, address = rest.rpartition("@")
        try:
            origin = Url.parse(f"http://{address}").origin
        except MalformedError as error:
            raise UsageError(f"{variable} is not the URL of a proxy: {error.why}") from error
        if not at:
            return cls(origin)
        user, _, password = userinfo.partition(":")
        return cls(origin, f"Basic {encode_b64(f'{unquote(user)}:{unquote(password)}'.encode())}")


@value
class Proxies:
    """Which proxy to use for what; none by default."""

    http: ProxyServer | None = None
    https: ProxyServer | None = None
    exempt: tuple[str, ...] = ()
    loopback: bool = False
    """Whether this machine itself is reached by proxy too; the environment alone never asks for that."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Proxies":
        """Read the proxy variables.

        Raises:
            UsageError: A variable that is not the URL of a usable proxy, or far too many exemptions.
        """
        rules = [rule.strip().lower() for rule in _variable(environment, "no_proxy")[1].split(",")]
        if len(rules) > _MAX_RULES:
            raise UsageError(f"NO_PROXY has more than {_MAX_RULES} entries")
        return cls(_proxy(environment, "http_proxy"), _proxy(environment, "https_proxy"), tuple(filter(None, rules)))

    def select(self, origin: Origin) -> ProxyServer | None:
        """Choose the proxy for an origin, None for a direct connection."""
        proxy = self.https if origin.scheme == "https" else self.http
        if proxy is None or (origin.is_loopback and not self.loopback):
            return None
        return None if any(_matches(rule, origin) for rule in self.exempt) else proxy


def _variable(environment: Mapping[str, str], name: str) -> tuple[str, str]:
    for spelling in (name, name.upper()):
        if environment.get(spelling):
            return spelling, environment[spelling]
    return name, ""


def _proxy(environment: Mapping[str, str], name: str) -> ProxyServer | None:
    for candidate in (name, "all_proxy"):
        variable, value = _variable(environment, candidate)
        if value:
            return ProxyServer.parse(value, variable)
    return None


def _matches(rule: str, origin: Origin) -> bool:
    if rule == "*":
        return True
    host = origin.host.lower()
    if "/" in rule:
        return _is_in_network(host, rule)
    name, colon, port = rule.rpartition(":")
    if colon and port.isascii() and port.isdigit() and (":" not in name or name.endswith("]")):
        if int(port) != origin.port:
            return False
        rule = name
    rule = rule.strip("[]").removeprefix("*")
    return host == rule.lstrip(".") or host.endswith(f".{rule.lstrip('.')}")


def _is_in_network(host: str, rule: str) -> bool:
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(rule, strict=False)
    except ValueError:  # a name is in no network
        return False
