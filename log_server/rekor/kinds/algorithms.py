"""The algorithms by which signatures over digests are accepted: what the real servers accept by default.

Sources: rekor, pkg/api/api.go and rekor-tiles, internal/algorithmregistry (`client-signing-algorithms`). Pure
Ed25519 is not among them, since it signs whole messages and a log is given only their digest.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from cosignpy.core.keys.algorithms import (
    ECDSA_P256,
    ECDSA_P384,
    ECDSA_P521,
    ED25519PH,
    RSA_2048,
    RSA_3072,
    RSA_4096,
    Algorithm,
)

BY_NAME: Final[Mapping[str, Algorithm]] = MappingProxyType(
    {
        algorithm.name: algorithm
        for algorithm in (ECDSA_P256, ECDSA_P384, ECDSA_P521, RSA_2048, RSA_3072, RSA_4096, ED25519PH)
    }
)
"""By the name in protobuf-specs, as Rekor v2 is told it."""

BY_KEY_AND_HASH: Final[Mapping[tuple[str, str], Algorithm]] = MappingProxyType(
    {(algorithm.key, algorithm.hash): algorithm for algorithm in BY_NAME.values()}
)
"""By the kind of key and the hash, from which Rekor v1 has to guess it."""

BY_NUMBER: Final[Mapping[int, Algorithm]] = MappingProxyType(
    {
        5: ECDSA_P256,
        8: ED25519PH,
        9: RSA_2048,
        10: RSA_3072,
        11: RSA_4096,
        12: ECDSA_P384,
        13: ECDSA_P521,
    }
)
"""By the number in protobuf-specs (sigstore_common.proto, PublicKeyDetails), which JSON may hold instead of a name."""
