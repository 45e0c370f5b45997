"""A signature over the digest of an artifact: hashedrekord 0.0.1 (Rekor v1) and 0.0.2 (Rekor v2).

Sources: rekor, pkg/types/hashedrekord/v0.0.1/hashedrekord_v0_0_1_schema.json; rekor-tiles,
api/proto/rekor/v2/hashedrekord.proto and its JSON mapping. Both are encoded from a template, an order of magnitude
faster than a canonicaliser, since their members are base64, hex and names, which need no escapes.
"""

import base64
import re
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from cosignpy.core.encoding import JsonObject
from cosignpy.core.rekor.body import EntryHash, parse_spec, refuse_other_spelling
from cosignpy.errors import MalformedError
from cosignpy.values import value

KIND: Final = "hashedrekord"
V001: Final = "0.0.1"
V002: Final = "0.0.2"

DIGEST_SIZES: Final[Mapping[str, int]] = MappingProxyType({"SHA2_256": 32, "SHA2_384": 48, "SHA2_512": 64})
"""The digests of a 0.0.2 entry by their names in protobuf-specs (sigstore_common.proto, HashAlgorithm)."""

_KEY_DETAILS: Final = re.compile(r"[A-Z0-9_]{1,64}")
"""The names of protobuf-specs' PublicKeyDetails: other logs may accept algorithms that are unknown here."""

_TEMPLATE_V001: Final = (
    b'{"apiVersion":"0.0.1","kind":"hashedrekord","spec":{"data":{"hash":{"algorithm":"%b","value":"%b"}},'
    b'"signature":{"content":"%b","publicKey":{"content":"%b"}}}}'
)
_TEMPLATE_V002: Final = (
    b'{"apiVersion":"0.0.2","kind":"hashedrekord","spec":{"hashedRekordV002":{"data":{"algorithm":"%b","digest":"%b"},'
    b'"signature":{"content":"%b","verifier":{"keyDetails":"%b","%b":{"rawBytes":"%b"}}}}}}'
)


@value
class HashedRekordV001:
    """A hashedrekord 0.0.1; `verifier` is PEM: a public key, or certificates."""

    hash: EntryHash
    signature: bytes
    verifier: bytes

    @classmethod
    def parse(cls, raw: bytes) -> "HashedRekordV001":
        """Parse an entry body.

        Raises:
            MalformedError: Not the canonical body of a hashedrekord 0.0.1.
        """
        spec = parse_spec(raw, KIND, V001)
        spec.refuse_unknown("data", "signature")
        data, signature = spec.child("data"), spec.child("signature")
        data.refuse_unknown("hash")
        signature.refuse_unknown("content", "publicKey")
        key = signature.child("publicKey")
        key.refuse_unknown("content")
        entry = cls(EntryHash.parse(data.child("hash")), signature.b64("content"), key.b64("content"))
        refuse_other_spelling(raw, entry.encode(), KIND)
        return entry

    def encode(self) -> bytes:
        """Encode the canonical body."""
        return _TEMPLATE_V001 % (
            self.hash.algorithm.encode("ascii"),
            self.hash.hex.encode("ascii"),
            base64.b64encode(self.signature),
            base64.b64encode(self.verifier),
        )


class VerifierForm(StrEnum):
    """How a 0.0.2 entry holds who signed, by the name of the member."""

    PUBLIC_KEY = "publicKey"
    CERTIFICATE = "x509Certificate"


@value
class HashedRekordV002:
    """A hashedrekord 0.0.2; `verifier` is DER: a SubjectPublicKeyInfo or a certificate, as `form` says.

    `algorithm` and `key_details` are names of protobuf-specs enums (HashAlgorithm, PublicKeyDetails).
    """

    algorithm: str
    digest: bytes
    signature: bytes
    key_details: str
    form: VerifierForm
    verifier: bytes

    def __post_init__(self) -> None:
        """Refuse what the template must not be filled with.

        Raises:
            MalformedError: An unknown algorithm, a digest of another length, or a name that is none.
        """
        if DIGEST_SIZES.get(self.algorithm) != len(self.digest):
            raise MalformedError(f"{KIND} entry", f"a digest of {len(self.digest)} bytes by {self.algorithm!r}")
        if not _KEY_DETAILS.fullmatch(self.key_details):
            raise MalformedError(f"{KIND} entry", f"{self.key_details!r} is not a name of key details")

    @classmethod
    def parse(cls, raw: bytes) -> "HashedRekordV002":
        """Parse an entry body.

        Raises:
            MalformedError: Not the canonical body of a hashedrekord 0.0.2.
        """
        spec = parse_spec(raw, KIND, V002)
        spec.refuse_unknown("hashedRekordV002")
        found = spec.child("hashedRekordV002")
        found.refuse_unknown("data", "signature")
        data, signature = found.child("data"), found.child("signature")
        data.refuse_unknown("algorithm", "digest")
        signature.refuse_unknown("content", "verifier")
        verifier = signature.child("verifier")
        form = parse_form(verifier)
        entry = cls(
            algorithm=data.text("algorithm"),
            digest=data.b64("digest"),
            signature=signature.b64("content"),
            key_details=verifier.text("keyDetails"),
            form=form,
            verifier=verifier.child(form).b64("rawBytes"),
        )
        refuse_other_spelling(raw, entry.encode(), KIND)
        return entry

    def encode(self) -> bytes:
        """Encode the canonical body."""
        return _TEMPLATE_V002 % (
            self.algorithm.encode("ascii"),
            base64.b64encode(self.digest),
            base64.b64encode(self.signature),
            self.key_details.encode("ascii"),
            self.form.encode("ascii"),
            base64.b64encode(self.verifier),
        )


def parse_form(verifier: JsonObject) -> VerifierForm:
    """Return how a verifier is given, once nothing else is.

    Raises:
        MalformedError: Not exactly one form, or something besides.
    """
    forms = [form for form in VerifierForm if form in verifier]
    if len(forms) != 1:
        raise verifier.malformed("", "exactly one of publicKey and x509Certificate is needed")
    verifier.refuse_unknown("keyDetails", forms[0])
    verifier.child(forms[0]).refuse_unknown("rawBytes")
    return forms[0]
