"""What a certificate authority is asked and what it answers (fulcio, fulcio.proto and certificate-specification.md).

The answer is judged before anything is signed with it: that it is for the key that was sent, valid now, and a chain.
Whether its root is trusted, and its SCT good, is for the verification of what gets signed.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final, Self

from cosignpy.core.ct.precertificate import parse_embedded_scts
from cosignpy.core.ct.sct import Sct
from cosignpy.core.ct.submission import parse_sct_answer
from cosignpy.core.encoding import JsonObject, PemBlock, encode_b64, encode_json, parse_pem
from cosignpy.core.keys.algorithms import Scheme
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.x509.certificate import Certificate
from cosignpy.core.x509.chain import LABEL
from cosignpy.core.x509.extensions import CODE_SIGNING
from cosignpy.core.x509.path import MAX_ISSUERS, verify_path
from cosignpy.core.x509.subject_alt_name import names_anybody
from cosignpy.errors import CertificateError, KeyUnusable, MalformedError
from cosignpy.values import field, value

MAX_ANSWER: Final = 256 << 10
"""Octets of an answer: three certificates in PEM have about 3,000, with RSA keys and long identities 20,000."""
CLOCK_SKEW: Final = timedelta(minutes=1)
"""How far our clock may be behind the authority's, whose certificates begin at the second in which they are issued.
Verifiers go by the time of a log or of a timestamp, and not by ours."""

_WHAT: Final = "answer of the certificate authority"
_LEAF: Final = "issued certificate"
_EMBEDDED: Final = "signedCertificateEmbeddedSct"
_DETACHED: Final = "signedCertificateDetachedSct"
_REQUEST: Final = "CERTIFICATE REQUEST"
_ALGORITHMS: Final[Mapping[Scheme, str]] = MappingProxyType(
    {Scheme.ECDSA: "ECDSA", Scheme.RSA_PKCS1V15: "RSA_PSS", Scheme.ED25519: "ED25519"}
)
"""PublicKeyAlgorithm of fulcio.proto. What it calls RSA_PSS stands for RSA of any padding."""


def encode_key_request(token: str, key: PublicKey, proof: bytes) -> bytes:
    """Ask for a certificate with a public key, and a signature by it over the subject of the token.

    Raises:
        KeyUnusable: A kind of key that authorities do not certify.
    """
    algorithm = _ALGORITHMS.get(key.algorithm.scheme)
    if algorithm is None:
        raise KeyUnusable(f"of kind {key.algorithm.key}", "certificate authorities do not know this kind of key")
    public_key = {"algorithm": algorithm, "content": key.encode_pem().decode("ascii")}
    return _encode(token, {"publicKeyRequest": {"publicKey": public_key, "proofOfPossession": encode_b64(proof)}})


def encode_csr_request(token: str, csr: bytes) -> bytes:
    """Ask for a certificate with a signing request in DER, of which the authority takes the key and the signature."""
    return _encode(token, {"certificateSigningRequest": encode_b64(PemBlock(_REQUEST, csr).encode())})


def _encode(token: str, asked: Mapping[str, object]) -> bytes:
    return encode_json({"credentials": {"oidcIdentityToken": token}, **asked})


@value
class IssuedCertificate:
    """A leaf, its issuers up to the root, and the SCT where that is not inside the leaf; certificates in DER."""

    leaf: bytes = field(repr=False)
    issuers: tuple[bytes, ...] = field(repr=False)
    detached_sct: Sct | None = None

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Parse the answer to a request; nothing in it is proved yet.

        Raises:
            MalformedError: Not an answer, or something in it is not a certificate or not an SCT.
            LimitExceeded: More certificates than a chain has.
        """
        found = JsonObject.parse(raw, what=_WHAT)
        forms = [name for name in (_EMBEDDED, _DETACHED) if name in found]
        if len(forms) != 1:
            raise found.malformed("", f"exactly one of {_EMBEDDED} and {_DETACHED} is needed")
        issued = found.child(forms[0])
        pems = issued.child("chain").texts("certificates", most=MAX_ISSUERS + 1)
        if not pems:
            raise issued.malformed("chain.certificates", "no certificate")
        certificates = [_parse_pem(pem, f"certificate {place} of the chain") for place, pem in enumerate(pems, 1)]
        # An authority without a log leaves the SCT out; an empty one is protobuf's way to say the same.
        detached = forms[0] == _DETACHED and issued.optional_text("signedCertificateTimestamp")
        sct = parse_sct_answer(issued.b64("signedCertificateTimestamp")) if detached else None
        if forms[0] == _EMBEDDED and not parse_embedded_scts(certificates[0], what=_LEAF):
            raise issued.malformed("chain.certificates[0]", "it has no SCT inside, and the answer says that it has")
        return cls(certificates[0], tuple(certificates[1:]), sct)

    @property
    def not_after(self) -> datetime:
        """When the leaf expires.

        Raises:
            MalformedError: It is not a certificate.
        """
        return Certificate.parse(self.leaf, what=_LEAF).not_after

    def verify(self, key: PublicKey, moment: datetime) -> None:
        """Show that the leaf is one to sign with now: for this key, valid, with a name, issued by the ones above it.

        Raises:
            CertificateError: It is not.
            LimitExceeded: Too many issuers.
            MalformedError: One of them is not a certificate.
        """
        leaf = Certificate.parse(self.leaf, what=_LEAF)
        if leaf.tbs.spki != key.spki:
            raise CertificateError(_LEAF, "it is for another key than the one that was sent")
        _verify_current(leaf, moment)
        if not names_anybody(leaf, what=_LEAF):
            raise CertificateError(_LEAF, "it names nobody")
        if not self.issuers:
            raise CertificateError(_LEAF, "it comes without the certificate of its issuer")
        issuers = [Certificate.parse(der, what=f"issuer {place}") for place, der in enumerate(self.issuers, 1)]
        verify_path(leaf, issuers, CODE_SIGNING, max(moment, leaf.not_before))


def _verify_current(leaf: Certificate, moment: datetime) -> None:
    """Show that a certificate that was just issued is valid; if it is not, one of two clocks is wrong."""
    first, last = leaf.not_before, leaf.not_after
    if not first - CLOCK_SKEW <= moment < last:
        raise CertificateError(
            _LEAF,
            f"valid from {first.isoformat()} to {last.isoformat()}, and the clock of this machine says "
            f"{moment.isoformat(timespec='seconds')}: one of the two clocks is wrong",
        )


def _parse_pem(pem: str, what: str) -> bytes:
    block = parse_pem(pem.encode("utf-8"), what=what)
    if block.label != LABEL:
        raise MalformedError(what, f"a PEM block {block.label!r} is not a certificate")
    return block.body
