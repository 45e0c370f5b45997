"""`cosignpy policy lint`."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated

import typer

from cosignpy.cli import exit_codes
from cosignpy.cli.flags import DataOutputFlag, RegistryFlags
from cosignpy.cli.invocation import CURRENT, Output
from cosignpy.cli.policy_files import read_contents
from cosignpy.cli.policy_sources import open_artifacts
from cosignpy.cli.render.trust import problem_lines, problems_to_json
from cosignpy.cli.trust_source import TrustRepository
from cosignpy.core.encoding import encode_json
from cosignpy.core.trust.problems import Problem, Severity
from cosignpy.documents import DocumentError
from cosignpy.imagepolicy.lint import lint_policies
from cosignpy.imagepolicy.model import ImagePolicyDocument
from cosignpy.imagepolicy.parse import Resource, parse_resources
from cosignpy.imagepolicy.references import link_policies
from cosignpy.operations.policy_conditions import load_policy_text

FilesArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="FILE|DIR|oci://REF...", show_default=False, help="Documents with policies, or - for stdin."
    ),
]


def lint(files: FilesArgument, registry: RegistryFlags, output: DataOutputFlag = Output.TEXT) -> int:
    """Look for what is wrong with policies; exits with 1 where one never passes, or passes whoever signed."""
    artifacts = open_artifacts((), registry, TrustRepository())
    problems = _lint_all(read_contents(files, artifacts.read))
    if output is Output.JSON:
        CURRENT.print(encode_json(problems_to_json(problems)).decode())
    else:
        for line in problem_lines(problems):
            CURRENT.print(line)
    return exit_codes.FAILURE if any(each.severity is Severity.ERROR for each in problems) else exit_codes.OK


def _lint_all(files: Iterable[tuple[str, bytes]]) -> list[Problem]:
    """Look at all files; that one cannot be parsed is a problem like any other."""
    resources, problems = list[Resource](), list[Problem]()
    for file, content in files:
        try:
            resources += parse_resources(content, file)
        except DocumentError as error:
            problems.append(_tell(error, Severity.ERROR))
    beside = [each for each in resources if not isinstance(each, ImagePolicyDocument)]
    policies = list[ImagePolicyDocument]()
    for policy in [each for each in resources if isinstance(each, ImagePolicyDocument)]:
        try:
            policies += link_policies([policy, *beside])
        except DocumentError as error:  # a cluster may have what is not here
            problems.append(_tell(error, Severity.WARNING))
            policies.append(policy)
    return [*problems, *lint_policies(policies, datetime.now(UTC), load_policy_text)]


def _tell(error: DocumentError, severity: Severity) -> Problem:
    place = f"{error.file}:{error.line}"
    why = str(error).removeprefix(f"{place}: ")
    return Problem(severity, place, f"{why} ({error.hint})" if error.hint else why)
