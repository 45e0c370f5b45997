"""All that a decision over images was made from, to decide from it again (docs/formats/policy-evidence.md).

Whatever has a digest is kept by it, and refused where it has another. What has none, as what a tag named or what a
registry listed, is only what was seen: nobody can show that it was so.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from cosignpy.core.digest import Digest
from cosignpy.core.encoding import JsonObject, JsonValue, encode_b64, encode_json
from cosignpy.core.oci.manifest import MAX_DESCRIPTORS, Descriptor
from cosignpy.errors import CosignError, LimitExceeded, MalformedError
from cosignpy.imagepolicy.evidence_errors import encode_error, parse_error
from cosignpy.values import field, value

SCHEMA: Final = "cosignpy/policy-evidence/v1"
"""Of what decisions are made from."""

MAX_CONTENT: Final = 64 << 20
"""Bytes of all content: hundreds of images with their signatures, or a few with large SBOMs."""
MAX_EVIDENCE: Final = 96 << 20
"""Bytes of a file: the content in base64, and lists of it."""
MAX_ANSWERS: Final = 50_000
"""Answers of registries; an image with one signature takes four."""
MAX_IMAGES: Final = 10_000
"""Images, and files, of one run; more names do not fit into a command line."""
MAX_BUNDLES: Final = 1000
"""Bundles of a file."""
MAX_POLICIES: Final = 1000
"""Files with policies."""

_WHAT: Final = "policy evidence"
_MOMENT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_MEMBERS: Final = (
    "schema",
    "tool",
    "checkedAt",
    "settings",
    "images",
    "files",
    "policies",
    "answers",
    "contents",
    "decision",
)


class Question(StrEnum):
    """What somebody was asked for."""

    MANIFEST = "manifest"
    BLOB = "blob"
    REFERRERS = "referrers"
    TRUSTED_ROOT = "trusted root"
    TEXT = "text"
    KEY = "key"
    FILE = "file"
    BUNDLE = "bundle"


@value
class Asked:
    """A question: of whom (a repository, or a URL; nobody for what is at hand), and by which name."""

    place: str
    question: Question
    name: str = ""

    def __lt__(self, other: "Asked") -> bool:
        return (self.place, self.question, self.name) < (other.place, other.question, other.name)

    def __str__(self) -> str:
        return " ".join(filter(None, (f"the {self.question.value}", self.name, self.place and f"of {self.place}")))


@value
class Answer:
    """What came back: content by its digest, a list of descriptors, or an error; exactly one of them."""

    content: Digest | None = None
    media_type: str = ""
    descriptors: tuple[Descriptor, ...] | None = None
    error: CosignError | None = None

    def encode(self) -> dict[str, JsonValue]:
        """Return the members that are there."""
        if self.error is not None:
            return {"error": encode_error(self.error)}
        if self.descriptors is not None:
            return {"descriptors": [each.encode() for each in self.descriptors]}
        typed: dict[str, JsonValue] = {"mediaType": self.media_type} if self.media_type else {}
        return typed | {"content": str(self.content)}


@value
class SeenImage:
    """An image as it was named; the error where that is the name of nothing that could be looked at."""

    name: str
    error: CosignError | None = None


@value
class SeenFile:
    """A file by its path, and where its bundles were; the error where nothing could be decided."""

    path: str
    bundles: tuple[str, ...] = ()
    error: CosignError | None = None


@value
class SeenPolicy:
    """A file with policies, by the name that places in it are given with."""

    file: str
    content: bytes = field(repr=False)

    @property
    def digest(self) -> Digest:
        """The digest that its content is kept by."""
        return Digest.of(self.content)


@value
class PolicyEvidence:
    """The whole of it. `settings` is what else decides; `decision` is what was decided, as it was printed."""

    tool: str
    moment: datetime
    images: tuple[SeenImage, ...]
    policies: tuple[SeenPolicy, ...]
    answers: Mapping[Asked, Answer] = field(repr=False)
    contents: Mapping[Digest, bytes] = field(repr=False)
    decision: Mapping[str, JsonValue] = field(repr=False)
    settings: Mapping[str, str] = field(default_factory=dict)
    files: tuple[SeenFile, ...] = ()

    def encode(self) -> bytes:
        """Write it: the same evidence is the same bytes, in whichever order it was seen.

        Raises:
            LimitExceeded: It is more than is read again.
            MalformedError: An error in it is of a kind that is not kept.
        """
        contents = dict(self.contents) | {each.digest: each.content for each in self.policies}
        check_size(sum(map(len, contents.values())))
        members: dict[str, JsonValue] = {
            "schema": SCHEMA,
            "tool": self.tool,
            "checkedAt": encode_moment(self.moment),
            "settings": dict(sorted(self.settings.items())),
            "images": [{"image": each.name} | _encode_error(each.error) for each in self.images],
            "files": [
                {"file": each.path, "bundles": list(each.bundles)} | _encode_error(each.error) for each in self.files
            ],
            "policies": [{"file": each.file, "content": str(each.digest)} for each in self.policies],
            "answers": [
                {"place": asked.place, "question": asked.question.value, "name": asked.name} | answer.encode()
                for asked, answer in sorted(self.answers.items(), key=lambda each: each[0])
            ],
            "contents": {str(digest): encode_b64(contents[digest]) for digest in sorted(contents)},
            "decision": dict(self.decision),
        }
        return encode_json(members) + b"\n"


def check_size(size: int) -> None:
    """Refuse content that is too much to keep.

    Raises:
        LimitExceeded: It is.
    """
    if size > MAX_CONTENT:
        raise LimitExceeded(_WHAT, f"{size} bytes of content, at most {MAX_CONTENT} are kept")


def encode_moment(moment: datetime) -> str:
    """Write a time as evidence has it: UTC, whole seconds."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def parse_moment(found: JsonObject, name: str) -> datetime:
    """Read a time as `encode_moment` writes it.

    Raises:
        MalformedError: It is written in another way, or there is none.
    """
    text = found.text(name)
    try:
        if _MOMENT.fullmatch(text):
            return datetime.fromisoformat(text)
    except ValueError as error:
        raise found.malformed(name, f"{text} is no time") from error
    raise found.malformed(name, "not a time in UTC, as 2026-01-31T09:00:00Z")


def parse_policy_evidence(raw: bytes) -> PolicyEvidence:
    """Parse what `PolicyEvidence.encode` writes, in no other spelling.

    Raises:
        DigestMismatch: Some content is not what its digest says.
        MalformedError: A member is missing, unknown or wrong, or it is written in another way.
        LimitExceeded: It is too large.
    """
    if len(raw) > MAX_EVIDENCE:
        raise LimitExceeded(_WHAT, f"{len(raw)} bytes, at most {MAX_EVIDENCE} are read")
    found = JsonObject.parse(raw, what=_WHAT)
    if (schema := found.text("schema")) != SCHEMA:
        raise found.malformed("schema", f"{schema!r} is not {SCHEMA}")
    found.refuse_unknown(*_MEMBERS)
    contents = dict(_parse_contents(found))
    evidence = PolicyEvidence(
        found.text("tool"),
        parse_moment(found, "checkedAt"),
        tuple([_parse_image(each) for each in found.children("images", most=MAX_IMAGES)]),
        tuple([_parse_policy(each, contents) for each in found.children("policies", most=MAX_POLICIES)]),
        dict(_parse_answers(found)),
        contents,
        found.child("decision").members,
        found.string_map("settings"),
        tuple([_parse_file(each) for each in found.children("files", most=MAX_IMAGES)]),
    )
    _refuse_loose_ends(evidence)
    if evidence.encode() != raw:
        raise MalformedError(_WHAT, "not as it is written: members out of order, twice the same, or spaces")
    return evidence


def _encode_error(error: CosignError | None) -> dict[str, JsonValue]:
    return {} if error is None else {"error": encode_error(error)}


def _parse_error(found: JsonObject) -> CosignError | None:
    error = found.optional_child("error")
    return None if error is None else parse_error(error)


def _parse_image(found: JsonObject) -> SeenImage:
    return SeenImage(found.text("image"), _parse_error(found))


def _parse_file(found: JsonObject) -> SeenFile:
    return SeenFile(found.text("file"), tuple(found.texts("bundles", most=MAX_BUNDLES)), _parse_error(found))


def _parse_policy(found: JsonObject, contents: Mapping[Digest, bytes]) -> SeenPolicy:
    digest = Digest.parse(found.text("content"))
    if digest not in contents:
        raise found.malformed("content", f"{digest} is not among the contents")
    return SeenPolicy(found.text("file"), contents[digest])


def _parse_contents(found: JsonObject) -> Iterator[tuple[Digest, bytes]]:
    contents = found.child("contents")
    for name in contents.members:
        digest = Digest.parse(name)
        yield digest, digest.verify(contents.b64(name), what=f"{_WHAT}: {name}")


def _parse_answers(found: JsonObject) -> Iterator[tuple[Asked, Answer]]:
    for each in found.children("answers", most=MAX_ANSWERS):
        question = each.text("question")
        if question not in set(Question):
            raise each.malformed("question", f"{question!r} is not one")
        yield Asked(each.text("place"), Question(question), each.text("name")), _parse_answer(each)


def _parse_answer(found: JsonObject) -> Answer:
    error = _parse_error(found)
    if error is not None:
        return Answer(error=error)
    if "descriptors" in found:
        listed = found.children("descriptors", most=MAX_DESCRIPTORS)
        return Answer(descriptors=tuple([Descriptor.parse(each) for each in listed]))
    return Answer(Digest.parse(found.text("content")), found.optional_text("mediaType"))


def _refuse_loose_ends(evidence: PolicyEvidence) -> None:
    """Refuse content that is named and not there, or there and not named."""
    named = {each.content for each in evidence.answers.values() if each.content is not None}
    named |= {each.digest for each in evidence.policies}
    if named != evidence.contents.keys():
        loose = min(named ^ evidence.contents.keys())
        raise MalformedError(_WHAT, f"{loose} is named and not there" if loose in named else f"nothing names {loose}")
