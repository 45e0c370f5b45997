"""The spec of a policy of either kind; the rules are those of the policy controller's own webhook."""

from functools import partial
from typing import Final

from cosignpy.documents import Node
from cosignpy.imagepolicy.authorities import MAX_AUTHORITIES, parse_authority, refuse_same_names
from cosignpy.imagepolicy.dialect import VERSIONS, Dialect
from cosignpy.imagepolicy.fields import Fields
from cosignpy.imagepolicy.globs import Glob
from cosignpy.imagepolicy.headers import Kind, read_header
from cosignpy.imagepolicy.matches import MAX_MATCHES, parse_match
from cosignpy.imagepolicy.model import ImagePattern, ImagePolicyDocument, Mode
from cosignpy.imagepolicy.own_deny import read_deny
from cosignpy.imagepolicy.own_fields import read_require
from cosignpy.imagepolicy.own_files import parse_file_pattern, refuse_beside_files
from cosignpy.imagepolicy.texts import parse_image_policy_text
from cosignpy.values import replace

MAX_IMAGES: Final = 1000
"""Globs of a policy; more have something in common."""

_KINDS: Final = tuple(
    [Kind(dialect, versions, namespaced=dialect is Dialect.OWN) for dialect, versions in VERSIONS.items()]
)
_SPEC: Final = ("images", "authorities", "mode", "match", "policy")


def parse_policy(node: Node) -> ImagePolicyDocument:
    """Parse one policy.

    Raises:
        DocumentError: A field is unknown or wrong.
    """
    header = read_header(node, *_KINDS)
    dialect = Dialect(header.kind.name)
    spec = header.child("spec", lambda each: dialect.read(each, _SPEC, "spec"))
    return parse_spec(dialect, spec, ImagePolicyDocument(node.place, header.name, ()))


def parse_spec(dialect: Dialect, spec: Fields, named: ImagePolicyDocument) -> ImagePolicyDocument:
    """Return a policy with what its spec says.

    Raises:
        DocumentError: A field is unknown or wrong.
    """
    images = spec.items("images", _parse_pattern, MAX_IMAGES)
    files = spec.items("files", parse_file_pattern, MAX_IMAGES)
    if not images and not files:
        raise spec.error("images", "names no images", '`- glob: "**"` is about all of them')
    deny = read_deny(spec)
    authorities = spec.items("authorities", partial(parse_authority, dialect), MAX_AUTHORITIES)
    if dialect is Dialect.OWN:
        refuse_same_names(authorities)
    policy = replace(
        named,
        images=images,
        files=files,
        authorities=tuple([replace(each, deny=deny.signatures) for each in authorities]),
        mode=spec.choice("mode", Mode, Mode.ENFORCE),
        match=spec.items("match", parse_match, MAX_MATCHES),
        policy=spec.child("policy", partial(parse_image_policy_text, dialect)),
        require=read_require(spec, len(authorities), "authorities"),
        deny=deny,
    )
    refuse_beside_files(policy)
    return policy


def _parse_pattern(node: Node) -> ImagePattern:
    fields = Fields.read(node, ("glob",))
    return ImagePattern(fields.place_of("glob"), fields.parsed("glob", Glob.parse))
