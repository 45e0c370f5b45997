"""The faces of a server: each kind of log behind its protocol, and the paths that are its own."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final

from starlette.types import ASGIApp

from cosignpy.serving.asgi import BodyLimits
from cosignpy.serving.problem import ErrorShape, problem_json
from cosignpy.serving.watched import Reloadable
from cosignpy.values import value
from log_server.config import Settings
from log_server.config_files import build_rule
from log_server.ct.accept_chain import MAX_CHAIN_BODY
from log_server.ct.routes import CT_MANNER, PREFIX, SUBMISSIONS, CtOptions, build_ct
from log_server.ct.submissions import WatchedRoots
from log_server.local_log import LocalLog
from log_server.log import LogKind
from log_server.rekor.kinds_table import build_kinds
from log_server.rekor.v1_answers import ENTRIES_PATH as V1_ENTRIES
from log_server.rekor.v1_errors import V1_MANNER
from log_server.rekor.v1_options import Admit, V1Options
from log_server.rekor.v1_routes import build_v1
from log_server.rekor.v2_errors import V2_MANNER
from log_server.rekor.v2_options import V2Options
from log_server.rekor.v2_request import accept
from log_server.rekor.v2_routes import V2_ENTRIES, build_v2
from log_server.witness.known_logs import KnownLogsFile
from log_server.witness.serve import build_router
from log_server.witness.witness import open_witness

WITNESS: Final = "/witness"
"""Below it, this server is a witness of other logs."""


@value
class Face:
    """A protocol's app: its paths begin with one of `prefixes`, entries come in by POST to `writes`."""

    app: ASGIApp
    prefixes: tuple[str, ...]
    writes: frozenset[str]
    shape: ErrorShape = problem_json
    watched: tuple[Reloadable, ...] = ()


def build_faces(logs: Sequence[LocalLog], settings: Settings, admit: Admit) -> Sequence[Face]:
    """Build the face of each log; `admit` counts what costs as much as a write and is none.

    Raises:
        CosignError: A file that the settings name cannot be used.
    """
    return [_BUILDERS[log.active.identity.kind](log, settings, admit) for log in logs]


def build_witness(data: Path, settings: Settings) -> Sequence[Face]:
    """Build the face of this server as a witness of other logs, if it is to be one.

    Raises:
        CosignError: The file of those logs, or the witness's key, cannot be used.
    """
    if settings.witness.logs is None:
        return ()
    known = KnownLogsFile(settings.witness.logs)
    witness = open_witness(data, settings.witness_name, known, time.time)
    return (
        Face(
            build_router(witness, WITNESS),
            (f"{WITNESS}/",),
            frozenset(),
            watched=(known,),
        ),
    )


def _build_v1(log: LocalLog, settings: Settings, admit: Admit) -> Face:
    chosen = settings.rekor_v1
    limits = settings.limits
    kinds = build_kinds(chosen.attestation)
    options = V1Options(
        chosen.duplicates,
        BodyLimits(limits.packages),
        limits.patience,
        log.former_signers,
        kinds,
        search=BodyLimits(limits.body),
        admit=admit,
    )
    writes = frozenset((V1_ENTRIES,))
    return Face(build_v1(log, options), ("/api/v1/", "/ping"), writes, V1_MANNER.shape)


def _build_v2(log: LocalLog, settings: Settings, _: Admit) -> Face:
    options = V2Options(
        accept, settings.rekor_v2.duplicates, BodyLimits(settings.limits.body), settings.limits.patience
    )
    prefixes = ("/api/v2/", "/checkpoint", "/tile/")
    return Face(build_v2(log, options), prefixes, frozenset((V2_ENTRIES,)), V2_MANNER.shape)


def _build_ct(log: LocalLog, settings: Settings, _: Admit) -> Face:
    chosen, limits = settings.ct, settings.limits
    roots = WatchedRoots(chosen.roots)
    options = CtOptions(roots, build_rule(settings), BodyLimits(min(limits.body, MAX_CHAIN_BODY)), limits.patience)
    writes = frozenset(prefix + path for prefix in ("", PREFIX) for path in SUBMISSIONS)
    return Face(build_ct(log, options), ("/ct/v1/", f"{PREFIX}/"), writes, CT_MANNER.shape, (roots,))


_BUILDERS: Final[Mapping[LogKind, Callable[[LocalLog, Settings, Admit], Face]]] = MappingProxyType(
    {LogKind.REKOR_V1: _build_v1, LogKind.REKOR_V2: _build_v2, LogKind.CT: _build_ct}
)
