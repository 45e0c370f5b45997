"""SBOMs under tags: what they are by what is in them, and where they go."""

import pytest

from cosignpy.core.digest import Digest
from cosignpy.core.oci.reference import Tag
from cosignpy.errors import MalformedError, UsageError
from cosignpy.operations.attach_sbom import InputFormat, SbomType, attach_sbom, check_sbom, take_sbom
from tests.support.memory_repository import MemoryRepository

XML = b'<bom xmlns="http://cyclonedx.org/schema/bom/1.6"/>'
IMAGE = Digest.of(b"image")
TAG = Tag(f"sha256-{IMAGE.hex}.sbom")
EXAMPLES = [
    (b"SPDXVersion: SPDX-2.3\n", SbomType.SPDX, InputFormat.TEXT, "text/spdx"),
    (b'{"spdxVersion":"SPDX-2.3"}\n', SbomType.SPDX, InputFormat.JSON, "text/spdx+json"),
    (b'{"@context":"https://spdx.org/rdf/3.0.1/x"}', SbomType.SPDX, InputFormat.JSON, "text/spdx+json"),
    (XML, SbomType.CYCLONEDX, InputFormat.XML, "application/vnd.cyclonedx+xml"),
    (b'{"bomFormat":"CycloneDX"}', SbomType.CYCLONEDX, InputFormat.JSON, "application/vnd.cyclonedx+json"),
    (b'{"artifacts":[],"descriptor":{}}', SbomType.SYFT, InputFormat.JSON, "application/vnd.syft+json"),
]


@pytest.mark.parametrize(("content", "kind", "form", "media_type"), EXAMPLES)
def test_an_sbom_says_what_it_is(content: bytes, kind: SbomType, form: InputFormat, media_type: str) -> None:
    for said in ((None, None), (kind, None), (None, form), (kind, form)):
        assert check_sbom(content, *said).media_type == media_type
    assert take_sbom(b"whatever", kind, form).media_type == media_type


@pytest.mark.parametrize(("content", "kind", "form", "media_type"), EXAMPLES)
def test_what_it_is_not_is_refused(content: bytes, kind: SbomType, form: InputFormat, media_type: str) -> None:
    del media_type
    for other in set(SbomType) - {kind}:
        with pytest.raises(UsageError):
            check_sbom(content, other, form)
    for another in set(InputFormat) - {form}:
        with pytest.raises(UsageError):
            check_sbom(content, kind, another)


def test_what_is_no_sbom_is_refused() -> None:
    with pytest.raises(MalformedError):
        check_sbom(b"hello\n", None, None)


def test_what_cosign_has_no_media_type_for_is_refused() -> None:
    with pytest.raises(UsageError, match="trivy"):
        check_sbom(b'{"SchemaVersion":2,"ArtifactName":"x"}', None, None)


@pytest.mark.parametrize(
    ("kind", "form", "media_type"),
    [
        (None, None, "text/spdx"),
        (None, InputFormat.JSON, "text/spdx+json"),
        (SbomType.CYCLONEDX, None, "application/vnd.cyclonedx+xml"),
        (SbomType.SYFT, None, "application/vnd.syft+json"),
    ],
)
def test_taken_unseen_it_is_what_cosign_takes_for_granted(
    kind: SbomType | None, form: InputFormat | None, media_type: str
) -> None:
    assert take_sbom(b"", kind, form).media_type == media_type


@pytest.mark.parametrize(("kind", "form"), [(None, InputFormat.XML), (SbomType.SYFT, InputFormat.TEXT)])
def test_what_there_is_no_such_sbom_of_is_refused(kind: SbomType | None, form: InputFormat) -> None:
    with pytest.raises(UsageError, match="there is no"):
        take_sbom(b"", kind, form)


def test_it_is_attached_as_cosign_attaches_it() -> None:
    """The digest is that of `cosign attach sbom`, version 2.6.5."""
    repository = MemoryRepository()
    made = attach_sbom(repository, IMAGE, check_sbom(b'{"spdxVersion":"SPDX-2.3"}\n', None, None))
    assert (made.replaced, repository.tags) == (None, {TAG: made.manifest.digest})
    config = made.manifest.config
    assert config is not None
    assert str(config.digest) == "sha256:a711e36e6f23d5e533a9b092eec221c7a9fc2533fd615fef2b35415a61269807"
    (layer,) = made.manifest.layers
    assert repository.fetch_blob(layer) == b'{"spdxVersion":"SPDX-2.3"}\n'


def test_another_takes_its_place_and_the_same_changes_nothing() -> None:
    repository = MemoryRepository()
    first = attach_sbom(repository, IMAGE, check_sbom(XML, None, None))
    requests = len(repository.requests)
    assert attach_sbom(repository, IMAGE, check_sbom(XML, None, None)).replaced is None
    assert not any(request.startswith("push") for request in repository.requests[requests:])
    second = attach_sbom(repository, IMAGE, check_sbom(EXAMPLES[0][0], None, None))
    assert second.replaced == first.manifest.digest
    assert repository.tags == {TAG: second.manifest.digest}


def test_an_image_with_a_long_digest_has_no_such_tag() -> None:
    with pytest.raises(MalformedError):
        attach_sbom(MemoryRepository(), Digest.of(b"image", "sha512"), check_sbom(XML, None, None))
