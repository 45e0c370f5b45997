"""Whom to believe about certificates by flags: instead of the trusted root, and without it where that suffices."""

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from cosignpy.cli.own_pki_flags import OwnPkiFlags
from cosignpy.cli.signer_flags import SignerFlags
from cosignpy.core.bundle.model import CertificateMaterial
from cosignpy.core.bundle.versions import ChainRule
from cosignpy.core.ct.precertificate import build_certificate_entry
from cosignpy.core.ct.submission import encode_sct_answer
from cosignpy.core.trust.trusted_root import encode_trusted_root
from cosignpy.core.x509.chain import parse_chain_pem
from cosignpy.errors import FileError, MalformedError, UsageError
from tests.support.own_pki import CHAIN, INTERMEDIATE, LEAF, write_own_pki
from tests.support.own_pki import ROOT as OWN_ROOT
from tests.support.signed import KEY
from tests.support.virtual_sigstore import ROOT, good_leaf, promise

BY_ROOT: Final = SignerFlags(trusted_root="root.json")
WAIVED: Final = SignerFlags(insecure_ignore_tlog=True, insecure_ignore_sct=True)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TUF_ROOT", str(tmp_path / "tuf"))
    write_own_pki(tmp_path, KEY.public_key)
    (tmp_path / "root.json").write_bytes(encode_trusted_root(ROOT))
    return tmp_path


@pytest.mark.parametrize(
    ("flags", "who", "certificate"),
    [
        pytest.param(OwnPkiFlags(CHAIN, OWN_ROOT), BY_ROOT, "", id="chain and roots"),
        pytest.param(OwnPkiFlags(CHAIN, ca_intermediates=CHAIN), BY_ROOT, "", id="chain and intermediates"),
        pytest.param(OwnPkiFlags(ca_intermediates=CHAIN), BY_ROOT, "", id="intermediates without roots"),
        pytest.param(OwnPkiFlags(CHAIN), SignerFlags(key=["k"]), "", id="key and chain"),
        pytest.param(OwnPkiFlags(ca_roots=OWN_ROOT), SignerFlags(key=["k"]), "", id="key and roots"),
        pytest.param(OwnPkiFlags(sct="sct"), SignerFlags(key=["k"]), "", id="key and SCT"),
        pytest.param(OwnPkiFlags(), SignerFlags(key=["k"]), LEAF, id="key and certificate"),
    ],
)
def test_what_contradicts_itself_is_refused(flags: OwnPkiFlags, who: SignerFlags, certificate: str) -> None:
    with pytest.raises(UsageError):
        flags.check(who, certificate)


def test_what_goes_together_passes() -> None:
    OwnPkiFlags(CHAIN, sct="sct").check(BY_ROOT, LEAF)
    OwnPkiFlags(ca_roots=OWN_ROOT, ca_intermediates=CHAIN).check(BY_ROOT)
    OwnPkiFlags(timestamp_certificate_chain=CHAIN).check(SignerFlags(key=["k"]))


def test_without_flags_the_trusted_root_is_as_it_is() -> None:
    assert OwnPkiFlags().trust(BY_ROOT).trusted_root() == ROOT
    assert OwnPkiFlags(sct="sct", allow_certificate_chain=True).trust(BY_ROOT).trusted_root() == ROOT


def test_a_chain_takes_the_place_of_the_authorities() -> None:
    found = OwnPkiFlags(CHAIN).trust(BY_ROOT).trusted_root()
    assert [(one.uri, len(one.chain)) for one in found.certificate_authorities] == [(CHAIN, 2)]
    assert (found.logs, found.ct_logs, found.timestamp_authorities) == (
        ROOT.logs,
        ROOT.ct_logs,
        ROOT.timestamp_authorities,
    )


def test_roots_take_the_place_of_the_authorities_with_every_way_up_to_them() -> None:
    for flags, ways in ((OwnPkiFlags(ca_roots=OWN_ROOT), [1]), (OwnPkiFlags(CHAIN), [2])):
        assert [len(one.chain) for one in flags.trust(BY_ROOT).trusted_root().certificate_authorities] == ways
    both = OwnPkiFlags(ca_roots=OWN_ROOT, ca_intermediates=INTERMEDIATE).trust(BY_ROOT).trusted_root()
    assert [len(one.chain) for one in both.certificate_authorities] == [1, 2]
    assert both.certificate_authorities[0].uri == OWN_ROOT


def test_a_chain_takes_the_place_of_the_timestamp_authorities() -> None:
    found = OwnPkiFlags(timestamp_certificate_chain=CHAIN).trust(BY_ROOT).trusted_root()
    assert [one.uri for one in found.timestamp_authorities] == [CHAIN]
    assert found.certificate_authorities == ROOT.certificate_authorities


@pytest.mark.parametrize("flags", [OwnPkiFlags(CHAIN), OwnPkiFlags(ca_roots=OWN_ROOT)])
def test_nobody_is_asked_where_nothing_else_has_to_be_believed(flags: OwnPkiFlags) -> None:
    """There is no mirror in this test: whoever asks one fails."""
    found = flags.trust(WAIVED).trusted_root()
    assert found.certificate_authorities
    assert (found.logs, found.ct_logs, found.timestamp_authorities) == ((), (), ())


@pytest.mark.parametrize(
    ("flags", "who"),
    [
        (OwnPkiFlags(CHAIN), SignerFlags(insecure_ignore_tlog=True, trusted_root="absent.json")),
        (OwnPkiFlags(CHAIN), SignerFlags(insecure_ignore_sct=True, trusted_root="absent.json")),
        (
            OwnPkiFlags(CHAIN),
            SignerFlags(insecure_ignore_tlog=True, insecure_ignore_sct=True, trusted_root="absent.json"),
        ),
        (
            OwnPkiFlags(timestamp_certificate_chain=CHAIN),
            SignerFlags(insecure_ignore_tlog=True, insecure_ignore_sct=True, trusted_root="absent.json"),
        ),
    ],
)
def test_the_trusted_root_is_read_where_anything_else_has_to_be_believed(flags: OwnPkiFlags, who: SignerFlags) -> None:
    with pytest.raises(FileError, match=r"absent\.json"):
        flags.trust(who).trusted_root()


def test_an_unnamed_trusted_root_is_asked_for_unless_all_is_waived() -> None:
    for who in (
        SignerFlags(insecure_ignore_tlog=True, offline=True),
        SignerFlags(insecure_ignore_sct=True, offline=True),
    ):
        with pytest.raises(Exception, match="trust"):
            OwnPkiFlags(CHAIN).trust(who).trusted_root()


def test_nothing_comes_beside_signatures_without_flags() -> None:
    assert OwnPkiFlags(CHAIN).beside() is None
    assert OwnPkiFlags(timestamp_certificate_chain=CHAIN).beside() is None


def test_certificate_and_sct_come_beside_signatures(folder: Path) -> None:
    made = promise(build_certificate_entry(good_leaf()))
    (folder / "sct.json").write_bytes(encode_sct_answer(made))
    found = OwnPkiFlags(sct="sct.json").beside(LEAF)
    assert found is not None
    assert found.scts == (made,)
    assert found.certificate == CertificateMaterial(parse_chain_pem((folder / LEAF).read_bytes(), most=1))
    trust = found.trust(ROOT)
    assert (trust.detached_scts, trust.detached_certificate) == (found.scts, found.certificate)
    assert trust.chains is ChainRule.REFUSE


@pytest.mark.parametrize(
    ("flags", "rule"),
    [
        (OwnPkiFlags(allow_certificate_chain=True), ChainRule.ALLOW),
        (OwnPkiFlags(ca_roots=OWN_ROOT), ChainRule.COMPLETE),
        (OwnPkiFlags(ca_roots=OWN_ROOT, ca_intermediates=INTERMEDIATE), ChainRule.REFUSE),
        (OwnPkiFlags(ca_roots=OWN_ROOT, ca_intermediates=INTERMEDIATE, allow_certificate_chain=True), ChainRule.ALLOW),
    ],
)
def test_issuers_in_signatures_count_only_below_roots_that_stand_alone(flags: OwnPkiFlags, rule: ChainRule) -> None:
    found = flags.beside()
    assert found is not None
    assert found.chains is rule


def test_files_that_are_not_what_they_should_be_are_refused(folder: Path) -> None:
    (folder / "empty.pem").touch()
    for flags in (
        OwnPkiFlags("empty.pem"),
        OwnPkiFlags(ca_roots="empty.pem"),
        OwnPkiFlags(timestamp_certificate_chain="empty.pem"),
    ):
        with pytest.raises(MalformedError):
            flags.trust(BY_ROOT).trusted_root()
    with pytest.raises(MalformedError):
        OwnPkiFlags(ca_roots=OWN_ROOT, ca_intermediates="empty.pem").trust(BY_ROOT).trusted_root()
    with pytest.raises(MalformedError):
        OwnPkiFlags(sct="empty.pem").beside()
    with pytest.raises(MalformedError):
        OwnPkiFlags().beside("empty.pem")


def test_who_verifies_by_a_key_alone_waits_for_none_of_it() -> None:
    """Half of what such a verification takes is imports."""
    heavy = {"cosignpy.core.bundle.parts", "cosignpy.core.verify.bundle", "cosignpy.operations.beside"}
    code = f"import sys, cosignpy.cli.commands.verify; print(*sorted({heavy!r} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "\n"
