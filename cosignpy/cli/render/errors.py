"""Errors: one line on stderr, the hint below it, every rejected signature with its reason; JSON on request."""

from typing import Final

from cosignpy.cli.exit_codes import exit_code
from cosignpy.cli.invocation import CURRENT, Output, printable
from cosignpy.cli.render.advice import advise
from cosignpy.cli.render.proof import refused_steps_to_json
from cosignpy.core.encoding import JsonValue, encode_json
from cosignpy.core.verify.trail import trail_of
from cosignpy.errors import (
    ClaimMismatch,
    CosignError,
    FilesMismatch,
    NoMatchingSignatures,
    Rejection,
    VerificationError,
)

MOST_REJECTIONS: Final = 20
"""Rejected signatures, or files, listed for a person; JSON has them all."""


MOST_CHARACTERS: Final = 1000
"""Characters of one reason shown to a person; an annotation that nobody signed may have megabytes."""


def one_line(text: object) -> str:
    """Return what is safe to show of a text that others had a hand in: one line, not too long, nothing hidden."""
    shown = printable(str(text)[: MOST_CHARACTERS + 1])
    return shown if len(shown) <= MOST_CHARACTERS else f"{shown[:MOST_CHARACTERS]} ..."


def report_error(error: CosignError) -> int:
    """Print an error that ended the command, and return its exit code."""
    explain_error(error)
    if CURRENT.output is Output.JSON:
        CURRENT.print(encode_json({"error": error_to_json(error)}).decode())
    return exit_code(error)


def explain_error(error: CosignError) -> None:
    """Tell a person what went wrong and what to do about it."""
    CURRENT.say(f"Error: {one_line(error)}")
    if isinstance(error, NoMatchingSignatures | FilesMismatch):
        for rejection in sorted(error.rejections, key=_is_of_another_type)[:MOST_REJECTIONS]:
            CURRENT.say(f"  {one_line(rejection)}")
        if len(error.rejections) > MOST_REJECTIONS:
            CURRENT.say(f"  and {len(error.rejections) - MOST_REJECTIONS} more; --output json lists them")
    hint = advise(error) if isinstance(error, VerificationError) else error.hint
    if hint:
        CURRENT.say(f"  hint: {one_line(hint)}")


def _is_of_another_type(rejection: Rejection) -> bool:
    """Tell what nobody asked for, and what comes last: an image may have many attestations."""
    return isinstance(rejection.error, ClaimMismatch) and rejection.error.claim == "predicate type"


def error_to_json(error: CosignError) -> dict[str, JsonValue]:
    """Return an error as docs/formats/evidence.md describes it."""
    found: dict[str, JsonValue] = {
        "kind": type(error).__name__,
        "message": str(error),
        "exitCode": exit_code(error),
    } | _details_to_json(error)
    if isinstance(error, FilesMismatch):
        found["files"] = [
            {"file": printable(one.signature), "kind": type(one.error).__name__, "reason": printable(str(one.error))}
            for one in error.rejections
        ]
    return found


def rejection_to_json(rejection: Rejection) -> dict[str, JsonValue]:
    """Return one rejected signature and why it was rejected."""
    return {
        "signature": rejection.signature,
        "kind": type(rejection.error).__name__,
        "reason": str(rejection.error),
    } | _details_to_json(rejection.error)


def _details_to_json(error: CosignError) -> dict[str, JsonValue]:
    """Return what was wanted and found, how far the verification came, and the first thing to do, as far as known."""
    compared: dict[str, JsonValue] = {
        name: getattr(error, name) for name in ("wanted", "found") if isinstance(getattr(error, name, None), str)
    }
    advice = advise(error)
    return compared | ({"hint": advice} if advice else {}) | refused_steps_to_json(trail_of(error))
