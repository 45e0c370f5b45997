"""The part of docs/interop.md about attestations, artifacts that are not images, and policies."""

from typing import Final

ATTESTED_BEFORE: Final = """\

## Attestations, artifacts and policies

Whatever one of them makes, the others read, and refuse it for another image, another type or another key.
"""

ATTESTED_CLIENTS: Final = (
    *(
        row
        for cosign in ("cosign-v3", "cosign-v2")
        for row in (
            (
                cosign,
                "attests and verifies, about images, by key and by identity, in bundles and under `.att` tags",
                "signature, subject, predicate type, identity",
                "test_attestations.py",
            ),
            (
                cosign,
                "every predicate type that it has a name for, about images",
                "signature, subject, predicate type",
                "test_image_predicate_types.py",
            ),
            (
                cosign,
                "every predicate type that it has a name for, about files",
                "signature, subject, predicate type",
                "test_predicate_types.py",
            ),
            (
                cosign,
                "decides by conditions in Rego and CUE",
                "the same verdict as here, or a stricter one here, with its reason",
                "test_attestation_policies.py",
            ),
            (
                cosign,
                "signs and attests artifacts that are not images: charts, modules, SBOMs, bare manifests",
                "signature, subject",
                "test_artifacts.py",
            ),
            (cosign, "uploads files and WebAssembly", "the same manifests, by digest", "test_uploads.py"),
            (cosign, "attaches and downloads SBOMs", "the same octets", "test_sboms.py"),
            (
                cosign,
                "`dockerfile verify` and `manifest verify`",
                "the same verdict as here, or an image that it does not find, with its reason",
                "test_image_inputs.py",
            ),
        )
    ),
    (
        "sigstore-python",
        "signs and verifies attestations about files",
        "certificate, entry, subject, identity",
        "test_attestation_clients.py",
    ),
    ("js-client", "signs and verifies attestations about files", "certificate, entry", "test_attestation_clients.py"),
    ("cue", "evaluates conditions in CUE", "the recorded verdicts of policy-controller", "test_policy_conditions.py"),
    ("oras", "pushes and pulls artifacts, and policies among them", "the same octets", "test_policy_artifacts.py"),
    ("helm-charts", "Helm's client: pushes and pulls charts", "chart, provenance and manifest", "test_uploads.py"),
    (
        "buildkit-images",
        "BuildKit's frontend: which images it fetches for a Dockerfile",
        "none of them is missing here",
        "test_buildkit_images.py",
    ),
    (
        "kubernetes-documents",
        "the decoder of the Kubernetes clients: which images a manifest has",
        "none of them is missing here",
        "test_kubernetes_documents.py",
    ),
)
