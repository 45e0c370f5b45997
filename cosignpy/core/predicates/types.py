"""Predicate types: the names that `--type` takes, the URIs that are written, and older URIs of the same thing.

The first ten names are cosign's, each with the URI that cosign v3.1.3 writes for it; the others are what the in-toto
attestation project has vetted besides (spec/predicates/README.md).
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from cosignpy.core.intoto import COSIGN_SIGN_V1
from cosignpy.errors import UsageError
from cosignpy.values import value

CUSTOM: Final = "https://cosign.sigstore.dev/attestation/v1"


@value
class PredicateType:
    """A predicate type that has a name.

    Attributes:
        name: What `--type` says.
        uri: What is written into statements.
        aliases: Other URIs under which the same content is found; never written.
        specification: Where it is defined.
    """

    name: str
    uri: str
    specification: str
    aliases: tuple[str, ...] = ()


_SPDX_ALIASES: Final = ("https://spdx.dev/Document/v2.2", "https://spdx.dev/Document/v2.3")
_PROVENANCE_02: Final = "https://slsa.dev/provenance/v0.2"

TYPES: Final = (
    PredicateType(
        "custom", CUSTOM, "cosign, COSIGN_PREDICATE_SPEC.md: any object", ("cosign.sigstore.dev/attestation/v1",)
    ),
    PredicateType("slsaprovenance", _PROVENANCE_02, "SLSA provenance v0.2"),
    PredicateType("slsaprovenance02", _PROVENANCE_02, "SLSA provenance v0.2"),
    PredicateType(
        "slsaprovenance1",
        "https://slsa.dev/provenance/v1",
        "SLSA v1.1, Provenance",
        ("https://slsa.dev/provenance/v1.0",),
    ),
    PredicateType("spdx", "https://spdx.dev/Document", "SPDX 2.3, as JSON or as tag-value text", _SPDX_ALIASES),
    PredicateType("spdxjson", "https://spdx.dev/Document", "SPDX 2.3, as JSON", _SPDX_ALIASES),
    PredicateType(
        "cyclonedx",
        "https://cyclonedx.org/bom",
        "CycloneDX 1.2 to 1.7, its JSON schemas",
        ("https://cyclonedx.org/schema", *(f"https://cyclonedx.org/bom/v1.{minor}" for minor in range(2, 8))),
    ),
    PredicateType("link", "https://in-toto.io/Link/v1", "in-toto specification 1.0, section 4.4"),
    PredicateType(
        "vuln",
        "https://cosign.sigstore.dev/attestation/vuln/v1",
        "cosign, COSIGN_VULN_ATTESTATION_SPEC.md",
        ("cosign.sigstore.dev/attestation/vuln/v1",),
    ),
    PredicateType(
        "openvex",
        "https://openvex.dev/ns",
        "OpenVEX v0.0.1 to v0.2.0",
        ("https://openvex.dev/ns/v0.0.1", "https://openvex.dev/ns/v0.2.0"),
    ),
    PredicateType("spdx3", "https://spdx.dev/Document/v3", "SPDX 3.0, JSON-LD"),
    PredicateType(
        "link03",
        "https://in-toto.io/attestation/link/v0.3",
        "in-toto attestation, link.md v0.3",
        ("https://in-toto.io/Link/v0.3",),
    ),
    PredicateType("vsa", "https://slsa.dev/verification_summary/v1", "SLSA v1.1, Verification Summary"),
    PredicateType(
        "test-result", "https://in-toto.io/attestation/test-result/v0.1", "in-toto attestation, test-result.md v0.1"
    ),
    PredicateType(
        "scai",
        "https://in-toto.io/attestation/scai/v0.3",
        "in-toto attestation, scai.md v0.3",
        ("https://in-toto.io/attestation/scai/attribute-report/v0.2",),
    ),
    PredicateType(
        "release",
        "https://in-toto.io/attestation/release/v0.2",
        "in-toto attestation, release.md v0.2",
        ("https://in-toto.io/attestation/release/v0.1",),
    ),
    PredicateType(
        "runtime-trace",
        "https://in-toto.io/attestation/runtime-trace/v0.2",
        "in-toto attestation, runtime-trace.md v0.2",
        ("https://in-toto.io/attestation/runtime-trace/v0.1",),
    ),
    PredicateType("vulns", "https://in-toto.io/attestation/vulns/v0.2", "in-toto attestation, vulns_02.md v0.2"),
    PredicateType("svr", "https://in-toto.io/attestation/svr/v0.1", "in-toto attestation, svr.md v0.1"),
    PredicateType(
        "reference", "https://in-toto.io/attestation/reference/v0.1", "in-toto attestation, reference.md v0.1"
    ),
    PredicateType(
        "promotion-record", "https://k8s.io/promo-tools/promotion/v1", "in-toto attestation, promotion-record.md v1"
    ),
)
"""All names. Two of one URI differ in what they take (`spdx`), or are two names that cosign has."""

PREDICATE_TYPES: Final[Mapping[str, str]] = MappingProxyType({kind.name: kind.uri for kind in TYPES})
"""What `--type` may say besides a URI."""

_BY_NAME: Final = {kind.name: kind for kind in TYPES}
_BY_URI: Final = {uri: kind for kind in reversed(TYPES) for uri in (kind.uri, *kind.aliases)}


def select_predicate_type(name: str) -> str:
    """Return the URI of a predicate type, to write it.

    Raises:
        UsageError: Neither a name that is known nor a URI.
    """
    found = PREDICATE_TYPES.get(name)
    if found is not None:
        return found
    if ":" not in name or not name.isprintable() or " " in name:
        raise UsageError(f"{name!r} is not a predicate type", f"a URI, or one of {', '.join(PREDICATE_TYPES)}")
    return name


def accepted_predicate_types(name: str) -> tuple[str, ...]:
    """Return the URIs that a verifier takes for a predicate type: a name has older ones too, a URI is only itself.

    Raises:
        UsageError: Neither a name that is known nor a URI.
    """
    kind = _BY_NAME.get(name)
    return (select_predicate_type(name),) if kind is None else (kind.uri, *kind.aliases)


def describe_predicate_type(name: str) -> PredicateType | None:
    """Return what is known of a type by its name, its URI, or an older URI; None of those that have no name."""
    return _BY_NAME.get(name) or _BY_URI.get(name)


def suggest_type(found: Sequence[str], wanted: str) -> str:
    """Say how to ask for what is there, where it is of other types than the one that was wanted."""
    attested = [uri for uri in found if uri not in {COSIGN_SIGN_V1, "absent"}]
    if not attested:
        return "what is there are signatures: cosignpy verify, or verify-blob for files"
    kinds = [(describe_predicate_type(uri), uri) for uri in attested]
    flags = " or ".join([f"--type {kind.name if kind else uri}" for kind, uri in kinds])
    if wanted == COSIGN_SIGN_V1:
        return (
            f"what is there are attestations: cosignpy verify-attestation {flags}, or verify-blob-attestation for files"
        )
    return f"ask for what is there: {flags}"
