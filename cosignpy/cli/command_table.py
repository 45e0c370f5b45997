"""All commands: where each one's code is and its line of help, so that listing them imports none of them."""

from collections.abc import Mapping
from typing import Final

from cosignpy.values import value


@value
class Command:
    """A command: a function of a module in `cosignpy.cli.commands`, and what help lists say of it."""

    module: str
    function: str
    summary: str


@value
class Group:
    """Commands under one word, as in `download signature`."""

    summary: str
    commands: Mapping[str, Command]


COMMANDS: Final[Mapping[str, Command | Group]] = {
    "sign": Command("sign", "sign", "Sign container images."),
    "verify": Command("verify", "verify", "Verify the signatures of container images."),
    "attest": Command("attest", "attest", "Attest something about container images."),
    "verify-attestation": Command(
        "verify_attestation", "verify_attestation", "Verify the attestations about container images."
    ),
    "sign-blob": Command("sign_blob", "sign_blob", "Sign files."),
    "attest-blob": Command("attest_blob", "attest_blob", "Attest something about files."),
    "verify-blob": Command("verify_blob", "verify_blob", "Verify the signature of a file."),
    "verify-blob-attestation": Command("verify_blob", "verify_blob_attestation", "Verify an attestation about a file."),
    "explain": Command("explain", "explain", "Explain a verification step by step, or evidence that was kept."),
    "generate-key-pair": Command("generate_key_pair", "generate_key_pair", "Generate a pair of keys."),
    "import-key-pair": Command("import_key_pair", "import_key_pair", "Import a private key made elsewhere."),
    "public-key": Command("public_key", "public_key", "Print the public key of a key pair."),
    "initialize": Command("initialize", "initialize", "Fetch what to believe, and choose from where."),
    "tree": Command("tree", "tree", "Show what is attached to an image."),
    "triangulate": Command("triangulate", "triangulate", "Print where an image's legacy attachments lie."),
    "copy": Command("copy", "copy", "Copy images with everything attached to them."),
    "save": Command("save", "save", "Save an image and its attachments to an OCI layout directory."),
    "load": Command("load", "load", "Push what `save` saved."),
    "clean": Command("clean", "clean", "Remove what is attached to an image."),
    "download": Group(
        "Fetch what is attached to an image.",
        {
            "signature": Command("download", "signature", "Print the signatures of an image as JSON lines."),
            "attestation": Command("download", "attestation", "Print the attestations about an image as JSON lines."),
            "sbom": Command("sbom", "download_sbom", "Print the SBOM of an image."),
        },
    ),
    "attach": Group(
        "Attach what was made elsewhere.",
        {
            "signature": Command("attach", "signature", "Attach a signature to an image."),
            "attestation": Command("attach", "attestation", "Attach attestations to an image."),
            "sbom": Command("sbom", "attach_sbom", "Attach an SBOM to an image, unsigned."),
        },
    ),
    "upload": Group(
        "Put files into registries as artifacts.",
        {
            "blob": Command("upload", "blob", "Upload files of any kind, one for each platform."),
            "wasm": Command("upload", "wasm", "Upload a WASM module."),
            "chart": Command("upload", "chart", "Upload a Helm chart."),
            "artifact": Command("upload", "artifact", "Upload files as an artifact of any type."),
        },
    ),
    "bundle": Group(
        "What bundles say, and older forms of them.",
        {
            "create": Command("bundle_making", "create", "Make a bundle of a signature in parts."),
            "upgrade": Command("bundle_making", "upgrade", "Bring older bundles to version 0.3."),
            "inspect": Command("bundle", "inspect", "Show what a bundle says, unverified."),
            "verify": Command("bundle", "verify", "Verify a bundle, with the artifact or without."),
            "diff": Command("bundle", "diff", "Show what differs between two bundles."),
        },
    ),
    "dockerfile": Group(
        "What Dockerfiles are built from.",
        {"verify": Command("dockerfile", "verify", "Verify the images that Dockerfiles name.")},
    ),
    "manifest": Group(
        "What manifests of Kubernetes run.",
        {"verify": Command("manifest", "verify", "Verify the images that manifests name.")},
    ),
    "policy": Group(
        "Policies in files: which images must be signed by whom.",
        {
            "verify": Command("policy", "verify", "Verify images by the policies that are about them."),
            "verify-blob": Command(
                "policy_verify_blob", "verify_blob", "Verify files by the policies that are about their names."
            ),
            "replay": Command("policy_replay", "replay", "Decide again over what was seen, offline."),
            "lint": Command("policy_lint", "lint", "Look for what is wrong with policies."),
            "explain": Command("policy_explain", "explain", "Explain what policies say of images."),
            "test": Command("policy_testing", "run_tests", "Test policies by images and the verdicts they should get."),
            "convert": Command(
                "policy_convert", "convert", "Make policies of those of Kyverno and Connaisseur, or say why not."
            ),
            "push": Command("policy_share", "push", "Push policies to a registry."),
            "pull": Command("policy_share", "pull", "Fetch policies from a registry."),
        },
    ),
    "policy-tester": Command("policy_tester", "policy_tester", "Test policies as the policy controller's tester does."),
    "provenance": Group(
        "How things were built.",
        {"generate": Command("provenance", "generate", "Say how this CI job builds, as SLSA provenance.")},
    ),
    "trusted-root": Group(
        "Whom verifiers believe.",
        {
            "create": Command("trusted_root", "create", "Make a trusted root of keys and certificates."),
            "inspect": Command("trusted_root", "inspect", "Show what a trusted root says."),
            "lint": Command("trusted_root", "lint", "Look for what is wrong with a trusted root."),
        },
    ),
    "signing-config": Group(
        "Which services signers ask.",
        {
            "create": Command("signing_config", "create", "Make a signing config of addresses."),
            "inspect": Command("signing_config", "inspect", "Show what a signing config says, and who is asked now."),
        },
    ),
    "context": Group(
        "Settings under a name, to change between.",
        {
            "list": Command("context", "list_contexts", "List the contexts."),
            "show": Command("context", "show", "Show what a context says."),
            "use": Command("context", "use", "Make a context the current one."),
            "create": Command("context", "create", "Make a context."),
            "set": Command("context", "change", "Change settings of a context."),
            "delete": Command("context", "delete", "Remove a context."),
            "export": Command("context", "export", "Write whom a context believes and asks as one document."),
        },
    ),
    "login": Command("login", "login", "Log in to a registry."),
    "logout": Command("logout", "logout", "Forget a registry's credentials."),
    "registry": Group(
        "An OCI registry of your own, for demos and tests.",
        {"serve": Command("registry", "serve", "Serve an OCI registry.")},
    ),
    "webhook": Group(
        "What lets only proven images run in a Kubernetes cluster.",
        {
            "serve": Command("webhook", "serve", "Serve the admission webhook."),
            "break-glass": Command("break_glass", "break_glass", "Sign an exception for an emergency."),
        },
    ),
    "whoami": Command("whoami", "whoami", "Show who you would sign as without a key."),
    "doctor": Command("doctor", "doctor", "Say what is wrong with what is configured, and what to do about it."),
    "env": Command("env", "env", "Print the environment variables that are read."),
    "version": Command("version", "version", "Print the version."),
    "completion": Command("completion", "completion", "Print a completion script for your shell."),
}
