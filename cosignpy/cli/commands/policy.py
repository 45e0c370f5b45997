"""`cosignpy policy verify` and `lint`."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated

import typer

from cosignpy.cli import exit_codes, wiring
from cosignpy.cli.flags import DataOutputFlag, RegistryFlags
from cosignpy.cli.invocation import CURRENT, Output
from cosignpy.cli.policy_files import list_policy_files, read_policies, read_policy_file
from cosignpy.cli.progress import run_counted
from cosignpy.cli.render.image_policy import PolicyResult, render_decisions
from cosignpy.cli.render.trust import problem_lines, problems_to_json
from cosignpy.cli.trust_source import Once, select_trust
from cosignpy.core.encoding import encode_json
from cosignpy.core.trust.problems import Problem, Severity
from cosignpy.documents import DocumentError
from cosignpy.errors import CosignError, UsageError
from cosignpy.imagepolicy.lint import lint_policies
from cosignpy.imagepolicy.model import ImagePolicyDocument, Source
from cosignpy.imagepolicy.requirements import refuse_unsupported
from cosignpy.operations.parallel import DEFAULT_WORKERS
from cosignpy.operations.ports import ManifestSource, TrustSource
from cosignpy.operations.verify_by_policies import VerifyByPolicies, verify_by_policies
from cosignpy.values import value

ImagesArgument = Annotated[
    list[str], typer.Argument(metavar="IMAGE...", show_default=False, help="registry/name[:tag][@digest]")
]
PolicyFlag = Annotated[
    list[str],
    typer.Option("--policy", metavar="FILE|DIR", help="ClusterImagePolicy documents; repeat for several."),
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
FilesArgument = Annotated[
    list[str],
    typer.Argument(metavar="FILE|DIR...", show_default=False, help="ClusterImagePolicy documents, or - for stdin."),
]


def verify(
    images: ImagesArgument,
    policy: PolicyFlag,
    registry: RegistryFlags,
    trusted_root: TrustedRootFlag = "",
    offline: OfflineFlag = False,
    max_workers: WorkersFlag = DEFAULT_WORKERS,
    output: DataOutputFlag = Output.TEXT,
) -> int:
    """Verify images by the policies that are about them.

    A policy is about an image that one of its globs describes. All policies about an image have to pass, each by one
    of its authorities; an image that no policy is about is refused.
    """
    policies = read_policies(policy)
    for each in policies:
        refuse_unsupported(each)
    trust = Once(select_trust(trusted_root, offline=offline))
    wanted = _Wanted(policies, trust, registry, max_workers, datetime.now(UTC))
    found = run_counted("verifying", wanted.verify, images, max_workers)
    return render_decisions([outcome.unwrap() for outcome in found])


def lint(files: FilesArgument, output: DataOutputFlag = Output.TEXT) -> int:
    """Look for what is wrong with policies; exits with 1 where one never passes, or passes whoever signed."""
    problems = _lint_files(dict.fromkeys(file for path in files for file in list_policy_files(path)))
    if output is Output.JSON:
        CURRENT.print(encode_json(problems_to_json(problems)).decode())
    else:
        for line in problem_lines(problems):
            CURRENT.print(line)
    return exit_codes.FAILURE if any(each.severity is Severity.ERROR for each in problems) else exit_codes.OK


def _lint_files(files: Iterable[str]) -> list[Problem]:
    """Look at all files; that one cannot be parsed is a problem like any other."""
    policies, problems = list[ImagePolicyDocument](), list[Problem]()
    for file in files:
        try:
            policies += read_policy_file(file)
        except DocumentError as error:
            place = f"{error.file}:{error.line}"
            why = str(error).removeprefix(f"{place}: ")
            problems.append(Problem(Severity.ERROR, place, f"{why} ({error.hint})" if error.hint else why))
    return [*problems, *lint_policies(policies)]


@value
class _Wanted:
    """What is the same for all images of a run."""

    policies: tuple[ImagePolicyDocument, ...]
    trust: TrustSource
    registry: RegistryFlags
    workers: int
    moment: datetime

    def verify(self, name: str) -> PolicyResult:
        """Decide over one image; what goes wrong is a result like any other."""
        try:
            image = wiring.open_image(name, self.registry)
            if not image.identity:
                raise UsageError(f"{name} is in no registry", "policies are about the names of images in registries")
        except CosignError as error:
            return PolicyResult(name, None, error)

        def open_source(source: Source | None) -> ManifestSource:
            elsewhere = source.oci if source is not None else ""
            return wiring.open_repository(elsewhere, self.registry) if elsewhere else image.attachments

        request = VerifyByPolicies(name, image.target, self.policies, self.moment, workers=self.workers)
        found = verify_by_policies(request, image.repository, open_source, self.trust)
        return PolicyResult(name, found.digest, found.decision)
