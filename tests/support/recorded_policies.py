"""The ClusterImagePolicies of the recorded verdicts, as objects of a cluster."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from cosignpy.errors import MalformedError
from cosignpy.imagepolicy.go_reader.conversion import Version
from cosignpy.imagepolicy.go_reader.documents import check_policy
from cosignpy.imagepolicy.go_reader.yaml_values import read_yaml
from cosignpy.values import value
from tests.support.policy_tester import CASES, FOLDER, read

FILES: Final = Path(__file__).resolve().parents[2] / "deploy" / "crds"
KINDS: Final = ("clusterimagepolicies", "imagepolicies", "trustroots")
"""What policies are made of; the definition of each is in a file of its name."""


@value
class RecordedPolicy:
    """A policy of a case; `is_valid` is whether the policy controller took it."""

    case: str
    is_valid: bool
    document: Mapping[str, Any]


def recorded_policies() -> tuple[RecordedPolicy, ...]:
    """Return all policies that can be read as YAML."""
    found = list[RecordedPolicy]()
    for case in CASES:
        verdict = json.loads((FOLDER / "cases" / case / "expected.json").read_text())["verdict"]
        for text in read(FOLDER / "cases" / case / "policy.yaml").decode().split("\n---\n"):
            try:
                document = read_yaml(text.strip().encode(), case)
            except MalformedError:
                continue
            if isinstance(document, dict) and document.get("kind") == "ClusterImagePolicy":
                found.append(RecordedPolicy(case, verdict != "invalid" or _is_valid(document), document))
    return tuple(found)


def _is_valid(document: Mapping[str, Any]) -> bool:
    """Tell whether it is another document of the case that is not valid."""
    try:
        return not check_policy(document, Version(document["apiVersion"]), "case").errors
    except MalformedError:
        return False


def recorded_trust_roots() -> tuple[tuple[str, Mapping[str, Any]], ...]:
    """Return the trust roots of the cases."""
    texts = [(case, read(FOLDER / "cases" / case / "trustroot.yaml")) for case in CASES]
    return tuple([(case, yaml.safe_load(text)) for case, text in texts if text])


def definitions() -> dict[str, dict[str, Any]]:
    """Return the definitions of the kinds, by their names."""
    files = [FILES / f"{each}.yaml" for each in KINDS]
    return {each["spec"]["names"]["kind"]: each for each in [yaml.safe_load(file.read_text()) for file in files]}
