"""Conditions of whole policies: what they are about is put together, and they are asked."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from cosignpy.core.encoding import JsonValue
from cosignpy.documents import Place
from cosignpy.errors import ConditionRefused
from cosignpy.imagepolicy.attestations import LoadCondition, check_condition, first_line
from cosignpy.imagepolicy.authority_matches import Passed, Surroundings, encode_evidence, encode_matches
from cosignpy.imagepolicy.conditions.condition import Condition, ConditionInput
from cosignpy.imagepolicy.decision import AuthorityVerdict, Outcome
from cosignpy.imagepolicy.denial import ReadDigest
from cosignpy.imagepolicy.languages import Language
from cosignpy.imagepolicy.model import ImagePolicyDocument, PolicyText
from cosignpy.imagepolicy.workloads import Workload
from cosignpy.operations.image_configs import fetch_image_configs
from cosignpy.operations.ports import ManifestSource
from cosignpy.values import value

_LOADED: Final = 128
"""Conditions that are kept for the next image."""


def load_policy_text(text: PolicyText) -> Condition:
    """Return the condition that a text of a policy is; the same text is read once.

    Raises:
        CosignError: It is none.
    """
    return _load(text.type, text.data, first_line(text), text.rego_1)


@lru_cache(maxsize=_LOADED)
def _load(language: Language, text: str, place: Place, rego_1: bool) -> Condition:  # noqa: FBT001 # a part of a key
    from cosignpy.imagepolicy.conditions.load import load_condition  # most policies have no condition
    from cosignpy.imagepolicy.conditions.rego import Dialect

    return load_condition(language, text, place, Dialect.POLICY_CONTROLLER if rego_1 else Dialect.POLICY_CONTROLLER_0)


@value
class ImageConditions:
    """Conditions about one image: where it is, who says which digest it has, and what runs it."""

    image: ManifestSource
    digest: ReadDigest
    workload: Workload | None = None
    load: LoadCondition = load_policy_text

    def conclude(self, policy: ImagePolicyDocument, verdicts: Sequence[AuthorityVerdict]) -> None:
        """Show that the condition of a policy holds for what its authorities said.

        Raises:
            ConditionRefused: It does not.
            CosignError: What it is about cannot be had.
        """
        text = policy.policy
        if text is None:
            return
        if policy.conduct.absent_refused:
            self._refuse_without_workload(policy.name, text)
        check_matches(policy, text, verdicts, Surroundings(self._configs(text), self.workload), self.load)

    def _configs(self, text: PolicyText) -> Mapping[str, JsonValue]:
        return fetch_image_configs(self.image, self.digest()) if text.fetch_config_file else {}

    def _refuse_without_workload(self, policy: str, text: PolicyText) -> None:
        """Refuse a condition about a workload where there is none: in CUE it would hold for what is not there."""
        asked = [name for name, flag in _ABOUT_WORKLOADS.items() if getattr(text, flag)]
        if asked and (self.workload is None or not self.workload.document):
            why = f"{asked[0]}: the condition is about a workload, and there is none"
            raise ConditionRefused(policy, why, None, text.place.file, text.place.line)


def check_matches(
    policy: ImagePolicyDocument,
    text: PolicyText,
    verdicts: Sequence[AuthorityVerdict],
    around: Surroundings,
    load: LoadCondition = load_policy_text,
) -> None:
    """Show that a condition holds for what the authorities of a policy said, and for what is around.

    Raises:
        ConditionRefused: It does not.
    """
    passed = [Passed(each.authority.name, each.evidence) for each in verdicts if each.outcome is Outcome.PASSED]
    given = ConditionInput(encode_matches(text, passed, around), encode_evidence(passed))
    check_condition(load(text), text, given, policy.name)


_ABOUT_WORKLOADS: Final = {
    "includeSpec": "include_spec",
    "includeObjectMeta": "include_object_meta",
    "includeTypeMeta": "include_type_meta",
}
