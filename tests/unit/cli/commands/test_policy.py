"""`policy lint` and `policy verify` where no registry is asked: files, folders, and how it is said."""

import json
from pathlib import Path
from typing import Any, Final

import pytest

from cosignpy.cli import policy_files
from cosignpy.cli.app import run
from cosignpy.errors import FileError, LimitExceeded, UsageError
from tests.support.image_policies import BY_KEY, FAIL, KEYLESS, PASS, document, encode

Capture = pytest.CaptureFixture[str]
IMAGE: Final = "ghcr.io/team/app:1"
REFUSED: Final = 12
USAGE: Final = 2
NO_FILE: Final = 3


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(file: str, *documents: dict[str, Any]) -> str:
    Path(file).parent.mkdir(exist_ok=True)
    Path(file).write_bytes(encode(*documents))
    return file


def decided(capsys: Capture, *arguments: str) -> tuple[int, Any]:
    code = run(["policy", "verify", "--output=json", *arguments])
    return code, json.loads(capsys.readouterr().out)


def test_lint_says_what_is_wrong_the_worst_first(capsys: Capture) -> None:
    file = write("team.yaml", document(BY_KEY, PASS, images=[{"glob": "ghcr.io/app*"}]))
    assert run(["policy", "lint", file]) == 1
    error, warning = capsys.readouterr().out.splitlines()
    assert error.startswith("error: team.yaml:19: spec.authorities[1]: ")
    assert warning.startswith("warning: team.yaml:7: spec.images[0].glob: ")


def test_lint_is_content_with_warnings_and_more_so_without(capsys: Capture) -> None:
    assert run(["policy", "lint", write("a.yaml", document(BY_KEY, images=[{"glob": "ghcr.io/app*"}]))]) == 0
    assert run(["policy", "lint", write("b.yaml", document(BY_KEY))]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "no problems found"


def test_lint_goes_on_behind_a_file_that_cannot_be_read_as_policies(capsys: Capture) -> None:
    write("all/a.yaml", {**document(BY_KEY), "speck": {}})
    write("all/b.yml", {"kind": "Pod"})
    write("all/c.json", document())
    write("all/d.txt", document())
    assert run(["policy", "lint", "--output=json", "all"]) == 1
    found = json.loads(capsys.readouterr().out)["problems"]
    assert [each["place"] for each in found] == ["all/a.yaml:19", "all/b.yml:1", "all/c.json:1: spec.authorities"]
    assert found[0]["why"] == "speck: no such field (did you mean spec?)"
    assert found[1]["why"] == "kind: 'Pod' is not read (allowed: ClusterImagePolicy, ImagePolicy)"


def test_lint_says_what_has_no_hint_too(capsys: Capture) -> None:
    Path("a.yaml").write_text("kind: &a x\n")
    assert run(["policy", "lint", "a.yaml"]) == 1
    assert capsys.readouterr().out == "error: a.yaml:1: anchors and aliases are not allowed\n"


def test_lint_looks_at_names_across_files(capsys: Capture) -> None:
    write("all/a.yaml", document(BY_KEY))
    write("all/b.yaml", document(BY_KEY))
    assert run(["policy", "lint", "all"]) == 1
    assert capsys.readouterr().out == "error: all/b.yaml:1: metadata.name: team is a policy of all/a.yaml too\n"


def test_a_static_pass_admits(capsys: Capture) -> None:
    assert run(["policy", "verify", "--policy", write("a.yaml", document(PASS)), IMAGE]) == 0
    assert capsys.readouterr().out == f"Admitted {IMAGE}\n  policy       team: passed by authority-0 (a.yaml:9)\n"


def test_a_static_fail_refuses_and_says_by_what(capsys: Capture) -> None:
    file = write("a.yaml", document(FAIL), document(PASS, name="other"))
    assert run(["policy", "verify", "--policy", file, IMAGE]) == REFUSED
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == (
        f"{IMAGE} is refused\n  by the policy team (a.yaml:1)\n"
        "Error: policy team: disallowed by static policy: not here\n"
        "  hint: ask whoever keeps the policy: no signature makes up for it\n"
    )


def test_the_decision_as_json(capsys: Capture) -> None:
    file = write("a.yaml", document(FAIL, mode="warn"), document(PASS, BY_KEY, name="other"))
    code, found = decided(capsys, "--policy", file, IMAGE)
    assert (code, found["schema"], found["verified"]) == (0, "cosignpy/policy-decision/v1", True)
    (image,) = found["images"]
    assert (image["image"], image["digest"], image["admitted"], image["outcome"]) == (IMAGE, None, True, "warned")
    first, second = image["policies"]
    assert (first["policy"], first["mode"], first["outcome"]) == ("team", "warn", "warned")
    assert first["decidedBy"] == "spec.authorities"
    assert first["authorities"][0]["error"]["kind"] == "PolicyRefused"
    assert (second["file"], second["line"], second["decidedBy"]) == ("a.yaml", 14, "spec.authorities[0]")
    assert [each["outcome"] for each in second["authorities"]] == ["passed", "not asked"]


def test_warn_mode_warns(capsys: Capture) -> None:
    assert run(["policy", "verify", "--policy", write("a.yaml", document(FAIL, mode="warn")), IMAGE]) == 0
    printed = capsys.readouterr()
    assert printed.err == f"WARNING: {IMAGE}: policy team: disallowed by static policy: not here\n"
    assert printed.out == f"Admitted {IMAGE}\n  policy       team: warns only\n"


def test_an_image_that_no_policy_is_about_is_refused(capsys: Capture) -> None:
    file = write("a.yaml", document(PASS, images=[{"glob": "quay.io/**"}]))
    assert run(["policy", "verify", "--policy", file, IMAGE]) == REFUSED
    assert f"Error: no policy is about {IMAGE}\n" in capsys.readouterr().err
    code, found = decided(capsys, "--policy", file, IMAGE, "quay.io/app")
    assert code == REFUSED
    assert [each["admitted"] for each in found["images"]] == [False, True]


def test_policies_of_several_files_and_folders_count_together(capsys: Capture) -> None:
    write("all/a.yaml", document(PASS, name="a"))
    file = write("b.yaml", document(FAIL, name="b"))
    assert run(["policy", "verify", "--policy", "all", IMAGE]) == 0
    assert run(["policy", "verify", "--policy", "all", "--policy", file, IMAGE]) == REFUSED
    assert run(["policy", "verify", "--policy", "all", "--policy", "all/a.yaml", IMAGE]) == 0
    capsys.readouterr()
    assert (
        run(["policy", "verify", "--policy", "all", "--policy", write("c.yaml", document(PASS, name="a")), IMAGE])
        == USAGE
    )
    assert "c.yaml:1: a policy a stands in all/a.yaml as well" in capsys.readouterr().err


def test_what_nobody_can_show_is_refused_before_anything_is_asked(capsys: Capture) -> None:
    elsewhere = {"source": [{"oci": "ghcr.io"}], **BY_KEY}
    file = write("a.yaml", document(elsewhere, images=[{"glob": "quay.io/**"}]))
    assert run(["policy", "verify", "--policy", file, IMAGE]) == USAGE
    assert "Error: a.yaml:10: spec.authorities[0].source[0].oci: ghcr.io is a registry" in capsys.readouterr().err


def test_images_that_are_in_no_registry_have_no_name(capsys: Capture, folder: Path) -> None:
    layout = folder / "layout"
    (layout / "blobs/sha256").mkdir(parents=True)
    (layout / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')
    (layout / "index.json").write_text('{"schemaVersion":2,"manifests":[]}')
    file = write("a.yaml", document(PASS))
    code, found = decided(capsys, "--policy", file, f"oci-layout:{layout}:1")
    assert (code, found["images"][0]["admitted"]) == (USAGE, False)
    assert found["images"][0]["error"]["message"] == f"oci-layout:{layout}:1 is in no registry"


def test_a_name_that_is_none_is_refused(capsys: Capture) -> None:
    assert run(["policy", "verify", "--policy", write("a.yaml", document(PASS)), "No/Image"]) == 4
    assert "lower case" in capsys.readouterr().err


def test_folders_have_policies_and_not_too_many(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FileError):
        policy_files.list_policy_files(str(folder))
    for name in "ba":
        write(f"{name}.yaml", document(PASS))
    assert policy_files.list_policy_files(".") == ("a.yaml", "b.yaml")
    assert policy_files.list_policy_files("-") == ("-",)
    monkeypatch.setattr(policy_files, "MAX_FILES", 1)
    with pytest.raises(LimitExceeded):
        policy_files.list_policy_files(".")


def test_a_link_to_nothing_is_no_policy_less(folder: Path, capsys: Capture) -> None:
    write("a.yaml", document(PASS))
    assert run(["policy", "verify", "--policy", ".", "ghcr.io/team/app:1"]) == 0
    (folder / "b.yaml").symlink_to("strict.yaml")
    assert run(["policy", "verify", "--policy", ".", "ghcr.io/team/app:1"]) != 0
    assert "b.yaml" in capsys.readouterr().err


def test_what_is_in_a_registry_is_not_read_where_files_are_wanted() -> None:
    with pytest.raises(UsageError):
        policy_files.read_policies(["oci://ghcr.io/team/policies:1"])


def test_lint_looks_beside_the_policies_for_what_they_name(capsys: Capture) -> None:
    named = {"keyless": {**KEYLESS["keyless"], "trustRootRef": "own"}}
    file = write("a.yaml", document(named))
    assert run(["policy", "lint", file]) == 0
    assert capsys.readouterr().out.startswith("warning: a.yaml:9: spec.authorities[0].keyless.trustRootRef: ")
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "key", "namespace": "cosign-system"}}
    write("all/secret.yaml", secret | {"stringData": {"cosign.pub": BY_KEY["key"]["data"]}})
    write("all/team.yaml", document({"key": {"secretRef": {"name": "key"}}}))
    assert run(["policy", "lint", "all"]) == 0
    assert capsys.readouterr().out == "no problems found\n"


@pytest.mark.parametrize(("name", "hinted"), [("registry.test/policies:1", True), ("absent.yaml", False)])
def test_who_forgets_that_policies_are_in_a_registry_is_told(capsys: Capture, name: str, *, hinted: bool) -> None:
    assert run(["policy", "lint", name]) == NO_FILE
    assert (f"hint: one in a registry is oci://{name}" in capsys.readouterr().err) is hinted


@pytest.mark.parametrize("command", [("lint",), ("verify", IMAGE, "--policy")])
def test_an_empty_file_is_told_what_belongs_in_it(capsys: Capture, command: tuple[str, ...]) -> None:
    Path("empty.yaml").write_text("")
    assert run(["policy", *command, "empty.yaml"]) != 0
    told = capsys.readouterr()
    assert "no policy in it" in told.out + told.err
    assert "allowed: ClusterImagePolicy, ImagePolicy" in told.out + told.err


def test_what_only_policies_name_is_no_policy(capsys: Capture) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "key"}, "stringData": {"a": "b"}}
    assert run(["policy", "verify", "--policy", write("a.yaml", secret), IMAGE]) == USAGE
    assert "Error: a.yaml:1: no policy in it" in capsys.readouterr().err
