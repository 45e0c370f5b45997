"""Lists of referrers under any order of writers."""

import contextlib
import itertools

from hypothesis import given
from hypothesis import strategies as st

from cosignpy.core.digest import Digest
from cosignpy.core.encoding import encode_json
from cosignpy.core.oci.attachment_tags import AttachmentKind, AttachmentTag
from cosignpy.core.oci.manifest import OCI_INDEX, OCI_MANIFEST, Descriptor, Manifest
from cosignpy.core.oci.reference import parse_tag
from cosignpy.core.oci.referrers import fallback_tag, merge_referrer, parse_referrers, remove_referrer
from cosignpy.errors import MalformedError

SUBJECT = Digest.of(b"subject")
texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=20)
digests = st.one_of(
    st.binary(max_size=8).map(Digest.of), st.binary(max_size=8).map(lambda content: Digest.of(content, "sha512"))
)
entries = st.builds(
    Descriptor,
    media_type=st.just(OCI_MANIFEST),
    digest=digests,
    size=st.integers(0, 2**53),
    annotations=st.dictionaries(texts, texts, max_size=3),
    artifact_type=texts,
)
lists = st.lists(entries, max_size=6, unique_by=lambda entry: entry.digest)
foreign_members = st.dictionaries(texts.filter(lambda name: name.startswith("x")), texts, max_size=2)


def merge_all(found: list[Descriptor]) -> Manifest | None:
    current = None
    for entry in found:
        current = merge_referrer(current, entry, SUBJECT)
    return current


@given(lists)
def test_every_entry_is_kept_as_it_was(found: list[Descriptor]) -> None:
    merged = merge_all(found)
    assert merged is None or set(map(repr, parse_referrers(merged.raw))) == set(map(repr, found))


@given(lists.filter(lambda found: len(found) <= 4))
def test_order_of_writers_does_not_matter(found: list[Descriptor]) -> None:
    results = {merged.raw for order in itertools.permutations(found) if (merged := merge_all(list(order)))}
    assert len(results) <= 1


@given(lists, entries)
def test_merging_again_changes_nothing(found: list[Descriptor], entry: Descriptor) -> None:
    once = merge_referrer(merge_all(found), entry, SUBJECT)
    assert merge_referrer(once, entry, SUBJECT).raw == once.raw


@given(lists, entries)
def test_removing_what_was_merged_leaves_the_rest(found: list[Descriptor], entry: Descriptor) -> None:
    others = [other for other in found if other.digest != entry.digest]
    merged = merge_referrer(merge_all(others), entry, SUBJECT)
    left = parse_referrers(remove_referrer(merged, entry.digest).raw)
    assert {other.digest for other in left} == {other.digest for other in others}


@given(entries, entries, foreign_members, foreign_members)
def test_foreign_members_survive(
    theirs: Descriptor, ours: Descriptor, in_entry: dict[str, str], in_list: dict[str, str]
) -> None:
    foreign = in_entry | theirs.encode()
    document = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [foreign]}
    merged = merge_referrer(Manifest.parse(encode_json(in_list | document)), ours, SUBJECT)
    assert encode_json(foreign) in merged.raw
    assert all(encode_json({name: text})[1:-1] in merged.raw for name, text in in_list.items())


@given(st.binary(max_size=200))
def test_only_malformed_errors_leave_the_parser(raw: bytes) -> None:
    with contextlib.suppress(MalformedError):
        parse_referrers(raw)


@given(st.recursive(st.none() | st.integers() | texts, lambda inner: st.lists(inner) | st.dictionaries(texts, inner)))
def test_only_malformed_errors_leave_for_any_json(entry: object) -> None:
    with contextlib.suppress(MalformedError):
        parse_referrers(encode_json({"schemaVersion": 2, "manifests": [entry]}))


@given(digests)
def test_fallback_tag_is_a_tag(digest: Digest) -> None:
    assert parse_tag(fallback_tag(digest)).startswith(f"{digest.algorithm}-{digest.hex[:64]}")


@given(
    st.binary(max_size=8).map(Digest.of),
    st.sampled_from(AttachmentKind),
    st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,20}", fullmatch=True).filter(lambda text: "sha256-" not in text)
    | st.just(""),
)
def test_attachment_tag_is_read_as_it_was_written(subject: Digest, kind: AttachmentKind, prefix: str) -> None:
    parts = AttachmentTag(subject, kind, prefix)
    assert AttachmentTag.parse(parts.encode()) == parts
