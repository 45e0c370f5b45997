"""The log's part of the demo: a signed file goes into a transparency log, which is killed and has it still.

The client here is a stranger to the server. It has the log's public key, and believes what verifies with that.
"""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from demo_terminal import Demo, Server

from cosignpy.core.encoding import encode_b64
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.merkle.hashing import hash_leaf
from cosignpy.core.note.checkpoint import verify_checkpoint, verify_included
from cosignpy.core.note.signed_note import NoteVerifier
from cosignpy.core.note.verifier import log_verifier
from cosignpy.core.rekor.hashedrekord import HashedRekordV002, VerifierForm
from cosignpy.core.rekor.log_entry import parse_v2_entry
from cosignpy.keystore.reference import load_signer
from cosignpy.net.http import HttpClient, HttpOptions, Request
from cosignpy.net.url import Url

ENTRIES: Final = "/api/v2/log/entries"
MAX_ANSWER: Final = 1 << 20


@dataclass(slots=True)
class LogClient:
    """Speaks Rekor v2 to a log, and insists on the answers."""

    demo: Demo
    server: Server
    http: HttpClient

    @property
    def url(self) -> str:
        """Return where the log is."""
        return f"http://{self.server.address}"

    def expect(self, status: int, method: str, path: str, body: bytes | None = None) -> bytes:
        """Send a request and return the content of its answer, which has to have this status."""
        headers = {"Content-Type": "application/json"} if body else {}
        with self.http.send(Request(method, Url.parse(self.url + path), headers, body)) as answer:
            content = answer.read(MAX_ANSWER, "answer")
        if answer.status != status:
            self.demo.fail(f"{method} {path} was answered with {answer.status}, and {status} was expected: {content!r}")
        return content


def tell_log_story(demo: Demo) -> None:
    """Log a signature, kill the log, and find the entry where it was."""
    signed = sign_file(demo, "release.txt")
    request = encode_request(signed)
    demo.tell("A transparency log, from an empty folder. With --workers 0 it is one process, and easier to kill.")
    with serve_log(demo, "0") as log:
        demo.tell("Sign a file with the same key; have the log record the signature, as clients of Rekor v2 do.")
        began = time.monotonic()
        answer = log.expect(201, "POST", ENTRIES, request)
        demo.type(f"POST {log.url}{ENTRIES}", ">")
        demo.show(f"201 Created after {(time.monotonic() - began) * 1000:.0f} ms. Verified with the log's public key:")
        verifier = read_verifier(demo)
        index = show_verified(demo, answer, signed, verifier)
        page = f"/log/rekor-v2/0/entry/{index}"
        if signed.digest.hex().encode() not in log.expect(200, "GET", page):
            demo.fail("the page does not show the entry")
        demo.show(f"for people  {log.url}{page}")

        demo.tell("Kill it without warning. What it acknowledged is still there, and the same is not logged twice.")
        demo.type(f"kill -9 {log.server.process.pid}")
        log.server.crash()
    with serve_log(demo, log.server.address.rpartition(":")[2]) as log:
        demo.type(f"POST {log.url}{ENTRIES}", ">")
        demo.show(f"409 Conflict: {json.loads(log.expect(409, 'POST', ENTRIES, request))['message']}", "yellow")
        demo.type(f"GET {log.url}{ENTRIES}/{index}", ">")
        show_verified(demo, log.expect(200, "GET", f"{ENTRIES}/{index}"), signed, verifier)
    demo.run("python -m log_server fsck --dir log")


@contextmanager
def serve_log(demo: Demo, port: str) -> Iterator[LogClient]:
    """Serve the log in the folder `log`, and wait until it can commit."""
    line = f"python -m log_server serve --dir log --port {port} --workers 0"
    demo.type(line)
    with demo.serving(line) as server:
        demo.show(server.said)
        client = LogClient(demo, server, HttpClient(HttpOptions()))
        client.expect(200, "GET", "/readyz")
        yield client
        client.http.close()


def sign_file(demo: Demo, name: str) -> HashedRekordV002:
    """Write a file, sign it with the demo's key, and return what a log should record of that."""
    content = b"cosignpy 1.0\n"
    (demo.folder / name).write_bytes(content)
    signer = load_signer(str(demo.folder / "cosign.key"), demo.environment["COSIGN_PASSWORD"].encode)
    return HashedRekordV002(
        algorithm="SHA2_256",
        digest=sha256(content).digest(),
        signature=signer.sign(content),
        key_details="PKIX_ECDSA_P256_SHA_256",
        form=VerifierForm.PUBLIC_KEY,
        verifier=signer.public_key.spki,
    )


def encode_request(signed: HashedRekordV002) -> bytes:
    """Write the request (rekor-tiles, `HashedRekordRequestV002`)."""
    verifier = {"publicKey": {"rawBytes": encode_b64(signed.verifier)}, "keyDetails": signed.key_details}
    signature = {"content": encode_b64(signed.signature), "verifier": verifier}
    return json.dumps(
        {"hashedRekordRequestV002": {"digest": encode_b64(signed.digest), "signature": signature}}
    ).encode()


def read_verifier(demo: Demo) -> NoteVerifier:
    """Return what verifies the log's checkpoints; other clients have it from a trusted root."""
    shown = json.loads(demo.quietly("python -m log_server show --dir log --output json"))
    (log,) = [log for log in shown if log["log"] == "rekor-v2"]
    return log_verifier(log["origin"], PublicKey.parse_pem(log["publicKey"].encode()))


def show_verified(demo: Demo, answer: bytes, signed: HashedRekordV002, verifier: NoteVerifier) -> int:
    """Verify a log's answer, show what it proves, and return the entry's index; any error ends the demo."""
    entry = parse_v2_entry(answer)
    if entry.inclusion is None or HashedRekordV002.parse(entry.body) != signed:
        demo.fail("the answer has no proof, or is about another signature")
    proof = entry.inclusion.proof
    checkpoint = verify_checkpoint(entry.inclusion.checkpoint.encode(), verifier)
    verify_included(checkpoint, proof, hash_leaf(entry.body))
    demo.show(
        f"entry {entry.log_index}     is this signature, by this key, of sha256:{signed.digest.hex()}\n"
        f"checkpoint  of the log {checkpoint.origin}: {checkpoint.size} entries, properly signed\n"
        f"inclusion   of the entry: from its hash and {len(proof.hashes)} other follows the root in the checkpoint"
    )
    return entry.log_index
