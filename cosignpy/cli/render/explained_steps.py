"""The steps of one signature as a tree: with which key, at which time, at which place of which log."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from cosignpy.cli.render.branches import Branch, Mark
from cosignpy.core.encoding import JsonObject, JsonValue, encode_json
from cosignpy.core.verify.findings import TimeSource
from cosignpy.core.verify.steps import Outcome, Step

MOST_PARTS: Final = 1000
"""Steps, times, log entries and SCTs of one signature: bundles have at most 32 of each."""

_MEANING: Final[Mapping[str, str]] = {
    Step.FORM: "it has what its version demands",
    Step.TIME: "it existed by then",
    Step.LOG: "everybody can see it",
    Step.CERTIFICATE: "a trusted authority issued it for signing, valid at every time above",
    Step.SCT: "everybody can see the certificate",
    Step.IDENTITY: "the policy accepts who signed",
    Step.DENY_LIST: "the policy refuses none of it",
    Step.CLAIMS: "the log entries are about this signature, by this signer, over this content",
    Step.SIGNATURE: "the key made it over what was signed",
    Step.ARTIFACT: "what was signed is about this artifact",
}
_MARKS: Final[Mapping[str, Mark]] = {
    Outcome.PASSED: Mark.GOOD,
    Outcome.FAILED: Mark.BAD,
    Outcome.WAIVED: Mark.WAIVED,
    Outcome.NOT_REACHED: Mark.UNKNOWN,
}


def step_branches(found: JsonObject, failure: Branch | None = None) -> Iterator[Branch]:
    """Show each step of a signature, with what was shown in it.

    Evidence of before steps were noted shows what it has.

    Raises:
        MalformedError: A part of it is not what it should be.
    """
    for step in found.children("steps", most=MOST_PARTS):
        yield _step(found, step, failure)
    if "steps" not in found:
        for name in _DETAILS:
            yield from _DETAILS[name](found)


def fact_branches(found: JsonObject) -> Iterator[Branch]:
    """Show who signed, when, and where that is logged, as far as it was shown.

    Raises:
        MalformedError: A part of it is not what it should be.
    """
    for name in (Step.SIGNATURE, Step.IDENTITY, Step.TIME, Step.LOG):
        yield from _DETAILS[name](found)


def _step(found: JsonObject, step: JsonObject, failure: Branch | None) -> Branch:
    """Show one step; one that a later program has is shown by its name alone."""
    name, outcome = step.text("step"), step.text("outcome")
    mark = _MARKS.get(outcome, Mark.UNKNOWN)
    if mark is Mark.BAD and failure is not None:
        return Branch(f"{name}: {failure.text}", mark, failure.below)
    below = list(_DETAILS[name](found)) if name in _DETAILS and mark in {Mark.GOOD, Mark.WAIVED} else []
    if mark is Mark.GOOD:
        return Branch(f"{name}: {_MEANING[name]}" if name in _MEANING else name, mark, below)
    why = f": not checked, {step.text('waivedBecause')}" if "waivedBecause" in step else f": {outcome}"
    return Branch(f"{name}{why}", mark, below)


def _time_details(found: JsonObject) -> Iterator[Branch]:
    for time in found.children("times", most=MOST_PARTS):
        if time.text("source") == TimeSource.ASSUMED:
            yield Branch(f"taken to be {time.text('time')}, since nobody has to say when")
            continue
        who = time.optional_text("authority") or "nobody"
        signed = [f"{name} {time.text(key)}" for key, name in _TIME_KEYS.items() if key in time]
        yield Branch(f"not later than {time.text('time')}, says {who} ({', '.join([time.text('source'), *signed])})")


_TIME_KEYS: Final = {"certificate": "certificate", "logId": "log id"}


def _log_details(found: JsonObject) -> Iterator[Branch]:
    for entry in found.children("logEntries", most=MOST_PARTS):
        below = []
        if "promised" in entry:
            below.append(Branch(f"promised by the log at {entry.text('promised')}"))
        inclusion = entry.optional_child("inclusion")
        if inclusion is not None:
            below.append(
                Branch(
                    f"proved to be entry {inclusion.integer('index')} of the {inclusion.integer('treeSize')} of"
                    f" {inclusion.text('origin')!r}, root hash {inclusion.text('rootHash')}"
                )
            )
        what = f"entry {entry.integer('logIndex')} of {entry.text('log')} ({entry.text('kind')})"
        yield Branch(f"{what}, log id {entry.text('logId')}", below=below)


def _certificate_details(found: JsonObject) -> Iterator[Branch]:
    certificate = found.optional_child("certificate")
    if certificate is not None:
        digest = hashlib.sha256(certificate.b64("der")).hexdigest()
        yield Branch(f"certificate sha256:{digest}")
        own = f", by its certificate {certificate.text('authorityCertificate')}" if _AUTHORITY in certificate else ""
        yield Branch(f"issued by {certificate.text('authority')}{own}")


_AUTHORITY: Final = "authorityCertificate"


def _sct_details(found: JsonObject) -> Iterator[Branch]:
    certificate = found.optional_child("certificate")
    for sct in certificate.children("scts", most=MOST_PARTS) if certificate is not None else ():
        log = f", log id {sct.text('logId')}" if "logId" in sct else ""
        yield Branch(f"promised at {sct.text('time')} by {sct.text('log')}{log}")


def _identity_details(found: JsonObject) -> Iterator[Branch]:
    certificate = found.optional_child("certificate")
    if certificate is not None:
        names = ", ".join(certificate.texts("names", most=MOST_PARTS))
        yield Branch(f"signed by {names or 'nobody'}, says {certificate.text('issuer') or 'nobody'}")
        for number, text in certificate.string_map("extensions").items():
            yield Branch(f"1.3.6.1.4.1.57264.1.{number} = {text}")


def _signature_details(found: JsonObject) -> Iterator[Branch]:
    key = found.optional_child("key")
    if key is not None:
        yield Branch(f"key {key.text('fingerprint')}, {key.text('algorithm')}")


def _artifact_details(found: JsonObject) -> Iterator[Branch]:
    for algorithm, digest in found.string_map("digests").items():
        yield Branch(f"digest {algorithm}:{digest}")
    kind = found.optional_text("type") or found.optional_text("predicateType")
    if kind:
        yield Branch(f"says {kind}")
    signed = found.optional_child("signed")
    if signed is None:
        return
    yield Branch(f"digest {signed.text('digest')}")
    if signed.optional_text("dockerReference"):
        yield Branch(f"names {signed.text('dockerReference')}")
    notes = signed.optional_child("annotations")
    for name, content in sorted(notes.members.items()) if notes is not None else ():
        yield Branch(f"says {name}={_text(content)}")


def _text(content: JsonValue) -> str:
    return content if isinstance(content, str) else encode_json(content).decode()


_DETAILS: Final[Mapping[str, Callable[[JsonObject], Iterator[Branch]]]] = {
    Step.TIME: _time_details,
    Step.LOG: _log_details,
    Step.CERTIFICATE: _certificate_details,
    Step.SCT: _sct_details,
    Step.IDENTITY: _identity_details,
    Step.SIGNATURE: _signature_details,
    Step.ARTIFACT: _artifact_details,
}
"""What each step shows, by its name."""
