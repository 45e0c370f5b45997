"""In which formats something is stored beside an image, in our words and in cosign's."""

from typing import Annotated

import typer

from cosignpy.core.verify.evidence import SignatureFormat
from cosignpy.errors import UsageError
from cosignpy.operations.sign_image import FormatChoice

FormatFlag = Annotated[
    FormatChoice | None,
    typer.Option("--signature-format", show_default="bundle", help="An OCI referrer, cosign 2's tag, or both."),
]
ModernFlag = Annotated[
    bool | None,
    typer.Option("--new-bundle-format/--no-new-bundle-format", help="cosign's spelling of bundle or legacy."),
]


def select_formats(choice: FormatChoice | None, modern: bool | None) -> tuple[SignatureFormat, ...]:  # noqa: FBT001 - a flag
    """Return the formats to write.

    Raises:
        UsageError: Both spellings are given and disagree.
    """
    spelled = {None: None, True: FormatChoice.BUNDLE, False: FormatChoice.LEGACY}[modern]
    if spelled and choice and spelled is not choice:
        raise UsageError(f"--signature-format {choice} and --new-bundle-format disagree")
    return (choice or spelled or FormatChoice.BUNDLE).formats
