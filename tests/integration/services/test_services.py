"""The clients of the services against our servers, each as a process of its own."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from cosignpy.core.ct.precertificate import parse_embedded_scts, verify_embedded_sct
from cosignpy.core.encoding import PemBlock
from cosignpy.core.keys.algorithms import ECDSA_P256, SIGNING
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.merkle.hashing import hash_leaf
from cosignpy.core.note.checkpoint import parse_checkpoint, verify_included
from cosignpy.core.note.signed_note import parse_note
from cosignpy.core.rekor.entry_timestamp import EntryTimestamp, verify_entry_timestamp
from cosignpy.core.rekor.log_entry import LogEntry
from cosignpy.core.rekor.proposals import EntryVerifier, SignedDigest
from cosignpy.core.timestamp.response import TimestampResponse
from cosignpy.core.timestamp.verify import TimestampChain, verify_timestamp
from cosignpy.core.x509.chain import parse_chain_pem
from cosignpy.errors import CosignError, KeyUnusable, RemoteError
from cosignpy.net.http import HttpClient, HttpOptions
from cosignpy.services.fulcio import FulcioClient, RequestForm
from cosignpy.services.rekor_v1 import EnvelopeKind, RekorV1Client
from cosignpy.services.rekor_v2 import EnvelopeForm, RekorV2Client, V2Options
from cosignpy.services.timestamp_authority import TimestampClient
from tests.support.ca_site import Site, serve_site
from tests.support.sigstore_services import signed_digest, signed_envelope
from tests.support.tokens import EMAIL

DETERMINISTIC = "RSA-2048"
"""A key whose signatures of one message are all the same: only so a log is given the same entry twice."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serve_site(tmp_path_factory.mktemp("site")) as running:
        yield running


@pytest.fixture
def sender() -> Iterator[HttpClient]:
    client = HttpClient(HttpOptions())
    yield client
    client.close()


def verify_in_tree(entry: LogEntry) -> None:
    """Show what a log proves; that the checkpoint is the log's own is for others to show."""
    assert entry.inclusion is not None
    checkpoint = parse_checkpoint(parse_note(entry.inclusion.checkpoint.encode()).text)
    assert checkpoint.root == entry.inclusion.root_hash
    verify_included(checkpoint, entry.inclusion.proof, hash_leaf(entry.body))


@pytest.mark.parametrize("form", list(RequestForm))
@pytest.mark.parametrize("kind", ["P-256", "P-384", "P-521", "RSA-2048", "Ed25519"])
def test_a_certificate_is_issued_for_a_key_of_every_kind(
    site: Site, sender: HttpClient, form: RequestForm, kind: str
) -> None:
    signer = PrivateKey.generate(SIGNING[kind])
    issued = FulcioClient(site.ca.url, sender, form=form).request_certificate(signer, site.issuer.token(), EMAIL)
    issued.verify(signer.public_key, datetime.now(UTC))
    (sct,) = parse_embedded_scts(issued.leaf)
    verify_embedded_sct(sct, issued.leaf, issued.issuers[0], site.log_key)


@pytest.mark.parametrize(
    ("token", "subject"),
    [("expired", EMAIL), ("mine", "mallory@example.com"), ("nonsense", EMAIL)],
    ids=["expired", "another subject", "nonsense"],
)
def test_what_the_authority_does_not_believe_is_one_line_without_the_token(
    site: Site, sender: HttpClient, token: str, subject: str
) -> None:
    texts = {"expired": site.issuer.token(exp=1), "mine": site.issuer.token(), "nonsense": "nonsense-without-dots"}
    with pytest.raises(RemoteError) as caught:
        FulcioClient(site.ca.url, sender).request_certificate(PrivateKey.generate(ECDSA_P256), texts[token], subject)
    assert (caught.value.status, caught.value.service) == (400, "the certificate authority")
    assert [part for part in texts[token].split(".") if part in str(caught.value)] == []


def test_rekor_v1_logs_an_artifact_with_promise_and_proof(site: Site, sender: HttpClient) -> None:
    entry = RekorV1Client(site.log.url, sender).add(signed_digest(b"v1"))
    verify_in_tree(entry)
    key = PublicKey.parse_pem(site.log.shards("rekor-v1")[0].public_key.encode())
    stated = EntryTimestamp(entry.body, entry.integrated_time, entry.log_id, entry.log_index)
    verify_entry_timestamp(stated, entry.entry_timestamp, key)


@pytest.mark.parametrize("kind", list(EnvelopeKind))
def test_rekor_v1_logs_an_envelope(site: Site, sender: HttpClient, kind: EnvelopeKind) -> None:
    verify_in_tree(RekorV1Client(site.log.url, sender, envelopes=kind).add(signed_envelope()))


def test_rekor_v2_logs_an_artifact_with_its_proof(site: Site, sender: HttpClient) -> None:
    entry = RekorV2Client(site.log.url, sender).add(signed_digest(b"v2"))
    verify_in_tree(entry)
    assert entry.log_id == site.log.shards("rekor-v2")[0].log_id


@pytest.mark.parametrize("form", list(EnvelopeForm))
def test_rekor_v2_logs_an_envelope_by_its_digest(site: Site, sender: HttpClient, form: EnvelopeForm) -> None:
    entry = RekorV2Client(site.log.url, sender, options=V2Options(form)).add(signed_envelope())
    verify_in_tree(entry)
    assert (entry.kind, entry.version) == ("hashedrekord", "0.0.2")


@pytest.mark.parametrize("version", [RekorV1Client, RekorV2Client])
def test_an_entry_that_is_there_already_is_returned(
    site: Site, sender: HttpClient, version: type[RekorV1Client] | type[RekorV2Client]
) -> None:
    signer, log = PrivateKey.generate(SIGNING[DETERMINISTIC]), version(site.log.url, sender)
    first, second = log.add(signed_digest(b"twice", signer)), log.add(signed_digest(b"twice", signer))
    assert (second.body, second.log_index) == (first.body, first.log_index)
    verify_in_tree(second)


@pytest.mark.parametrize("version", [RekorV1Client, RekorV2Client])
def test_a_signature_by_another_key_is_refused_by_the_log(
    site: Site, sender: HttpClient, version: type[RekorV1Client] | type[RekorV2Client]
) -> None:
    honest = signed_digest(b"whose")
    other = EntryVerifier.of_key(PrivateKey.generate(ECDSA_P256).public_key)
    with pytest.raises(RemoteError) as caught:
        version(site.log.url, sender).add(SignedDigest(honest.digest, honest.signature, other))
    assert caught.value.status == 400
    assert caught.value.detail


def test_a_key_that_signs_no_digests_is_refused_before_anything_is_sent(site: Site, sender: HttpClient) -> None:
    signer = PrivateKey.generate(SIGNING["Ed25519"])
    with pytest.raises(KeyUnusable):
        RekorV2Client(site.log.url, sender).add(signed_envelope(by=signer))
    verify_in_tree(RekorV1Client(site.log.url, sender).add(signed_envelope(by=signer)))


def test_a_signature_is_timestamped(site: Site, sender: HttpClient) -> None:
    url = f"{site.ca.url}/api/v1/timestamp"
    answer = TimestampClient(url, sender).timestamp(b"a signature")
    chain = TimestampChain.parse(parse_chain_pem(site.get("/api/v1/timestamp/certchain").body, most=5))
    proved = verify_timestamp(TimestampResponse.parse(answer).granted(), b"a signature", chain)
    assert abs((proved.info.moment - datetime.now(UTC)).total_seconds()) < 60


def test_everything_that_a_keyless_signature_needs(site: Site, sender: HttpClient) -> None:
    """One ephemeral key: a certificate, an entry of each log that names it, a timestamp."""
    signer = PrivateKey.generate(ECDSA_P256)
    issued = FulcioClient(site.ca.url, sender).request_certificate(signer, site.issuer.token(), EMAIL)
    verifier = EntryVerifier.of_certificate(issued.leaf, signer.public_key)
    signed = SignedDigest.of(b"artifact", signer.sign(b"artifact"), verifier)
    for log in (RekorV1Client(site.log.url, sender), RekorV2Client(site.log.url, sender)):
        verify_in_tree(log.add(signed))
    TimestampClient(f"{site.ca.url}/api/v1/timestamp", sender).timestamp(signed.signature)
    assert verifier.pem == PemBlock("CERTIFICATE", issued.leaf).encode()


@pytest.mark.parametrize("path", ["/nowhere", "/api/v2"])
def test_a_wrong_address_is_said_to_be_one(site: Site, sender: HttpClient, path: str) -> None:
    with pytest.raises(CosignError) as caught:
        RekorV2Client(f"{site.log.url}{path}", sender).add(signed_digest())
    assert f"{site.log.url}{path}/api/v2/log/entries" in str(caught.value)
