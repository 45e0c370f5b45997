"""Policies on the command line: who has to have signed, what never counts, and what is said of it."""

from pathlib import Path
from typing import Final

import pytest

from cosignpy.cli.app import run
from cosignpy.cli.deny_flags import DenyFlags
from cosignpy.cli.identity_flags import IdentityFlags
from cosignpy.cli.image_verification import ClaimFlags
from cosignpy.cli.signer_flags import SignerFlags
from cosignpy.core.bundle.protojson import encode_bundle
from cosignpy.core.policy.key_window import KeyWindow
from cosignpy.core.trust.trusted_root import encode_trusted_root
from cosignpy.errors import UsageError
from tests.support.certificates import MIDDLE
from tests.support.virtual_sigstore import (
    ARTIFACT,
    EMAIL,
    ISSUER,
    REKOR_V2,
    ROOT,
    SIGNING,
    USER_KEY,
    Signing,
    certify,
    fulcio_text,
    key_bundle,
    named,
)

Capture = pytest.CaptureFixture[str]
BY_ALICE: Final = ("--certificate-identity", EMAIL, "--certificate-oidc-issuer", ISSUER)
AS_ALICE: Final = ("verify-blob", "--trusted-root=root.json", "--bundle=alice.json", *BY_ALICE)
BY_KEY: Final = ("verify-blob", "--trusted-root=root.json", "--bundle=key.json")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    leaf = certify((*named(), *SIGNING, fulcio_text(11, "github-hosted")))
    for name, content in {
        "a.txt": ARTIFACT,
        "root.json": encode_trusted_root(ROOT),
        "alice.json": encode_bundle(Signing(leaf=leaf).bundle()),
        "key.json": encode_bundle(key_bundle()),
        "untimed.json": encode_bundle(Signing(REKOR_V2, None, USER_KEY).bundle()),
        "user.pub": USER_KEY.public_key.encode_pem(),
        "team.deny": f"# since yesterday\nidentity {EMAIL}\n".encode(),
    }.items():
        Path(name).write_bytes(content)
    return tmp_path


def test_any_of_several_identities_may_have_signed() -> None:
    assert run([*AS_ALICE, "--certificate-identity", "bob@example.com", "a.txt"]) == 0
    first = ("--certificate-identity", "bob@example.com")
    assert run([AS_ALICE[0], *first, *AS_ALICE[1:], "a.txt"]) == 0


def test_extensions_are_demanded(capsys: Capture) -> None:
    assert run([*AS_ALICE, "--certificate-extension", "runner-environment=github-hosted", "a.txt"]) == 0
    assert run([*AS_ALICE, "--certificate-extension-regexp", "runner-environment=git.*-hosted", "a.txt"]) == 0
    capsys.readouterr()
    assert run([*AS_ALICE, "--certificate-extension", "runner-environment=self-hosted", "a.txt"]) == 12
    assert "runner-environment 'github-hosted', the policy wants" in capsys.readouterr().err
    assert run([*AS_ALICE, "--certificate-extension", "runner=self-hosted", "a.txt"]) == 2
    assert "runner-environment" in capsys.readouterr().err


def test_a_pattern_that_is_not_anchored_is_warned_of(capsys: Capture) -> None:
    loose = ("verify-blob", "--trusted-root=root.json", "--bundle=alice.json", "--certificate-oidc-issuer", ISSUER)
    assert run([*loose, "--certificate-identity-regexp", "alice", "a.txt"]) == 0
    assert capsys.readouterr().err.count("WARNING: /alice/: found anywhere") == 1
    assert run([*loose, "--certificate-identity-regexp", "^alice@example[.]com$", "a.txt"]) == 0
    assert "WARNING" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flag", "text", "told"),
    [
        ("--deny-identity", EMAIL, f"identity '{EMAIL}' (--deny-identity)"),
        ("--deny-identity-regexp", "@example", "identity /@example/ (--deny-identity-regexp)"),
        ("--deny-list", "team.deny", f"identity '{EMAIL}' (team.deny line 2)"),
    ],
)
def test_a_denied_identity_is_refused_by_the_entry_that_names_it(
    capsys: Capture, flag: str, text: str, told: str
) -> None:
    assert run([*AS_ALICE, flag, text, "a.txt"]) == 12
    assert told in capsys.readouterr().err
    assert run([*AS_ALICE, "--deny-identity", "mallory@example.com", "a.txt"]) == 0


def test_a_denied_key_is_refused(capsys: Capture) -> None:
    assert run([*BY_KEY, "--key=user.pub", "a.txt"]) == 0
    for text in ("user.pub", USER_KEY.public_key.fingerprint):
        assert run([*BY_KEY, "--key=user.pub", "--deny-key", text, "a.txt"]) == 12
        assert f"(--deny-key {text})" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("bundle", "window", "code"),
    [
        ("key.json", "start-time=2026-01-01T00:00:00Z,end-time=2027-01-01T00:00:00Z", 0),
        ("key.json", "start-time=2026-02-01T00:00:00Z", 12),
        ("key.json", "end-time=2026-01-01T00:05:00Z", 12),
        ("untimed.json", "start-time=2026-01-01T00:00:00Z", 12),
    ],
)
def test_a_key_counts_in_its_time(bundle: str, window: str, code: int) -> None:
    assert run([*BY_KEY, "--bundle", bundle, f"--key=key=user.pub,{window}", "a.txt"]) == code


def test_a_key_with_a_time_needs_a_trusted_root_without_a_log_too(capsys: Capture) -> None:
    timed = "--key=key=user.pub,start-time=2026-01-01T00:00:00Z"
    assert run([*BY_KEY, timed, "--insecure-ignore-tlog", "a.txt"]) == 12
    assert "no authority or log says when it was signed" in capsys.readouterr().err


def test_variables_have_one_name_pattern_or_entry_in_each_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COSIGN_CERTIFICATE_IDENTITY", f"https://a.test/b,c:d\n{EMAIL}")
    monkeypatch.setenv("COSIGN_DENY_KEY", f"sha256:{'00' * 32}\nuser.pub")
    unnamed = [*AS_ALICE[:3], "--certificate-oidc-issuer", ISSUER, "a.txt"]
    assert run(unnamed) == 0
    monkeypatch.setenv("COSIGN_KEY", "key=user.pub,start-time=2026-01-01T00:00:00Z")
    monkeypatch.delenv("COSIGN_CERTIFICATE_IDENTITY")
    assert run([*BY_KEY, "a.txt"]) == 12
    monkeypatch.delenv("COSIGN_DENY_KEY")
    assert run([*BY_KEY, "a.txt"]) == 0
    monkeypatch.setenv("COSIGN_KEY", "key=user.pub,start-time=2026-02-01T00:00:00Z")
    assert run([*BY_KEY, "a.txt"]) == 12


def test_the_policy_over_an_image_has_all_of_it() -> None:
    names = IdentityFlags(certificate_identity=[EMAIL, "bob"], certificate_oidc_issuer=[ISSUER])
    policy = ClaimFlags(threshold=2).policy(SignerFlags(), names, DenyFlags(deny_list=["team.deny"]))
    assert (policy.threshold, len(policy.rules), len(policy.deny.identities)) == (2, 2, 1)
    with pytest.raises(UsageError, match="2 different identities"):
        ClaimFlags(threshold=3).policy(SignerFlags(), names, DenyFlags())
    timed = SignerFlags(key=["key=user.pub,start-time=2026-01-01T00:05:00Z"])
    keyed = ClaimFlags().policy(timed, IdentityFlags(), DenyFlags(deny_key=["user.pub"]))
    assert keyed.windows == {USER_KEY.public_key: KeyWindow(MIDDLE)}
    assert len(keyed.deny.keys) == 1
