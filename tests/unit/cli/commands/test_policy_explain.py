"""`policy explain` where no registry is asked: static answers, and images that no policy is about."""

import json
from pathlib import Path
from typing import Any, Final

import pytest

from cosignpy.cli.app import run
from tests.support.image_policies import FAIL, KEYLESS, PASS, document, encode

Capture = pytest.CaptureFixture[str]
IMAGE: Final = "ghcr.io/team/app:1"
REFUSED: Final = 12
STATIC: Final = "leave the image out of spec.images, or take spec.authorities[0] away: no signature makes up for it"
MALFORMED: Final = 4


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def explained(*documents: dict[str, Any], images: tuple[str, ...] = (IMAGE,), output: str = "text") -> int:
    Path("a.yaml").write_bytes(encode(*documents))
    return run(["policy", "explain", "--policy=a.yaml", f"--output={output}", *images])


def test_what_refuses_and_what_would_make_it_pass(capsys: Capture) -> None:
    assert explained(document(FAIL), document(PASS, name="other")) == REFUSED
    assert capsys.readouterr().out.splitlines() == [
        f"✗ {IMAGE}: refused",
        "├─ ✗ policy team (a.yaml:1): refused",
        "│  ├─ is about it by **",
        "│  └─ ✗ authority-0 (spec.authorities[0], line 9): policy team: disallowed by static policy: not here",
        "│     ├─ wants no signature: it says fail of every image",
        f"│     └─ → to make it pass: {STATIC}",
        "└─ ✓ policy other (a.yaml:13): passed, by spec.authorities[0]",
        "   ├─ is about it by **",
        "   └─ ✓ authority-0 (spec.authorities[0], line 21): passed",
        "      └─ wants no signature: it says pass of every image",
    ]


def test_who_was_not_asked_and_what_they_would_want(capsys: Capture) -> None:
    assert explained(document(KEYLESS, PASS)) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"✓ {IMAGE}: admitted"
    assert lines[3:6] == [
        "   ├─ · authority-0 (spec.authorities[0], line 9): not asked",
        "   │  ├─ wants signed by 'alice@example.com' by 'https://accounts.example.com'",
        "   │  └─ wants an entry of a transparency log",
    ]


def test_a_warning_is_no_refusal(capsys: Capture) -> None:
    assert explained(document(FAIL, mode="warn")) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [f"! {IMAGE}: admitted with a warning", "└─ ! policy team (a.yaml:1): warned"]


def test_a_policy_without_authorities_says_so(capsys: Capture) -> None:
    assert explained(document()) == REFUSED
    assert "   ├─ ✗ policy team: has no authority, so that no image passes" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("image", "glob"), [("nginx", "index.docker.io/library/nginx:*"), (f"quay.io/a@sha256:{'0' * 64}", "quay.io/a@*")]
)
def test_an_image_that_no_policy_is_about(image: str, glob: str, capsys: Capture) -> None:
    about = [{"glob": "ghcr.io/**"}]
    assert explained(document(PASS, images=about), images=(image,)) == REFUSED
    assert capsys.readouterr().out.splitlines() == [
        f"✗ {image}: refused",
        "├─ ✗ no policy is about it, and without one nothing is admitted",
        "├─ · policy team (a.yaml:1) is about others: ghcr.io/**",
        f"└─ → to make it pass: add a glob that is about it to spec.images of a policy: {glob}",
    ]


def test_policies_about_others_are_not_listed_without_end(capsys: Capture) -> None:
    many = [document(PASS, name=f"p{number}", images=[{"glob": "ghcr.io/**"}]) for number in range(22)]
    assert explained(*many, images=("nginx",)) == REFUSED
    assert "├─ · and 2 more policies about others" in capsys.readouterr().out


def test_a_name_that_is_none(capsys: Capture) -> None:
    assert explained(document(PASS), images=("No/Image",)) == MALFORMED
    first, advice = capsys.readouterr().out.splitlines()
    assert first.startswith("✗ No/Image: ")
    assert advice.startswith("└─ → to make it pass: ")


def test_the_same_as_json(capsys: Capture) -> None:
    other = document(PASS, name="other", images=[{"glob": "quay.io/**"}])
    assert explained(document(FAIL), other, output="json", images=(IMAGE, "No/Image")) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["schema"], found["exitCode"]) == ("cosignpy/policy-explanation/v1", 1)
    image, none = found["images"]
    assert (image["image"], image["outcome"], image["digest"]) == (IMAGE, "refused", None)
    (policy,) = image["policies"]
    assert (policy["policy"], policy["globs"], policy["decidedBy"]) == ("team", ["**"], "spec.authorities")
    (authority,) = policy["authorities"]
    assert (authority["clause"], authority["outcome"]) == ("spec.authorities[0]", "refused")
    assert authority["error"]["kind"] == "PolicyRefused"
    assert authority["change"].startswith("leave the image out")
    assert [each["policy"] for each in image["others"]] == ["other"]
    assert (none["outcome"], none["error"]["kind"]) == ("refused", "MalformedError")
