"""What `import cosignpy` promises: exactly these names, each there when asked for, and nothing loaded before."""

import subprocess
import sys
from typing import Final

import pytest

import cosignpy

PUBLIC: Final[frozenset[str]] = frozenset(
    {
        "AccessDenied",
        "Algorithm",
        "AnyPredicateUnsafe",
        "AssumeTimeUnsafe",
        "Blob",
        "Bundle",
        "BundlePolicy",
        "CertificateError",
        "CertificateFinding",
        "CertificateIdentity",
        "ClaimMismatch",
        "Containing",
        "CosignError",
        "Denied",
        "DeniedCertificate",
        "DeniedIdentity",
        "DeniedKey",
        "DenyList",
        "Descriptor",
        "Digest",
        "DigestMismatch",
        "DigestSigner",
        "Exactly",
        "FileError",
        "IdentityMismatch",
        "IdentityRule",
        "IdentityUnusable",
        "ImagePolicy",
        "KeyUnusable",
        "KeyWindow",
        "LimitExceeded",
        "LogEntryFinding",
        "MalformedError",
        "LogFinding",
        "Manifest",
        "Matching",
        "NoIdentity",
        "NoMatchingSignatures",
        "NoSignatures",
        "NoSuchTag",
        "NoSuchTarget",
        "NotFoundError",
        "ObservedTime",
        "Outcome",
        "Platform",
        "PredicateTypeIs",
        "ProvenInclusion",
        "ProvenanceRule",
        "PublicKey",
        "RateLimited",
        "Reference",
        "RegistryOptions",
        "Rejection",
        "RemoteError",
        "RemoteRepository",
        "RequireLog",
        "RequireSct",
        "RequireSignedTime",
        "RequireTime",
        "SctFinding",
        "SignatureFormat",
        "SignatureMismatch",
        "SignedByIdentity",
        "SignedByKey",
        "SignedClaim",
        "Signer",
        "Signing",
        "SigningConfig",
        "SkipLogUnsafe",
        "SkipSctUnsafe",
        "Step",
        "StepFinding",
        "Tag",
        "TimeSource",
        "TimestampError",
        "Trail",
        "TransparencyError",
        "TransparencyRequired",
        "TrustedRoot",
        "Unreachable",
        "UntrustedRepository",
        "UsageError",
        "VerificationError",
        "VerifiedBundle",
        "VerifiedImage",
        "VerifiedSignature",
        "WrongPassword",
        "attest_blob",
        "encode_bundle",
        "fetch_signing_config",
        "fetch_trusted_root",
        "find_identity_token",
        "load_public_key",
        "load_signer",
        "open_key_signing",
        "open_keyless_signing",
        "open_repository",
        "parse_bundle",
        "parse_signing_config",
        "parse_trusted_root",
        "sign_blob",
        "sign_image",
        "trail_of",
        "verify_blob",
        "verify_image",
    }
)
"""The public API. A name added here is a promise; a name removed is a breaking change for the changelog."""

HEAVY: Final = ("cryptography", "docker", "nacl", "oras", "requests", "rich", "ssl", "starlette", "typer")


TLS_AND_MAIL: Final = ("email", "http.client", "ssl")
"""What the standard library's HTTP client is and imports, a tenth of what `verify` takes."""


def loaded_by(modules: str, suspects: tuple[str, ...]) -> list[str]:
    code = f"import sys, {modules}; print(*sorted(set(sys.modules) & set({suspects!r})))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return done.stdout.split()


def test_the_public_names_are_the_listed_ones() -> None:
    assert frozenset(getattr(cosignpy, "__all__", ())) == PUBLIC


def test_each_public_name_can_be_had() -> None:
    assert [name for name in PUBLIC if getattr(cosignpy, name, None) is None or name not in dir(cosignpy)] == []


def test_a_name_that_is_not_public_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError):
        _ = cosignpy.no_such_name  # type: ignore[attr-defined]


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert loaded_by("cosignpy", HEAVY) == []


def test_speaking_to_a_registry_loads_neither_tls_nor_mail_before_they_are_needed() -> None:
    assert loaded_by("cosignpy.registry.session", TLS_AND_MAIL) == []
