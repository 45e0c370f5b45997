"""SBOM files by what is in them: whatever syft, trivy or cyclonedx-bom wrote, and which predicate type it is.

A file says itself what it is, and how it is called says nothing. The native JSON of the scanners is no SBOM format:
it changes with each of their versions, and verifiers have no reader for it.
"""

import re
from collections.abc import Callable
from enum import StrEnum
from typing import Final

from cosignpy.core.encoding import JsonValue
from cosignpy.core.predicates.statement import Predicate, parse_with_line, refuse_size
from cosignpy.core.predicates.types import PREDICATE_TYPES, select_predicate_type
from cosignpy.errors import MalformedError, UsageError
from cosignpy.values import value


class SbomFormat(StrEnum):
    """What an SBOM file may be."""

    SPDX_JSON = "SPDX 2 as JSON"
    SPDX_3 = "SPDX 3 as JSON-LD"
    SPDX_TAG_VALUE = "SPDX 2 as tag-value text"
    CYCLONEDX_JSON = "CycloneDX as JSON"
    CYCLONEDX_XML = "CycloneDX as XML"
    SYFT_JSON = "syft's own JSON"
    TRIVY_JSON = "trivy's own JSON"


TYPE_OF: Final = {
    SbomFormat.SPDX_JSON: "spdxjson",
    SbomFormat.SPDX_3: "spdx3",
    SbomFormat.SPDX_TAG_VALUE: "spdx",
    SbomFormat.CYCLONEDX_JSON: "cyclonedx",
}
"""The predicate type of each format that can be one."""

_INSTEAD: Final = {
    SbomFormat.CYCLONEDX_XML: "a predicate is JSON: let the tool write CycloneDX as JSON",
    SbomFormat.SYFT_JSON: "let syft write a standard format: -o cyclonedx-json, or -o spdx-json",
    SbomFormat.TRIVY_JSON: "let trivy write a standard format: --format cyclonedx, or --format spdx-json",
}
"""What to do about the others."""

_MOST_OF_CONTEXT: Final = 1000
"""Characters of a JSON-LD context in which its vocabulary is looked for."""
_FORMATS: Final[tuple[tuple[SbomFormat, Callable[[dict[str, JsonValue]], bool]], ...]] = (
    (SbomFormat.CYCLONEDX_JSON, lambda found: found.get("bomFormat") == "CycloneDX"),
    (SbomFormat.SPDX_JSON, lambda found: str(found.get("spdxVersion")).startswith("SPDX-")),
    (SbomFormat.SPDX_3, lambda found: "spdx.org/rdf/3" in str(found.get("@context"))[:_MOST_OF_CONTEXT]),
    (SbomFormat.SYFT_JSON, lambda found: "artifacts" in found and "descriptor" in found),
    (SbomFormat.TRIVY_JSON, lambda found: "SchemaVersion" in found and "ArtifactName" in found),
)
"""How each JSON format is told: by the member in which it names itself, where it does."""

_XML: Final = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:\?xml|bom|!--)")
_CYCLONEDX_NAMESPACE: Final = b"http://cyclonedx.org/schema/bom/"
_HEAD: Final = 4096
"""Octets in which an XML document names its root element's namespace."""
_TAG_VALUE: Final = re.compile(rb"(?:#[^\n]*\n|\s)*SPDXVersion: *SPDX-2\.[0-9]+[ \t\r]*\n")
_MANDATORY_TAGS: Final = ("DataLicense", "SPDXID", "DocumentName", "DocumentNamespace", "Creator", "Created")
"""What SPDX 2.3, clause 6, demands of every document besides its version."""


@value
class Sbom:
    """An SBOM file: what it is, and the predicate that it is."""

    format: SbomFormat
    predicate: Predicate

    @property
    def type_name(self) -> str:
        """The predicate type, as `--type` has it."""
        return TYPE_OF[self.format]


def read_sbom(content: bytes, claimed: str = "") -> Sbom:
    """Read an SBOM file, unchanged, and tell what it is.

    Args:
        content: The file.
        claimed: The predicate type, by name or URI, that it is said to be; empty takes what it is.

    Raises:
        MalformedError: It is no SBOM, or not well-formed.
        LimitExceeded: Larger or deeper than any.
        UsageError: It is an SBOM of another type than claimed, or in a form that cannot be attested.
    """
    refuse_size(content, "SBOM")
    found = _read(content)
    if claimed and select_predicate_type(claimed) != PREDICATE_TYPES[found.type_name]:
        raise UsageError(
            f"the SBOM is {found.format}, and not {claimed}", f"--type {found.type_name}, or none: the file says it"
        )
    return found


def parse_predicate(predicate_type: str, content: bytes) -> Predicate:
    """Parse a predicate: one JSON object, or for cosign's type `spdx` also tag-value text.

    Raises:
        UsageError: Not a predicate type.
        MalformedError: Neither.
        LimitExceeded: Larger or deeper than any.
    """
    select_predicate_type(predicate_type)
    refuse_size(content, "predicate")
    if predicate_type == "spdx" and _TAG_VALUE.match(content):
        return _read(content).predicate
    return Predicate.parse(content)


def tell_format(content: bytes) -> SbomFormat:
    """Tell what an SBOM file is by what is in it, also where that is no predicate type.

    Raises:
        MalformedError: It is no SBOM, or not well-formed.
        LimitExceeded: Deeper than any.
    """
    return _tell(content)[0]


def _read(content: bytes) -> Sbom:
    kind, parsed = _tell(content)
    if kind is SbomFormat.SPDX_TAG_VALUE:
        return Sbom(kind, Predicate.of_text(_check_tags(content)))
    if kind in _INSTEAD:
        raise UsageError(f"the SBOM is {kind}, which is no predicate type", _INSTEAD[kind])
    return Sbom(kind, Predicate(content, parsed))


def _tell(content: bytes) -> tuple[SbomFormat, JsonValue]:
    """Return the format, and what a JSON document says."""
    if _TAG_VALUE.match(content):
        return SbomFormat.SPDX_TAG_VALUE, None
    if _XML.match(content):
        if _CYCLONEDX_NAMESPACE in content[:_HEAD]:
            return SbomFormat.CYCLONEDX_XML, None
        raise MalformedError("SBOM", "XML that is not CycloneDX's")
    parsed = parse_with_line(content, "SBOM")
    kind = next((kind for kind, tells in _FORMATS if isinstance(parsed, dict) and tells(parsed)), None)
    if kind is None:
        raise MalformedError("SBOM", "neither SPDX nor CycloneDX, by what it says of itself")
    return kind, parsed


def _check_tags(content: bytes) -> str:
    """Return tag-value text that has what every document has to have.

    Raises:
        MalformedError: Not UTF-8, or a tag is missing.
    """
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedError("SBOM", "not UTF-8") from error
    for tag in _MANDATORY_TAGS:
        if not re.search(rf"^{tag}: *\S", text, re.MULTILINE):
            raise MalformedError("SBOM", f"the tag {tag} is missing (SPDX 2.3, clause 6)")
    return text
