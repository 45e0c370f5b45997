"""Conditions in CUE and Rego, and where their text is."""

import re
from typing import Final

from cosignpy.documents import Node
from cosignpy.errors import MalformedError
from cosignpy.imagepolicy.fields import Fields
from cosignpy.imagepolicy.model import ConfigMapRef, Language, PolicyText, Remote

_SOURCES: Final = ("data", "configMapRef", "remote")
_TEXT: Final = ("type", *_SOURCES)
_INPUTS: Final = ("fetchConfigFile", "includeSpec", "includeObjectMeta", "includeTypeMeta")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_HTTPS: Final = re.compile(r"https://[A-Za-z0-9.\-\[\]:]+(/[!-~]*)?")


def parse_attestation_text(node: Node) -> PolicyText:
    """Parse the condition of an attestation, which is about the attestation alone.

    Raises:
        DocumentError: Something in it is not as it should be.
    """
    return _parse(node, Fields.read(node, _TEXT))


def parse_image_policy_text(node: Node) -> PolicyText:
    """Parse the condition of a whole policy, which may be about the image and the workload too.

    Raises:
        DocumentError: Something in it is not as it should be.
    """
    return _parse(node, Fields.read(node, (*_TEXT, *_INPUTS)))


def _parse(node: Node, fields: Fields) -> PolicyText:
    language = fields.choice("type", Language)
    if fields.only_one(*_SOURCES) == "data":
        fields.required("data")
    return PolicyText(
        node.place,
        language,
        fields.text("data"),
        fields.child("configMapRef", _parse_config_map_ref),
        fields.child("remote", _parse_remote),
        *[fields.flag(name) for name in _INPUTS],
    )


def _parse_config_map_ref(node: Node) -> ConfigMapRef:
    fields = Fields.read(node, ("name", "key", "namespace"))
    return ConfigMapRef(fields.required("name"), fields.required("key"), fields.text("namespace"))


def _parse_remote(node: Node) -> Remote:
    fields = Fields.read(node, ("url", "sha256sum"))
    return Remote(fields.parsed("url", _parse_https), fields.parsed("sha256sum", _parse_sha256))


def _parse_https(text: str) -> str:
    if not _HTTPS.fullmatch(text):
        raise MalformedError("url", f"{text!r} is not an https URL")
    return text


def _parse_sha256(text: str) -> str:
    if not _SHA256.fullmatch(text):
        raise MalformedError("sha256sum", "not 64 hexadecimal digits, in small letters")
    return text
