"""`cosignpy policy replay`."""

from typing import Annotated

import typer

from cosignpy.cli.flags import DataOutputFlag
from cosignpy.cli.input_files import name_input, read_input
from cosignpy.cli.invocation import Output
from cosignpy.cli.policy_evidence import replay_evidence
from cosignpy.cli.policy_files import read_contents
from cosignpy.cli.policy_flags import TrustedRootFlag
from cosignpy.cli.policy_sources import check_policies
from cosignpy.cli.render.policy_replay import render_other, render_replay
from cosignpy.cli.trust_source import Once, TrustFile
from cosignpy.imagepolicy.evidence import MAX_EVIDENCE, parse_policy_evidence
from cosignpy.values import field, value

FileArgument = Annotated[
    str, typer.Argument(metavar="FILE", show_default=False, help="What `policy verify --evidence` wrote.")
]
OtherPolicyFlag = Annotated[
    list[str],
    typer.Option(
        "--policy", metavar="FILE|DIR", show_default=False, help="What would these have said? Repeat for several."
    ),
]


@value
class OtherFlags:
    """By what to decide in place of what was recorded."""

    policy: OtherPolicyFlag = field(default_factory=list)
    trusted_root: TrustedRootFlag = ""


def replay(file: FileArgument, other: OtherFlags, output: DataOutputFlag = Output.TEXT) -> int:
    """Decide again over what `policy verify --evidence` saw, at the time it did, asking nobody.

    Exits with 1 where the decision is not, byte for byte, the one that was recorded. With other policies, or another
    trusted root, it says what they would have decided, and exits as `policy verify` would have.
    """
    with name_input(file):
        evidence = parse_policy_evidence(read_input(file, MAX_EVIDENCE))
    policies = check_policies(read_contents(other.policy)) if other.policy else None
    trust = Once(TrustFile(other.trusted_root)) if other.trusted_root else None
    found = replay_evidence(evidence, check_policies, policies, trust)
    return render_replay(evidence, found) if policies is None and trust is None else render_other(evidence, found)
