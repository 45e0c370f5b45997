"""`doctor` without a network: what it looks at, what it exits with, and what it never shows."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cosignpy.cli.app import run
from cosignpy.core.encoding import encode_json
from cosignpy.core.trust.client_trust_config import CLIENT_TRUST_CONFIG
from cosignpy.services.tuf.cache import SIGNING_CONFIG, TRUSTED_ROOT
from cosignpy.services.tuf.cache_folder import CacheFolder
from tests.support.trust_caches import TrustSite
from tests.support.trust_documents import signing_config, trusted_root
from tests.support.trust_repository import TrustRepository

Capture = pytest.CaptureFixture[str]
FILES = ("--trusted-root", "root.json", "--signing-config", "config.json")
OURS = ("COSIGN", "SIGSTORE_", "TUF_", "DOCKER_", "REGISTRY_", "XDG_", "GITHUB_", "GITLAB_", "ACTIONS_", "CIRCLECI")
SECRET = "hunter2"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    import os

    for name in list(os.environ):
        if name.startswith(OURS) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "root.json").write_bytes(encode_json(trusted_root()))
    (tmp_path / "config.json").write_bytes(encode_json(signing_config()))
    return tmp_path


def diagnose(capture: Capture, *argv: str, code: int | None = None) -> dict[str, Any]:
    ended = run(["doctor", "--offline", "--output", "json", *argv])
    found: dict[str, Any] = json.loads(capture.readouterr().out)
    assert ended == found["exitCode"] if code is None else code
    return found


def names(found: dict[str, Any], check: str) -> list[str]:
    return [finding["name"] for finding in found["findings"] if finding["check"] == check]


def setting(found: dict[str, Any], name: str) -> tuple[str, str]:
    return next((each["value"], each["origin"]) for each in found["settings"] if each["name"] == name)


def test_with_files_no_mirror_is_looked_at(capsys: Capture) -> None:
    found = diagnose(capsys, *FILES)
    assert names(found, "metadata") == ["trust-cache-unused"]
    assert names(found, "trusted-root")[0] == "trusted-root-read"
    assert names(found, "signing-config")[0] == "signing-config-read"
    assert names(found, "services") == ["services-not-asked"]


def test_a_trusted_root_alone_verifies_and_does_not_sign(capsys: Capture) -> None:
    found = diagnose(capsys, *FILES[:2])
    assert names(found, "signing-config") == ["signing-config-missing"]
    assert names(found, "metadata") == ["trust-cache-unused"]


def test_addresses_are_a_signing_config(capsys: Capture) -> None:
    found = diagnose(capsys, *FILES[:2], "--rekor-v2-url=https://shard.example")
    assert names(found, "signing-config") == ["signing-config-read", "signing-config-selects"]
    found = diagnose(capsys, *FILES[:2], "--rekor-v2-url=https://stranger.example")
    assert names(found, "signing-config") == ["signing-config-read", "service-not-trusted"]


def test_one_document_can_be_both(capsys: Capture, folder: Path) -> None:
    both = {"mediaType": CLIENT_TRUST_CONFIG, "trustedRoot": trusted_root(), "signingConfig": signing_config()}
    (folder / "both.json").write_bytes(encode_json(both))
    found = diagnose(capsys, "--trusted-root=both.json", "--signing-config=both.json")
    assert names(found, "trusted-root")[0] == "trusted-root-read"
    assert names(found, "signing-config")[0] == "signing-config-read"


@pytest.mark.parametrize(
    ("name", "check", "wanted"),
    [
        ("root.json", "trusted-root", ["trusted-root-unreadable"]),
        ("config.json", "signing-config", ["signing-config-unreadable"]),
    ],
)
@pytest.mark.parametrize("content", [None, b"{", b"{}"], ids=["missing", "broken", "something else"])
def test_files_that_cannot_be_read(
    capsys: Capture, folder: Path, name: str, check: str, wanted: list[str], content: bytes | None
) -> None:
    (folder / name).unlink()
    if content is not None:
        (folder / name).write_bytes(content)
    found = diagnose(capsys, *FILES, code=1)
    assert names(found, check) == wanted


def test_nothing_was_ever_fetched(capsys: Capture) -> None:
    found = diagnose(capsys, code=1)
    assert names(found, "metadata") == ["trust-never-fetched"]
    assert names(found, "trusted-root") == ["trusted-root-unreadable"]


def test_a_mirror_that_is_none(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUF_MIRROR", f"https://user:{SECRET}@tuf.example")
    found = diagnose(capsys, code=1)
    assert names(found, "metadata") == ["trust-mirror-unusable"]
    assert SECRET not in json.dumps(found)


@pytest.fixture
def mirror(folder: Path, monkeypatch: pytest.MonkeyPatch) -> TrustSite:
    """Make a mirror in a folder the one that is configured, and fetch from it."""
    contents = {TRUSTED_ROOT: encode_json(trusted_root()), SIGNING_CONFIG: encode_json(signing_config())}
    now = datetime.now(UTC)
    site = TrustSite(folder, TrustRepository(now=now, contents=contents), now.timestamp())
    site.publish()
    (folder / "anchor.json").write_bytes(site.repository.root)
    monkeypatch.setenv("TUF_ROOT", str(site.caches))
    monkeypatch.setenv("TUF_MIRROR", site.mirror.url)
    monkeypatch.setenv("TUF_ROOT_JSON", str(folder / "anchor.json"))
    site.open().target()
    return site


def test_what_is_cached_is_enough(capsys: Capture, mirror: TrustSite) -> None:
    found = diagnose(capsys)
    assert names(found, "metadata") == ["metadata-valid"] * 4
    assert setting(found, "TUF_MIRROR") == (mirror.mirror.url, "TUF_MIRROR")
    text = next(each["text"] for each in found["findings"] if each["name"] == "trusted-root-read")
    assert text == f"trusted_root.json of {mirror.mirror.url} can be read"


def test_a_mirror_without_a_signing_config(capsys: Capture, mirror: TrustSite) -> None:
    del mirror.repository.contents[SIGNING_CONFIG]
    mirror.repository.publish()
    mirror.publish()
    mirror.open().refresh()
    assert names(diagnose(capsys), "signing-config") == ["signing-config-missing"]


def test_metadata_that_expired(capsys: Capture, mirror: TrustSite) -> None:
    mirror.repository.lifetimes["timestamp"] = timedelta(seconds=-1)
    mirror.repository.publish()
    raw = mirror.repository.files["timestamp.json"]
    (mirror.open().folder.path / "timestamp.json").write_bytes(raw)
    found = diagnose(capsys)
    assert sorted(names(found, "metadata")) == ["metadata-expired", *["metadata-valid"] * 3]


def hold_lock(folder: CacheFolder) -> Any:
    from cosignpy.net.clock import Clock
    from cosignpy.services.tuf.turns import take_turn

    return take_turn(folder.lock, Clock())


def test_a_lock_is_waited_for_by_nobody(capsys: Capture, mirror: TrustSite) -> None:
    with hold_lock(mirror.open().folder):
        found = diagnose(capsys)
        assert "trust-cache-locked" in names(found, "metadata")
        assert names(found, "trusted-root")[0] == "trusted-root-read"
        (mirror.open().folder.path / "cosignpy" / "verified.json").unlink()
        found = diagnose(capsys, code=1)
    assert names(found, "trusted-root") == ["trusted-root-unreadable"]


def test_settings_say_where_they_are_from(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COSIGN_SIGNING_CONFIG", "config.json")
    found = diagnose(capsys, *FILES[:2], "--oidc-disable-ambient-providers")
    assert setting(found, "trusted-root") == ("root.json", "--trusted-root")
    assert setting(found, "signing-config") == ("config.json", "COSIGN_SIGNING_CONFIG")
    assert setting(found, "oidc-issuer") == ("https://oauth2.sigstore.dev/auth", "default")
    assert setting(found, "oidc-disable-ambient-providers") == ("yes", "--oidc-disable-ambient-providers")
    assert setting(found, "fulcio-url") == ("", "default")


def test_a_context_is_told(capsys: Capture, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COSIGNPY_CONFIG", str(folder / "contexts.yaml"))
    assert run(["context", "create", "lab", "--trusted-root", str(folder / "root.json")]) == 0
    capsys.readouterr()
    found = diagnose(capsys, "--context", "lab")
    assert setting(found, "context") == ("lab", str(folder / "contexts.yaml"))
    assert setting(found, "trusted-root") == (str(folder / "root.json"), "context lab: trusted_root")
    assert names(found, "metadata") == ["trust-cache-unused"]


def test_a_proxy_is_named_without_its_password(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://user:{SECRET}@proxy.example:3128")
    found = diagnose(capsys, *FILES)
    assert setting(found, "proxy for https") == ("http://proxy.example:3128", "environment")
    assert SECRET not in json.dumps(found)


def test_a_proxy_that_is_none_is_a_problem(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"socks5://user:{SECRET}@proxy.example")
    found = diagnose(capsys, *FILES, code=1)
    assert "proxy-unusable" in names(found, "environment")
    assert SECRET not in json.dumps(found)


def test_variables_that_mean_nothing_here(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("COSIGN_EXPERIMENTAL", "COSIGN_PASWORD", "COSIGN_PASSWORD"):
        monkeypatch.setenv(name, SECRET)
    found = diagnose(capsys, *FILES)
    assert names(found, "environment") == ["variables-read", "variable-ignored", "variable-unknown"]
    assert names(found, "keys") == ["password-set"]
    assert SECRET not in json.dumps(found)


def test_secrets_are_nowhere(capsys: Capture, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COSIGN_REGISTRY_PASSWORD", SECRET)
    monkeypatch.setenv("COSIGN_REGISTRY_TOKEN", SECRET)
    monkeypatch.setenv("SIGSTORE_ID_TOKEN", SECRET)
    monkeypatch.setenv("COSIGN_FULCIO_URL", f"https://user:{SECRET}@ca.example/?key={SECRET}")
    (folder / "config.json").write_text(json.dumps({"auths": {"a.example": {"auth": SECRET}}}))
    monkeypatch.setenv("DOCKER_CONFIG", str(folder))
    for output in ("text", "json"):
        assert run(["doctor", "--offline", "--output", output, *FILES[:2]]) == 1
        said = "".join(capsys.readouterr())
        assert "identity-unusable" in said or "no identity from SIGSTORE_ID_TOKEN" in said
        assert SECRET not in said


@pytest.mark.parametrize("name", ["COSIGN_FULCIO_URL", "COSIGN_REKOR_URL", "COSIGN_OIDC_ISSUER", "TUF_MIRROR"])
@pytest.mark.parametrize(
    "address",
    [
        f"user:{SECRET}@host.example",
        f"user:{SECRET}@https://host.example",
        f"https://user:/{SECRET}@host.example",
        f"https://user:?{SECRET}@host.example",
        f"https://user:#{SECRET}@host.example",
        f"https://host.example?{SECRET}",
        f"https://host.example/#{SECRET}",
        f"//user:{SECRET}@host.example",
    ],
)
def test_secrets_in_addresses_that_are_none_are_nowhere(
    name: str, address: str, capsys: Capture, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, address)
    monkeypatch.setenv("TUF_ROOT", str(folder / "cache"))
    run(["doctor", "--offline"])
    said = "".join(capsys.readouterr())
    assert "host.example" in said
    assert SECRET not in said


def test_a_key_in_this_folder(capsys: Capture, folder: Path) -> None:
    (folder / "cosign.key").write_text("-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n")
    (folder / "cosign.key").chmod(0o644)
    assert names(diagnose(capsys, *FILES), "keys") == ["password-not-set", "key-file-readable"]


def test_for_people(capsys: Capture) -> None:
    run(["doctor", "--offline", *FILES])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Configured"
    assert "Trusted root" in lines
    assert lines[-1].endswith(("warnings", "warning"))


@pytest.mark.parametrize(
    "argv",
    [
        ("--signing-config=config.json", "--fulcio-url=https://ca.example"),
        ("--rekor-url=https://log.example", "--rekor-v2-url=https://log.example"),
    ],
)
def test_flags_that_contradict_each_other_are_refused(capsys: Capture, argv: tuple[str, ...]) -> None:
    assert run(["doctor", "--offline", *argv]) == 2
    assert capsys.readouterr().err.startswith("Error: ")
