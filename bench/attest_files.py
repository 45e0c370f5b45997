"""What is attested: reviews of a few bytes, and a CycloneDX SBOM of megabytes, each unlike any other."""

import json
import secrets
from pathlib import Path
from typing import Final
from uuid import uuid4

REVIEW_TYPE: Final = "https://example.com/review/v1"


def write_review(path: Path) -> Path:
    """Write a review that nobody has seen before."""
    path.write_text(json.dumps({"approved": True, "score": 9, "by": secrets.token_hex(16)}))
    return path


def write_policy(path: Path) -> Path:
    """Write what a review has to say, in the Rego that cosign reads."""
    path.write_text("package signature\n\ndefault allow = false\n\nallow {\n  input.predicate.approved == true\n}\n")
    return path


def write_sbom(path: Path, size: int) -> Path:
    """Write a CycloneDX SBOM of this many bytes or a few more, in lines as tools write it."""
    components: list[dict[str, object]] = []
    room = size
    while room > 0:
        components.append(_component(len(components)))
        room -= len(json.dumps(components[-1], indent=1)) + 2
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": uuid4().urn,
        "version": 1,
        "components": components,
    }
    path.write_text(json.dumps(document, indent=1))
    return path


def renew_sbom(path: Path, made: Path) -> Path:
    """Write an SBOM anew, with a serial number of its own."""
    head, _, tail = made.read_text().partition('"serialNumber": "')
    path.write_text(f'{head}"serialNumber": "{uuid4().urn}{tail[tail.index(chr(34)) :]}')
    return path


def _component(number: int) -> dict[str, object]:
    name, version = f"package-{number}", f"1.{number % 97}.{number % 13}"
    return {
        "type": "library",
        "bom-ref": f"pkg:npm/{name}@{version}?ref={secrets.token_hex(8)}",
        "name": name,
        "version": version,
        "purl": f"pkg:npm/{name}@{version}",
        "hashes": [{"alg": "SHA-256", "content": secrets.token_hex(32)}],
        "licenses": [{"license": {"id": "MIT"}}],
        "properties": [
            {"name": "syft:package:foundBy", "value": "javascript-package-cataloger"},
            {"name": "syft:location:0:path", "value": f"/usr/lib/node_modules/{name}/package.json"},
        ],
    }
