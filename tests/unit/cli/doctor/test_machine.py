"""What a machine has: keys in a folder, and an identity, without anybody being asked for one."""

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import pytest

from cosignpy.cli.doctor.machine import MAX_KEY_FILES, find_key_files, inspect_credentials, inspect_identity
from cosignpy.cli.oidc_flags import OidcFlags
from cosignpy.net.http import Request
from cosignpy.operations.doctor.facts import IdentityFacts
from cosignpy.services.oidc.obtain import Flow
from tests.support.identity_tokens import token

ENCRYPTED = "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\nAAAA\n"
PLAIN = "-----BEGIN PRIVATE KEY-----\nAAAA\n"
OLD = "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n"
GITHUB = {"ACTIONS_ID_TOKEN_REQUEST_TOKEN": "the secret", "ACTIONS_ID_TOKEN_REQUEST_URL": "https://token.example"}


class Silence:
    """Sends nothing."""

    def send(self, request: Request) -> NoReturn:
        raise AssertionError(request.url)


def write(folder: Path, name: str, content: str, mode: int = 0o600) -> None:
    (folder / name).write_text(content)
    (folder / name).chmod(mode)


class TestKeyFiles:
    @pytest.mark.parametrize(
        ("name", "content", "encrypted"),
        [
            ("cosign.key", ENCRYPTED, True),
            ("cosign.key", PLAIN, False),
            ("tls.pem", f"# a comment\n{PLAIN}", False),
            ("old.pem", OLD, True),
            ("old.pem", OLD.replace("Proc-Type", "X"), False),
        ],
    )
    def test_of_each_kind(self, tmp_path: Path, name: str, content: str, encrypted: bool) -> None:
        write(tmp_path, name, content)
        (found,) = find_key_files(tmp_path)
        assert (found.path, found.is_encrypted, found.readable_by_others) == (name, encrypted, False)

    @pytest.mark.parametrize(("mode", "readable"), [(0o640, True), (0o604, True), (0o611, False)])
    def test_who_reads_it(self, tmp_path: Path, mode: int, readable: bool) -> None:
        write(tmp_path, "cosign.key", ENCRYPTED, mode)
        (found,) = find_key_files(tmp_path)
        assert found.readable_by_others is readable

    @pytest.mark.parametrize(("name", "content"), [("cosign.txt", PLAIN), ("ca.pem", "-----BEGIN CERTIFICATE-----\n")])
    def test_other_files_are_left_alone(self, tmp_path: Path, name: str, content: str) -> None:
        write(tmp_path, name, content)
        (tmp_path / "folder.key").mkdir()
        assert list(find_key_files(tmp_path)) == []

    def test_nobody_waits_for_a_pipe(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe.key")
        pipe = os.open(tmp_path / "pipe.key", os.O_RDWR)  # so that whoever reads it after all does not wait
        os.write(pipe, PLAIN.encode().ljust(4096))
        assert list(find_key_files(tmp_path)) == []
        os.close(pipe)

    def test_of_very_many_the_first_are_looked_at(self, tmp_path: Path) -> None:
        for number in range(MAX_KEY_FILES + 1):
            write(tmp_path, f"{number:03}.key", PLAIN)
        assert len(list(find_key_files(tmp_path))) == MAX_KEY_FILES


def identify(environment: Mapping[str, str], **flags: Any) -> IdentityFacts:
    return inspect_identity(OidcFlags(**flags), environment, Silence())


class TestIdentity:
    def test_nobody(self) -> None:
        assert identify({}) == IdentityFacts()

    def test_a_token_that_lies_here_is_read(self) -> None:
        until = int(time.time()) + 600
        found = identify({"SIGSTORE_ID_TOKEN": token(exp=until, iat=until - 600)})
        assert found.provider == "SIGSTORE_ID_TOKEN"
        assert found.expires is not None
        assert found.expires.timestamp() == until

    @pytest.mark.parametrize("changes", [{"exp": 1_000_000}, {"aud": "somebody else"}])
    def test_one_that_is_no_good_is_told(self, changes: dict[str, Any]) -> None:
        now = int(time.time())
        raw = token(**{"exp": now + 600, "iat": now, **changes})
        found = identify({"SIGSTORE_ID_TOKEN": raw})
        assert found.error is not None
        assert raw not in str(found.error)

    def test_the_audience_is_that_of_the_flags(self) -> None:
        now = int(time.time())
        environment = {"SIGSTORE_ID_TOKEN": token(exp=now + 600, iat=now, aud="us")}
        assert identify(environment).error is not None
        assert identify(environment, oidc_audience="us").error is None
        assert identify(environment, oidc_client_id="us").error is None

    def test_a_service_is_not_asked_for_one(self) -> None:
        assert identify(GITHUB) == IdentityFacts("GitHub Actions")

    @pytest.mark.parametrize(
        "flags",
        [{"oidc_disable_ambient_providers": True}, {"fulcio_auth_flow": Flow.DEVICE}, {"oidc_provider": "spiffe"}],
    )
    def test_flags_that_leave_it_out(self, flags: dict[str, Any]) -> None:
        assert identify(GITHUB, **flags) == IdentityFacts()

    def test_a_provider_that_is_named_counts_with_a_flow_too(self) -> None:
        named = {"oidc_provider": "github-actions", "fulcio_auth_flow": Flow.DEVICE}
        assert identify(GITHUB, **named) == IdentityFacts("GitHub Actions")

    def test_what_is_missing_in_a_job(self) -> None:
        assert "id-token: write" in identify({"GITHUB_ACTIONS": "true"}).advice

    def test_the_token_of_a_flag(self) -> None:
        now = int(time.time())
        found = identify(GITHUB, identity_token=token(exp=now + 600, iat=now))
        assert (found.provider, found.error) == ("--identity-token", None)
        assert identify(GITHUB, identity_token="absent.token").error is not None


def test_a_helper_that_two_files_name_is_asked_once(tmp_path: Path) -> None:
    (tmp_path / "docker-credential-test").write_text("#!/bin/sh\necho >> $CALLS\necho '{}'\n")
    (tmp_path / "docker-credential-test").chmod(0o755)
    for name in ("config.json", "auth.json"):
        (tmp_path / name).write_text('{"credsStore":"test"}')
    environment = {
        "PATH": f"{tmp_path}:/bin:/usr/bin",
        "CALLS": str(tmp_path / "calls"),
        "DOCKER_CONFIG": str(tmp_path),
        "REGISTRY_AUTH_FILE": str(tmp_path / "auth.json"),
    }
    files, (helper,) = inspect_credentials(environment)
    assert [Path(file.path).name for file in files] == ["config.json", "auth.json"]
    assert (helper.program, helper.failure) == ("docker-credential-test", "")
    assert (tmp_path / "calls").read_text() == "\n"
