"""`doctor` against a whole authority of our own, with one service down, and with one whose clock is wrong."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import formatdate
from pathlib import Path
from time import time
from typing import Any

import pytest

from cosignpy.localregistry.server import LocalRegistry
from cosignpy.services.tuf.cache import SIGNING_CONFIG, TRUSTED_ROOT
from tests.support.keyless_site import SINCE, Keyless, serve_keyless
from tests.support.raw_server import RawServer, reply
from tests.support.trust_repository import TrustRepository

HOUR = 3600


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keyless]:
    with serve_keyless(tmp_path_factory.mktemp("keyless")) as running:
        yield running


def diagnose(site: Keyless, *flags: str) -> dict[str, Any]:
    done = site.run("doctor", "--output=json", *flags)
    assert b"Traceback" not in done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == found["exitCode"], done.stderr
    return found


def bad(found: dict[str, Any]) -> list[str]:
    return [finding["name"] for finding in found["findings"] if finding["state"] != "ok"]


def named(found: dict[str, Any], check: str) -> list[str]:
    return [finding["name"] for finding in found["findings"] if finding["check"] == check]


def test_all_is_well(site: Keyless) -> None:
    found = diagnose(site, *site.signing)
    assert bad(found) == []
    assert named(found, "services") == ["service-answers"] * 3
    assert named(found, "clock") == ["clock-agrees"]
    assert named(found, "identity") == ["identity-ready"]
    assert (site.folder / "token").read_text() not in json.dumps(found)


def test_a_log_of_version_1_and_an_issuer_to_sign_in_at(site: Keyless) -> None:
    addresses = (f"--fulcio-url={site.site.ca.url}", f"--rekor-url={site.site.log.url}")
    found = diagnose(site, "--trusted-root=root.json", *addresses, f"--oidc-issuer={site.site.issuer.url}")
    assert bad(found) == []
    assert [
        finding["text"].partition(" http")[0] for finding in found["findings"] if finding["check"] == "services"
    ] == [
        "certificate authority",
        "log (Rekor v1)",
        "identity issuer",
    ]


def test_the_issuer_is_the_one_that_was_asked_for(site: Keyless) -> None:
    flags = ("--trusted-root=root.json", f"--fulcio-url={site.site.ca.url}")
    found = diagnose(site, *flags, f"--oidc-issuer={site.site.issuer.url}/")
    assert bad(found) == ["service-unexpected"]


def test_one_service_is_down(site: Keyless) -> None:
    site.site.log.stop()
    try:
        found = diagnose(site, *site.signing)
    finally:
        site.site.log.start()
    assert bad(found) == ["service-refused"]
    (refused,) = (finding for finding in found["findings"] if finding["state"] == "problem")
    assert refused["text"] == f"log (Rekor v2) {site.site.log.url}: connection refused"
    assert refused["remedy"] == "start the service, or check the port of its address"
    assert diagnose(site, *site.signing)["exitCode"] == 0


@pytest.mark.parametrize(
    ("ahead", "wanted"),
    [(0, []), (45, ["service-clock-off"]), (HOUR, ["service-clock-wrong"]), (-HOUR, ["service-clock-wrong"])],
)
def test_one_clock_is_wrong(site: Keyless, ahead: int, wanted: list[str]) -> None:
    bundle = site.site.get("/api/v2/trustBundle").body
    with RawServer(reply(200, bundle, Date=formatdate(time() + ahead, usegmt=True))) as server:
        url = f"http://{server.address}"
        site.succeed(
            *("trusted-root", "create", f"--fulcio=url={url},certificate-chain=ca.pem", "--out=other.json"),
            f"--rekor=url={site.site.log.url},public-key=rekor-v1.pub,start-time={SINCE}",
        )
        addresses = (f"--fulcio-url={url}", f"--rekor-url={site.site.log.url}", "--identity-token=token")
        found = diagnose(site, "--trusted-root=other.json", *addresses)
    assert bad(found) == wanted


def test_where_all_differ_it_is_this_machine(site: Keyless) -> None:
    bundle = site.site.get("/api/v2/trustBundle").body
    with RawServer(reply(200, bundle, Date=formatdate(time() + HOUR, usegmt=True))) as server:
        found = diagnose(
            site, f"--fulcio-url=http://{server.address}", "--trusted-root=root.json", "--identity-token=token"
        )
    assert "clock-wrong" in bad(found)


def test_a_mirror_that_is_there_and_then_away(site: Keyless, tmp_path: Path) -> None:
    documents = {TRUSTED_ROOT: "root.json", SIGNING_CONFIG: "signing.json"}
    contents = {name: (site.folder / file).read_bytes() for name, file in documents.items()}
    repository = TrustRepository(now=datetime.now(UTC), contents=contents)
    (tmp_path / "anchor.json").write_bytes(repository.root)
    with RawServer(repository.handle) as server:
        environment = {"TUF_ROOT": str(tmp_path / "cache"), "TUF_MIRROR": f"http://{server.address}"}
        configured = replace(site, environment={**environment, "TUF_ROOT_JSON": str(tmp_path / "anchor.json")})
        found = diagnose(configured, "--identity-token=token")
        assert bad(found) == []
        assert named(found, "services") == ["service-answers"] * 4
        assert named(found, "metadata") == ["metadata-valid"] * 4
    found = diagnose(configured, "--identity-token=token")
    assert (bad(found), found["exitCode"]) == (["mirror-away"], 0)


def test_the_registry_of_an_image(site: Keyless) -> None:
    with LocalRegistry() as registry:
        found = diagnose(site, *site.signing, registry.address)
        assert named(found, "registry") == ["registry-answers"]
        found = diagnose(site, *site.signing, f"{registry.address}/team/app:1")
        assert named(found, "registry") == ["registry-answers", "registry-referrers-api", "image-missing"]


def test_with_a_proxy_that_is_none_no_registry_is_asked(site: Keyless) -> None:
    broken = replace(site, environment={"HTTP_PROXY": "socks5://proxy.example"})
    found = diagnose(broken, *site.signing, "registry.example")
    assert bad(found) == ["proxy-unusable", "registry-fails"]


def test_for_people(site: Keyless) -> None:
    done = site.run("doctor", *site.signing)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.decode().splitlines()
    assert f"  ok       log (Rekor v2) {site.site.log.url} is asked" in lines
    assert lines[-1] == "no problems, no warnings"
