"""`cosignpy policy verify-blob`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cosignpy.cli.artifacts import SUFFIX, select_artifact
from cosignpy.cli.flags import DataOutputFlag, RegistryFlags
from cosignpy.cli.input_files import read_input
from cosignpy.cli.invocation import Output
from cosignpy.cli.policy_evidence import open_record
from cosignpy.cli.policy_flags import EvidenceFlag, OfflineFlag, PolicyFlags, TrustedRootFlag
from cosignpy.cli.policy_sources import check_policies, load_contents
from cosignpy.cli.render.image_policy import PolicyResult, ResultKind, render_decisions
from cosignpy.cli.trust_source import Once, select_trust
from cosignpy.cli.wiring_policies import WebSupplies
from cosignpy.errors import CosignError, UsageError
from cosignpy.imagepolicy.model import ImagePolicyDocument
from cosignpy.operations.artifacts import LocalFile
from cosignpy.operations.complete_policies import PolicySupplies
from cosignpy.operations.policy_evidence import Recorder, RecordingTrust
from cosignpy.operations.policy_file_evidence import RecordingFile, record_bundles
from cosignpy.operations.policy_supplies import RecordingSupplies
from cosignpy.operations.ports import TrustSource
from cosignpy.operations.remembered import Memory
from cosignpy.operations.verify_by_policies import DecidedImage
from cosignpy.operations.verify_file_by_policies import FileBundle, VerifyFileByPolicies, verify_file_by_policies
from cosignpy.values import field, value

FilesArgument = Annotated[
    list[str], typer.Argument(metavar="FILE...", show_default=False, help="Files, which have names.")
]
BundlesFlag = Annotated[
    list[str] | None,
    typer.Option(
        "--bundle",
        metavar="BUNDLE",
        show_default=f"FILE{SUFFIX}",
        help="A signature of the file, or an attestation about it; repeat for several.",
    ),
]


def verify_blob(
    files: FilesArgument,
    policies: PolicyFlags,
    registry: RegistryFlags,
    bundle: BundlesFlag = None,
    trusted_root: TrustedRootFlag = "",
    offline: OfflineFlag = False,
    evidence: EvidenceFlag = "",
    output: DataOutputFlag = Output.TEXT,
) -> int:
    """Verify files by the policies that are about files of their names.

    A policy of kind ImagePolicy is about a file whose name, without the folders, a glob of its spec.files describes.
    All policies about a file have to pass, and a file that no policy is about is refused.
    """
    if bundle and len(files) > 1:
        raise UsageError("--bundle is for one file", f"beside several, FILE{SUFFIX} is looked for")
    moment = datetime.now(UTC).replace(microsecond=0)
    trust = Once(select_trust(trusted_root, offline=offline))
    contents = load_contents(policies, registry, trust)
    checked = check_policies(contents)
    record = open_record(evidence, moment, contents)
    recorder = None if record is None else record.recorder
    wanted = _Wanted(checked, trust, moment, tuple(bundle or ()), recorder, WebSupplies(offline))
    found = [wanted.verify(path) for path in files]
    if record is not None:
        record.write(found)
    return render_decisions(found, moment)


@value
class _Wanted:
    """What is the same for all files of a run."""

    policies: tuple[ImagePolicyDocument, ...]
    trust: TrustSource
    moment: datetime
    bundles: tuple[str, ...]
    recorder: Recorder | None = None
    supplies: PolicySupplies = field(default_factory=WebSupplies, repr=False)
    memory: Memory = field(default_factory=Memory, repr=False)

    def verify(self, path: str) -> PolicyResult:
        """Decide over one file; what goes wrong is a result like any other."""
        try:
            source = select_artifact(path)
            if not isinstance(source, LocalFile) or source.stream is not None:
                raise UsageError(f"{path} has no name", "policies are about the names of files")
            bundles, supplies = self._read(path), self.supplies
            if self.recorder is not None:
                supplies = RecordingSupplies(supplies, self.recorder)
            request = VerifyFileByPolicies(
                path, source.path.name, bundles, self.policies, self.moment, supplies, self.memory
            )
            found = self._decide(request, source)
        except CosignError as error:
            return PolicyResult(path, None, error, ResultKind.FILE)
        return PolicyResult(path, found.digest, found.decision, ResultKind.FILE)

    def _decide(self, request: VerifyFileByPolicies, source: LocalFile) -> DecidedImage:
        if self.recorder is None:
            return verify_file_by_policies(request, source, self.trust)
        record_bundles(request.path, request.bundles, self.recorder)
        recording = RecordingFile(request.path, source, self.recorder)
        return verify_file_by_policies(request, recording, RecordingTrust(self.trust, self.recorder))

    def _read(self, path: str) -> tuple[FileBundle, ...]:
        """Read the bundles that are named, else the one beside the file, which may not be there."""
        beside = Path(f"{path}{SUFFIX}")
        named = self.bundles or ((str(beside),) if beside.exists() else ())
        return tuple([FileBundle(name, read_input(name)) for name in named])
