"""add-chain and add-pre-chain (RFC 6962 sections 4.1 and 4.2)."""

from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Final

from starlette.types import Receive, Scope

from cosignpy.core.ct.entry import EntryType
from cosignpy.core.ct.submission import encode_sct_answer
from cosignpy.core.merkle.hashing import hash_leaf
from cosignpy.serving.asgi import BodyLimits, Deadline, read_body
from cosignpy.serving.routing import JSON, Answer, Endpoint
from cosignpy.serving.watched import WatchedFiles
from log_server.ct.accept_chain import AcceptedChain, ChainRule, accept_chain, parse_chain
from log_server.ct.entries import merkle_leaf, seal
from log_server.ct.issuer_paths import MAX_PATHS, IssuerPaths
from log_server.ct.roots import AcceptedRoots, load_roots
from log_server.ct.search_keys import build_search_keys
from log_server.ct.sign_sct import sign_sct
from log_server.log import Appended, Frozen, Log, verify_original
from log_server.rekor.v2_options import select_shard
from log_server.tlog.values import Draft

_KNOWN_ISSUERS: Final = 4 * MAX_PATHS


class WatchedRoots:
    """The accepted roots, as their file has them now; without a file there are none, and no chain is accepted."""

    def __init__(self, path: Path | None) -> None:
        """Read the file.

        Raises:
            CosignError: It cannot be used.
        """
        self._path = path
        self._watched = WatchedFiles(*([path] if path else []))
        self._read()

    def reload_if_changed(self) -> None:
        """Take the roots that the file has now.

        Raises:
            CosignError: It cannot be used; the roots it had stay in force.
        """
        self._watched.follow(self._read)

    def _read(self) -> None:
        self.paths = IssuerPaths(load_roots(self._path) if self._path else AcceptedRoots())


class CtSubmissions:
    """The endpoints that write."""

    def __init__(self, log: Log, roots: WatchedRoots, rule: ChainRule, body: BodyLimits, patience: float) -> None:
        self._log = log
        self._roots = roots
        self._rule = rule
        self._body = body
        self._patience = patience
        self._stored: set[str] = set()

    def endpoint(self, kind: EntryType, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Endpoint:
        """Return the endpoint for certificates or for precertificates."""

        async def add(scope: Scope, receive: Receive) -> Answer:
            self._refuse_frozen(scope)
            chain = parse_chain(await read_body(scope, receive, self._body))
            accepted = accept_chain(chain, kind, self._roots.paths, self._rule, now())
            with Deadline(self._patience):
                appended = await self._log.append(self._draft(accepted))
            self._take_note(accepted, appended)
            sct = sign_sct(accepted.content, appended.index, appended.timestamp_ms, self._log.signer)
            return Answer(HTTPStatus.OK, encode_sct_answer(sct), (JSON,))

        return add

    def _refuse_frozen(self, scope: Scope) -> None:
        """Let no certificate that is meant for a frozen shard get an SCT of another.

        Raises:
            Frozen: The client used the host name of a shard that takes no entries.
        """
        meant, active = select_shard(self._log, scope), self._log.active
        if meant is not active:
            raise Frozen(meant.identity.origin, active.identity.origin)

    def _draft(self, accepted: AcceptedChain) -> Draft:
        """Make the draft; issuers that the log has are left out, or each entry would write them again."""
        draft = accepted.draft(build_search_keys(accepted))
        if len(self._stored) > _KNOWN_ISSUERS:
            self._stored.clear()
        missing = tuple(named for named in draft.objects if not self._has(named[0]))
        return Draft(draft.content, draft.identity, draft.keys, missing)

    def _take_note(self, accepted: AcceptedChain, appended: Appended) -> None:
        """Remember which issuers are stored. Those of a duplicate are not: it may have come by another path.

        Raises:
            NotTheOriginal: Another certificate has the shortened hash of this one, and must not get its SCT.
        """
        if not appended.duplicate:
            self._stored.update(name for name, _ in accepted.path.objects)
            return
        leaf = merkle_leaf(seal(accepted.content, appended.index, appended.timestamp_ms))
        verify_original(self._log.active, appended.index, hash_leaf(leaf))

    def _has(self, name: str) -> bool:
        return name in self._stored or self._log.active.reader.objects.get(name) is not None
