"""Signatures in parts, as they were kept before there were bundles: in annotations of an image, or each in a file.

The parts become a bundle of version 0.1, which may hold a log's promise without a proof: one verifier judges both.
"""

from collections.abc import Mapping
from typing import Final, Self

from cosignpy.core.bundle.model import (
    BUNDLE_V01,
    Bundle,
    CertificateMaterial,
    MessageSignature,
    PublicKeyMaterial,
)
from cosignpy.core.bundle.protojson import MAX_CHAIN
from cosignpy.core.bundle.rekor_bundle import encode_rekor_bundle, parse_rekor_bundle
from cosignpy.core.dsse import Envelope
from cosignpy.core.encoding import JsonObject, PemBlock, encode_b64, encode_json
from cosignpy.core.oci.simple_signing import (
    CERTIFICATE_ANNOTATION,
    CHAIN_ANNOTATION,
    LOG_ANNOTATION,
    TIMESTAMP_ANNOTATION,
)
from cosignpy.core.x509.chain import LABEL, parse_chain_pem
from cosignpy.errors import MalformedError
from cosignpy.values import field, value

_TIMESTAMP: Final = "timestamp annotation"


@value
class SignatureParts:
    """What lies beside a signature; what is not there is empty.

    Attributes:
        certificate: The signer's, in PEM.
        chain: Its issuers in PEM, the nearest first; believed is the trusted root, and not they.
        rekor_bundle: A log's promise, in cosign's JSON.
        timestamp: A whole RFC 3161 response, in DER.
    """

    certificate: bytes = field(default=b"", repr=False)
    chain: bytes = field(default=b"", repr=False)
    rekor_bundle: bytes = field(default=b"", repr=False)
    timestamp: bytes = field(default=b"", repr=False)

    @classmethod
    def of_annotations(cls, annotations: Mapping[str, str]) -> Self:
        """Take the parts out of the annotations of a legacy signature; only the timestamp is wrapped in JSON there.

        Raises:
            MalformedError: The wrapping of the timestamp is not what it should be.
        """
        found = {name: annotations.get(name, "").encode("utf-8") for name in _ANNOTATIONS}
        stamped = found[TIMESTAMP_ANNOTATION]
        return cls(
            found[CERTIFICATE_ANNOTATION],
            found[CHAIN_ANNOTATION],
            found[LOG_ANNOTATION],
            _unwrap_timestamp(stamped) if stamped else b"",
        )

    @classmethod
    def of_bundle(cls, bundle: Bundle, issuers: tuple[bytes, ...] = ()) -> Self:
        """Take a bundle apart; the issuers (DER) are those that a bundle of 0.3 has no room for.

        Raises:
            MalformedError: There is room for one log entry with a promise, and for one timestamp, and it has others.
        """
        if len(bundle.log_entries) > 1 or len(bundle.timestamps) > 1:
            raise MalformedError("legacy signature", "there is room for one log entry and one timestamp")
        certificates: tuple[bytes, ...] = ()
        if isinstance(bundle.material, CertificateMaterial):
            certificates = (*bundle.material.certificates, *issuers)
        return cls(
            b"".join([PemBlock(LABEL, der).encode() for der in certificates[:1]]),
            b"".join([PemBlock(LABEL, der).encode() for der in certificates[1:]]),
            b"".join([encode_rekor_bundle(entry) for entry in bundle.log_entries]),
            b"".join(bundle.timestamps),
        )

    @property
    def annotations(self) -> dict[str, str]:
        """The parts as annotations of a legacy signature, as cosign 2 writes them."""
        stamped = encode_json({"SignedRFC3161Timestamp": encode_b64(self.timestamp)}) if self.timestamp else b""
        found = zip(_ANNOTATIONS, (self.certificate, self.chain, self.rekor_bundle, stamped), strict=True)
        return {name: content.decode("utf-8") for name, content in found if content}

    @property
    def material(self) -> PublicKeyMaterial | CertificateMaterial:
        """Who signed, as a bundle has it.

        Raises:
            MalformedError: Not certificates in PEM, several in place of one, or issuers of none.
            LimitExceeded: More issuers than a chain has.
        """
        if not self.certificate:
            if self.chain:
                raise MalformedError("legacy signature", "issuers of a certificate that is not there")
            return PublicKeyMaterial("")
        leaf = parse_chain_pem(self.certificate, most=1, what="certificate of the signature")
        issuers = parse_chain_pem(self.chain, most=MAX_CHAIN - 1, what="chain of the signature") if self.chain else ()
        return CertificateMaterial((*leaf, *issuers))


_ANNOTATIONS: Final = (CERTIFICATE_ANNOTATION, CHAIN_ANNOTATION, LOG_ANNOTATION, TIMESTAMP_ANNOTATION)
"""In the order of the parts."""


def assemble_bundle(content: MessageSignature | Envelope, parts: SignatureParts) -> Bundle:
    """Put a signature and its parts together. Nothing is shown by that: it is what the verifier takes.

    Raises:
        MalformedError: One of the parts cannot be read.
        LimitExceeded: One of them is larger than any.
    """
    return Bundle(
        BUNDLE_V01,
        parts.material,
        content,
        (parse_rekor_bundle(parts.rekor_bundle),) if parts.rekor_bundle else (),
        (parts.timestamp,) if parts.timestamp else (),
    )


def _unwrap_timestamp(raw: bytes) -> bytes:
    found = JsonObject.parse(raw, what=_TIMESTAMP)
    found.refuse_unknown("SignedRFC3161Timestamp")
    timestamp = found.b64("SignedRFC3161Timestamp")
    if not timestamp:
        raise found.malformed("SignedRFC3161Timestamp", "empty")
    return timestamp
