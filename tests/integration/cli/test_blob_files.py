"""Signatures of files in other forms, against a whole authority: parts in files of their own, many files in one bundle,
and lists of checksums.
"""

import base64
import json
import stat
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from cosignpy.core.keys.public import PublicKey
from tests.support.keyless_site import PROGRAM, TRUST, Keyless, serve_keyless
from tests.support.own_pki import CHAIN, IDENTITY, LEAF, write_own_pki

REFUSED = 12
NO_LOG = 2


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keyless]:
    with serve_keyless(tmp_path_factory.mktemp("keyless")) as running:
        running.succeed("generate-key-pair", "--output-key-prefix=signer")
        (running.folder / "other").write_bytes(b"other\n")
        (running.folder / "predicate.json").write_text('{"serial": 1}')
        yield running


@pytest.fixture
def blob(site: Keyless, request: pytest.FixtureRequest) -> str:
    """Write a file that only this test has."""
    name = f"{abs(hash(request.node.nodeid))}.bin"
    (site.folder / name).write_bytes(name.encode())
    return name


def version_1(site: Keyless) -> tuple[str, ...]:
    """The flags of cosign 2: a log of Rekor v1, and addresses."""
    services = (f"--fulcio-url={site.site.ca.url}", f"--rekor-url={site.site.log.url}")
    return "--identity-token=token", *services, *TRUST


def stamping(site: Keyless) -> str:
    return f"--timestamp-server-url={site.site.ca.url}/api/v1/timestamp"


def read(site: Keyless, name: str) -> Any:
    return json.loads((site.folder / name).read_bytes())


FILES = ("--output-signature=s.sig", "--output-certificate=s.pem", "--rfc3161-timestamp=s.tsr")


def test_parts_in_files(site: Keyless, blob: str) -> None:
    made = site.succeed("sign-blob", *version_1(site), stamping(site), *FILES, blob)
    told = made.stderr.decode().splitlines()
    assert "Wrote signature to file s.sig" in told
    assert told[-1].startswith("WARNING: the log entry is in none of these files")
    assert not (site.folder / f"{blob}.sigstore.json").exists()
    assert all(stat.S_IMODE((site.folder / name).stat().st_mode) == 0o600 for name in ("s.sig", "s.pem", "s.tsr"))
    assert b"BEGIN CERTIFICATE" in base64.b64decode((site.folder / "s.pem").read_bytes(), validate=True)

    verify = ("verify-blob", *TRUST, *site.who, "--signature=s.sig", "--certificate=s.pem")
    stamped = ("--rfc3161-timestamp=s.tsr", "--insecure-ignore-tlog", "--use-signed-timestamps")
    asking = (f"--rekor-url={site.site.log.url}",)
    for flags in (stamped, asking):
        site.succeed(*verify, *flags, blob)
        assert site.run(*verify, *flags, "other").returncode == REFUSED
    assert site.run(*verify, blob).returncode == NO_LOG
    assert site.run(*verify, *stamped[1:], blob).returncode == REFUSED


def test_log_that_never_saw_the_signature(site: Keyless, blob: str) -> None:
    site.succeed("sign-blob", "--key=signer.key", "--tlog-upload=false", "--output-signature=unseen.sig", blob)
    verify = ("verify-blob", "--key=signer.pub", *TRUST, "--signature=unseen.sig", blob)
    refused = site.run(*verify, f"--rekor-url={site.site.log.url}")
    assert refused.returncode == NO_LOG
    assert refused.stderr.startswith(b"Error: the log that was asked has no entry of this signature")
    site.succeed(*verify, "--insecure-ignore-tlog")


def test_parts_as_they_are(site: Keyless, blob: str) -> None:
    site.succeed("sign-blob", *version_1(site), "--b64=false", *FILES[:2], blob)
    assert (site.folder / "s.pem").read_bytes().startswith(b"-----BEGIN CERTIFICATE-----\n")
    asking = ("--signature=s.sig", "--certificate=s.pem", f"--rekor-url={site.site.log.url}")
    site.succeed("verify-blob", *TRUST, *site.who, *asking, blob)


def test_parts_beside_a_bundle(site: Keyless, blob: str) -> None:
    site.succeed("sign-blob", *site.signing, "--bundle=both.json", "--output-signature=both.sig", blob)
    signature = read(site, "both.json")["messageSignature"]["signature"]
    assert (site.folder / "both.sig").read_text() == signature
    site.succeed("verify-blob", *TRUST, *site.who, "--bundle=both.json", blob)


def test_bundle_of_cosign_2(site: Keyless, blob: str) -> None:
    made = site.succeed(
        "sign-blob", *version_1(site), "--new-bundle-format=false", "--bundle=old.json", "--output=json", blob
    )
    assert json.loads(made.stdout)["files"][0]["bundle"] == "old.json"
    assert read(site, "old.json").keys() == {"base64Signature", "cert", "rekorBundle"}
    site.succeed("verify-blob", *TRUST, *site.who, "--bundle=old.json", blob)
    assert site.run("verify-blob", *TRUST, *site.who, "--bundle=old.json", "other").returncode == REFUSED


def test_attestation_in_files(site: Keyless, blob: str) -> None:
    names = ("--output-signature=a.sig", "--output-certificate=a.pem", "--output-attestation=a.json")
    parts = (*names, "--rfc3161-timestamp-bundle=a.tsr")
    made = ("--predicate=predicate.json", "--type=https://example.com/review")
    site.succeed("attest-blob", *version_1(site), stamping(site), *made, *parts, blob)
    statement = (site.folder / "a.json").read_bytes()
    assert base64.b64decode(read(site, "a.sig")["payload"]) == statement
    verify = ("verify-blob-attestation", *TRUST, *site.who, "--type=https://example.com/review")
    found = ("--signature=a.sig", "--certificate=a.pem")
    stamped = ("--rfc3161-timestamp=a.tsr", "--insecure-ignore-tlog", "--use-signed-timestamps")
    for flags in (stamped, (f"--rekor-url={site.site.log.url}",)):
        site.succeed(*verify, *found, *flags, blob)
        assert site.run(*verify, *found, *flags, "other").returncode == REFUSED

    old = ("--new-bundle-format=false", "--bundle=a-old.json")
    site.succeed("attest-blob", *version_1(site), *made, *old, blob)
    site.succeed(*verify, "--bundle=a-old.json", blob)
    assert site.run(*verify, "--bundle=a-old.json", "other").returncode == REFUSED


def test_statement_beside_the_usual_bundle(site: Keyless, blob: str) -> None:
    site.succeed("attest-blob", *site.signing, "--predicate=predicate.json", "--output-attestation=only.json", blob)
    bundle = read(site, f"{blob}.sigstore.json")
    assert base64.b64decode(bundle["dsseEnvelope"]["payload"]) == (site.folder / "only.json").read_bytes()


# --- certificates of one's own ------------------------------------------------------------------

OWN = ("--key=signer.key", f"--certificate={LEAF}", f"--certificate-chain={CHAIN}")
ISSUERS = ("--insecure-ignore-sct", f"--certificate-chain={CHAIN}")


@pytest.fixture(scope="module")
def own(site: Keyless) -> Keyless:
    write_own_pki(site.folder, PublicKey.parse_pem((site.folder / "signer.pub").read_bytes()))
    return site


def test_own_certificate_in_a_bundle(own: Keyless, blob: str) -> None:
    own.succeed("sign-blob", *OWN, "--tlog-upload=false", "--bundle=own.json", blob)
    verify = ("verify-blob", "--insecure-ignore-tlog", "--bundle=own.json")
    own.succeed(*verify, *IDENTITY, *ISSUERS, blob)
    assert own.run(*verify, *IDENTITY, *ISSUERS, "other").returncode == REFUSED
    assert own.run(*verify, *own.who, *ISSUERS, blob).returncode == REFUSED
    assert own.run(*verify, *IDENTITY, *TRUST, "--insecure-ignore-sct", blob).returncode == REFUSED


def test_own_certificate_in_files_of_cosign_2(own: Keyless, blob: str) -> None:
    old = ("--new-bundle-format=false", "--bundle=own-old.json", "--output-signature=own.sig")
    own.succeed("sign-blob", *OWN, *TRUST, f"--rekor-url={own.site.log.url}", *old, blob)
    parts = ("--signature=own.sig", f"--certificate={LEAF}", f"--rekor-url={own.site.log.url}")
    for found in (("--bundle=own-old.json",), parts):
        own.succeed("verify-blob", *TRUST, *found, *IDENTITY, *ISSUERS, blob)
        assert own.run("verify-blob", *TRUST, *found, *IDENTITY, *ISSUERS, "other").returncode == REFUSED


def test_attestation_with_an_own_certificate(own: Keyless, blob: str) -> None:
    made = ("--predicate=predicate.json", "--type=https://example.com/review", "--bundle=own-a.json")
    own.succeed("attest-blob", *OWN, "--tlog-upload=false", *made, blob)
    verify = ("verify-blob-attestation", *made[1:], "--insecure-ignore-tlog", *IDENTITY)
    own.succeed(*verify, *ISSUERS, blob)
    assert own.run(*verify, *TRUST, "--insecure-ignore-sct", blob).returncode == REFUSED


def test_certificate_without_its_key(own: Keyless, blob: str) -> None:
    for command in (("sign-blob",), ("attest-blob", "--predicate=predicate.json")):
        refused = own.run(*command, *own.signing, f"--certificate={LEAF}", blob)
        assert refused.stderr.startswith(b"Error: a certificate is given without its key")


# --- many files ---------------------------------------------------------------------------------


def test_many_files_in_one_bundle(site: Keyless, blob: str) -> None:
    made = site.succeed("sign-blob", *site.signing, "--one-bundle", "--bundle=all.json", "--output=json", blob, "other")
    (told,) = json.loads(made.stdout)["files"]
    assert (told["file"], told["bundle"], len(told["logEntries"])) == (f"{blob}, other", "all.json", 1)
    statement = json.loads(base64.b64decode(read(site, "all.json")["dsseEnvelope"]["payload"]))
    assert statement["predicateType"] == "https://sigstore.dev/cosign/sign/v1"
    assert [subject["name"] for subject in statement["subject"]] == [blob, "other"]
    for name in (blob, "other"):
        site.succeed("verify-blob", *TRUST, *site.who, "--bundle=all.json", name)
    assert site.run("verify-blob", *TRUST, *site.who, "--bundle=all.json", "predicate.json").returncode == REFUSED


def test_list_of_checksums(site: Keyless) -> None:
    folder = site.folder / "dist"
    folder.mkdir()
    for name in ("a", "b c"):
        (folder / name).write_bytes(name.encode())
    listed = subprocess.run(["sha256sum", "--", "a", "b c"], cwd=folder, capture_output=True, check=True).stdout
    (folder / "SHA256SUMS").write_bytes(listed)
    site.succeed("sign-blob", *site.signing, "dist/SHA256SUMS")
    verify = ("verify-blob", *TRUST, *site.who, "--check-files=dist", "--strict", "dist/SHA256SUMS")
    found = json.loads(site.succeed(*verify, "--output=json").stdout)
    assert [file["name"] for file in found["files"]["checked"]] == ["a", "b c"]
    (folder / "b c").write_bytes(b"another")
    refused = site.run(*verify)
    assert refused.returncode == REFUSED
    assert b"  b c: it does not have the digest" in refused.stderr


def test_files_of_a_list_are_never_held_whole(site: Keyless) -> None:
    """A process that may have no more than half the file's size in all verifies it."""
    folder, size = site.folder / "large", 640 << 20
    folder.mkdir()
    with (folder / "zeros").open("wb") as file:
        file.truncate(size)
    digest = subprocess.run(["sha256sum", "zeros"], cwd=folder, capture_output=True, check=True).stdout[:64]
    (folder / "SHA256SUMS").write_bytes(b"SHA256 (zeros) = %b\n" % digest)
    site.succeed("sign-blob", "--key=signer.key", "--tlog-upload=false", "large/SHA256SUMS")
    verify = ("verify-blob", "--key=signer.pub", "--insecure-ignore-tlog", "--check-files=large", "large/SHA256SUMS")
    limited = f'ulimit -v {size // 2048} && exec "$@"'
    done = subprocess.run(
        ["sh", "-c", limited, "sh", PROGRAM, *verify], cwd=site.folder, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()


# --- what goes wrong ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (("--output-signature=none", "{blob}", "{blob}.2"), "one file is named for it"),
        (("--output-certificate=none", "{blob}", "{blob}.2"), "one file is named for it"),
        (("--new-bundle-format=false", "{blob}"), "cosign 2's bundles have no usual name"),
        (("--new-bundle-format=false", "--bundle=none", "{blob}"), "a place for one entry of Rekor v1"),
        (("--one-bundle", "{blob}"), "one bundle for all files has no usual name"),
        (("--one-bundle", "--bundle=none", "--new-bundle-format=false", "{blob}"), "and --one-bundle is given"),
        (("--one-bundle", "--bundle=none", "absent"), "absent: no such file"),
        (("--bundle=none", "{blob}", "{blob}.2"), "--bundle is one file, and several are signed"),
    ],
)
def test_flags_that_do_not_go_together(site: Keyless, blob: str, flags: tuple[str, ...], told: str) -> None:
    done = site.run("sign-blob", *site.signing, *(flag.format(blob=blob) for flag in flags))
    assert done.returncode
    assert told in done.stderr.decode()
    assert not (site.folder / "none").exists()


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (("--output-certificate=none",), "there is no certificate"),
        (("--rfc3161-timestamp=none",), "0 timestamps were made"),
    ],
)
def test_parts_that_there_are_none_of(site: Keyless, blob: str, flags: tuple[str, ...], told: str) -> None:
    done = site.run("sign-blob", "--key=signer.key", "--tlog-upload=false", *flags, blob)
    assert told in done.stderr.decode()
    assert not (site.folder / "none").exists()
    assert not (site.folder / f"{blob}.sigstore.json").exists()


def test_attestations_of_cosign_2_have_no_usual_name(site: Keyless, blob: str) -> None:
    flags = ("--predicate=predicate.json", "--new-bundle-format=false", "--output-signature=none")
    done = site.run("attest-blob", *version_1(site), *flags, blob)
    assert b"cosign 2's bundles have no usual name" in done.stderr
    assert not (site.folder / "none").exists()
