"""Listing tags and referrers, page by page ("Listing Tags", "Listing Referrers")."""

import pytest

from cosignpy.localregistry.faults import Faults
from cosignpy.localregistry.server import LocalRegistry, RegistryOptions
from tests.integration.localregistry.wire import (
    EMPTY,
    OCI_INDEX,
    OCI_MANIFEST,
    Answer,
    Json,
    Wire,
    describe,
    digest_of,
    encode,
)

TAGS = ["1.0", "A", "_under", "a", "b-c", "z"]


def next_page(answer: Answer) -> str:
    target, _, relation = answer.headers["link"].partition(">; ")
    assert relation == 'rel="next"'
    return target.removeprefix("<")


@pytest.fixture
def tagged(wire: Wire, repository: str) -> str:
    for tag in reversed(TAGS):
        wire.push_manifest(repository, tag)
    return f"/v2/{repository}/tags/list"


def test_tags_come_in_ascii_order(wire: Wire, tagged: str, repository: str) -> None:
    answer = wire.get(tagged)
    assert answer.json() == {"name": repository, "tags": TAGS}
    assert (answer.headers["content-type"], answer.headers["link"]) == ("application/json", None)


def test_tags_come_in_pages(wire: Wire, tagged: str) -> None:
    seen, path = [], f"{tagged}?n=4"
    answer = wire.get(path)
    while answer.headers["link"]:
        assert len(answer.json()["tags"]) == 4
        seen += answer.json()["tags"]
        answer = wire.get(next_page(answer))
    assert seen + answer.json()["tags"] == TAGS


@pytest.mark.parametrize(
    ("query", "tags"), [({"last": "a"}, TAGS[4:]), ({"last": "aa"}, TAGS[4:]), ({"last": "z"}, []), ({"n": "0"}, [])]
)
def test_tags_after_the_last(wire: Wire, tagged: str, query: dict[str, str], tags: list[str]) -> None:
    answer = wire.get(tagged, **query)
    assert (answer.json()["tags"], answer.headers["link"]) == (tags, None)


@pytest.mark.parametrize("n", ["-1", "x", "1e3", "\u0665"])
def test_a_page_size_that_is_no_number_is_refused(wire: Wire, tagged: str, n: str) -> None:
    assert wire.get(tagged, n=n).status == 400


def test_tags_of_an_unknown_repository(wire: Wire) -> None:
    answer = wire.get("/v2/nobody/knows/tags/list")
    assert (answer.status, answer.code) == (404, "NAME_UNKNOWN")


def test_a_repository_without_tags_has_an_empty_list(wire: Wire, repository: str) -> None:
    wire.push_blob(repository, b"something")
    assert wire.get(f"/v2/{repository}/tags/list").json()["tags"] == []


def push_referrers(wire: Wire, name: str, subject: Json, count: int = 1) -> list[Json]:
    pushed = []
    for number in range(count):
        members = {"artifactType": f"application/x.kind{number % 2}", "annotations": {"n": str(number)}}
        manifest = wire.manifest(name, subject=subject, **members)
        assert wire.put(name, digest_of(manifest), manifest).headers["oci-subject"] == subject["digest"]
        pushed.append(describe(manifest, OCI_MANIFEST) | members)
    return sorted(pushed, key=lambda entry: str(entry["digest"]))


def test_what_nothing_refers_to_has_an_empty_list(wire: Wire, repository: str) -> None:
    for name in (repository, "nobody/knows"):
        answer = wire.get(f"/v2/{name}/referrers/{digest_of(b'anything')}")
        assert (answer.status, answer.headers["content-type"]) == (200, OCI_INDEX)
        assert answer.json() == {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": []}


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_referrers_of_a_subject_that_is_not_there(wire: Wire, repository: str, algorithm: str) -> None:
    subject = describe(b"missing", OCI_MANIFEST, algorithm)
    expected = push_referrers(wire, repository, subject)
    assert wire.get(f"/v2/{repository}/referrers/{subject['digest']}").json()["manifests"] == expected


def test_an_image_and_an_index_as_referrers(wire: Wire, repository: str) -> None:
    subject = wire.push_manifest(repository)
    image = wire.push_manifest(repository, "image", subject=subject)
    index = encode({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [subject], "subject": subject})
    assert wire.put(repository, "index", index, OCI_INDEX).status == 201
    found = wire.get(f"/v2/{repository}/referrers/{subject['digest']}").json()["manifests"]
    expected = [image | {"artifactType": EMPTY}, describe(index, OCI_INDEX)]
    assert sorted(found, key=str) == sorted(expected, key=str)


def test_referrers_are_filtered_by_type(wire: Wire, repository: str) -> None:
    subject = wire.push_manifest(repository)
    expected = push_referrers(wire, repository, subject, 4)
    path = f"/v2/{repository}/referrers/{subject['digest']}"
    answer = wire.get(path, artifactType="application/x.kind1")
    assert answer.json()["manifests"] == [entry for entry in expected if entry["artifactType"].endswith("1")]
    assert answer.headers["oci-filters-applied"] == "artifactType"
    assert wire.get(path, artifactType="application/x.other").json()["manifests"] == []
    assert wire.get(path).headers["oci-filters-applied"] is None


def test_referrers_come_in_pages_with_their_filter() -> None:
    with LocalRegistry(RegistryOptions(faults=Faults(page_size=2))) as registry:
        wire = Wire(registry.address)
        subject = wire.push_manifest("a")
        expected = [e for e in push_referrers(wire, "a", subject, 10) if e["artifactType"].endswith("0")]
        answer, seen = wire.get(f"/v2/a/referrers/{subject['digest']}", artifactType="application/x.kind0"), []
        while answer.headers["link"]:
            assert len(answer.json()["manifests"]) == 2
            seen += answer.json()["manifests"]
            answer = wire.get(next_page(answer))
            assert answer.headers["oci-filters-applied"] == "artifactType"
        assert seen + answer.json()["manifests"] == expected


def test_a_page_of_referrers_is_never_larger_than_a_manifest(wire: Wire, repository: str) -> None:
    subject = wire.push_manifest(repository)
    for number in range(3):
        wire.push_manifest(repository, f"t{number}", subject=subject, annotations={str(number): "A" * 2_500_000})
    answer = wire.get(f"/v2/{repository}/referrers/{subject['digest']}")
    assert len(answer.json()["manifests"]) == 1
    assert len(wire.get(next_page(answer)).json()["manifests"]) == 1


def test_a_deleted_referrer_is_listed_no_more(wire: Wire, repository: str) -> None:
    subject = wire.push_manifest(repository)
    gone, stays = push_referrers(wire, repository, subject, 2)
    assert wire.send("DELETE", f"/v2/{repository}/manifests/{gone['digest']}").status == 202
    assert wire.get(f"/v2/{repository}/referrers/{subject['digest']}").json()["manifests"] == [stays]


def test_referrers_of_what_is_no_digest(wire: Wire, repository: str) -> None:
    assert wire.get(f"/v2/{repository}/referrers/latest").code == "DIGEST_INVALID"
