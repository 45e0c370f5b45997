"""Our verdicts on the cases that were recorded from the policy controller's tester, and where they are to be others."""

import json
from datetime import UTC, datetime
from typing import Any, Final

from cosignpy.core.oci.reference import Reference, parse_repository
from cosignpy.core.trust.trusted_root import TrustedRoot
from cosignpy.documents import DocumentError
from cosignpy.errors import MalformedError
from cosignpy.imagepolicy.languages import Language
from cosignpy.imagepolicy.model import Source
from cosignpy.imagepolicy.parse import parse_resources
from cosignpy.imagepolicy.references import link_policies
from cosignpy.operations.ports import ManifestSource
from cosignpy.operations.verify_by_policies import DecidedImage, VerifyByPolicies, verify_by_policies
from tests.support import policy_tester
from tests.support.policy_tester import CASES, FOLDER

NOW: Final = datetime(2026, 11, 30, tzinfo=UTC)

STRICTER: Final = {
    "013-static-same-policy-name-twice-fail-first": "two policies of one name are a mistake",
    "064-key-format-nonsense": "a signatureFormat that is none is a mistake",
    "065-key-format-upper-case-bundle": "a signatureFormat that is none is a mistake",
    "141-glob-image-has-scheme": "a URL is no reference",
    "155-match-resource-not-a-workload": "the controller's webhook refuses it as well",
    "292-source-registry-only": "a registry is no place for signatures",
    "378-doc-anchor-alias": "anchors are refused",
    "379-doc-field-case-differs": "names of fields are spelled as they are",
}
"""Refused by us before anything is decided, and why."""
OTHERS: Final = {
    "049-key-ed25519": ("pass", "what cosign signs with Ed25519 is verified, which it cannot verify itself"),
    "050-key-ed25519-sha512-selected": ("pass", "the same"),
    "062-key-legacy-signed-format-bundle": ("pass", "legacy signatures and bundles are read for either format"),
    "071-key-secretref-with-secret-doc": ("pass", "the Secret lies beside the policy, and is looked into"),
    "172-resource-without-spec": ("pass", "nothing of the resource is wanted"),
    "198-att-bundle-stored": ("pass", "legacy attestations and bundles are read for either format"),
    "199-att-bundle-stored-format-bundle": ("pass", "bundles by keys are verified like others"),
    "219-att-rego-v1-syntax": ("pass", "Rego 1 is read without an import as well"),
    "348-invalid-authorities-missing": ("deny", "no authority is read, and no image passes"),
}
"""Decided otherwise by us, and why."""


class Nobody:
    """Whom to believe where a policy does not say."""

    def trusted_root(self) -> TrustedRoot:
        return TrustedRoot()


def decide(name: str) -> DecidedImage:
    """Decide over the image of a case."""
    case = FOLDER / "cases" / name
    resources = parse_resources(policy_tester.read(case / "policy.yaml"), name)
    if trust_root := policy_tester.read(case / "trustroot.yaml"):
        resources += parse_resources(trust_root, "trustroot.yaml")
    policies = link_policies(resources)
    image_name = policy_tester.fill((case / "image.txt").read_text().rstrip("\n"))
    reference = Reference.parse(image_name)
    image = policy_tester.open_repository(reference)

    def open_source(source: Source | None) -> ManifestSource:
        return policy_tester.open_repository(parse_repository(source.oci)) if source and source.oci else image

    workload = policy_tester.workload(case / "resource.yaml")
    request = VerifyByPolicies(image_name, reference.target, policies, NOW, workload=workload)
    return verify_by_policies(request, image, open_source, Nobody())


def verdict(name: str) -> str:
    """Return the verdict, or whether policy or image was refused."""
    try:
        return "pass" if decide(name).decision.is_admitted else "deny"
    except DocumentError:
        return "invalid"
    except MalformedError:
        return "error"


def recorded(name: str) -> str:
    """Return the verdict of the policy controller."""
    found: dict[str, Any] = json.loads((FOLDER / "cases" / name / "expected.json").read_text())
    return str(found["verdict"])


def _asks_cue(name: str) -> bool:
    policy = (FOLDER / "cases" / name / "policy.yaml").read_bytes()
    return f"type: {Language.CUE}\n".encode() in policy and recorded(name) != "invalid"


IN_CUE: Final = tuple(filter(_asks_cue, CASES))
"""What the program `cue` is needed for."""
