"""All that issuing needs, in memory: an authority, a log, people with tokens, and clients with keys."""

import asyncio
from collections.abc import Awaitable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from typing import Final, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import (
    CertificateSigningRequestBuilder,
    ExtensionType,
    Name,
    NameAttribute,
    RFC822Name,
    SubjectAlternativeName,
)
from cryptography.x509.oid import NameOID

from ca_server.authority.profile import Issuer as Above
from ca_server.authority.profile import Period, Role, Subject, name_root, name_under, root_template, template_under
from ca_server.authority.protocol import Chain, IssuingCertificate
from ca_server.config import CertificateSettings, Embedding
from ca_server.identity.claims import TokenRefused
from ca_server.identity.identify import Identified
from ca_server.identity.issuer import Issuer, IssuerType
from ca_server.identity.principal import Principal
from ca_server.issuance.audit import AuditRecord
from ca_server.issuance.ct_submit import Submission
from ca_server.issuance.issue import CertificateIssuer, Ports, Profile
from ca_server.issuance.request import SigningRequest
from cosignpy.core.ct.entry import SignedEntry, TimestampedEntry
from cosignpy.core.ct.sct import Sct, encode_leaf_index
from cosignpy.core.keys.algorithms import SIGNING
from cosignpy.core.keys.digitally_signed import sign_for_log
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.keys.signatures import Signer
from cosignpy.core.x509.fulcio_extensions import fulcio_extension
from cosignpy.core.x509.issuing import sign_certificate
from cosignpy.core.x509.subject_alt_name import NameKind, SubjectName
from cosignpy.values import record, replace, value
from tests.support.fixed_keys import ecdsa_signer

START: Final = datetime(2026, 1, 1, 12, tzinfo=UTC)
"""Now, for everybody here."""
START_MS: Final = int(START.timestamp() * 1000)
YEAR: Final = timedelta(days=365)
ISSUER_URL: Final = "https://accounts.example.com"
TOKEN: Final = "alice.s.token"
OTHER_TOKEN: Final = "bob.s.token"

T = TypeVar("T")


def client_key(kind: str = "P-256") -> PrivateKey:
    """Return a client's key of a kind, the same in a whole run."""
    return _key_of(kind)


@cache
def _key_of(kind: str) -> PrivateKey:
    return PrivateKey.generate(SIGNING[kind])


@value
class FixedAuthority:
    """An authority that has one chain; implements `Authority`."""

    issuing: IssuingCertificate

    def current(self) -> IssuingCertificate:
        """Return it."""
        return self.issuing

    def trusted_chains(self) -> tuple[Chain, ...]:
        """Return its chain."""
        return (self.issuing.chain,)


def build_issuing(
    signer: Signer | None = None, begin: datetime = START - YEAR, end: datetime = START + YEAR
) -> IssuingCertificate:
    """Build an intermediate under a root, both with keys that are always the same."""
    root, own = ecdsa_signer("the root"), signer or ecdsa_signer("the intermediate")
    period = Period(begin, end)
    top = Subject(name_root("Example", "example.com"), root.public_key.spki)
    root_der = sign_certificate(root_template(top, period, 1), root)
    below = Subject(name_under(root_der, Role.ISSUING, own.public_key.spki), own.public_key.spki)
    template = template_under(Above.of(root_der), Role.ISSUING, below, period, 2)
    return IssuingCertificate.of(own, (sign_certificate(template, root), root_der))


LOG_KEY: Final = ecdsa_signer("the log")


@record
class MemoryLog:
    """A log that promises whatever it is asked to; `submitted` is what it was asked."""

    signer: Signer
    submitted: list[Submission]

    async def submit(self, submission: Submission) -> Sct:
        """Promise to show a certificate."""
        self.submitted.append(submission)
        return promise(submission.entry, len(self.submitted) - 1, self.signer)


def promise(entry: SignedEntry, index: int = 0, signer: Signer = LOG_KEY, moment_ms: int = START_MS) -> Sct:
    """Sign what a log signs."""
    extensions = encode_leaf_index(index)
    leaf = TimestampedEntry(moment_ms, entry, extensions).encode_leaf()
    return Sct(sha256(signer.public_key.spki).digest(), moment_ms, extensions, sign_for_log(signer, leaf))


ISSUER: Final = Issuer(ISSUER_URL, IssuerType.EMAIL, "sigstore", ISSUER_URL)
ALICE_WITH_MAIL: Final = Principal(
    ISSUER_URL, "alice-1", "alice@example.com", SubjectName(NameKind.EMAIL, "alice@example.com")
)
BOB: Final = Principal(ISSUER_URL, "bob-2", "bob@example.com", SubjectName(NameKind.EMAIL, "bob@example.com"))
WORKFLOW: Final = Principal(
    "https://token.actions.githubusercontent.com",
    "repo:example/app:ref:refs/heads/main",
    "repo:example/app:ref:refs/heads/main",
    SubjectName(NameKind.URI, "https://github.com/example/app/.github/workflows/release.yml@refs/heads/main"),
    (
        fulcio_extension(2, "push"),
        fulcio_extension(3, "a" * 40),
        fulcio_extension(9, "https://github.com/example/app/.github/workflows/release.yml@refs/heads/main"),
        fulcio_extension(12, "https://github.com/example/app"),
        fulcio_extension(20, "push"),
        fulcio_extension(22, "public"),
    ),
)
USER: Final = Principal(ISSUER_URL, "carol", "carol", SubjectName(NameKind.USERNAME, "carol!example.com"))
PEOPLE: Final = {TOKEN: ALICE_WITH_MAIL, OTHER_TOKEN: BOB, "workflow": WORKFLOW, "user": USER}
"""Whom tokens name."""


async def identify(token: str) -> Identified:
    """Take tokens by their name.

    Raises:
        TokenRefused: Nobody has it.
    """
    if token not in PEOPLE:
        raise TokenRefused("nobody has it")
    return Identified(ISSUER, PEOPLE[token])


@record
class Desk:
    """An issuer of certificates, and what it wrote down and had logged."""

    issuer: CertificateIssuer
    records: list[AuditRecord]
    log: MemoryLog


def open_desk(
    embedding: Embedding = Embedding.EMBEDDED, settings: CertificateSettings | None = None, **ports: object
) -> Desk:
    """Open one, with some ports other than usual."""
    records: list[AuditRecord] = []
    log = MemoryLog(LOG_KEY, [])
    usual = Ports(
        identify=identify,
        admit=lambda _: None,
        authorities={"": FixedAuthority(build_issuing())},
        submit=log.submit,
        audit=records.append,
        now=lambda: START,
    )
    profile = Profile.of(settings or CertificateSettings(), embedding)
    return Desk(CertificateIssuer(profile, replace(usual, **ports)), records, log)


def ask(principal: Principal = ALICE_WITH_MAIL, signer: Signer | None = None) -> SigningRequest:
    """Ask for a certificate, with a key and a proof."""
    key = signer or client_key()
    return SigningRequest(public_key=key.public_key.encode_pem(), proof=key.sign(principal.challenge.encode()))


def build_csr(
    key: PrivateKey | None = None,
    hashed: SHA256 | SHA384 | SHA512 | None = None,
    extensions: Sequence[ExtensionType] = (SubjectAlternativeName([RFC822Name("mallory@example.com")]),),
) -> bytes:
    """Write a certificate signing request in PEM, which lies about who asks."""
    signer = (key or client_key()).handle
    assert not isinstance(signer, MLDSA65PrivateKey)
    name = Name([NameAttribute(NameOID.EMAIL_ADDRESS, "mallory@example.com")])
    builder = CertificateSigningRequestBuilder(name)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=True)
    chosen = None if isinstance(signer, Ed25519PrivateKey) else hashed or SHA256()
    return builder.sign(signer, chosen).public_bytes(Encoding.PEM)


def run(awaited: Awaitable[T]) -> T:
    """Wait for the end of a coroutine."""

    async def wait() -> T:
        return await awaited

    return asyncio.run(wait())
