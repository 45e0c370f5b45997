"""Layouts and archives that bit rot or an enemy made: an error of ours, or the right content; nothing else."""

import contextlib
import io
import tarfile
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from cosignpy.core.encoding import encode_json
from cosignpy.core.oci.manifest import EMPTY_CONFIG, ArtifactManifest, Descriptor
from cosignpy.core.oci.reference import Reference, Tag, parse_tag
from cosignpy.errors import CosignError, MalformedError, UsageError
from cosignpy.registry.archive import open_archive
from cosignpy.registry.layout import LayoutRepository
from cosignpy.registry.layout_index import LayoutIndex
from cosignpy.registry.location import ArchiveLocation, DaemonLocation, LayoutLocation, parse_location

CONTENT = b"content of the layer"
LAYER = Descriptor.of(CONTENT, "application/x")
IMAGE = ArtifactManifest(config=Descriptor.of(b"{}", EMPTY_CONFIG), layers=(LAYER,)).build()
LATEST = Tag("latest")


def build_archive() -> bytes:
    index = LayoutIndex.empty().with_manifest(IMAGE, LATEST).encode()
    files = {
        "oci-layout": b'{"imageLayoutVersion":"1.0.0"}',
        "index.json": index,
        f"blobs/sha256/{LAYER.digest.hex}": CONTENT,
        f"blobs/sha256/{IMAGE.digest.hex}": IMAGE.raw,
    }
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as packer:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            packer.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


ARCHIVE = build_archive()


@given(st.integers(0, len(ARCHIVE) - 1), st.binary(min_size=1, max_size=40))
def test_archive_with_altered_bytes_is_refused_or_right(position: int, altered: bytes) -> None:
    raw = ARCHIVE[:position] + altered + ARCHIVE[position + len(altered) :]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "image.tar"
        path.write_bytes(raw)
        try:
            repository = LayoutRepository(open_archive(path))
            manifest = repository.fetch_manifest(LATEST)
            content = repository.fetch_blob(manifest.layers[0])
        except CosignError:
            return
    assert (manifest.raw, content) == (IMAGE.raw, CONTENT)


tags = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,10}", fullmatch=True).map(parse_tag)


@given(st.lists(st.tuples(st.integers(0, 3), st.none() | tags), max_size=8))
def test_index_names_what_was_pushed_last(pushes: list[tuple[int, Tag | None]]) -> None:
    manifests = [
        ArtifactManifest(config=Descriptor.of(b"%d" % number, EMPTY_CONFIG), layers=()).build() for number in range(4)
    ]
    index, expected = LayoutIndex.empty(), {}
    for number, tag in pushes:
        index = index.with_manifest(manifests[number], tag)
        if tag is not None:
            expected[tag] = manifests[number].digest
        assert index.find_digest(manifests[number].digest) is not None
    index = LayoutIndex.parse(index.encode())
    assert index.tags == sorted(expected)
    found = {tag: descriptor.digest for tag in expected if (descriptor := index.find_tag(tag))}
    assert found == expected


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_only_malformed_errors_leave_the_index_parser(entry: object) -> None:
    with contextlib.suppress(MalformedError):
        LayoutIndex.parse(encode_json({"manifests": [entry]}))


@given(
    st.text(max_size=60)
    | st.builds("{}:{}".format, st.sampled_from(["oci-layout", "oci-archive"]), st.text(max_size=60))
)
def test_any_text_is_a_location_or_refused(text: str) -> None:
    try:
        location = parse_location(text)
    except (MalformedError, UsageError):
        return
    assert isinstance(location, Reference | LayoutLocation | ArchiveLocation | DaemonLocation)
