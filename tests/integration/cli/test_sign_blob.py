"""`sign-blob` and `attest-blob` against a whole authority: what is written, and what people are told when it fails."""

import base64
import hashlib
import json
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from cosignpy.services.tuf.cache import SIGNING_CONFIG, TRUSTED_ROOT
from tests.support.keyless_site import TRUST, Keyless, serve_keyless
from tests.support.raw_server import RawServer
from tests.support.trust_repository import TrustRepository

CONTENT = b"content\n"
DOCUMENTS = {TRUSTED_ROOT: "root.json", SIGNING_CONFIG: "signing.json"}
REFUSED = 12
"""docs/exit-codes.md: it says something else."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keyless]:
    with serve_keyless(tmp_path_factory.mktemp("keyless")) as running:
        for name in ("signer", "stranger"):
            running.succeed("generate-key-pair", f"--output-key-prefix={name}")
        yield running


@pytest.fixture
def blob(site: Keyless, request: pytest.FixtureRequest) -> str:
    """Write a file that only this test has."""
    name = f"{abs(hash(request.node.nodeid))}.bin"
    (site.folder / name).write_bytes(CONTENT + name.encode())
    return name


def read(site: Keyless, name: str) -> Any:
    return json.loads((site.folder / name).read_bytes())


def test_without_a_key(site: Keyless, blob: str) -> None:
    site.succeed("sign-blob", *site.signing, blob)
    bundle = f"{blob}.sigstore.json"
    assert stat.S_IMODE((site.folder / bundle).stat().st_mode) == 0o600
    material = read(site, bundle)["verificationMaterial"]
    assert material.keys() == {"certificate", "tlogEntries", "timestampVerificationData"}
    found = site.succeed("verify-blob", *TRUST, *site.who, f"--bundle={bundle}", "--output=json", blob)
    evidence = json.loads(found.stdout)
    assert evidence["certificate"]["names"] == ["alice@example.com"]
    assert evidence["digests"]["sha256"] == hashlib.sha256((site.folder / blob).read_bytes()).hexdigest()


def test_bundle_beside_the_file(site: Keyless, blob: str) -> None:
    site.succeed("sign-blob", *site.signing, blob)
    site.succeed("verify-blob", *TRUST, *site.who, blob)
    for nameless in ("-", f"sha256:{'0' * 64}"):
        refused = site.run("verify-blob", *TRUST, *site.who, nameless)
        assert refused.stderr.startswith(b"Error: there is no file beside which a bundle could lie")


def test_whom_to_ask_and_to_believe_comes_from_a_mirror(site: Keyless, blob: str, tmp_path: Path) -> None:
    documents = {name: (site.folder / file).read_bytes() for name, file in DOCUMENTS.items()}
    repository = TrustRepository(now=datetime.now(UTC), contents=documents)
    (tmp_path / "root.json").write_bytes(repository.root)
    with RawServer(repository.handle) as server:
        mirror = f"http://{server.address}"
        at_home = replace(site, environment={"TUF_ROOT": str(tmp_path / "cache")})
        at_home.succeed("initialize", f"--mirror={mirror}", f"--root={tmp_path / 'root.json'}")
        at_home.succeed("sign-blob", "--identity-token=token", "--bundle=kept.json", blob)
        at_home.succeed("verify-blob", *site.who, "--bundle=kept.json", blob)
        at_home.succeed("sign-blob", "--key=signer.key", blob)
        at_home.succeed("verify-blob", "--key=signer.pub", blob)
    at_home.succeed("verify-blob", "--offline", *site.who, "--bundle=kept.json", blob)


def test_offline_no_socket_is_opened(site: Keyless, blob: str, tmp_path: Path) -> None:
    """Where nothing is cached, offline is an error that says so, and nobody is asked."""
    site.succeed("sign-blob", *site.signing, blob)
    asked = TrustRepository(now=datetime.now(UTC))
    (tmp_path / "root.json").write_bytes(asked.root)
    with RawServer(asked.handle) as server:
        known = {"TUF_MIRROR": f"http://{server.address}", "TUF_ROOT_JSON": str(tmp_path / "root.json")}
        empty = replace(site, environment={**known, "TUF_ROOT": str(tmp_path / "cache")})
        refused = empty.run("verify-blob", "--offline", *site.who, blob)
    assert refused.returncode != 0
    assert asked.asked == []


def test_mirror_that_is_away(site: Keyless, blob: str, tmp_path: Path) -> None:
    site.succeed("sign-blob", *site.signing, blob)
    (tmp_path / "root.json").write_bytes(TrustRepository(now=datetime.now(UTC)).root)
    away = {"TUF_MIRROR": "http://127.0.0.1:1", "TUF_ROOT_JSON": str(tmp_path / "root.json")}
    lost = replace(site, environment={**away, "TUF_ROOT": str(tmp_path / "cache")})
    refused = lost.run("verify-blob", *site.who, blob)
    assert refused.returncode == 20
    assert b"hint: name a file that you trust (--trusted-root" in refused.stderr


def test_another_file_is_refused(site: Keyless, blob: str) -> None:
    site.succeed("sign-blob", *site.signing, blob)
    (site.folder / blob).write_bytes(b"changed")
    refused = site.run("verify-blob", *TRUST, *site.who, f"--bundle={blob}.sigstore.json", blob)
    assert refused.returncode == REFUSED
    assert refused.stderr.startswith(b"Error: the signed artifact digest")


def test_several_files_have_one_certificate(site: Keyless, blob: str) -> None:
    (site.folder / f"{blob}.2").write_bytes(b"second")
    made = site.succeed("sign-blob", *site.signing, "--output=json", blob, f"{blob}.2")
    bundles = [one["bundle"] for one in json.loads(made.stdout)["files"]]
    assert bundles == [f"{blob}.sigstore.json", f"{blob}.2.sigstore.json"]
    first, second = (read(site, name)["verificationMaterial"]["certificate"] for name in bundles)
    assert first == second


def test_standard_input(site: Keyless) -> None:
    site.succeed("sign-blob", *site.signing, "--bundle=input.json", "-", stdin=CONTENT)
    site.succeed("verify-blob", *TRUST, *site.who, "--bundle=input.json", "-", stdin=CONTENT)


def test_rekor_v1_by_address(site: Keyless, blob: str) -> None:
    services = ("--identity-token=token", f"--fulcio-url={site.site.ca.url}", f"--rekor-url={site.site.log.url}")
    site.succeed("sign-blob", *services, *TRUST, "--bundle=v1.json", blob)
    (entry,) = read(site, "v1.json")["verificationMaterial"]["tlogEntries"]
    assert entry["kindVersion"] == {"kind": "hashedrekord", "version": "0.0.1"}
    site.succeed("verify-blob", *TRUST, *site.who, "--bundle=v1.json", blob)


@pytest.mark.parametrize("log", ["--rekor-url", "--rekor-v2-url"])
def test_key_and_log(site: Keyless, blob: str, log: str) -> None:
    key = ("--key=signer.key", f"{log}={site.site.log.url}")
    site.succeed("sign-blob", *key, *TRUST, "--bundle=key.json", blob)
    site.succeed("verify-blob", *TRUST, "--key=signer.pub", "--bundle=key.json", blob)
    assert site.run("verify-blob", *TRUST, "--key=stranger.pub", "--bundle=key.json", blob).returncode


def test_key_and_nobody_else(site: Keyless, blob: str) -> None:
    site.succeed("sign-blob", "--key=signer.key", "--tlog-upload=false", "--bundle=alone.json", blob)
    site.succeed("verify-blob", "--key=signer.pub", "--insecure-ignore-tlog", "--bundle=alone.json", blob)
    assert site.run("verify-blob", *TRUST, "--key=signer.pub", "--bundle=alone.json", blob).returncode


def test_the_same_signature_twice_is_one_entry(site: Keyless, blob: str) -> None:
    """RSA signs the same content the same, and the log answers with the entry that it has."""
    site.succeed("generate-key-pair", f"--output-key-prefix={blob}", "--algorithm=rsa-2048")
    key = (f"--key={blob}.key", f"--rekor-v2-url={site.site.log.url}")
    for name in ("first", "second"):
        site.succeed("sign-blob", *key, *TRUST, f"--bundle={name}.json", blob)
    first, second = (read(site, f"{name}.json")["verificationMaterial"]["tlogEntries"] for name in ("first", "second"))
    assert first[0]["logIndex"] == second[0]["logIndex"]


# --- attestations -------------------------------------------------------------------------------

PREDICATE = b'{ "serial": 12345678901234567890.10 }\n'


@pytest.fixture
def predicate(site: Keyless) -> str:
    (site.folder / "predicate.json").write_bytes(PREDICATE)
    return "--predicate=predicate.json"


def test_attestation_keeps_every_digit(site: Keyless, blob: str, predicate: str) -> None:
    told = refuse(site, "attest-blob", *site.signing, predicate, "--type=cyclonedx", blob)
    assert "predicate (cyclonedx) in predicate.json: line 1: the document: specVersion is missing" in told
    site.succeed("attest-blob", *site.signing, predicate, "--type=cyclonedx", "--no-validate", blob)
    checking = ("verify-blob-attestation", *TRUST, *site.who, f"--bundle={blob}.sigstore.json", blob)
    found = json.loads(site.succeed(*checking, "--type=cyclonedx", "--output=json").stdout)
    assert found["predicateType"] == "https://cyclonedx.org/bom"
    payload = read(site, f"{blob}.sigstore.json")["dsseEnvelope"]["payload"]
    assert PREDICATE.strip() in base64.b64decode(payload)
    assert site.run(*checking, "--type=spdxjson").returncode == REFUSED


def test_attestation_about_several_files(site: Keyless, blob: str, predicate: str) -> None:
    (site.folder / f"{blob}.2").write_bytes(b"second")
    site.succeed("attest-blob", *site.signing, predicate, "--bundle=both.json", blob, f"{blob}.2")
    for name in (blob, f"{blob}.2"):
        site.succeed("verify-blob-attestation", *TRUST, *site.who, "--bundle=both.json", "--type=custom", name)


def test_attestation_by_a_whole_statement(site: Keyless, blob: str) -> None:
    digest = hashlib.sha256((site.folder / blob).read_bytes()).hexdigest()
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "x", "digest": {"sha256": digest}}],
        "predicateType": "https://example.com/review",
        "predicate": {},
    }
    (site.folder / "statement.json").write_text(json.dumps(statement))
    site.succeed("attest-blob", *site.signing, "--statement=statement.json", "--bundle=whole.json")
    who = (*TRUST, *site.who, "--bundle=whole.json")
    site.succeed("verify-blob-attestation", *who, "--type=https://example.com/review", blob)
    (site.folder / "other").write_bytes(b"other")
    refused = site.run("attest-blob", *site.signing, "--statement=statement.json", "other")
    assert refused.stderr.startswith(b"Error: the statement is not about other")


# --- what goes wrong ----------------------------------------------------------------------------


def refuse(site: Keyless, *arguments: str) -> str:
    """Sign in vain: nothing is written, one line says why, and no traceback is shown."""
    before = set(site.folder.iterdir())
    done = site.run(*arguments)
    told = done.stderr.decode()
    assert done.returncode, told
    assert set(site.folder.iterdir()) == before
    assert "Traceback" not in told
    assert "defect" not in told
    return told.splitlines()[0]


def test_token_that_was_changed(site: Keyless, blob: str) -> None:
    head, claims, signature = site.site.issuer.token().split(".")
    other = site.site.issuer.token(sub="mallory").split(".")[1]
    assert other != claims
    (site.folder / "changed").write_text(f"{head}.{other}.{signature}")
    told = refuse(site, "sign-blob", "--identity-token=changed", *site.signing[2:], blob)
    assert "the certificate authority" in told
    assert signature not in told


def test_token_that_expired(site: Keyless, blob: str) -> None:
    (site.folder / "old").write_text(site.site.issuer.token(exp=1_000_000_000, iat=999_999_000))
    assert "the token expired" in refuse(site, "sign-blob", "--identity-token=old", *site.signing[2:], blob)


def test_log_that_is_down(site: Keyless, blob: str) -> None:
    services = ("--identity-token=token", f"--fulcio-url={site.site.ca.url}", "--rekor-url=http://127.0.0.1:1")
    assert "cannot reach 127.0.0.1:1" in refuse(site, "sign-blob", *services, *TRUST, blob)


def test_token_in_the_clear_is_warned_of(site: Keyless, blob: str) -> None:
    services = ("--identity-token=token", "--fulcio-url=http://fulcio.invalid", f"--rekor-url={site.site.log.url}")
    assert refuse(site, "sign-blob", *services, *TRUST, blob).startswith("WARNING: http://fulcio.invalid is asked")


def test_trusted_root_of_somebody_else(site: Keyless, blob: str) -> None:
    site.succeed("trusted-root", "create", "--out=empty.json")
    signing = ("--identity-token=token", "--signing-config=signing.json", "--trusted-root=empty.json")
    assert "trusted" in refuse(site, "sign-blob", *signing, blob)


def test_without_a_log_there_is_no_signing_without_a_key(site: Keyless, blob: str) -> None:
    told = refuse(site, "sign-blob", *site.signing, "--tlog-upload=false", blob)
    assert "has to be in a transparency log" in told


def test_without_an_authority_there_is_no_signing_without_a_key(site: Keyless, blob: str) -> None:
    services = ("--identity-token=token", f"--rekor-url={site.site.log.url}")
    assert "no certificate authority is named" in refuse(site, "sign-blob", *services, *TRUST, blob)


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (("--bundle=one.json", "{blob}", "{blob}"), "--bundle is one file"),
        (("-",), "standard input has no name"),
        (("--fulcio-url=http://127.0.0.1:1", "{blob}"), "a signing config says whom to ask"),
        (("missing.bin",), "missing.bin: no such file"),
    ],
    ids=["one bundle", "no name", "both", "missing"],
)
def test_flags_that_do_not_go_together(site: Keyless, blob: str, flags: tuple[str, ...], told: str) -> None:
    assert told in refuse(site, "sign-blob", *site.signing, *(flag.format(blob=blob) for flag in flags))


def entries(site: Keyless) -> int:
    """Return how many entries the log has."""
    with urlopen(f"{site.site.log.url}/api/v2/checkpoint") as answer:
        return int(answer.read().splitlines()[1])


def test_nothing_is_signed_where_a_file_is_missing(site: Keyless, blob: str) -> None:
    before = entries(site)
    assert refuse(site, "sign-blob", *site.signing, blob, "absent") == "Error: absent: no such file or directory"
    assert refuse(site, "sign-blob", *site.signing, blob, ".") == "Error: .: is a directory"
    assert entries(site) == before


def test_two_kinds_of_log(site: Keyless, blob: str) -> None:
    both = ("--rekor-url=http://127.0.0.1:1", "--rekor-v2-url=http://127.0.0.1:1")
    assert "two logs are named" in refuse(site, "sign-blob", "--key=signer.key", *both, blob)


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (("{blob}",), "an attestation says something"),
        (("--predicate=predicate.json", "--statement=predicate.json", "{blob}"), "an attestation says one thing"),
        (("--predicate=predicate.json", "--bundle=none.json"), "an attestation is about something"),
        (("--predicate=predicate.json",), "an attestation is about something"),
        (("--predicate=predicate.json", "{blob}", "{blob}"), "no one file to call the bundle by"),
        (("--predicate=predicate.json", "--type=nonsense", "{blob}"), "is not a predicate type"),
        (("--predicate=broken.json", "{blob}"), "malformed predicate"),
    ],
    ids=["nothing", "both", "about nothing", "nothing at all", "no name", "type", "broken"],
)
@pytest.mark.usefixtures("predicate")
def test_attestations_that_say_nothing(site: Keyless, blob: str, flags: tuple[str, ...], told: str) -> None:
    (site.folder / "broken.json").write_text("[1]")
    assert told in refuse(site, "attest-blob", *site.signing, *(flag.format(blob=blob) for flag in flags))


def test_notice_is_for_people(site: Keyless, blob: str) -> None:
    """Nobody is at a terminal, so nobody is asked, and nobody can sign in."""
    told = refuse(site, "sign-blob", *site.signing[2:], "--oidc-disable-ambient-providers", blob)
    assert "nobody is at a terminal to sign in" in told


# --- the conformance suite's command line -------------------------------------------------------

ENTRY = Path(__file__).parents[2] / "conformance" / "entry"


@pytest.mark.parametrize("statement", [False, True], ids=["file", "statement"])
def test_conformance_entry_signs(site: Keyless, blob: str, statement: bool) -> None:
    digest = hashlib.sha256((site.folder / blob).read_bytes()).hexdigest()
    document = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "x", "digest": {"sha256": digest}}],
        "predicateType": "https://example.com/review",
        "predicate": {},
    }
    (site.folder / f"{blob}.json").write_text(json.dumps(document))
    token = ("--identity-token", (site.folder / "token").read_text(), "--signing-config", "signing.json")
    signing = ("--in-toto", f"{blob}.json") if statement else (blob,)
    for arguments in (
        ("sign-bundle", *token, *TRUST, "--bundle", "suite.json", *signing),
        ("verify-bundle", *site.who, *TRUST, "--bundle", "suite.json", blob),
        ("verify-bundle", *site.who, *TRUST, "--bundle", "suite.json", f"sha256:{digest}"),
    ):
        done = subprocess.run([sys.executable, ENTRY, *arguments], cwd=site.folder, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
