"""Which registries are a cloud's own, and who knows credentials for them. What a cloud's SDK needs is imported late.

A name is matched as a whole: who can choose it must not make us show one cloud's credentials to somebody else.
"""

import re
from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Final, Protocol, cast

from cosignpy.net.clock import Clock
from cosignpy.registry.cloud.issued import Issued, IssuedCredentials
from cosignpy.registry.credentials import Credential
from cosignpy.registry.options import RegistryOptions
from cosignpy.values import field, value

_ISSUED: Final = IssuedCredentials(Clock())


class _Issuer(Protocol):
    """What the module of a cloud has."""

    def key(self, registry: str) -> tuple[str, ...]:
        """Return for what a credential is good."""
        ...

    def issue(self, registry: str, options: RegistryOptions) -> Issued | None:
        """Ask the cloud; None where nobody here is known to it."""
        ...


@value
class CloudSource:
    """A cloud with registries.

    Attributes:
        name: As its people call it.
        extra: What is installed to be known by it.
        hosts: Which registries are its own.
        package: What its SDK is imported as.
        variables: Any of them says that this is a workload of it, or somebody who has access.
    """

    name: str
    extra: str
    hosts: re.Pattern[str] = field(repr=False)
    package: str
    variables: tuple[str, ...]

    @property
    def is_installed(self) -> bool:
        """Whether its SDK is there."""
        try:
            return find_spec(self.package) is not None
        except ModuleNotFoundError:  # the parent of a package within another
            return False

    def is_expected(self, environment: Mapping[str, str]) -> bool:
        """Tell whether the environment speaks of it: then it is asked before nobody's credentials are tried."""
        return self.is_installed and any(environment.get(name) for name in self.variables)

    def fetch(self, options: RegistryOptions, registry: str) -> Credential | None:
        """Return what the registry is to be shown; None where the cloud does not know us, or nothing asks it.

        Raises:
            RemoteError: The cloud failed, or refused.
            MalformedError: Its answer is none.
        """
        if not self.is_installed:
            return None
        issuer = cast("_Issuer", import_module(f"cosignpy.registry.cloud.{self.extra}"))
        return _ISSUED.get((self.extra, *issuer.key(registry)), lambda: issuer.issue(registry, options))


_NAME: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
SOURCES: Final = (
    CloudSource(
        "AWS",
        "aws",
        re.compile(
            rf"(?:[0-9]{{12}}\.dkr[.-]ecr(?:-fips)?\.{_NAME}\."
            r"(?:amazonaws\.(?:com(?:\.cn)?|eu)|on\.(?:aws|amazonwebservices\.com\.cn)"
            r"|sc2s\.sgov\.gov|c2s\.ic\.gov|cloud\.adc-e\.uk|csp\.hci\.ic\.gov)"
            r"|public\.ecr\.aws)"
        ),
        "botocore",
        (
            "AWS_ACCESS_KEY_ID",
            "AWS_PROFILE",
            "AWS_WEB_IDENTITY_TOKEN_FILE",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        ),
    ),
    CloudSource(
        "Google Cloud",
        "gcp",
        re.compile(rf"(?:{_NAME}\.)?gcr\.io|(?:{_NAME}\.)?{_NAME}\.pkg\.dev"),
        "google.auth",
        ("GOOGLE_APPLICATION_CREDENTIALS",),
    ),
    CloudSource(
        "Azure",
        "azure",
        re.compile(rf"{_NAME}\.azurecr\.(?:io|cn|us)"),
        "azure.identity",
        ("AZURE_CLIENT_ID", "AZURE_FEDERATED_TOKEN_FILE", "IDENTITY_ENDPOINT", "MSI_ENDPOINT"),
    ),
)


def find_source(registry: str) -> CloudSource | None:
    """Return the cloud that a registry belongs to, None for all others."""
    return next((source for source in SOURCES if source.hosts.fullmatch(registry.lower())), None)


def hint_for(registry: str) -> str | None:
    """Return what to do about a registry of a cloud whose SDK is not installed."""
    source = find_source(registry)
    if source is None or source.is_installed:
        return None
    return f"install cosignpy[{source.extra}] to use credentials of {source.name}, or run `cosignpy login {registry}`"
