"""Flags about who has to have signed: keys, some of which count in their time only, or identities."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from cosignpy.cli.identity_flags import IdentityFlags
from cosignpy.cli.signer_flags import SignerFlags
from cosignpy.core.policy.bundle import SignedByIdentity, SignedByKey
from cosignpy.core.policy.key_window import KeyWindow
from cosignpy.errors import FileError, UsageError
from tests.support.signed import KEY, OTHER_KEY

NOBODY: Final = IdentityFlags()
TWO: Final = IdentityFlags(certificate_identity=["alice", "bob"], certificate_oidc_issuer=["https://issuer.test"])
START: Final = datetime(2026, 1, 1, tzinfo=UTC)
END: Final = datetime(2026, 2, 1, tzinfo=UTC)
TIMED: Final = "key=a.pub,start-time=2026-01-01T00:00:00Z,end-time=2026-02-01T00:00:00Z"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("a.pub").write_bytes(KEY.public_key.encode_pem())
    Path("again.pub").write_bytes(KEY.public_key.encode_pem())
    Path("b.pub").write_bytes(OTHER_KEY.public_key.encode_pem())
    return tmp_path


def keys(*texts: str) -> SignedByKey:
    found = SignerFlags(key=list(texts)).signer(NOBODY)
    assert isinstance(found, SignedByKey)
    return found


def test_keys_count_at_any_time_unless_they_are_given_one() -> None:
    assert keys("a.pub", "b.pub", "again.pub") == SignedByKey((KEY.public_key, OTHER_KEY.public_key))
    both = keys(TIMED, "b.pub")
    assert both.keys == (KEY.public_key, OTHER_KEY.public_key)
    assert both.windows == {KEY.public_key: KeyWindow(START, END)}


@pytest.mark.parametrize(
    ("text", "window"),
    [
        ("key=a.pub,start-time=2026-01-01T01:00:00+01:00", KeyWindow(START)),
        ("key=a.pub,end-time=2026-02-01T00:00:00Z", KeyWindow(None, END)),
    ],
)
def test_start_or_end_may_be_open(text: str, window: KeyWindow) -> None:
    assert keys(text).windows == {KEY.public_key: window}


@pytest.mark.parametrize(
    "text",
    [
        "key=a.pub",
        "key=",
        "key=a.pub,start-time=yesterday",
        "key=a.pub,start-time=2026-01-01T00:00:00Z,end-time=",
        "key=a.pub,start-time=,end-time=2026-01-01T00:00:00Z",
        "key=a.pub,start-time=2026-01-01",
        "key=a.pub,start-time=2026-02-01T00:00:00Z,end-time=2026-01-01T00:00:00Z",
        "key=a.pub,start-time=2026-01-01T00:00:00Z,end-time=2026-01-01T00:00:00Z",
        "key=a.pub,until=2026-01-01T00:00:00Z",
        "key=a.pub,key=b.pub,start-time=2026-01-01T00:00:00Z",
        "key=a.pub,start-time=2026-01-01T00:00:00Z,",
    ],
)
def test_a_time_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        keys(text)


def test_a_key_with_a_time_needs_its_name() -> None:
    with pytest.raises(UsageError) as caught:
        keys(TIMED.removeprefix("key="))
    assert caught.value.hint == f"write --key {TIMED}"


@pytest.mark.parametrize("other", ["a.pub", "again.pub", "key=again.pub,start-time=2026-01-01T00:00:00Z"])
def test_one_key_counts_in_one_time(other: str) -> None:
    assert keys(TIMED, TIMED, TIMED.replace("a.pub", "again.pub")).windows == {KEY.public_key: KeyWindow(START, END)}
    for texts in ((TIMED, other), (other, TIMED)):
        with pytest.raises(UsageError, match="given twice"):
            keys(*texts)


def test_a_file_with_an_equals_sign_is_still_a_file() -> None:
    Path("key=a.pub").write_bytes(KEY.public_key.encode_pem())
    assert keys("./key=a.pub").keys == (KEY.public_key,)
    with pytest.raises(FileError):
        keys("key=none.pub,start-time=2026-01-01T00:00:00Z")


def test_each_identity_is_a_rule() -> None:
    found = SignerFlags().signer(TWO)
    assert isinstance(found, SignedByIdentity)
    assert len(found.rules) == 2


def test_key_and_identity_exclude_each_other() -> None:
    with pytest.raises(UsageError, match="a key and an identity"):
        SignerFlags(key=["a.pub"]).signer(TWO)
    with pytest.raises(UsageError, match="nobody to verify against"):
        SignerFlags().signer(NOBODY)
    with pytest.raises(UsageError, match="about certificates"):
        SignerFlags(key=["a.pub"], use_signed_timestamps=True).signer(NOBODY)
