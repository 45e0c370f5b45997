"""Decide over many images by the same policies: whatever several of them share is looked at once."""

from datetime import datetime

from cosignpy.imagepolicy.completeness import is_complete
from cosignpy.imagepolicy.decision import Subject, select_policies
from cosignpy.imagepolicy.model import ImagePolicyDocument, Source
from cosignpy.imagepolicy.workloads import Workload
from cosignpy.operations.complete_policies import PolicySupplies, complete_policy
from cosignpy.operations.decide_once import Question, decide_once
from cosignpy.operations.decision_cache import DecisionCache
from cosignpy.operations.parallel import DEFAULT_WORKERS
from cosignpy.operations.policy_places import PlacedImage, Places
from cosignpy.operations.policy_supplies import NoSupplies
from cosignpy.operations.ports import ManifestSource, TrustSource
from cosignpy.operations.remembered import Memory
from cosignpy.operations.verify_by_policies import DecidedImage, VerifyByPolicies, verify_by_policies
from cosignpy.values import field, value


@value
class DecideImages:
    """By which policies, whom to believe, where everything is, and when; `memory` is that of the run.

    `supplies` are what policies name elsewhere is had from.
    """

    policies: tuple[ImagePolicyDocument, ...]
    trust: TrustSource
    places: Places
    moment: datetime
    workers: int = DEFAULT_WORKERS
    memory: Memory = field(default_factory=Memory, repr=False)
    cache: DecisionCache | None = None
    supplies: PolicySupplies = field(default_factory=NoSupplies, repr=False)

    def decide(self, name: str, image: PlacedImage, workload: Workload | None = None) -> DecidedImage:
        """Decide over one image, perhaps as a workload runs it.

        Raises:
            CosignError: As `verify_by_policies`.
        """

        def open_source(source: Source | None) -> ManifestSource:
            place = image.signatures if source is None or not source.oci else self.places.open_source(source)
            return place.source

        def decide(request: VerifyByPolicies, trust: TrustSource) -> DecidedImage:
            return verify_by_policies(request, image.image.source, open_source, trust)

        about = select_policies(Subject(name, workload), self.policies)
        # What policies name elsewhere may be something else tomorrow, and no key of the cache knows of it.
        cache = self.cache if all(map(is_complete, about)) else None

        def decide_anew(request: VerifyByPolicies, question: Question | None) -> DecidedImage:
            if cache is None or question is None:
                return decide(request, self.trust)
            return cache.decide(question, request, decide)

        policies = tuple([complete_policy(each, self.supplies, self.memory) for each in about])
        request = VerifyByPolicies(name, image.target, policies, self.moment, workers=self.workers, workload=workload)
        return decide_once(request, image.names, image.image.source, self.memory, decide_anew)
