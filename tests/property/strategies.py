"""What Hypothesis draws: values that are valid by construction, and one-byte neighbours of bytes."""

from typing import Final

from hypothesis import strategies as st

from cosignpy.core.digest import HEX_LENGTHS, Digest
from cosignpy.core.dsse import Envelope, EnvelopeSignature
from cosignpy.core.oci.manifest import OCI_MANIFEST, ArtifactManifest, Descriptor, Platform
from cosignpy.core.oci.reference import Reference, Tag

_ALNUM: Final = "abcdefghijklmnopqrstuvwxyz0123456789"


def digests() -> st.SearchStrategy[Digest]:
    return st.sampled_from(sorted(HEX_LENGTHS)).flatmap(
        lambda name: st.text("0123456789abcdef", min_size=HEX_LENGTHS[name], max_size=HEX_LENGTHS[name]).map(
            lambda hexadecimal: Digest(name, hexadecimal)
        )
    )


def texts(max_size: int = 30) -> st.SearchStrategy[str]:
    """Any text that UTF-8 can carry."""
    return st.text(st.characters(codec="utf-8"), max_size=max_size)


def string_maps() -> st.SearchStrategy[dict[str, str]]:
    return st.dictionaries(texts(), texts(), max_size=4)


def references() -> st.SearchStrategy[Reference]:
    label = st.text(_ALNUM, min_size=1, max_size=8)
    host = st.builds("{}.{}".format, label, label) | st.just("localhost") | st.just("[::1]") | st.just("127.0.0.1")
    registry = st.builds(lambda name, port: f"{name}:{port}" if port else name, host, st.integers(0, 65535))
    repository = st.lists(label, min_size=1, max_size=3).map("/".join)
    tag = st.none() | st.text(_ALNUM + "ABC_", min_size=1, max_size=10).map(Tag)
    return st.builds(Reference, registry, repository, tag, st.none() | digests())


def platforms() -> st.SearchStrategy[Platform]:
    return st.builds(Platform, texts(8), texts(8), texts(8))


def descriptors() -> st.SearchStrategy[Descriptor]:
    return st.builds(
        Descriptor,
        media_type=texts(20).filter(bool),
        digest=digests(),
        size=st.integers(0, 2**63 - 1),
        annotations=string_maps(),
        platform=st.none() | platforms(),
        artifact_type=texts(20),
        urls=st.lists(texts(), max_size=3).map(tuple),
    )


def artifact_manifests() -> st.SearchStrategy[ArtifactManifest]:
    return st.builds(
        ArtifactManifest,
        config=descriptors(),
        layers=st.lists(descriptors(), max_size=3).map(tuple),
        annotations=string_maps(),
        subject=st.none() | descriptors(),
        artifact_type=texts(20),
        media_type=st.just(OCI_MANIFEST),
    )


def envelopes() -> st.SearchStrategy[Envelope]:
    signatures = st.lists(st.binary(max_size=80).map(EnvelopeSignature), max_size=3)
    return st.builds(Envelope, texts(), st.binary(max_size=200), signatures.map(tuple))


def json_values() -> st.SearchStrategy[object]:
    """Any JSON that RFC 8785 can express too."""
    leaf = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | texts() | st.floats(-1e9, 1e9)
    return st.recursive(
        leaf, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts(), inner, max_size=4), max_leaves=20
    )


@st.composite
def neighbours(draw: st.DrawFn, original: bytes) -> bytes:
    """Draw bytes that differ from the original in one place: a byte replaced, taken out or put in."""
    place = draw(st.integers(0, len(original) - 1))
    byte = draw(st.sampled_from([b" ", b"\n", b'"', b"\\", b"0", b"A", b"="]) | st.binary(min_size=1, max_size=1))
    replaced = original[:place] + byte + original[place + 1 :]
    removed = original[:place] + original[place + 1 :]
    inserted = original[:place] + byte + original[place:]
    return draw(st.sampled_from([replaced, removed, inserted]).filter(lambda mutated: mutated != original))
