"""Flags of commands that decide by policies in files."""

from typing import Annotated

import typer

from cosignpy.values import field, value

ImagesArgument = Annotated[
    list[str], typer.Argument(metavar="IMAGE...", show_default=False, help="registry/name[:tag][@digest]")
]
PolicyFlag = Annotated[
    list[str],
    typer.Option("--policy", metavar="FILE|DIR|oci://REF", help="Documents with policies; repeat for several."),
]
TrustedRootFlag = Annotated[
    str, typer.Option("--trusted-root", metavar="FILE", show_default=False, help="Whom to believe, in place of TUF's.")
]
OfflineFlag = Annotated[
    bool, typer.Option("--offline/--no-offline", help="Ask no mirror whom to believe: what is cached has to do.")
]
WorkersFlag = Annotated[
    int, typer.Option("--max-workers", min=1, metavar="N", help="Signatures, and images, looked at at once.")
]
EvidenceFlag = Annotated[
    str,
    typer.Option(
        "--evidence", metavar="FILE", show_default=False, help="Write down all that is seen, for `policy replay`."
    ),
]
DecisionCacheFlag = Annotated[
    bool,
    typer.Option(
        "--decision-cache/--no-decision-cache",
        help="Take admissions of the last hour as they are, where all that they depend on is the same.",
    ),
]
SignersOption = Annotated[
    list[str],
    typer.Option(
        "--policy-signers",
        metavar="FILE|DIR",
        show_default=False,
        help="Policies that the policies of registries have to satisfy themselves.",
    ),
]


@value
class SignersFlags:
    """By whom policies in registries have to be signed."""

    policy_signers: SignersOption = field(default_factory=list)


@value
class PolicyFlags:
    """Where policies are, and by whom those of registries have to be signed."""

    policy: PolicyFlag
    policy_signers: SignersOption = field(default_factory=list)
