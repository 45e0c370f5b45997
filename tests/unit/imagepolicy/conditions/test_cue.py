"""Conditions in CUE, with a program that stands in for `cue`: the real one is asked in tests/interop."""

import json
from pathlib import Path

import pytest

from cosignpy.errors import ConditionRefused, UsageError
from cosignpy.imagepolicy.conditions import cue
from cosignpy.imagepolicy.conditions.condition import Absent, ConditionInput
from cosignpy.imagepolicy.conditions.cue import load_cue
from cosignpy.imagepolicy.conditions.evaluator import Limits
from cosignpy.imagepolicy.conditions.load import load_condition
from cosignpy.imagepolicy.conditions.rego import Dialect
from cosignpy.imagepolicy.languages import Language
from cosignpy.places import DocumentError, Place
from cosignpy.values import replace

PLACE = Place("team.cue", 10)
GIVEN = ConditionInput(b'{"a": 1}')


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have `cue` be a script, which a test writes; without one it is content with everything."""
    file = tmp_path / "bin" / "cue"
    file.parent.mkdir()
    write(file, "exit 0")
    monkeypatch.setenv("PATH", f"{file.parent}:/usr/bin:/bin")
    return file


def write(file: Path, *lines: str) -> None:
    file.write_text("\n".join(["#!/bin/sh", *lines]) + "\n")
    file.chmod(0o755)


def refused(absent: Absent = Absent.PASSES, limits: Limits | None = None, given: ConditionInput = GIVEN) -> str:
    with pytest.raises(ConditionRefused) as caught:
        replace(load_cue("a: 1", PLACE, absent), limits=limits or Limits()).check(given)
    return str(caught.value)


def only_for(command: str, *lines: str) -> tuple[str, ...]:
    return (f"[ $1 = {command} ] || exit 0", *lines)


def test_the_document_is_unified_in_a_folder_of_its_own(program: Path, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    write(program, *only_for("eval", f'echo "$@" > {seen}', f"cat policy.cue document.json >> {seen}"))
    assert load_condition(Language.CUE, "a: 1", PLACE).check(GIVEN) == ()
    assert seen.read_text() == 'eval policy.cue json: document.json\na: 1{"a": 1}'


def test_the_program_sees_nothing_of_the_environment(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COSIGN_PASSWORD", "secret")
    write(program, *only_for("eval", f"env > {tmp_path}/seen"))
    load_cue("a: 1", PLACE).check(GIVEN)
    seen = dict(line.split("=", 1) for line in (tmp_path / "seen").read_text().splitlines())
    assert seen.keys() - {"PWD", "_", "OLDPWD", "SHLVL", "LC_CTYPE"} == {"HOME", "CUE_CACHE_DIR", "CUE_REGISTRY"}
    assert seen["CUE_REGISTRY"] == "none"
    assert not Path(seen["HOME"]).exists()


def test_what_does_not_hold_is_told_by_its_line(program: Path) -> None:
    complaint = "echo 'a: conflicting values 2 and 1:\n    ./document.json:1:7\n    ./policy.cue:3:4' >&2"
    write(program, *only_for("eval", complaint, "exit 1"))
    assert refused() == "team.cue:12: a: conflicting values 2 and 1"


def test_a_failure_without_words_is_one(program: Path) -> None:
    write(program, *only_for("eval", "exit 3"))
    assert refused() == "team.cue:10: it does not hold"


def test_what_does_not_compile_is_told_by_its_line(program: Path) -> None:
    write(program, *only_for("vet", "echo \"expected 'EOF', found '}':\n    ./policy.cue:2:1\" >&2", "exit 1"))
    with pytest.raises(DocumentError) as caught:
        load_cue("a: 1\n}", PLACE)
    assert (str(caught.value), caught.value.line) == ("team.cue:11: expected 'EOF', found '}'", 11)


@pytest.mark.parametrize(
    ("lines", "limits"),
    [
        (("exec sleep 60",), Limits(wall_seconds=0.3)),
        (("sleep 60 & wait",), Limits(wall_seconds=0.3)),
        (("while :; do :; done",), Limits(cpu_seconds=1)),
        (("kill -9 $$",), Limits()),
    ],
    ids=["hangs", "has a child that hangs", "loops", "is killed"],
)
def test_a_program_that_runs_away_is_stopped(program: Path, lines: tuple[str, ...], limits: Limits) -> None:
    write(program, *only_for("eval", *lines))
    assert refused(limits=limits) == "team.cue:10: stopped: it takes more than it may"


@pytest.mark.parametrize("where", ["", ">&2"])
def test_a_program_that_prints_endlessly_is_stopped(program: Path, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cue, "MAX_WRITTEN", 4096)
    write(program, *only_for("eval", f"exec yes no {where}"))
    assert refused().startswith("team.cue:10: ")


@pytest.mark.parametrize(
    ("unified", "why"),
    [
        ({"a": 1}, ""),
        ({"a": 1, "b": 2}, "the policy names what the document does not have"),
        ({"a": 2}, "the policy names"),
    ],
)
def test_nothing_may_be_added_where_nothing_may_be_absent(program: Path, unified: object, why: str) -> None:
    write(program, *only_for("export", f"echo '{json.dumps(unified)}'"))
    if why:
        assert why in refused(Absent.REFUSED)
    else:
        assert load_cue("a: 1", PLACE, Absent.REFUSED).check(GIVEN) == ()


@pytest.mark.usefixtures("program")
@pytest.mark.parametrize("document", [b"", b'{"a": NaN}', b'{"a": 1, "a": 1}', b"[" * 100_000])
def test_what_is_no_strict_json_is_refused(document: bytes) -> None:
    assert refused(given=ConditionInput(document)).startswith("team.cue:10: ")


@pytest.mark.usefixtures("program")
def test_a_document_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cue, "MAX_DOCUMENT", 7)
    assert refused() == "team.cue:10: the document has 8 bytes, at most 7 are judged"


def test_without_the_program_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError) as caught:
        load_cue("a: 1", PLACE)
    assert str(caught.value) == "conditions in CUE need the program cue, and none is on PATH"
    assert "cuelang.org" in str(caught.value.hint)


@pytest.mark.usefixtures("program")
@pytest.mark.parametrize("text", ["", " \n\t\n", "// a: 1", "package signature\n\n // a: 1\n"])
def test_a_text_that_demands_nothing_is_refused(text: str) -> None:
    with pytest.raises(DocumentError) as caught:
        load_cue(text, PLACE)
    assert (str(caught.value), caught.value.line) == ("team.cue:10: it demands nothing", 10)
    assert load_cue(f"{text}\na: 1", PLACE).check(GIVEN) == ()


@pytest.mark.parametrize(
    ("text", "package"),
    [
        ("a: 1", "package policy, a: 1"),
        ("// c\npackage team // d\na: 1", "// c\npackage policy // d\na: 1"),
    ],
)
def test_the_policy_alone_is_a_package_that_another_asks_for(
    program: Path, tmp_path: Path, text: str, package: str
) -> None:
    write(program, "[ $3 = . ] || exit 0", f"cat policy/policy.cue > {tmp_path}/seen")
    load_cue(text, PLACE)
    assert (tmp_path / "seen").read_text() == package


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("alone: conflicting values false and true", "without the document it is incomplete"),
        ("import failed", "import failed"),
    ],
)
def test_what_is_no_value_without_the_document_is_refused(program: Path, said: str, why: str) -> None:
    write(program, "[ $3 = . ] || exit 0", f"echo '{said}:' >&2", "exit 1")
    with pytest.raises(DocumentError, match=f"^team.cue:10: {why}"):
        load_cue("a: 1", PLACE)


def test_what_demands_nothing_holds_for_the_policy_controller(program: Path) -> None:
    write(program, "exit 0")
    assert load_condition(Language.CUE, "// c", PLACE, Dialect.POLICY_CONTROLLER_0).check(GIVEN) == ()
    with pytest.raises(DocumentError, match="it demands nothing"):
        load_condition(Language.CUE, "// c", PLACE, Dialect.POLICY_CONTROLLER)
