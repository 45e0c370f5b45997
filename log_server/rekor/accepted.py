"""What every kind of entry becomes once it has been verified."""

import msgspec

from cosignpy.values import field, value


@value
class Attestation:
    """A payload kept beside the log and shown with its entry; `name` is `sha256:<hex of the payload>`."""

    name: str
    content: bytes = field(repr=False)


class Accepted(msgspec.Struct, frozen=True):
    """A proposed entry whose signature was verified, in the form in which it is logged.

    `body` is the canonical entry (RFC 8785) whose hash becomes the leaf. `search_keys` are the texts that
    find it, lower-cased: digests as `sha256:<hex>`, e-mail addresses and other subject alternative names,
    SHA-256 of the canonical public key as bare hex. A `msgspec` structure, because one is made for each entry.
    """

    body: bytes
    search_keys: tuple[str, ...] = ()
    attestation: Attestation | None = None
