"""A whole Sigstore in memory: an authority, a CT log, logs of both kinds, a timestamp authority, and bundles by them.

Everything is good unless a test changes one thing of it.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

from cryptography.x509 import (
    ExtendedKeyUsage,
    ObjectIdentifier,
    RFC822Name,
    SubjectAlternativeName,
    UnrecognizedExtension,
)
from cryptography.x509.oid import ExtendedKeyUsageOID

from cosignpy.core.bundle.model import (
    BUNDLE_V03,
    Bundle,
    CertificateMaterial,
    MessageSignature,
    PublicKeyMaterial,
)
from cosignpy.core.ct.entry import SignedEntry, TimestampedEntry
from cosignpy.core.ct.precertificate import build_precertificate_entry, hash_issuer_key
from cosignpy.core.ct.sct import Sct
from cosignpy.core.digest import Digest
from cosignpy.core.dsse import IN_TOTO_PAYLOAD, Envelope, EnvelopeSignature, encode_pae
from cosignpy.core.encoding import PemBlock
from cosignpy.core.intoto import build_signature_statement
from cosignpy.core.keys.algorithms import ECDSA_P256, ED25519
from cosignpy.core.keys.digitally_signed import sign_for_log
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.merkle.hashing import hash_leaf
from cosignpy.core.merkle.proofs import InclusionProof
from cosignpy.core.note.checkpoint import Checkpoint
from cosignpy.core.note.key_id import log_key_id, spki_key_id
from cosignpy.core.note.signed_note import Note, encode_note, sign_note
from cosignpy.core.policy.bundle import BundlePolicy, SignedByIdentity, SignedByKey
from cosignpy.core.policy.identity import Exactly, IdentityRule
from cosignpy.core.policy.transparency import RequireLog
from cosignpy.core.rekor.body import EntryHash
from cosignpy.core.rekor.entry_timestamp import EntryTimestamp, issue_entry_timestamp
from cosignpy.core.rekor.hashedrekord import HashedRekordV001, HashedRekordV002, VerifierForm
from cosignpy.core.rekor.log_entry import LogEntry, LoggedProof
from cosignpy.core.timestamp.imprint import MessageImprint
from cosignpy.core.timestamp.response import encode_granted
from cosignpy.core.trust.trusted_root import SHA2_256, CertificateAuthority, TransparencyLog, TrustedRoot
from cosignpy.core.trust.validity import Validity
from cosignpy.core.verify.artifact import Artifact
from cosignpy.core.verify.bundle import Trust
from cosignpy.core.x509.der import UTF8_STRING, encode_element
from cosignpy.core.x509.tbs import TbsCertificate
from cosignpy.values import replace
from tests.support import naive_tree, timestamps
from tests.support.certificates import CA, MIDDLE, START, Authority, Extensions, key

ARTIFACT: Final = b"an artifact\n"
EMAIL: Final = "alice@example.com"
ISSUER: Final = "https://issuer.test"
FULCIO: Final = "https://fulcio.test"
TSA: Final = "https://tsa.test"
ALWAYS: Final = Validity(START - timedelta(days=1))
SIZE: Final = 7
INDEX: Final = 4
FIRST_INDEX: Final = 1000
"""What the index of an entry of a numbered log counts from: the entries of its older trees."""

CT_KEY: Final = PrivateKey.generate(ECDSA_P256)
FULCIO_ROOT: Final = Authority.root("fulcio root")
CODE_SIGNING: Final = (ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), False)
FULCIO_ISSUER: Final = FULCIO_ROOT.authority("fulcio", (*CA, CODE_SIGNING))
LEAF_KEY: Final = PrivateKey.from_handle(key("leaf"))
USER_KEY: Final = PrivateKey.generate(ECDSA_P256)


def fulcio_text(number: int, text: str) -> tuple[UnrecognizedExtension, bool]:
    """Return one of Fulcio's newer extensions."""
    content = encode_element(UTF8_STRING, text.encode())
    return UnrecognizedExtension(ObjectIdentifier(f"1.3.6.1.4.1.57264.1.{number}"), content), False


def named(email: str = EMAIL) -> Extensions:
    """Return what a leaf says, but for its purpose."""
    return ((SubjectAlternativeName([RFC822Name(email)]), True), fulcio_text(8, ISSUER))


SIGNING: Final[Extensions] = ((timestamps.usage("digital_signature"), True), CODE_SIGNING)
GOOD: Final[Extensions] = (*named(), *SIGNING)


def promise(entry: SignedEntry, signer: PrivateKey = CT_KEY, moment: datetime = MIDDLE) -> Sct:
    """Return an SCT of the CT log."""
    milliseconds = int(moment.timestamp() * 1000)
    signed = sign_for_log(signer, TimestampedEntry(milliseconds, entry, b"").encode_leaf())
    return Sct(spki_key_id(signer.public_key), milliseconds, b"", signed)


def certify(extensions: Extensions = GOOD, issuer: Authority = FULCIO_ISSUER, **sct: Any) -> bytes:
    """Issue a leaf with an SCT in it."""
    tbs = TbsCertificate.parse(issuer.leaf(extensions))
    entry = build_precertificate_entry(tbs, hash_issuer_key(TbsCertificate.parse(issuer.der)))
    return issuer.leaf_with([promise(entry, **sct)], extensions)


@cache
def good_leaf() -> bytes:
    """Return the leaf that all good bundles have."""
    return certify()


@dataclass(frozen=True)
class FakeLog:
    """A log of signatures; one with a number is Rekor v1."""

    host: str
    signer: PrivateKey
    number: int | None = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"https://{self.host}"

    @property
    def origin(self) -> str:
        """The origin of its checkpoints."""
        return self.host if self.number is None else f"{self.host} - {self.number}"

    @property
    def log_id(self) -> bytes:
        """What entries name it by."""
        public = self.signer.public_key
        return log_key_id(self.host, public) if self.number is None else spki_key_id(public)

    @property
    def trusted(self) -> TransparencyLog:
        """How a trusted root has it."""
        public = self.signer.public_key
        return TransparencyLog(self.url, SHA2_256, public, public.spki, public.algorithm.name, self.log_id, ALWAYS)

    def sign(self, checkpoint: Checkpoint, name: str | None = None) -> str:
        """Sign a checkpoint."""
        text = checkpoint.encode()
        line = sign_note(text, name or self.host, self.log_id[:4], self.signer)
        return encode_note(Note(text, (line,))).decode()

    def add(self, kind: str, version: str, body: bytes, moment: datetime = MIDDLE) -> LogEntry:
        """Log an entry among others."""
        leaves = naive_tree.leaf_hashes(SIZE)
        leaves[INDEX] = hash_leaf(body)
        root = naive_tree.root(leaves)
        proof = InclusionProof(INDEX, SIZE, tuple(naive_tree.path(INDEX, leaves)))
        inclusion = LoggedProof(proof, root, self.sign(Checkpoint(self.origin, SIZE, root)))
        if self.number is None:
            return LogEntry(body, self.log_id, INDEX, inclusion, kind=kind, version=version)
        entry = LogEntry(
            body, self.log_id, FIRST_INDEX + INDEX, inclusion, int(moment.timestamp()), kind=kind, version=version
        )
        return self.promise(entry)

    def promise(self, entry: LogEntry) -> LogEntry:
        """Sign the entry's SET anew."""
        stated = EntryTimestamp(entry.body, entry.integrated_time, entry.log_id, entry.log_index)
        return replace(entry, entry_timestamp=issue_entry_timestamp(stated, self.signer))


REKOR_V1: Final = FakeLog("rekor.test", PrivateKey.generate(ECDSA_P256), 1193050959916656506)
REKOR_V2: Final = FakeLog("log2026-1.rekor.test", PrivateKey.generate(ED25519))

ROOT: Final = TrustedRoot(
    logs=(REKOR_V1.trusted, REKOR_V2.trusted),
    certificate_authorities=(
        CertificateAuthority(FULCIO, "test", "test", (FULCIO_ISSUER.certificate, FULCIO_ROOT.certificate), ALWAYS),
    ),
    ct_logs=(FakeLog("ct.test", CT_KEY, 0).trusted,),
    timestamp_authorities=(
        CertificateAuthority(
            TSA,
            "test",
            "test",
            (timestamps.LEAF, timestamps.INTERMEDIATE.certificate, timestamps.ROOT.certificate),
            ALWAYS,
        ),
    ),
)
TRUST: Final = Trust(ROOT)

ALICE: Final = IdentityRule((Exactly(EMAIL),), (Exactly(ISSUER),))
BY_ALICE: Final = BundlePolicy(SignedByIdentity((ALICE,)), RequireLog())
BY_KEY: Final = BundlePolicy(SignedByKey((USER_KEY.public_key,)), RequireLog())
FILE: Final = Artifact.of(ARTIFACT)


def stamp(signature: bytes, moment: datetime = MIDDLE) -> bytes:
    """Return the timestamp authority's answer."""
    info = timestamps.info(imprint=MessageImprint.of(signature), moment=moment, nonce=None)
    return encode_granted(timestamps.good_token(info))


def certificate_pem(leaf: bytes) -> bytes:
    """Return a certificate as entries of Rekor v1 have it."""
    return PemBlock("CERTIFICATE", leaf).encode()


def v1_body(signature: bytes, verifier: bytes, signed: bytes = ARTIFACT) -> bytes:
    """Return a hashedrekord 0.0.1."""
    return HashedRekordV001(EntryHash("sha256", Digest.of(signed).hex), signature, verifier).encode()


def v2_body(signature: bytes, form: VerifierForm, verifier: bytes, signed: bytes = ARTIFACT) -> bytes:
    """Return a hashedrekord 0.0.2."""
    digest = bytes.fromhex(Digest.of(signed).hex)
    return HashedRekordV002("SHA2_256", digest, signature, ECDSA_P256.name, form, verifier).encode()


@dataclass(frozen=True)
class Signing:
    """How a bundle is made: by the leaf of a certificate (or a key), over the artifact (or a statement), into a log."""

    log: FakeLog = REKOR_V1
    leaf: bytes | None = field(default_factory=good_leaf)
    signer: PrivateKey = LEAF_KEY
    statement: bytes = b""
    stamped: bool = False
    moment: datetime = MIDDLE

    @property
    def message(self) -> bytes:
        """What is signed."""
        return encode_pae(IN_TOTO_PAYLOAD, self.statement) if self.statement else ARTIFACT

    def bundle(self) -> Bundle:
        """Make it."""
        signature = self.signer.sign(self.message)
        material = CertificateMaterial((self.leaf,), alone=True) if self.leaf else PublicKeyMaterial("hint")
        digest = bytes.fromhex(Digest.of(ARTIFACT).hex)
        content = (
            Envelope(IN_TOTO_PAYLOAD, self.statement, (EnvelopeSignature(signature),))
            if self.statement
            else MessageSignature("SHA2_256", digest, signature)
        )
        stamps = (stamp(signature, self.moment),) if self.stamped else ()
        return Bundle(BUNDLE_V03, material, content, (self._entry(signature),), stamps)

    def _entry(self, signature: bytes) -> LogEntry:
        if self.log.number is not None:
            verifier = certificate_pem(self.leaf) if self.leaf else self.signer.public_key.encode_pem()
            return self.log.add("hashedrekord", "0.0.1", v1_body(signature, verifier, self.message), self.moment)
        form = VerifierForm.CERTIFICATE if self.leaf else VerifierForm.PUBLIC_KEY
        body = v2_body(signature, form, self.leaf or self.signer.public_key.spki, self.message)
        return self.log.add("hashedrekord", "0.0.2", body)


STATEMENT: Final = build_signature_statement(Digest.of(ARTIFACT), {})


@cache
def v1_bundle() -> Bundle:
    """Return a good bundle with an entry of Rekor v1."""
    return Signing().bundle()


@cache
def v2_bundle() -> Bundle:
    """Return a good bundle with an entry of Rekor v2 and a timestamp."""
    return Signing(log=REKOR_V2, stamped=True).bundle()


@cache
def statement_bundle() -> Bundle:
    """Return a good bundle over a statement, with an entry of Rekor v2."""
    return Signing(log=REKOR_V2, stamped=True, statement=STATEMENT).bundle()


@cache
def key_bundle() -> Bundle:
    """Return a good bundle by a key."""
    return Signing(leaf=None, signer=USER_KEY).bundle()
