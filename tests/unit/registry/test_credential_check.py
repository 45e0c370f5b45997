"""Files with credentials and the helpers that they name, looked at without anything secret being told."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from cosignpy.core.encoding import encode_b64
from cosignpy.registry.credential_check import CheckedHelper, check_files, check_helper
from cosignpy.registry.credential_helpers import Helper

SECRET = "the secret"
ENTRY = {"auth": encode_b64(f"user:{SECRET}".encode())}


def environment(folder: Path) -> Mapping[str, str]:
    return {"DOCKER_CONFIG": str(folder), "PATH": f"{folder}:{os.defpath}"}


def write(folder: Path, document: object, mode: int = 0o600) -> Path:
    path = folder / "config.json"
    path.write_text(json.dumps(document))
    path.chmod(mode)
    return path


def test_there_is_no_file(tmp_path: Path) -> None:
    assert list(check_files(environment(tmp_path))) == []


def test_entries_are_counted_and_not_told(tmp_path: Path) -> None:
    path = write(tmp_path, {"auths": {"a.example": ENTRY, "b.example": {}}})
    (found,) = check_files(environment(tmp_path))
    assert (found.path, found.entries, found.holds_secrets, found.readable_by_others) == (path, 2, True, False)
    assert SECRET not in repr(found)


def test_who_can_read_it(tmp_path: Path) -> None:
    for mode in (0o640, 0o604):
        write(tmp_path, {"auths": {"a.example": ENTRY}}, mode)
        (found,) = check_files(environment(tmp_path))
        assert found.readable_by_others


def test_entries_of_a_helper_are_no_secrets(tmp_path: Path) -> None:
    write(tmp_path, {"auths": {"a.example": {}}, "credsStore": "store", "credHelpers": {"b.example": "other"}})
    (found,) = check_files(environment(tmp_path))
    assert not found.holds_secrets
    assert [helper.program for helper in found.helpers] == ["docker-credential-other", "docker-credential-store"]


@pytest.mark.parametrize(
    "document",
    [[], {"credsStore": "../evil"}, {"auths": {"a.example": {"auth": "?"}}}, {"auths": {"a.example": []}}],
)
def test_what_is_wrong_is_told(tmp_path: Path, document: object) -> None:
    path = write(tmp_path, document)
    (found,) = check_files(environment(tmp_path))
    assert (found.path, found.entries) == (path, 0)
    assert found.error is not None


def test_one_file_is_looked_at_once(tmp_path: Path) -> None:
    path = write(tmp_path, {})
    assert len(list(check_files({**environment(tmp_path), "REGISTRY_AUTH_FILE": str(path)}))) == 1


def check(folder: Path, program: str | None, seconds: float = 10.0) -> CheckedHelper:
    if program is not None:
        (folder / "docker-credential-test").write_text(program)
        (folder / "docker-credential-test").chmod(0o755)
    return check_helper(Helper.named("test", "config.json"), environment(folder), seconds)


def test_a_helper_that_lists_its_servers(tmp_path: Path) -> None:
    found = check(tmp_path, '#!/bin/sh\n[ "$1" = list ] && echo \'{"https://a.example":"user"}\'\n')
    assert (found.is_installed, found.error) == (True, None)


def test_a_helper_that_is_not_there(tmp_path: Path) -> None:
    assert not check(tmp_path, None).is_installed


@pytest.mark.parametrize(
    ("program", "silent"),
    [
        ("#!/bin/sh\nexec sleep 5\n", True),
        ("#!/absent/interpreter\n", True),
        ("#!/bin/sh\necho token=abc; exit 1\n", False),
        ("#!/bin/sh\necho nonsense\n", False),
    ],
)
def test_a_helper_that_does_not_work(tmp_path: Path, program: str, silent: bool) -> None:
    found = check(tmp_path, program, 0.2)
    assert found.error is not None
    assert found.is_silent is silent
    assert "abc" not in str(found.error)
