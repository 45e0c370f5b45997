"""`bundle create` and `upgrade` against a real log: what they make is what signing makes, and verifies."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.keyless_site import TRUST, Keyless, serve_keyless

V01 = "application/vnd.dev.sigstore.bundle+json;version=0.1"
USAGE, REFUSED, UNREACHABLE, NOT_THERE = 2, 12, 20, 23
NOWHERE = "--rekor-url=http://127.0.0.1:9"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keyless]:
    with serve_keyless(tmp_path_factory.mktemp("keyless")) as running:
        running.succeed("generate-key-pair", "--output-key-prefix=signer")
        (running.folder / "blob").write_bytes(b"content\n")
        (running.folder / "other").write_bytes(b"other\n")
        (running.folder / "predicate.json").write_text('{"serial": 1}')
        sign(running)
        yield running


def sign(site: Keyless) -> None:
    """Sign by identity and by key, as a bundle and in parts, with a log of Rekor v1."""
    url, stamps = site.site.log.url, f"{site.site.ca.url}/api/v1/timestamp"
    services = (f"--rekor-url={url}", f"--timestamp-server-url={stamps}", *TRUST)
    identity = ("--identity-token=token", f"--fulcio-url={site.site.ca.url}", *services)
    parts = ("--output-signature=s.sig", "--output-certificate=s.pem", "--rfc3161-timestamp=s.tsr")
    site.succeed("sign-blob", *identity, *parts, "--bundle=signed.json", "blob")
    keyed = ("--key=signer.key", "--output-signature=k.sig", "--bundle=keyed.json")
    site.succeed("sign-blob", *keyed, *services, "blob")
    about = ("--predicate=predicate.json", "--type=https://example.com/review", "--output-signature=a.sig")
    site.succeed("attest-blob", *identity, *about, "--output-certificate=a.pem", "--bundle=stated.json", "blob")
    old = ("--new-bundle-format=false", "--bundle=old.json")
    site.succeed("sign-blob", *identity, *old, "blob")


def log_of(site: Keyless) -> str:
    return f"--rekor-url={site.site.log.url}"


def read(site: Keyless, name: str) -> Any:
    return json.loads((site.folder / name).read_bytes())


def differences(site: Keyless, left: str, right: str) -> list[str]:
    """Return where two bundles differ, but for the proofs: those of a tree that has grown are others."""
    found = json.loads(site.run("bundle", "diff", "--output=json", left, right).stdout)["differences"]
    return [item["place"] for item in found if ".inclusion." not in item["place"]]


def made_differences(site: Keyless, left: str, right: str) -> list[str]:
    """Return the same where both come from the log, which signs its promise anew whenever it is asked."""
    return [place for place in differences(site, left, right) if not place.endswith(".promise")]


def older(site: Keyless, name: str, target: str, **changes: Any) -> None:
    """Write a bundle as one of version 0.1, with the log's promise alone."""
    bundle = read(site, name) | {"mediaType": V01}
    for entry in bundle["verificationMaterial"]["tlogEntries"]:
        del entry["inclusionProof"]
        entry.update(changes)
    (site.folder / target).write_text(json.dumps(bundle))


@pytest.mark.parametrize(
    ("parts", "signed"),
    [
        (("--signature=s.sig", "--certificate=s.pem", "--rfc3161-timestamp=s.tsr"), "signed.json"),
        (("--attestation=a.sig", "--certificate=a.pem"), "stated.json"),
        (("--signature=k.sig", "--key=signer.pub"), "keyed.json"),
    ],
)
def test_a_bundle_of_parts_is_what_was_signed(site: Keyless, parts: tuple[str, ...], signed: str) -> None:
    site.succeed("bundle", "create", "--artifact=blob", *parts, log_of(site), "--out=made.json")
    missing = [] if "--rfc3161-timestamp=s.tsr" in parts else ["timestamps"]
    assert [place.partition(".")[0] for place in made_differences(site, "made.json", signed)] == missing
    who = ("--key=signer.pub",) if "--key=signer.pub" in parts else site.who
    site.succeed("bundle", "verify", "made.json", "blob", *TRUST, *who)
    assert site.run("bundle", "verify", "made.json", "other", *TRUST, *who).returncode == REFUSED


def test_a_signature_that_the_log_never_saw_becomes_no_bundle(site: Keyless) -> None:
    site.succeed("sign-blob", "--key=signer.key", "--tlog-upload=false", "--output-signature=unseen.sig", "blob")
    making = ("bundle", "create", "--artifact=blob", "--signature=unseen.sig", "--key=signer.pub", "--out=unseen.json")
    refused = site.run(*making, log_of(site))
    assert (refused.returncode, refused.stdout) == (USAGE, b"")
    assert refused.stderr.startswith(b"Error: the log has no entry of this signature\n")
    assert site.run(*making, NOWHERE).returncode == UNREACHABLE
    assert not (site.folder / "unseen.json").exists()
    site.succeed(*making, "--ignore-tlog")
    site.succeed("bundle", "verify", "unseen.json", "blob", "--key=signer.pub", "--insecure-ignore-tlog")


@pytest.mark.parametrize("signed", ["signed.json", "stated.json", "keyed.json"])
def test_a_promise_is_upgraded_to_a_proof(site: Keyless, signed: str) -> None:
    older(site, signed, "older.json")
    done = site.succeed("bundle", "upgrade", "--in-place", "older.json", log_of(site))
    assert b"with a proof of the log for 1 log entry" in done.stderr
    assert differences(site, "older.json", signed) == []
    who = ("--key=signer.pub",) if signed == "keyed.json" else site.who
    site.succeed("bundle", "verify", "older.json", "blob", *TRUST, *who)


def test_cosigns_own_json_is_upgraded(site: Keyless) -> None:
    site.succeed("bundle", "upgrade", "old.json", "--out=new.json", log_of(site))
    site.succeed("verify-blob", *TRUST, *site.who, "--bundle=new.json", "blob")
    made = ("bundle", "create", "--artifact=blob", "--bundle=old.json", "--out=created.json")
    site.succeed(*made, log_of(site))
    assert differences(site, "new.json", "created.json") == []
    assert site.run(*made, "--ignore-tlog").returncode == USAGE


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"logIndex": "0"}, REFUSED), ({"logIndex": "1000"}, NOT_THERE), ({"logId": {"keyId": "YQ=="}}, REFUSED)],
)
def test_a_promise_of_another_entry_is_left_as_it_is(site: Keyless, changes: dict[str, Any], code: int) -> None:
    older(site, "keyed.json", "wrong.json", **changes)
    before = (site.folder / "wrong.json").read_bytes()
    refused = site.run("bundle", "upgrade", "--in-place", "wrong.json", log_of(site))
    assert refused.returncode == code
    assert refused.stderr.startswith(b"wrong.json: not upgraded\nError: ")
    assert (site.folder / "wrong.json").read_bytes() == before


def test_the_log_is_asked_only_for_what_is_missing(site: Keyless) -> None:
    (site.folder / "proved.json").write_text(json.dumps(read(site, "signed.json") | {"mediaType": V01}))
    site.succeed("bundle", "upgrade", "proved.json", NOWHERE)
    older(site, "signed.json", "promised.json")
    assert site.run("bundle", "upgrade", "promised.json", NOWHERE).returncode == UNREACHABLE
