"""One predicate of each type that has a name, small and complete."""

from collections.abc import Mapping
from typing import Any, Final

from cosignpy.core.encoding import encode_json
from cosignpy.core.predicates.provenance import build_provenance

_NOW: Final = "2026-01-02T03:04:05Z"
_DIGEST: Final = {"sha256": "c0" * 32}

_PROVENANCE_02: Final = {
    "builder": {"id": "https://ci.example/builder"},
    "buildType": "https://ci.example/make@v1",
    "invocation": {
        "configSource": {
            "uri": "git+https://git.example/app",
            "digest": {"sha1": "00" * 20},
            "entryPoint": "build.yml",
        },
        "parameters": {},
        "environment": {},
    },
    "metadata": {
        "buildInvocationId": "7",
        "buildStartedOn": _NOW,
        "completeness": {"parameters": True, "environment": False, "materials": False},
        "reproducible": False,
    },
    "materials": [{"uri": "git+https://git.example/app", "digest": {"sha1": "00" * 20}}],
}
_SPDX: Final = {
    "spdxVersion": "SPDX-2.3",
    "dataLicense": "CC0-1.0",
    "SPDXID": "SPDXRef-DOCUMENT",
    "name": "app",
    "documentNamespace": "https://sbom.example/app-1",
    "creationInfo": {"created": _NOW, "creators": ["Tool: none-1"]},
    "packages": [{"SPDXID": "SPDXRef-zlib", "name": "zlib", "versionInfo": "1.3", "downloadLocation": "NOASSERTION"}],
    "files": [
        {
            "SPDXID": "SPDXRef-file",
            "fileName": "./a",
            "checksums": [{"algorithm": "SHA1", "checksumValue": "00" * 20}],
        }
    ],
    "relationships": [
        {"spdxElementId": "SPDXRef-DOCUMENT", "relatedSpdxElement": "SPDXRef-zlib", "relationshipType": "DESCRIBES"}
    ],
}

EXAMPLES: Final[Mapping[str, dict[str, Any]]] = {
    "custom": {"reviewed": True},
    "slsaprovenance": _PROVENANCE_02,
    "slsaprovenance02": _PROVENANCE_02,
    "slsaprovenance1": {
        "buildDefinition": {
            "buildType": "https://ci.example/make@v1",
            "externalParameters": {"ref": "refs/heads/main"},
            "internalParameters": None,
            "resolvedDependencies": [{"uri": "git+https://git.example/app", "digest": {"gitCommit": "00" * 20}}],
        },
        "runDetails": {
            "builder": {"id": "https://ci.example/builder", "version": {"make": "4.3"}},
            "metadata": {"invocationId": "7", "startedOn": _NOW},
        },
    },
    "spdx": _SPDX,
    "spdxjson": _SPDX,
    "cyclonedx": {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": "urn:uuid:00000000-0000-4000-8000-000000000000",
        "version": 1,
        "components": [
            {"type": "library", "name": "zlib", "version": "1.3", "licenses": [{"license": {"id": "Zlib"}}]},
        ],
    },
    "link": {
        "_type": "link",
        "name": "build",
        "materials": {"main.c": _DIGEST},
        "products": {"app": _DIGEST},
        "byproducts": {"return-value": 0},
        "command": ["make"],
        "environment": {},
    },
    "vuln": {
        "invocation": {"parameters": None, "uri": "", "event_id": "", "builder.id": ""},
        "scanner": {
            "uri": "pkg:generic/scanner@1",
            "version": "1",
            "db": {"uri": "", "version": ""},
            "result": {"Results": []},
        },
        "metadata": {"scanStartedOn": _NOW, "scanFinishedOn": _NOW},
    },
    "openvex": {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": "https://openvex.dev/docs/example/vex-1",
        "author": "Team",
        "timestamp": _NOW,
        "version": 1,
        "statements": [
            {
                "vulnerability": {"name": "CVE-2026-0001"},
                "products": [{"@id": "pkg:generic/app@1"}],
                "status": "not_affected",
                "justification": "component_not_present",
            }
        ],
    },
    "spdx3": {
        "@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld",
        "@graph": [{"type": "SpdxDocument", "spdxId": "https://sbom.example/app"}],
    },
    "link03": {"name": "build", "command": ["make"], "materials": [{"name": "main.c", "digest": _DIGEST}]},
    "vsa": {
        "verifier": {"id": "https://verifier.example/v1"},
        "timeVerified": _NOW,
        "resourceUri": "registry.example/app",
        "policy": {"uri": "https://verifier.example/policy"},
        "inputAttestations": [{"digest": _DIGEST}],
        "verificationResult": "PASSED",
        "verifiedLevels": ["SLSA_BUILD_LEVEL_3"],
        "dependencyLevels": {"SLSA_BUILD_LEVEL_1": 4},
    },
    "test-result": {"result": "PASSED", "configuration": [{"name": "ci.yml"}], "passedTests": ["unit"]},
    "scai": {"attributes": [{"attribute": "REPRODUCIBLE", "evidence": {"name": "rebuild", "digest": _DIGEST}}]},
    "release": {"purl": "pkg:pypi/app@1.0", "packageId": "7"},
    "runtime-trace": {
        "monitor": {"type": "https://monitor.example/v1"},
        "monitoredProcess": {"hostID": "https://ci.example", "type": "https://ci.example/make@v1", "event": "7"},
        "monitorLog": {"process": [{"pid": 1}]},
    },
    "vulns": {
        "scanner": {
            "uri": "pkg:generic/scanner@1",
            "db": {"lastUpdate": _NOW},
            "result": [{"id": "CVE-2026-0001", "severity": [{"method": "cvss", "score": "5.2"}]}],
        },
        "metadata": {"scanStartedOn": _NOW, "scanFinishedOn": _NOW},
    },
    "svr": {"verifier": {"id": "https://verifier.example/v1"}, "timeCreated": _NOW, "properties": ["SCANNED"]},
    "reference": {
        "attester": {"id": "https://builder.example/v1"},
        "references": [{"downloadLocation": "https://sbom.example/app", "mediaType": "application/spdx+json"}],
    },
    "promotion-record": {
        "srcRef": "registry.example/staging/app:1",
        "dstRef": "registry.example/app:1",
        "digest": f"sha256:{_DIGEST['sha256']}",
        "timestamp": _NOW,
        "builderId": "https://promoter.example/v1",
    },
}
"""By the name of the type."""

TAG_VALUE: Final = """\
# written by hand
SPDXVersion: SPDX-2.3
DataLicense: CC0-1.0
SPDXID: SPDXRef-DOCUMENT
DocumentName: app
DocumentNamespace: https://sbom.example/app-1
Creator: Tool: none-1
Created: 2026-01-02T03:04:05Z
"""
"""SPDX that is no JSON."""


def example(name: str) -> bytes:
    """Return a predicate as a file holds it."""
    return encode_json(EXAMPLES[name])


GITHUB_JOB: Final = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_EVENT_NAME": "workflow_dispatch",
    "GITHUB_REF": "refs/heads/main",
    "GITHUB_REPOSITORY": "octocat/hello-world",
    "GITHUB_REPOSITORY_ID": "1296269",
    "GITHUB_REPOSITORY_OWNER_ID": "583231",
    "GITHUB_RUN_ATTEMPT": "1",
    "GITHUB_RUN_ID": "1536140711",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_SHA": "c27d339ee6075c1f744c5d4b200f7901aad2c369",
    "GITHUB_WORKFLOW_REF": "octocat/hello-world/.github/workflows/release.yml@refs/heads/main",
    "RUNNER_ENVIRONMENT": "github-hosted",
}
"""The variables of a job, with the examples of GitHub's documentation."""


def provenance_example() -> bytes:
    """Return the provenance of that job."""
    return build_provenance(GITHUB_JOB)
