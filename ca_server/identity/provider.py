"""A CI provider of the configuration file: how the claims of its tokens become a certificate."""

from collections.abc import Mapping

from ca_server.identity.templates import Template
from cosignpy.values import value


@value
class CiProvider:
    """Templates for the subject alternative name and for extensions, and texts for claims that are absent."""

    name: str
    subject_alternative_name: Template
    extensions: Mapping[int, Template]
    """By the last number of the extension's identifier."""
    defaults: Mapping[str, str]
