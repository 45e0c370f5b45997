"""The two kinds of policy: ClusterImagePolicy, and our own ImagePolicy with the same fields and some more.

What a ClusterImagePolicy cannot say is never said in one: the policy controller leaves out what it does not know, and
would accept more than the policy does (docs/adr/0028-a-kind-of-our-own.md).
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final

from cosignpy.documents import Members, Node, Word
from cosignpy.imagepolicy.fields import Fields

OWN_VERSION: Final = "cosignpy.dev/v1alpha1"
"""The version of our own kind."""


class Dialect(StrEnum):
    """Which kind a policy is of, by its name."""

    CLUSTER = "ClusterImagePolicy"
    OWN = "ImagePolicy"

    def read(self, node: Node, common: Sequence[str], where: str) -> Fields:
        """Read a mapping: both kinds have the common fields, and only our own those of `OWN_FIELDS` that stand there.

        Raises:
            DocumentError: It is no mapping, has another member, or nothing behind a field of our own.
        """
        own = OWN_FIELDS[where]
        if self is Dialect.OWN:
            _refuse_blank(node, own)
            return Fields.read(node, (*common, *own))
        return Fields.read(node, common, dict.fromkeys(own, ELSEWHERE))


def _refuse_blank(node: Node, own: Sequence[str]) -> None:
    """Refuse fields of our own without content: they only ever demand more, and a template left a hole there.

    For the common ones it means what it does for Kubernetes, that they are absent.
    """
    for name in own:
        content = node.members.get(name) if isinstance(node, Members) else None
        if isinstance(content, Word) and content.is_null:
            raise content.place.error("nothing stands there", "say what it demands, or leave it out")


OWN_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "spec": ("require", "deny", "files"),
    "spec.authorities[]": ("maxAge",),
    "spec.authorities[].key": ("validFrom", "validUntil"),
    "spec.authorities[].keyless": ("require",),
    "spec.authorities[].attestations[]": ("conditions",),
}
"""What only our own kind has, by where it stands."""

VERSIONS: Final = {
    Dialect.CLUSTER: ("policy.sigstore.dev/v1beta1", "policy.sigstore.dev/v1alpha1"),
    Dialect.OWN: (OWN_VERSION,),
}
"""Both versions of the ClusterImagePolicy have the same fields."""

ELSEWHERE: Final = f"kind: {Dialect.OWN} of {OWN_VERSION} has it: the policy controller would leave it out"
"""What to do about a field of our own in a ClusterImagePolicy."""
