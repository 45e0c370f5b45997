"""What a client asks a log to hold, and which entries say it.

Sources: rekor, pkg/types/{hashedrekord/v0.0.1,dsse/v0.0.1,intoto/v0.0.2} for version 1; rekor-tiles,
api/proto/rekor/v2/{entry,hashedrekord,dsse}.proto for version 2.

A log answers with the body that it logged. For every kind here that body follows from the request to the last octet,
so an answer is believed to be about what was sent if its body is one of those.
"""

import hashlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Self

from cosignpy.core.digest import Digest
from cosignpy.core.dsse import Envelope
from cosignpy.core.encoding import JsonValue, PemBlock, encode_b64, encode_json
from cosignpy.core.keys.algorithms import Algorithm, Scheme
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.rekor import dsse, intoto
from cosignpy.core.rekor.body import EntryHash, encode_body, parse_kind
from cosignpy.core.rekor.dsse_v2 import DsseV002, TiledSignature
from cosignpy.core.rekor.hashedrekord import HashedRekordV001, HashedRekordV002, VerifierForm
from cosignpy.errors import ClaimMismatch, KeyUnusable, MalformedError, RemoteError
from cosignpy.values import field, record, replace, value

_HASH_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {"sha256": "SHA2_256", "sha384": "SHA2_384", "sha512": "SHA2_512"}
)
"""protobuf-specs, sigstore_common.proto, HashAlgorithm."""
_LABELS: Final[Mapping[VerifierForm, str]] = MappingProxyType(
    {VerifierForm.PUBLIC_KEY: "PUBLIC KEY", VerifierForm.CERTIFICATE: "CERTIFICATE"}
)
_LONGEST_NAME: Final = 32
"""Characters of a kind or version that an error shows."""
DIGEST_SCHEMES: Final = frozenset({Scheme.ECDSA, Scheme.ED25519PH, Scheme.RSA_PKCS1V15})
"""Signatures that can be verified by who has only the digest."""


@record
class AlreadyLogged(RemoteError):
    """A log has an equal entry, at this index if it said so, and does not give it: another signature makes another."""

    index: int | None = None


@value
class EntryVerifier:
    """Who signed, as a log is told: a public key or a certificate in DER, and the algorithm of the signature."""

    form: VerifierForm
    der: bytes = field(repr=False)
    algorithm: Algorithm

    @classmethod
    def of_key(cls, key: PublicKey) -> Self:
        """Name a key, which signs by its registered algorithm."""
        return cls(VerifierForm.PUBLIC_KEY, key.spki, key.algorithm)

    @classmethod
    def of_certificate(cls, leaf: bytes, key: PublicKey) -> Self:
        """Name a certificate in DER, and the key that it is for."""
        return cls(VerifierForm.CERTIFICATE, leaf, key.algorithm)

    @property
    def pem(self) -> bytes:
        """The form that version 1 logs, byte for byte: lines of 64 characters, and a line end."""
        return PemBlock(_LABELS[self.form], self.der).encode()

    @property
    def json(self) -> JsonValue:
        """The form that version 2 is sent."""
        return {self.form.value: {"rawBytes": encode_b64(self.der)}, "keyDetails": self.algorithm.name}


@value
class SignedDigest:
    """A signature over an artifact of which the log learns the digest only."""

    digest: bytes
    signature: bytes
    verifier: EntryVerifier

    def __post_init__(self) -> None:
        """Refuse what no log can verify.

        Raises:
            KeyUnusable: The algorithm signs whole messages (Ed25519, ML-DSA), and not their digests.
            MalformedError: A digest of another length.
        """
        algorithm = self.verifier.algorithm
        if algorithm.scheme not in DIGEST_SCHEMES:
            raise KeyUnusable(
                f"of kind {algorithm.key}",
                "it signs whole messages, and a log that learns only their digest cannot verify that",
                hint="sign with an ECDSA or RSA key, or without a log",
            )
        if len(self.digest) != hashlib.new(algorithm.hash).digest_size:
            raise MalformedError("digest", f"{len(self.digest)} bytes, {algorithm.name} signs {algorithm.hash}")

    @classmethod
    def of(cls, message: bytes, signature: bytes, verifier: EntryVerifier) -> Self:
        """Hash a message as its signature's algorithm does.

        Raises:
            KeyUnusable: The algorithm signs whole messages.
        """
        hashed = verifier.algorithm.hash
        return cls(hashlib.new(hashed, message).digest() if hashed else b"", signature, verifier)


@value
class SignedEnvelope:
    """An envelope with one signature, and who made it."""

    envelope: Envelope
    verifier: EntryVerifier

    def __post_init__(self) -> None:
        """Refuse what has not exactly one signature: each would need a verifier of its own.

        Raises:
            MalformedError: None or several.
        """
        if len(self.envelope.signatures) != 1:
            raise MalformedError("envelope", f"{len(self.envelope.signatures)} signatures, exactly one is logged")

    @property
    def signature(self) -> bytes:
        """The signature."""
        return self.envelope.signatures[0].signature

    @property
    def digest(self) -> SignedDigest:
        """What was really signed, by its digest: the form in which version 2 logs envelopes.

        Raises:
            KeyUnusable: The algorithm signs whole messages.
        """
        return SignedDigest.of(self.envelope.pae, self.signature, self.verifier)

    @property
    def json(self) -> JsonValue:
        """The envelope (DSSE, envelope.md); an empty key id is left out."""
        signed = self.envelope.signatures[0]
        made = {"sig": encode_b64(signed.signature)}
        return {
            "payload": encode_b64(self.envelope.payload),
            "payloadType": self.envelope.payload_type,
            "signatures": [{**made, "keyid": signed.keyid} if signed.keyid else made],
        }


SignedContent = SignedDigest | SignedEnvelope


@value
class Proposal:
    """A request in JSON, and the bodies of which a log makes one of it; logs of different age write different ones."""

    request: bytes = field(repr=False)
    bodies: tuple[bytes, ...] = field(repr=False)

    def verify_logged(self, body: bytes) -> None:
        """Show that an entry is about what was proposed.

        Raises:
            ClaimMismatch: It is about something else.
            MalformedError: It is not the body of an entry at all.
        """
        if body not in self.bodies:
            raise ClaimMismatch("log entry", _describe(self.bodies[0]), f"another {_describe(body)}")


def propose_hashedrekord_v001(signed: SignedDigest) -> Proposal:
    """Propose a hashedrekord 0.0.1; what is sent is what is logged."""
    hashed = EntryHash(signed.verifier.algorithm.hash, signed.digest.hex())
    body = HashedRekordV001(hashed, signed.signature, signed.verifier.pem).encode()
    return Proposal(body, (body,))


def propose_dsse_v001(signed: SignedEnvelope, text: bytes | None = None) -> Proposal:
    """Propose a dsse 0.0.1. The envelope is sent as text, this or ours, and that is what the log hashes."""
    text = text or encode_json(signed.json)
    pem = signed.verifier.pem
    content = {"envelope": text.decode("utf-8"), "verifiers": [encode_b64(pem)]}
    logged = dsse.DsseV001(
        _sha256(text), _sha256(signed.envelope.payload), (dsse.LoggedSignature(signed.signature, pem),)
    )
    return Proposal(encode_body(dsse.KIND, dsse.V001, {"proposedContent": content}), (logged.encode(),))


def propose_intoto_v002(signed: SignedEnvelope, text: bytes | None = None) -> Proposal:
    """Propose an intoto 0.0.2. The log cannot compute the hash of the envelope's text, and keeps what it is told."""
    made = intoto.IntotoV002(
        payload_type=signed.envelope.payload_type,
        signatures=(
            intoto.IntotoSignature(signed.signature, signed.verifier.pem, signed.envelope.signatures[0].keyid),
        ),
        envelope_hash=_sha256(text or encode_json(signed.json)),
        payload_hash=_sha256(signed.envelope.payload),
        payload=signed.envelope.payload,
    )
    return Proposal(made.encode(), (replace(made, payload=None).encode(),))


def request_hashedrekord_v002(signed: SignedDigest) -> Proposal:
    """Request a hashedrekord 0.0.2."""
    signature = {"content": encode_b64(signed.signature), "verifier": signed.verifier.json}
    request = {"hashedRekordRequestV002": {"digest": encode_b64(signed.digest), "signature": signature}}
    return Proposal(encode_json(request), (_encode_v002(signed),))


def request_dsse_v002(signed: SignedEnvelope) -> Proposal:
    """Request a dsse 0.0.2, as logs before rekor-tiles 2.3 take envelopes.

    Later ones refuse it or, as ours, log what they want instead of it: a hashedrekord over what was signed.
    """
    request = {"dsseRequestV002": {"envelope": signed.json, "verifiers": [signed.verifier.json]}}
    made_by = signed.verifier
    signature = TiledSignature(signed.signature, made_by.algorithm.name, made_by.form, made_by.der)
    old = DsseV002(_HASH_NAMES["sha256"], hashlib.sha256(signed.envelope.payload).digest(), (signature,))
    new = (_encode_v002(signed.digest),) if made_by.algorithm.scheme in DIGEST_SCHEMES else ()
    return Proposal(encode_json(request), (old.encode(), *new))


def _sha256(content: bytes) -> EntryHash:
    return EntryHash("sha256", Digest.of(content).hex)


def _encode_v002(signed: SignedDigest) -> bytes:
    made_by = signed.verifier
    return HashedRekordV002(
        algorithm=_HASH_NAMES[made_by.algorithm.hash],
        digest=signed.digest,
        signature=signed.signature,
        key_details=made_by.algorithm.name,
        form=made_by.form,
        verifier=made_by.der,
    ).encode()


def _describe(body: bytes) -> str:
    kind, version = parse_kind(body)
    return f"{kind[:_LONGEST_NAME]!r} {version[:_LONGEST_NAME]!r} (SHA-256 {Digest.of(body).hex})"
