"""The face of a certificate transparency log: RFC 6962 section 4, and the static reads of static-ct-api.

RFC 6962's paths are answered at the root and below `/ctlog`; the static ones, which the Rekor v2 log has at
the root, below `/ctlog` only. That is the submission prefix, and so it is in the log's origin.
"""

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from types import MappingProxyType
from typing import Final

from starlette.types import Receive, Scope

from cosignpy.core.ct.entry import EntryType
from cosignpy.serving.asgi import BodyLimits
from cosignpy.serving.problem import Body, Problem
from cosignpy.serving.routing import Answer, Manner, Refused, Route, Router
from cosignpy.values import value
from log_server.ct.accept_chain import MAX_CHAIN_BODY, ChainRule
from log_server.ct.reads import CtReads
from log_server.ct.submissions import CtSubmissions, WatchedRoots
from log_server.log import Log, Shard
from log_server.problems import translate
from log_server.rekor.submission import PATIENCE_SECONDS
from log_server.rekor.v2_options import select_shard
from log_server.tiles.routes import IMMUTABLE, build_tile_routes

PREFIX: Final = "/ctlog"
"""Where the static reads are, and the other ones too."""

SUBMISSIONS: Final[Mapping[str, EntryType]] = MappingProxyType(
    {"/ct/v1/add-chain": EntryType.X509, "/ct/v1/add-pre-chain": EntryType.PRECERTIFICATE}
)
"""The paths by which certificates come in."""

_FINGERPRINT: Final = re.compile(r"[0-9a-f]{64}")
_CERTIFICATE: Final = (b"content-type", b"application/pkix-cert")


@value
class CtOptions:
    """What an operator decides about the log."""

    roots: WatchedRoots
    rule: ChainRule = ChainRule()
    body: BodyLimits = BodyLimits(MAX_CHAIN_BODY)
    patience: float = PATIENCE_SECONDS


def plain_text(problem: Problem) -> Body:
    """Write an error as other logs do: a line of text (RFC 6962 section 4 leaves it open)."""
    return Body(f"{problem.detail}\n".encode(), b"text/plain; charset=utf-8")


CT_MANNER: Final = Manner(plain_text, ((b"access-control-allow-origin", b"*"),), translate)


def build_ct(log: Log, options: CtOptions) -> Router:
    """Build the face of a certificate transparency log; each of its shards answers under its own host name."""
    submissions = CtSubmissions(log, options.roots, options.rule, options.body, options.patience)
    reads = CtReads(log, options.roots)
    gets = {
        "get-sth": reads.tree_head,
        "get-sth-consistency": reads.consistency,
        "get-proof-by-hash": reads.proof_by_hash,
        "get-entries": reads.entries,
        "get-entry-and-proof": reads.entry_and_proof,
        "get-roots": reads.roots,
    }
    routes: list[Route] = []
    for prefix in ("", PREFIX):
        routes += [Route("POST", prefix + path, submissions.endpoint(kind)) for path, kind in SUBMISSIONS.items()]
        routes += [Route("GET", f"{prefix}/ct/v1/{name}", endpoint) for name, endpoint in gets.items()]
    return Router((*routes, *_static_routes(log)), CT_MANNER)


def _static_routes(log: Log) -> Sequence[Route]:
    def select(scope: Scope) -> Shard:
        return select_shard(log, scope)

    async def issuer(scope: Scope, _receive: Receive) -> Answer:
        fingerprint = scope["path_params"]["fingerprint"]
        known = _FINGERPRINT.fullmatch(fingerprint)
        found = select(scope).reader.objects.get(f"issuer/{fingerprint}") if known else None
        if found is None:
            raise Refused(Problem(HTTPStatus.NOT_FOUND, "no chain of this log has that certificate"))
        return Answer(HTTPStatus.OK, found, (_CERTIFICATE, IMMUTABLE))

    return (
        *build_tile_routes(select, PREFIX),
        Route("GET", f"{PREFIX}/issuer/{{fingerprint}}", issuer),
    )
