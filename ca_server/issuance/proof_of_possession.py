"""Whether the client has the private key (Fulcio `docs/how-certificate-issuing-works.md`, step 2).

Either the key comes with a signature over the name that the token gives, or in a certificate signing request,
which is signed with the key itself. Without such a proof anyone could have another's key certified as their own.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from ca_server.issuance.errors import KeyUnparsable, ProofRefused, RequestUnparsable
from ca_server.issuance.public_keys import AllowedKeys, parse_public_key
from ca_server.issuance.request import SigningRequest
from cosignpy.core.keys.algorithms import ED25519PH, SIGNING, Algorithm, accepted_algorithms
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.keys.signatures import verify_signature_by
from cosignpy.core.x509.certificate_request import CertificateRequest
from cosignpy.errors import MalformedError, SignatureMismatch

MAX_PROOF: Final = 4096
"""Octets of a signature: 512 with the largest RSA key, 3,309 with ML-DSA-65."""

PROOFS: Final[Mapping[str, Sequence[Algorithm]]] = MappingProxyType(
    {kind: tuple(found for found in accepted_algorithms(kind) if found != ED25519PH) for kind in SIGNING}
)
"""What proofs are made with, by the kind of key: as the registry has it, and for P-384 and P-521 also with SHA-256,
which is what clients of Fulcio before 1.7 do. Nobody makes them with the prehashed variant of Ed25519."""


def prove_possession(request: SigningRequest, challenge: str, allowed: AllowedKeys) -> PublicKey:
    """Return the key of a request, once it was shown to be sound, allowed, and the client's.

    Raises:
        KeyUnparsable: The key of a request without a certificate signing request is none.
        RequestUnparsable: A certificate signing request that is none.
        KeyInsecure: The key is weak.
        AlgorithmNotAllowed: It is of a kind that is not certified here.
        ProofRefused: The proof is missing, by another key, or over something else.
    """
    return _prove_by_csr(request.csr, allowed) if request.csr else _prove_by_challenge(request, challenge, allowed)


def _prove_by_challenge(request: SigningRequest, challenge: str, allowed: AllowedKeys) -> PublicKey:
    key = allowed.accept(parse_public_key(request.public_key))
    if not 0 < len(request.proof) <= MAX_PROOF:
        raise ProofRefused(f"a proof of possession of {len(request.proof)} bytes")
    try:
        verify_signature_by(key, PROOFS[key.algorithm.key], request.proof, challenge.encode())
    except SignatureMismatch as error:
        raise ProofRefused(f"proof of possession: {error}") from error
    return key


def _prove_by_csr(pem: bytes, allowed: AllowedKeys) -> PublicKey:
    try:
        request = CertificateRequest.parse_pem(pem)
        allowed.accept(parse_public_key(request.spki))
        return request.verify()
    except (MalformedError, KeyUnparsable) as error:
        raise RequestUnparsable(str(error)) from error
    except SignatureMismatch as error:
        raise ProofRefused(f"certificate signing request: {error}") from error
