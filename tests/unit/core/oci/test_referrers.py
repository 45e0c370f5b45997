"""Lists of referrers: names, parsing, merging, removal."""

import json
from collections.abc import Mapping

import pytest

from cosignpy.core.digest import Digest
from cosignpy.core.encoding import encode_json
from cosignpy.core.oci.manifest import OCI_INDEX, OCI_MANIFEST, ArtifactManifest, Descriptor, Manifest
from cosignpy.core.oci.reference import Tag
from cosignpy.core.oci.referrers import (
    MAX_REFERRERS,
    fallback_tag,
    is_fallback_tag,
    join_referrers,
    merge_referrer,
    parse_referrers,
    remove_referrer,
)
from cosignpy.errors import LimitExceeded, MalformedError

SUBJECT = Digest.of(b"subject")


def entry(content: bytes, **more: str) -> Descriptor:
    return Descriptor(OCI_MANIFEST, Digest.of(content), len(content), annotations=more, artifact_type="application/x")


def listing(*entries: Mapping[str, object], **members: object) -> Manifest:
    document = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": list(entries), **members}
    return Manifest.parse(encode_json(document))


def image() -> Manifest:
    return ArtifactManifest(config=Descriptor.of(b"{}", "application/x"), layers=()).build()


def test_sha256_fallback_tag_is_the_whole_digest() -> None:
    assert fallback_tag(Digest("sha256", "ab" * 32)) == "sha256-" + "ab" * 32


def test_sha512_fallback_tag_is_cut_to_64_characters() -> None:
    assert fallback_tag(Digest("sha512", "0123456789abcdef" * 8)) == "sha512-" + "0123456789abcdef" * 4


def test_parse_keeps_annotations_and_artifact_type() -> None:
    wanted = entry(b"a", reason="release")
    assert parse_referrers(listing(wanted.encode()).raw) == (wanted,)


def test_parse_accepts_an_index_that_does_not_repeat_its_media_type() -> None:
    assert parse_referrers(b'{"schemaVersion":2,"manifests":[]}') == ()


@pytest.mark.parametrize(
    "change",
    [
        {"mediaType": "application/vnd.docker.distribution.manifest.list.v2+json"},
        {"mediaType": "application/json"},
        {"manifests": [{"mediaType": OCI_MANIFEST, "size": 1, "digest": "sha256:00"}]},
        {"manifests": [{"mediaType": OCI_MANIFEST, "digest": str(SUBJECT)}]},
        {"manifests": ["entry"]},
        {"manifests": {}},
        {"config": {}},
        {"layers": []},
    ],
    ids=str,
)
def test_parse_refuses_what_is_not_a_list(change: dict[str, object]) -> None:
    document = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": []}
    with pytest.raises(MalformedError) as caught:
        parse_referrers(encode_json(document | change))
    assert caught.value.what in {"referrers list", "digest"}


def test_parse_takes_as_many_entries_as_the_limit_and_no_more() -> None:
    document = {
        "schemaVersion": 2,
        "manifests": [entry(b"%d" % number).encode() for number in range(MAX_REFERRERS)],
    }
    assert len(parse_referrers(encode_json(document))) == MAX_REFERRERS
    document["manifests"] = [*document["manifests"], entry(b"more").encode()]  # type: ignore[misc]
    with pytest.raises(LimitExceeded):
        parse_referrers(encode_json(document))


def test_join_counts_an_entry_shown_on_two_pages_once() -> None:
    one, two = entry(b"1"), entry(b"2")
    assert join_referrers([[one, two], [two]]) == (one, two)


def test_join_stops_at_the_limit() -> None:
    pages = ([entry(b"%d/%d" % (page, number)) for number in range(4000)] for page in range(3))
    with pytest.raises(LimitExceeded):
        join_referrers(pages)


def test_merge_begins_a_list() -> None:
    merged = merge_referrer(None, entry(b"a", reason="release"), SUBJECT)
    assert merged.media_type == OCI_INDEX
    assert merged.manifests == (entry(b"a", reason="release"),)


def test_merge_sorts_by_digest() -> None:
    entries = [entry(b"%d" % number) for number in range(9)]
    merged = None
    for item in entries:
        merged = merge_referrer(merged, item, SUBJECT)
    assert merged is not None
    assert merged.manifests == tuple(sorted(entries, key=lambda item: str(item.digest)))


def test_merge_keeps_what_others_wrote() -> None:
    foreign = entry(b"foreign").encode() | {"data": "e30=", "x-own": [1, {"y": None}]}
    current = listing(foreign, annotations={"kept": "yes"}, other={"z": 1})
    merged = json.loads(merge_referrer(current, entry(b"ours"), SUBJECT).raw)
    assert foreign in merged["manifests"]
    assert merged["annotations"] == {"kept": "yes"}
    assert merged["other"] == {"z": 1}
    assert list(merged)[:3] == ["schemaVersion", "mediaType", "manifests"]


def test_merge_is_idempotent() -> None:
    once = merge_referrer(listing(entry(b"foreign").encode()), entry(b"ours"), SUBJECT)
    assert merge_referrer(once, entry(b"ours"), SUBJECT) is once


def test_merge_replaces_a_tag_that_cosign_copy_gave_to_the_subject_itself() -> None:
    subject = image()
    merged = merge_referrer(subject, entry(b"ours"), subject.digest)
    assert merged.manifests == (entry(b"ours"),)


def test_merge_never_overwrites_another_manifest() -> None:
    with pytest.raises(MalformedError):
        merge_referrer(image(), entry(b"ours"), SUBJECT)


def test_merge_refuses_to_overfill_a_list() -> None:
    full = Manifest.parse(
        encode_json(
            {
                "schemaVersion": 2,
                "mediaType": OCI_INDEX,
                "manifests": [entry(b"%d" % number).encode() for number in range(MAX_REFERRERS)],
            }
        )
    )
    assert merge_referrer(full, entry(b"0"), SUBJECT) is full
    with pytest.raises(LimitExceeded):
        merge_referrer(full, entry(b"more"), SUBJECT)


def test_merge_refuses_a_list_larger_than_registries_take() -> None:
    current = listing(entry(b"foreign", note="x" * (4 << 20)).encode())
    with pytest.raises(LimitExceeded):
        merge_referrer(current, entry(b"ours"), SUBJECT)


def test_remove_takes_one_entry_out() -> None:
    current = listing(entry(b"a").encode(), entry(b"b").encode(), annotations={"kept": "yes"})
    left = remove_referrer(current, Digest.of(b"a"))
    assert left.manifests == (entry(b"b"),)
    assert left.annotations == {"kept": "yes"}


def test_remove_of_what_is_not_there_changes_nothing() -> None:
    current = listing(entry(b"a").encode())
    assert remove_referrer(current, Digest.of(b"b")) is current


@pytest.mark.parametrize(
    ("tag", "wanted"),
    [
        (fallback_tag(Digest.of(b"")), True),
        (fallback_tag(Digest.of(b"", "sha512")), True),
        (Tag("sha256-abc"), False),
        (Tag("1.0"), False),
        (Tag(f"{fallback_tag(Digest.of(b''))}.sig"), False),
    ],
)
def test_a_fallback_tag_is_known_by_its_form(tag: Tag, wanted: bool) -> None:
    assert is_fallback_tag(tag) is wanted
