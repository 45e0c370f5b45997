"""The log of decisions: a line of JSON for each, with everything that somebody asks about later.

What was decided, over which object and whose, which images by which digests, what each policy said and by which
evidence, how old that is, and how long it took. Nothing of what the object says otherwise, which may be secret.
"""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from cosignpy.imagepolicy.decision import Outcome
from cosignpy.serving.request_log import write_line
from cosignpy.webhook.answer import Denial, Finding, LeftToValidation, NothingToDecide
from cosignpy.webhook.messages import describe_path, name_policy
from cosignpy.webhook.metrics import name_outcome
from cosignpy.webhook.recording import Decision
from cosignpy.webhook.request import AdmissionRequest
from cosignpy.webhook.verdicts import PolicyAnswer

LOG: Final = logging.getLogger("cosignpy.webhook.decisions")
_QUIET: Final = (NothingToDecide, LeftToValidation)
"""What most requests are, and nobody asks about: logged at `debug`, unless something was patched."""


def log_decision(made: Decision) -> None:
    """Write the line of a decision; a `Record`."""
    quiet = isinstance(made.answer.outcome, _QUIET) and not made.answer.patch
    level = logging.DEBUG if quiet else logging.INFO
    if LOG.isEnabledFor(level):
        members = orjson.dumps(describe_decision(made)).decode()
        write_line(LOG, level, "decision", f",{members[1:-1]}", may_wait=made.answer.allowed)


def describe_decision(made: Decision) -> dict[str, Any]:
    """Return the members of the line."""
    outcome = made.answer.outcome
    told: dict[str, Any] = {"webhook": made.webhook, "outcome": name_outcome(made)}
    told |= {} if made.request is None else _describe_request(made.request)
    if isinstance(outcome, Denial):
        told |= {"code": int(outcome.code), "reason": outcome.message}
    elif isinstance(outcome, NothingToDecide):
        told["skipped"] = outcome.why
    told |= {"images": [_describe_finding(each) for each in made.findings]} if made.findings else {}
    pinned = [each.content for each in made.answer.patch if each.operation == "replace"]
    told |= {"pinned": pinned} if pinned else {}
    return {**told, "ms": round(made.seconds * 1000, 3)}


def _describe_request(request: AdmissionRequest) -> Mapping[str, Any]:
    named = request.kind
    return {
        "uid": request.uid,
        "operation": request.operation,
        "kind": f"{named.kind}.{named.group}" if named.group else named.kind,
        "namespace": request.namespace,
        "name": request.name,
        **({"subresource": request.subresource} if request.subresource else {}),
        "user": request.requester.username,
        "dry_run": request.dry_run,
    }


def _describe_finding(finding: Finding) -> Mapping[str, Any]:
    verdict = finding.verdict
    told = {
        "path": describe_path(finding.path),
        "image": finding.image,
        "digest": verdict.digest,
        "outcome": verdict.outcome,
        "cause": "" if verdict.cause is None else verdict.cause,
        "problem": verdict.problem if verdict.outcome is not Outcome.PASSED else "",
        "break_glass": "" if verdict.excuse is None else str(verdict.excuse),
        "kept": verdict.kept,
        "decided_at": "" if verdict.decided_at is None else _moment(verdict.decided_at),
        "policies": [_describe_policy(each) for each in verdict.policies],
    }
    return {name: content for name, content in told.items() if content not in ("", [])}


def _describe_policy(policy: PolicyAnswer) -> Mapping[str, Any]:
    told = {
        "policy": name_policy(policy),
        "outcome": policy.outcome,
        "authority": policy.authority,
        "reasons": list(policy.reasons),
        "evidence": list(policy.evidence),
    }
    return {name: content for name, content in told.items() if content not in ("", [])}


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
