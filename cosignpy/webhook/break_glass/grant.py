"""What an exception says, and whoever signs it signs: which images may run, where, until when, and why.

It is a short document in YAML, so that people read what they sign. Everything that it allows stands in it: what lies
around it in the cluster decides nothing.
"""

from datetime import datetime, timedelta
from typing import Final, Self

from cosignpy.core.trust.validity import encode_time, parse_time
from cosignpy.documents import Node, parse_document
from cosignpy.errors import LimitExceeded, MalformedError
from cosignpy.imagepolicy.fields import Fields, read_text
from cosignpy.imagepolicy.globs import Glob
from cosignpy.values import field, value

FILE_NAME: Final = "break-glass.yaml"
"""What the document is called for whoever verifies its signature: policies with `files` are about this name."""
MAX_GRANT: Final = 16 << 10
"""Bytes of a document."""
MAX_IMAGES: Final = 100
MAX_REASON: Final = 500
"""Characters; it stands in warnings, and in the audit log."""
MAX_DURATION: Final = timedelta(hours=24)
"""An emergency that lasts longer wants a policy."""

_WIDE: Final = 2 * MAX_REASON
"""Characters of a line, so that no text is broken."""
_MEMBERS: Final = ("namespace", "images", "reason", "notBefore", "notAfter", "cluster")


@value
class Grant:
    """Images of a namespace that may run for a while, whatever policies say.

    `cluster` is the name of the cluster where it counts; empty where it counts in any whose signers it has.
    """

    namespace: str
    images: tuple[Glob, ...]
    reason: str
    not_before: datetime
    not_after: datetime
    cluster: str = ""

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Parse a document strictly.

        Raises:
            DocumentError: Something in it is not as it should be.
            LimitExceeded: It is larger than exceptions are.
        """
        if len(raw) > MAX_GRANT:
            raise LimitExceeded(FILE_NAME, f"{len(raw)} bytes, at most {MAX_GRANT} are accepted")
        fields = Fields.read(parse_document(raw, FILE_NAME), _MEMBERS)
        images = fields.items("images", _read_glob, MAX_IMAGES)
        if not images:
            raise fields.error("images", "names no image", "a glob for each, as in policies")
        reason = fields.required("reason")
        if len(reason) > MAX_REASON or not reason.isprintable():
            raise fields.error("reason", f"one line of at most {MAX_REASON} characters")
        begin, end = (fields.parsed(name, _parse_time) for name in ("notBefore", "notAfter"))
        if not begin < end:
            raise fields.error("notAfter", "is not after notBefore")
        if end - begin > MAX_DURATION:
            raise fields.error("notAfter", f"more than {MAX_DURATION // timedelta(hours=1)} hours after notBefore")
        return cls(fields.required("namespace"), images, reason, begin, end, fields.text("cluster"))

    def encode(self) -> bytes:
        """Write the document."""
        import yaml  # only who makes one needs it here

        members = {
            "namespace": self.namespace,
            "images": [each.text for each in self.images],
            "reason": self.reason,
            "notBefore": encode_time(self.not_before),
            "notAfter": encode_time(self.not_after),
            **({"cluster": self.cluster} if self.cluster else {}),
        }
        # Everything quoted: times are texts here, and no word may mean something else to another reader of YAML.
        text: str = yaml.safe_dump(
            members, default_style='"', sort_keys=False, allow_unicode=True, width=2 * MAX_REASON
        )
        return text.encode()

    def is_about(self, image: str, now: datetime) -> bool:
        """Tell whether an image may run by it now, as the image is named; by its digest too, where it has one."""
        return self.not_before <= now < self.not_after and any(_matches(each, image) for each in self.images)


@value
class SignedGrant:
    """An exception as it lies in the cluster: its document, and the bundle with the signature over it."""

    document: bytes = field(repr=False)
    bundle: bytes = field(repr=False)


@value
class VerifiedGrant:
    """An exception that counts, and who signed it."""

    grant: Grant
    signers: tuple[str, ...]


def _matches(glob: Glob, image: str) -> bool:
    try:
        return glob.matches(image)
    except MalformedError:
        return False  # what is no image cannot run


def _read_glob(node: Node) -> Glob:
    try:
        return Glob.parse(read_text(node))
    except (MalformedError, LimitExceeded) as error:
        raise node.place.error(error.why) from error


def _parse_time(text: str) -> datetime:
    return parse_time(text, what="time")
