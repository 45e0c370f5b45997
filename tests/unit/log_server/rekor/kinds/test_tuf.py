"""tuf: metadata and the root that it is verified with."""

import base64
import copy
import json

import pytest

from cosignpy.errors import LimitExceeded, MalformedError, SignatureMismatch
from log_server.rekor.kinds.tuf import canonical_tuf_root
from tests.support.rekor_kinds import accept, load, replaced

VECTOR = load("tuf").proposed
ROOT = VECTOR["spec"]["root"]["content"]


def with_metadata(**members: object) -> dict:
    return replaced(VECTOR, "metadata.content", copy.deepcopy(VECTOR["spec"]["metadata"]["content"]) | members)


def test_role_and_version_find_an_entry() -> None:
    assert accept(VECTOR).search_keys[1:3] == ("timestamp", "7")


def test_members_that_are_not_signed_are_not_logged() -> None:
    assert accept(with_metadata(comment="not signed")) == accept(VECTOR)


def test_signatures_in_capitals_are_logged_in_small_letters() -> None:
    signatures = [each | {"sig": each["sig"].upper()} for each in VECTOR["spec"]["metadata"]["content"]["signatures"]]
    assert accept(with_metadata(signatures=signatures)) == accept(VECTOR)


def test_other_metadata_is_refused() -> None:
    changed = VECTOR["spec"]["metadata"]["content"]["signed"] | {"version": 8}
    with pytest.raises(SignatureMismatch):
        accept(with_metadata(signed=changed))


def test_expired_metadata_is_logged() -> None:
    """The root itself, of which the rest does not matter here: expiry is not looked at anywhere."""
    assert accept(replaced(VECTOR, "metadata.content", ROOT)).search_keys[1] == "root"


def test_a_root_that_too_few_of_its_keys_signed_is_refused() -> None:
    root = copy.deepcopy(ROOT)
    root["signatures"].pop()
    with pytest.raises(SignatureMismatch) as refused:
        accept(replaced(VECTOR, "root.content", root))
    assert "root metadata" in refused.value.why


def test_metadata_in_place_of_the_root_is_refused() -> None:
    with pytest.raises(MalformedError) as refused:
        accept(replaced(VECTOR, "root.content", VECTOR["spec"]["metadata"]["content"]))
    assert refused.value.what == "TUF root"


@pytest.mark.parametrize(
    "members",
    [
        {"signed": {}},
        {"signed": {"_type": "nonsense"}},
        {"signed": {"_type": "timestamp", "version": "seven"}},
        {"signed": "text"},
        {"signatures": [{"keyid": "a", "sig": "xy"}]},
        {"signatures": [{"keyid": "a", "sig": "ab"}] * 2},
        {"signatures": [{"sig": "ab"}]},
        {"signatures": "none"},
    ],
)
def test_what_is_not_metadata_is_refused(members: dict) -> None:
    with pytest.raises(MalformedError):
        accept(with_metadata(**members))


@pytest.mark.parametrize("scheme", ["pgp+rsa-pkcsv1.5", "pgp+eddsa-ed25519", "rsassa-pss-sha256"])
def test_a_root_whose_keys_cannot_be_used_is_refused(scheme: str) -> None:
    root = copy.deepcopy(ROOT)
    for known in root["signed"]["keys"].values():
        known |= {"keytype": "eddsa" if "eddsa" in scheme else "rsa", "scheme": scheme}
    with pytest.raises(SignatureMismatch):
        accept(replaced(VECTOR, "root.content", root))


@pytest.mark.parametrize("path", ["root.content", "metadata.content"])
def test_what_is_too_large_to_be_logged_is_refused_at_once(path: str) -> None:
    found = copy.deepcopy(VECTOR["spec"][path.partition(".")[0]]["content"])
    found["signed"]["comment"] = "a" * 64 * 1024
    with pytest.raises(LimitExceeded) as refused:
        accept(replaced(VECTOR, path, found))
    assert refused.value.what.startswith("TUF")


def test_too_many_signatures_are_refused() -> None:
    with pytest.raises(LimitExceeded):
        accept(with_metadata(signatures=[{"keyid": "a", "sig": "ab"}] * 65))


@pytest.mark.parametrize(
    "content", [None, 1, "?", base64.b64encode(b"[]").decode(), base64.b64encode(b'{"a":1,"a":2}').decode()]
)
@pytest.mark.parametrize("path", ["root.content", "metadata.content"])
def test_content_that_is_no_object_is_refused(path: str, content: object) -> None:
    with pytest.raises(MalformedError):
        accept(replaced(VECTOR, path, content))


@pytest.mark.parametrize("path", ["root.url", "metadata.url"])
def test_a_url_is_refused(path: str) -> None:
    with pytest.raises(MalformedError):
        accept(replaced(VECTOR, path, "https://example.com/"))


def test_a_root_is_found_by_its_canonical_form() -> None:
    spaced = json.dumps(ROOT, indent=4).encode()
    assert canonical_tuf_root(spaced) == canonical_tuf_root(json.dumps(ROOT).encode())
