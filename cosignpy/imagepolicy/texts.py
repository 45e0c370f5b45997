"""Conditions in CUE, Rego and CEL, and where their text is."""

import re
from enum import StrEnum
from typing import Final

from cosignpy.documents import Node
from cosignpy.errors import MalformedError
from cosignpy.imagepolicy.dialect import ELSEWHERE, Dialect
from cosignpy.imagepolicy.fields import Fields
from cosignpy.imagepolicy.languages import Language
from cosignpy.imagepolicy.model import ConfigMapRef, PolicyText, Remote
from cosignpy.imagepolicy.scalars import parse_https_url

_SOURCES: Final = ("data", "configMapRef", "remote")
_TEXT: Final = ("type", *_SOURCES)
_INPUTS: Final = ("fetchConfigFile", "includeSpec", "includeObjectMeta", "includeTypeMeta")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


def parse_attestation_text(dialect: Dialect, node: Node) -> PolicyText:
    """Parse the condition of an attestation, which is about the attestation alone.

    Raises:
        DocumentError: Something in it is not as it should be.
    """
    return _parse(dialect, node, Fields.read(node, _TEXT))


def parse_image_policy_text(dialect: Dialect, node: Node) -> PolicyText:
    """Parse the condition of a whole policy, which may be about the image and the workload too.

    Raises:
        DocumentError: Something in it is not as it should be.
    """
    return _parse(dialect, node, Fields.read(node, (*_TEXT, *_INPUTS)))


def _parse(dialect: Dialect, node: Node, fields: Fields) -> PolicyText:
    language = _read_language(dialect, fields)
    if fields.only_one(*_SOURCES) == "data":
        fields.required("data")
    return PolicyText(
        node.place,
        language,
        fields.text("data"),
        fields.child("configMapRef", _parse_config_map_ref),
        fields.child("remote", _parse_remote),
        *(fields.flag("fetchConfigFile"), fields.flag("includeSpec")),
        *(fields.flag("includeObjectMeta"), fields.flag("includeTypeMeta")),
        fields.place_of("data") if "data" in fields else None,
    )


def _read_language(dialect: Dialect, fields: Fields) -> Language:
    """Read what a condition is written in; a ClusterImagePolicy knows nothing of CEL."""
    if dialect is Dialect.CLUSTER and fields.text("type") == Language.CEL:
        raise fields.error("type", f"{Language.CEL.value!r} is not one of the choices", ELSEWHERE)
    return Language(fields.choice("type", Language if dialect is Dialect.OWN else _Common))


def _parse_config_map_ref(node: Node) -> ConfigMapRef:
    fields = Fields.read(node, ("name", "key", "namespace"))
    return ConfigMapRef(fields.required("name"), fields.required("key"), fields.text("namespace"))


def _parse_remote(node: Node) -> Remote:
    fields = Fields.read(node, ("url", "sha256sum"))
    return Remote(fields.parsed("url", parse_https_url), fields.parsed("sha256sum", _parse_sha256))


def _parse_sha256(text: str) -> str:
    if not _SHA256.fullmatch(text):
        raise MalformedError("sha256sum", "not 64 hexadecimal digits, in small letters")
    return text


class _Common(StrEnum):
    """What a policy of either kind may be written in."""

    CUE = Language.CUE
    REGO = Language.REGO
