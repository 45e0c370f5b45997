"""Evidence as a tree for people: every step with what was shown, and for a refusal what failed and what to do first.

It is drawn from the document, just made or kept for years: what a person reads is what a program reads.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from cosignpy.cli.invocation import CURRENT
from cosignpy.cli.render.branches import Branch, Mark, draw
from cosignpy.cli.render.errors import MOST_REJECTIONS
from cosignpy.cli.render.explained_steps import step_branches
from cosignpy.cli.render.proof import BUNDLE_SCHEMA, EVIDENCE_SCHEMA
from cosignpy.core.encoding import JsonObject, JsonValue
from cosignpy.core.intoto import COSIGN_SIGN_V1

MOST_ITEMS: Final = 100_000
"""Images and signatures in one document: as many as one run can have looked at, and no more memory than its text."""
MAX_CODE: Final = 255
"""The largest exit code that a process can have."""


def render_explanation(document: dict[str, JsonValue]) -> int:
    """Print evidence that was just made as a tree, and return its exit code."""
    return render_evidence(JsonObject(document, "evidence"))


def render_evidence(evidence: JsonObject) -> int:
    """Print an evidence document as a tree, and return what the run exited with that wrote it.

    Raises:
        MalformedError: It is none, or a part of it is not what it should be.
    """
    for line in draw(explain(evidence)):
        CURRENT.print(line)
    return recorded_exit_code(evidence) if "exitCode" in evidence else 0


def explain(evidence: JsonObject) -> Branch:
    """Return what an evidence document says.

    Raises:
        MalformedError: It is none, or a part of it is not what it should be.
    """
    schema = evidence.text("schema")
    if schema not in _SCHEMAS:
        raise evidence.malformed("schema", f"{schema!r} is not one of {', '.join(_SCHEMAS)}")
    return _SCHEMAS[schema](evidence)


def recorded_exit_code(evidence: JsonObject) -> int:
    """Return what the run exited with that wrote the evidence.

    Raises:
        MalformedError: It does not say, or what it says is no exit code, or not that of what it says besides.
    """
    code = evidence.integer("exitCode")
    if code > MAX_CODE or (code == 0) is not evidence.members.get("verified"):
        raise evidence.malformed("exitCode", f"{code} does not go with the rest")
    return code


def _explain_run(evidence: JsonObject) -> Branch:
    images = [_image(image) for image in evidence.children("images", most=MOST_ITEMS)]
    return _verdict(evidence, f"{len(images)} image{'s' * (len(images) != 1)}", [*_policy(evidence), *images])


def _explain_bundle(evidence: JsonObject) -> Branch:
    return _verdict(evidence, evidence.text("artifact"), [*_policy(evidence), *_signature_or_refusal(evidence)])


_SCHEMAS: Final[Mapping[str, Callable[[JsonObject], Branch]]] = {
    EVIDENCE_SCHEMA: _explain_run,
    BUNDLE_SCHEMA: _explain_bundle,
}


def _verdict(evidence: JsonObject, what: str, below: list[Branch]) -> Branch:
    """Evidence of before it said so was written for what was verified only."""
    code = recorded_exit_code(evidence) if "exitCode" in evidence else 0
    moment = evidence.optional_text("checkedAt", "")
    tool = evidence.optional_text("tool", "cosignpy") + (f" at {moment}" if moment else "")
    if code:
        return Branch(f"{what}: refused by {tool}, exit code {code}", Mark.BAD, below)
    return Branch(f"{what}: verified by {tool}", Mark.GOOD, below)


def _policy(evidence: JsonObject) -> Iterator[Branch]:
    """Show what was demanded; evidence of before that was noted does not say."""
    policy = evidence.optional_child("policy")
    if policy is not None:
        yield Branch("demanded", below=_shortened(list(_demands(policy))))


def _demands(policy: JsonObject) -> Iterator[Branch]:
    threshold = policy.integer("threshold") if "threshold" in policy else 1
    signers = [f"key {key}" for key in policy.texts("keys", most=MOST_ITEMS)]
    signers += [f"identity {rule}" for rule in policy.texts("identities", most=MOST_ITEMS)]
    yield from (Branch(f"signed by {signer}") for signer in signers)
    if len(signers) > 1:
        yield Branch(f"at least {threshold} of these {len(signers)}")
    yield from (Branch(f"not by {entry}") for entry in policy.texts("denied", most=MOST_ITEMS))
    for name, what in _COUNTED.items():
        if name in policy:
            yield Branch(f"{what}: {policy.integer(name) or 'none'}")
    if "predicateType" in policy:
        wanted = policy.text("predicateType")
        yield Branch(
            f"if it is a statement, of type {wanted}" if wanted == COSIGN_SIGN_V1 else f"a statement of type {wanted}"
        )
    asked = policy.string_map("provenance")
    yield from (Branch(f"{what} {asked[name]}") for name, what in _PROVENANCE.items() if name in asked)
    for each in policy.children("conditions", most=MOST_ITEMS):
        yield Branch(f"which satisfies {each.text('file')}, {each.text('digest')}")
    yield from (Branch(f"says {name}={text}") for name, text in policy.string_map("annotations").items())


_PROVENANCE: Final = {
    "builderId": "built by",
    "sourceUri": "from the source",
    "sourceTag": "at the tag",
    "sourceDigest": "at the commit",
    "buildType": "by a build of type",
}
_COUNTED: Final = {
    "logEntries": "transparency logs that have it",
    "times": "authorities that say when",
    "scts": "certificate transparency logs that have its certificate",
}


def _image(image: JsonObject) -> Branch:
    below = [Branch(f"digest {image.text('digest')}")] if "digest" in image else []
    below += [_signature(each) for each in image.children("signatures", most=MOST_ITEMS)]
    below += _shortened([_rejection(each) for each in image.children("rejections", most=MOST_ITEMS)])
    error = image.optional_child("error")
    if error is None:
        return Branch(image.text("image"), Mark.GOOD, below)
    below += _advice(error)
    return Branch(f"{image.text('image')}: {error.text('message')}", Mark.BAD, below)


def _signature(signature: JsonObject) -> Branch:
    return Branch(signature.text("location"), Mark.GOOD, list(step_branches(signature)))


def _rejection(rejection: JsonObject) -> Branch:
    """Show a signature that did not count; what to do first is said once, of the image."""
    below = list(_refusal(rejection, rejection.text("reason")))
    return Branch(f"{rejection.text('signature')}: not counted", Mark.BAD, below)


def _signature_or_refusal(evidence: JsonObject) -> Iterator[Branch]:
    error = evidence.optional_child("error")
    if error is None:
        yield from step_branches(evidence)
        yield from _listed_files(evidence)
    else:
        yield from _refusal(error, error.text("message"))
        yield from _shortened([_refused_file(each) for each in error.children("files", most=MOST_ITEMS)])
        yield from _shortened([_rejection(each) for each in evidence.children("rejections", most=MOST_ITEMS)])
        yield from _advice(error)


def _listed_files(evidence: JsonObject) -> Iterator[Branch]:
    """Show what became of the files that a signed list names."""
    files = evidence.optional_child("files")
    if files is None:
        return
    missing, unlisted = (files.texts(name, most=MOST_ITEMS) for name in ("missing", "unlisted"))
    yield Branch(f"files: {len(files.children('checked', most=MOST_ITEMS))} are what the list says", Mark.GOOD)
    yield from _shortened([Branch(f"not here, and not checked: {name}", Mark.WAIVED) for name in missing])
    yield from _shortened([Branch(f"not in the list, so nobody signed it: {name}", Mark.WAIVED) for name in unlisted])


def _refused_file(found: JsonObject) -> Branch:
    return Branch(f"{found.text('file')}: {found.text('reason')}", Mark.BAD)


def _shortened(branches: list[Branch]) -> list[Branch]:
    """Leave out what nobody would read to the end."""
    if len(branches) <= MOST_REJECTIONS:
        return branches
    more = Branch(f"and {len(branches) - MOST_REJECTIONS} more, all in the evidence")
    return [*branches[:MOST_REJECTIONS], more]


def _refusal(found: JsonObject, reason: str) -> Iterator[Branch]:
    """Show the steps up to the one that failed, and why it did; where none is known, why alone."""
    compared = [Branch(f"{name:<7}{found.text(name)}") for name in ("wanted", "found") if name in found]
    failure = Branch(reason, Mark.BAD, compared)
    if "steps" in found:
        yield from step_branches(found, failure)
    else:
        yield failure


def _advice(error: JsonObject) -> list[Branch]:
    return [Branch(f"first thing to do: {error.text('hint')}", Mark.ADVICE)] if "hint" in error else []
