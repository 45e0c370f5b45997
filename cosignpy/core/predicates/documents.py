"""What SPDX and OpenVEX demand of their documents, and which shape belongs to which predicate type.

CycloneDX has schemas in a package: see `validation`.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from cosignpy.core.predicates.shapes import (
    ANY_TEXT,
    LINK,
    LINK_03,
    OBJECT,
    PROMOTION_RECORD,
    REFERENCE,
    RELEASE,
    RUNTIME_TRACE,
    SCAI,
    SLSA_PROVENANCE_02,
    SLSA_PROVENANCE_1,
    SLSA_VSA_1,
    SVR,
    TEST_RESULT,
    TEXT,
    TIME,
    URI,
    VULN,
    VULNS_02,
    Shape,
    fields,
    list_of,
    one_of,
)

_SPDX_ID: Final[Shape] = {"type": "string", "pattern": "^SPDXRef-."}
_CHECKSUM: Final = fields({"algorithm": TEXT, "checksumValue": TEXT})

SPDX_2: Final = fields(
    {
        "spdxVersion": {"type": "string", "pattern": "^SPDX-2\\.[0-9]+$"},
        "dataLicense": TEXT,
        "SPDXID": one_of("SPDXRef-DOCUMENT"),
        "name": TEXT,
        "documentNamespace": URI,
        "creationInfo": fields({"created": TIME, "creators": list_of(TEXT, least=1)}),
    },
    {
        "packages": list_of(
            fields({"SPDXID": _SPDX_ID, "name": TEXT, "downloadLocation": TEXT}, {"checksums": list_of(_CHECKSUM)})
        ),
        "files": list_of(fields({"SPDXID": _SPDX_ID, "fileName": TEXT, "checksums": list_of(_CHECKSUM, least=1)})),
        "relationships": list_of(fields({"spdxElementId": TEXT, "relatedSpdxElement": TEXT, "relationshipType": TEXT})),
        "externalDocumentRefs": list_of(
            fields({"externalDocumentId": TEXT, "spdxDocument": TEXT, "checksum": _CHECKSUM})
        ),
        "hasExtractedLicensingInfos": list_of(fields({"licenseId": TEXT, "extractedText": ANY_TEXT})),
        "annotations": list_of(
            fields({"annotationDate": TIME, "annotationType": TEXT, "annotator": TEXT, "comment": ANY_TEXT})
        ),
    },
)
"""SPDX 2.3, clauses 6 (document), 7 (packages), 8 (files), 10, 11 and 12: what is mandatory there."""

SPDX_3: Final = fields(
    {
        "@context": {"type": ["string", "array"]},
        "@graph": list_of(fields({"type": TEXT}), least=1),
    }
)
"""SPDX 3.0, Serialization: JSON-LD with elements in `@graph`, each with its class."""

_JUSTIFICATIONS: Final = (
    "component_not_present",
    "vulnerable_code_not_present",
    "vulnerable_code_not_in_execute_path",
    "vulnerable_code_cannot_be_controlled_by_adversary",
    "inline_mitigations_already_exist",
)
_ELEMENT: Final[Shape] = {"type": ["string", "object"]}
"""Products and vulnerabilities were texts before v0.0.2, and are objects since."""


def _when(status: str, then: Shape) -> Shape:
    return {"if": {"properties": {"status": {"const": status}}, "required": ["status"]}, "then": then}


OPENVEX: Final = fields(
    {
        "@context": {"type": "string", "pattern": "^https://openvex\\.dev/ns"},
        "@id": TEXT,
        "author": TEXT,
        "timestamp": TIME,
        "version": {"type": ["integer", "string"]},
        "statements": list_of(
            {
                **fields(
                    {
                        "vulnerability": {**_ELEMENT, "required": ["name"], "properties": {"name": TEXT}},
                        "status": one_of("not_affected", "affected", "fixed", "under_investigation"),
                    },
                    {
                        "products": list_of(_ELEMENT),
                        "justification": one_of(*_JUSTIFICATIONS),
                        "impact_statement": ANY_TEXT,
                        "action_statement": ANY_TEXT,
                    },
                ),
                "allOf": [
                    _when(
                        "not_affected", {"anyOf": [{"required": ["justification"]}, {"required": ["impact_statement"]}]}
                    ),
                    _when("affected", {"required": ["action_statement"]}),
                ],
            },
            least=1,
        ),
    }
)
"""OpenVEX v0.2.0, Document Struct Fields and Statement Fields; what a status demands besides is there as well."""

SHAPES: Final[Mapping[str, Shape]] = MappingProxyType(
    {
        "custom": OBJECT,
        "slsaprovenance": SLSA_PROVENANCE_02,
        "slsaprovenance02": SLSA_PROVENANCE_02,
        "slsaprovenance1": SLSA_PROVENANCE_1,
        "spdx": SPDX_2,
        "spdxjson": SPDX_2,
        "link": LINK,
        "vuln": VULN,
        "openvex": OPENVEX,
        "spdx3": SPDX_3,
        "link03": LINK_03,
        "vsa": SLSA_VSA_1,
        "test-result": TEST_RESULT,
        "scai": SCAI,
        "release": RELEASE,
        "runtime-trace": RUNTIME_TRACE,
        "vulns": VULNS_02,
        "svr": SVR,
        "reference": REFERENCE,
        "promotion-record": PROMOTION_RECORD,
    }
)
"""By the name of the type; `cyclonedx` alone is checked by a schema of others."""
