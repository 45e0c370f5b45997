"""The server's first process: it looks at everything before anyone can ask, and keeps the workers running."""

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from ca_server.config import Embedding, Settings
from cosignpy.errors import UsageError
from cosignpy.net.redaction import redact_url
from cosignpy.serving.metrics import share_metrics
from cosignpy.serving.threaded import ServerOptions, address_of
from cosignpy.serving.workers import WorkerProgram, bind_all, heeding_signals, run_workers, serving_metrics

_LOG: Final = logging.getLogger(__name__)


def serve(data: Path, settings: Settings, announce: Callable[[str], None]) -> None:
    """Serve an authority until SIGINT or SIGTERM. `announce` gets the address once clients can connect.

    Raises:
        CosignError: The authority, a file that the settings name, or the port cannot be used.
    """
    if settings.workers:
        with share_metrics():
            _run(data, settings, announce)
    else:
        _run(data, settings, announce)


def _run(data: Path, settings: Settings, announce: Callable[[str], None]) -> None:
    # Imported here: share_metrics comes before whatever declares a metric.
    from ca_server import worker
    from ca_server.app import check_files
    from ca_server.authorities import begin_authorities
    from ca_server.metrics import BARE, tell_version

    with heeding_signals() as wishes, serving_metrics(settings.host, settings.metrics, BARE):
        handover = begin_authorities(settings, data)
        _refuse_contradictions(settings)
        check_files(settings)
        _warn(settings)
        tell_version()
        listeners = bind_all(ServerOptions(settings.host, settings.port), settings.workers)
        announce(address_of(listeners[0]))
        if settings.workers:
            orders = partial(worker.build_orders, data, settings, handover)
            run_workers(WorkerProgram("ca_server.worker", orders), listeners, wishes)
        else:
            worker.serve(data, settings, handover, listeners[0])


def _refuse_contradictions(settings: Settings) -> None:
    """Refuse settings with which every request would fail.

    Raises:
        UsageError: Certificates are to be logged, and no log is named.
    """
    if settings.transparency.sct is not Embedding.NONE and not settings.transparency.logs:
        raise UsageError(
            "certificates are to be logged, and no log is named",
            "name one under transparency.logs, or say transparency.sct: none, and nobody can watch this authority",
        )


def _warn(settings: Settings) -> None:
    """Say loudly what an operator may not have meant."""
    if settings.transparency.sct is Embedding.NONE:
        _LOG.warning("certificates are NOT logged: nobody can notice what this authority issues, or a thief of its key")
    for log in settings.transparency.logs:
        if log.public_key is None:
            _LOG.warning(
                "the SCTs of %s are NOT verified: name its key, transparency.logs[].public_key", redact_url(log.url)
            )
    if settings.identity.issuers is None:
        _LOG.warning("no issuer of tokens is believed, so nobody gets a certificate: identity.issuers names a file")
