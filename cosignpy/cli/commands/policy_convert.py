"""`cosignpy policy convert`."""

from typing import Annotated

import typer

from cosignpy.cli import exit_codes
from cosignpy.cli.invocation import CURRENT
from cosignpy.cli.policy_files import read_contents
from cosignpy.cli.render.trust import problem_lines
from cosignpy.imagepolicy.convert.documents import convert as convert_documents

SourcesArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="FILE|DIR...",
        show_default=False,
        help="Policies of Kyverno, or the values of Connaisseur; - for stdin.",
    ),
]


def convert(sources: SourcesArgument) -> int:
    """Print the policies of other admission controllers as policies of ours, which demand the same or more.

    Kyverno's ClusterPolicy and Policy with `verifyImages`, its ImageValidatingPolicy, and Connaisseur's values. What
    is said otherwise is a warning. What cannot be said is an error with file and line, and then nothing is printed.
    """
    made = convert_documents(list(read_contents(sources)))
    for line in problem_lines(made.problems):
        CURRENT.say(line)
    if made.is_refused:
        return exit_codes.FAILURE
    CURRENT.print(made.text.removesuffix("\n"))
    return exit_codes.OK
