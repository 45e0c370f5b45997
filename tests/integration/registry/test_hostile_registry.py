"""Registries that lie, fail or never end: each gets one typed error, and nothing is taken for what it is not."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import Final

import pytest

from cosignpy.core.digest import Digest
from cosignpy.core.encoding import encode_json
from cosignpy.core.oci.manifest import OCI_INDEX, OCI_MANIFEST, ArtifactManifest, Descriptor, Manifest
from cosignpy.core.oci.referrers import MAX_REFERRERS, fallback_tag
from cosignpy.errors import (
    AccessDenied,
    CosignError,
    DigestMismatch,
    LimitExceeded,
    MalformedError,
    NoSuchTag,
    RateLimited,
    RemoteError,
    Unreachable,
)
from cosignpy.localregistry.faults import BodyFault, Faults, Kind, ScriptedAnswer
from cosignpy.localregistry.server import LocalRegistry, RegistryOptions
from cosignpy.net.retry import NO_RETRIES
from cosignpy.registry.options import RegistryOptions as ClientOptions
from cosignpy.registry.referrers import MAX_LISTED
from cosignpy.registry.repository import RemoteRepository
from cosignpy.registry.session import RegistrySession
from tests.support.repository_contract import LATEST, push_referrer

NAME: Final = "team/app"
IMAGE: Final = ArtifactManifest(
    config=Descriptor.of(b"{}", "application/vnd.oci.image.config.v1+json"),
    layers=(Descriptor.of(b"layer", "application/vnd.oci.image.layer.v1.tar"),),
).build()
SUBJECT: Final = IMAGE.digest
Connect = Callable[[Faults], RemoteRepository]


@pytest.fixture
def connect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connect]:
    """Serve content pushed in peace, then with faults."""
    folder = tmp_path_factory.mktemp("registry")
    with LocalRegistry(RegistryOptions(directory=folder)) as peaceful:
        session = RegistrySession(peaceful.address, ClientOptions())
        repository = RemoteRepository(session, NAME)
        repository.push_blob(b"{}")
        repository.push_blob(b"layer")
        repository.push_manifest(IMAGE, LATEST)
        push_referrer(repository, IMAGE, b"bundle")
        session.close()
    with ExitStack() as stack:

        def connect(faults: Faults) -> RemoteRepository:
            registry = stack.enter_context(LocalRegistry(RegistryOptions(directory=folder, faults=faults)))
            options = ClientOptions(read_timeout=0.3, retry=NO_RETRIES)
            session = RegistrySession(registry.address, options)
            stack.callback(session.close)
            return RemoteRepository(session, NAME)

        yield connect


def manifest_answer(name: object, body: bytes, **headers: str) -> Faults:
    content_type = {"Content-Type": headers.pop("content_type", OCI_MANIFEST)}
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    answer = ScriptedAnswer("GET", f"/v2/{NAME}/manifests/{name}", headers=content_type | named, body=body)
    return Faults(scripted=(answer,))


def referrers_answer(body: bytes, content_type: str = OCI_INDEX, status: int = 200) -> Faults:
    path = f"/v2/{NAME}/referrers/{SUBJECT}"
    return Faults(scripted=(ScriptedAnswer("GET", path, status, {"Content-Type": content_type}, body),))


def listing(*entries: Mapping[str, object], **members: object) -> bytes:
    return encode_json({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": list(entries)} | members)


def test_peaceful_registry_serves(connect: Connect) -> None:
    repository = connect(Faults())
    assert repository.fetch_manifest(LATEST) == IMAGE
    assert repository.fetch_blob(IMAGE.layers[0]) == b"layer"
    assert len(repository.fetch_referrers(SUBJECT)) == 1


# --- manifests ------------------------------------------------------------------------------------


def test_manifest_of_another_digest_is_refused(connect: Connect) -> None:
    other = IMAGE.raw.replace(b"tar", b"TAR")
    with pytest.raises(DigestMismatch) as caught:
        connect(manifest_answer(SUBJECT, other)).fetch_manifest(SUBJECT)
    assert caught.value.wanted == str(SUBJECT)
    assert caught.value.found == str(Digest.of(other))


def test_manifest_by_tag_must_have_the_digest_that_the_registry_names(connect: Connect) -> None:
    faults = manifest_answer(LATEST, IMAGE.raw, Docker_Content_Digest=str(Digest.of(b"other")))
    with pytest.raises(DigestMismatch):
        connect(faults).fetch_manifest(LATEST)


def test_manifest_by_tag_from_a_registry_that_names_no_digest_is_computed(connect: Connect) -> None:
    assert connect(manifest_answer(LATEST, IMAGE.raw)).fetch_manifest(LATEST).digest == SUBJECT


def test_manifest_by_tag_may_be_named_by_sha512(connect: Connect) -> None:
    digest = Digest.of(IMAGE.raw, "sha512")
    faults = manifest_answer(LATEST, IMAGE.raw, Docker_Content_Digest=str(digest))
    assert connect(faults).fetch_manifest(LATEST).digest == digest


@pytest.mark.parametrize(
    "faults",
    [
        manifest_answer(LATEST, b"<html>", content_type="text/html"),
        manifest_answer(LATEST, IMAGE.raw, content_type=OCI_INDEX),
        manifest_answer(LATEST, b"{"),
        manifest_answer(LATEST, b""),
        manifest_answer(LATEST, IMAGE.raw, Docker_Content_Digest="sha256:00"),
    ],
    ids=["page", "other-type", "cut", "empty", "bad-digest"],
)
def test_answer_that_is_no_manifest_is_refused(connect: Connect, faults: Faults) -> None:
    with pytest.raises(MalformedError):
        connect(faults).fetch_manifest(LATEST)


def test_manifest_over_the_limit_is_refused(connect: Connect) -> None:
    with pytest.raises(LimitExceeded):
        connect(manifest_answer(LATEST, b" " * ((4 << 20) + 1))).fetch_manifest(LATEST)


# --- statuses and transport -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "error"),
    [(401, AccessDenied), (403, AccessDenied), (404, NoSuchTag), (429, RateLimited), (500, RemoteError)],
)
def test_failure_of_a_manifest_has_its_class(connect: Connect, status: int, error: type[CosignError]) -> None:
    with pytest.raises(error) as caught:
        connect(Faults(status=status)).fetch_manifest(LATEST)
    assert type(caught.value) is error


@pytest.mark.parametrize(
    ("status", "error"), [(401, AccessDenied), (403, AccessDenied), (429, RateLimited), (500, RemoteError)]
)
@pytest.mark.parametrize(
    "ask",
    [
        lambda repository: repository.fetch_referrers(SUBJECT),
        lambda repository: repository.fetch_blob(IMAGE.layers[0]),
        lambda repository: list(repository.stream_blob(IMAGE.layers[0])),
        lambda repository: repository.has_blob(SUBJECT),
        lambda repository: repository.fetch_tags(),
        lambda repository: repository.delete_manifest(SUBJECT),
        lambda repository: repository.push_blob(b"content"),
        lambda repository: repository.push_stream(IMAGE.layers[0], iter([b"layer"])),
        lambda repository: repository.push_manifest(IMAGE),
        lambda repository: repository.update_tag(LATEST, lambda _: IMAGE),
    ],
    ids=["referrers", "blob", "stream", "has", "tags", "delete", "push-blob", "push-stream", "push", "update"],
)
def test_failure_is_never_mistaken_for_absence(
    connect: Connect, status: int, error: type[CosignError], ask: Callable[[RemoteRepository], object]
) -> None:
    with pytest.raises(error) as caught:
        ask(connect(Faults(status=status)))
    assert type(caught.value) is error
    assert isinstance(caught.value, RemoteError)
    assert caught.value.status == status


BODY_FAULTS: Final = {
    BodyFault.TRUNCATE: Unreachable,
    BodyFault.STALL: Unreachable,
    BodyFault.ALTER: CosignError,
    BodyFault.ENDLESS: LimitExceeded,
}


@pytest.mark.parametrize(("fault", "error"), BODY_FAULTS.items(), ids=BODY_FAULTS)
def test_broken_manifest_body_is_refused(connect: Connect, fault: BodyFault, error: type[CosignError]) -> None:
    with pytest.raises(error):
        connect(Faults(body=fault)).fetch_manifest(SUBJECT)


@pytest.mark.parametrize(("fault", "error"), BODY_FAULTS.items(), ids=BODY_FAULTS)
def test_broken_blob_body_is_refused(connect: Connect, fault: BodyFault, error: type[CosignError]) -> None:
    with pytest.raises(error):
        connect(Faults(body=fault)).fetch_blob(IMAGE.layers[0])


@pytest.mark.parametrize("fault", BODY_FAULTS)
def test_broken_blob_stream_is_refused(connect: Connect, fault: BodyFault) -> None:
    with pytest.raises((Unreachable, DigestMismatch)):
        list(connect(Faults(body=fault)).stream_blob(IMAGE.layers[0]))


def test_altered_blob_has_the_wrong_digest(connect: Connect) -> None:
    with pytest.raises(DigestMismatch):
        connect(Faults(body=BodyFault.ALTER)).fetch_blob(IMAGE.layers[0])


def test_reset_is_told_as_unreachable(connect: Connect) -> None:
    with pytest.raises(Unreachable):
        connect(Faults(resets=9)).fetch_manifest(LATEST)


# --- lists of referrers ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        listing(mediaType="application/json"),
        listing({"mediaType": OCI_MANIFEST, "size": 1, "digest": "sha256:zz"}),
        listing({"mediaType": OCI_MANIFEST, "digest": str(SUBJECT)}),
    ],
    ids=["array", "type", "digest", "size"],
)
def test_list_that_is_none_is_refused(connect: Connect, body: bytes) -> None:
    with pytest.raises(MalformedError):
        connect(referrers_answer(body)).fetch_referrers(SUBJECT)


def test_entry_with_a_lying_digest_is_found_out_when_it_is_fetched(connect: Connect) -> None:
    lying = Descriptor(OCI_MANIFEST, Digest.of(b"something else"), 14)
    answer = manifest_answer(lying.digest, IMAGE.raw).scripted
    repository = connect(Faults(scripted=(*answer, *referrers_answer(listing(lying.encode())).scripted)))
    (found,) = repository.fetch_referrers(SUBJECT)
    with pytest.raises(DigestMismatch):
        repository.fetch_manifest(found.digest)


def many(count: int) -> bytes:
    return listing(*(Descriptor(OCI_MANIFEST, Digest.of(b"%d" % number), 1).encode() for number in range(count)))


def test_list_of_ten_thousand_is_read(connect: Connect) -> None:
    assert len(connect(referrers_answer(many(MAX_REFERRERS))).fetch_referrers(SUBJECT)) == 10_000


def test_list_of_more_is_refused(connect: Connect) -> None:
    with pytest.raises(LimitExceeded):
        connect(referrers_answer(many(MAX_REFERRERS + 1))).fetch_referrers(SUBJECT)


@pytest.mark.parametrize("fault", BODY_FAULTS)
def test_broken_list_is_never_an_empty_one(connect: Connect, fault: BodyFault) -> None:
    with pytest.raises(CosignError):
        connect(Faults(body=fault, only=frozenset({Kind.REFERRERS}))).fetch_referrers(SUBJECT)


@pytest.mark.parametrize(
    "answer",
    [
        referrers_answer(b"<html>", content_type="text/html"),
        referrers_answer(listing(), content_type="application/json"),
        referrers_answer(b"", status=404),
        referrers_answer(b"", status=400),
        referrers_answer(b"", status=406),
    ],
    ids=["page", "json", "404", "400", "406"],
)
def test_registry_without_the_api_is_asked_for_the_fallback_tag(connect: Connect, answer: Faults) -> None:
    entry = Descriptor(OCI_MANIFEST, Digest.of(b"signature"), 9)
    listed = manifest_answer(fallback_tag(SUBJECT), listing(entry.encode()), content_type=OCI_INDEX)
    repository = connect(Faults(scripted=(*answer.scripted, *listed.scripted)))
    assert repository.fetch_referrers(SUBJECT) == (entry,)
    # 400 may be about this subject's digest alone, so it is remembered for no other.
    assert repository.referrers.is_missing == (answer.scripted[0].status != 400)


def test_image_under_its_own_fallback_tag_lists_nothing(connect: Connect) -> None:
    """`cosign copy` tags images so."""
    copied = manifest_answer(fallback_tag(SUBJECT), IMAGE.raw)
    repository = connect(Faults(scripted=(*referrers_answer(b"", status=404).scripted, *copied.scripted)))
    assert repository.fetch_referrers(SUBJECT) == ()


def test_other_image_under_the_fallback_tag_is_refused(connect: Connect) -> None:
    other = replace_layer(IMAGE)
    copied = manifest_answer(fallback_tag(SUBJECT), other.raw)
    repository = connect(Faults(scripted=(*referrers_answer(b"", status=404).scripted, *copied.scripted)))
    with pytest.raises(MalformedError):
        repository.fetch_referrers(SUBJECT)


def replace_layer(image: Manifest) -> Manifest:
    return ArtifactManifest(config=image.layers[0], layers=()).build()


# --- pages ----------------------------------------------------------------------------------------


def page(path: str, body: bytes, link: str, status: int = 200) -> ScriptedAnswer:
    headers = {"Content-Type": OCI_INDEX} | ({"Link": link} if link else {})
    return ScriptedAnswer("GET", path, status, headers, body)


FIRST: Final = f"/v2/{NAME}/referrers/{SUBJECT}"
SECOND: Final = f"/v2/{NAME}/referrers/second"


def entry_of(content: bytes) -> Descriptor:
    return Descriptor(OCI_MANIFEST, Digest.of(content), len(content))


def two_pages(link: str, second: ScriptedAnswer) -> Faults:
    return Faults(scripted=(page(FIRST, listing(entry_of(b"1").encode()), link), second))


@pytest.mark.parametrize(
    "link",
    [
        f'<{SECOND}>; rel="next"',
        f"<{SECOND}>;rel=next",
        '<second>; title="x"; rel="next"',
        f'<x>; rel="prev", <{SECOND}>; rel="next"',
    ],
)
def test_pages_are_followed(connect: Connect, link: str) -> None:
    faults = two_pages(link, page(SECOND, listing(entry_of(b"2").encode()), ""))
    assert connect(faults).fetch_referrers(SUBJECT) == (entry_of(b"1"), entry_of(b"2"))


@pytest.mark.parametrize(
    "link", ['<http://evil.example/v2/x>; rel="next"', '</elsewhere>; rel="next"', '<ftp://x/>; rel="next"']
)
def test_page_elsewhere_is_not_fetched(connect: Connect, link: str) -> None:
    with pytest.raises(MalformedError):
        connect(two_pages(link, page(SECOND, listing(), ""))).fetch_referrers(SUBJECT)


def test_pages_without_end_are_refused(connect: Connect) -> None:
    loop = Faults(scripted=(page(FIRST, listing(), f'<{FIRST}>; rel="next"'),))
    with pytest.raises(LimitExceeded):
        connect(loop).fetch_referrers(SUBJECT)


def test_pages_that_repeat_their_entries_without_end_are_refused(connect: Connect) -> None:
    body = listing(entry_of(b"1").encode() | {"annotations": {"padding": "x" * (MAX_LISTED // 10)}})
    loop = Faults(scripted=(page(FIRST, body, f'<{FIRST}>; rel="next"'),))
    with pytest.raises(LimitExceeded) as caught:
        connect(loop).fetch_referrers(SUBJECT)
    assert "bytes" in caught.value.why


def test_failure_of_a_further_page_is_a_failure(connect: Connect) -> None:
    faults = two_pages(f'<{SECOND}>; rel="next"', page(SECOND, b"", "", status=404))
    with pytest.raises(RemoteError) as caught:
        connect(faults).fetch_referrers(SUBJECT)
    assert caught.value.status == 404


def test_further_page_of_another_type_is_refused(connect: Connect) -> None:
    second = ScriptedAnswer("GET", SECOND, 200, {"Content-Type": "text/html"}, listing())
    with pytest.raises(MalformedError):
        connect(two_pages(f'<{SECOND}>; rel="next"', second)).fetch_referrers(SUBJECT)


# --- tags and deletion ----------------------------------------------------------------------------


@pytest.mark.parametrize("tags", [["ok", "not a tag"], [1], "v1"], ids=str)
def test_list_of_tags_that_is_none_is_refused(connect: Connect, tags: object) -> None:
    answer = ScriptedAnswer("GET", f"/v2/{NAME}/tags/list", body=json.dumps({"name": NAME, "tags": tags}).encode())
    with pytest.raises(MalformedError):
        connect(Faults(scripted=(answer,))).fetch_tags()


def test_more_tags_than_any_repository_has_are_refused(connect: Connect) -> None:
    first, second = f"/v2/{NAME}/tags/list", f"/v2/{NAME}/tags/more"
    bodies = [encode_json({"tags": [f"{kind}{number}" for number in range(100_001)]}) for kind in "ab"]
    pages = (
        ScriptedAnswer("GET", first, headers={"Link": f'<{second}>; rel="next"'}, body=bodies[0]),
        ScriptedAnswer("GET", second, body=bodies[1]),
    )
    with pytest.raises(LimitExceeded):
        connect(Faults(scripted=pages)).fetch_tags()


def test_absent_repository_has_no_list_of_tags(connect: Connect) -> None:
    answer = ScriptedAnswer("GET", f"/v2/{NAME}/tags/list", 404)
    with pytest.raises(NoSuchTag):
        connect(Faults(scripted=(answer,))).fetch_tags()


def test_registry_without_deletion_is_told_with_a_hint(connect: Connect) -> None:
    with pytest.raises(RemoteError) as caught:
        connect(Faults(no_deletes=True)).delete_manifest(SUBJECT)
    assert caught.value.status == 405
    assert caught.value.hint


# --- pushes ---------------------------------------------------------------------------------------


def test_registry_that_stores_another_manifest_is_found_out(connect: Connect) -> None:
    path = f"/v2/{NAME}/manifests/{SUBJECT}"
    answer = ScriptedAnswer("PUT", path, 201, {"Docker-Content-Digest": str(Digest.of(b"other"))})
    with pytest.raises(DigestMismatch):
        connect(Faults(scripted=(answer,))).push_manifest(IMAGE)


def test_registry_that_does_not_say_what_it_stored_is_believed(connect: Connect) -> None:
    path = f"/v2/{NAME}/manifests/{SUBJECT}"
    repository = connect(Faults(scripted=(ScriptedAnswer("PUT", path, 201),)))
    repository.push_manifest(IMAGE)
    assert repository.name.endswith(f"/{NAME}")


@pytest.mark.parametrize("status", [400, 500])
def test_list_that_is_refused_for_no_missing_referrer_is_a_failure(connect: Connect, status: int) -> None:
    refusal = ScriptedAnswer("PUT", f"/v2/{NAME}/manifests/{fallback_tag(SUBJECT)}", status)
    repository = connect(Faults(no_referrers_api=True, scripted=(refusal,)))
    with pytest.raises(RemoteError) as caught:
        push_referrer(repository, IMAGE, b"another")
    assert caught.value.status == status


def test_upload_that_says_not_where_it_goes_on_is_refused(connect: Connect) -> None:
    answer = ScriptedAnswer("POST", f"/v2/{NAME}/blobs/uploads/", 202)
    with pytest.raises(RemoteError):
        connect(Faults(scripted=(answer,))).push_blob(b"content")
