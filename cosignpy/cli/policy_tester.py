"""What `policy-tester` does, step by step as the policy controller's tester: read, and decide over one image."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, TypeVar

from cosignpy.cli import exit_codes, wiring
from cosignpy.cli.flags import RegistryFlags
from cosignpy.cli.input_files import read_input
from cosignpy.cli.invocation import CURRENT
from cosignpy.cli.render.policy_tester import Said, describe_decision, list_pull_secrets
from cosignpy.cli.trust_source import Once, select_trust
from cosignpy.errors import CosignError, DeadlineExceeded, MalformedError, PolicyRefused
from cosignpy.imagepolicy.decision import ImageDecision, Subject, select_policies
from cosignpy.imagepolicy.go_reader.documents import ReadPolicies, read_policies
from cosignpy.imagepolicy.go_reader.names import GoReference
from cosignpy.imagepolicy.go_reader.trust_root import believe, read_trust_root
from cosignpy.imagepolicy.go_reader.workload import read_workload
from cosignpy.imagepolicy.trust_roots import TrustRoot, TufRepository
from cosignpy.operations.nowhere import Nowhere
from cosignpy.operations.verify_by_policies import VerifyByPolicies, verify_by_policies
from cosignpy.values import field, replace, value

if TYPE_CHECKING:
    from cosignpy.imagepolicy.model import ImagePolicyDocument, Source
    from cosignpy.imagepolicy.workloads import Workload
    from cosignpy.operations.ports import ManifestSource, TrustSource

T = TypeVar("T")

PANIC: Final = 2
"""What the tester exits with where it fails itself: `signaturePullSecrets` are those of a cluster."""
_ON_THE_WEB: Final = ("https://", "http://")


class _Stop(Exception):
    """There is nothing to decide, and it was said why."""


def open_by_name(name: str) -> "ManifestSource":
    """Open a repository; nothing is sent yet.

    Raises:
        MalformedError: None has such a name.
    """
    return wiring.open_repository(name, RegistryFlags())


@value
class PolicyTester:
    """What is to be read: files by their names, empty for none, and an image as somebody wrote it.

    `open` opens repositories by their names, and `trust` says whom to believe where no trust root is named.
    """

    policy: str
    image: str
    resource: str = ""
    trust_root: str = ""
    open: "Callable[[str], ManifestSource]" = open_by_name
    trust: "TrustSource" = field(default_factory=lambda: Once(select_trust("")), repr=False)

    def run(self) -> int:
        """Decide, and return the exit code.

        Raises:
            DeadlineExceeded: There was no time to look at everything.
        """
        try:
            read = self._read_policies()
            reference = _or_stop(lambda: GoReference.parse(self.image))
            workload = _or_stop(self._read_workload)
            policies = _or_stop(lambda: self._believing(read.policies))
        except _Stop:
            return exit_codes.FAILURE
        said = self._decide(reference, policies, workload)
        if isinstance(said, int):
            return said
        if not said.errors:
            return exit_codes.OK
        CURRENT.print(replace(said, warnings=(*read.warnings, *said.warnings)).encode())
        return exit_codes.FAILURE

    def _read_policies(self) -> ReadPolicies:
        where = "url" if self.policy.startswith(_ON_THE_WEB) else "path"
        try:
            raw = _fetch(self.policy) if where == "url" else read_input(self.policy)
        except CosignError as error:
            raise _stop(f"CIP is invalid: {error}: policies[0].{where}") from error
        try:
            return read_policies(raw, self.policy)
        except MalformedError as error:
            raise _stop(f"CIP is invalid: invalid value: {error.why}: policies[0].{where}") from error

    def _read_workload(self) -> "Workload | None":
        return read_workload(read_input(self.resource)) if self.resource else None

    def _believing(self, policies: "tuple[ImagePolicyDocument, ...]") -> "tuple[ImagePolicyDocument, ...]":
        if not self.trust_root:
            return policies
        root = _resolve(read_trust_root(read_input(self.trust_root), self.trust_root))
        return tuple([believe(each, root) for each in policies])

    def _decide(
        self, reference: GoReference, policies: "tuple[ImagePolicyDocument, ...]", workload: "Workload | None"
    ) -> Said | int:
        name = reference.name
        try:
            about = select_policies(Subject(name, workload, full_name=name), policies)
        except PolicyRefused as error:
            return Said((error.why,), ())
        secrets = list(list_pull_secrets(about))
        if secrets:
            CURRENT.say(f"panic: signaturePullSecrets ({', '.join(secrets)}) are in a cluster, and there is none here")
            return PANIC
        return describe_decision(self._verify(reference, about, workload), name, self.image)

    def _verify(
        self, reference: GoReference, policies: "tuple[ImagePolicyDocument, ...]", workload: "Workload | None"
    ) -> ImageDecision:
        image, moment = self._open(reference.repository.name), datetime.now(UTC).replace(microsecond=0)

        def open_source(source: "Source | None") -> "ManifestSource":
            return self._open(source.oci) if source is not None and source.oci else image

        name = reference.name
        request = VerifyByPolicies(name, reference.target, policies, moment, workload=workload, full_name=name)
        return verify_by_policies(request, image, open_source, self.trust).decision

    def _open(self, name: str) -> "ManifestSource":
        """Open a repository; that it has a name that none has is found out once it is asked for something."""
        try:
            return self.open(name)
        except MalformedError as error:
            return Nowhere(error)


def _resolve(root: TrustRoot) -> TrustRoot:
    """Return a trust root with what its repository has, if it names one."""
    if not isinstance(root.content, TufRepository):
        return root
    from cosignpy.cli.wiring_policies import WebSupplies
    from cosignpy.core.trust.trusted_root import parse_trusted_root

    return replace(root, content=parse_trusted_root(WebSupplies().read_repository(root.content)))


def _fetch(url: str) -> bytes:
    from cosignpy.cli.wiring_policies import WebSupplies

    return WebSupplies().fetch_text(url)


def _or_stop(read: Callable[[], T]) -> T:
    """Return what is read; where it is not what it should be, say so in one line."""
    try:
        return read()
    except DeadlineExceeded:
        raise
    except MalformedError as error:
        raise _stop(error.why) from error
    except CosignError as error:
        raise _stop(str(error)) from error


def _stop(why: str) -> _Stop:
    CURRENT.say(why)
    return _Stop(why)
