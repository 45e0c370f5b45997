"""`policy test` where no registry is asked: static answers, and which policies are about a name."""

import json
from pathlib import Path
from typing import Any, Final

import pytest

from cosignpy.cli.app import run
from cosignpy.core.bundle.protojson import encode_bundle
from cosignpy.core.digest import Digest
from cosignpy.core.trust.trusted_root import encode_trusted_root
from tests.support.image_policies import FAIL, document, encode, own_document
from tests.support.virtual_sigstore import ARTIFACT, EMAIL, ISSUER, ROOT, USER_KEY, key_bundle, v1_bundle

Capture = pytest.CaptureFixture[str]
USAGE: Final = 2
FILE_ERROR: Final = 3
GOOD: Final = """\
policies: [team.yaml]
cases:
  - image: ghcr.io/team/app:1
    verdict: refused
    because: not here
    matches: [team]
  - image: nginx
    matches: [team]
"""
BAD: Final = """\
policies: [team.yaml]
cases:
  - image: ghcr.io/team/app:1
    verdict: admitted
  - image: nginx
    matches: []
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("policies").mkdir()
    Path("policies/team.yaml").write_bytes(encode(document(FAIL)))
    Path("policies/good.test.yaml").write_text(GOOD)
    return tmp_path


def found_by(capsys: Capture, *arguments: str) -> tuple[int, Any]:
    code = run(["policy", "test", "--output=json", *arguments])
    return code, json.loads(capsys.readouterr().out)


def test_a_line_for_each_case_and_a_sum(capsys: Capture) -> None:
    assert run(["policy", "test", "policies"]) == 0
    assert capsys.readouterr().out == (
        "policies/good.test.yaml\n"
        "  ok      line 3: ghcr.io/team/app:1 refused and matches team\n"
        "  ok      line 7: nginx matches team\n"
        "2 cases: 2 passed, 0 failed\n"
    )


def test_what_differs_is_shown_and_the_other_files_are_run_all_the_same(capsys: Capture) -> None:
    Path("policies/bad.test.yml").write_text(BAD)
    assert run(["policy", "test", "policies"]) == 1
    assert capsys.readouterr().out == (
        "policies/bad.test.yml\n"
        "  FAILED  line 3: ghcr.io/team/app:1 admitted\n"
        "    - verdict: admitted\n"
        "    + verdict: refused\n"
        "    +   team: spec.authorities\n"
        "    +   team: spec.authorities[0]\n"
        "    +   policy team: disallowed by static policy: not here\n"
        "  FAILED  line 5: nginx matches nothing\n"
        "    - matches: none\n"
        "    + matches: team\n"
        "policies/good.test.yaml\n"
        "  ok      line 3: ghcr.io/team/app:1 refused and matches team\n"
        "  ok      line 7: nginx matches team\n"
        "4 cases: 2 passed, 2 failed\n"
    )


def test_the_same_as_json(capsys: Capture) -> None:
    Path("policies/bad.test.yaml").write_text(BAD)
    code, found = found_by(capsys, "policies/bad.test.yaml")
    assert (code, found["schema"], found["verified"], found["exitCode"]) == (1, "cosignpy/policy-test/v1", False, 1)
    first, second = found["cases"]
    assert (first["test"], first["line"], first["image"]) == ("policies/bad.test.yaml", 3, "ghcr.io/team/app:1")
    assert (first["passed"], first["verdict"], first["matches"]) == (False, "refused", ["team"])
    assert first["differences"][0]["found"][0] == "refused"
    assert (second["verdict"], second["differences"][0]["what"]) == (None, "matches")


def test_policies_are_where_the_file_sees_them(capsys: Capture) -> None:
    Path("policies/tests").mkdir()
    Path("policies/tests/up.test.yaml").write_text(GOOD.replace("[team.yaml]", "[../team.yaml, more]"))
    Path("policies/tests/more").mkdir()
    Path("policies/tests/more/a.yaml").write_bytes(encode(document(FAIL, name="more", images=[{"glob": "quay.io/**"}])))
    assert found_by(capsys, "policies/tests/up.test.yaml")[0] == 0


def test_tests_may_lie_beside_the_policies(capsys: Capture) -> None:
    assert run(["policy", "lint", "policies"]) == 0
    assert capsys.readouterr().out == "no problems found\n"


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("verdict: refused", "verdickt: refused", "policies/good.test.yaml:4: cases[0].verdickt: no such field"),
        ("verdict: refused", "verdict: denied", "policies/good.test.yaml:4: cases[0].verdict: 'denied' is not one of"),
        (GOOD[GOOD.index("  - image") :], "", "policies/good.test.yaml:1: cases: no cases"),
        ("team.yaml", "other.yaml", "policies/other.yaml: no such file"),
    ],
)
def test_a_file_with_one_thing_wrong_is_refused_by_file_line_and_path(
    old: str, new: str, place: str, capsys: Capture
) -> None:
    assert old in GOOD
    Path("policies/good.test.yaml").write_text(GOOD.replace(old, new, 1))
    assert run(["policy", "test", "policies"]) in {USAGE, FILE_ERROR}
    printed = capsys.readouterr()
    assert printed.out == ""
    assert f"Error: {place}" in printed.err


def test_a_folder_without_tests_is_refused(capsys: Capture) -> None:
    Path("empty").mkdir()
    assert run(["policy", "test", "empty"]) == FILE_ERROR
    assert "Error: empty: no tests of policies in it" in capsys.readouterr().err


FILES: Final = f"""\
policies: [files.yaml]
cases:
  - file: dist/app.whl
    verdict: admitted
    because: spec.authorities[0]
    digest: {Digest.of(ARTIFACT)}
    matches: [team]
  - file: dist/app.zip
    verdict: refused
    because: no signatures found
  - file: dist/app.zip
    verdict: admitted
    because: spec.authorities[1]
    bundles: [alice.json]
  - file: dist/notes.txt
    matches: []
  - file: dist/absent.whl
    verdict: refused
"""


def test_cases_about_files_find_their_bundles(capsys: Capture) -> None:
    Path("policies/dist").mkdir()
    for name in ("app.whl", "app.zip"):
        Path(f"policies/dist/{name}").write_bytes(ARTIFACT)
    Path("policies/dist/app.whl.sigstore.json").write_bytes(encode_bundle(key_bundle()))
    Path("policies/alice.json").write_bytes(encode_bundle(v1_bundle()))
    Path("root.json").write_bytes(encode_trusted_root(ROOT))
    keyed = {"key": {"data": USER_KEY.public_key.encode_pem().decode()}}
    alice = {"keyless": {"identities": [{"issuer": ISSUER, "subject": EMAIL}]}}
    made = own_document(keyed, alice, images=[], files=[{"glob": "app.*"}, {"glob": "absent.*"}])
    Path("policies/files.yaml").write_bytes(encode(made))
    Path("policies/files.test.yaml").write_text(FILES)
    code, found = found_by(capsys, "--trusted-root=root.json", "policies/files.test.yaml")
    assert code == 1
    assert [(each["file"], each["passed"]) for each in found["cases"]] == [
        ("dist/app.whl", True),
        ("dist/app.zip", True),
        ("dist/app.zip", True),
        ("dist/notes.txt", True),
        ("dist/absent.whl", False),
    ]
    assert found["cases"][-1]["error"]["kind"] == "FileError"
