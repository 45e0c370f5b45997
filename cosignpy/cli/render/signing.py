"""What `sign` did: a line per image for a person, a list for programs."""

from collections.abc import Sequence
from pathlib import Path

from cosignpy.cli.exit_codes import combined_exit_code, exit_code
from cosignpy.cli.invocation import CURRENT, Output
from cosignpy.cli.render.errors import error_to_json, explain_error
from cosignpy.core.encoding import JsonValue, encode_b64, encode_json
from cosignpy.core.verify.evidence import SignatureFormat
from cosignpy.errors import CosignError
from cosignpy.files import PRIVATE, write_file
from cosignpy.operations.sign_image import MadeSignature
from cosignpy.values import value


@value
class SigningResult:
    """One image of a run: the signatures made for it, or why there are none."""

    name: str
    outcome: Sequence[MadeSignature] | CosignError

    @property
    def exit_code(self) -> int:
        """The exit code this image alone would give."""
        return exit_code(self.outcome) if isinstance(self.outcome, CosignError) else 0


def render_signing(results: Sequence[SigningResult]) -> int:
    """Print the results and return the exit code of the run. Like cosign, nothing but JSON goes to stdout."""
    for result in results:
        if isinstance(result.outcome, CosignError):
            CURRENT.say(f"Not signed: {result.name}")
            explain_error(result.outcome)
        else:
            forms = " and ".join(made.format.value for made in result.outcome)
            CURRENT.say(f"Signed {result.name} ({forms})")
    if CURRENT.output is Output.JSON:
        CURRENT.print(encode_json({"images": [_to_json(result) for result in results]}).decode())
    return combined_exit_code(result.exit_code for result in results)


def save_bundle(path: str, result: SigningResult) -> None:
    """Write the bundle of a signed image to a file, readable by its owner only, as cosign does.

    Raises:
        FileError: It cannot be written.
    """
    if isinstance(result.outcome, CosignError):
        return  # explained with the results
    for made in result.outcome:
        if made.format is SignatureFormat.BUNDLE:
            write_file(Path(path), made.content, PRIVATE)
            CURRENT.say(f"Wrote bundle to file {path}")


def _to_json(result: SigningResult) -> dict[str, JsonValue]:
    if isinstance(result.outcome, CosignError):
        return {"image": result.name, "signed": False, "error": error_to_json(result.outcome)}
    signatures = [{"format": made.format.value, "signature": encode_b64(made.signature)} for made in result.outcome]
    return {"image": result.name, "signed": True, "signatures": signatures}
