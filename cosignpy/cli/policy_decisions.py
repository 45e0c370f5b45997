"""Deciding over images that are named on the command line: what is the same for all images of a run."""

from datetime import datetime

from cosignpy.cli import wiring
from cosignpy.cli.flags import RegistryFlags
from cosignpy.cli.render.image_policy import PolicyResult
from cosignpy.cli.wiring_policies import WebSupplies, show_pull_secrets
from cosignpy.core.oci.reference import parse_repository
from cosignpy.errors import CosignError, RemoteError, UsageError, VerificationError
from cosignpy.imagepolicy.model import ImagePolicyDocument, Source
from cosignpy.imagepolicy.workloads import Workload
from cosignpy.operations.complete_policies import PolicySupplies
from cosignpy.operations.decide_images import DecideImages
from cosignpy.operations.decision_cache import DecisionCache
from cosignpy.operations.policy_evidence import Recorder, RecordingTrust
from cosignpy.operations.policy_places import Place, PlacedImage, WatchedPlaces
from cosignpy.operations.policy_supplies import RecordingSupplies
from cosignpy.operations.ports import TrustSource
from cosignpy.operations.remembered import Memory
from cosignpy.values import field, value


@value
class PolicyRun:
    """By which policies, whom to believe, and how registries are reached.

    `recorder` writes down what is seen, `cache` has admissions of former runs.
    """

    policies: tuple[ImagePolicyDocument, ...]
    trust: TrustSource
    registry: RegistryFlags
    workers: int
    moment: datetime
    recorder: Recorder | None = None
    memory: Memory = field(default_factory=Memory, repr=False)
    cache: DecisionCache | None = None
    supplies: PolicySupplies = field(default_factory=WebSupplies, repr=False)

    def verify(self, name: str, workload: Workload | None = None) -> PolicyResult:
        """Decide over one image, perhaps as a workload runs it; what goes wrong is a result like any other."""
        places = WatchedPlaces(RegistryPlaces(self.registry), self.memory, self.recorder)
        trust, supplies = self.trust, self.supplies
        if self.recorder is not None:
            trust, supplies = RecordingTrust(trust, self.recorder), RecordingSupplies(supplies, self.recorder)
        shared = (self.workers, self.memory, self.cache, supplies)
        deciding = DecideImages(self.policies, trust, places, self.moment, *shared)
        return decide_named(deciding, name, workload)


def decide_named(deciding: DecideImages, name: str, workload: Workload | None = None) -> PolicyResult:
    """Decide over an image by its name; that it is the name of nothing is a result like any other.

    So is that what a policy about it names elsewhere cannot be had, or is not what it should be.
    """
    try:
        image = deciding.places.open_image(name)
    except CosignError as error:
        return PolicyResult(name, None, error)
    try:
        found = deciding.decide(name, image, workload)
    except (RemoteError, VerificationError) as error:
        return PolicyResult(name, None, error)
    return PolicyResult(name, found.digest, found.decision)


@value
class RegistryPlaces:
    """Images in registries, as the flags reach them."""

    registry: RegistryFlags

    def open_image(self, name: str) -> PlacedImage:
        """Open an image.

        Raises:
            CosignError: It is no image, or in no registry.
        """
        image = wiring.open_image(name, self.registry)
        if not image.identity:
            raise UsageError(f"{name} is in no registry", "policies are about the names of images in registries")
        signatures = Place(wiring.attachments_name(image), image.attachments)
        return PlacedImage(Place(image.name, image.repository), signatures, image.target)

    def open_source(self, source: Source) -> Place:
        """Open where a policy says that signatures are.

        Raises:
            MalformedError: It is no repository.
        """
        flags = show_pull_secrets(self.registry, source)
        return Place(parse_repository(source.oci).name, wiring.open_repository(source.oci, flags))
