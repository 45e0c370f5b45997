"""What a bundle says, as a tree for a person or as JSON, and what differs between two; none of it is proved."""

import re
from collections.abc import Iterator
from typing import Final

from cosignpy.cli.invocation import CURRENT, Output
from cosignpy.cli.render.bundle import bundle_evidence, text_lines
from cosignpy.cli.render.errors import one_line
from cosignpy.core.bundle.difference import Difference
from cosignpy.core.encoding import JsonValue, encode_json
from cosignpy.core.verify.findings import VerifiedBundle
from cosignpy.core.verify.steps import Outcome, Step, StepFinding
from cosignpy.values import replace

INSPECTION_SCHEMA: Final = "cosignpy/bundle-inspection/v1"
DIFFERENCE_SCHEMA: Final = "cosignpy/bundle-difference/v1"

_UNPROVED: Final = "nothing here is verified: this is what the bundle says of itself"
_NO_ARTIFACT: Final = "artifact (none was given)"
_LISTED: Final = {
    "certificates": "certificate",
    "logEntries": "log entry",
    "timestamps": "timestamp",
    "subjects": "subject",
    "signatures": "signature",
    "scts": "SCT",
}
"""Lists of objects, and what one of them is called."""
_COUNTED: Final = frozenset({"hashes"})
"""Lists that only a program wants to see."""
_ANNOTATIONS: Final = "annotations"
"""What a signer names as it likes."""
_WORDS: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_ABSENT: Final = "-"
_MOST_CHARACTERS: Final = 100
"""Of what has members itself, a whole log entry for instance: a person wants to see which one it is."""


def render_inspection(name: str, described: list[dict[str, JsonValue]], output: Output) -> None:
    """Print what bundles say, and that it is only that."""
    CURRENT.warn(_UNPROVED)
    for found in described:
        if output is Output.JSON:
            document = {"schema": INSPECTION_SCHEMA, "file": name, "verified": False, "bundle": found}
            CURRENT.print(encode_json(document).decode())
            continue
        CURRENT.print(one_line(f"{name} (not verified)"))
        for line in _members(found, "  "):
            CURRENT.print(line)


def render_claimed(digest: str, found: VerifiedBundle, output: Output) -> None:
    """Print what was proved where no artifact was given: of a digest, and of nothing that anybody has."""
    CURRENT.say("Verified OK, for the digest that the bundle names: no artifact was given to compare it with")
    if output is Output.JSON:
        document = bundle_evidence(digest, replace(found, steps=tuple([_waive_artifact(step) for step in found.steps])))
        CURRENT.print(encode_json(document | {"notChecked": [*document["notChecked"], _NO_ARTIFACT]}).decode())
        return
    for line in (*text_lines(found), f"not checked    {_NO_ARTIFACT}", f"it is of       {digest}"):
        CURRENT.print(one_line(line))


def _waive_artifact(finding: StepFinding) -> StepFinding:
    return StepFinding(finding.step, Outcome.WAIVED, _NO_ARTIFACT) if finding.step is Step.ARTIFACT else finding


def render_differences(left: str, right: str, found: tuple[Difference, ...], output: Output) -> None:
    """Print what differs, each place with what either bundle has there."""
    if output is Output.JSON:
        document = {
            "schema": DIFFERENCE_SCHEMA,
            "left": left,
            "right": right,
            "same": not found,
            "differences": [{"place": item.place, "left": item.left, "right": item.right} for item in found],
        }
        CURRENT.print(encode_json(document).decode())
        return
    for item in found:
        CURRENT.print(one_line(item.place))
        CURRENT.print(one_line(f"  < {_summary(item.left)}"))
        CURRENT.print(one_line(f"  > {_summary(item.right)}"))
    if not found:
        CURRENT.say(f"{left} and {right} say the same")


def _members(found: dict[str, JsonValue], indent: str) -> Iterator[str]:
    for name, content in found.items():
        yield from _member(name, content, indent)


def _member(name: str, content: JsonValue, indent: str) -> Iterator[str]:
    label = _WORDS.sub(" ", name).lower()
    if name == _ANNOTATIONS:
        yield from (_line(indent, f"annotation {each}", text) for each, text in content.items())
    elif isinstance(content, dict):
        yield _line(indent, label, "")
        yield from _members(content, f"{indent}  ")
    elif not isinstance(content, list):
        if content is not None:
            yield _line(indent, label, _scalar(content))
    elif name in _LISTED:
        yield from _objects(_LISTED[name], content, indent)
    elif name in _COUNTED:
        yield _line(indent, label, str(len(content)))
    else:
        yield from _texts(label, content, indent)


def _objects(label: str, items: list[JsonValue], indent: str) -> Iterator[str]:
    for number, item in enumerate(items, 1):
        yield _line(indent, f"{label} {number} of {len(items)}", "")
        yield from _members(item, f"{indent}  ")
    if not items:
        yield _line(indent, label, "none")


def _texts(label: str, items: list[JsonValue], indent: str) -> Iterator[str]:
    """Write what is named one by one with its own name, and anything else under the name of the list."""
    for item in items:
        if isinstance(item, dict):
            yield _line(indent, item["name"], item["text"])
        else:
            yield _line(indent, label, str(item))


def _line(indent: str, label: str, text: str) -> str:
    return indent + one_line(f"{label}: {text}" if text else label)


def _scalar(content: JsonValue) -> str:
    return {True: "yes", False: "no"}[content] if isinstance(content, bool) else str(content)


def _summary(content: JsonValue) -> str:
    """Write what a bundle has in a place; of what is more than a text, how its JSON begins."""
    if content is None:
        return _ABSENT
    if isinstance(content, str):
        return content
    text = encode_json(content).decode()
    return text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]} ... (--output json has the rest)"
