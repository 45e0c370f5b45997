"""Whom a private Sigstore is known by, as a TrustRoot: its authorities of certificates, and the keys of its logs."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from cosignpy.core.encoding import encode_b64, encode_json
from cosignpy.imagepolicy.authorities import FULCIO
from cosignpy.imagepolicy.convert.writing import Content
from cosignpy.values import value

_SUBJECT: Final = {"organization": "converted", "commonName": "converted"}
"""TrustRoots name authorities, and nobody looks at it."""


@value
class PrivateTrust:
    """Certificates in PEM, and the keys of the log and of certificate transparency; empty where none is named."""

    roots: str
    log_url: str
    log_key: str = ""
    promise_key: str = ""

    @property
    def name(self) -> str:
        """What the TrustRoot is called: the same wherever the same is believed."""
        return f"converted-{sha256(encode_json(self._keys)).hexdigest()[:12]}"

    @property
    def document(self) -> Mapping[str, Content]:
        """The TrustRoot."""
        return {
            "apiVersion": "policy.sigstore.dev/v1alpha1",
            "kind": "TrustRoot",
            "metadata": {"name": self.name},
            "spec": {"sigstoreKeys": self._keys},
        }

    @property
    def _keys(self) -> dict[str, Content]:
        issuer: Content = {"subject": _SUBJECT, "uri": FULCIO, "certChain": _encode(self.roots)}
        found: dict[str, Content] = {"certificateAuthorities": [issuer]}
        for name, key in (("tLogs", self.log_key), ("ctLogs", self.promise_key)):
            if key:
                found[name] = [{"baseURL": self.log_url, "hashAlgorithm": "sha-256", "publicKey": _encode(key)}]
        return found


def _encode(pem: str) -> str:
    return encode_b64(f"{pem.strip()}\n".encode())
