"""Our clients of the services against the real ones: Fulcio, Rekor v2, a timestamp authority, Rekor v1's packages."""

import hashlib
import json
import socket
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from cosignpy.core.encoding import decode_b64
from cosignpy.core.keys.algorithms import ECDSA_P256, SIGNING
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.merkle.hashing import hash_leaf
from cosignpy.core.note.checkpoint import parse_checkpoint, verify_checkpoint, verify_included
from cosignpy.core.note.signed_note import parse_note
from cosignpy.core.note.verifier import LogVerifier
from cosignpy.core.rekor.proposals import (
    AlreadyLogged,
    Proposal,
    SignedDigest,
    SignedEnvelope,
    propose_dsse_v001,
    propose_hashedrekord_v001,
    propose_intoto_v002,
    request_hashedrekord_v002,
)
from cosignpy.core.timestamp.response import TimestampResponse
from cosignpy.core.timestamp.verify import TimestampChain, verify_timestamp
from cosignpy.core.x509.chain import parse_chain_pem
from cosignpy.errors import RemoteError
from cosignpy.net.http import HttpClient, HttpOptions
from cosignpy.services.fulcio import FulcioClient, RequestForm
from cosignpy.services.rekor_v2 import EnvelopeForm, RekorV2Client, V2Options
from cosignpy.services.timestamp_authority import TimestampClient
from cosignpy.values import value
from tests.interop import peers
from tests.interop.fulcio_service import serve_fulcio
from tests.interop.log_services import TILES_HOSTNAME, serve_rekor_tiles, serve_timestamps
from tests.support.http_calls import Caller
from tests.support.raw_server import Handler, RawRequest, RawServer, reply
from tests.support.rekor_proposals import signer
from tests.support.sigstore_services import signed_digest, signed_envelope
from tests.support.token_server import serve_tokens
from tests.support.tokens import EMAIL, TokenIssuer

SECONDS: Final = 60


@value
class RealFulcio:
    """The real authority, and the issuer that it believes."""

    url: str
    issuer: TokenIssuer


@pytest.fixture
def sender() -> Iterator[HttpClient]:
    client = HttpClient(HttpOptions())
    yield client
    client.close()


@pytest.fixture(scope="module")
def fulcio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealFulcio]:
    with serve_tokens() as issuer, serve_fulcio(tmp_path_factory.mktemp("fulcio"), issuer) as url:
        yield RealFulcio(url, issuer)


@value
class RealRekor:
    """The real log, its key, and the folder with its public files."""

    url: str
    key: PrivateKey
    files: Path


@pytest.fixture(scope="module")
def real_rekor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealRekor]:
    folder: Path = tmp_path_factory.mktemp("rekor")
    own = PrivateKey.generate(ECDSA_P256)
    pem = own.handle.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "log.pem").write_bytes(pem)
    with serve_rekor_tiles(folder, folder / "log.pem") as url:
        yield RealRekor(url, own, folder / "tiles")


@pytest.fixture
def rekor(real_rekor: RealRekor) -> str:
    return real_rekor.url


def with_files(real: RealRekor) -> Handler:
    """Serve the log and its public files below one address, as the public service does."""

    def handle(connection: socket.socket, request: RawRequest) -> None:
        file = real.files / request.target.removeprefix("/api/v2/")
        if request.method == "POST":
            answer = Caller(real.url).post(request.target, request.body)
            index = {name: text for name, text in answer.headers.items() if name.lower() == "x-log-index"}
            reply(answer.status, answer.body, **index)(connection, request)
        elif file.is_file():
            reply(200, file.read_bytes())(connection, request)
        else:
            reply(404)(connection, request)

    return handle


@pytest.mark.parametrize("form", list(RequestForm))
@pytest.mark.parametrize("kind", ["P-256", "P-384", "P-521", "RSA-2048", "Ed25519"])
def test_the_real_fulcio_certifies_keys_of_every_kind(
    fulcio: RealFulcio, sender: HttpClient, form: RequestForm, kind: str
) -> None:
    own = PrivateKey.generate(SIGNING[kind])
    issued = FulcioClient(fulcio.url, sender, form=form).request_certificate(own, fulcio.issuer.token(), EMAIL)
    issued.verify(own.public_key, datetime.now(UTC))
    assert issued.detached_sct is None  # it runs without a log


@pytest.mark.parametrize(
    ("subject", "expired"), [(EMAIL, True), ("mallory@example.com", False)], ids=["expired", "another subject"]
)
def test_the_real_fulcio_says_what_it_does_not_believe(
    fulcio: RealFulcio, sender: HttpClient, subject: str, expired: bool
) -> None:
    token = fulcio.issuer.token(exp=1) if expired else fulcio.issuer.token()
    with pytest.raises(RemoteError) as caught:
        FulcioClient(fulcio.url, sender).request_certificate(PrivateKey.generate(ECDSA_P256), token, subject)
    words = "processing the identity token" if expired else "signature supplied in the request could not be verified"
    assert caught.value.status == 400
    assert words in caught.value.detail


@pytest.mark.parametrize("kind", ["P-256", "P-384", "P-521", "RSA-2048"])
def test_the_real_rekor_v2_logs_what_is_sent(rekor: str, sender: HttpClient, kind: str) -> None:
    entry = RekorV2Client(rekor, sender).add(signed_digest(kind.encode(), PrivateKey.generate(SIGNING[kind])))
    assert entry.inclusion is not None
    checkpoint = parse_checkpoint(parse_note(entry.inclusion.checkpoint.encode()).text)
    verify_included(checkpoint, entry.inclusion.proof, hash_leaf(entry.body))


def test_the_real_rekor_v2_logs_an_envelope_by_its_digest(rekor: str, sender: HttpClient) -> None:
    signed = signed_envelope(by=PrivateKey.generate(ECDSA_P256))
    entry = RekorV2Client(rekor, sender).add(signed)
    assert entry.body == request_hashedrekord_v002(signed.digest).bodies[0]
    with pytest.raises(RemoteError) as caught:
        RekorV2Client(rekor, sender, options=V2Options(EnvelopeForm.DSSE)).add(signed)
    assert caught.value.status == 400


def test_the_real_rekor_v2_has_an_entry_and_does_not_give_it(rekor: str, sender: HttpClient) -> None:
    """RSA signatures of one message are all the same, so a second request is for the same entry."""
    signed, log = signed_digest(b"twice", PrivateKey.generate(SIGNING["RSA-2048"])), RekorV2Client(rekor, sender)
    first = log.add(signed)
    with pytest.raises(AlreadyLogged) as caught:
        log.add(signed)
    assert (caught.value.index, caught.value.status) == (first.log_index, 409)


def test_an_entry_that_the_real_rekor_v2_has_is_read_from_its_files(real_rekor: RealRekor, sender: HttpClient) -> None:
    signed = signed_digest(b"read", PrivateKey.generate(SIGNING["RSA-2048"]))
    log_id = hashlib.sha256(real_rekor.key.public_key.spki).digest()
    with RawServer(with_files(real_rekor)) as server:
        log = RekorV2Client(f"http://{server.address}", sender, options=V2Options(log_id=log_id))
        first, second = log.add(signed), log.add(signed)
    assert (second.body, second.log_index, second.log_id) == (first.body, first.log_index, first.log_id)
    assert (second.kind, second.version) == (first.kind, first.version)
    assert second.inclusion is not None
    verifier = LogVerifier(TILES_HOSTNAME, log_id[:4], real_rekor.key.public_key)
    checkpoint = verify_checkpoint(second.inclusion.checkpoint.encode(), verifier)
    verify_included(checkpoint, second.inclusion.proof, hash_leaf(second.body))


def test_the_real_timestamp_authority_stamps_a_signature(tmp_path: Path, sender: HttpClient) -> None:
    with serve_timestamps(tmp_path) as url:
        answer = TimestampClient(url, sender).timestamp(b"a signature")
    chain = TimestampChain.parse(parse_chain_pem((tmp_path / "tsa.pem").read_bytes(), most=5))
    verify_timestamp(TimestampResponse.parse(answer).granted(), b"a signature", chain)


def _proposals() -> dict[str, Proposal]:
    digests: dict[str, SignedDigest] = {kind: signed_digest(by=signer(kind)) for kind in ("P-256", "P-384", "RSA-2048")}
    envelopes: dict[str, SignedEnvelope] = {
        kind: signed_envelope(by=signer(kind)) for kind in ("P-256", "RSA-2048", "Ed25519")
    }
    ways: dict[str, Callable[[SignedEnvelope], Proposal]] = {"dsse": propose_dsse_v001, "intoto": propose_intoto_v002}
    made = {f"hashedrekord {kind}": propose_hashedrekord_v001(signed) for kind, signed in digests.items()}
    return made | {
        f"{name} {kind}": propose(signed) for name, propose in ways.items() for kind, signed in envelopes.items()
    }


def test_the_packages_of_the_real_rekor_v1_log_what_is_expected() -> None:
    proposals = _proposals()
    lines = b"".join(proposal.request + b"\n" for proposal in proposals.values())
    done = subprocess.run([peers.path("rekor-types")], input=lines, capture_output=True, check=True, timeout=SECONDS)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer.get("error") for answer in answers] == [None] * len(proposals)
    logged = [decode_b64(answer["body"], what="body") for answer in answers]
    wrong = [
        name for (name, proposal), body in zip(proposals.items(), logged, strict=True) if body not in proposal.bodies
    ]
    assert wrong == []
