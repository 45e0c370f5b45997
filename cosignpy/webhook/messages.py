"""What people are told whose object is refused, or admitted with a warning: what, where, and what to do about it.

The first lines are those of the policy controller, since people search for them: a message with the paths of all images
that it is about, then details, sorted by both. What to do comes after.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from cosignpy.imagepolicy.decision import Outcome
from cosignpy.imagepolicy.pod_images import Path
from cosignpy.webhook.answer import Finding
from cosignpy.webhook.verdicts import Cause, ImageVerdict, PolicyAnswer

MAX_MESSAGE: Final = 16 * 1024
"""Characters of a message: some hundred lines, which the API server hands on as they are."""
MAX_DETAILS: Final = 2048
"""Characters about one image: an authority can have tried hundreds of signatures."""
MAX_WARNING: Final = 256
MAX_WARNINGS: Final = 4096
"""Characters of a warning where all have more than these: what the API server would cut (apiserver/pkg/warning)."""
_LEFT_OUT: Final = "more warnings were left out"
_RESERVED: Final = 40
"""Characters for saying so."""
_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_ALL_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")

ADVICE: Final = {
    Cause.POLICY: "sign the image as the policy demands (kubectl get clusterimagepolicies), or use one that is signed",
    Cause.UNCOVERED: (
        "use an image from a place that a policy is about (kubectl get clusterimagepolicies), "
        "or ask the administrators of the cluster for a policy about this one"
    ),
    Cause.IMAGE_NAME: "write the image as registry/repository:tag, or better registry/repository@sha256:...",
    Cause.NOT_FOUND: "check the name of the image and its tag, and that it was pushed",
    Cause.CREDENTIALS: "check the imagePullSecrets of the pod and of its service account",
    Cause.UNREACHABLE: "try again; if it stays so, the registry or the way to it is the trouble, not the image",
    Cause.TIMEOUT: "try again: what was begun is remembered; if it stays so, the registry is slow",
    Cause.OVERLOADED: "try again: more images wait to be decided over than can be at once",
    Cause.TRUST: "ask the administrators of the cluster: whom to believe is not known, or no longer valid",
    Cause.CONFIGURATION: "ask the administrators of the cluster: a policy cannot be used as it is",
}
"""What to do, by why an image is refused."""


def describe_path(path: Path) -> str:
    """Write a path as Kubernetes does: `spec.containers[0].image`."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")


def describe_refusals(findings: Sequence[Finding]) -> str:
    """Say why images are refused, and what to do."""
    refused = [each for each in findings if each.verdict.outcome is Outcome.REFUSED]
    lines = [*describe(refused, Outcome.REFUSED), *_describe_advice(refused)]
    return cut("validation failed: " + "\n".join(lines), MAX_MESSAGE)


def describe(findings: Iterable[Finding], outcome: Outcome) -> Iterator[str]:
    """Yield a line for each message, with all paths that it is about, and one for its details."""
    paths: dict[tuple[str, str], list[str]] = {}
    for finding in findings:
        for entry in _entries(finding, outcome):
            found = paths.setdefault(entry, [])
            path = describe_path(finding.path)
            if path not in found:
                found.append(path)
    for (message, details), places in sorted(paths.items()):
        yield f"{message}: {', '.join(places)}"
        if details:
            yield details


def _entries(finding: Finding, outcome: Outcome) -> Iterator[tuple[str, str]]:
    verdict = finding.verdict
    image = clean(finding.image)
    pinned = image if not verdict.digest or verdict.digest in image else f"{image}@{verdict.digest}"
    if verdict.excuse is not None:
        reasons = [reason for each in verdict.policies for reason in each.reasons]
        why = " ".join(reasons) or verdict.problem or str(verdict.cause or "")
        yield clean(f"admitted by {verdict.excuse}"), cut(clean_lines(f"{pinned} {why}"), MAX_DETAILS)
        return
    said = [each for each in verdict.policies if each.outcome is outcome]
    for policy in said:
        why = " ".join(policy.reasons) or verdict.problem
        yield f"failed policy: {name_policy(policy)}", cut(clean_lines(f"{pinned} {why}"), MAX_DETAILS)
    if not said:
        yield _message(image, verdict), cut(clean_lines(_details(pinned, verdict)), MAX_DETAILS)


def name_policy(policy: PolicyAnswer) -> str:
    """Name a policy: those of a namespace with it."""
    return clean(f"{policy.namespace}/{policy.name}" if policy.namespace else policy.name)


def _message(image: str, verdict: ImageVerdict) -> str:
    if verdict.cause is Cause.UNCOVERED:
        return "no matching policies"
    if verdict.cause is Cause.IMAGE_NAME and not verdict.digest:
        return f"could not parse reference: {image}"
    if not verdict.digest and "@" not in image:
        return f"invalid value: {image} must be an image digest"
    return "could not be decided over"


def _details(pinned: str, verdict: ImageVerdict) -> str:
    if verdict.cause is Cause.UNCOVERED:
        return pinned
    return f"{pinned} {verdict.problem}" if verdict.digest else verdict.problem


def _describe_advice(findings: Iterable[Finding]) -> Iterator[str]:
    causes = {each.verdict.cause or Cause.POLICY for each in findings}
    advices = (advice for cause, advice in ADVICE.items() if cause in causes)
    yield from (f"What to do: {advice}{'' if advice.endswith('.') else '.'}" for advice in advices)


def clean(text: str) -> str:
    """Return a text of others in one line, without what a terminal or a log would obey."""
    if text.isprintable():
        return text
    return _ALL_CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


def clean_lines(text: str) -> str:
    """Do so, and keep the lines."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


def cut(text: str, limit: int) -> str:
    """Return a text with at most so many characters, the last of which say that there were more."""
    return text if len(text) <= limit else f"{text[: limit - 3]}..."


def fit_warnings(texts: Iterable[str]) -> tuple[str, ...]:
    """Return warnings as the API server hands them on: a line each, and where they are too much, none too long.

    It drops one with a line break without a word, and so it does with all beyond its limit; here the last one says so.
    """
    lines = dict.fromkeys(line.strip() for text in texts for line in text.splitlines())
    whole = tuple([clean(line) for line in lines if line])
    if sum(map(len, whole)) <= MAX_WARNINGS:
        return whole
    fitting: list[str] = []
    room = MAX_WARNINGS
    waiting = [cut(line, MAX_WARNING) for line in whole]
    for number, line in enumerate(waiting):
        last = number == len(waiting) - 1
        if len(line) > room - (0 if last else _RESERVED):
            return (*fitting, f"{len(waiting) - number} {_LEFT_OUT}")
        fitting.append(line)
        room -= len(line)
    return tuple(fitting)
