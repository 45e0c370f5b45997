"""What an operator decides about Rekor v1."""

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from starlette.types import Scope

from cosignpy.core.keys.signatures import Signer
from cosignpy.serving.asgi import BodyLimits
from cosignpy.values import field, value
from log_server.log import Log, Shard
from log_server.rekor.kinds_table import KINDS, Kinds
from log_server.rekor.submission import PATIENCE_SECONDS, Duplicates

MAX_BODY: Final = 32 << 20
"""Octets of a submission: packages come whole, in base64, and the log keeps only their hashes."""

MAX_SEARCH_BODY: Final = 4 << 20
"""Octets of a search for entries, which may propose ten of them. Of packages in it that are larger, the digest finds
the entry as well."""

Admit: TypeAlias = Callable[[Scope], None]
"""Counts a request of a client; raises `Refused` for one who sends too many."""


def admit_all(_: Scope) -> None:
    """Let clients ask as often as they like."""


@value
class V1Options:
    """How the log answers.

    `signers` are the keys of frozen shards, by log id, as far as the server still has them: entries of shards
    without one are shown without a SET, and their inclusion proof stands alone.
    """

    duplicates: Duplicates = Duplicates.CONFLICT
    body: BodyLimits = BodyLimits(MAX_BODY)
    patience: float = PATIENCE_SECONDS
    signers: Mapping[bytes, Signer] = field(default_factory=dict, repr=False)
    kinds: Kinds = field(default=KINDS, repr=False)
    search: BodyLimits = BodyLimits(MAX_SEARCH_BODY)
    admit: Admit = field(default=admit_all, repr=False)


@value
class V1Face:
    """What the endpoints share."""

    log: Log
    options: V1Options = V1Options()

    def signer_of(self, shard: Shard) -> Signer | None:
        """Return the key that signs SETs of a shard, if it is at hand."""
        identity = shard.identity
        if identity.log_id == self.log.active.identity.log_id:
            return self.log.signer
        return self.options.signers.get(identity.log_id)
