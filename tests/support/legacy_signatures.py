"""Legacy signatures by identity or key, with a promise of the log and a timestamp: good, or wrong in one thing."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from cosignpy.core.bundle.legacy import LegacySignature, build_signature_layer
from cosignpy.core.bundle.parts import SignatureParts
from cosignpy.core.bundle.rekor_bundle import encode_rekor_bundle
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.rekor.log_entry import LogEntry
from tests.support.certificates import MIDDLE
from tests.support.signed import simple_signing
from tests.support.virtual_sigstore import (
    FULCIO_ISSUER,
    FULCIO_ROOT,
    LEAF_KEY,
    REKOR_V1,
    USER_KEY,
    certificate_pem,
    good_leaf,
    stamp,
    v1_body,
)

ISSUERS: Final = (FULCIO_ISSUER.der, FULCIO_ROOT.der)


@dataclass(frozen=True)
class LegacySigning:
    """How a legacy signature is made: by the leaf of a certificate (or a key), over a payload, into Rekor v1."""

    payload: bytes = field(default_factory=simple_signing)
    leaf: bytes | None = field(default_factory=good_leaf)
    signer: PrivateKey = LEAF_KEY
    issuers: tuple[bytes, ...] = ISSUERS
    logged: bool = True
    stamped: bool = False
    moment: datetime = MIDDLE
    change: Callable[[LogEntry], LogEntry] = lambda entry: entry

    @classmethod
    def by_key(cls, signer: PrivateKey = USER_KEY) -> "LegacySigning":
        """Sign with a key alone."""
        return cls(leaf=None, signer=signer, issuers=())

    def entry(self, signature: bytes) -> LogEntry:
        """Log it."""
        verifier = certificate_pem(self.leaf) if self.leaf else self.signer.public_key.encode_pem()
        body = v1_body(signature, verifier, self.payload)
        return self.change(REKOR_V1.add("hashedrekord", "0.0.1", body, self.moment))

    def parts(self, signature: bytes) -> SignatureParts:
        """Return what lies beside a signature."""
        return SignatureParts(
            certificate_pem(self.leaf) if self.leaf else b"",
            b"".join(certificate_pem(der) for der in self.issuers),
            encode_rekor_bundle(self.entry(signature)) if self.logged else b"",
            stamp(signature, self.moment) if self.stamped else b"",
        )

    def make(self) -> LegacySignature:
        """Make it."""
        signature = self.signer.sign(self.payload)
        return with_parts(self.payload, signature, self.parts(signature))


def with_parts(payload: bytes, signature: bytes, parts: SignatureParts) -> LegacySignature:
    """Return a signature with these parts beside it."""
    return LegacySignature(build_signature_layer(payload, signature, parts.annotations), signature, "where")
