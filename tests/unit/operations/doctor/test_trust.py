"""Whether the trusted root believes anybody now."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cosignpy.core.encoding import encode_b64, encode_json
from cosignpy.errors import FileError
from cosignpy.operations.doctor.facts import Document, Facts
from cosignpy.operations.doctor.findings import Finding, State
from cosignpy.operations.doctor.trust import SOON, check_trust, read_root
from tests.support.certificates import Authority
from tests.support.trust_documents import INTERMEDIATE, ROOT, STAMPER, authority_of, changed, trusted_root

AT = datetime(2026, 1, 1, 0, 5, tzinfo=UTC)
"""When the example's certificates are all valid."""


def check(content: bytes, at: datetime = AT) -> list[Finding]:
    return list(check_trust(Facts(at, trusted_root=Document("root.json", content))))


def bad(content: bytes, at: datetime = AT) -> list[str]:
    return [finding.name for finding in check(content, at) if finding.state is not State.OK]


def spell(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_of_each_kind_it_is_told_how_many_are_in_use() -> None:
    found = [finding.text for finding in check(without_end())]
    assert found[0] == "root.json can be read"
    assert found[1] == "transparency logs: 2 of 2 in use"
    assert found[3] == "certificate transparency logs: 1 of 1 in use"


def without_end() -> bytes:
    return encode_json(trusted_root())


def test_kinds_of_which_there_is_none_are_left_out() -> None:
    document = trusted_root()
    del document["timestampAuthorities"]
    assert not [finding for finding in check(encode_json(document)) if "timestamp" in finding.text]


@pytest.mark.parametrize("name", ["ctlogs", "certificateAuthorities", "timestampAuthorities"])
def test_a_kind_that_has_ended_whole_is_a_problem(name: str) -> None:
    document, member = trusted_root(), "validFor" if name != "ctlogs" else "publicKey.validFor"
    ended = {"start": "2024-01-01T00:00:00Z", "end": spell(AT - timedelta(seconds=1))}
    before = bad(without_end())
    after = bad(changed(document, f"{name}.0.{member}", ended))
    assert "trusted-root-none-in-use" not in before
    assert "trusted-root-none-in-use" in after


def test_one_of_several_that_ended_is_how_it_goes() -> None:
    ended = {"start": "2024-01-01T00:00:00Z", "end": spell(AT - timedelta(seconds=1))}
    found = check(changed(trusted_root(), "tlogs.0.publicKey.validFor", ended))
    assert found[1].text == "transparency logs: 1 of 2 in use"


def test_a_kind_that_is_yet_to_begin() -> None:
    later = {"start": spell(AT + timedelta(days=1))}
    assert "trusted-root-not-yet" in bad(changed(trusted_root(), "ctlogs.0.publicKey.validFor", later))


@pytest.mark.parametrize(("left", "warned"), [(SOON, False), (SOON - timedelta(seconds=1), True)])
def test_the_last_of_a_kind_that_ends_soon_is_told(left: timedelta, warned: bool) -> None:
    ending = {"start": "2024-01-01T00:00:00Z", "end": spell(AT + left)}
    found = check(changed(trusted_root(), "ctlogs.0.publicKey.validFor", ending))
    (told,) = (finding for finding in found if finding.text.startswith("certificate transparency logs"))
    assert told.name == ("trusted-root-ends-soon" if warned else "trusted-root-in-use")


def test_that_one_ends_soon_is_no_matter_where_another_follows() -> None:
    document = trusted_root()
    follower = changed_log(document, {"start": spell(AT + timedelta(days=5))})
    document["ctlogs"][0]["publicKey"]["validFor"] = {
        "start": "2024-01-01T00:00:00Z",
        "end": spell(AT + timedelta(days=6)),
    }
    document["ctlogs"].append(follower)
    found = check(encode_json(document))
    (told,) = (finding for finding in found if finding.text.startswith("certificate transparency logs"))
    assert told.name == "trusted-root-in-use"


def changed_log(document: dict[str, Any], validity: dict[str, str]) -> dict[str, Any]:
    log = document["ctlogs"][0]
    return {**log, "publicKey": {**log["publicKey"], "validFor": validity}}


def test_a_certificate_that_expired_ends_its_authority() -> None:
    late = AT + timedelta(days=36_500)
    found = {finding.text.partition(":")[0] for finding in check(without_end(), late) if finding.state is State.PROBLEM}
    assert found == {"certificate authorities", "timestamp authorities"}


def test_a_certificate_that_expires_before_its_authority_counts() -> None:
    first = min(each.not_after for each in (STAMPER, ROOT.certificate))
    found = check(without_end(), first - timedelta(seconds=1))
    (told,) = (finding for finding in found if finding.text.startswith("timestamp authorities"))
    assert told.name == "trusted-root-ends-soon"


def test_the_end_of_an_authority_counts_before_its_certificates() -> None:
    until = AT + timedelta(seconds=1)
    ending = {"start": "2026-01-01T00:00:00Z", "end": spell(until)}
    found = check(changed(trusted_root(), "certificateAuthorities.0.validFor", ending))
    (told,) = (finding for finding in found if finding.text.startswith("certificate authorities"))
    assert told.text.endswith("2026-01-01 00:05 UTC")


def test_a_key_of_an_unknown_kind_is_a_warning() -> None:
    found = check(changed(trusted_root(), "tlogs.0.publicKey.keyDetails", "PKIX_OF_TOMORROW"))
    told = [finding for finding in found if finding.name == "trusted-root-unknown-key"]
    assert len(told) == 2
    assert {finding.state for finding in found} - {State.OK} == {State.WARNING}


def test_what_the_lint_finds_is_told() -> None:
    stranger = Authority.root("stranger")
    chain = authority_of("https://ca.example", INTERMEDIATE.der, stranger.der)
    assert "trusted-root-faulty" in bad(changed(trusted_root(), "certificateAuthorities.0", chain))
    assert "trusted-root-doubtful" in bad(changed(trusted_root(), "tlogs.1.logId.keyId", encode_b64(b"x" * 32)))


def test_a_list_that_is_not_there_is_for_the_lint_alone() -> None:
    document = trusted_root()
    del document["ctlogs"]
    assert bad(encode_json(document)) == bad(without_end())


@pytest.mark.parametrize(
    "document",
    [Document("root.json", b"{"), Document("root.json", error=FileError("root.json", "no such file"))],
    ids=["malformed", "missing"],
)
def test_one_that_cannot_be_read_is_a_problem(document: Document) -> None:
    (found,) = check_trust(Facts(AT, trusted_root=document))
    assert (found.name, found.text.partition(":")[0]) == ("trusted-root-unreadable", "root.json")
    assert read_root(document) is None


def test_what_is_wrong_is_told_with_its_source_once() -> None:
    named = FileError("root.json", "no such file")
    (found,) = check_trust(Facts(AT, trusted_root=Document("root.json", error=named)))
    assert found.text == "root.json: no such file"
    (found,) = check_trust(Facts(AT, trusted_root=Document("trusted_root.json of the mirror", error=named)))
    assert found.text == "trusted_root.json of the mirror: root.json: no such file"


def test_none_is_configured() -> None:
    (found,) = check_trust(Facts(AT))
    assert found.name == "trusted-root-not-read"
    assert read_root(None) is None
