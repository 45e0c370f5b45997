"""The pages on a real port, over logs that have one entry of every sort."""

from typing import Final, Self

from starlette.applications import Starlette

from cosignpy.core.keys.algorithms import ECDSA_P256, Algorithm
from cosignpy.serving.threaded import ServerOptions, ThreadedServer
from log_server.web.views import build_routes
from tests.support.chromium import Tab
from tests.support.page_logs import (
    EMAIL,
    PageLog,
    certificate_entry,
    ct_log,
    fulcio_leaf,
    hashedrekord,
    hashedrekord_v2,
    pem,
    rekor_v1,
    rekor_v2,
)

ENTRY: Final = "/log/rekor-v1/0/entry/5"


class Site:
    """Logs with entries, and a server that shows them."""

    def __init__(self, *logs: PageLog) -> None:
        self._server = ThreadedServer(Starlette(routes=build_routes(logs)), ServerOptions())

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.stop()

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        """Return an address under a name by which a browser finds this server."""
        return f"http://{host}:{self._server.address.rpartition(':')[2]}{path}"


def filled_site() -> Site:
    """Return a site over a log of each kind."""
    der = fulcio_leaf(_20="push")
    second = rekor_v2().add(*(hashedrekord_v2(n, {"x509Certificate": {}}, "many") for n in range(30)))
    third = ct_log().add(certificate_entry(der), certificate_entry(b"tbs", precertificate=der), certificate_entry(b"x"))
    return Site(v1_log(), second, third)


def v1_log(algorithm: Algorithm = ECDSA_P256) -> PageLog:
    """Return a Rekor v1 log of eleven entries, which one certificate signed."""
    return rekor_v1(algorithm=algorithm).add(*(hashedrekord(n, pem(fulcio_leaf()), EMAIL.lower()) for n in range(11)))


def check(tab: Tab, url: str) -> tuple[str, list[str]]:
    """Open an entry's page and return what the script concludes, and what came of each step."""
    tab.open(url)
    tab.wait_until("document.getElementById('proof')?.dataset.done === 'true'")
    states = tab.evaluate("Array.from(document.querySelectorAll('#steps > li'), (item) => item.dataset.state)")
    return tab.evaluate("document.getElementById('verdict').dataset.state"), states
