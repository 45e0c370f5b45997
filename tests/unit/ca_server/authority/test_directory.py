"""An authority on disk: which folders count, what each is at a moment, and whose files are too large or strange."""

import stat
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

import pytest

from ca_server.authority.directory import AuthorityDirectory, Pair, State, states_of, trusted
from ca_server.authority.pair_folder import MAX_FILE, PairFolder, read_limited
from ca_server.authority.profile import Period, Role
from cosignpy.core.keys.algorithms import ECDSA_P256
from cosignpy.core.keys.private import PrivateKey
from cosignpy.errors import FileError, LimitExceeded, MalformedError
from tests.support.authorities import BEGIN, DAY, directory_at, no_password

PATH: Final = Path("/authority/issuing")


def folder(number: int) -> PairFolder:
    return PairFolder(PATH / f"{number:04d}", Role.ISSUING)


def pair(number: int, first: int, last: int, *, retired: bool = False) -> Pair:
    return Pair(folder(number), (b"chain",), Period(BEGIN + first * DAY, BEGIN + last * DAY), retired)


OLD: Final = pair(1, 0, 100)
NEW: Final = pair(2, 10, 200)
WAITING: Final = Pair(folder(3), (), None, retired=False)

MOMENTS: Final[Mapping[str, tuple[float, list[State]]]] = {
    "before all": (-1, [State.COMING, State.COMING]),
    "the old begins": (0, [State.ACTIVE, State.COMING]),
    "just before the new begins": (9.99, [State.ACTIVE, State.COMING]),
    "the new begins": (10, [State.SUPERSEDED, State.ACTIVE]),
    "the old ends": (100, [State.SUPERSEDED, State.ACTIVE]),
    "the old is over": (100.01, [State.EXPIRED, State.ACTIVE]),
    "all is over": (201, [State.EXPIRED, State.EXPIRED]),
}


@pytest.mark.parametrize(("day", "wanted"), MOMENTS.values(), ids=MOMENTS)
def test_the_newest_that_is_valid_signs(day: float, wanted: list[State]) -> None:
    assert list(states_of([OLD, NEW, WAITING], at(day)).values()) == [*wanted, State.REQUESTED]


def at(day: float) -> datetime:
    return BEGIN + day * DAY


def test_a_retired_one_never_signs_and_the_one_before_it_does_again() -> None:
    states = states_of([OLD, pair(2, 10, 200, retired=True)], at(20))
    assert list(states.values()) == [State.ACTIVE, State.RETIRED]


def test_a_newer_one_that_ends_earlier_leaves_the_older_in_force() -> None:
    assert list(states_of([OLD, pair(2, 10, 20)], at(30)).values()) == [State.ACTIVE, State.EXPIRED]


def test_clients_are_told_of_what_signs_will_sign_or_has_signed() -> None:
    assert [state for state in State if trusted(state)] == [State.COMING, State.ACTIVE, State.SUPERSEDED]


def test_what_a_ceremony_leaves_is_for_its_owner_alone(tmp_path: Path) -> None:
    directory = directory_at(tmp_path)
    found = {str(path.relative_to(directory.path)): path for path in directory.path.rglob("*")}
    assert sorted(found) == [
        "issuing",
        "issuing/0001",
        "issuing/0001/chain.pem",
        "issuing/0001/key.pem",
        "root",
        "root/certificate.pem",
        "root/key.pem",
        "timestamping",
        "timestamping/0001",
        "timestamping/0001/chain.pem",
        "timestamping/0001/key.pem",
    ]
    folders = [directory.path, *(path for path in found.values() if path.is_dir())]
    assert {stat.S_IMODE(path.stat().st_mode) for path in folders} == {0o700}
    keys = [path for name, path in found.items() if name.endswith("key.pem")]
    assert {stat.S_IMODE(path.stat().st_mode) for path in keys} == {0o600}


def test_folders_are_ordered_by_number_and_other_names_are_not_theirs(tmp_path: Path) -> None:
    directory = AuthorityDirectory(tmp_path)
    assert directory.folders(Role.ISSUING) == []
    for name in ("9999", "0002", "10000", "lost+found", "12", ".0003"):
        (tmp_path / "issuing" / name).mkdir(parents=True)
    assert [one.number for one in directory.folders(Role.ISSUING)] == ["0002", "9999", "10000"]
    with directory.begin(Role.ISSUING) as made:
        assert made.number == "10001"


def test_a_folder_without_a_chain_is_waiting_for_it(tmp_path: Path) -> None:
    directory = directory_at(tmp_path)
    with directory.begin(Role.ISSUING) as made:
        made.save_key(PrivateKey.generate(ECDSA_P256), b"")
    first, second = directory.read(Role.ISSUING)
    assert (first.period is not None, second.period, second.chain) == (True, None, ())


def test_a_retired_folder_says_since_when(tmp_path: Path) -> None:
    (made,) = directory_at(tmp_path).folders(Role.ISSUING)
    assert not made.retired
    made.retire(BEGIN)
    assert made.retired
    assert (made.path / "retired").read_text() == "2026-01-01T00:00:00Z\n"


def test_a_key_may_be_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (made,) = directory_at(tmp_path).folders(Role.ISSUING)
    own = made.load_signer(no_password).public_key
    key = PrivateKey.generate(ECDSA_P256)
    monkeypatch.setenv("CA_KEY", sealed(key))
    made.save_reference("env://CA_KEY")
    assert made.load_signer(lambda: b"secret").public_key == key.public_key != own


def sealed(key: PrivateKey) -> str:
    from cosignpy.core.keys.encrypted_pem import seal_pkcs8

    return seal_pkcs8(key.encode_pkcs8(), b"secret", salt=bytes(32), nonce=bytes(24)).encode().decode()


@pytest.mark.parametrize("line", ["", "\n", "env://A\nenv://B\n", "env://\x07"])
def test_a_reference_is_one_line(line: str, tmp_path: Path) -> None:
    made = PairFolder(tmp_path, Role.ISSUING)
    (tmp_path / "key.ref").write_text(line)
    with pytest.raises(FileError):
        made.load_signer(no_password)


def test_a_key_that_is_not_there_is_named(tmp_path: Path) -> None:
    (made,) = directory_at(tmp_path).folders(Role.ISSUING)
    (made.path / "key.pem").unlink()
    with pytest.raises(FileError) as caught:
        made.load_signer(no_password)
    assert caught.value.path == str(made.path / "key.pem")


CHAINS: Final = {
    "empty": (b"", MalformedError),
    "a key": (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", MalformedError),
    "cut off": (b"-----BEGIN CERTIFICATE-----\nAAAA\n", MalformedError),
    "eleven": (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n" * 11, LimitExceeded),
    "huge": (b"#" * (MAX_FILE + 1), LimitExceeded),
}


@pytest.mark.parametrize(("content", "refusal"), CHAINS.values(), ids=CHAINS)
def test_a_file_that_is_no_chain_is_refused_by_name(
    content: bytes, refusal: type[MalformedError], tmp_path: Path
) -> None:
    directory = directory_at(tmp_path)
    path = directory.folders(Role.ISSUING)[0].chain_path
    path.write_bytes(content)
    with pytest.raises(refusal) as caught:
        directory.read(Role.ISSUING)
    assert caught.value.what == str(path)


def test_a_file_of_the_largest_size_is_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"#" * MAX_FILE)
    assert len(read_limited(tmp_path / "file")) == MAX_FILE
    with pytest.raises(FileError):
        read_limited(tmp_path / "other")
