"""What the API server is answered. An answer admits only for a reason that was shown: a type that refusals cannot be.

`Passed` holds the verdict of each image and refuses to exist where one is a refusal that counts; so there is no way to
admit by leaving something out.
"""

from collections.abc import Mapping
from enum import StrEnum

from cosignpy.core.encoding import JsonValue
from cosignpy.imagepolicy.pod_images import Path
from cosignpy.values import field, value
from cosignpy.webhook.live_settings import Enforcement
from cosignpy.webhook.verdicts import ImageVerdict


@value
class Finding:
    """An image of an object, and what became of it; `path` leads to the field that names it."""

    path: Path
    image: str
    verdict: ImageVerdict


class Skip(StrEnum):
    """Why there is nothing to decide; what the annotation of an audit event says."""

    DELETION = "deletion"
    BEING_DELETED = "being-deleted"
    SUBRESOURCE = "subresource-without-images"
    UNCHANGED = "images-unchanged"
    NO_IMAGES = "no-images"
    OWNER = "owner-decided"


@value
class Passed:
    """Every image passes, or does not have to where it runs.

    Raises:
        ValueError: One is refused where refusals count; that is a mistake of ours.
    """

    findings: tuple[Finding, ...]
    enforcement: Enforcement

    def __post_init__(self) -> None:
        if self.enforcement is Enforcement.DENY and not all(each.verdict.is_admitted for each in self.findings):
            raise ValueError("an object with a refused image was about to be admitted")


@value
class NothingToDecide:
    """The object runs nothing that it did not run before."""

    why: Skip


@value
class LeftToValidation:
    """The answer of the mutating webhook: the validating one is asked after it, always."""


@value
class Denial:
    """Why an object is refused: an HTTP status with its reason, and what people read."""

    code: int
    reason: str
    message: str


@value
class PatchOperation:
    """An operation of a JSON patch (RFC 6902 section 4)."""

    operation: str
    path: str
    content: JsonValue


@value
class Answer:
    """What the API server is answered: `outcome` says whether the object is admitted.

    `annotations` stand in the audit event, with the webhook's name before their keys.
    """

    outcome: Passed | NothingToDecide | LeftToValidation | Denial
    warnings: tuple[str, ...] = ()
    patch: tuple[PatchOperation, ...] = ()
    annotations: Mapping[str, str] = field(default_factory=dict)

    @property
    def allowed(self) -> bool:
        """Whether the object is admitted."""
        return not isinstance(self.outcome, Denial)
