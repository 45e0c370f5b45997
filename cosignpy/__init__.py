"""Sign container images and verify who signed them, as Sigstore's cosign does.

    from cosignpy import Digest, ImagePolicy, Reference, SkipLogUnsafe, VerifyImage
    from cosignpy import load_public_key, open_repository, verify_image

    image = Reference.parse("registry.example/team/app@sha256:...")
    repository = open_repository(image)
    policy = ImagePolicy(keys=(load_public_key("cosign.pub"),), transparency=SkipLogUnsafe("a key is enough here"))
    proven = verify_image(VerifyImage(str(image), image.digest, policy), repository, repository)

An identity in place of a key is `ImagePolicy((), RequireLog(), identities=SignedByIdentity((rule,)))`, where `rule` is
`IdentityRule((Exactly(name),), (Exactly(issuer),))`, and `verify_image` then takes whom to believe as `trust`.

`verify_image` raises or returns evidence. Names are imported when they are first asked for.
"""

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from cosignpy.core.digest import Digest
    from cosignpy.core.keys.public import PublicKey
    from cosignpy.core.keys.signatures import Signer
    from cosignpy.core.oci.manifest import Descriptor, Manifest, Platform
    from cosignpy.core.oci.reference import Reference, Tag
    from cosignpy.core.policy.bundle import SignedByIdentity
    from cosignpy.core.policy.identity import Exactly, IdentityRule, Matching
    from cosignpy.core.policy.image import ImagePolicy
    from cosignpy.core.policy.predicate import AnyPredicateUnsafe, PredicateTypeIs
    from cosignpy.core.policy.transparency import RequireLog, SkipLogUnsafe
    from cosignpy.core.trust.trusted_root import TrustedRoot, parse_trusted_root
    from cosignpy.core.verify.evidence import SignatureFormat, SignedClaim, VerifiedImage, VerifiedSignature
    from cosignpy.errors import (
        CosignError,
        MalformedError,
        NoMatchingSignatures,
        NoSignatures,
        NoSuchTag,
        NotFoundError,
        Rejection,
        RemoteError,
        UsageError,
        VerificationError,
    )
    from cosignpy.keystore.reference import load_public_key, load_signer
    from cosignpy.operations.complete_bundle import SigningKey
    from cosignpy.operations.sign_image import Claims, MadeSignature, SignImage, sign_image
    from cosignpy.operations.verify_image import VerifyImage, verify_image
    from cosignpy.registry.options import RegistryOptions
    from cosignpy.registry.repository import RemoteRepository, open_repository

_HOMES: Final = {
    "cosignpy.core.digest": ("Digest",),
    "cosignpy.core.keys.public": ("PublicKey",),
    "cosignpy.core.keys.signatures": ("Signer",),
    "cosignpy.core.oci.manifest": ("Descriptor", "Manifest", "Platform"),
    "cosignpy.core.oci.reference": ("Reference", "Tag"),
    "cosignpy.core.policy.bundle": ("SignedByIdentity",),
    "cosignpy.core.policy.identity": ("Exactly", "IdentityRule", "Matching"),
    "cosignpy.core.policy.image": ("ImagePolicy",),
    "cosignpy.core.policy.predicate": ("AnyPredicateUnsafe", "PredicateTypeIs"),
    "cosignpy.core.policy.transparency": ("RequireLog", "SkipLogUnsafe"),
    "cosignpy.core.trust.trusted_root": ("TrustedRoot", "parse_trusted_root"),
    "cosignpy.core.verify.evidence": ("SignatureFormat", "SignedClaim", "VerifiedImage", "VerifiedSignature"),
    "cosignpy.errors": (
        "CosignError",
        "MalformedError",
        "NoMatchingSignatures",
        "NoSignatures",
        "NoSuchTag",
        "NotFoundError",
        "Rejection",
        "RemoteError",
        "UsageError",
        "VerificationError",
    ),
    "cosignpy.keystore.reference": ("load_public_key", "load_signer"),
    "cosignpy.operations.complete_bundle": ("SigningKey",),
    "cosignpy.operations.sign_image": ("Claims", "MadeSignature", "SignImage", "sign_image"),
    "cosignpy.operations.verify_image": ("VerifyImage", "verify_image"),
    "cosignpy.registry.options": ("RegistryOptions",),
    "cosignpy.registry.repository": ("RemoteRepository", "open_repository"),
}
_MODULES: Final = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [  # noqa: PLE0604 - the table above is the list; type checkers read the imports
    *_MODULES
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the name stands for
    if name not in _MODULES:
        raise AttributeError(f"module 'cosignpy' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_MODULES[name]), name)


def __dir__() -> list[str]:
    return sorted(_MODULES)
