"""The program in which conditions in Rego and CEL are evaluated: a process of its own, stopped where it runs away.

It is started by `evaluator.py` as a script and knows nothing of the rest of cosignpy. Requests and answers are frames:
eight bytes of length, and JSON. Once the interpreters are there it opens no file and no socket any more, and whatever
they print goes nowhere. An answer has `value`, or is undefined without one; a text that does not compile, a document
that is not what it should be and everything else that goes wrong have `error`, and a line where that is known.
"""

# ruff: noqa: ANN401 - values of other languages, and interpreters without types

import json
import math
import os
import re
import resource
import sys
import types
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO, Final

MAX_ANSWER: Final = 64 * 1024
"""Bytes; what a rule says for people is much shorter."""

_SAID: Final = re.compile(r"errormsg [0-9]+:([^)]*)|ERROR: <input>:[0-9:]+ ([^\n]*)")
_OFFSET: Final = re.compile(r"\(error [0-9]+:policy\|([0-9]+)\|")
_LINE: Final = re.compile(r"<input>:([0-9]+):")
_ESCAPED: Final = (
    "a text that it reads has a quotation mark, backslash or control character, and functions do not see these right"
)
"""regopy keeps texts as they are spelled in JSON: comparing them is right, and looking into them is not."""
_STAND_INS: Final = {sign: 0xE000 + sign for sign in (*range(0x20), ord('"'), ord("\\"))}
"""As in `rego_functions.py`: what stands for characters that are spelled with two, and back."""
_MEANT: Final = {stand_in: sign for sign, stand_in in _STAND_INS.items()}
_FAILED: Final = "it fails when it is evaluated, or takes too many steps"
_STATM: Final = "/proc/self/statm"
_WARM_UP: Final = "[document, timestamp('2024-01-01T00:00:00Z'), duration('1s'), 'a'.matches('a')]"
"""An expression with a value of each type: the first of each type takes modules of Python's."""
_MEMBERS: Final = ("subject", "predicateType", "predicate")
"""Members of a statement that expressions in CEL may name without it."""

Check = Callable[[Any, Any], dict[str, Any]]
"""Evaluates what was compiled, over a document and the evidence."""


class Refused(Exception):
    """What is told to whoever asked."""

    def __init__(self, why: str, line: int = 0) -> None:
        super().__init__(why)
        self.line = line


def load_rego(asked: Mapping[str, Any]) -> Check:
    """Compile a module; `calls` are the functions that it calls and does not define, and their lines."""
    interpreter = _rego_interpreter(asked)
    for name, line in asked["calls"].items():
        if not interpreter.is_builtin(name):
            raise Refused(f"there is no function {name}", line)
    bundle, wanted = interpreter.build(asked["query"], []), _branch(asked["reads"])
    if not bundle.ok():
        raise Refused("it does not compile")

    def check(document: Any, evidence: Any) -> dict[str, Any]:
        document, evidence = _prune(document, wanted), {"evidence": evidence}
        if asked["finds"]:
            document, evidence = _translate(document, _STAND_INS), _translate(evidence, _STAND_INS)
        raw, beside = _encode(document), _encode(evidence)
        seen = raw + (beside if asked["evidence"] else "")
        if (asked["texts"] and "\\" in seen) or (asked["json"] and "\\\\" in seen):
            raise Refused(_ESCAPED)
        if not asked["evidence"]:
            interpreter.set_input_term(raw)
            return _rego_answer(interpreter.query_bundle(bundle), asked["finds"])
        once = _rego_interpreter(asked)
        once.add_data_json(beside)
        once.set_input_term(raw)
        return _rego_answer(once.query(asked["query"]), asked["finds"])

    return check


def _rego_interpreter(asked: Mapping[str, Any]) -> Any:
    import regopy  # type: ignore[import-untyped]

    interpreter = regopy.Interpreter()
    interpreter.log_level = regopy.LogLevel.NONE
    interpreter.strict_built_in_errors = asked.get("strict", False)
    interpreter.add_module("policy", asked["text"])
    for number, text in enumerate(asked.get("beside", ())):
        interpreter.add_module(f"beside{number}", text)
    return interpreter


def _branch(paths: list[list[str]]) -> dict[str, Any]:
    """Return the members that paths name, and below each what they name of it: nothing, where that is all of it."""
    found: dict[str, Any] = {}
    for path in sorted(paths, key=len):
        if not any(path[: len(other)] == other for other in paths if len(other) < len(path)):
            branch = found
            for name in path:
                branch = branch.setdefault(name, {})
    return found


def _prune(document: Any, wanted: Mapping[str, Any]) -> Any:
    """Leave out what nobody asks for: a large document takes as long as what is read of it."""
    if not wanted or not isinstance(document, dict):
        return document
    return {name: _prune(document[name], below) for name, below in wanted.items() if name in document}


def _translate(content: Any, signs: Mapping[int, int]) -> Any:
    """Replace characters of all texts; none may have one yet that others are replaced with."""
    if isinstance(content, str):
        if any(ord(sign) in _MEANT for sign in content) and signs is _STAND_INS:
            raise Refused("a text that it reads has a character that is nobody's")
        return content.translate(signs)
    if isinstance(content, list):
        return [_translate(each, signs) for each in content]
    if isinstance(content, dict):
        return {_translate(name, signs): _translate(each, signs) for name, each in content.items()}
    return content


def _rego_answer(output: Any, finds: bool) -> dict[str, Any]:  # noqa: FBT001 # as it was asked
    if not output.ok():
        raise Refused(_FAILED)
    found = [result.bindings["answer"] for result in output.results if "answer" in result.bindings]
    if len(found) != 1:
        return {}
    return {"value": _translate(found[0], _MEANT) if finds else found[0]}


def import_cel() -> Any:
    """Import the package without its command line, which takes a quarter of a second and is of no use here."""
    for unused in ("cel.cli", "cel.stdlib"):
        sys.modules.setdefault(unused, types.ModuleType(unused))
    import cel

    return cel


def prepare(language: str) -> None:
    """Load everything that an interpreter wants of the disk: later it can open nothing."""
    if language == "rego":
        nothing = {"calls": {}, "reads": [], "texts": False, "json": False, "finds": False, "evidence": False}
        load_rego({"text": "package warm\nup if true", "query": "answer := data.warm.up", **nothing})({}, None)
    else:
        load_cel({"text": _WARM_UP})({"a": [1, 1.5, None, "", True]}, None)


def load_cel(asked: Mapping[str, Any]) -> Check:
    """Compile an expression."""
    program = import_cel().compile(asked["text"])
    named = frozenset(program.variables())

    def check(document: Any, evidence: Any) -> dict[str, Any]:
        known = {"document": document, "statement": document, "evidence": evidence}
        if isinstance(document, dict):
            known |= {name: document[name] for name in _MEMBERS if name in document}
        # Each is converted, and a large document takes long.
        return {"value": program.execute({name: known[name] for name in named & known.keys()})}

    return check


LOADERS: Final = {"rego": load_rego, "cel": load_cel}


class Worker:
    """Answers requests; `loaded` are the texts that were compiled, by their numbers."""

    def __init__(self, set_limits: Callable[[int, int], None]) -> None:
        self._set_limits = set_limits
        self._loaded: dict[int, Check] = {}

    def answer(self, request: Mapping[str, Any], document: bytes, evidence: bytes) -> bytes:
        """Carry out one request; whatever goes wrong is an answer."""
        try:
            self._set_limits(request["seconds"], request["bytes"])
            found = self._carry_out(request, document, evidence)
            encoded = json.dumps(found, allow_nan=False).encode()
        except Refused as error:
            encoded = json.dumps({"error": str(error), "line": error.line}).encode()
        except BaseException as error:  # noqa: BLE001 # the panics of an interpreter too
            encoded = json.dumps(_explain(error, request.get("text", ""))).encode()
        return encoded if len(encoded) <= MAX_ANSWER else json.dumps({"error": "it says too much"}).encode()

    def _carry_out(self, request: Mapping[str, Any], document: bytes, evidence: bytes) -> dict[str, Any]:
        number = request["number"]
        if "language" in request:
            self._loaded[number] = LOADERS[request["language"]](request)
            return {}
        return self._loaded[number](_decode(document), _decode(evidence) if evidence else None)


def _decode(raw: bytes) -> Any:
    try:
        return json.loads(raw, parse_constant=_refuse_constant, parse_float=_finite, object_pairs_hook=_unique)
    except RecursionError as error:
        raise Refused("the document is nested too deeply") from error
    except ValueError as error:
        raise Refused(f"the document is not JSON that can be judged: {error}") from error


def _encode(document: Any) -> str:
    """Write each character in one way only: regopy compares strings as they are spelled."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no number")


def _finite(text: str) -> float:
    found = float(text)
    if not math.isfinite(found):
        raise ValueError(f"{text[:20]} is too large")
    return found


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member is given twice")
    return found


def _explain(error: BaseException, text: str) -> dict[str, Any]:
    """Say in one line what an interpreter says in many."""
    if isinstance(error, KeyError):
        return {"error": f"there is no {error}"}
    if isinstance(error, json.JSONDecodeError):  # what regopy makes of its own answer, where that is an error
        return {"error": _FAILED}
    told = str(error)
    said = _SAID.search(told)
    why = next(filter(None, said.groups())) if said else told.split("\n", 1)[0]
    return {"error": why.strip()[:300] or type(error).__name__, "line": _find_line(told, text)}


def _find_line(told: str, text: str) -> int:
    """Return the line that an error is about: regopy counts octets, CEL lines."""
    offset, line = _OFFSET.search(told), _LINE.search(told)
    if offset is not None:
        return text.encode()[: int(offset.group(1))].count(b"\n") + 1
    return int(line.group(1)) if line is not None else 0


def limit_further(seconds: int, more: int, statm: int | None) -> None:
    """Allow so much computing and memory from here on; the kernel ends what takes more."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    computed = math.ceil(used.ru_utime + used.ru_stime) + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (computed, resource.getrlimit(resource.RLIMIT_CPU)[1]))
    if statm is not None:
        taken = int(os.pread(statm, 64, 0).split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (taken + more, resource.getrlimit(resource.RLIMIT_AS)[1]))


def read_frame(source: BinaryIO) -> bytes | None:
    """Read one frame; None at the end."""
    head = source.read(8)
    return source.read(int.from_bytes(head)) if len(head) == 8 else None  # noqa: PLR2004


def serve(source: BinaryIO, sink: BinaryIO, worker: Worker) -> None:
    """Answer until nobody asks any more."""
    while (head := read_frame(source)) is not None:
        document, evidence = read_frame(source), read_frame(source)
        if document is None or evidence is None:
            return
        answer = worker.answer(json.loads(head), document, evidence)
        sink.write(len(answer).to_bytes(8) + answer)
        sink.flush()


def main(language: str, folder: str) -> None:
    """Shut off everything but the two pipes, and serve one language."""
    sys.path.append(folder)
    sink = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    most = resource.getrlimit(resource.RLIMIT_DATA)[1]
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))  # that of whoever started us: regopy reserves far more
    statm = os.open(_STATM, os.O_RDONLY) if os.path.exists(_STATM) else None  # noqa: PTH110 # no pathlib: it is slow
    prepare(language)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))  # what is open stays so; nothing more can be opened

    def set_limits(seconds: int, more: int) -> None:
        limit_further(seconds, more, statm)

    with sink:
        serve(sys.stdin.buffer, sink, Worker(set_limits))


if __name__ == "__main__":
    main(*sys.argv[1:])
