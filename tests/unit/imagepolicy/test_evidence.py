"""Evidence of decisions: the same bytes for the same evidence, and whatever was changed in them is refused."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from cosignpy.core.digest import Digest
from cosignpy.core.encoding import encode_b64
from cosignpy.errors import CosignError, DigestMismatch, LimitExceeded, MalformedError, SignatureMismatch
from cosignpy.imagepolicy import evidence
from cosignpy.imagepolicy.evidence import Answer, Asked, Question, SeenPolicy, parse_policy_evidence
from cosignpy.values import replace
from tests.support.policy_evidence import ANSWERS, BLOB, EVIDENCE, MANIFEST, PLACE, ROOT

Document = dict[str, Any]
ROOT_DIGEST = str(Digest.of(ROOT))


def test_what_is_written_is_read_the_same() -> None:
    raw = EVIDENCE.encode()
    found = parse_policy_evidence(raw)
    policy = EVIDENCE.policies[0]
    assert found.contents == {**EVIDENCE.contents, policy.digest: policy.content}
    assert {asked: answer.encode() for asked, answer in found.answers.items()} == {
        asked: answer.encode() for asked, answer in ANSWERS.items()
    }
    assert (found.images[0], str(found.images[1].error)) == (EVIDENCE.images[0], "oci-layout:dist is in no registry")
    assert (found.files[0], str(found.files[1].error)) == (EVIDENCE.files[0], "absent.whl: not there")
    for name in ("tool", "moment", "policies", "decision", "settings"):
        assert getattr(found, name) == getattr(EVIDENCE, name)
    assert found.encode() == raw


def test_the_order_in_which_things_were_seen_does_not_show() -> None:
    turned = replace(
        EVIDENCE,
        answers=dict(reversed(ANSWERS.items())),
        contents=dict(reversed(EVIDENCE.contents.items())),
        settings={"b": "", "a": ""},
    )
    other = replace(EVIDENCE, settings={"a": "", "b": ""})
    assert turned.encode() == other.encode()


def test_a_question_is_named_for_people() -> None:
    assert str(Asked(PLACE, Question.MANIFEST, "v1")) == "the manifest v1 of registry.example/app"
    assert str(Asked("", Question.TRUSTED_ROOT)) == "the trusted root"


def member(name: str, content: Any) -> Callable[[Document], None]:
    def change(document: Document) -> None:
        document[name] = content

    change.__name__ = f"{name}={content!r}"[:50]
    return change


def answer(number: int, **members: Any) -> Callable[[Document], None]:
    def change(document: Document) -> None:
        found = document["answers"][number]
        for name, content in members.items():
            if content is None:
                del found[name]
            else:
                found[name] = content

    change.__name__ = f"answer {number}: {members}"[:60]
    return change


def flip_content(document: Document) -> None:
    document["contents"][ROOT_DIGEST] = encode_b64(b"toor")


def drop_content(document: Document) -> None:
    del document["contents"][ROOT_DIGEST]


def add_content(document: Document) -> None:
    document["contents"][str(Digest.of(b"more"))] = encode_b64(b"more")


def name_policy_that_is_not_there(document: Document) -> None:
    document["policies"][0]["content"] = str(Digest.of(b"elsewhere"))


def unsort(document: Document) -> None:
    document["answers"].reverse()


def ask_twice(document: Document) -> None:
    document["answers"].insert(0, document["answers"][0])


def add_member_to_image(document: Document) -> None:
    document["images"][0]["digest"] = ROOT_DIGEST


def change_error_kind(document: Document) -> None:
    document["images"][1]["error"]["kind"] = "SystemExit"


def drop_error_field(document: Document) -> None:
    del document["images"][1]["error"]["hint"]


def change_error_type(document: Document) -> None:
    document["images"][1]["error"]["problem"] = 1


MUTATIONS = [
    member("schema", "cosignpy/policy-evidence/v2"),
    member("checkedAt", "2026-07-01T09:30:00+00:00"),
    member("checkedAt", "2026-13-01T09:30:00Z"),
    member("checkedAt", "2026-07-01T09:30:00.0Z"),
    member("unknown", 1),
    member("tool", 1),
    member("decision", None),
    member("settings", {"a": 1}),
    member("files", [{"file": "app.whl"}]),
    member("files", [{"file": "app.whl", "bundles": [1]}]),
    answer(0, question="weather"),
    answer(0, content="sha256:no"),
    answer(0, more="x"),
    answer(2, mediaType=""),
    drop_content,
    add_content,
    name_policy_that_is_not_there,
    unsort,
    ask_twice,
    add_member_to_image,
    change_error_kind,
    drop_error_field,
    change_error_type,
]


@pytest.mark.parametrize("mutate", MUTATIONS, ids=lambda each: each.__name__)
def test_what_was_changed_in_one_thing_is_refused(mutate: Callable[[Document], None]) -> None:
    document = json.loads(EVIDENCE.encode())
    mutate(document)
    with pytest.raises(MalformedError):
        parse_policy_evidence(json.dumps(document, separators=(",", ":")).encode() + b"\n")


def test_content_that_was_changed_is_refused_by_its_digest() -> None:
    document = json.loads(EVIDENCE.encode())
    flip_content(document)
    with pytest.raises(DigestMismatch):
        parse_policy_evidence(json.dumps(document, separators=(",", ":")).encode() + b"\n")


@pytest.mark.parametrize("spelled", [json.dumps(json.loads(EVIDENCE.encode())).encode(), EVIDENCE.encode()[:-1]])
def test_another_spelling_of_the_same_is_refused(spelled: bytes) -> None:
    with pytest.raises(MalformedError, match="not as it is written"):
        parse_policy_evidence(spelled)


@pytest.mark.parametrize("raw", [b"", b"[]", b"{}", EVIDENCE.encode()[:100]])
def test_what_is_no_evidence(raw: bytes) -> None:
    with pytest.raises(MalformedError):
        parse_policy_evidence(raw)


def test_more_than_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = EVIDENCE.encode()
    size = sum(map(len, (MANIFEST, BLOB, ROOT, EVIDENCE.policies[0].content)))
    monkeypatch.setattr(evidence, "MAX_CONTENT", size)
    assert EVIDENCE.encode() == raw
    monkeypatch.setattr(evidence, "MAX_CONTENT", size - 1)
    with pytest.raises(LimitExceeded):
        EVIDENCE.encode()
    monkeypatch.setattr(evidence, "MAX_EVIDENCE", len(raw) - 1)
    with pytest.raises(LimitExceeded):
        parse_policy_evidence(raw)


def test_an_error_of_a_kind_that_is_not_kept_cannot_be_written() -> None:
    class SignatureMismatch(CosignError):  # the name alone does not make it one of ours
        pass

    for error in (SignatureMismatch(), _mismatch()):
        with pytest.raises(MalformedError, match="cannot be kept"):
            replace(EVIDENCE, answers={Asked("", Question.TEXT): Answer(error=error)}).encode()


def _mismatch() -> CosignError:
    return SignatureMismatch("not by this key")


def test_two_files_of_one_content_are_kept_once() -> None:
    twice = replace(EVIDENCE, policies=(*EVIDENCE.policies, SeenPolicy("copy.yaml", EVIDENCE.policies[0].content)))
    assert [each.file for each in parse_policy_evidence(twice.encode()).policies] == ["team.yaml", "copy.yaml"]
