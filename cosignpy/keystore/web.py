"""Public keys from web servers. TLS is what makes such a key the owner's: plain HTTP only reaches this machine."""

import os
from http import HTTPStatus
from typing import TYPE_CHECKING, NoReturn

from cosignpy.core.keys.pem_file import MAX_KEY_FILE
from cosignpy.errors import RemoteError, UsageError
from cosignpy.net.http import HttpClient, HttpOptions, Request
from cosignpy.net.proxy import Proxies
from cosignpy.net.redaction import redact_url
from cosignpy.net.redirects import send_following
from cosignpy.net.url import Url

if TYPE_CHECKING:
    from cosignpy.core.keys.public import PublicKey
    from cosignpy.keystore.backend import KeyPorts, KeyReference, Password


def load_public_key(reference: "KeyReference", ports: "KeyPorts") -> "PublicKey":
    """Load a public key from the PEM file at a URL.

    Raises:
        UsageError: Plain HTTP to another machine.
        RemoteError: The server does not answer, or not with the file.
        KeyUnusable: It is something else than a usable public key.
        MalformedError: The URL or the key is broken.
        LimitExceeded: The answer is larger than a key file.
    """
    from cosignpy.core.keys.public import PublicKey

    url = Url.parse(reference.text)
    if url.origin.scheme == "http" and not url.origin.is_loopback:
        raise UsageError("a key fetched over plain HTTP could be anybody's", hint="use https://, or a file of your own")
    return PublicKey.parse_pem((ports.fetch or fetch_key)(reference.text), what=redact_url(reference.text))


def load_signer(reference: "KeyReference", _: "Password", __: "KeyPorts") -> NoReturn:
    """Refuse: private keys do not travel.

    Raises:
        UsageError: Always.
    """
    raise UsageError(f"{reference.scheme}:// holds public keys only", hint="sign with a key from a file or env://")


def fetch_key(url: str) -> bytes:
    """Fetch a key file.

    Raises:
        RemoteError: Unreachable, or an answer other than 200.
        LimitExceeded: The answer is larger than a key file.
    """
    client = HttpClient(HttpOptions(proxies=Proxies.from_environment(os.environ)))
    try:
        with send_following(client, Request("GET", Url.parse(url))) as response:
            if response.status != HTTPStatus.OK:
                raise RemoteError(
                    response.url.origin.authority, redact_url(str(response.url)), response.status, "no key there"
                )
            return response.read(MAX_KEY_FILE, "key file")
    finally:
        client.close()
