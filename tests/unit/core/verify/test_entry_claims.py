"""What a log entry says must be what the bundle says, for each kind of entry."""

from hashlib import sha256
from typing import Final

import pytest

from cosignpy.core.digest import Digest
from cosignpy.core.dsse import IN_TOTO_PAYLOAD, Envelope, EnvelopeSignature, encode_pae
from cosignpy.core.encoding import PemBlock, encode_b64, encode_json
from cosignpy.core.keys.algorithms import ECDSA_P256
from cosignpy.core.rekor.body import EntryHash
from cosignpy.core.rekor.dsse import DsseV001, LoggedSignature
from cosignpy.core.rekor.dsse_v2 import DsseV002, TiledSignature
from cosignpy.core.rekor.hashedrekord import HashedRekordV001, HashedRekordV002, VerifierForm
from cosignpy.core.rekor.intoto import IntotoSignature, IntotoV001, IntotoV002
from cosignpy.core.rekor.log_entry import LogEntry
from cosignpy.core.verify.artifact import Artifact, SignedContent
from cosignpy.core.verify.entry_claims import LoggedSigner, verify_entry_claims
from cosignpy.errors import ClaimMismatch, MalformedError, SignatureMismatch
from cosignpy.values import replace
from tests.support.virtual_sigstore import ARTIFACT, FILE, LEAF_KEY, STATEMENT, USER_KEY, certificate_pem, good_leaf

SIGNATURE: Final = b"signature"
ALICE: Final = LoggedSigner(LEAF_KEY.public_key, good_leaf())
KEY: Final = LoggedSigner(LEAF_KEY.public_key)
OTHER: Final = certificate_pem(good_leaf()[:-1] + b"x")
PEM: Final = certificate_pem(good_leaf())
PUBLIC: Final = LEAF_KEY.public_key.encode_pem()
BLOB: Final = SignedContent(SIGNATURE, FILE)
ENVELOPE: Final = Envelope(IN_TOTO_PAYLOAD, STATEMENT, (EnvelopeSignature(SIGNATURE),))
STATED: Final = SignedContent(SIGNATURE, Artifact({}, ENVELOPE.pae), ENVELOPE)
SHA256: Final = EntryHash("sha256", Digest.of(ARTIFACT).hex)
PAYLOAD: Final = EntryHash("sha256", Digest.of(STATEMENT).hex)
WRONG: Final = EntryHash("sha256", Digest.of(b"another").hex)
DETAILS: Final = ECDSA_P256.name

RECORD: Final = HashedRekordV001(SHA256, SIGNATURE, PEM)
TILED: Final = HashedRekordV002(
    "SHA2_256", FILE.digests["sha256"], SIGNATURE, DETAILS, VerifierForm.CERTIFICATE, good_leaf()
)
DSSE: Final = DsseV001(WRONG, PAYLOAD, (LoggedSignature(SIGNATURE, PEM),))
TILED_SIGNATURE: Final = TiledSignature(SIGNATURE, DETAILS, VerifierForm.CERTIFICATE, good_leaf())
TILED_DSSE: Final = DsseV002("SHA2_256", sha256(STATEMENT).digest(), (TILED_SIGNATURE,))
INTOTO: Final = IntotoV002(IN_TOTO_PAYLOAD, (IntotoSignature(SIGNATURE, PEM),), WRONG, PAYLOAD)

Body = HashedRekordV001 | HashedRekordV002 | DsseV001 | DsseV002 | IntotoV001 | IntotoV002
NAMES: Final = {
    HashedRekordV001: ("hashedrekord", "0.0.1"),
    HashedRekordV002: ("hashedrekord", "0.0.2"),
    DsseV001: ("dsse", "0.0.1"),
    DsseV002: ("dsse", "0.0.2"),
    IntotoV001: ("intoto", "0.0.1"),
    IntotoV002: ("intoto", "0.0.2"),
}


def logged(body: Body) -> LogEntry:
    kind, version = NAMES[type(body)]
    return LogEntry(body.encode(), b"", 0, kind=kind, version=version)


def spelled(*members: tuple[str, object], keyid: bool = True) -> IntotoV001:
    signature = {"keyid": "", "sig": encode_b64(SIGNATURE)} if keyid else {"sig": encode_b64(SIGNATURE)}
    envelope = dict(members) | {"signatures": [signature]}
    return IntotoV001(EntryHash("sha256", sha256(encode_json(envelope)).hexdigest()), PEM, PAYLOAD)


TYPE: Final = ("payloadType", IN_TOTO_PAYLOAD)
CONTENT: Final = ("payload", encode_b64(STATEMENT))


@pytest.mark.parametrize(
    ("body", "content", "signer"),
    [
        (RECORD, BLOB, ALICE),
        (replace(RECORD, hash=EntryHash("sha512", FILE.digests["sha512"].hex())), BLOB, ALICE),
        (replace(RECORD, hash=EntryHash("sha256", SHA256.hex.upper())), BLOB, ALICE),
        (replace(RECORD, verifier=PEM + PEM), BLOB, ALICE),
        (replace(RECORD, verifier=PUBLIC), BLOB, KEY),
        (replace(RECORD, hash=EntryHash("sha256", Digest.of(ENVELOPE.pae).hex)), STATED, ALICE),
        (TILED, BLOB, ALICE),
        (replace(TILED, form=VerifierForm.PUBLIC_KEY, verifier=LEAF_KEY.public_key.spki), BLOB, KEY),
        (replace(TILED, digest=sha256(encode_pae(IN_TOTO_PAYLOAD, STATEMENT)).digest()), STATED, ALICE),
        (DSSE, STATED, ALICE),
        (TILED_DSSE, STATED, ALICE),
        (INTOTO, STATED, ALICE),
        (spelled(TYPE, CONTENT), STATED, ALICE),
        (spelled(TYPE, CONTENT, keyid=False), STATED, ALICE),
        (spelled(CONTENT, TYPE), STATED, ALICE),
        (spelled(CONTENT, TYPE, keyid=False), STATED, ALICE),
        (replace(spelled(TYPE, CONTENT), payload_hash=None), STATED, ALICE),
    ],
)
def test_an_entry_about_this_signature_is_accepted(body: Body, content: SignedContent, signer: LoggedSigner) -> None:
    verify_entry_claims(logged(body), content, signer)


@pytest.mark.parametrize(
    ("body", "content", "signer"),
    [
        (replace(RECORD, signature=b"another"), BLOB, ALICE),
        (replace(RECORD, hash=WRONG), BLOB, ALICE),
        (replace(RECORD, verifier=OTHER), BLOB, ALICE),
        (replace(RECORD, verifier=PUBLIC), BLOB, ALICE),
        (RECORD, BLOB, KEY),
        (replace(RECORD, verifier=USER_KEY.public_key.encode_pem()), BLOB, KEY),
        (RECORD, STATED, ALICE),
        (replace(RECORD, verifier=PemBlock("PUBLIC KEY", good_leaf()).encode()), BLOB, ALICE),
        (replace(TILED, signature=b"another"), BLOB, ALICE),
        (replace(TILED, digest=bytes(32)), BLOB, ALICE),
        (replace(TILED, verifier=b"another"), BLOB, ALICE),
        (replace(TILED, form=VerifierForm.PUBLIC_KEY, verifier=LEAF_KEY.public_key.spki), BLOB, ALICE),
        (replace(TILED, form=VerifierForm.PUBLIC_KEY), BLOB, ALICE),
        (replace(TILED, key_details="PKIX_ECDSA_P384_SHA_384"), BLOB, ALICE),
        (replace(TILED, key_details="PKIX_RSA_PKCS1V15_2048_SHA256"), BLOB, ALICE),
        (replace(TILED, key_details="PKIX_ED25519"), BLOB, ALICE),
        (replace(TILED, key_details="UNKNOWN"), BLOB, ALICE),
        (replace(TILED, algorithm="SHA2_512", digest=FILE.digests["sha512"]), BLOB, ALICE),
        (TILED, STATED, ALICE),
        (DSSE, BLOB, ALICE),
        (replace(DSSE, payload_hash=WRONG), STATED, ALICE),
        (replace(DSSE, signatures=(LoggedSignature(b"another", PEM),)), STATED, ALICE),
        (replace(DSSE, signatures=(LoggedSignature(SIGNATURE, OTHER),)), STATED, ALICE),
        (replace(DSSE, signatures=(*DSSE.signatures, LoggedSignature(b"z", OTHER))), STATED, ALICE),
        (TILED_DSSE, BLOB, ALICE),
        (replace(TILED_DSSE, payload_digest=bytes(32)), STATED, ALICE),
        (replace(TILED_DSSE, signatures=(replace(TILED_SIGNATURE, signature=b"another"),)), STATED, ALICE),
        (replace(TILED_DSSE, signatures=(replace(TILED_SIGNATURE, verifier=b"another"),)), STATED, ALICE),
        (replace(TILED_DSSE, signatures=(replace(TILED_SIGNATURE, key_details="UNKNOWN"),)), STATED, ALICE),
        (
            replace(TILED_DSSE, signatures=(replace(TILED_SIGNATURE, key_details="PKIX_RSA_PKCS1V15_2048_SHA256"),)),
            STATED,
            ALICE,
        ),
        (replace(TILED_DSSE, signatures=(TILED_SIGNATURE,) * 2), STATED, ALICE),
        (INTOTO, BLOB, ALICE),
        (replace(INTOTO, payload_hash=WRONG), STATED, ALICE),
        (replace(INTOTO, payload_type="text/plain"), STATED, ALICE),
        (replace(INTOTO, signatures=(IntotoSignature(b"another", PEM),)), STATED, ALICE),
        (replace(INTOTO, signatures=(IntotoSignature(SIGNATURE, OTHER),)), STATED, ALICE),
        (replace(INTOTO, signatures=INTOTO.signatures * 2), STATED, ALICE),
        (spelled(TYPE, CONTENT), BLOB, ALICE),
        (replace(spelled(TYPE, CONTENT), payload_hash=WRONG), STATED, ALICE),
        (replace(spelled(TYPE, CONTENT), envelope_hash=WRONG), STATED, ALICE),
        (replace(spelled(TYPE, CONTENT), verifier=OTHER), STATED, ALICE),
    ],
)
def test_an_entry_about_anything_else_is_refused(body: Body, content: SignedContent, signer: LoggedSigner) -> None:
    with pytest.raises(ClaimMismatch):
        verify_entry_claims(logged(body), content, signer)


@pytest.mark.parametrize(
    "entry",
    [
        replace(logged(RECORD), kind="rekord"),
        replace(logged(RECORD), version="0.0.3"),
        replace(logged(RECORD), version="0.0.2"),
        replace(logged(RECORD), kind="dsse"),
        replace(logged(TILED), version="0.0.1"),
        replace(logged(RECORD), body=logged(RECORD).body + b" "),
        replace(logged(replace(RECORD, verifier=b"no PEM"))),
    ],
)
def test_an_entry_of_another_kind_than_it_says_is_refused(entry: LogEntry) -> None:
    with pytest.raises(MalformedError):
        verify_entry_claims(entry, BLOB, ALICE)


def test_a_hash_that_is_not_known_of_the_artifact_cannot_be_compared() -> None:
    known = SignedContent(SIGNATURE, Artifact({"sha256": FILE.digests["sha256"]}))
    verify_entry_claims(logged(RECORD), known, ALICE)
    with pytest.raises(SignatureMismatch, match="give the file itself"):
        verify_entry_claims(
            logged(replace(RECORD, hash=EntryHash("sha512", FILE.digests["sha512"].hex()))), known, ALICE
        )
