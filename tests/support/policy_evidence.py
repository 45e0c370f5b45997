"""Evidence of a decision, to change in one thing."""

from datetime import UTC, datetime
from typing import Final

from cosignpy.core.digest import Digest
from cosignpy.core.oci.manifest import Descriptor, Platform
from cosignpy.errors import FileError, NoSuchTag, RateLimited, UsageError
from cosignpy.imagepolicy.evidence import Answer, Asked, PolicyEvidence, Question, SeenFile, SeenImage, SeenPolicy

MOMENT: Final = datetime(2026, 7, 1, 9, 30, tzinfo=UTC)
PLACE: Final = "registry.example/app"
MANIFEST: Final = b'{"schemaVersion":2}'
BLOB: Final = b"bundle"
ROOT: Final = b"root"
REFERRER: Final = Descriptor(
    "application/vnd.oci.image.manifest.v1+json",
    Digest.of(BLOB),
    6,
    {"a": "b"},
    Platform("linux", "amd64"),
    "application/vnd.dev.sigstore.bundle.v0.3+json",
)
ANSWERS: Final = {
    Asked(PLACE, Question.MANIFEST, "v1"): Answer(Digest.of(MANIFEST), "application/vnd.oci.image.manifest.v1+json"),
    Asked(PLACE, Question.REFERRERS, str(Digest.of(MANIFEST))): Answer(descriptors=(REFERRER,)),
    Asked(PLACE, Question.REFERRERS, str(Digest.of(BLOB))): Answer(descriptors=()),
    Asked(PLACE, Question.BLOB, str(Digest.of(BLOB))): Answer(Digest.of(BLOB)),
    Asked("app.whl", Question.BUNDLE, "app.whl.sigstore.json"): Answer(Digest.of(BLOB)),
    Asked("", Question.TRUSTED_ROOT): Answer(Digest.of(ROOT)),
    Asked(PLACE, Question.MANIFEST, "v2"): Answer(error=NoSuchTag("registry.example/app:v2")),
    Asked(PLACE, Question.MANIFEST, "v3"): Answer(
        error=RateLimited("registry", "https://registry.example", 429, "slower", retryable=True, retry_after=1.5)
    ),
}
DECISION: Final = {
    "schema": "cosignpy/policy-decision/v1",
    "tool": "cosignpy 0.1.0",
    "checkedAt": "2026-07-01T09:30:00Z",
    "verified": False,
    "exitCode": 2,
    "images": [{"image": "registry.example/app:v1", "digest": str(Digest.of(MANIFEST)), "admitted": True}],
}
EVIDENCE: Final = PolicyEvidence(
    "cosignpy 0.1.0",
    MOMENT,
    (
        SeenImage("registry.example/app:v1"),
        SeenImage("oci-layout:dist", UsageError("oci-layout:dist is in no registry", "name one that is")),
    ),
    (SeenPolicy("team.yaml", b"kind: ClusterImagePolicy\n"),),
    ANSWERS,
    {Digest.of(each): each for each in (MANIFEST, BLOB, ROOT)},
    DECISION,
    {"signatures": "registry.example/signatures"},
    (SeenFile("app.whl", ("app.whl.sigstore.json",)), SeenFile("absent.whl", (), FileError("absent.whl", "not there"))),
)
