"""Policies of both kinds to change in one thing."""

import textwrap
from collections.abc import Mapping
from typing import Any, Final

import yaml

from cosignpy.imagepolicy.model import ImagePolicyDocument
from cosignpy.imagepolicy.parse import parse_resources
from tests.support.signed import KEY

FILE: Final = "team.yaml"
PEM: Final = KEY.public_key.encode_pem().decode()
BY_KEY: Final[Mapping[str, Any]] = {"key": {"data": PEM}}
ALICE: Final[Mapping[str, Any]] = {"issuer": "https://accounts.example.com", "subject": "alice@example.com"}
KEYLESS: Final[Mapping[str, Any]] = {"keyless": {"identities": [ALICE]}}
PASS: Final[Mapping[str, Any]] = {"static": {"action": "pass"}}
FAIL: Final[Mapping[str, Any]] = {"static": {"action": "fail", "message": "not here"}}


def parse_policies(raw: bytes, file: str) -> tuple[ImagePolicyDocument, ...]:
    """Parse the policies of a file, and leave out what is beside them."""
    return tuple([each for each in parse_resources(raw, file) if isinstance(each, ImagePolicyDocument)])


def document(*authorities: Mapping[str, Any], name: str = "team", **spec: Any) -> dict[str, Any]:
    """Return a policy about all images."""
    return {
        "apiVersion": "policy.sigstore.dev/v1beta1",
        "kind": "ClusterImagePolicy",
        "metadata": {"name": name},
        "spec": {"images": [{"glob": "**"}], "authorities": [dict(each) for each in authorities], **spec},
    }


def own_document(*authorities: Mapping[str, Any], name: str = "team", **spec: Any) -> dict[str, Any]:
    """Return a policy of our own kind about all images."""
    return document(*authorities, name=name, **spec) | {
        "apiVersion": "cosignpy.dev/v1alpha1",
        "kind": "ImagePolicy",
    }


def own(*authorities: Mapping[str, Any], name: str = "team", **spec: Any) -> ImagePolicyDocument:
    """Return a parsed policy of our own kind about all images."""
    (found,) = parse_policies(encode(own_document(*authorities, name=name, **spec)), FILE)
    return found


def encode(*documents: Mapping[str, Any]) -> bytes:
    """Write documents as YAML without anchors."""
    return b"---\n".join(_dump(each) for each in documents)


def parsed(*authorities: Mapping[str, Any], name: str = "team", **spec: Any) -> ImagePolicyDocument:
    """Return a parsed policy about all images."""
    (found,) = parse_policies(encode(document(*authorities, name=name, **spec)), FILE)
    return found


def text(content: str) -> bytes:
    """Return a document that is written out, with its lines as they are counted in errors."""
    return textwrap.dedent(content).lstrip("\n").encode()


class _Plain(yaml.SafeDumper):
    """Writes what stands twice twice."""

    def ignore_aliases(self, data: Any) -> bool:
        del data
        return True


def _dump(content: Mapping[str, Any]) -> bytes:
    return yaml.dump(dict(content), Dumper=_Plain, sort_keys=False).encode()
