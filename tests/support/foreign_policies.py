"""Policies of other admission controllers, as people write them, and what becomes of them."""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

import yaml

from cosignpy.imagepolicy.convert.documents import Conversion, convert
from tests.support.fixed_keys import ecdsa_signer
from tests.support.image_policies import PEM, encode

Document: TypeAlias = Mapping[str, Any]
FILE: Final = "theirs.yaml"
OTHER_PEM: Final = ecdsa_signer("bob").public_key.encode_pem().decode()
GITHUB: Final = "https://token.actions.githubusercontent.com"
BY_KEY: Final = {"keys": {"publicKeys": PEM, "rekor": {"ignoreTlog": True}}}
KEYLESS: Final = {"keyless": {"subject": "alice@example.com", "issuer": "https://accounts.example.com"}}


def cluster_policy(images: Document | None = None, rule: Document | None = None, **spec: Any) -> Document:
    """Return a ClusterPolicy of Kyverno with one rule, about images of a team that a key signs."""
    verified = {"imageReferences": ["ghcr.io/team/*"], "attestors": [{"entries": [BY_KEY]}], **(images or {})}
    only = {
        "name": "signed",
        "match": {"any": [{"resources": {"kinds": ["Pod"]}}]},
        "verifyImages": [verified],
        **(rule or {}),
    }
    return {
        "apiVersion": "kyverno.io/v1",
        "kind": "ClusterPolicy",
        "metadata": {"name": "team", "annotations": {"policies.kyverno.io/title": "Team"}},
        "spec": {"validationFailureAction": "Enforce", "background": False, "rules": [only], **spec},
    }


def by(*entries: Document, **more: Any) -> Document:
    """Return the images of a rule whose signers are these, all of them."""
    return {"attestors": [{"entries": list(entries), **more}]}


def validating_policy(expression: str = "", **spec: Any) -> Document:
    """Return an ImageValidatingPolicy of Kyverno."""
    signed = "images.containers.map(image, verifyImageSignatures(image, [attestors.alice])).all(e, e > 0)"
    rules = [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}]
    return {
        "apiVersion": "policies.kyverno.io/v1",
        "kind": "ImageValidatingPolicy",
        "metadata": {"name": "team"},
        "spec": {
            "validationActions": ["Deny"],
            "matchConstraints": {"resourceRules": rules},
            "matchImageReferences": [{"glob": "ghcr.io/team/*"}],
            "attestors": [
                {"name": "alice", "cosign": {"key": {"data": PEM}, "ctlog": {"insecureIgnoreTlog": True}}},
                {"name": "bob", "cosign": {"key": {"data": OTHER_PEM}, "ctlog": {"insecureIgnoreTlog": True}}},
            ],
            "attestations": [{"name": "sbom", "intoto": {"type": "https://spdx.dev/Document"}}],
            "validations": [{"expression": expression or signed, "message": "not signed"}],
            **spec,
        },
    }


def connaisseur(*rules: Document, validators: tuple[Document, ...] = (), **application: Any) -> Document:
    """Return values of Connaisseur with the validators `allow`, `deny` and `default`, and more."""
    default = {"name": "default", "type": "cosign", "trustRoots": [{"name": "default", "key": PEM}]}
    static = [{"name": name, "type": "static", "approve": name == "allow"} for name in ("allow", "deny")]
    listed = [*static, *([] if any(each["name"] == "default" for each in validators) else [default]), *validators]
    return {
        "kubernetes": {"deployment": {"replicasCount": 3}},
        "application": {"validators": listed, "policy": list(rules), **application},
    }


def converted(*documents: Document) -> Conversion:
    """Convert documents of one file."""
    return convert([(FILE, encode(*documents))])


def made_of(*documents: Document) -> list[Any]:
    """Return the policies that are made of documents, which have to be convertible."""
    made = converted(*documents)
    assert not made.is_refused, made.problems
    return list(yaml.safe_load_all(made.text))


def refused(*documents: Document) -> list[tuple[str, str]]:
    """Return why documents are refused: the path of each, and the reason."""
    made = converted(*documents)
    assert made.is_refused
    assert made.text == ""
    said = [
        str(each).removeprefix(f"error: {FILE}:").partition(": ")[2]
        for each in made.problems
        if each.severity == "error"
    ]
    return [(path, why) for path, _, why in (each.partition(": ") for each in said)]


def warned(*documents: Document) -> list[str]:
    """Return the paths of what is said otherwise, without that of namespaces, which is always there."""
    *some, last = converted(*documents).problems
    assert "namespaces.mode" in last.why
    return [each.why.partition(": ")[0].rpartition(".")[2] for each in some]
