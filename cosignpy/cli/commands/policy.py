"""`cosignpy policy verify`."""

from datetime import UTC, datetime

from cosignpy.cli.flags import DataOutputFlag, RegistryFlags
from cosignpy.cli.invocation import Output
from cosignpy.cli.policy_cache import open_cache
from cosignpy.cli.policy_decisions import PolicyRun
from cosignpy.cli.policy_evidence import open_record
from cosignpy.cli.policy_flags import (
    DecisionCacheFlag,
    EvidenceFlag,
    ImagesArgument,
    OfflineFlag,
    PolicyFlags,
    TrustedRootFlag,
    WorkersFlag,
)
from cosignpy.cli.policy_sources import check_policies, load_contents
from cosignpy.cli.progress import run_counted
from cosignpy.cli.render.image_policy import render_decisions
from cosignpy.cli.trust_source import Once, select_trust
from cosignpy.cli.wiring_policies import WebSupplies
from cosignpy.errors import UsageError
from cosignpy.operations.parallel import DEFAULT_WORKERS


def verify(
    images: ImagesArgument,
    policies: PolicyFlags,
    registry: RegistryFlags,
    trusted_root: TrustedRootFlag = "",
    offline: OfflineFlag = False,
    max_workers: WorkersFlag = DEFAULT_WORKERS,
    evidence: EvidenceFlag = "",
    decision_cache: DecisionCacheFlag = False,
    output: DataOutputFlag = Output.TEXT,
) -> int:
    """Verify images by the policies that are about them.

    A policy is about an image that one of its globs describes. All policies about an image have to pass, each by one
    of its authorities; an image that no policy is about is refused. Names of one image are decided over once.
    """
    if evidence and decision_cache:
        raise UsageError("--evidence is of all that is seen, and --decision-cache looks at nothing", "leave one out")
    moment = datetime.now(UTC).replace(microsecond=0)
    trust = Once(select_trust(trusted_root, offline=offline))
    contents = load_contents(policies, registry, trust)
    checked = check_policies(contents)
    record = open_record(evidence, moment, contents)
    wanted = PolicyRun(
        checked,
        trust,
        registry,
        max_workers,
        moment,
        recorder=None if record is None else record.recorder,
        cache=open_cache(contents, checked, trust) if decision_cache else None,
        supplies=WebSupplies(offline),
    )
    found = [outcome.unwrap() for outcome in run_counted("verifying", wanted.verify, images, max_workers)]
    if record is not None:
        record.write(found)
    return render_decisions(found, moment)
