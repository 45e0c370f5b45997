"""`cosignpy policy explain`."""

from datetime import UTC, datetime

from cosignpy.cli.flags import DataOutputFlag, RegistryFlags
from cosignpy.cli.invocation import Output
from cosignpy.cli.policy_decisions import PolicyRun
from cosignpy.cli.policy_flags import ImagesArgument, OfflineFlag, PolicyFlags, TrustedRootFlag, WorkersFlag
from cosignpy.cli.policy_sources import load_policies
from cosignpy.cli.progress import run_counted
from cosignpy.cli.render.policy_explanation import Explained, render_policy_explanations
from cosignpy.cli.trust_source import Once, select_trust
from cosignpy.cli.wiring_policies import WebSupplies
from cosignpy.operations.parallel import DEFAULT_WORKERS


def explain(
    images: ImagesArgument,
    policies: PolicyFlags,
    registry: RegistryFlags,
    trusted_root: TrustedRootFlag = "",
    offline: OfflineFlag = False,
    max_workers: WorkersFlag = DEFAULT_WORKERS,
    output: DataOutputFlag = Output.TEXT,
) -> int:
    """Explain what policies say of images: which are about them, what decided, and what would make them pass.

    Decides as `policy verify` does, and exits as it does.
    """
    trust = Once(select_trust(trusted_root, offline=offline))
    found = load_policies(policies, registry, trust)
    run = PolicyRun(found, trust, registry, max_workers, datetime.now(UTC), supplies=WebSupplies(offline))
    outcomes = run_counted("explaining", run.verify, images, max_workers)
    return render_policy_explanations([Explained(outcome.unwrap(), found) for outcome in outcomes])
