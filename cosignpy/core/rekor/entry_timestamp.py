"""The signed entry timestamp (SET): a Rekor v1 log's promise that it has, at this time, this entry at this index.

Signed is the RFC 8785 form of four members of the log entry (rekor, openapi.yaml, `signedEntryTimestamp`).
"""

import base64
from typing import Final

from cosignpy.core.keys.public import PublicKey
from cosignpy.core.keys.signatures import Signer, verify_signature
from cosignpy.errors import MalformedError
from cosignpy.values import value

_MAX_NUMBER: Final = 2**53 - 1
"""RFC 8785 section 3.2.2.3: larger integers are not what other implementations read."""


@value
class EntryTimestamp:
    """What a SET states. `log_index` is the global one where a log has shards; times are seconds since 1970."""

    body: bytes
    integrated_time: int
    log_id: bytes
    log_index: int

    def __post_init__(self) -> None:
        """Refuse numbers that canonical JSON cannot hold.

        Raises:
            MalformedError: Negative, or too large.
        """
        if not (0 <= self.integrated_time <= _MAX_NUMBER and 0 <= self.log_index <= _MAX_NUMBER):
            raise MalformedError("entry timestamp", "a time or an index out of range")

    def encode(self) -> bytes:
        """Encode what is signed."""
        return b'{"body":"%b","integratedTime":%d,"logID":"%b","logIndex":%d}' % (
            base64.b64encode(self.body),
            self.integrated_time,
            self.log_id.hex().encode("ascii"),
            self.log_index,
        )


def issue_entry_timestamp(stated: EntryTimestamp, signer: Signer) -> bytes:
    """Sign as the log; clients in Go verify only ECDSA here."""
    return signer.sign(stated.encode())


def verify_entry_timestamp(stated: EntryTimestamp, signature: bytes, key: PublicKey) -> None:
    """Show that the log with this key stated this.

    Raises:
        SignatureMismatch: It did not.
    """
    verify_signature(key, signature, stated.encode())
