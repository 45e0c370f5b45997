"""`policy verify --evidence` and `policy replay`: decided again from a file, with the registry gone."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

from cosignpy.cli.app import run
from cosignpy.core.bundle.protojson import encode_bundle
from cosignpy.core.digest import Digest
from cosignpy.core.intoto import build_signature_statement
from cosignpy.core.oci.manifest import Manifest
from cosignpy.core.oci.reference import Tag
from cosignpy.core.trust.trusted_root import encode_trusted_root
from cosignpy.errors import NoSuchTag
from cosignpy.imagepolicy.evidence import Answer, Asked, PolicyEvidence, Question, SeenPolicy, parse_policy_evidence
from cosignpy.localregistry.server import LocalRegistry
from cosignpy.registry.options import RegistryOptions
from cosignpy.registry.repository import RemoteRepository
from cosignpy.registry.session import RegistrySession
from cosignpy.values import replace
from tests.support.attestations import REVIEW, attest
from tests.support.image_policies import BY_KEY, document, encode, own_document
from tests.support.memory_repository import push_image
from tests.support.signed import KEY, OTHER_KEY
from tests.support.signed_images import BOTH, push_bundle, sign
from tests.support.virtual_sigstore import (
    ARTIFACT,
    EMAIL,
    ISSUER,
    REKOR_V2,
    ROOT,
    USER_KEY,
    Signing,
    key_bundle,
    v1_bundle,
)

Capture = pytest.CaptureFixture[str]
DIFFERENT: Final = 1
USAGE: Final = 2
FILE: Final = 3
MALFORMED: Final = 4
UNSIGNED: Final = 10
REFUSED: Final = 12
NOT_RECORDED: Final = 23
BY_OTHER: Final = {"key": {"data": OTHER_KEY.public_key.encode_pem().decode()}}
BY_ALICE: Final = {"keyless": {"identities": [{"issuer": ISSUER, "subject": EMAIL}]}}


@dataclass
class Place:
    """A registry with images; it is gone once it is left."""

    registry: LocalRegistry
    session: RegistrySession = field(init=False)

    def __post_init__(self) -> None:
        self.session = RegistrySession(self.registry.address, RegistryOptions())

    def name(self, target: object, repository: str = "team/app") -> str:
        return f"{self.registry.address}/{repository}:{target}"

    def repository(self, name: str = "team/app") -> RemoteRepository:
        return RemoteRepository(self.session, name)

    def push(self, *tags: str, content: bytes = b"layer", repository: str = "team/app") -> Manifest:
        image = push_image(self.repository(repository), content)
        for tag in tags:
            self.repository(repository).push_manifest(image, Tag(tag))
        return image


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("COSIGN_REPOSITORY", raising=False)


@pytest.fixture
def place() -> Iterator[Place]:
    with LocalRegistry() as registry:
        made = Place(registry)
        yield made
        made.session.close()


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> PolicyEvidence:
    """Evidence of images signed by a key, by an identity and not at all, and of one that is not there."""
    folder = tmp_path_factory.mktemp("recorded")
    with LocalRegistry() as registry:
        made = Place(registry)
        sign(made.repository(), made.push("signed", "again"), KEY, BOTH)
        made.push("unsigned", content=b"unsigned")
        keyless = made.push("keyless", content=b"keyless", repository="team/keyless")
        statement = build_signature_statement(keyless.digest, {})
        bundle = encode_bundle(Signing(REKOR_V2, statement=statement, stamped=True).bundle())
        push_bundle(made.repository("team/keyless"), keyless.descriptor, bundle)
        policies = (
            document(BY_KEY, images=[{"glob": "**/app:*"}]),
            document(BY_ALICE, name="people", images=[{"glob": "**/keyless:*"}]),
        )
        (folder / "team.yaml").write_bytes(encode(*policies))
        (folder / "root.json").write_bytes(encode_trusted_root(ROOT))
        names = [made.name(tag) for tag in ("signed", "again", "unsigned", "absent")]
        names += [made.name("keyless", "team/keyless"), "oci-layout:nowhere"]
        flags = [f"--policy={folder}/team.yaml", f"--trusted-root={folder}/root.json", f"--evidence={folder}/e.json"]
        assert run(["policy", "verify", *flags, *names]) == DIFFERENT
        made.session.close()
    assert (folder / "e.json").stat().st_mode & 0o777 == 0o600
    return parse_policy_evidence((folder / "e.json").read_bytes())


def replay(evidence: PolicyEvidence, *flags: str) -> int:
    Path("e.json").write_bytes(evidence.encode())
    return run(["policy", "replay", "e.json", *flags])


def test_the_same_decision_with_nobody_to_ask(recorded: PolicyEvidence, capsys: Capture) -> None:
    assert replay(recorded) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("Same decision over 6 images, as of 2")
    assert lines[1].split()[:2] == ["policy", str(recorded.policies[0].digest)]
    assert lines[2].split() == ["trusted", "root", str(Digest.of(encode_trusted_root(ROOT)))]
    assert replay(recorded, "--output=json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["schema"], found["same"], found["differences"]) == ("cosignpy/policy-replay/v1", True, [])
    assert found["decision"] == recorded.decision
    assert [each["admitted"] for each in found["decision"]["images"]] == [True, True, False, False, True, False]


def asked(evidence: PolicyEvidence, question: Question, name: str = "") -> Asked:
    """Return the one question of a kind whose name begins like that."""
    (found,) = [each for each in evidence.answers if each.question is question and each.name.startswith(name)]
    return found


def answer_with(evidence: PolicyEvidence, answers: dict[Asked, Answer], *contents: bytes) -> PolicyEvidence:
    changed = dict(evidence.answers) | answers
    kept = dict(evidence.contents) | {Digest.of(content): content for content in contents}
    named = {each.content for each in changed.values()} | {each.digest for each in evidence.policies}
    return replace(evidence, answers=changed, contents={name: kept[name] for name in kept if name in named})


def another_policy(evidence: PolicyEvidence) -> PolicyEvidence:
    content = evidence.policies[0].content.replace(b"- key:", b"- name: other\n    key:")
    assert content != evidence.policies[0].content
    changed = replace(evidence, policies=(SeenPolicy(evidence.policies[0].file, content),))
    return answer_with(changed, {})


def policy_in_another_file(evidence: PolicyEvidence) -> PolicyEvidence:
    return replace(evidence, policies=(SeenPolicy("other.yaml", evidence.policies[0].content),))


def another_root(evidence: PolicyEvidence) -> PolicyEvidence:
    root = encode_trusted_root(replace(ROOT, certificate_authorities=()))
    return answer_with(evidence, {asked(evidence, Question.TRUSTED_ROOT): Answer(Digest.of(root))}, root)


def tag_of_another_image(evidence: PolicyEvidence) -> PolicyEvidence:
    unsigned = evidence.answers[asked(evidence, Question.MANIFEST, "unsigned")]
    return answer_with(evidence, {asked(evidence, Question.MANIFEST, "again"): unsigned})


def bundle_with_a_bit_flipped(evidence: PolicyEvidence) -> PolicyEvidence:
    """Flip it, and name the content by its new digest."""
    (question, found) = next(
        (each, answer)
        for each, answer in evidence.answers.items()
        if each.question is Question.BLOB and b"payload" in evidence.contents[answer.content or Digest.of(b"")]
    )
    assert found.content is not None
    content = evidence.contents[found.content]
    changed = content.replace(b'"payload":"', b'"payload":"A', 1)[: len(content)]
    return answer_with(evidence, {question: Answer(Digest.of(changed))}, changed)


def no_referrers(evidence: PolicyEvidence) -> PolicyEvidence:
    listed = [each for each, answer in evidence.answers.items() if answer.descriptors]
    return answer_with(evidence, dict.fromkeys(listed, Answer(descriptors=())))


def no_legacy_signature(evidence: PolicyEvidence) -> PolicyEvidence:
    tags = [each for each, found in evidence.answers.items() if each.name.endswith(".sig") and found.content]
    return answer_with(evidence, dict.fromkeys(tags, Answer(error=NoSuchTag("gone"))))


def an_image_that_was_there(evidence: PolicyEvidence) -> PolicyEvidence:
    signed = evidence.answers[asked(evidence, Question.MANIFEST, "signed")]
    return answer_with(evidence, {asked(evidence, Question.MANIFEST, "absent"): signed})


def an_answer_less(evidence: PolicyEvidence) -> PolicyEvidence:
    gone = asked(evidence, Question.MANIFEST, "signed")
    return replace(evidence, answers={each: found for each, found in evidence.answers.items() if each != gone})


def an_image_less(evidence: PolicyEvidence) -> PolicyEvidence:
    return replace(evidence, images=evidence.images[1:])


def another_name(evidence: PolicyEvidence) -> PolicyEvidence:
    return replace(evidence, images=(evidence.images[1], *evidence.images[1:]))


def another_time(evidence: PolicyEvidence) -> PolicyEvidence:
    return replace(evidence, moment=evidence.moment.replace(year=evidence.moment.year - 1))


def another_tool(evidence: PolicyEvidence) -> PolicyEvidence:
    return replace(evidence, tool="cosignpy 99")


def signatures_elsewhere(evidence: PolicyEvidence) -> PolicyEvidence:
    return replace(evidence, settings={"signatures": "registry.test/other"})


def admit_all(evidence: PolicyEvidence) -> PolicyEvidence:
    decision = json.loads(json.dumps(evidence.decision))
    decision["images"][2]["admitted"] = True
    return replace(evidence, decision=decision)


def forget_an_image_in_the_decision(evidence: PolicyEvidence) -> PolicyEvidence:
    decision = json.loads(json.dumps(evidence.decision))
    del decision["images"][2]
    return replace(evidence, decision=decision)


def another_order_in_the_decision(evidence: PolicyEvidence) -> PolicyEvidence:
    return replace(evidence, decision=dict(reversed(evidence.decision.items())))


@pytest.mark.parametrize(
    "change",
    [
        another_policy,
        policy_in_another_file,
        another_root,
        tag_of_another_image,
        bundle_with_a_bit_flipped,
        no_referrers,
        no_legacy_signature,
        an_image_that_was_there,
        an_answer_less,
        an_image_less,
        another_name,
        another_time,
        another_tool,
        signatures_elsewhere,
        admit_all,
        forget_an_image_in_the_decision,
        another_order_in_the_decision,
    ],
)
def test_evidence_that_was_changed_in_one_thing_is_never_the_same_decision(
    recorded: PolicyEvidence, capsys: Capture, change: Callable[[PolicyEvidence], PolicyEvidence]
) -> None:
    assert replay(change(recorded)) == DIFFERENT
    printed = capsys.readouterr()
    assert (printed.out, "not the one that was recorded" in printed.err) == ("", True)
    assert replay(change(recorded), "--output=json") == DIFFERENT
    found = json.loads(capsys.readouterr().out)
    assert (found["same"], bool(found["differences"])) == (False, True)


def test_content_that_does_not_have_its_digest_is_refused(recorded: PolicyEvidence, capsys: Capture) -> None:
    found = json.loads(recorded.encode())
    name, *_ = found["contents"]
    found["contents"][name] = "AAAA"
    Path("e.json").write_text(json.dumps(found))
    assert run(["policy", "replay", "e.json"]) == 24
    assert name in capsys.readouterr().err


def test_what_other_policies_would_have_said(recorded: PolicyEvidence, capsys: Capture) -> None:
    Path("other.yaml").write_bytes(encode(document(BY_OTHER)))
    assert replay(recorded, "--policy=other.yaml") == DIFFERENT
    said = capsys.readouterr().err
    assert said.count("admitted when it was recorded") == 3
    keyed = document(BY_KEY, images=[{"glob": "**:signed"}])
    Path("other.yaml").write_bytes(encode(keyed, document({"static": {"action": "pass"}}, name="all")))
    replay(recorded, "--policy=other.yaml", "--output=json")
    found = json.loads(capsys.readouterr().out)
    assert [each["admitted"] for each in found["images"]] == [True, True, True, True, True, False]


def test_another_policy_may_ask_what_nobody_looked_at(recorded: PolicyEvidence, capsys: Capture) -> None:
    elsewhere = {"source": [{"oci": "registry.test/signatures"}], **BY_KEY}
    Path("other.yaml").write_bytes(encode(document(elsewhere)))
    assert replay(recorded, "--policy=other.yaml") == DIFFERENT
    said = capsys.readouterr().err
    assert "nobody asked for the referrers sha256:" in said
    assert "what depends on it is refused" in said


def test_what_nobody_looked_at_has_an_exit_code_of_its_own(place: Place) -> None:
    sign(place.repository(), place.push("1"))
    elsewhere = {"source": [{"oci": "registry.test/signatures"}], **BY_KEY}
    Path("team.yaml").write_bytes(encode(document(BY_KEY)))
    Path("other.yaml").write_bytes(encode(document(elsewhere)))
    assert run(["policy", "verify", "--policy=team.yaml", "--evidence=e.json", place.name("1")]) == 0
    assert run(["policy", "replay", "e.json", "--policy=other.yaml"]) == NOT_RECORDED


def test_another_trusted_root(recorded: PolicyEvidence, capsys: Capture) -> None:
    Path("other.json").write_bytes(encode_trusted_root(replace(ROOT, certificate_authorities=())))
    replay(recorded, "--trusted-root=other.json", "--output=json")
    found = json.loads(capsys.readouterr().out)
    assert [each["admitted"] for each in found["images"]] == [True, True, False, False, False, False]
    Path("same.json").write_bytes(encode_trusted_root(ROOT))
    replay(recorded, "--trusted-root=same.json", "--output=json")
    assert json.loads(capsys.readouterr().out) == recorded.decision


def test_policies_of_registries_are_no_way_out(recorded: PolicyEvidence) -> None:
    assert replay(recorded, "--policy=oci://registry.test/policies") == USAGE


@pytest.mark.parametrize(("content", "code"), [(b"{}", MALFORMED), (b"", MALFORMED), (None, FILE)])
def test_what_is_no_evidence(capsys: Capture, content: bytes | None, code: int) -> None:
    if content is not None:
        Path("e.json").write_bytes(content)
    assert run(["policy", "replay", "e.json"]) == code
    assert "e.json: " in capsys.readouterr().err


def test_evidence_has_to_have_a_place(place: Place) -> None:
    Path("team.yaml").write_bytes(encode(document(BY_KEY)))
    assert run(["policy", "verify", "--policy=team.yaml", "--evidence=no/e.json", place.name("1")]) == FILE
    assert place.registry.requests == []


def test_what_is_printed_is_what_is_recorded(place: Place, capsys: Capture) -> None:
    sign(place.repository(), place.push("1"))
    Path("team.yaml").write_bytes(encode(document(BY_KEY)))
    flags = ["--policy=team.yaml", "--evidence=e.json", "--output=json"]
    assert run(["policy", "verify", *flags, place.name("1")]) == 0
    assert json.loads(capsys.readouterr().out) == parse_policy_evidence(Path("e.json").read_bytes()).decision


def test_names_of_few_images_ask_once_for_each_thing(place: Place) -> None:
    names: list[str] = []
    for number in range(4):
        tags = [f"{number}.{tag}" for tag in range(5)]
        sign(place.repository(), place.push(*tags, content=bytes([number])))
        names += [place.name(tag) for tag in tags]
    Path("team.yaml").write_bytes(encode(document(BY_KEY)))
    place.registry.clear_requests()
    assert run(["policy", "verify", "--policy=team.yaml", *names]) == 0
    counts = Counter(f"{each.method} {each.path}" for each in place.registry.requests)
    assert set(counts.values()) == {1}
    assert len(counts) == 20 + 4 * 4  # one for each name; referrers, attachment tag, bundle and its manifest


def verify_cached(*arguments: str) -> int:
    return run(["policy", "verify", "--policy=team.yaml", "--decision-cache", *arguments])


def decided(capsys: Capture) -> list[Any]:
    (image,) = json.loads(capsys.readouterr().out)["images"]
    return [each.get("keptSince") for policy in image["policies"] for each in policy["authorities"]]


def test_an_admission_is_used_again_by_the_next_run(place: Place, capsys: Capture) -> None:
    image = place.push("1", "2")
    Path("team.yaml").write_bytes(encode(document(BY_KEY)))
    for _ in range(2):
        assert verify_cached(place.name("1")) == UNSIGNED
    sign(place.repository(), image)
    assert verify_cached(place.name("1"), "--output=json") == 0
    assert decided(capsys) == [None]
    place.registry.clear_requests()
    assert verify_cached(place.name("2"), "--output=json") == 0
    assert [each.path.rpartition("/")[2] for each in place.registry.requests] == ["2"]
    assert len([each for each in decided(capsys) if each]) == 1
    assert verify_cached(place.name("1")) == 0
    assert "    decided      2" in capsys.readouterr().out
    Path("team.yaml").write_bytes(encode(document(BY_OTHER)))
    assert verify_cached(place.name("1")) == REFUSED
    assert run(["policy", "verify", "--policy=team.yaml", place.name("1")]) == REFUSED


def test_a_cache_that_others_can_write_to_is_refused(place: Place) -> None:
    Path("team.yaml").write_bytes(encode(document(BY_KEY)))
    assert verify_cached(place.name("1")) != FILE
    Path(".cache/cosignpy/decisions").chmod(0o770)
    assert verify_cached(place.name("1")) == FILE


def test_evidence_is_of_what_is_seen_and_not_of_what_is_kept(place: Place) -> None:
    Path("team.yaml").write_bytes(encode(document(BY_KEY)))
    assert verify_cached("--evidence=e.json", place.name("1")) == USAGE
    assert not Path("e.json").exists()


def test_more_than_evidence_has_room_for_is_an_error_and_no_file(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    sign(place.repository(), place.push("1"))
    Path("team.yaml").write_bytes(encode(document(BY_KEY)))
    monkeypatch.setattr("cosignpy.imagepolicy.evidence.MAX_CONTENT", 100)
    assert run(["policy", "verify", "--policy=team.yaml", "--evidence=e.json", place.name("1")]) == MALFORMED
    assert not Path("e.json").exists()


def test_the_cache_is_where_the_variable_says(place: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "elsewhere"))
    sign(place.repository(), place.push("1"))
    Path("team.yaml").write_bytes(encode(document(BY_KEY)))
    assert verify_cached(place.name("1")) == 0
    assert len(list((tmp_path / "elsewhere" / "cosignpy" / "decisions").iterdir())) == 1


@pytest.mark.parametrize(("language", "holds"), [("cel", True), ("cel", False), ("rego", True), ("rego", False)])
def test_attestations_configurations_and_conditions_are_decided_over_again(
    place: Place, capsys: Capture, language: str, holds: bool
) -> None:
    image = place.push("1")
    attest(place.repository(), image)
    wanted = "linux" if holds else "plan9"
    texts = {
        "cel": f'statement.config["linux/amd64"].os == "{wanted}"',
        "rego": f'package sigstore\nisCompliant {{ input.config["linux/amd64"].os == "{wanted}" }}\n',
    }
    condition = {"type": language, "data": texts[language], "fetchConfigFile": True}
    attestation = {"name": "review", "predicateType": REVIEW}
    make = own_document if language == "cel" else document
    Path("team.yaml").write_bytes(encode(make({"attestations": [attestation], **BY_KEY}, policy=condition)))
    code = run(["policy", "verify", "--policy=team.yaml", "--evidence=e.json", place.name("1")])
    assert (code == 0) is holds, capsys.readouterr().err
    evidence = parse_policy_evidence(Path("e.json").read_bytes())
    place.registry.clear_requests()
    assert run(["policy", "replay", "e.json"]) == 0
    assert place.registry.requests == []
    blobs = [found.content for each, found in evidence.answers.items() if each.question is Question.BLOB]
    assert image.config is not None
    assert image.config.digest in blobs


ASKED: Final = {
    ("cel", "attestation"): 'evidence.key.fingerprint == "{key}" && evidence.signed.digest == "{image}"',
    ("cel", "policy"): 'evidence.authorityMatches["people"].attestations["review"][0].key.fingerprint == "{key}"',
    ("rego", "attestation"): (
        'package sigstore\nisCompliant {{ data.evidence.key.fingerprint == "{key}"\n'
        'data.evidence.signed.digest == "{image}" }}\n'
    ),
    ("rego", "policy"): (
        "package sigstore\nisCompliant {{\n"
        'data.evidence.authorityMatches.people.attestations.review[0].key.fingerprint == "{key}" }}\n'
    ),
}


@pytest.mark.parametrize("holds", [True, False])
@pytest.mark.parametrize(("language", "where"), ASKED)
def test_conditions_are_told_the_evidence_and_so_they_are_when_it_is_decided_again(
    place: Place, capsys: Capture, language: str, where: str, holds: bool
) -> None:
    image = place.push("1")
    attest(place.repository(), image)
    key = KEY if holds else OTHER_KEY
    text = ASKED[language, where].format(key=key.public_key.fingerprint, image=image.digest)
    condition = {"policy": {"type": language, "data": text}}
    attestation = {"name": "review", "predicateType": REVIEW, **(condition if where == "attestation" else {})}
    make = own_document if language == "cel" else document
    made = make({"name": "people", "attestations": [attestation], **BY_KEY}, **(condition if where == "policy" else {}))
    Path("team.yaml").write_bytes(encode(made))
    code = run(["policy", "verify", "--policy=team.yaml", "--evidence=e.json", place.name("1")])
    assert (code == 0) is holds, capsys.readouterr().err
    place.registry.clear_requests()
    assert run(["policy", "replay", "e.json"]) == 0
    assert place.registry.requests == []


@pytest.fixture
def files() -> None:
    """Files with bundles by a key, by an identity and by nobody."""
    for name in ("app.whl", "app.zip", "app.txt"):
        Path(name).write_bytes(ARTIFACT)
    Path("app.whl.sigstore.json").write_bytes(encode_bundle(key_bundle()))
    Path("app.zip.sigstore.json").write_bytes(encode_bundle(v1_bundle()))
    Path("root.json").write_bytes(encode_trusted_root(ROOT))
    keyed = {"key": {"data": USER_KEY.public_key.encode_pem().decode()}}
    Path("files.yaml").write_bytes(encode(own_document(keyed, BY_ALICE, images=[], files=[{"glob": "app.*"}])))


@pytest.mark.usefixtures("files")
def test_files_are_decided_over_again_without_them(capsys: Capture) -> None:
    flags = ["--policy=files.yaml", "--trusted-root=root.json", "--evidence=e.json", "--output=json"]
    names = ["app.whl", "app.zip", "app.txt", "app.absent"]
    assert run(["policy", "verify-blob", *flags, *names]) == DIFFERENT
    evidence = parse_policy_evidence(Path("e.json").read_bytes())
    assert json.loads(capsys.readouterr().out) == evidence.decision
    assert [each["admitted"] for each in evidence.decision["files"]] == [True, True, False, False]
    for path in Path().glob("app*"):
        path.unlink()
    assert run(["policy", "replay", "e.json"]) == 0
    assert capsys.readouterr().out.startswith("Same decision over 4 files, as of ")
    assert ARTIFACT not in evidence.contents.values()
    other = own_document({"static": {"action": "fail"}}, images=[], files=[{"glob": "app.whl"}])
    Path("other.yaml").write_bytes(encode(other))
    assert replay(evidence, "--policy=other.yaml") != 0
    assert capsys.readouterr().err.count("admitted when it was recorded") == 2


@pytest.mark.usefixtures("files")
def test_that_a_bundle_is_not_there_is_recorded(capsys: Capture) -> None:
    flags = ["--policy=files.yaml", "--trusted-root=root.json", "--evidence=e.json", "--bundle=absent.json"]
    assert run(["policy", "verify-blob", *flags, "app.whl"]) == FILE
    assert run(["policy", "replay", "e.json"]) == 0
    assert "over 1 file, as" in capsys.readouterr().out


def digests_of_another_file(evidence: PolicyEvidence) -> PolicyEvidence:
    question = next(each for each in evidence.answers if each.question is Question.FILE)
    changed = evidence.contents[evidence.answers[question].content or Digest.of(b"")].replace(
        b'"sha256":"', b'"sha256":"0'
    )
    changed = changed[: changed.index(b'"sha256":"') + 74] + changed[changed.index(b'"sha256":"') + 75 :]
    return answer_with(evidence, {question: Answer(Digest.of(changed))}, changed)


def no_digests(evidence: PolicyEvidence) -> PolicyEvidence:
    question = next(each for each in evidence.answers if each.question is Question.FILE)
    return answer_with(evidence, {question: Answer(Digest.of(b"{}"))}, b"{}")


def another_bundle(evidence: PolicyEvidence) -> PolicyEvidence:
    first, second = [each for each in evidence.answers if each.question is Question.BUNDLE]
    return answer_with(evidence, {first: evidence.answers[second]})


def no_bundle(evidence: PolicyEvidence) -> PolicyEvidence:
    return replace(evidence, files=tuple(replace(each, bundles=()) for each in evidence.files))


def another_path(evidence: PolicyEvidence) -> PolicyEvidence:
    return replace(evidence, files=(*evidence.files[:2], replace(evidence.files[2], path="other.txt")))


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize("change", [digests_of_another_file, another_bundle, no_bundle, another_path, no_digests])
def test_evidence_of_files_that_was_changed_in_one_thing_is_never_the_same_decision(
    capsys: Capture, change: Callable[[PolicyEvidence], PolicyEvidence]
) -> None:
    flags = ["--policy=files.yaml", "--trusted-root=root.json", "--evidence=e.json"]
    run(["policy", "verify-blob", *flags, "app.whl", "app.zip", "app.txt"])
    evidence = parse_policy_evidence(Path("e.json").read_bytes())
    assert replay(evidence) == 0
    capsys.readouterr()
    assert replay(change(evidence)) == DIFFERENT
    assert capsys.readouterr().out == ""


def test_signatures_in_the_repository_of_the_variable_are_found_again(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = place.push("1")
    place.push(repository="team/signatures")
    sign(place.repository("team/signatures"), image)
    Path("team.yaml").write_bytes(encode(document(BY_KEY)))
    monkeypatch.setenv("COSIGN_REPOSITORY", f"{place.registry.address}/team/signatures")
    assert run(["policy", "verify", "--policy=team.yaml", "--evidence=e.json", place.name("1")]) == 0
    monkeypatch.setenv("COSIGN_REPOSITORY", f"{place.registry.address}/team/others")
    assert run(["policy", "replay", "e.json"]) == 0
    evidence = parse_policy_evidence(Path("e.json").read_bytes())
    assert evidence.settings == {"signatures": f"{place.registry.address}/team/signatures"}
    assert replay(replace(evidence, settings={})) == DIFFERENT
