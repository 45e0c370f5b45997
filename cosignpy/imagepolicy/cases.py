"""Tests of policies: which images and files get which verdict, by which policies and why, in a file beside them.

Read strictly, as policies are: a case that says less than its author meant would pass for ever.
"""

from enum import StrEnum
from typing import Final

from cosignpy.core.digest import Digest
from cosignpy.core.oci.reference import Reference
from cosignpy.documents import Node, Place, parse_document
from cosignpy.imagepolicy.fields import Fields, read_text
from cosignpy.values import field, value

MAX_CASES: Final = 1000
"""Of a file; each may take some requests."""
MAX_POLICIES: Final = 100
"""Files, folders and artifacts that a file of tests is about."""

MAX_BUNDLES: Final = 100
"""Signatures of one file."""

TEST: Final = ("policies", "evidence", "cases")
"""Fields of a file with tests."""
CASE: Final = ("image", "file", "verdict", "because", "digest", "matches", "evidence", "bundles")
"""Fields of a case."""
_OF_VERDICTS: Final = ("because", "digest", "evidence", "bundles")
"""What means nothing where nothing is decided."""


class Verdict(StrEnum):
    """What becomes of an image, or of a file."""

    ADMITTED = "admitted"
    WARNED = "warned"
    REFUSED = "refused"


@value
class Case:
    """One image or file, and what is expected of it; what is None or empty is not looked at.

    `matches` are the names of all policies that are about it. `evidence` is a file to decide from, in place of a
    registry. `bundles` are those of a file; without any it is the one beside it.
    """

    place: Place = field(compare=False, repr=False)
    image: str = ""
    file: str = ""
    verdict: Verdict | None = None
    because: str = ""
    digest: Digest | None = None
    matches: tuple[str, ...] | None = None
    evidence: str = ""
    bundles: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        """What it is about, as the file says it."""
        return self.image or self.file


@value
class PolicyTest:
    """A file with cases, and where the policies are that they test, as the file says it."""

    file: str
    policies: tuple[str, ...]
    cases: tuple[Case, ...]


def parse_policy_test(raw: bytes, file: str) -> PolicyTest:
    """Parse a file with tests of policies.

    Raises:
        DocumentError: It is not YAML as `cosignpy.documents` wants it, a field is unknown or wrong, or it has no cases.
    """
    fields = Fields.read(parse_document(raw, file), TEST)
    policies = fields.items("policies", _read_name, MAX_POLICIES)
    if not policies:
        raise fields.error("policies", "names no policies", "files, folders or oci://REF, seen from this file")
    evidence = fields.text("evidence")
    cases = fields.items("cases", lambda node: _parse_case(node, evidence), MAX_CASES)
    if not cases:
        raise fields.error("cases", "no cases", "`- image: NAME`, or `file`, with `verdict: admitted`, for instance")
    return PolicyTest(file, policies, cases)


def _read_name(node: Node) -> str:
    text = read_text(node)
    if not text:
        raise node.place.error("empty")
    return text


def _parse_case(node: Node, evidence: str) -> Case:
    fields = Fields.read(node, CASE)
    kind = fields.only_one("image", "file")
    fields.exclude(*(("image", "bundles") if kind == "image" else ("file", "evidence")))
    subject = fields.required(kind)
    if kind == "image":
        fields.parsed("image", Reference.parse)
    if "verdict" not in fields:
        for name in _OF_VERDICTS:
            if name in fields:
                raise fields.error(name, "means nothing without a verdict", f"verdict: {', '.join(Verdict)}")
        if "matches" not in fields:
            raise fields.error("verdict", "missing", f"allowed: {', '.join(Verdict)}; or say what it `matches`")
    return Case(
        node.place,
        subject if kind == "image" else "",
        subject if kind == "file" else "",
        fields.choice("verdict", Verdict) if "verdict" in fields else None,
        fields.required("because") if "because" in fields else "",
        fields.parsed("digest", Digest.parse) if "digest" in fields else None,
        fields.items("matches", _read_name, MAX_POLICIES) if "matches" in fields else None,
        fields.text("evidence", evidence) if kind == "image" else "",
        fields.items("bundles", _read_name, MAX_BUNDLES),
    )
