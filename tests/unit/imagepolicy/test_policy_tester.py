"""Policies, images and verdicts recorded from the real policy controller's tester: the same verdicts, or a reason."""

import json
import re
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from cosignpy.core.keys.public import PublicKey
from cosignpy.documents import DocumentError
from cosignpy.errors import MalformedError, NoMatchingSignatures, NoSignatures
from cosignpy.imagepolicy.decision import Subject, decide_image
from cosignpy.imagepolicy.model import Authority, Key
from cosignpy.imagepolicy.parse import parse_policies
from cosignpy.imagepolicy.workloads import Workload
from tests.support import vectors

FOLDER: Final = vectors.VECTORS / "policy-tester"
CASES: Final = sorted(each.name for each in (FOLDER / "cases").glob("*")) if vectors.available() else []
REGISTRY: Final = "localhost:5000"
SIGNERS: Final = {
    "a": "a",
    "ab": "ab",
    "b": "b",
    "annot": "a",
    "idx-rec": "a",
    "sigrepo": "a",
    "rsa": ["rsa"],
    "ed25519": ["ed25519"],
    "ed25519-pure": ["ed25519"],
}
"""Which keys signed the images of these names, as `make_images.sh` does it."""

STRICTER: Final = {
    "013-static-same-policy-name-twice-fail-first": "two policies of one name are a mistake",
    "064-key-format-nonsense": "a signatureFormat that is none is a mistake",
    "065-key-format-upper-case-bundle": "a signatureFormat that is none is a mistake",
    "071-key-secretref-with-secret-doc": "Secrets are not read yet",
    "141-glob-image-has-scheme": "a URL is no reference",
    "155-match-resource-not-a-workload": "the controller's webhook refuses it as well",
    "292-source-registry-only": "a registry is no place for signatures",
    "297-source-tag-prefix": "prefixes of tags are not read yet",
    "298-source-tag-prefix-wrong": "prefixes of tags are not read yet",
    "378-doc-anchor-alias": "anchors are refused",
    "379-doc-field-case-differs": "names of fields are spelled as they are",
}
"""Refused by us before anything is decided, and why."""
OTHERS: Final = {
    "049-key-ed25519": ("pass", "what cosign signs with Ed25519 is verified, which it cannot verify itself"),
    "050-key-ed25519-sha512-selected": ("pass", "the same"),
    "062-key-legacy-signed-format-bundle": ("pass", "legacy signatures and bundles are read for either format"),
    "172-resource-without-spec": ("pass", "resources are not read by this test"),
    "348-invalid-authorities-missing": ("deny", "no authority is read, and no image passes"),
}
"""Decided otherwise by us, and why."""
LATER: Final = re.compile(r"\.attestations\[0\]$|^spec\.policy$|\.trustRootRef$")
"""What policies demand that is not looked at yet."""


def fill(text: str) -> str:
    """Put an address and digests in place of what stands for them."""
    return re.sub(r"@DIGEST:[^@]+@", f"sha256:{'a' * 64}", text).replace("@REGISTRY@", REGISTRY)


def workload(file: Path) -> Workload | None:
    if not file.exists():
        return None
    found = yaml.safe_load(fill(file.read_text()))
    group, _, version = found["apiVersion"].rpartition("/")
    labels = {name: str(text) for name, text in found["metadata"].get("labels", {}).items()}
    return Workload(group, version, f"{found['kind'].lower()}s", labels)


def signed_by(image: str) -> set[PublicKey]:
    name = image.removeprefix(f"{REGISTRY}/pc/").partition(":")[0].partition("@")[0]
    return {PublicKey.parse_pem((FOLDER / "keys" / f"{each}.pub").read_bytes()) for each in SIGNERS.get(name, ())}


def decide(case: Path) -> str:
    """Return the verdict on a case."""
    image = fill((case / "image.txt").read_text().rstrip("\n"))
    signers = signed_by(image)

    def verify(authority: Authority) -> object:
        if not signers:
            raise NoSignatures(image)
        if isinstance(authority.signer, Key) and authority.signer.data in signers:
            return authority.signer
        raise NoMatchingSignatures(image, ())

    policies = parse_policies(fill((case / "policy.yaml").read_bytes().decode()).encode(), case.name)
    subject = Subject(image, workload(case / "resource.yaml"))
    return "pass" if decide_image(subject, policies, verify).is_admitted else "deny"


def verdict(case: Path) -> tuple[str, str]:
    """Return the verdict, or whether policy or image was refused, and the path of what in the policy was."""
    try:
        return decide(case), ""
    except DocumentError as error:
        return "invalid", error.key
    except MalformedError:
        return "error", ""


def expected(case: Path) -> str:
    recorded: dict[str, Any] = json.loads((case / "expected.json").read_text())
    return str(recorded["verdict"])


@vectors.NEEDED
@pytest.mark.parametrize("name", CASES)
def test_the_verdict_is_that_of_the_policy_controller(name: str) -> None:
    case = FOLDER / "cases" / name
    found, path = verdict(case)
    if name in STRICTER:
        assert found in {"invalid", "error"}
    elif name in OTHERS:
        assert found == OTHERS[name][0] != expected(case)
    elif LATER.search(path):
        assert found == "invalid"  # refused, and not left out
    else:
        assert found == expected(case)


@vectors.NEEDED
def test_every_case_that_differs_is_there() -> None:
    assert {*STRICTER, *OTHERS} <= set(CASES)
