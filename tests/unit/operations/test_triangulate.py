"""Where an image's attachments lie."""

import pytest

from cosignpy.core.digest import Digest
from cosignpy.errors import MalformedError
from cosignpy.operations.triangulate import TriangulateType, locate

IMAGE = Digest.of(b"image")


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [
        (TriangulateType.SIGNATURE, f"r.test/a:sha256-{IMAGE.hex}.sig"),
        (TriangulateType.ATTESTATION, f"r.test/a:sha256-{IMAGE.hex}.att"),
        (TriangulateType.SBOM, f"r.test/a:sha256-{IMAGE.hex}.sbom"),
        (TriangulateType.DIGEST, f"r.test/a@sha256:{IMAGE.hex}"),
    ],
)
def test_each_kind_has_its_place(kind: TriangulateType, wanted: str) -> None:
    assert locate("r.test/a", IMAGE, kind) == wanted


def test_a_sha512_digest_has_no_tag() -> None:
    with pytest.raises(MalformedError):
        locate("r.test/a", Digest.of(b"image", "sha512"), TriangulateType.SIGNATURE)
