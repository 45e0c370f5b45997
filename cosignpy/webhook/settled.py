"""Images that are decided over without asking a registry: by policies that say the same whatever is asked for.

Such an image may be named by a tag; it runs with a registry that is away, and one that nobody may run is not looked up.
"""

from collections.abc import Callable
from typing import Final

from cosignpy.errors import CosignError
from cosignpy.imagepolicy.decision import Outcome
from cosignpy.webhook.engine.matching import Matcher
from cosignpy.webhook.engine.settle import preface, settle
from cosignpy.webhook.live_settings import LiveSettings
from cosignpy.webhook.ports import Policies, PolicySnapshot
from cosignpy.webhook.references import read_name
from cosignpy.webhook.verdicts import ImageQuestion, ImageVerdict

_BEFORE_DIGEST: Final = "@"


class SettledImages:
    """Decides by the policies in force, where none of them needs anybody; used in one event loop."""

    def __init__(self, policies: Policies, settings: Callable[[], LiveSettings]) -> None:
        self._policies = policies
        self._settings = settings
        self._matcher = Matcher(policies.current())
        self._names_digests = _names_digests(self._matcher.snapshot)

    def settle(self, question: ImageQuestion) -> ImageVerdict | None:
        """Return the verdict over an image where nothing that a registry has could change it.

        There is none over a tag where a policy is about digests, since it may name one of them; nor where it may run
        only because no policy is about it: its digest is wanted then.
        """
        live, matcher, image = self._settings(), self._matching(), question.image
        try:
            name = read_name(image, live.verdicts)
            group = matcher.find(name, question.namespace, question.workload)
        except CosignError:
            return None  # who decides otherwise finds the same, and says so
        before = preface(group, image, live)
        is_refused = before.outcome is Outcome.REFUSED
        if not name.digest and (self._names_digests or not (group.policies or is_refused)):
            return None
        return settle(group, name, image, before) if is_refused or group.is_static else None

    def _matching(self) -> Matcher:
        snapshot = self._policies.current()
        if snapshot is not self._matcher.snapshot:
            self._matcher, self._names_digests = Matcher(snapshot), _names_digests(snapshot)
        return self._matcher


def _names_digests(snapshot: PolicySnapshot) -> bool:
    return any(_BEFORE_DIGEST in each.glob.text for policy in snapshot.policies for each in policy.document.images)
