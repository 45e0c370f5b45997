"""The one table of signature algorithms.

Names and pairings are those of the Sigstore algorithm registry (architecture-docs
`algorithm-registry.md`) and of the enum `PublicKeyDetails` in protobuf-specs `sigstore_common.proto`.
A key signs by its registered pairing only. Verification also tries what cosign wrote at other times,
see `accepted_algorithms`.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from cosignpy.errors import UsageError
from cosignpy.values import value


class Scheme(StrEnum):
    """How a key makes a signature; each has one signer and one verifier."""

    ECDSA = "ECDSA"
    RSA_PKCS1V15 = "RSA PKCS#1 v1.5"
    ED25519 = "Ed25519"
    ED25519PH = "Ed25519ph"
    ML_DSA = "ML-DSA"


@value
class Algorithm:
    """One row of the registry.

    Attributes:
        name: The enum name in protobuf-specs, which documents and logs use.
        flag: The value of `--algorithm`, as in the registry.
        scheme: The signature scheme.
        key: The kind of key it needs: curve, RSA size, or parameter set.
        hash: What the message is hashed with, by its `hashlib` name; empty where the scheme hashes itself.
        spki_prefix: DER of the SubjectPublicKeyInfo up to the raw public key, of a curve point with the byte
            that says it is not compressed. Constant for every kind of key with a fixed size, so that no
            ASN.1 parser is needed; empty for RSA.
        experimental: Other verifiers do not know it yet.
    """

    name: str
    flag: str
    scheme: Scheme
    key: str
    hash: str = ""
    spki_prefix: bytes = b""
    experimental: bool = False


# RFC 5480 section 2.1.1 (named curve, uncompressed point), RFC 8410 section 4, RFC 9881 section 4.
_P256_PREFIX: Final = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")
_P384_PREFIX: Final = bytes.fromhex("3076301006072a8648ce3d020106052b8104002203620004")
_P521_PREFIX: Final = bytes.fromhex("30819b301006072a8648ce3d020106052b810400230381860004")
_ED25519_PREFIX: Final = bytes.fromhex("302a300506032b6570032100")
_ML_DSA_65_PREFIX: Final = bytes.fromhex("308207b2300b0609608648016503040312038207a100")

ECDSA_P256: Final = Algorithm(
    "PKIX_ECDSA_P256_SHA_256", "ecdsa-sha2-256-nistp256", Scheme.ECDSA, "P-256", "sha256", _P256_PREFIX
)
ECDSA_P384: Final = Algorithm(
    "PKIX_ECDSA_P384_SHA_384", "ecdsa-sha2-384-nistp384", Scheme.ECDSA, "P-384", "sha384", _P384_PREFIX
)
ECDSA_P521: Final = Algorithm(
    "PKIX_ECDSA_P521_SHA_512", "ecdsa-sha2-512-nistp521", Scheme.ECDSA, "P-521", "sha512", _P521_PREFIX
)
ECDSA_P384_SHA256: Final = Algorithm(
    "PKIX_ECDSA_P384_SHA_256", "ecdsa-sha2-256-nistp384", Scheme.ECDSA, "P-384", "sha256", _P384_PREFIX
)
ECDSA_P521_SHA256: Final = Algorithm(
    "PKIX_ECDSA_P521_SHA_256", "ecdsa-sha2-256-nistp521", Scheme.ECDSA, "P-521", "sha256", _P521_PREFIX
)
RSA_2048: Final = Algorithm(
    "PKIX_RSA_PKCS1V15_2048_SHA256", "rsa-sign-pkcs1-2048-sha256", Scheme.RSA_PKCS1V15, "RSA-2048", "sha256"
)
RSA_3072: Final = Algorithm(
    "PKIX_RSA_PKCS1V15_3072_SHA256", "rsa-sign-pkcs1-3072-sha256", Scheme.RSA_PKCS1V15, "RSA-3072", "sha256"
)
RSA_4096: Final = Algorithm(
    "PKIX_RSA_PKCS1V15_4096_SHA256", "rsa-sign-pkcs1-4096-sha256", Scheme.RSA_PKCS1V15, "RSA-4096", "sha256"
)
ED25519: Final = Algorithm("PKIX_ED25519", "ed25519", Scheme.ED25519, "Ed25519", spki_prefix=_ED25519_PREFIX)
ED25519PH: Final = Algorithm(
    "PKIX_ED25519_PH", "ed25519-ph", Scheme.ED25519PH, "Ed25519", "sha512", spki_prefix=_ED25519_PREFIX
)
ML_DSA_65: Final = Algorithm(
    "ML_DSA_65", "ml-dsa-65", Scheme.ML_DSA, "ML-DSA-65", spki_prefix=_ML_DSA_65_PREFIX, experimental=True
)

ALGORITHMS: Final[Mapping[str, Algorithm]] = MappingProxyType(
    {
        algorithm.name: algorithm
        for algorithm in (
            ECDSA_P256,
            ECDSA_P384,
            ECDSA_P521,
            ED25519,
            RSA_2048,
            RSA_3072,
            RSA_4096,
            ML_DSA_65,
            ED25519PH,
            ECDSA_P384_SHA256,
            ECDSA_P521_SHA256,
        )
    }
)
"""Every algorithm whose signatures are understood, by its protobuf-specs name."""

SIGNING: Final[Mapping[str, Algorithm]] = MappingProxyType(
    {
        algorithm.key: algorithm
        for algorithm in (ECDSA_P256, ECDSA_P384, ECDSA_P521, ED25519, RSA_2048, RSA_3072, RSA_4096, ML_DSA_65)
    }
)
"""The algorithm each kind of key signs with: the only one it ever signs with."""

HISTORICAL: Final[Mapping[str, Sequence[Algorithm]]] = MappingProxyType(
    {
        # cosign hashed with SHA-256 whatever the curve, until sigstore-go's pairing came.
        "P-384": (ECDSA_P384_SHA256,),
        "P-521": (ECDSA_P521_SHA256,),
        # cosign v3 signs legacy payloads and logged blobs of an Ed25519 key with the prehashed variant.
        "Ed25519": (ED25519PH,),
    }
)
"""What else cosign has made with a kind of key; read, never written."""

DEFAULT: Final = ECDSA_P256


def accepted_algorithms(key: str) -> Sequence[Algorithm]:
    """Return what a signature by this kind of key may have been made with, the likeliest first."""
    return (SIGNING[key], *HISTORICAL.get(key, ()))


def select_algorithm(flag: str) -> Algorithm:
    """Return the algorithm that `--algorithm` names, by its registry name or its kind of key.

    Raises:
        UsageError: No key can be generated for that; the hint lists the names.
    """
    for algorithm in SIGNING.values():
        if flag.lower() in {algorithm.flag, algorithm.key.lower()}:
            return algorithm
    known = ", ".join(SIGNING)
    raise UsageError(f"unknown algorithm {flag!r}", hint=f"known are {known}")
