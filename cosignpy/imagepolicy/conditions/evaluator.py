"""The processes that evaluate conditions: one for each language, started when it is needed and fed over a pipe.

A policy is a program by somebody else, and the interpreters are native code: what runs away is killed with the process
it runs in, and the next question starts another. Everything is limited: computing, memory, time, what is answered.
"""

import atexit
import json
import os
import subprocess
import sys
import threading
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cosignpy.errors import UsageError
from cosignpy.imagepolicy.languages import Language
from cosignpy.values import record, value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cosignpy.core.encoding import JsonValue

MAX_DOCUMENT: Final = 64 << 20
"""Bytes of a document that is judged; the largest attestations are SBOMs of some 20 MB."""
CPU_SECONDS: Final = 5
"""Computing for one document; what people write takes milliseconds. regopy itself gives up after some more."""
CPU_SECONDS_PER_MEGABYTE: Final = 2
"""regopy reads 1.4 MB in a second."""
WALL_SECONDS: Final = 30
"""For everything together, on a machine that has other things to do, for each five seconds of computing."""
MEMORY: Final = 512 << 20
"""Bytes beside what the interpreter takes when it does nothing."""
MEMORY_PER_BYTE: Final = 128
"""regopy takes a hundred bytes for each byte of the document."""

MAX_PROGRAMS: Final = 200
"""Texts that a process keeps; with one more it is replaced, so that policies that are gone take no memory."""

_PACKAGES: Final = {Language.REGO: "regopy", Language.CEL: "cel"}
_WORKER: Final = str(Path(__file__).with_name("worker.py"))
_MAX_FRAME: Final = 1 << 20
"""Bytes; the worker's own limit is below that."""


@value
class Program:
    """A text to be evaluated: `query` is what is asked of it, `calls` what has to be there, each with its line.

    It sees what `reads` names of a document, or all of it. `beside` are modules that it calls.
    """

    language: Language
    text: str
    query: str = ""
    calls: "Mapping[str, int]" = {}  # noqa: RUF012 # never changed
    reads_evidence: bool = False
    reads: "frozenset[tuple[str, ...]]" = frozenset({()})
    looks_into_texts: bool = False
    reads_json: bool = False
    finds_in_texts: bool = False
    is_strict: bool = False
    beside: tuple[str, ...] = ()


@record
class EvaluationFailed(Exception):
    """There is no answer, and why; `line` of the text where that is known."""

    why: str
    line: int = 0


@value
class Limits:
    """What one evaluation may take, beside what the size of the document adds."""

    cpu_seconds: int = CPU_SECONDS
    wall_seconds: float = WALL_SECONDS
    memory: int = MEMORY


class Evaluator:
    """Evaluates programs of one language, one after the other, whichever thread asks."""

    def __init__(self, language: Language, limits: Limits | None = None) -> None:
        self._language = language
        self._limits = limits or Limits()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0
        self._loaded: dict[int, Program] = {}

    def begin(self) -> None:
        """Start the process, without waiting until it is ready.

        Raises:
            UsageError: The package that this takes is not installed.
        """
        with self._lock:
            if not self._is_running():
                self._start()

    def load(self, program: Program) -> None:
        """Compile a program.

        Raises:
            EvaluationFailed: It does not compile.
            UsageError: The package that this takes is not installed.
        """
        with self._lock:
            self._load(program)

    def evaluate(self, program: Program, document: bytes, evidence: bytes | None) -> "Mapping[str, JsonValue]":
        """Return what a program says of a document: `value`, or nothing where that is undefined.

        Raises:
            EvaluationFailed: It fails, or takes more than it may.
        """
        if len(document) > MAX_DOCUMENT:
            raise EvaluationFailed(f"the document has {len(document)} bytes, at most {MAX_DOCUMENT} are judged")
        with self._lock:
            if self._loaded.get(id(program)) is not program or not self._is_running():
                self._load(program)
            return self._ask({"number": id(program)}, document, evidence or b"")

    def close(self) -> None:
        """End the process; asking again starts another."""
        with self._lock:
            self._end()

    def _load(self, program: Program) -> None:
        if len(self._loaded) >= MAX_PROGRAMS:
            self._end()
        if not self._is_running():
            self._start()
        self._ask(
            {
                "number": id(program),
                "language": program.language.value,
                "text": program.text,
                "query": program.query,
                "calls": dict(program.calls),
                "evidence": program.reads_evidence,
                "reads": [list(path) for path in sorted(program.reads)],
                "texts": program.looks_into_texts,
                "json": program.reads_json,
                "finds": program.finds_in_texts,
                "strict": program.is_strict,
                "beside": list(program.beside),
            }
        )
        self._loaded[id(program)] = program

    def _is_running(self) -> bool:
        """Whether there is a process, and this one started it: after a fork it is that of another."""
        return self._process is not None and self._owner == os.getpid() and self._process.poll() is None

    def _start(self) -> None:
        package = _PACKAGES[self._language]
        found = find_spec(package)
        if found is None or not found.submodule_search_locations:
            name = {"regopy": "regopy", "cel": "common-expression-language"}[package]
            raise UsageError(
                f"conditions in {self._language.name.capitalize()} need {name}", "pip install 'cosignpy[policy]'"
            )
        self._end()
        folder = str(Path(found.submodule_search_locations[0]).parent)
        self._process = subprocess.Popen(  # noqa: S603 # our own program
            [sys.executable, "-I", "-S", _WORKER, self._language.value, folder],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={}, cwd="/",
        )  # fmt: skip
        self._owner = os.getpid()

    def _end(self) -> None:
        process, self._process, self._loaded = self._process, None, {}
        if process is None:
            return
        for pipe in filter(None, (process.stdin, process.stdout)):
            _close(pipe)
        if self._owner == os.getpid():
            process.kill()
            process.wait()

    def _ask(
        self, request: "dict[str, JsonValue]", document: bytes = b"", evidence: bytes = b""
    ) -> "Mapping[str, JsonValue]":
        megabytes = (len(document) + len(evidence)) >> 20
        cpu = self._limits.cpu_seconds + CPU_SECONDS_PER_MEGABYTE * megabytes
        memory = self._limits.memory + MEMORY_PER_BYTE * (len(document) + len(evidence))
        head = json.dumps(request | {"seconds": cpu, "bytes": memory}).encode()
        wall = self._limits.wall_seconds * cpu / CPU_SECONDS
        answer = self._exchange((head, document, evidence), wall, f"{cpu} s of computing, {memory >> 20} MB of memory")
        if "error" in answer:
            line = answer.get("line", 0)
            raise EvaluationFailed(str(answer["error"]), line if isinstance(line, int) else 0)
        return answer

    def _exchange(self, frames: tuple[bytes, ...], seconds: float, allowed: str) -> "Mapping[str, JsonValue]":
        """Ask, and wait for the answer, for so long."""
        process = self._process
        assert process is not None and process.stdin is not None and process.stdout is not None  # noqa: S101, PT018
        late = threading.Event()

        def stop() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(seconds, stop)
        timer.daemon = True
        timer.start()
        try:
            for frame in frames:
                process.stdin.write(len(frame).to_bytes(8) + frame)
            process.stdin.flush()
            size = int.from_bytes(process.stdout.read(8))
            answer = process.stdout.read(min(size, _MAX_FRAME))
            return dict(json.loads(answer if len(answer) == size else b""))
        except (OSError, ValueError) as error:  # it is gone, perhaps in the middle of an answer
            self._end()
            taken = f"{seconds:g} s" if late.is_set() else allowed
            raise EvaluationFailed(f"stopped: it takes more than it may ({taken})") from error
        except BaseException:  # an answer that nobody waited for must not be that to the next question
            self._end()
            raise
        finally:
            timer.cancel()


def _close(pipe: object) -> None:
    """Close a pipe whose other end may be gone, with something still to be written."""
    try:
        pipe.close()  # type: ignore[attr-defined]
    except OSError:
        return


EVALUATORS: Final = {language: Evaluator(language) for language in _PACKAGES}
"""Those of this process, which end with it."""
for _each in EVALUATORS.values():
    atexit.register(_each.close)
