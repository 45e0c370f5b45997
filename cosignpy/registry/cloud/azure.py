"""Azure's registries: a token of Entra for whoever the machine, the pod or the environment is, exchanged there.

https://github.com/Azure/acr/blob/main/docs/AAD-OAuth.md#calling-post-oauth2exchange-to-get-an-acr-refresh-token
"""

import logging
import time
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from azure.core.exceptions import AzureError
from azure.identity import DefaultAzureCredential

from cosignpy.core.encoding import JsonObject
from cosignpy.errors import AccessDenied, RemoteError
from cosignpy.net.http import HttpClient, Request, Response
from cosignpy.net.redaction import redact_text
from cosignpy.net.url import Url
from cosignpy.registry.cloud.issued import CONNECT_SECONDS, READ_SECONDS, Issued
from cosignpy.registry.cloud.sources import find_source
from cosignpy.registry.credentials import IdentityToken
from cosignpy.registry.options import RegistryOptions

for _chatty in ("azure", "msal"):
    logging.getLogger(_chatty).setLevel(logging.CRITICAL)  # every source that has nothing is worth a warning there

MAX_ANSWER: Final = 64 * 1024
"""Bytes of an answer with a token in it, which takes some 2 KiB."""

_RESOURCES: Final[Mapping[str, str]] = {
    "io": "https://containerregistry.azure.net/.default",
    "cn": "https://management.chinacloudapi.cn/.default",
    "us": "https://management.usgovcloudapi.net/.default",
}
"""What the token of Entra is for, by the end of the registry's name."""
_WHAT: Final = "token of Azure's registry"
_LIFETIME: Final = 3600.0
"""Seconds that a token counts as good for; they live for three hours."""
_DENIED: Final = frozenset({400, 401, 403})
_OK: Final = 200


def key(registry: str) -> tuple[str, ...]:
    """Return the registry: a token is for it alone."""
    return (registry.lower(),)


def issue(registry: str, options: RegistryOptions) -> Issued | None:
    """Ask Entra, then the registry; None where nobody here is known to Azure.

    Raises:
        AccessDenied: The registry does not take Entra's token.
        RemoteError: Entra or the registry failed.
        MalformedError: The registry's answer has no token in it.
    """
    token = _ask_entra(registry, options)
    return _exchange(registry, token, options) if token is not None else None


def _ask_entra(registry: str, options: RegistryOptions) -> str | None:
    resource = _RESOURCES[registry.lower().rpartition(".")[2]]
    source = find_source(registry)
    is_workload = source is not None and source.is_expected(options.environment)
    credential = DefaultAzureCredential(
        exclude_shared_token_cache_credential=True,
        exclude_visual_studio_code_credential=True,
        exclude_powershell_credential=True,
        exclude_developer_cli_credential=True,
        exclude_broker_credential=True,
        exclude_cli_credential=is_workload,
        # A cloud of one's own is not known to Microsoft's directory of them.
        disable_instance_discovery="AZURE_AUTHORITY_HOST" in options.environment,
        connection_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retry_total=1,
    )
    try:
        with credential:
            return credential.get_token(resource).token
    except (AzureError, ValueError) as error:
        if not is_workload:
            return None
        raise RemoteError("Azure", "Entra ID", None, _explain(error)) from error


def _explain(error: Exception) -> str:
    """Return the reason of the source that was asked last: it is the one that had to know us."""
    lines = str(error).splitlines()
    return redact_text(next((line for line in reversed(lines) if line.startswith("\t")), lines[0] if lines else ""))


def _exchange(registry: str, token: str, options: RegistryOptions) -> Issued:
    """Exchange a token of Entra for one that the registry's token server takes; by HTTPS, and without redirects."""
    url = Url.parse(f"https://{registry.lower()}/oauth2/exchange")
    client = HttpClient(options.http_options(url.origin.host))
    form = urlencode({"grant_type": "access_token", "service": registry.lower(), "access_token": token})
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    try:
        with client.send(Request("POST", url, headers, form.encode("ascii"), repeatable=True)) as response:
            _expect_ok(registry, response)
            found = JsonObject.parse(response.read(MAX_ANSWER, _WHAT), what=_WHAT).text("refresh_token")
    finally:
        client.close()
    return Issued(IdentityToken(found), time.time() + _LIFETIME)


def _expect_ok(registry: str, response: Response) -> None:
    if response.status != _OK:
        kind = AccessDenied if response.status in _DENIED else RemoteError
        raise kind(registry, str(response.url), response.status, "it does not take the token of Entra ID")
