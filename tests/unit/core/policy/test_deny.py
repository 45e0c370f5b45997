"""Deny lists, and the files that teams share."""

from hashlib import sha256
from typing import Final

import pytest

from cosignpy.core.policy.deny import DeniedCertificate, DeniedIdentity, DeniedKey, DenyList
from cosignpy.core.policy.deny_file import MAX_ENTRIES, parse_deny_list, parse_sha256
from cosignpy.core.policy.identity import CertificateIdentity, Containing, Exactly
from cosignpy.errors import Denied, LimitExceeded, MalformedError
from tests.support.signed import KEY, OTHER_KEY
from tests.support.virtual_sigstore import ALICE, EMAIL, ISSUER

DIGEST: Final = sha256(KEY.public_key.spki).digest()
FOUND: Final = CertificateIdentity((EMAIL,), {8: ISSUER})


def test_a_key_on_the_list_is_refused_by_the_entry_that_has_it() -> None:
    listed = DenyList(keys=(DeniedKey(bytes(32), "other"), DeniedKey(DIGEST, "team.deny line 3")))
    listed.refuse_key(OTHER_KEY.public_key)
    DenyList().refuse_key(KEY.public_key)
    with pytest.raises(Denied) as refused:
        listed.refuse_key(KEY.public_key)
    assert refused.value.what == f"the key {KEY.public_key.fingerprint}"
    assert refused.value.entry == f"key {KEY.public_key.fingerprint} (team.deny line 3)"


def test_a_certificate_on_the_list_is_refused_wherever_it_is_in_the_path() -> None:
    listed = DenyList(certificates=(DeniedCertificate(bytes(32)), DeniedCertificate(sha256(b"a").digest())))
    listed.refuse_certificates((b"b", b"c"))
    for path in ((b"a", b"b"), (b"b", b"a")):
        with pytest.raises(Denied) as refused:
            listed.refuse_certificates(path)
        assert refused.value.entry == f"certificate sha256:{sha256(b'a').hexdigest()}"


@pytest.mark.parametrize(
    ("rule", "denied"),
    [
        (Exactly(EMAIL), True),
        (Exactly("mallory@example.com"), False),
        (Exactly(EMAIL[:-1]), False),
        (Containing.parse("@example"), True),
        (Containing.parse("^example"), False),
        (ALICE, True),
    ],
)
def test_an_identity_on_the_list_is_refused_whoever_vouches(rule: Exactly | Containing, denied: bool) -> None:
    listed = DenyList(identities=(DeniedIdentity(Exactly("nobody")), DeniedIdentity(rule, "here")))
    if not denied:
        listed.refuse_identity(FOUND)
        return
    with pytest.raises(Denied) as refused:
        listed.refuse_identity(FOUND)
    assert (refused.value.what, refused.value.entry) == (f"the identity {FOUND}", f"identity {rule} (here)")


def test_an_identity_of_several_names_is_refused_for_one() -> None:
    listed = DenyList(identities=(DeniedIdentity(Exactly(EMAIL)),))
    with pytest.raises(Denied):
        listed.refuse_identity(CertificateIdentity(("another", EMAIL), {8: "https://elsewhere.test"}))


def test_a_whole_rule_denies_by_issuer_too() -> None:
    DenyList(identities=(DeniedIdentity(ALICE),)).refuse_identity(CertificateIdentity((EMAIL,), {8: "https://other"}))


def test_a_list_of_all_kinds_is_sorted_by_kind() -> None:
    key, certificate, identity = DeniedKey(DIGEST), DeniedCertificate(DIGEST), DeniedIdentity(ALICE)
    assert DenyList.of([identity, key, certificate]) == DenyList((key,), (certificate,), (identity,))
    assert DenyList.of([]) == DenyList()


FILE: Final = f"""# why
identity {EMAIL}

  identity-regexp   ^https://github.com/abandoned/ \r
key sha256:{DIGEST.hex()}
certificate sha256:{DIGEST.hex()}
identity a name#with a number sign
"""


def test_a_file_has_an_entry_in_each_line() -> None:
    assert parse_deny_list(FILE.encode(), what="team.deny") == (
        DeniedIdentity(Exactly(EMAIL), "team.deny line 2"),
        DeniedIdentity(Containing.parse("^https://github.com/abandoned/"), "team.deny line 4"),
        DeniedKey(DIGEST, "team.deny line 5"),
        DeniedCertificate(DIGEST, "team.deny line 6"),
        DeniedIdentity(Exactly("a name#with a number sign"), "team.deny line 7"),
    )
    assert parse_deny_list(b"", what="team.deny") == ()


@pytest.mark.parametrize(
    "line",
    [
        "Identity a",
        "identity",
        "identity ",
        "identity\ta",
        "email a",
        "a",
        "identity-regexp (",
        "key a.pub",
        f"key {DIGEST.hex()}",
        f"key sha256:{DIGEST.hex().upper()}",
        f"key sha256:{DIGEST.hex()[1:]}",
        f"key sha512:{DIGEST.hex() * 2}",
        f"certificate sha512:{DIGEST.hex() * 2}",
        "certificate ca.pem",
        "identity a # since 2026",
        "identity-regexp ^a$ #",
    ],
)
def test_a_line_that_is_no_entry_is_refused(line: str) -> None:
    with pytest.raises(MalformedError) as refused:
        parse_deny_list(f"identity a\n{line}\n".encode(), what="team.deny")
    assert refused.value.what == "team.deny line 2"


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(MalformedError, match="not UTF-8"):
        parse_deny_list(b"identity \xff", what="team.deny")
    with pytest.raises(MalformedError):
        parse_deny_list("\ufeffidentity a".encode(), what="team.deny")


def test_there_is_a_limit_to_entries() -> None:
    assert len(parse_deny_list(b"identity a\n" * MAX_ENTRIES, what="x")) == MAX_ENTRIES
    with pytest.raises(LimitExceeded):
        parse_deny_list(b"identity a\n" * (MAX_ENTRIES + 1), what="x")


def test_a_digest_is_one_by_sha256() -> None:
    assert parse_sha256(f"sha256:{DIGEST.hex()}") == DIGEST
    with pytest.raises(MalformedError, match="sha512"):
        parse_sha256(f"sha512:{DIGEST.hex() * 2}")
