"""`cosignpy explain`: one command with the flags of those that verify, whatever they are."""

import re
from collections.abc import Callable, Iterator
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from cosignpy.cli.commands import verify as images
from cosignpy.cli.commands import verify_attestation as attestations
from cosignpy.cli.commands import verify_blob as blobs
from cosignpy.cli.flag_groups import expand_flag_groups
from cosignpy.cli.identity_flags import IdentityFlags
from cosignpy.cli.input_files import read_input
from cosignpy.cli.invocation import CURRENT, Output
from cosignpy.cli.provenance_flags import ProvenanceFlags
from cosignpy.cli.render.explanation import render_evidence
from cosignpy.core.encoding import JsonObject
from cosignpy.errors import FileError, UsageError
from cosignpy.values import fields_of

_EVIDENCE: Final = re.compile(rb'\s*\{\s*"schema"\s*:\s*"cosignpy/(?:bundle-)?evidence/')
"""How our evidence begins, whatever has laid it out anew since."""
_BEGINNING: Final = 4096
_DIGEST: Final = re.compile(r"sha(?:256|384|512):[0-9a-fA-F]+")
_OWN: Final = frozenset({"images", "blob", "output"})
"""Parameters of the other commands that stand for the target, and for what explaining is."""
_TYPE: Final = "predicate_type"

_ABOUT_SIGNATURES: Final = ("key", "bundle", "signature", "certificate", "check_files", *fields_of(IdentityFlags))
"""Flags that say by whom a signature has to be, or where it is."""

_IN_FILES: Final = ("bundle", "signature")
"""Flags that name the file of a signature, which an image has beside it."""

_verify_image: Final = expand_flag_groups(images.verify)
_verify_blob: Final = expand_flag_groups(blobs.verify_blob)
_verify_attestation: Final = expand_flag_groups(attestations.verify_attestation)
_verify_blob_attestation: Final = expand_flag_groups(blobs.verify_blob_attestation)

TargetArgument = Annotated[
    str,
    typer.Argument(
        metavar="IMAGE|BLOB|EVIDENCE",
        show_default=False,
        help="An image, a file or its digest to verify, or evidence that was kept: a file, or - for standard input.",
    ),
]


def explain(target: TargetArgument, **flags: Any) -> int | None:  # noqa: ANN401 - whatever types the options have
    """Explain a verification step by step: what was shown, by whose key, when, and where; or what failed, and why.

    Images are verified with the flags of verify and verify-attestation, files with those of verify-blob and
    verify-blob-attestation; --type makes the difference between the two of each. Evidence that their --output json
    wrote is read as it is, and nothing is verified again: it is, where no signer and no signature is named. Exits as
    the verification does.
    """
    if not _is_to_verify(flags) and (target == "-" or _is_evidence(Path(target))):
        CURRENT.say("This is a record, not a proof: read as it was written, and nothing is verified again.")
        return render_evidence(JsonObject.parse(read_input(target), what="evidence"))
    CURRENT.output = Output.TREE
    attested = flags[_TYPE] is not None
    if not attested and any(flags[name] for name in fields_of(ProvenanceFlags)):
        raise UsageError("builder and source are named by provenance", "say which type it is: --type slsaprovenance1")
    if not attested and flags["policies"]:
        raise UsageError("--policy is about what attestations say", "say of which type they are: --type TYPE")
    about_file = any(flags[name] for name in _IN_FILES) or _DIGEST.fullmatch(target) or Path(target).is_file()
    if not about_file:
        verify = _verify_attestation if attested else _verify_image
        return verify(images=[target], output=Output.TREE, **_select(verify, flags))
    command = _verify_blob_attestation if attested else _verify_blob
    return command(blob=target, output=Output.TREE, **_select(command, flags))


def _is_to_verify(flags: dict[str, Any]) -> bool:
    """Tell whether something is to be verified: a file that looks like evidence must not pass for its own proof."""
    return flags[_TYPE] is not None or any(flags[name] for name in _ABOUT_SIGNATURES)


def _is_evidence(path: Path) -> bool:
    """Tell evidence from a file that is to be verified.

    Raises:
        FileError: It cannot be read.
    """
    if not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            return _EVIDENCE.match(file.read(_BEGINNING)) is not None
    except OSError as error:
        raise FileError(str(path), (error.strerror or str(error)).lower()) from error


def _select(command: Callable[..., int | None], flags: dict[str, Any]) -> dict[str, Any]:
    return {name: flags[name] for name in signature(command).parameters if name not in _OWN}


def _parameters() -> Iterator[Parameter]:
    """Return the target, and every flag once; none of them has to be given, since evidence needs none.

    A type that is given says that attestations are meant, so that here it has no default.
    """
    yield Parameter("target", Parameter.KEYWORD_ONLY, annotation=TargetArgument)
    found = {
        name: parameter.replace(default=None) if parameter.default is Parameter.empty or name == _TYPE else parameter
        for command in (_verify_blob_attestation, _verify_blob, _verify_attestation, _verify_image)
        for name, parameter in signature(command).parameters.items()
    }
    yield from (parameter for name, parameter in found.items() if name not in _OWN)


explain.__signature__ = Signature([*_parameters()])  # type: ignore[attr-defined]  # read by inspect.signature
explain.__annotations__ = {parameter.name: parameter.annotation for parameter in _parameters()}
