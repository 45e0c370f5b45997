"""What `attest` did: a line per image for a person, a list for programs."""

from collections.abc import Sequence
from pathlib import Path

from cosignpy.cli.exit_codes import combined_exit_code, exit_code
from cosignpy.cli.invocation import CURRENT, Output
from cosignpy.cli.render.errors import error_to_json, explain_error
from cosignpy.core.digest import Digest
from cosignpy.core.encoding import JsonValue, encode_json
from cosignpy.core.verify.evidence import SignatureFormat
from cosignpy.errors import CosignError
from cosignpy.files import PRIVATE, write_file
from cosignpy.operations.attest_image import MadeAttestation
from cosignpy.values import value


@value
class Stored:
    """Where an attestation was stored, in which format, and those whose place it took."""

    format: SignatureFormat
    manifest: Digest
    replaced: tuple[Digest, ...] = ()


@value
class Attested:
    """What was attested about an image: the bundle, where there is one, and what was stored."""

    bundle: MadeAttestation | None
    stored: tuple[Stored, ...] = ()


@value
class AttestingResult:
    """One image of a run: what was attested about it, or why nothing was."""

    name: str
    outcome: Attested | CosignError

    @property
    def exit_code(self) -> int:
        """The exit code this image alone would give."""
        return exit_code(self.outcome) if isinstance(self.outcome, CosignError) else 0


def render_attesting(results: Sequence[AttestingResult], predicate_type: str) -> int:
    """Print the results and return the exit code of the run. Like cosign, nothing but JSON goes to stdout."""
    for result in results:
        if isinstance(result.outcome, CosignError):
            CURRENT.say(f"Not attested: {result.name}")
            explain_error(result.outcome)
        else:
            gone = sum(len(stored.replaced) for stored in result.outcome.stored)
            CURRENT.say(f"Attested {result.name} ({predicate_type}{f', in place of {gone}' if gone else ''})")
    if CURRENT.output is Output.JSON:
        images = [_to_json(result, predicate_type) for result in results]
        CURRENT.print(encode_json({"images": images}).decode())
    return combined_exit_code(result.exit_code for result in results)


def save_attestation(path: str, result: AttestingResult) -> None:
    """Write the bundle to a file, readable by its owner only, as cosign does.

    Raises:
        FileError: It cannot be written.
    """
    if isinstance(result.outcome, CosignError) or result.outcome.bundle is None:
        return  # explained with the results
    write_file(Path(path), result.outcome.bundle.content, PRIVATE)
    CURRENT.say(f"Wrote bundle to file {path}")


def _to_json(result: AttestingResult, predicate_type: str) -> dict[str, JsonValue]:
    found: dict[str, JsonValue] = {"image": result.name, "predicateType": predicate_type}
    if isinstance(result.outcome, CosignError):
        return {**found, "attested": False, "error": error_to_json(result.outcome)}
    stored: list[JsonValue] = [
        {
            "format": one.format.value,
            "manifest": str(one.manifest),
            "replaced": [str(digest) for digest in one.replaced],
        }
        for one in result.outcome.stored
    ]
    return {**found, "attested": True, "attestations": stored}
