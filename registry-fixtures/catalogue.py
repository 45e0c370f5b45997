"""What gets signed, by which cosign, with which key, in which form, and what verifying it must say."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

Tool = Literal["cosign-v2", "cosign-v3"]
Artifact = Literal["oci-image", "docker-image", "index"]
Expected = Literal["verified", "no-signatures", "no-match"]

COMMANDS: Final[Mapping[tuple[Tool, str], tuple[str, ...]]] = MappingProxyType(
    {
        ("cosign-v2", "legacy"): ("sign", "--tlog-upload=false"),
        ("cosign-v2", "bundle"): ("sign", "--tlog-upload=false", "--new-bundle-format=true"),
        ("cosign-v3", "bundle"): ("sign", "--signing-config", "signing-config.json"),
        ("cosign-v3", "legacy"): (
            "sign",
            "--new-bundle-format=false",
            "--use-signing-config=false",
            "--tlog-upload=false",
        ),
        ("cosign-v2", "attestation"): (
            "attest", "--tlog-upload=false", "--predicate", "predicate.json", "--type", "custom",
        ),
        ("cosign-v3", "attestation"): (
            "attest", "--signing-config", "signing-config.json", "--predicate", "predicate.json", "--type", "custom",
        ),
    }
)  # fmt: skip

GENERATED_KEYS: Final = ("p256", "p256-second")
"""By `cosign generate-key-pair`, the others by `cosign import-key-pair`."""
IMPORTED_KEYS: Final = ("rsa2048", "p384", "p521", "ed25519")


@dataclass(frozen=True, slots=True)
class Step:
    """One run of cosign."""

    tool: Tool
    form: str
    key: str = "p256"
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """One repository: an artifact, what was done to it, and what verifying it with `key` must say."""

    name: str
    steps: tuple[Step, ...]
    artifact: Artifact = "oci-image"
    key: str = "p256"
    expected: Expected = "verified"
    signatures: int = 1
    annotations: tuple[str, ...] = ()
    recursive: bool = False
    replayed_from: Artifact | None = None
    """The steps sign this artifact, and its signature tag is then copied to the one of `artifact`."""


def _plain() -> Iterator[Case]:
    tools: tuple[Tool, ...] = ("cosign-v2", "cosign-v3")
    for tool in tools:
        for form in ("legacy", "bundle"):
            name = f"{tool.removeprefix('cosign-')}-{form}"
            for key in ("p256", *IMPORTED_KEYS):
                yield Case(f"{name}-{key}", (Step(tool, form, key),), key=key)
            annotated = Step(tool, form, flags=("-a", "env=prod", "-a", "build=7"))
            yield Case(f"{name}-annotations", (annotated,), annotations=("env=prod", "build=7"))
            recursive = Step(tool, form, flags=("--recursive",))
            yield Case(f"{name}-index", (Step(tool, form),), artifact="index")
            yield Case(f"{name}-recursive", (recursive,), artifact="index", recursive=True)


def _combined() -> Iterator[Case]:
    for form in ("legacy", "bundle"):
        both = (Step("cosign-v3", form), Step("cosign-v3", form, "p256-second"))
        yield Case(f"v3-{form}-two-signers", both)
        yield Case(f"v3-{form}-docker-image", (Step("cosign-v3", form),), artifact="docker-image")
    yield Case("v2-legacy-then-v3-bundle", (Step("cosign-v2", "legacy"), Step("cosign-v3", "bundle")), signatures=2)
    signed_and_attested = (Step("cosign-v3", "bundle"), Step("cosign-v3", "attestation"))
    yield Case("v3-bundle-and-attestation", signed_and_attested)


def _refused() -> Iterator[Case]:
    yield Case("unsigned", (), expected="no-signatures", signatures=0)
    attested = (Step("cosign-v3", "attestation"),)
    yield Case("v3-attestation-only", attested, expected="no-match", signatures=0)
    attested = (Step("cosign-v2", "attestation"),)
    yield Case("v2-attestation-only", attested, expected="no-signatures", signatures=0)
    yield Case(
        "v3-legacy-replayed",
        (Step("cosign-v3", "legacy"),),
        expected="no-match",
        signatures=0,
        replayed_from="docker-image",
    )
    other = (Step("cosign-v3", "bundle", "p256-second"),)
    yield Case("v3-bundle-other-signer", other, expected="no-match", signatures=0)


CASES: Final = (*_plain(), *_combined(), *_refused())
