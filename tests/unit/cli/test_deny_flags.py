"""Flags about what never counts."""

from hashlib import sha256
from pathlib import Path
from typing import Final

import pytest

from cosignpy.cli.deny_flags import DenyFlags
from cosignpy.core.encoding import encode_b64
from cosignpy.core.policy.deny import DeniedCertificate, DeniedIdentity, DeniedKey, DenyList
from cosignpy.core.policy.identity import Containing, Exactly
from cosignpy.errors import CosignError, FileError, MalformedError, UsageError
from cosignpy.values import replace
from tests.support.certificates import Authority
from tests.support.signed import KEY
from tests.support.virtual_sigstore import certificate_pem

KEY_DIGEST: Final = sha256(KEY.public_key.spki).digest()
ROOT: Final = Authority.root()
ISSUER: Final = ROOT.authority("issuer")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("a.pub").write_bytes(KEY.public_key.encode_pem())
    Path("ca.pem").write_bytes(certificate_pem(ISSUER.der) + certificate_pem(ROOT.der))
    Path("team.deny").write_text("identity mallory@example.com\n")
    Path("other.deny").write_text(f"# more\nkey sha256:{KEY_DIGEST.hex()}\n")
    return tmp_path


def certificate(origin: str, der: bytes) -> DeniedCertificate:
    return DeniedCertificate(sha256(der).digest(), f"--deny-certificate {origin}")


def test_nothing_is_denied_by_default() -> None:
    assert DenyFlags().read() == DenyList()


def test_a_certificate_may_be_wrapped_as_sign_blob_wraps_it() -> None:
    """What `--output-certificate` wrote can be denied as it is."""
    Path("wrapped.pem").write_text(encode_b64(certificate_pem(ISSUER.der)))
    assert DenyFlags(deny_certificate=["wrapped.pem"]).read().certificates == (certificate("wrapped.pem", ISSUER.der),)


def test_each_flag_says_what_it_denies_and_where_that_is_written() -> None:
    flags = DenyFlags(
        deny_identity=["mallory"],
        deny_identity_regexp=["^https://github.com/evil/"],
        deny_key=["a.pub", f"sha256:{KEY_DIGEST.hex()}"],
        deny_certificate=["ca.pem", f"sha256:{KEY_DIGEST.hex()}"],
        deny_list=["team.deny", "other.deny"],
    )
    digest = f"sha256:{KEY_DIGEST.hex()}"
    assert flags.read() == DenyList(
        (
            DeniedKey(KEY_DIGEST, "--deny-key a.pub"),
            DeniedKey(KEY_DIGEST, f"--deny-key {digest}"),
            DeniedKey(KEY_DIGEST, "other.deny line 2"),
        ),
        (
            certificate("ca.pem", ISSUER.der),
            certificate("ca.pem", ROOT.der),
            DeniedCertificate(KEY_DIGEST, f"--deny-certificate {digest}"),
        ),
        (
            DeniedIdentity(Exactly("mallory"), "--deny-identity"),
            DeniedIdentity(Containing.parse("^https://github.com/evil/"), "--deny-identity-regexp"),
            DeniedIdentity(Exactly("mallory@example.com"), "team.deny line 1"),
        ),
    )


@pytest.mark.parametrize(
    ("flag", "text", "error"),
    [
        ("deny_identity", "", UsageError),
        ("deny_identity_regexp", "(", UsageError),
        ("deny_key", "none.pub", FileError),
        ("deny_key", "sha256:00", MalformedError),
        ("deny_key", "ca.pem", CosignError),
        ("deny_certificate", "none.pem", FileError),
        ("deny_certificate", "sha256:00", MalformedError),
        ("deny_certificate", "a.pub", MalformedError),
        ("deny_certificate", "broken.pem", MalformedError),
        ("deny_list", "none.deny", FileError),
        ("deny_list", "a.pub", MalformedError),
    ],
)
def test_what_denies_nothing_is_refused(flag: str, text: str, error: type[CosignError]) -> None:
    Path("broken.pem").write_bytes(certificate_pem(ROOT.der[:-1]))
    with pytest.raises(error):
        replace(DenyFlags(), **{flag: [text]}).read()
