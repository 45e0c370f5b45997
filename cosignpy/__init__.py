"""Sign container images and files, and verify who signed them, as Sigstore's cosign does.

    from pathlib import Path
    from cosignpy import BundlePolicy, Exactly, IdentityRule, RequireLog, SignedByIdentity
    from cosignpy import fetch_trusted_root, verify_blob

    alice = IdentityRule((Exactly("alice@example.com"),), (Exactly("https://accounts.example"),))
    policy = BundlePolicy(SignedByIdentity((alice,)), RequireLog())
    bundle = Path("app.tar.gz.sigstore.json").read_bytes()
    proven = verify_blob(Path("app.tar.gz"), bundle, policy, fetch_trusted_root())

`verify_image` takes an `ImagePolicy` in the same way; `sign_blob`, `attest_blob` and `sign_image` take what
`open_keyless_signing` or `open_key_signing` gives. All of it is synchronous, and nothing is printed: what was asked for
is returned, everything else is raised, as a `CosignError` with fields to decide on and a `hint`. docs/api has every
name, examples/ a program of ten lines for each use. Names are imported when they are first asked for.
"""

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from cosignpy.api.artifacts import Blob
    from cosignpy.api.signing import (
        Signing,
        attest_blob,
        find_identity_token,
        open_key_signing,
        open_keyless_signing,
        sign_blob,
        sign_image,
    )
    from cosignpy.api.trust import fetch_signing_config, fetch_trusted_root
    from cosignpy.api.verifying import verify_blob, verify_image
    from cosignpy.core.bundle.model import Bundle
    from cosignpy.core.bundle.protojson import encode_bundle, parse_bundle
    from cosignpy.core.digest import Digest
    from cosignpy.core.keys.algorithms import Algorithm
    from cosignpy.core.keys.public import PublicKey
    from cosignpy.core.keys.signatures import DigestSigner, Signer
    from cosignpy.core.oci.manifest import Descriptor, Manifest, Platform
    from cosignpy.core.oci.reference import Reference, Tag
    from cosignpy.core.policy.bundle import BundlePolicy, SignedByIdentity, SignedByKey
    from cosignpy.core.policy.deny import DeniedCertificate, DeniedIdentity, DeniedKey, DenyList
    from cosignpy.core.policy.identity import CertificateIdentity, Containing, Exactly, IdentityRule, Matching
    from cosignpy.core.policy.image import ImagePolicy
    from cosignpy.core.policy.key_window import KeyWindow
    from cosignpy.core.policy.predicate import AnyPredicateUnsafe, PredicateTypeIs
    from cosignpy.core.policy.provenance import ProvenanceRule
    from cosignpy.core.policy.transparency import (
        AssumeTimeUnsafe,
        RequireLog,
        RequireSct,
        RequireSignedTime,
        RequireTime,
        SkipLogUnsafe,
        SkipSctUnsafe,
    )
    from cosignpy.core.trust.signing_config import SigningConfig, parse_signing_config
    from cosignpy.core.trust.trusted_root import TrustedRoot, parse_trusted_root
    from cosignpy.core.verify.evidence import SignatureFormat, SignedClaim, VerifiedImage, VerifiedSignature
    from cosignpy.core.verify.findings import (
        CertificateFinding,
        LogEntryFinding,
        ObservedTime,
        ProvenInclusion,
        SctFinding,
        TimeSource,
        VerifiedBundle,
    )
    from cosignpy.core.verify.log import LogFinding
    from cosignpy.core.verify.steps import Outcome, Step, StepFinding
    from cosignpy.core.verify.trail import Trail, trail_of
    from cosignpy.errors import (
        AccessDenied,
        CertificateError,
        ClaimMismatch,
        CosignError,
        Denied,
        DigestMismatch,
        FileError,
        IdentityMismatch,
        IdentityUnusable,
        KeyUnusable,
        LimitExceeded,
        MalformedError,
        NoIdentity,
        NoMatchingSignatures,
        NoSignatures,
        NoSuchTag,
        NoSuchTarget,
        NotFoundError,
        RateLimited,
        Rejection,
        RemoteError,
        SignatureMismatch,
        TimestampError,
        TransparencyError,
        TransparencyRequired,
        Unreachable,
        UntrustedRepository,
        UsageError,
        VerificationError,
        WrongPassword,
    )
    from cosignpy.keystore.reference import load_public_key, load_signer
    from cosignpy.registry.options import RegistryOptions
    from cosignpy.registry.repository import RemoteRepository, open_repository

_HOMES: Final = {
    "cosignpy.api.artifacts": ("Blob",),
    "cosignpy.api.signing": (
        "Signing",
        "attest_blob",
        "find_identity_token",
        "open_key_signing",
        "open_keyless_signing",
        "sign_blob",
        "sign_image",
    ),
    "cosignpy.api.trust": ("fetch_signing_config", "fetch_trusted_root"),
    "cosignpy.api.verifying": ("verify_blob", "verify_image"),
    "cosignpy.core.bundle.model": ("Bundle",),
    "cosignpy.core.bundle.protojson": ("encode_bundle", "parse_bundle"),
    "cosignpy.core.digest": ("Digest",),
    "cosignpy.core.keys.algorithms": ("Algorithm",),
    "cosignpy.core.keys.public": ("PublicKey",),
    "cosignpy.core.keys.signatures": ("DigestSigner", "Signer"),
    "cosignpy.core.oci.manifest": ("Descriptor", "Manifest", "Platform"),
    "cosignpy.core.oci.reference": ("Reference", "Tag"),
    "cosignpy.core.policy.bundle": ("BundlePolicy", "SignedByIdentity", "SignedByKey"),
    "cosignpy.core.policy.deny": ("DeniedCertificate", "DeniedIdentity", "DeniedKey", "DenyList"),
    "cosignpy.core.policy.identity": ("CertificateIdentity", "Containing", "Exactly", "IdentityRule", "Matching"),
    "cosignpy.core.policy.image": ("ImagePolicy",),
    "cosignpy.core.policy.key_window": ("KeyWindow",),
    "cosignpy.core.policy.predicate": ("AnyPredicateUnsafe", "PredicateTypeIs"),
    "cosignpy.core.policy.provenance": ("ProvenanceRule",),
    "cosignpy.core.policy.transparency": (
        "AssumeTimeUnsafe",
        "RequireLog",
        "RequireSct",
        "RequireSignedTime",
        "RequireTime",
        "SkipLogUnsafe",
        "SkipSctUnsafe",
    ),
    "cosignpy.core.trust.signing_config": ("SigningConfig", "parse_signing_config"),
    "cosignpy.core.trust.trusted_root": ("TrustedRoot", "parse_trusted_root"),
    "cosignpy.core.verify.evidence": ("SignatureFormat", "SignedClaim", "VerifiedImage", "VerifiedSignature"),
    "cosignpy.core.verify.findings": (
        "CertificateFinding",
        "LogEntryFinding",
        "ObservedTime",
        "ProvenInclusion",
        "SctFinding",
        "TimeSource",
        "VerifiedBundle",
    ),
    "cosignpy.core.verify.log": ("LogFinding",),
    "cosignpy.core.verify.steps": ("Outcome", "Step", "StepFinding"),
    "cosignpy.core.verify.trail": ("Trail", "trail_of"),
    "cosignpy.errors": (
        "AccessDenied",
        "CertificateError",
        "ClaimMismatch",
        "CosignError",
        "Denied",
        "DigestMismatch",
        "FileError",
        "IdentityMismatch",
        "IdentityUnusable",
        "KeyUnusable",
        "LimitExceeded",
        "MalformedError",
        "NoIdentity",
        "NoMatchingSignatures",
        "NoSignatures",
        "NoSuchTag",
        "NoSuchTarget",
        "NotFoundError",
        "RateLimited",
        "Rejection",
        "RemoteError",
        "SignatureMismatch",
        "TimestampError",
        "TransparencyError",
        "TransparencyRequired",
        "Unreachable",
        "UntrustedRepository",
        "UsageError",
        "VerificationError",
        "WrongPassword",
    ),
    "cosignpy.keystore.reference": ("load_public_key", "load_signer"),
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
