"""Exchanging what is under a root, in one step and in three; what is interrupted leaves the old pair in force."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from ca_server.authority.directory import AuthorityDirectory, State, states_of
from ca_server.authority.hierarchy import Plan
from ca_server.authority.opening import open_timestamping
from ca_server.authority.profile import Period, Role
from ca_server.authority.rotation import (
    answer,
    encode_request,
    install,
    load_root,
    request_for,
    request_new,
    retire,
    rotate,
)
from cosignpy.core.keys.algorithms import ECDSA_P256, ECDSA_P384
from cosignpy.core.keys.encrypted_pem import seal_pkcs8
from cosignpy.core.keys.private import PrivateKey
from cosignpy.errors import CertificateError, CosignError, FileError, KeyUnusable, SignatureMismatch, UsageError
from cosignpy.values import replace
from tests.support.authorities import (
    BEGIN,
    DAY,
    PLAN,
    Hands,
    directory_at,
    hierarchy,
    no_password,
    opened,
    root_of,
    rotated,
)

NOW: Final = BEGIN + DAY
PERIOD: Final = Period(NOW, NOW + 50 * DAY)


@pytest.fixture
def directory(tmp_path: Path) -> AuthorityDirectory:
    return directory_at(tmp_path)


def states(directory: AuthorityDirectory, role: Role = Role.ISSUING) -> list[State]:
    return list(states_of(directory.read(role), NOW).values())


@pytest.mark.parametrize("role", Role)
def test_either_role_is_rotated_in_one_step(directory: AuthorityDirectory, role: Role) -> None:
    folder = rotated(directory, NOW, role=role)
    assert (folder.number, folder.role) == ("0002", role)
    assert states(directory, role) == [State.SUPERSEDED, State.ACTIVE]
    first, second = [pair.chain for pair in directory.read(role)]
    assert (first[0] != second[0], first[1:]) == (True, second[1:])
    opened(directory, Hands())
    open_timestamping(directory, Hands().ports())


def test_the_key_of_a_root_may_lie_anywhere(directory: AuthorityDirectory, tmp_path: Path) -> None:
    elsewhere = tmp_path / "stick.pem"
    directory.root_key.rename(elsewhere)
    with pytest.raises(FileError) as caught:
        root_of(directory)
    assert caught.value.path == str(directory.root_key)
    root = load_root(directory.read_root(), elsewhere, no_password)
    assert rotate(directory, Role.ISSUING, root, (PrivateKey.generate(ECDSA_P256), b""), PERIOD).number == "0002"


def test_the_key_of_another_root_is_refused(directory: AuthorityDirectory, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = directory_at(tmp_path / "other")
    with pytest.raises(KeyUnusable):
        load_root(directory.read_root(), other.root_key, no_password)


def test_what_would_outlive_the_root_is_refused_before_anything_is_written(directory: AuthorityDirectory) -> None:
    with pytest.raises(UsageError):
        rotated(directory, NOW, days=3650)
    assert states(directory) == [State.ACTIVE]
    assert len(directory.folders(Role.ISSUING)) == 1


@pytest.mark.parametrize("role", Role)
def test_three_steps_come_to_the_same(directory: AuthorityDirectory, role: Role) -> None:
    waiting = request_new(directory, role, ECDSA_P384 if role is Role.ISSUING else ECDSA_P256, b"")
    assert states(directory, role) == [State.ACTIVE, State.REQUESTED]
    chain = answer(root_of(directory), role, (waiting.path / "request.pem").read_bytes(), PERIOD)
    assert install(directory, role, chain, NOW) == waiting
    assert states(directory, role) == [State.SUPERSEDED, State.ACTIVE]
    opened(directory, Hands())
    open_timestamping(directory, Hands().ports())


def test_a_certificate_for_later_is_installed_now(directory: AuthorityDirectory) -> None:
    waiting = request_new(directory, Role.ISSUING, ECDSA_P256, b"")
    later = Period(NOW + 5 * DAY, NOW + 10 * DAY)
    chain = answer(root_of(directory), Role.ISSUING, (waiting.path / "request.pem").read_bytes(), later)
    install(directory, Role.ISSUING, chain, NOW)
    assert states(directory) == [State.ACTIVE, State.COMING]


def test_a_key_elsewhere_is_certified_by_its_reference(
    directory: AuthorityDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = PrivateKey.generate(ECDSA_P256)
    sealed = seal_pkcs8(key.encode_pkcs8(), b"secret", salt=bytes(32), nonce=bytes(24)).encode()
    monkeypatch.setenv("CA_KEY", sealed.decode())
    waiting = request_for(directory, Role.ISSUING, "env://CA_KEY", lambda: b"secret")
    chain = answer(root_of(directory), Role.ISSUING, (waiting.path / "request.pem").read_bytes(), PERIOD)
    install(directory, Role.ISSUING, chain, NOW)
    assert not (waiting.path / "key.pem").exists()
    assert waiting.load_signer(lambda: b"secret").public_key == key.public_key


def test_a_new_root_takes_over_and_the_old_chain_is_kept(directory: AuthorityDirectory) -> None:
    """A root that comes to its end is replaced like what is below it: by a request to the new one."""
    new = hierarchy(Plan("Example, Inc.", "successor")).root
    request = (request_new(directory, Role.ISSUING, ECDSA_P256, b"").path / "request.pem").read_bytes()
    install(directory, Role.ISSUING, answer(new.certified, Role.ISSUING, request, PERIOD), NOW)
    chains = opened(directory, Hands()).trusted_chains()
    assert [chain[-1] for chain in chains] == [new.chain[0], directory.read_root()]


def test_a_request_that_was_signed_by_another_is_refused(directory: AuthorityDirectory) -> None:
    waiting = request_new(directory, Role.ISSUING, ECDSA_P256, b"")
    request = (waiting.path / "request.pem").read_bytes()
    lines = request.splitlines()
    lines[1] = lines[1][:40] + (b"A" if lines[1][40:41] != b"A" else b"B") + lines[1][41:]
    with pytest.raises(CosignError):
        answer(root_of(directory), Role.ISSUING, b"\n".join(lines) + b"\n", PERIOD)


def test_a_weak_key_is_not_certified(directory: AuthorityDirectory) -> None:
    weak = PrivateKey.from_handle(generate_private_key(public_exponent=3, key_size=2048))
    request = encode_request(directory.read_root(), Role.ISSUING, weak)
    with pytest.raises(KeyUnusable):
        answer(root_of(directory), Role.ISSUING, request, PERIOD)


def test_a_certificate_that_nobody_asked_for_is_not_installed(directory: AuthorityDirectory) -> None:
    request_new(directory, Role.ISSUING, ECDSA_P256, b"")
    strange = hierarchy(replace(PLAN, name="strange")).issuing.chain
    for chain in (strange, directory.folders(Role.ISSUING)[0].read_chain()):
        with pytest.raises(UsageError):
            install(directory, Role.ISSUING, chain, NOW)
    assert states(directory) == [State.ACTIVE, State.REQUESTED]


def test_an_unsound_chain_is_not_installed(directory: AuthorityDirectory) -> None:
    waiting = request_new(directory, Role.ISSUING, ECDSA_P256, b"")
    request = (waiting.path / "request.pem").read_bytes()
    for_stamps = answer(root_of(directory), Role.TIMESTAMPING, request, PERIOD)
    for chain in (for_stamps, answer(root_of(directory), Role.ISSUING, request, PERIOD)[:1]):
        with pytest.raises(CertificateError):
            install(directory, Role.ISSUING, chain, NOW)


def test_an_expired_chain_is_not_installed(directory: AuthorityDirectory) -> None:
    waiting = request_new(directory, Role.ISSUING, ECDSA_P256, b"")
    request = (waiting.path / "request.pem").read_bytes()
    chain = answer(root_of(directory), Role.ISSUING, request, PERIOD)
    with pytest.raises(CertificateError):
        install(directory, Role.ISSUING, chain, PERIOD.end + DAY)


def test_the_one_that_signs_is_retired_once_there_is_another(directory: AuthorityDirectory) -> None:
    with pytest.raises(UsageError):
        retire(directory, Role.ISSUING, "0001", NOW)
    new = rotated(directory, NOW)
    assert retire(directory, Role.ISSUING, "0001", NOW) is None
    assert states(directory) == [State.RETIRED, State.ACTIVE]
    old = rotated(directory, NOW)
    assert retire(directory, Role.ISSUING, "0003", NOW) == new != old
    assert states(directory) == [State.RETIRED, State.ACTIVE, State.RETIRED]


@pytest.mark.parametrize("number", ["0003", "1", "../root", "0002"])
def test_what_is_not_there_or_is_retired_cannot_be(directory: AuthorityDirectory, number: str) -> None:
    rotated(directory, NOW)
    retire(directory, Role.ISSUING, "0002", NOW)
    with pytest.raises(UsageError):
        retire(directory, Role.ISSUING, number, NOW)


def test_one_that_has_not_begun_is_retired_without_another(directory: AuthorityDirectory) -> None:
    rotated(directory, NOW + 5 * DAY)
    assert retire(directory, Role.ISSUING, "0002", NOW) is None
    assert states(directory) == [State.ACTIVE, State.RETIRED]


def test_a_forged_proof_of_possession_is_refused(directory: AuthorityDirectory) -> None:
    class Lying:
        def __init__(self) -> None:
            self.public_key = PrivateKey.generate(ECDSA_P256).public_key

        def sign(self, message: bytes) -> bytes:
            return PrivateKey.generate(ECDSA_P256).sign(message)

    with pytest.raises(SignatureMismatch):
        answer(root_of(directory), Role.ISSUING, encode_request(directory.read_root(), Role.ISSUING, Lying()), PERIOD)


def installed(directory: AuthorityDirectory) -> object:
    request = (directory.folders(Role.ISSUING)[-1].path / "request.pem").read_bytes()
    return install(directory, Role.ISSUING, answer(root_of(directory), Role.ISSUING, request, PERIOD), NOW)


WRITES: Final = ("fsync", "replace", "mkdir")
STEPS: Final[Mapping[str, tuple[Callable[[AuthorityDirectory], object], int]]] = {
    "rotate": (lambda directory: rotated(directory, NOW), 9),
    "request": (lambda directory: request_new(directory, Role.ISSUING, ECDSA_P256, b""), 7),
    "install": (installed, 4),
    "retire": (lambda directory: retire(directory, Role.ISSUING, "0001", NOW), 3),
}


GAPS: Final = [(name, act, at) for name, (act, count) in STEPS.items() for at in range(count)]


class Stopped(BaseException):
    """The process ends here."""


def prepare(name: str, directory: AuthorityDirectory) -> None:
    if name == "install":
        request_new(directory, Role.ISSUING, ECDSA_P256, b"")
    if name == "retire":
        rotated(directory, NOW)


def stopping(monkeypatch: pytest.MonkeyPatch, at: int, how: BaseException) -> list[str]:
    seen: list[str] = []
    for name in WRITES:
        real = getattr(os, name)

        def write(*given: Any, real: Any = real, name: str = name, **named: Any) -> Any:
            if len(seen) == at:
                raise how
            seen.append(name)
            return real(*given, **named)

        monkeypatch.setattr(os, name, write)
    return seen


@pytest.mark.parametrize("name", STEPS)
def test_every_write_of_a_step_is_a_gap_below(
    name: str, directory: AuthorityDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(name, directory)
    act, count = STEPS[name]
    seen = stopping(monkeypatch, 100, Stopped())
    act(directory)
    assert len(seen) == count


@pytest.mark.parametrize(("name", "act", "at"), GAPS, ids=[f"{name}-{at}" for name, _, at in GAPS])
def test_whoever_is_stopped_between_two_writes_leaves_a_sound_authority(
    directory: AuthorityDirectory,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    act: Callable[[AuthorityDirectory], object],
    at: int,
) -> None:
    """What was in force still is, or the step is complete; and it can be done again."""
    prepare(name, directory)
    authority = opened(directory, Hands())
    before = authority.trusted_chains()
    with monkeypatch.context() as patched:
        stopping(patched, at, Stopped())
        with pytest.raises(Stopped):
            act(directory)
    authority.reload_if_changed()
    assert opened(directory, Hands()).trusted_chains() == authority.trusted_chains()
    if authority.trusted_chains() != before:
        return
    act(directory)
    authority.reload_if_changed()
    assert (authority.trusted_chains() != before) == (name != "request")


@pytest.mark.parametrize(("name", "act", "at"), GAPS, ids=[f"{name}-{at}" for name, _, at in GAPS])
def test_a_write_that_fails_leaves_no_folder_without_a_use(
    directory: AuthorityDirectory,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    act: Callable[[AuthorityDirectory], object],
    at: int,
) -> None:
    prepare(name, directory)
    before = len(directory.folders(Role.ISSUING))
    with monkeypatch.context() as patched:
        stopping(patched, at, OSError(28, "No space left on device"))
        with pytest.raises(CosignError):
            act(directory)
    new = directory.read(Role.ISSUING)[before:]
    assert all(pair.chain for pair in new)
