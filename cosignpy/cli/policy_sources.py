"""Policies wherever `--policy` says that they are: in files, and in registries, where they may have to be signed."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cosignpy.cli import wiring
from cosignpy.cli.flags import RegistryFlags
from cosignpy.cli.invocation import CURRENT
from cosignpy.cli.policy_decisions import PolicyRun
from cosignpy.cli.policy_files import OCI, parse_contents, read_contents, read_policies
from cosignpy.cli.policy_flags import PolicyFlags
from cosignpy.cli.render.errors import one_line
from cosignpy.core.digest import Digest
from cosignpy.core.oci.reference import Reference
from cosignpy.errors import CosignError
from cosignpy.imagepolicy.requirements import refuse_unsupported
from cosignpy.operations.expand import resolve
from cosignpy.operations.parallel import DEFAULT_WORKERS
from cosignpy.values import value

if TYPE_CHECKING:
    from cosignpy.imagepolicy.model import ImagePolicyDocument
    from cosignpy.operations.policy_artifact import PolicyArtifact
    from cosignpy.operations.ports import TrustSource


def load_policies(
    flags: PolicyFlags, registry: RegistryFlags, trust: "TrustSource"
) -> "tuple[ImagePolicyDocument, ...]":
    """Read the policies that the flags name, and refuse those that demand what cannot be shown.

    Raises:
        CosignError: One cannot be read, is refused by who has to have signed it, or two have one name.
    """
    return check_policies(load_contents(flags, registry, trust))


def load_contents(flags: PolicyFlags, registry: RegistryFlags, trust: "TrustSource") -> tuple[tuple[str, bytes], ...]:
    """Read the files that the flags name, each with what it is called in errors.

    Raises:
        CosignError: One cannot be read, or is refused by who has to have signed it.
    """
    return tuple(read_contents(flags.policy, open_artifacts(flags.policy_signers, registry, trust).read))


def check_policies(contents: Iterable[tuple[str, bytes]]) -> "tuple[ImagePolicyDocument, ...]":
    """Parse policies, and refuse those that demand what cannot be shown.

    Raises:
        DocumentError: One does, is not as it should be, or two have one name.
    """
    found = parse_contents(contents)
    for policy in found:
        refuse_unsupported(policy)
    return found


def open_artifacts(signers: Sequence[str], registry: RegistryFlags, trust: "TrustSource") -> "PolicyArtifacts":
    """Return what fetches policies from registries; nothing is sent yet.

    Raises:
        CosignError: The policies about their signers cannot be read.
    """
    policies = read_policies(signers) if signers else ()
    for policy in policies:
        refuse_unsupported(policy)
    return PolicyArtifacts(policies, trust, registry)


@value
class PolicyArtifacts:
    """Fetches policies from registries: pinned to a digest first and then, where that is wanted, shown to be signed."""

    signers: "tuple[ImagePolicyDocument, ...]"
    trust: "TrustSource"
    registry: RegistryFlags

    def read(self, text: str) -> tuple[tuple[str, bytes], ...]:
        """Return the files of an artifact, with what they are called in errors.

        Raises:
            CosignError: As `fetch`.
        """
        return tuple([(f"{text}/{file.name}", file.content) for file in self.fetch(text).files])

    def fetch(self, text: str) -> "PolicyArtifact":
        """Fetch an artifact.

        Raises:
            CosignError: It cannot be had, is something else, or is not signed by whom it has to be.
        """
        from cosignpy.operations.policy_artifact import fetch_policies  # files are what most policies are in

        reference = Reference.parse(text.removeprefix(OCI))
        image = wiring.open_image(str(reference), self.registry)
        digest = resolve(image.repository, image.target).digest
        pinned = f"{reference.name}@{digest}"
        if reference.digest is None:
            CURRENT.warn(f"{text} is a tag, which others can move; what is read now: {OCI}{pinned}")
        if self.signers:
            self._verify(pinned)
        return fetch_policies(image.repository, digest, f"policies {pinned}")

    def _verify(self, name: str) -> Digest | None:
        """Show that the policies about signers admit the artifact.

        Raises:
            CosignError: They do not.
        """
        wanted = PolicyRun(self.signers, self.trust, self.registry, DEFAULT_WORKERS, datetime.now(UTC))
        result = wanted.verify(name)
        errors = (result.outcome,) if isinstance(result.outcome, CosignError) else result.outcome.errors
        for error in errors:
            CURRENT.say(one_line(f"{name} is refused by --policy-signers: nothing in it is used"))
            raise error
        for warning in result.outcome.warnings if not isinstance(result.outcome, CosignError) else ():
            CURRENT.warn(one_line(f"{name}: {warning}"))
        return result.digest
