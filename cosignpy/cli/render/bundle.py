"""What `verify-blob` found: a few lines for a person, or JSON; `Verified OK` on stderr, where cosign says it."""

from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from typing import ParamSpec

from cosignpy.cli.exit_codes import exit_code
from cosignpy.cli.invocation import CURRENT, Output
from cosignpy.cli.render.errors import error_to_json, explain_error, one_line, rejection_to_json
from cosignpy.cli.render.policy import conditions_to_json, policy_to_json
from cosignpy.cli.render.proof import BUNDLE_SCHEMA, head_to_json
from cosignpy.cli.render.statement import other_subjects
from cosignpy.core.encoding import JsonValue, encode_b64, encode_json
from cosignpy.core.policy.bundle import BundlePolicy
from cosignpy.core.verify.findings import TimeSource, VerifiedBundle
from cosignpy.core.verify.shown import proof_to_json, statement_to_json, steps_to_json
from cosignpy.core.verify.trail import trail_of
from cosignpy.errors import AttestationsRefused, CosignError, DeadlineExceeded

P = ParamSpec("P")


def render_bundle(name: str, found: VerifiedBundle, output: Output, conditions: Sequence[JsonValue] = ()) -> None:
    """Print what was proved; `conditions` are the files with what the statement had to satisfy besides."""
    if output is Output.TREE:
        from cosignpy.cli.render.explanation import render_explanation  # of no use to the other forms

        render_explanation(bundle_evidence(name, found, conditions))
        return
    CURRENT.say("Verified OK")
    if output is Output.JSON:
        CURRENT.print(encode_json(bundle_evidence(name, found, conditions)).decode())
        return
    for line in text_lines(found):
        CURRENT.print(one_line(line))


def tells_refusals(command: Callable[P, None]) -> Callable[P, int | None]:
    """Have a command that verifies a `blob` give its evidence of a refusal too, where programs or `explain` ask."""

    @wraps(command)
    def call(*arguments: P.args, **flags: P.kwargs) -> int | None:
        try:
            command(*arguments, **flags)
        except DeadlineExceeded:
            raise
        except CosignError as error:
            if CURRENT.output is Output.TEXT:
                raise
            return render_refusal(str(flags["blob"]), error)
        return None

    return call


def render_refusal(name: str, error: CosignError) -> int:
    """Print why a bundle was refused, and return the exit code."""
    document = bundle_refusal(name, error)
    if CURRENT.output is Output.TREE:
        from cosignpy.cli.render.explanation import render_explanation

        return render_explanation(document)
    explain_error(error)
    CURRENT.print(encode_json(document).decode())
    return exit_code(error)


def text_lines(found: VerifiedBundle) -> Iterator[str]:
    """Write it for a person."""
    if found.certificate is not None:
        yield f"signed by      {', '.join(found.certificate.identity.names)}"
        yield f"vouched for    by {found.certificate.identity.issuer}, certified by {found.certificate.authority}"
    else:
        yield f"signed by      {found.key.algorithm.key} key {found.key.fingerprint}"
    yield from proof_lines(found)
    if found.predicate_type:
        yield f"says           {found.predicate_type}"
    own = {f"{algorithm}:{digest.hex()}" for algorithm, digest in found.digests.items()}
    for subject in other_subjects(found.subjects, own):
        yield f"also about     {subject}"
    for waiver in waivers(found):
        yield f"not checked    {waiver}"


def proof_lines(found: VerifiedBundle) -> Iterator[str]:
    """Write for a person when it was signed, and where that can be seen."""
    for time in found.times:
        if time.source is TimeSource.ASSUMED:
            yield f"taken to be    {time.moment.isoformat()}, since nobody has to say when"
        else:
            yield f"not later than {time.moment.isoformat()}, says {time.authority} ({time.source})"
    for entry in found.entries:
        yield f"logged         as entry {entry.log_index} of {entry.log}"


def waivers(found: VerifiedBundle) -> Iterator[str]:
    """Say what was not asked for, and why."""
    if found.log_waived is not None:
        yield f"transparency log ({found.log_waived.waived_because})"
    if found.certificate is not None and found.certificate.scts_waived_because:
        yield f"certificate transparency ({found.certificate.scts_waived_because})"


def bundle_evidence(name: str, found: VerifiedBundle, conditions: Sequence[JsonValue] = ()) -> dict[str, JsonValue]:
    """Return the evidence document (docs/formats/bundle.md)."""
    return {
        **_head(name, 0),
        "digests": {algorithm: digest.hex() for algorithm, digest in sorted(found.digests.items())},
        "key": {"fingerprint": found.key.fingerprint, "algorithm": found.algorithm.name},
        **proof_to_json(found),
        "predicateType": found.predicate_type or None,
        "payload": encode_b64(found.payload) if found.payload else None,
        "statement": statement_to_json(found.payload, found.subjects) if found.payload else None,
        "notChecked": list(waivers(found)),
        "steps": steps_to_json(found.steps),
    } | _policy(found.policy, conditions)


def bundle_refusal(name: str, error: CosignError) -> dict[str, JsonValue]:
    """Return the same for a bundle that was refused, or could not be read."""
    trail = trail_of(error)
    found: dict[str, JsonValue] = {"error": error_to_json(error)}
    if isinstance(error, AttestationsRefused):
        found["rejections"] = [rejection_to_json(each) for each in error.rejections]
    return _head(name, exit_code(error)) | found | _policy(trail.policy if trail else None)


def _policy(policy: BundlePolicy | None, conditions: Sequence[JsonValue] = ()) -> dict[str, JsonValue]:
    return {"policy": policy_to_json(policy) | conditions_to_json(conditions)} if policy is not None else {}


def _head(name: str, code: int) -> dict[str, JsonValue]:
    return {**head_to_json(BUNDLE_SCHEMA, code), "artifact": name}
