"""`--policy` of `verify-attestation` and `verify-blob-attestation`: what attestations say, in Rego, CUE and CEL."""

import hashlib
import json
from pathlib import Path
from typing import Any, Final

import pytest
from jsonschema import Draft202012Validator

from cosignpy.cli.app import run
from cosignpy.imagepolicy.conditions import evaluator
from tests.support.signed import KEY
from tests.unit.cli.commands import test_attest
from tests.unit.cli.commands.test_attest import BY_KEY, SCHEMA, WANTED, Shelf

shelf = test_attest.shelf

Capture = pytest.CaptureFixture[str]
IMAGE: Final = "oci-layout:one:v1"
TYPE: Final = "https://example.com/review/v1"
BY_PUBLIC_KEY: Final = WANTED[1:]
FAILED: Final = 1
USAGE: Final = 2
MALFORMED: Final = 4
"""docs/exit-codes.md."""

GOOD: Final = "package signature\nallow { input.predicate.score == 7 }\n"
FILES: Final = {
    "good.rego": GOOD,
    "bad.rego": "package signature\n\nallow { input.predicate.score == 8 }\n",
    "good.cel": "predicate.score == 7 && evidence.key.algorithm != ''",
    "bad.cel": "predicate.score == 8",
    "broken.rego": "package signature\nallow {\n",
    "broken.cel": "predicate.score ==",
    "other.rego": "package other\nallow { true }\n",
    "loops.rego": "package signature\nallow { count(numbers.range(1, 1000000000)) == 0 }\n",
    "network.rego": 'package signature\nallow { not http.send({"method": "get", "url": "http://127.0.0.1:1"}).body }\n',
    "policy.yaml": "allow: true\n",
}


@pytest.fixture(autouse=True)
def attested(shelf: Shelf) -> None:
    """Attest a review of an image and of a file; and write policies."""
    del shelf
    Path("app.tar").write_text("content")
    attest(7)
    for name, text in FILES.items():
        Path(name).write_text(text)


def attest(score: int) -> None:
    Path("review.json").write_text(json.dumps({"score": score}))
    said = (f"--type={TYPE}", "--predicate=review.json", "--bundle=review.bundle")
    assert run(["attest", *BY_KEY, *said, "--with-file=app.tar", IMAGE]) == 0


IMAGE_COMMAND: Final = ["verify-attestation", *BY_PUBLIC_KEY, f"--type={TYPE}", IMAGE]
FILE_COMMAND: Final = [
    "verify-blob-attestation", *BY_PUBLIC_KEY, f"--type={TYPE}", "--bundle=review.bundle", "app.tar",
]  # fmt: skip
COMMANDS: Final = [IMAGE_COMMAND, FILE_COMMAND]


@pytest.mark.parametrize("command", COMMANDS, ids=["image", "file"])
def test_what_is_attested_satisfies_all_policies(command: list[str], capsys: Capture) -> None:
    capsys.readouterr()
    assert run([*command, "--policy=good.rego", "--policy=good.cel"]) == 0
    told = capsys.readouterr().err
    assert "will be validating against Rego policies: [good.rego]\n" in told
    assert "will be validating against CEL policies: [good.cel]\n" in told


@pytest.mark.parametrize("command", COMMANDS, ids=["image", "file"])
@pytest.mark.parametrize(
    ("policies", "count", "why"),
    [
        (("good.rego", "bad.rego"), 1, "bad.rego:3: allow is undefined"),
        (("bad.cel", "good.rego"), 1, "bad.cel:1: the expression is false"),
        (("bad.cel", "bad.rego"), 2, "bad.rego:3: allow is undefined"),
        (("loops.rego",), 1, "loops.rego:2: stopped: it takes more than it may"),
    ],
)
def test_one_policy_that_does_not_hold_is_enough(
    command: list[str], policies: tuple[str, ...], count: int, why: str, capsys: Capture
) -> None:
    capsys.readouterr()
    assert run([*command, *(f"--policy={each}" for each in policies)]) == FAILED
    printed = capsys.readouterr()
    assert f"{count} validation errors occurred" in printed.err
    assert why in printed.err
    assert printed.out == ""


TOLD: Final = {
    "rego": (
        'package signature\nallow {{ data.evidence.key.fingerprint == "{key}"\n'
        "data.evidence.statement.digest\nnot data.evidence.transparencyLog.checked }}\n"
    ),
    "cel": 'evidence.key.fingerprint == "{key}" && evidence.certificate == null && evidence.logEntries == []',
}
"""What conditions ask of the evidence of an image and of a file alike."""


@pytest.mark.parametrize("command", COMMANDS, ids=["image", "file"])
@pytest.mark.parametrize("language", TOLD)
def test_the_evidence_is_the_same_for_images_and_files(command: list[str], language: str, capsys: Capture) -> None:
    Path(f"ours.{language}").write_text(TOLD[language].format(key=KEY.public_key.fingerprint))
    assert run([*command, f"--policy=ours.{language}"]) == 0
    Path(f"theirs.{language}").write_text(TOLD[language].format(key=f"sha256:{'0' * 64}"))
    capsys.readouterr()
    assert run([*command, f"--policy=theirs.{language}"]) == FAILED
    assert "1 validation errors occurred" in capsys.readouterr().err


def test_the_evidence_of_a_file_says_which_file_and_where_its_signature_is() -> None:
    digest = hashlib.sha256(b"content").hexdigest()
    Path("file.cel").write_text(
        f'evidence.signed.digest == "sha256:{digest}" && evidence.location == "review.bundle" '
        f'&& evidence.type == "{TYPE}"'
    )
    assert run([*FILE_COMMAND, "--policy=file.cel"]) == 0
    assert run([*IMAGE_COMMAND, "--policy=file.cel"]) == FAILED


@pytest.mark.parametrize("command", COMMANDS, ids=["image", "file"])
def test_the_evidence_in_json_says_which_policies_were_applied(command: list[str], capsys: Capture) -> None:
    capsys.readouterr()
    assert run([*command, "--policy=good.rego", "--policy=good.cel", "--output=json"]) == 0
    found = json.loads(capsys.readouterr().out)
    Draft202012Validator(SCHEMA).validate(found)
    assert found["policy"]["conditions"] == [applied("good.rego"), applied("good.cel")]
    assert run([*command, "--output=json"]) == 0
    assert "conditions" not in json.loads(capsys.readouterr().out)["policy"]


def test_so_it_does_where_they_refuse_and_explain_tells_it(capsys: Capture) -> None:
    capsys.readouterr()
    assert run([*IMAGE_COMMAND, "--policy=bad.cel", "--output=json"]) == FAILED
    printed = capsys.readouterr().out
    Draft202012Validator(SCHEMA).validate(json.loads(printed))
    assert json.loads(printed)["policy"]["conditions"] == [applied("bad.cel")]
    Path("evidence.json").write_text(printed)
    assert run(["explain", "evidence.json"]) == FAILED
    assert f"which satisfies bad.cel, {applied('bad.cel')['digest']}\n" in capsys.readouterr().out


def test_of_a_file_the_evidence_says_which_policies_refuse_it(capsys: Capture) -> None:
    capsys.readouterr()
    assert (
        run([*FILE_COMMAND, "--policy=bad.cel", "--policy=good.rego", "--policy=bad.rego", "--output=json"]) == FAILED
    )
    printed = capsys.readouterr().out
    found = json.loads(printed)
    Draft202012Validator(SCHEMA).validate(found)
    reasons = ["bad.cel:1: the expression is false", "bad.rego:3: allow is undefined"]
    assert [(each["signature"], each["reason"]) for each in found["rejections"]] == [
        ("app.tar", why) for why in reasons
    ]
    Path("evidence.json").write_text(printed)
    assert run(["explain", "evidence.json"]) == FAILED
    told = capsys.readouterr().out
    assert all(why in told for why in reasons)


def applied(name: str, **beside: bool) -> dict[str, Any]:
    digest = f"sha256:{hashlib.sha256(Path(name).read_bytes()).hexdigest()}"
    return {"file": name, "digest": digest, "language": Path(name).suffix[1:], **beside}


def test_every_attestation_has_to_satisfy_the_policy(capsys: Capture) -> None:
    """As with cosign: a second one that says something else refuses the image."""
    attest(8)
    capsys.readouterr()
    assert run([*IMAGE_COMMAND, "--policy=good.rego", "--output=json"]) == FAILED
    printed = capsys.readouterr()
    assert printed.err.count("will be validating against Rego policies") == 2
    (image,) = json.loads(printed.out)["images"]
    (rejection,) = image["rejections"]
    assert image["error"]["kind"] == "AttestationsRefused"
    assert rejection["reason"] == "good.rego:2: allow is undefined"


@pytest.mark.parametrize("command", COMMANDS, ids=["image", "file"])
@pytest.mark.parametrize(
    ("policy", "code", "why"),
    [
        ("broken.rego", USAGE, "broken.rego:2: { is not closed"),
        ("broken.cel", USAGE, "broken.cel:1: "),
        ("other.rego", USAGE, "other.rego:1: the package is other"),
        ("network.rego", USAGE, "network.rego:2: there is no function http.send"),
        ("policy.yaml", USAGE, "invalid policy format, expected .cue, .rego or .cel"),
        ("absent.rego", 3, "absent.rego: no such file or directory"),
        ("latin.rego", USAGE, "latin.rego:2: not UTF-8"),
        ("huge.rego", MALFORMED, "huge.rego is over the limit"),
    ],
)
def test_policies_that_are_not_taken(command: list[str], policy: str, code: int, why: str, capsys: Capture) -> None:
    if policy == "latin.rego":
        Path(policy).write_bytes(b"package signature\nallow { input.a == '\xe4' }\n")
    if policy == "huge.rego":
        with Path(policy).open("wb") as file:
            file.truncate(100 << 20)
    capsys.readouterr()
    assert run([*command, f"--policy={policy}"]) == code
    printed = capsys.readouterr()
    assert why in printed.err
    assert printed.out == ""


def test_an_image_that_does_not_verify_is_not_judged(capsys: Capture) -> None:
    capsys.readouterr()
    other = [*IMAGE_COMMAND[:-2], "--type=https://example.com/other", IMAGE]
    assert run([*other, "--policy=good.rego"]) not in (0, FAILED)
    assert "will be validating" not in capsys.readouterr().err


def test_what_evaluates_is_named_where_it_is_not_installed(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    for running in evaluator.EVALUATORS.values():
        running.close()
    monkeypatch.setattr(evaluator, "find_spec", lambda _: None)
    assert run([*IMAGE_COMMAND, "--policy=good.rego"]) == USAGE
    assert "hint: pip install 'cosignpy[policy]'" in capsys.readouterr().err


def test_cue_is_asked_of_its_program(
    tmp_path_factory: pytest.TempPathFactory, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path_factory.mktemp("bin") / "cue"
    program.write_text("#!/bin/sh\n[ $1 = export ] && echo '{}'\nexit 0\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    Path("good.cue").write_text("predicate: score: 7\n")
    capsys.readouterr()
    assert run([*IMAGE_COMMAND, "--policy=good.cue", "--output=json"]) == 0
    printed = capsys.readouterr()
    assert "will be validating against CUE policies: [good.cue]" in printed.err
    assert json.loads(printed.out)["policy"]["conditions"] == [applied("good.cue", complete=False)]
    assert run([*IMAGE_COMMAND, "--policy=good.cue", "--policy-complete", "--output=json"]) == FAILED
    printed = capsys.readouterr()
    assert "good.cue:1: the policy names what the document does not have" in printed.err
    assert json.loads(printed.out)["policy"]["conditions"] == [applied("good.cue", complete=True)]
    assert run([*IMAGE_COMMAND, "--policy=good.rego", "--policy-complete"]) == USAGE


def test_explain_wants_to_know_the_type(capsys: Capture) -> None:
    assert run(["explain", *BY_PUBLIC_KEY, "--policy=good.rego", IMAGE]) == USAGE
    assert "--policy is about what attestations say" in capsys.readouterr().err
    assert run(["explain", *BY_PUBLIC_KEY, f"--type={TYPE}", "--policy=bad.rego", IMAGE]) == FAILED
