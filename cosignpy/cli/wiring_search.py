"""The log that verifying asks where it is told to: for the entry of a signature that came without one."""

import os

from cosignpy.cli.invocation import CURRENT
from cosignpy.net.http import HttpClient, HttpOptions
from cosignpy.net.proxy import Proxies
from cosignpy.services.rekor_v1 import RekorV1Client


def open_search(url: str) -> RekorV1Client:
    """Return a log of Rekor v1 at an address; nothing is sent yet.

    Raises:
        UsageError: The address has a query.
        MalformedError: It is no URL.
    """
    client = HttpClient(HttpOptions(proxies=Proxies.from_environment(os.environ)))
    CURRENT.resources.callback(client.close)
    return RekorV1Client(url, client)
