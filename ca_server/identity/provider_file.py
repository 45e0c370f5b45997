"""CI providers in Fulcio's configuration file: templates by the names of extensions."""

from collections.abc import Mapping
from typing import Final

from ca_server.identity.claim_text import check_text
from ca_server.identity.claims import TokenRefused
from ca_server.identity.issuer_document import Entry, read_text
from ca_server.identity.provider import CiProvider
from ca_server.identity.template_syntax import parse_template
from ca_server.identity.templates import Template
from cosignpy.documents import Node
from cosignpy.errors import MalformedError

_DEFAULTS: Final = "default-template-values"
_EXTENSIONS: Final = "extension-templates"
_NAME: Final = "subject-alternative-name-template"

EXTENSIONS: Final[Mapping[str, int]] = {
    "github-workflow-trigger": 2,
    "github-workflow-sha": 3,
    "github-workflow-name": 4,
    "github-workflow-repository": 5,
    "github-workflow-ref": 6,
    "build-signer-uri": 9,
    "build-signer-digest": 10,
    "runner-environment": 11,
    "source-repository-uri": 12,
    "source-repository-digest": 13,
    "source-repository-ref": 14,
    "source-repository-identifier": 15,
    "source-repository-owner-uri": 16,
    "source-repository-owner-identifier": 17,
    "build-config-uri": 18,
    "build-config-digest": 19,
    "build-trigger": 20,
    "run-invocation-uri": 21,
    "source-repository-visibility-at-signing": 22,
    "deployment-environment": 23,
}
_FROM_TOKEN: Final = ("issuer", "subject")
"""Templates that the real server reads and does not use: both texts are the token's own."""


def read_provider(name: str, node: Node) -> CiProvider:
    """Read a provider.

    Raises:
        DocumentError: A template cannot be read, there is none for the name, or a default may not stand in a
            certificate.
    """
    entry = Entry.read(node, (_DEFAULTS, _EXTENSIONS, _NAME))
    if not entry.text(_NAME).strip():
        raise entry.error(_NAME, "missing", "a template of the name in certificates")
    parts = entry.child(_EXTENSIONS, (*EXTENSIONS, *_FROM_TOKEN))
    templates = {part: _read_template(content) for part, content in parts.members.items() if read_text(content).strip()}
    return CiProvider(
        name,
        _read_template(entry.members[_NAME]),
        {EXTENSIONS[part]: template for part, template in templates.items() if part in EXTENSIONS},
        {claim: _read_default(content) for claim, content in entry.mapping(_DEFAULTS).items()},
    )


def _read_template(node: Node) -> Template:
    try:
        return parse_template(read_text(node))
    except MalformedError as error:
        raise node.place.error(f"template: {error.why}", "docs/formats/issuers.md has what is supported") from error


def _read_default(node: Node) -> str:
    try:
        return check_text("the default", read_text(node))
    except TokenRefused as error:
        raise node.place.error(error.why) from error
