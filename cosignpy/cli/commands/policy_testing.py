"""`cosignpy policy test`."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from cosignpy.cli.flags import DataOutputFlag, RegistryFlags
from cosignpy.cli.invocation import Output
from cosignpy.cli.policy_case_runs import CaseRun, locate_policies, read_policy_tests
from cosignpy.cli.policy_decisions import PolicyRun
from cosignpy.cli.policy_flags import OfflineFlag, PolicyFlags, SignersFlags, TrustedRootFlag, WorkersFlag
from cosignpy.cli.policy_sources import load_policies
from cosignpy.cli.render.policy_cases import render_cases
from cosignpy.cli.trust_source import Once, select_trust
from cosignpy.cli.wiring_policies import WebSupplies
from cosignpy.imagepolicy.case_results import CaseResult
from cosignpy.imagepolicy.model import ImagePolicyDocument
from cosignpy.operations.parallel import DEFAULT_WORKERS

TestsArgument = Annotated[
    list[str],
    typer.Argument(metavar="FILE|DIR...", show_default=False, help="Files with tests; in folders *.test.yaml."),
]


def run_tests(
    tests: TestsArgument,
    signers: SignersFlags,
    registry: RegistryFlags,
    trusted_root: TrustedRootFlag = "",
    offline: OfflineFlag = False,
    max_workers: WorkersFlag = DEFAULT_WORKERS,
    output: DataOutputFlag = Output.TEXT,
) -> int:
    """Test policies: does each image or file get the verdict that a test says, and for the reason that it says?

    Exits with 1 where one does not. What cannot be looked at fails a case, whatever it expects.
    """
    trust = Once(select_trust(trusted_root, offline=offline))
    moment = datetime.now(UTC)
    loaded: dict[tuple[str, ...], tuple[ImagePolicyDocument, ...]] = {}
    results: list[CaseResult] = []
    for each in read_policy_tests(tests):
        places = locate_policies(each)
        if places not in loaded:
            loaded[places] = load_policies(PolicyFlags(list(places), signers.policy_signers), registry, trust)
        run = PolicyRun(loaded[places], trust, registry, max_workers, moment, supplies=WebSupplies(offline))
        results += CaseRun(each, run).results()
    return render_cases(results)
