"""Our logs read and checked by Go code of others, in the program `log_client`.

| What                                  | Whose code verifies it                                             |
| ------------------------------------- | ------------------------------------------------------------------ |
| SCT, detached and embedded            | certificate-transparency-go (client and ctutil)                    |
| signed tree head, `get-entries`       | certificate-transparency-go; the root by transparency-dev/merkle   |
| inclusion and consistency proofs, CT  | transparency-dev/merkle, of every entry and from every size        |
| static-ct checkpoint, tiles, issuers  | transparency-dev/formats, Tessera's client, ct-go's tls            |
| Rekor v2 checkpoint, tiles, bundles   | rekor-tiles' read client, Tessera's proof builder                  |
| Rekor v2 entry, proof, canonical body | rekor-tiles' verifier, and the body that the real server makes     |
"""

import base64
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from cryptography.x509 import DNSName, RFC822Name, SubjectAlternativeName

from cosignpy.core.ct.sct import Sct
from cosignpy.core.encoding import PemBlock
from tests.interop.log_services import TILES_HOSTNAME, serve_rekor_tiles
from tests.interop.log_workshop import CT, REKOR_V2, Signatory, log_client, write_key
from tests.interop.programs import Workshop
from tests.support.certificates import POISONED, Authority, Extensions
from tests.support.log_process import LogProcess, serve_logs

POISON: Final = POISONED[-1:]
V2_ENTRIES: Final = "/api/v2/log/entries"
TILE_WIDTH: Final = 256


@pytest.fixture(scope="module")
def root() -> Authority:
    return Authority.root()


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory, root: Authority) -> Iterator[LogProcess]:
    folder = tmp_path_factory.mktemp("log")
    (folder / "roots.pem").write_bytes(pem(root.der))
    with serve_logs(folder / "data", f"ct:\n  roots: {folder / 'roots.pem'}\n") as running:
        yield running


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)


@pytest.fixture
def signatory(tmp_path: Path) -> Signatory:
    return Signatory(tmp_path, "signer")


def pem(*certificates: bytes) -> bytes:
    return b"".join(PemBlock("CERTIFICATE", certificate).encode() for certificate in certificates)


def key_of(log: LogProcess, name: str, workshop: Workshop) -> Path:
    return write_key(log.shards(name)[-1], workshop.folder)


def names(address: str) -> Extensions:
    return ((SubjectAlternativeName([RFC822Name(address), DNSName("example.com")]), True),)


# --- certificate transparency -------------------------------------------------------------------


def submit(workshop: Workshop, log: LogProcess, command: str, *chain: bytes) -> Sct:
    (workshop.folder / "chain.pem").write_bytes(pem(*chain))
    key = key_of(log, CT, workshop)
    promise = log_client(workshop, command, log.url, key, "chain.pem")
    return Sct.parse(base64.b64decode(promise["sct"]))


def test_a_precertificate_gets_an_sct_that_verifies_in_the_final_certificate(
    workshop: Workshop, log: LogProcess, root: Authority
) -> None:
    issuer, named = root.authority(), names("embedded@example.com")
    sct = submit(workshop, log, "ct-add-pre", issuer.leaf((*named, *POISON)), issuer.der, root.der)
    (workshop.folder / "final.pem").write_bytes(pem(issuer.leaf_with([sct], named), issuer.der, root.der))
    checked = log_client(workshop, "ct-embedded", key_of(log, CT, workshop), "final.pem")
    assert checked == {"verified": 1}


def test_an_embedded_sct_of_another_certificate_does_not_verify(
    workshop: Workshop, log: LogProcess, root: Authority
) -> None:
    issuer = root.authority()
    one, other = names("one@example.com"), names("other@example.com")
    sct = submit(workshop, log, "ct-add-pre", issuer.leaf((*one, *POISON)), issuer.der, root.der)
    (workshop.folder / "final.pem").write_bytes(pem(issuer.leaf_with([sct], other), issuer.der, root.der))
    key = key_of(log, CT, workshop)
    assert workshop.run("log-client", "ct-embedded", str(key), "final.pem").exit_code == 1


def test_a_certificate_gets_the_same_sct_again(workshop: Workshop, log: LogProcess, root: Authority) -> None:
    chain = (root.leaf(names("again@example.com")), root.der)
    first = submit(workshop, log, "ct-add", *chain)
    assert submit(workshop, log, "ct-add", *chain).timestamp_ms == first.timestamp_ms


def test_the_whole_log_verifies_by_both_of_its_interfaces(workshop: Workshop, log: LogProcess, root: Authority) -> None:
    issuer = root.authority()
    for number in range(5):
        named = names(f"{number}@example.com")
        submit(workshop, log, "ct-add", root.leaf(named), root.der)
        submit(workshop, log, "ct-add-pre", issuer.leaf((*named, *POISON)), issuer.der)
    key = key_of(log, CT, workshop)
    audited = log_client(workshop, "ct-audit", log.url, key)
    assert audited["size"] >= 10
    assert set(audited["kinds"]) == {"X509LogEntryType", "PrecertLogEntryType"}
    assert audited["acceptedRoots"] == 1
    static = log_client(workshop, "tiles-ct", f"{log.url}/ctlog", key, log.shards(CT)[0].origin)
    assert (static["size"], len(static["leaves"])) == (audited["size"], audited["size"])
    assert static["issuers"] >= 2
    assert base64.b64decode(static["checkpoint"].splitlines()[2]) == base64.b64decode(audited["root"])


@pytest.mark.parametrize("trusted", [CT, REKOR_V2])
def test_a_tree_head_is_of_this_log_only(workshop: Workshop, log: LogProcess, trusted: str) -> None:
    audit = workshop.run("log-client", "ct-audit", log.url, str(key_of(log, trusted, workshop)))
    assert audit.exit_code == (0 if trusted == CT else 1)


@pytest.mark.parametrize(
    ("command", "made"),
    [
        pytest.param("ct-add", lambda root: (root.leaf((*names("x@example.com"), *POISON)), root.der), id="poison"),
        pytest.param("ct-add-pre", lambda root: (root.leaf(names("x@example.com")), root.der), id="no-poison"),
        pytest.param("ct-add", lambda _: (stranger().leaf(names("x@example.com")), stranger().der), id="unknown-root"),
    ],
)
def test_a_chain_that_the_log_does_not_take_is_refused(
    workshop: Workshop, log: LogProcess, root: Authority, command: str, made: Any
) -> None:
    (workshop.folder / "chain.pem").write_bytes(pem(*made(root)))
    refused = workshop.run("log-client", command, log.url, str(key_of(log, CT, workshop)), "chain.pem")
    assert refused.exit_code == 1
    assert ": 400 " in refused.stderr


def stranger() -> Authority:
    return Authority.root("stranger")


# --- Rekor v2 -----------------------------------------------------------------------------------


def propose(signatory: Signatory, content: bytes) -> dict[str, Any]:
    """Build a request of Rekor v2 with a key as verifier."""
    spki = signatory.public_key.read_bytes().split(b"-----")[2]
    verifier = {
        "publicKey": {"rawBytes": spki.replace(b"\n", b"").decode()},
        "keyDetails": "PKIX_ECDSA_P256_SHA_256",
    }
    signature = {"content": base64.b64encode(signatory.sign(content)).decode(), "verifier": verifier}
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    return {"hashedRekordRequestV002": {"digest": digest, "signature": signature}}


def add(url: str, request: object) -> Any:
    headers = {"Content-Type": "application/json"}
    with urlopen(Request(f"{url}{V2_ENTRIES}", json.dumps(request).encode(), headers)) as answer:
        assert answer.status == 201
        return json.load(answer)


def check_entry(workshop: Workshop, entry: object, key: Path, origin: str) -> Any:
    (workshop.folder / "entry.json").write_text(json.dumps(entry))
    return log_client(workshop, "rekor-entry", "entry.json", key, origin)


def test_a_fresh_log_can_be_read_from_its_tiles(workshop: Workshop, tmp_path: Path) -> None:
    with serve_logs(tmp_path / "fresh") as log:
        (shard,) = log.shards(REKOR_V2)
        read = log_client(workshop, "tiles-rekor", f"{log.url}/", write_key(shard, workshop.folder), shard.origin)
    assert read["size"] == 1
    assert json.loads(base64.b64decode(read["leaves"][0]))["kind"] == "hashedrekord"


@pytest.mark.parametrize("prefix", ["/", "/api/v2/"])
def test_the_tiles_of_a_log_wider_than_one_verify(
    workshop: Workshop, log: LogProcess, signatory: Signatory, prefix: str
) -> None:
    (shard,) = log.shards(REKOR_V2)
    key = write_key(shard, workshop.folder)
    wanted = {add(log.url, propose(signatory, b"%d" % number))["canonicalizedBody"] for number in range(TILE_WIDTH)}
    read = log_client(workshop, "tiles-rekor", f"{log.url}{prefix}", key, shard.origin)
    assert read["size"] > TILE_WIDTH
    assert wanted <= set(read["leaves"])


def test_the_real_server_makes_the_same_body_of_a_request(
    workshop: Workshop, log: LogProcess, signatory: Signatory
) -> None:
    (shard,) = log.shards(REKOR_V2)
    theirs_key = Signatory(workshop.folder, "tiles")
    request = propose(signatory, b"compared")
    ours = check_entry(workshop, add(log.url, request), write_key(shard, workshop.folder), shard.origin)
    with serve_rekor_tiles(workshop.folder, theirs_key.key) as url:
        entry = add(url, request)
        theirs = check_entry(workshop, entry, theirs_key.public_key, TILES_HOSTNAME)
        answers = [refusal(url, request), refusal(log.url, request)]
    assert ours["body"] == theirs["body"]
    # What a client hears of a duplicate, but for the index.
    assert [status for status, _, _ in answers] == [409, 409]
    assert answers[0][1].keys() == answers[1][1].keys()
    assert [index for _, _, index in answers] == [str(theirs.get("index", 0)), str(ours["index"])]


def refusal(url: str, request: object) -> tuple[int, dict[str, Any], str]:
    with pytest.raises(HTTPError) as caught:
        add(url, request)
    with caught.value as answer:
        return answer.code, json.load(answer), str(answer.headers["X-Log-Index"])


@pytest.mark.parametrize("changed", ["canonicalizedBody", "checkpoint", "logIndex"])
def test_an_entry_that_differs_by_one_thing_does_not_verify(
    workshop: Workshop, log: LogProcess, signatory: Signatory, changed: str
) -> None:
    (shard,) = log.shards(REKOR_V2)
    key = write_key(shard, workshop.folder)
    entry = add(log.url, propose(signatory, f"mutant {changed}".encode()))
    check_entry(workshop, entry, key, shard.origin)
    if changed == "checkpoint":
        note = entry["inclusionProof"]["checkpoint"]
        note["envelope"] = note["envelope"].replace(shard.origin, f"{shard.origin}1")
    elif changed == "logIndex":
        entry["inclusionProof"]["logIndex"] = entry["logIndex"] = str(int(entry["logIndex"]) - 1)
    else:
        entry[changed] = base64.b64encode(base64.b64decode(entry[changed]).replace(b"0.0.2", b"0.0.3")).decode()
    (workshop.folder / "entry.json").write_text(json.dumps(entry))
    checked = workshop.run("log-client", "rekor-entry", "entry.json", str(key), shard.origin)
    assert checked.exit_code == 1


def test_the_original_entry_is_answered_where_the_operator_wants_that(
    workshop: Workshop, signatory: Signatory, tmp_path: Path
) -> None:
    """What no released client can do for itself after a 409: it gets the entry, and it verifies."""
    with serve_logs(tmp_path / "private", "rekor_v2:\n  duplicates: original\n") as log:
        (shard,) = log.shards(REKOR_V2)
        request = propose(signatory, b"twice")
        key = write_key(shard, workshop.folder)
        first, again = (check_entry(workshop, add(log.url, request), key, shard.origin) for _ in range(2))
        log.restart()
        after = check_entry(workshop, add(log.url, request), key, shard.origin)
    assert first == again == after


def test_a_frozen_shard_is_read_at_its_own_host_name(workshop: Workshop, signatory: Signatory, tmp_path: Path) -> None:
    """Clients tell logs of Rekor v2 apart by host names, so a new shard has a new one; both are served on one port."""
    with serve_logs(tmp_path / "rotated") as log:
        add(log.url, propose(signatory, b"old"))
        log.stop()
        log.run("rotate", "--log", REKOR_V2, "--hostname", "localhost")
        log.start()
        old, new = log.shards(REKOR_V2)
        local = f"http://localhost:{log.port}"
        entry = add(local, propose(signatory, b"new"))
        check_entry(workshop, entry, write_key(new, workshop.folder), "localhost")
        read = [
            log_client(workshop, "tiles-rekor", f"{url}/", write_key(shard, workshop.folder), shard.origin)
            for url, shard in ((log.url, old), (local, new))
        ]
        assert (old.state, [one["size"] for one in read]) == ("frozen", [2, 2])
        with pytest.raises(HTTPError) as caught:
            add(log.url, propose(signatory, b"late"))
    caught.value.close()
    # The real server's answer to writers of a frozen log.
    assert caught.value.code == 405


def test_a_frozen_ct_log_is_read_at_its_own_host_name(workshop: Workshop, root: Authority, tmp_path: Path) -> None:
    (tmp_path / "roots.pem").write_bytes(pem(root.der))
    with serve_logs(tmp_path / "rotated", f"ct:\n  roots: {tmp_path / 'roots.pem'}\n") as log:
        submit(workshop, log, "ct-add", root.leaf(names("old@example.com")), root.der)
        log.stop()
        log.run("rotate", "--log", CT, "--hostname", "localhost")
        log.start()
        for number, (host, shard) in enumerate(zip(("127.0.0.1", "localhost"), log.shards(CT), strict=True)):
            key = write_key(shard, workshop.folder)
            url = f"http://{host}:{log.port}"
            assert log_client(workshop, "ct-audit", url, key)["size"] == 1 - number
            assert log_client(workshop, "tiles-ct", f"{url}/ctlog", key, shard.origin)["size"] == 1 - number
