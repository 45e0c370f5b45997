"""What each predicate type demands, where no package has a schema of it: required fields and the types of known ones.

Written as JSON Schema (draft 2020-12), so that one compiled validator checks them and the schemas of packages alike.
Unknown fields are left alone: in-toto's parsing rules let producers extend every predicate. Optional fields may be
null, which those rules hold equal to absent.
"""

from collections.abc import Mapping
from typing import Any, Final

Shape = Mapping[str, Any]
"""A JSON Schema."""

TEXT: Final[Shape] = {"type": "string", "minLength": 1}
ANY_TEXT: Final[Shape] = {"type": "string"}
FLAG: Final[Shape] = {"type": "boolean"}
OBJECT: Final[Shape] = {"type": "object"}
URI: Final[Shape] = {"type": "string", "pattern": "^[A-Za-z][A-Za-z0-9+.-]*:."}
"""A URI by its scheme (RFC 3986 section 3.1); the rest is read by who follows it."""
TIME: Final[Shape] = {"type": "string", "format": "date-time"}
DIGESTS: Final[Shape] = {"type": "object", "additionalProperties": TEXT}
"""A DigestSet (in-toto attestation, digest_set.md): algorithms and encoded digests."""


def list_of(item: Shape, least: int = 0) -> Shape:
    """Describe an array."""
    return {"type": "array", "items": item, "minItems": least}


def map_of(item: Shape) -> Shape:
    """Describe an object whose members are all alike."""
    return {"type": "object", "additionalProperties": item}


def one_of(*words: str) -> Shape:
    """Describe a word out of a list."""
    return {"enum": list(words)}


def fields(required: Mapping[str, Shape], optional: Mapping[str, Shape] | None = None) -> Shape:
    """Describe an object: what it has to have, and what it may have."""
    nullable = {name: _or_null(shape) for name, shape in (optional or {}).items()}
    return {"type": "object", "required": list(required), "properties": {**required, **nullable}}


def _or_null(shape: Shape) -> Shape:
    if "enum" in shape:
        return {"enum": [*shape["enum"], None]}
    kinds = shape["type"] if isinstance(shape["type"], list) else [shape["type"]]
    return {**shape, "type": [*kinds, "null"]}


def resource(*needed: str) -> Shape:
    """Describe a ResourceDescriptor (in-toto attestation v1, resource_descriptor.md), where some fields are needed."""
    known = {
        "name": ANY_TEXT,
        "uri": ANY_TEXT,
        "digest": DIGESTS,
        "content": ANY_TEXT,
        "downloadLocation": ANY_TEXT,
        "mediaType": ANY_TEXT,
        "annotations": OBJECT,
    }
    return fields({name: known.pop(name) for name in needed}, known)


RESOURCE: Final = resource()

SLSA_PROVENANCE_02: Final = fields(
    {"builder": fields({"id": URI}), "buildType": URI},
    {
        "invocation": fields(
            {},
            {
                "configSource": fields({}, {"uri": ANY_TEXT, "digest": DIGESTS, "entryPoint": ANY_TEXT}),
                "parameters": {"type": ["object", "array", "string", "number", "boolean"]},
                "environment": OBJECT,
            },
        ),
        "buildConfig": OBJECT,
        "metadata": fields(
            {},
            {
                "buildInvocationId": ANY_TEXT,
                "buildStartedOn": TIME,
                "buildFinishedOn": TIME,
                "completeness": fields({}, {"parameters": FLAG, "environment": FLAG, "materials": FLAG}),
                "reproducible": FLAG,
            },
        ),
        "materials": list_of(fields({}, {"uri": ANY_TEXT, "digest": DIGESTS})),
    },
)
"""slsa.dev/provenance/v0.2, Fields."""

SLSA_PROVENANCE_1: Final = fields(
    {
        "buildDefinition": fields(
            {"buildType": URI, "externalParameters": OBJECT},
            {"internalParameters": OBJECT, "resolvedDependencies": list_of(RESOURCE)},
        ),
        "runDetails": fields(
            {"builder": fields({"id": URI}, {"version": map_of(ANY_TEXT), "builderDependencies": list_of(RESOURCE)})},
            {
                "metadata": fields({}, {"invocationId": ANY_TEXT, "startedOn": TIME, "finishedOn": TIME}),
                "byproducts": list_of(RESOURCE),
            },
        ),
    }
)
"""SLSA v1.1, Provenance: what it marks REQUIRED for SLSA Build L1."""

SLSA_VSA_1: Final = fields(
    {
        "verifier": fields({"id": URI}),
        "timeVerified": TIME,
        "resourceUri": TEXT,
        "policy": resource("uri"),
        "verificationResult": one_of("PASSED", "FAILED"),
        "verifiedLevels": list_of(TEXT),
    },
    {
        "inputAttestations": list_of(resource("digest")),
        "dependencyLevels": map_of({"type": "integer", "minimum": 0}),
        "slsaVersion": ANY_TEXT,
    },
)
"""SLSA v1.1, Verification Summary, Fields."""

LINK: Final = fields(
    {
        "_type": one_of("link"),
        "name": TEXT,
        "materials": map_of(DIGESTS),
        "products": map_of(DIGESTS),
        "byproducts": OBJECT,
        "command": list_of(ANY_TEXT),
        "environment": OBJECT,
    }
)
"""in-toto specification 1.0, section 4.4: all of it, as cosign and in-toto's own readers demand."""

LINK_03: Final = fields(
    {"name": TEXT},
    {
        "command": list_of(ANY_TEXT),
        "materials": list_of(resource("name", "digest")),
        "byproducts": OBJECT,
        "environment": OBJECT,
    },
)
"""in-toto attestation, link.md v0.3, Fields."""

VULN: Final = fields(
    {
        "scanner": fields(
            {"result": {"type": ["object", "array", "null"]}},
            {"uri": ANY_TEXT, "version": ANY_TEXT, "db": fields({}, {"uri": ANY_TEXT, "version": ANY_TEXT})},
        ),
        "metadata": fields({"scanStartedOn": TIME, "scanFinishedOn": TIME}),
    },
    {
        "invocation": fields(
            {}, {"parameters": list_of(ANY_TEXT), "uri": ANY_TEXT, "event_id": ANY_TEXT, "builder.id": ANY_TEXT}
        )
    },
)
"""cosign, COSIGN_VULN_ATTESTATION_SPEC.md, with the `scanner` that cosign reads where the text has `scanners`."""

VULNS_02: Final = fields(
    {
        "scanner": fields(
            {
                "uri": TEXT,
                "db": fields({"lastUpdate": TIME}, {"uri": ANY_TEXT, "version": ANY_TEXT}),
                "result": list_of(fields({"id": TEXT, "severity": list_of(fields({"method": TEXT, "score": TEXT}))})),
            },
            {"version": ANY_TEXT},
        ),
        "metadata": fields({"scanStartedOn": TIME, "scanFinishedOn": TIME}),
    }
)
"""in-toto attestation, vulns_02.md v0.2, Fields."""

TEST_RESULT: Final = fields(
    {"result": one_of("PASSED", "WARNED", "FAILED"), "configuration": list_of(RESOURCE)},
    {
        "url": ANY_TEXT,
        "passedTests": list_of(ANY_TEXT),
        "warnedTests": list_of(ANY_TEXT),
        "failedTests": list_of(ANY_TEXT),
    },
)
"""in-toto attestation, test-result.md v0.1, Fields."""

SCAI: Final = fields(
    {
        "attributes": list_of(
            fields({"attribute": TEXT}, {"target": RESOURCE, "conditions": OBJECT, "evidence": RESOURCE}), least=1
        )
    },
    {"producer": RESOURCE},
)
"""in-toto attestation, scai.md v0.3, Fields: one assertion or more."""

RELEASE: Final = fields(
    {"purl": {"type": "string", "pattern": "^pkg:[^@]+@."}},
    {"packageId": {"type": ["string", "integer"]}, "releaseId": {"type": ["string", "integer"]}},
)
"""in-toto attestation, release.md v0.2, Parsing Rules: a purl, and with a version."""

RUNTIME_TRACE: Final = fields(
    {
        "monitor": fields({"type": URI}, {"configSource": RESOURCE, "tracePolicy": OBJECT}),
        "monitoredProcess": fields({"hostID": URI, "type": URI, "event": TEXT}),
        "monitorLog": {
            **fields({}, {"process": list_of(OBJECT), "network": list_of(OBJECT), "fileAccess": list_of(RESOURCE)}),
            "minProperties": 1,
        },
    },
    {"metadata": fields({}, {"buildStartedOn": TIME, "buildFinishedOn": TIME})},
)
"""in-toto attestation, runtime-trace.md v0.2, Fields: at least one kind of event."""

SVR: Final = fields({"verifier": fields({"id": URI}), "timeCreated": TIME, "properties": list_of(TEXT)})
"""in-toto attestation, svr.md v0.1, Fields."""

REFERENCE: Final = fields(
    {
        "attester": fields({"id": URI}),
        "references": list_of(resource("downloadLocation", "mediaType")),
    }
)
"""in-toto attestation, reference.md v0.1, Fields."""

PROMOTION_RECORD: Final = fields(
    {
        "srcRef": TEXT,
        "dstRef": TEXT,
        "digest": {"type": "string", "pattern": "^[a-z0-9+._-]+:[0-9a-f]{32,}$"},
        "timestamp": TIME,
        "builderId": URI,
    }
)
"""in-toto attestation, promotion-record.md v1, Parsing Rules."""
