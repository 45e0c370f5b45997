"""What a Rekor entry's body says, for people: one table of where each kind of entry keeps what.

Bodies were verified and made canonical before they were logged. What this module does not know, or cannot
read, is left to the raw body, which is always shown as well.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from hashlib import sha256
from typing import Final

from cosignpy.core.encoding import JsonValue, decode_b64, parse_json
from cosignpy.errors import CosignError, MalformedError
from cosignpy.values import value
from log_server.rekor.kinds.verifiers import (
    Verifier,
    parse_certificate_verifier,
    parse_key_verifier,
    parse_x509_verifier,
)
from log_server.web.signers import SignerView, view_certificate, view_key

UNREADABLE: Final = "cannot be read; see the raw body"


@value
class Said:
    """One thing a body says: what it is, and the text to copy."""

    label: str
    text: str


@value
class BodyView:
    """A body taken apart: kind and version, digests and signatures, signers."""

    kind: str
    said: tuple[Said, ...] = ()
    signers: tuple[SignerView, ...] = ()


def view_body(body: bytes) -> BodyView:
    """Take a body apart as far as it is understood."""
    try:
        members = parse_json(body, what="entry body")
        kind, version, spec = str(members["kind"]), str(members["apiVersion"]), members["spec"]
    except (MalformedError, KeyError, TypeError):
        return BodyView("unknown kind")
    found = [(place, content) for place in _PLACES.get(kind, ()) for content in _select(spec, place.path)]
    said = [_read_text(place, content) for place, content in found if place.form in _TEXTS]
    signers = [_read_signer(place, content) for place, content in found if place.form in _SIGNERS]
    return BodyView(f"{kind} {version}", tuple(said), tuple(signers))


class _Form(StrEnum):
    """How something is written."""

    HASH = "algorithm and hex"
    DIGEST = "algorithm of protobuf-specs and base64"
    SIGNATURE = "base64"
    TWICE = "base64 of base64"
    PEM = "base64 of PEM or of another text"
    VERIFIER = "verifier of Rekor v2"


@value
class _Place:
    """Where something is: steps below `spec`, a star for each item of an array."""

    label: str
    path: str
    form: _Form


_REKORD: Final = (
    _Place("Artifact digest", "data.hash", _Form.HASH),
    _Place("Signature", "signature.content", _Form.SIGNATURE),
    _Place("Signer", "signature.publicKey.content", _Form.PEM),
)
_PLACES: Final[Mapping[str, tuple[_Place, ...]]] = {
    "hashedrekord": (
        *_REKORD,
        _Place("Artifact digest", "hashedRekordV002.data", _Form.DIGEST),
        _Place("Signature", "hashedRekordV002.signature.content", _Form.SIGNATURE),
        _Place("Signer", "hashedRekordV002.signature.verifier", _Form.VERIFIER),
    ),
    "dsse": (
        _Place("Envelope digest", "envelopeHash", _Form.HASH),
        _Place("Payload digest", "payloadHash", _Form.HASH),
        _Place("Signature", "signatures.*.signature", _Form.SIGNATURE),
        _Place("Signer", "signatures.*.verifier", _Form.PEM),
        _Place("Payload digest", "dsseV002.payloadHash", _Form.DIGEST),
        _Place("Signature", "dsseV002.signatures.*.content", _Form.SIGNATURE),
        _Place("Signer", "dsseV002.signatures.*.verifier", _Form.VERIFIER),
    ),
    "intoto": (
        _Place("Envelope digest", "content.hash", _Form.HASH),
        _Place("Payload digest", "content.payloadHash", _Form.HASH),
        _Place("Signer", "publicKey", _Form.PEM),
        _Place("Signature", "content.envelope.signatures.*.sig", _Form.TWICE),
        _Place("Signer", "content.envelope.signatures.*.publicKey", _Form.PEM),
    ),
    "rekord": _REKORD,
    "alpine": (_Place("Package digest", "package.hash", _Form.HASH), _Place("Signer", "publicKey.content", _Form.PEM)),
    "cose": (
        _Place("Envelope digest", "data.envelopeHash", _Form.HASH),
        _Place("Payload digest", "data.payloadHash", _Form.HASH),
        _Place("Signer", "publicKey", _Form.PEM),
    ),
    "helm": (
        _Place("Chart digest", "chart.hash", _Form.HASH),
        _Place("Signature", "chart.provenance.signature.content", _Form.SIGNATURE),
        _Place("Signer", "publicKey.content", _Form.PEM),
    ),
    "jar": (
        _Place("Archive digest", "archive.hash", _Form.HASH),
        _Place("Signature", "signature.content", _Form.SIGNATURE),
        _Place("Signer", "signature.publicKey.content", _Form.PEM),
    ),
    "rfc3161": (_Place("Timestamp response", "tsr.content", _Form.SIGNATURE),),
    "rpm": (_Place("Package digest", "package.hash", _Form.HASH), _Place("Signer", "publicKey.content", _Form.PEM)),
}
"""The canonical specs of Rekor's types, of both versions where a kind has two."""


def _select(node: JsonValue, path: str) -> Iterator[JsonValue]:
    step, _, rest = path.partition(".")
    below: Sequence[JsonValue] = ()
    if isinstance(node, list) and step == "*":
        below = node
    elif isinstance(node, dict) and step in node:
        below = (node[step],)
    for child in below:
        if rest:
            yield from _select(child, rest)
        else:
            yield child


def _read_text(place: _Place, content: JsonValue) -> Said:
    try:
        return Said(place.label, _TEXTS[place.form](content))
    except _MISREAD:
        return Said(place.label, UNREADABLE)


def _read_signer(place: _Place, content: JsonValue) -> SignerView:
    try:
        return _SIGNERS[place.form](content)
    except _MISREAD:
        return SignerView("", text=UNREADABLE)


_MISREAD: Final = (CosignError, KeyError, TypeError, AttributeError, UnicodeDecodeError)
"""What comes of members that are missing or of another type than the table says."""


def _hash(content: JsonValue) -> str:
    return f"{content['algorithm']}:{content['value']}"


def _digest(content: JsonValue) -> str:
    name = content["algorithm"].replace("SHA2_", "SHA").lower()
    return f"{name}:{decode_b64(content['digest'], what='digest').hex()}"


def _twice(content: JsonValue) -> str:
    return decode_b64(content, what="signature").decode("ascii")


def _signer_of_pem(content: JsonValue) -> SignerView:
    """Read a verifier of Rekor v1: a key, certificates, or what only PGP, SSH and the like understand."""
    raw = decode_b64(content, what="verifier")
    try:
        return _view_verifier(parse_x509_verifier(raw))
    except CosignError:
        return SignerView(sha256(raw).hexdigest(), text=raw.decode("utf-8"))


def _signer_of_verifier(content: JsonValue) -> SignerView:
    """Read a verifier of Rekor v2."""
    name = "publicKey" if "publicKey" in content else "x509Certificate"
    return _view_verifier(_RAW_VERIFIERS[name](decode_b64(content[name]["rawBytes"], what="verifier")))


def _view_verifier(verifier: Verifier) -> SignerView:
    if not verifier.chain:
        return SignerView(verifier.fingerprint, view_key(verifier.key))
    leaf = verifier.chain[0]
    return SignerView(verifier.fingerprint, view_key(verifier.key), view_certificate(leaf))


_RAW_VERIFIERS: Final[Mapping[str, Callable[[bytes], Verifier]]] = {
    "publicKey": parse_key_verifier,
    "x509Certificate": parse_certificate_verifier,
}
_TEXTS: Final[Mapping[_Form, Callable[[JsonValue], str]]] = {
    _Form.HASH: _hash,
    _Form.DIGEST: _digest,
    _Form.SIGNATURE: str,
    _Form.TWICE: _twice,
}
_SIGNERS: Final[Mapping[_Form, Callable[[JsonValue], SignerView]]] = {
    _Form.PEM: _signer_of_pem,
    _Form.VERIFIER: _signer_of_verifier,
}
