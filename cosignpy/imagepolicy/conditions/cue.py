"""Conditions in CUE: the document is unified with them, by the program `cue` of cuelang.org, which is found on PATH.

As with cosign a field that the policy names and the document lacks passes, since unifying adds it. `Absent.REFUSED` is
stricter: what is left after unifying has to be the document, with nothing added and nothing open.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from cosignpy.core.encoding import parse_json
from cosignpy.errors import ConditionRefused, CosignError, UsageError
from cosignpy.imagepolicy.conditions.condition import Absent, ConditionInput
from cosignpy.imagepolicy.conditions.evaluator import (
    CPU_SECONDS,
    CPU_SECONDS_PER_MEGABYTE,
    MAX_DOCUMENT,
    EvaluationFailed,
    Limits,
)
from cosignpy.places import Place
from cosignpy.values import field, value

MEMORY: Final = 3 << 30
"""Bytes of addresses: a program in Go takes over one gigabyte of them before it does anything."""
MEMORY_PER_BYTE: Final = 256
"""Of the document, beside that."""
MAX_WRITTEN: Final = 1 << 20
"""Bytes of errors, and of what unifying adds to the document; more ends the program."""

_LIMITED: Final = str(Path(__file__).with_name("limited.py"))
_POLICY: Final = "policy.cue"
_AS_JSON: Final = ("json:", "document.json")
"""Without the qualifier a document with `$schema`, or with `openapi` and `info`, is a schema, and always holds."""
_ALONE: Final = {
    "cue.mod/module.cue": 'module: "cosignpy.dev/alone"\nlanguage: version: "v0.12.0"\n',
    "alone.cue": 'package alone\n\nimport "cosignpy.dev/alone/policy"\n\n_policy: policy\nalone: true\n'
    "if _policy == _|_ {alone: false}\n",
}
"""A module of which the policy is a package: whether it is a value, be it without the document, is asked by another."""
_IN_MODULE: Final = "policy/policy.cue"
_PACKAGE: Final = re.compile(r"((?:\s|//[^\n]*(?:\n|\Z)|@\w+\([^()\n]*\))*)package[ \t]+[\w$#]+")
_LINE: Final = re.compile(r"policy\.cue:([0-9]+):")
_WHERE_FROM: Final = "go install cuelang.org/go/cmd/cue@v0.16.1, or https://cuelang.org/docs/introduction/installation/"


@value
class CueCondition:
    """Constraints that a document has to meet."""

    place: Place
    text: str
    program: str
    absent: Absent = Absent.PASSES
    limits: Limits = field(default_factory=Limits)

    def check(self, given: ConditionInput) -> tuple[str, ...]:
        """Return no warnings: there are none.

        Raises:
            ConditionRefused: The document does not meet them, or unifying takes more than it may.
        """
        try:
            self._unify(given.document)
        except EvaluationFailed as error:
            line = self.place.line + max(error.line - 1, 0)
            raise ConditionRefused("", error.why, None, self.place.file, line) from error
        return ()

    def compile(self) -> None:
        """Look at the constraints alone: as for cosign they have to be a value, though it may have open fields.

        Raises:
            DocumentError: They do not compile, or say at the top what only the document can answer.
        """
        try:
            self._run(["vet", "-c=false", _POLICY], {_POLICY: self.text.encode()})
        except EvaluationFailed as error:
            raise Place(self.place.file, self.place.line + max(error.line - 1, 0)).error(error.why) from error
        whole = {**_ALONE, _IN_MODULE: _name_package(self.text)}
        try:
            self._run(["vet", "-c=false", "."], {name: text.encode() for name, text in whole.items()})
        except EvaluationFailed as error:
            open_ = error.why.startswith("alone: conflicting values")
            why = "without the document it is incomplete" if open_ else error.why
            hint = "at the top no `if`, `for` or expression asks for what the policy does not have itself"
            raise self.place.error(why, hint) from error

    def _unify(self, document: bytes) -> None:
        if len(document) > MAX_DOCUMENT:
            raise EvaluationFailed(f"the document has {len(document)} bytes, at most {MAX_DOCUMENT} are judged")
        try:
            decoded = parse_json(document, what="document")
        except CosignError as error:
            raise EvaluationFailed(str(error)) from error
        files = {_POLICY: self.text.encode(), "document.json": document}
        if self.absent is Absent.PASSES:
            self._run(["eval", _POLICY, *_AS_JSON], files)
            return
        unified = self._run(["export", "--out", "json", _POLICY, *_AS_JSON], files)
        if json.loads(unified) != decoded:
            raise EvaluationFailed("the policy names what the document does not have")

    def _run(self, arguments: list[str], files: Mapping[str, bytes]) -> bytes:
        """Run the program in a folder of its own; whatever it is not content with is an error."""
        with tempfile.TemporaryDirectory(prefix="cosignpy-cue-") as folder:
            home = Path(folder)
            for name, content in files.items():
                (home / name).parent.mkdir(exist_ok=True)
                (home / name).write_bytes(content)
            allowed = self._allowed(len(files.get("document.json", b"")))
            with (home / "said").open("wb") as said, (home / "wrong").open("wb") as wrong:
                code = self._wait([*allowed, self.program, *arguments], home, said, wrong)
            if code < 0:
                raise EvaluationFailed("stopped: it takes more than it may")
            if code:
                raise _read_error((home / "wrong").read_bytes())
            return (home / "said").read_bytes()

    def _allowed(self, size: int) -> list[str]:
        cpu = self.limits.cpu_seconds + CPU_SECONDS_PER_MEGABYTE * (size >> 20)
        numbers = (cpu, MEMORY + MEMORY_PER_BYTE * size, MAX_WRITTEN + 4 * size)
        return [sys.executable, "-I", "-S", _LIMITED, *map(str, numbers)]

    def _wait(self, command: list[str], home: Path, said: object, wrong: object) -> int:
        environment = {"HOME": str(home), "CUE_CACHE_DIR": str(home / "cache"), "CUE_REGISTRY": "none"}
        process = subprocess.Popen(  # type: ignore[call-overload] # noqa: S603 # found on PATH, without a shell
            command, cwd=home, env=environment, stdin=subprocess.DEVNULL, stdout=said, stderr=wrong,
            start_new_session=True,
        )  # fmt: skip
        cpu = int(command[4])
        try:
            return int(process.wait(self.limits.wall_seconds * cpu / CPU_SECONDS))
        except subprocess.TimeoutExpired:
            return -signal.SIGKILL
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def load_cue(
    text: str,
    place: Place,
    absent: Absent = Absent.PASSES,
    limits: Limits | None = None,
    *,
    may_demand_nothing: bool = False,
) -> CueCondition:
    """Look for the program, and whether it can make sense of the text.

    Raises:
        UsageError: There is no program.
        DocumentError: The text does not compile, or demands nothing.
    """
    said = (line.partition("//")[0].strip() for line in text.splitlines())
    if not may_demand_nothing and not any(line and not line.startswith("package ") for line in said):
        raise place.error("it demands nothing", "everything can be unified with an empty text")
    program = shutil.which("cue")
    if program is None:
        raise UsageError("conditions in CUE need the program cue, and none is on PATH", _WHERE_FROM)
    condition = CueCondition(place, text, str(Path(program).resolve()), absent, limits or Limits())
    condition.compile()
    return condition


def _name_package(text: str) -> str:
    """Give a policy the name of a package that another can import; nothing moves to another line."""
    found = _PACKAGE.match(text)
    return f"package policy, {text}" if found is None else f"{found[1]}package policy{text[found.end() :]}"


def _read_error(wrong: bytes) -> EvaluationFailed:
    """Read what the program says: a line for each thing that is wrong, and places below it."""
    text = wrong[:MAX_WRITTEN].decode(errors="replace")
    said = next((line for line in text.splitlines() if line.strip() and not line.startswith(" ")), "it does not hold")
    place = _LINE.search(text)
    return EvaluationFailed(said.rstrip(":")[:300], int(place.group(1)) if place else 0)
